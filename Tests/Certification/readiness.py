"""The readiness page: what a maker would bring to the laboratory. One HTML file that needs nothing else."""

import datetime
import html
import json
import pathlib
import subprocess

import seed

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #1c1c1c; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1em 0 }
th, td { text-align: left; vertical-align: top; padding: .3em .6em; border-bottom: 1px solid #ddd }
td.number, th.number { text-align: right; white-space: nowrap }
.passed { color: #11722d } .failed { color: #b3121d; font-weight: 600 } .known { color: #9a5b00 } .none { color: #666 }
pre { font: 12px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f6; padding: .8em }
"""
RESULTS = {"passed": ("passed", "passed"), "failed": ("failed", "failed"), "known": ("known", "fails, known"),
           "not applicable": ("none", "not applicable")}


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def text(value):
    return html.escape(str(value))


def row(*cells):
    return "<tr>" + "".join(cells) + "</tr>"


def cell(content, kind=""):
    return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"


def case_row(result):
    kind, word = RESULTS[result.result]
    reason = f"<br>{text(result.reason)}" if result.reason else ""
    case = result.case
    return row(
        cell(text(case.id)), cell(text(case.title)), cell(text(case.applies), "" if case.for_product else "none"),
        cell(f"{word}{reason}", kind), cell(f"{result.seconds:.1f} s", "number"),
        cell(f'<a href="#{text(case.id)}">conversation</a>'),
    )


def times(results):
    """What the form asks for, over the whole run: the slowest and the median."""
    functions = [seconds for result in results for _, seconds in result.function_times]
    responses = [seconds for result in results for _, seconds in result.response_times]
    remote = [s for result in results for action, s in result.response_times if action == "RemoteStartTransaction"]
    rows = []
    for name, key, measured, meaning in (
        ("Function", "function", functions, "from what the operator does to the first message about it, booting left out"),
        ("Response", "response", responses, "from a request to its answer, all requests"),
        ("RemoteStartTransaction", "RemoteStartTransaction", remote, "from the request to its answer"),
    ):
        allowed, certified = seed.TIMES[key]
        if not measured:
            rows.append((name, allowed, certified, "–", "–", 0, True, meaning))
            continue
        measured.sort()
        rows.append((
            name, allowed, certified, milliseconds(measured[len(measured) // 2]), milliseconds(measured[-1]), len(measured),
            measured[-1] <= allowed, meaning,
        ))
    return rows


def time_table(results):
    lines = [
        row(
            cell(text(name)), cell(f"{allowed} s", "number"), cell(f"{certified} s", "number"), cell(median, "number"),
            cell(longest, "number " + ("passed" if holds else "failed")), cell(count, "number"), cell(text(meaning)),
        )
        for name, allowed, certified, median, longest, count, holds, meaning in times(results)
    ]
    note = "<p>The form's times are what is judged. The certificate has what a laboratory measured by hand, in whole seconds, of one " \
           "charge point at rest; here several run at a time.</p>"
    head = "<tr><th>Time<th class=number>Form allows<th class=number>Certificate<th class=number>Median here" \
           "<th class=number>Longest here<th class=number>Measured<th>Meaning</tr>"
    return f"{note}<table>{head}{''.join(lines)}</table>"


def configuration_table(results):
    known = next((r.evidence["configuration"] for r in results if "configuration" in r.evidence), None)
    if known is None:
        return "<p>TC_019 was not run.</p>"

    def value(given):
        return '<span class="none">absent</span>' if given is None else text(given) or '<span class="none">empty</span>'

    def verdict(wanted, found, agrees):
        return ("agrees", "passed") if wanted == found else ("differs, explained", "known") if agrees else ("differs", "failed")

    rows = seed.compare(known)
    agreeing = sum(wanted == found for _, wanted, found, *_ in rows)
    explained = sum(agrees for *_, agrees, _ in rows) - agreeing
    lines = [
        row(
            cell(text(key)), cell(value(wanted)), cell(value(found)),
            cell("" if found is None else "read-only" if known[key]["readonly"] else "read and write"),
            cell(*verdict(wanted, found, agrees)), cell(text(note)),
        )
        for key, wanted, found, agrees, note in rows
    ]
    head = "<tr><th>Key<th>Certificate<th>Here<th>Access<th>Verdict<th>Note</tr>"
    return f"<p>{agreeing} of {len(rows)} keys agree, {explained} differ for a reason that is told.</p><table>{head}{''.join(lines)}</table>"


def conversation(result):
    lines = [f"{at:9.3f}  {who:<14}  {said}" for at, who, said in result.conversation]
    return (
        f'<details id="{text(result.case.id)}"><summary>{text(result.case.id)} {text(result.case.title)}: '
        f"{RESULTS[result.result][1]}</summary><pre>{text(chr(10).join(lines))}</pre></details>"
    )


# A link to a conversation opens it.
SCRIPT = "addEventListener('hashchange', () => { const to = document.getElementById(decodeURIComponent(location.hash.slice(1)));" \
         " if (to) to.open = true })"


def identity(results):
    """What was tested, as it names itself in the first BootNotification that it sent."""
    for result in results:
        for _, _, said in result.conversation:
            if '"BootNotification"' in str(said):
                try:
                    told = json.loads(str(said)[str(said).index("["):])[3]
                except ValueError:
                    continue
                return " ".join(told[key] for key in ("chargePointVendor", "chargePointModel", "firmwareVersion") if key in told)
    return "a charge point that never booted"


def commit():
    """Of this repository; nothing where there is none."""
    try:
        asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=pathlib.Path(__file__).parent, capture_output=True, text=True)
    except OSError:
        return ""
    return f", commit {asked.stdout.strip()}" if asked.returncode == 0 else ""


def write(folder, results, seconds, real_time, cases):
    """Writes `index.html` into the folder; returns its path. `cases`: how many there are, chosen or not."""
    count = {kind: sum(result.result == kind for result in results) for kind in RESULTS}
    required = [result for result in results if result.case.for_product]
    passed = sum(result.result == "passed" for result in required)
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    page = f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Certification readiness</title><style>{STYLE}</style>
<h1>Certification readiness, OCPP 1.6 Core</h1>
<p>Tested: {text(identity(results))}{text(commit())}.{"" if len(results) == cases else f" <b>Only {len(results)} of {cases} cases were run.</b>"}</p>
<p>{passed} of {len(required)} cases that apply to the product passed. In all: {count["passed"]} passed, {count["failed"]} failed,
{count["known"]} known to fail, {count["not applicable"]} not applicable. {when}, {seconds:.0f} s,
{"the laboratory's own times" if real_time else "scaled time"}.</p>
<h2>Times</h2>{time_table(results)}
<h2>Cases</h2>
<table><tr><th>Case<th>Name<th>Applies<th>Result<th class=number>Duration<th>Evidence</tr>{"".join(map(case_row, results))}</table>
<h2>Configuration keys</h2>{configuration_table(results)}
<h2>Conversations</h2>
<p>Seconds since the case began, who, what: frames of both sides, acts of the operator, the line.</p>
{"".join(map(conversation, results))}
<script>{SCRIPT}</script></html>
"""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path
