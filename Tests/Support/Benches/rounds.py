"""What the measurements share: rounds that are bounded in time, and figures in words."""

import pathlib
import re
import shutil
import statistics
import subprocess
import time

from charger import SERVICES

SECONDS, QUICK_SECONDS = 82, 22
# With fewer, the worst says more than a percentile.
ENOUGH_FOR_P99 = 100


class NotHeard(Exception):
    """A message that a measurement waited for did not come in time."""


def heard(found, what):
    if found is None:
        raise NotHeard(f"{what} did not come in time")
    return found


class Clock:
    """The time that all the measurements have together. What is under way when it is over is finished."""

    def __init__(self, quick):
        self.quick = quick
        self.end = time.monotonic() + (QUICK_SECONDS if quick else SECONDS)

    def left(self):
        return time.monotonic() < self.end

    def count(self, full, quick):
        return quick if self.quick else full

    def rounds(self, full, quick, seconds):
        """Numbers from 0 on, as many as are wanted and as fit into the time; `seconds` is their part of the time of a full one."""
        end = min(self.end, time.monotonic() + (seconds * QUICK_SECONDS / SECONDS if self.quick else seconds))
        for number in range(self.count(full, quick)):
            if time.monotonic() >= end:
                return
            yield number


def title(text):
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    print(f"\n{text} (load of the machine: {load})", flush=True)


def figure(name, nanoseconds, why=None, aim=None):
    """A line with the median and the tail, and why there are none or no more of them."""
    if not nanoseconds:
        print(f"  {name:<66} not measured: {why or 'no time was left'}", flush=True)
        return
    ordered = sorted(nanoseconds)
    text = f"median {words(statistics.median(ordered))}, "
    if len(ordered) >= ENOUGH_FOR_P99:
        text += f"p99 {words(ordered[len(ordered) * 99 // 100])}, of {len(ordered)}"
    else:
        # Others who want the CPU cost a slice of theirs, some milliseconds, at each hand-over; the best round may have been spared.
        text += f"best {words(ordered[0])}, worst {words(ordered[-1])}, of {len(ordered)}"
    print(f"  {name:<66} {text}{f'; aim {aim}' if aim else ''}{f'; then {why}' if why else ''}", flush=True)


def words(nanoseconds):
    return f"{nanoseconds / 1e6:.1f} ms" if nanoseconds >= 1_000_000 else f"{nanoseconds / 1000:.0f} µs"


def own_libraries(binaries, folder):
    """Copies the libraries of the services: PSS divides a page by all who map it, and others on this machine map the system's."""
    for service in SERVICES:
        listed = subprocess.run(["ldd", f"{binaries}/{service}"], capture_output=True, text=True, check=True).stdout
        for path in re.findall(r"=> (/\S+) ", listed):
            shutil.copy(path, folder)


def pss(charger, service):
    """KiB."""
    rollup = pathlib.Path(f"/proc/{charger.processes[service].pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])
