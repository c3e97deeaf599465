"""Words that C++ files here do without, each with what to write instead."""

import re

from .source import Finding, line_of

WORDS = [
    # (pattern, folders that may, message)
    (r"\b(co_spawn|detached)\b", ("loop",), "only src/loop spawns: use a task group"),
    (r"(?<!operator )\bnew\s+(?!\()[A-Za-z_:]", (), "no naked new: std::make_unique"),
    (r"(?<![\w.>:])(?:std::|::)?(system|popen)\s*\(", (), "no shell: run a program with arguments through src/loop"),
    (r"\b(this_thread::sleep_\w+|usleep|nanosleep)\s*\(", (), "nothing blocks the loop: wait with a timer of src/loop"),
    (r"\busing\s+namespace\s+std\s*;", (), "names of std are written out"),
]
CATCH_ALL = re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{")
KEEPS_ERROR = re.compile(r"\b(throw|current_exception|abort|terminate|_exit)\b")


def check(tree):
    findings = []
    for path in tree.cpp_files():
        folder = path.split("/")[1]
        code = tree.code(path)
        for pattern, allowed, message in WORDS:
            if folder in allowed:
                continue
            findings += [Finding(path, line_of(code, match.start()), message) for match in re.finditer(pattern, code)]
        findings += swallowed_errors(path, code)
        if path.endswith(".h") and "#pragma once" not in code:
            findings.append(Finding(path, 1, "a header starts with #pragma once"))
    return findings


def swallowed_errors(path, code):
    """`catch (...)` that neither throws again nor keeps the exception."""
    for match in CATCH_ALL.finditer(code):
        if not KEEPS_ERROR.search(body_at(code, match.end() - 1)):
            yield Finding(path, line_of(code, match.start()), "catch (...) must throw again or keep std::current_exception()")


def body_at(code, opening):
    depth = 0
    for offset in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[offset], 0)
        if depth == 0:
            return code[opening : offset + 1]
    return code[opening:]
