"""No using-declaration or namespace alias of a .cpp file without a use. (clang-tidy looks for them only in the file it is given,
and tools/lint gives it several at once.)"""

import re

from .source import Finding, line_of

DECLARATION = re.compile(r"\busing\s+(?:\w+\s*::\s*)+(?P<used>\w+)\s*;|\bnamespace\s+(?P<alias>\w+)\s*=")


def check(tree):
    findings = []
    for path in tree.cpp_files():
        if not path.endswith(".cpp"):
            continue
        code = tree.code(path)
        for match in DECLARATION.finditer(code):
            name = match["used"] or match["alias"]
            if len(re.findall(rf"\b{name}\b", code)) == 1 + match.group().count(f"{name}::"):
                findings.append(Finding(path, line_of(code, match.start()), f"'{name}' is declared here and not used"))
    return findings
