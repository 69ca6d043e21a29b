"""Runs the certification cases, several at a time, and writes the readiness page."""

import argparse
import concurrent.futures
import dataclasses
import importlib
import pathlib
import pkgutil
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

try:
    import jsonschema  # noqa: F401
    import ocpp  # noqa: F401
    import websockets  # noqa: F401
except ImportError as missing:
    sys.exit(f"{missing.name} is not installed: Tests/check.sh has what this needs in .build/venv, "
             "so that it is .build/venv/bin/python Tests/Certification/certify.py")

import cases  # noqa: E402
import readiness  # noqa: E402
from case import CASES, Case, Lab, NotApplicable  # noqa: E402

for module in pkgutil.iter_modules(cases.__path__):
    importlib.import_module(f"cases.{module.name}")


@dataclasses.dataclass
class Result:
    case: Case
    result: str  # passed, failed, known, not applicable
    reason: str
    seconds: float
    conversation: list
    function_times: list
    response_times: list
    evidence: dict
    log: dict


def run(case, arguments, new_charge_point):
    began = time.monotonic()
    lab = Lab(case.form, new_charge_point, arguments.real_time, arguments.port)
    result, reason = "passed", ""
    try:
        if case.boots:
            lab.boot(case.settings)
        case.script(lab)
        lab.finish()
    except NotApplicable as not_applicable:
        result, reason = "not applicable", str(not_applicable)
    except AssertionError as failure:
        result, reason = "failed", str(failure)
    except Exception:
        result, reason = "failed", traceback.format_exc(limit=-3)
    log = lab.charge_point.log() if hasattr(lab.charge_point, "log") else {}
    try:
        lab.close()
    except Exception as trouble:
        result, reason = "failed", f"{reason} and it could not be ended: {trouble}".removeprefix(" and ")
    if case.known and result == "failed" and re.fullmatch(case.known.says, reason):
        result, reason = "known", f"{case.known.reason} ({reason})"
    elif case.known and result == "passed":
        result, reason = "failed", f"it passes, so it is no known failure any more: take `known` away ({case.known.reason})"
    system = lab.central_system
    return Result(
        case, result, reason, time.monotonic() - began, lab.conversation.entries, lab.function_times, system.response_times,
        lab.evidence, log,
    )


def in_order(case):
    """The laboratory's before ours, and TC_004_2 before TC_010: by number."""
    parts = case.id.replace("-", "_").split("_")
    return parts[0], [int(part) if part.isdigit() else 0 for part in parts], case.id


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="ids, or their beginnings; all without any")
    parser.add_argument("--charge-point", default="wallbox:Wallbox", metavar="MODULE:CLASS",
                        help="what is tested: a class that implements charge_point.ChargePoint")
    parser.add_argument("--jobs", type=int, default=6, help="cases at a time; 1 for a charge point of which there is only one")
    parser.add_argument("--port", type=int, default=0, help="of the central system; with --jobs 1")
    parser.add_argument("--real-time", action="store_true", help="the laboratory's own times instead of scaled ones")
    parser.add_argument("--page", default=".build/certification", metavar="DIR", help="where the readiness page is written")
    parser.add_argument("--verbose", action="store_true", help="conversations of what fails, on standard output")
    arguments = parser.parse_args()

    module, name = arguments.charge_point.split(":")
    new_charge_point = getattr(importlib.import_module(module), name)
    chosen = [
        case for case in sorted(CASES, key=in_order)
        if not arguments.cases or any(case.id == wanted or case.id.startswith(wanted) for wanted in arguments.cases)
    ]
    if not chosen:
        parser.error("no case has such an id")
    began = time.monotonic()
    results = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        # The last ones first: those in the product's own times take the longest.
        running = [pool.submit(run, case, arguments, new_charge_point) for case in reversed(chosen)]
        for future in concurrent.futures.as_completed(running):
            result = future.result()
            results.append(result)
            mark = {"passed": "✔", "failed": "✘", "known": "✘ known", "not applicable": "–"}[result.result]
            print(f"{mark} {result.case.id} {result.case.title} ({result.seconds:.1f} s) {result.reason}", flush=True)
            if arguments.verbose and result.result in ("failed", "known"):
                for at, who, text in result.conversation:
                    print(f"    {at:7.3f} {who}: {text}")
                for service, log in result.log.items():
                    print(f"    --- {service}\n" + log)
    results.sort(key=lambda result: in_order(result.case))
    count = lambda kind: sum(result.result == kind for result in results)  # noqa: E731
    seconds = time.monotonic() - began
    print(
        f"{count('passed')} passed, {count('failed')} failed, {count('known')} known to fail, "
        f"{count('not applicable')} not applicable, in {seconds:.0f} s"
    )
    page = readiness.write(arguments.page, results, seconds, arguments.real_time, len(CASES))
    print(f"The readiness page is {page}.")
    late = [name for name, *_, holds, _ in readiness.times(results) if not holds]
    for name in late:
        print(f"✘ the time of {name} is longer than the form allows")
    return 1 if count("failed") or late else 0


if __name__ == "__main__":
    sys.exit(main())
