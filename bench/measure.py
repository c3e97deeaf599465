"""Times, medians and the table that the benchmark prints."""

import dataclasses
import os
import statistics
import time


@dataclasses.dataclass
class Row:
    what: str
    value: str
    goal: str = ""
    met: bool | None = None


def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(rounds, **works):
    """{name: [seconds]}: each round runs every work once, so that a slow minute of the host hits all alike."""
    times = {name: [] for name in works}
    for work in works.values():
        work()  # the first one fills caches and is not counted
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(work())
    return times


def median(values):
    return statistics.median(values)


def spread(values):
    """Median with quartiles in milliseconds."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle * 1e3:.1f} ms ({low * 1e3:.1f}-{high * 1e3:.1f})"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def print_table(rows):
    columns = [[getattr(row, name) for row in rows] for name in ("what", "value", "goal")]
    widths = [max(len(cell) for cell in column) for column in columns]
    for row in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        print(f"{row.what:<{widths[0]}}  {row.value:<{widths[1]}}  {row.goal:<{widths[2]}}  {verdict}".rstrip())
