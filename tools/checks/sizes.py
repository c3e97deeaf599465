"""No function over 80 lines, no file over 600, unless tools/size-exceptions.txt gives the reason.

An exception is a line `path: reason` for a file or `path function: reason` for a function.
"""

import re

from .source import Finding, line_of, read_table

MAX_FUNCTION = 80
MAX_FILE = 600
EXCEPTIONS = "tools/size-exceptions.txt"
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
NAME = re.compile(r"([~\w:]+|operator\s*\S+)\s*\(")


def check(tree):
    exceptions = read_table(tree.root / EXCEPTIONS)
    findings = []
    used = set()
    for path, subject, line, message in too_large(tree):
        if exceptions.get(subject):
            used.add(subject)
        else:
            findings.append(Finding(path, line, f"{message}; split it, or give the reason in {EXCEPTIONS} as '{subject}: ...'"))
    findings += [Finding(EXCEPTIONS, 1, f"'{subject}' needs no exception any more") for subject in sorted(exceptions.keys() - used)]
    return findings


def too_large(tree):
    for path in tree.cpp_files() + tree.files("tests", (".h", ".cpp")) + tree.files("web/src", (".ts", ".tsx")):
        lines = tree.text(path).count("\n")
        if lines > MAX_FILE:
            yield path, path, 1, f"{lines} lines are more than {MAX_FILE}"
    for path in tree.cpp_files():
        for name, line, length in functions(tree.code(path)):
            if length > MAX_FUNCTION:
                yield path, f"{path} {name}", line, f"{name}() has {length} lines, more than {MAX_FUNCTION}"


def functions(code):
    """(name, line, number of lines) of each function body that is not inside another one."""
    stack = []  # "scope", or (name, offset) of a function, or "inner"
    start = 0
    for match in re.finditer(r"[{};]", re.sub(r"(?m)^[ \t]*#.*$", lambda line: " " * len(line.group()), code)):
        symbol, offset = match.group(), match.start()
        if symbol == "{":
            stack.append(classify(code[start:offset], offset, stack))
        elif symbol == "}" and stack:
            closed = stack.pop()
            if isinstance(closed, tuple):
                yield closed[0], line_of(code, closed[1]), code.count("\n", closed[1], offset) + 1
        start = offset + 1


def classify(head, offset, stack):
    if any(entry != "scope" for entry in stack):
        return "inner"
    head = re.sub(r"<[^<>]*>", "", head)
    called = NAME.search(head)
    if called and not head.rstrip().endswith("="):
        return called.group(1).split("::")[-1], offset
    return "scope" if SCOPE.search(head) else "inner"
