#!/usr/bin/env python3
"""Reads a test runner's output and prints "PASSED FAILED".

Usage: count_results.py STATUS LOG...   STATUS is the runner's exit code.

A runner that failed without naming a failed test, or that ran nothing, counts as one failure; a skipped test tested
nothing and counts as failed.
"""

import pathlib
import re
import sys

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def plain(text):
    """`N passed, N failed` alone on a line: what our own runners end with."""
    found = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
    return [tuple(map(int, found[-1]))] if found else []


def ctest(text):
    found = re.findall(r"^\d+% tests passed, (\d+) tests failed out of (\d+)$", text, re.MULTILINE)
    missing = len(re.findall(r"\((?:Skipped|Not Run|Disabled)\)\s*$", text, re.MULTILINE))
    return [(int(total) - int(failed) - missing, int(failed) + missing) for failed, total in found]


def unittest(text):
    results = []
    for ran, verdict in re.findall(r"^Ran (\d+) tests? in [^\n]*\n\s*\n(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", text, re.MULTILINE):
        failed = sum(int(number) for number in re.findall(r"(?:failures|errors|skipped|unexpected successes)=(\d+)", verdict))
        results.append((max(int(ran) - failed, 0), failed))
    return results


def vitest(text):
    results = []
    for line in re.findall(r"^\s*Tests\s+(.*\(\d+\))\s*$", text, re.MULTILINE):
        count = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|todo)", line)}
        results.append((count.get("passed", 0), count.get("failed", 0) + count.get("skipped", 0) + count.get("todo", 0)))
    return results


def node(text):
    """One summary for each call of it."""
    results = []
    for word, number in re.findall(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$", text, re.MULTILINE):
        if word == "pass":
            results.append((int(number), 0))
        elif results:
            results[-1] = (results[-1][0], results[-1][1] + int(number))
    return results


RUNNERS = (plain, ctest, unittest, vitest, node)


def count(text, status):
    text = ESCAPES.sub("", text)
    # Our own line sums up what the runners below it printed.
    results = plain(text) or [result for runner in RUNNERS[1:] for result in runner(text)]
    passed = sum(result[0] for result in results)
    failed = sum(result[1] for result in results)
    if failed == 0 and (status != 0 or passed == 0):
        failed = 1
    return passed, failed


def main():
    text = "\n".join(pathlib.Path(name).read_text(encoding="utf-8", errors="replace") for name in sys.argv[2:])
    print(*count(text, int(sys.argv[1])))


if __name__ == "__main__":
    main()
