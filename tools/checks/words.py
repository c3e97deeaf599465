"""No path of one developer's machine and no host outside tools/allowed-hosts.txt in any file of ours."""

import re

from .source import Finding, line_of, read_lines

# Written so that the pattern does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:w[o]rk|r[o]ot|tmp/v[i]sor)/[\w.]")
URL_HOST = re.compile(r"\bhttps?://(?:[^/@\s\"'`<>]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)")
# A lock file lists its packages' home pages; what counts there is where the packages would come from.
LOCKED_ADDRESS = re.compile(r'"resolved": "https?://')
LARGEST = 4 << 20


def check(tree):
    allowed = set(read_lines(tree.root / "tools/allowed-hosts.txt"))
    findings = []
    for path in tree.own_files():
        if (tree.root / path).stat().st_size > LARGEST:
            continue
        text = tree.text(path)
        if "\0" in text:
            continue
        if path.endswith("package-lock.json"):
            findings += [Finding(path, line_of(text, match.start()), "a lock file names no registry: set omit-lockfile-registry-resolved")
                         for match in LOCKED_ADDRESS.finditer(text)]
            continue
        findings += [Finding(path, line_of(text, match.start()), f"path of one machine: {match.group()}...")
                     for match in MACHINE_PATH.finditer(text)]
        findings += [Finding(path, line_of(text, match.start()), f"host '{match.group(1)}' is not in tools/allowed-hosts.txt")
                     for match in URL_HOST.finditer(text) if not is_allowed(match.group(1).lower().rstrip("."), allowed)]
    return findings


def is_allowed(host, allowed):
    """Names without a dot stand for something else in examples and tests."""
    return "." not in host.strip("[]") and ":" not in host or host in allowed or any(host.endswith("." + name) for name in allowed)
