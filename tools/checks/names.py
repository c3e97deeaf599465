"""No using-declaration or namespace alias of a .cpp file without a use. (clang-tidy looks for them only in the file it is given,
and tools/lint gives it several at once.) And no constant that two .cpp files of one folder define: sanitizers and tools/lint
compile several files of a folder as one."""

import pathlib
import re

from .source import Finding, line_of

DECLARATION = re.compile(r"\busing\s+(?:\w+\s*::\s*)+(?P<used>\w+)\s*;|\bnamespace\s+(?P<alias>\w+)\s*=")

CONSTANT = re.compile(r"^(?:static )?(?:constexpr|const)\b[^=;(){}]*?\b(k[A-Z]\w*)(?:\[\w*\])?\s*[={(]", re.MULTILINE)


def repeated_constants(tree, path, defined):
    """Findings for the constants of `path` that another file in `defined`, of (folder, name), has too."""
    code, folder = tree.code(path), pathlib.PurePath(path).parent
    for match in CONSTANT.finditer(code):
        first = defined.setdefault((folder, match[1]), path)
        if first != path:
            yield Finding(path, line_of(code, match.start()), f"'{match[1]}' is defined in {first}, too")


def check(tree):
    findings = []
    defined = {}
    for path in tree.cpp_files():
        if not path.endswith(".cpp"):
            continue
        findings += repeated_constants(tree, path, defined)
        code = tree.code(path)
        for match in DECLARATION.finditer(code):
            name = match["used"] or match["alias"]
            if len(re.findall(rf"\b{name}\b", code)) == 1 + match.group().count(f"{name}::"):
                findings.append(Finding(path, line_of(code, match.start()), f"'{name}' is declared here and not used"))
    return findings
