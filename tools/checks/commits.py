"""The subject of every commit is `component: Summary`."""

import re
import subprocess

from .source import Finding

SUBJECT = re.compile(r"^[a-z0-9][a-z0-9_./-]*(, [a-z0-9][a-z0-9_./-]*)*: [A-Z0-9`'\"./~-].*[^.]$")
LONGEST = 100


def subject_problem(subject):
    if not SUBJECT.match(subject):
        return f"'{subject}' is not of the form 'component: Summary'"
    if len(subject) > LONGEST:
        return f"the subject has {len(subject)} characters, more than {LONGEST}"
    return None


def check(tree):
    log = subprocess.run(
        ["git", "-C", tree.root, "log", "--no-merges", "--format=%h %s"], capture_output=True, text=True, check=False
    )
    findings = []
    for line in log.stdout.splitlines():
        commit, _, subject = line.partition(" ")
        problem = subject_problem(subject)
        if problem:
            findings.append(Finding(f"commit {commit}", 1, problem))
    return findings
