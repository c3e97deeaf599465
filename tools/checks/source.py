"""What all checks share: findings, the files of a tree, and C++ text without comments and literals."""

import dataclasses
import os
import pathlib
import re
import subprocess


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


class Tree:
    """A checkout. Paths are relative to its root and use '/'."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._texts = {}
        self._codes = {}

    def cpp_files(self):
        return self.files("src", (".h", ".cpp"))

    def files(self, folder, suffixes):
        found = (path for path in (self.root / folder).rglob("*") if path.suffix in suffixes and path.is_file())
        return sorted(str(path.relative_to(self.root)) for path in found if "node_modules" not in path.parts)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def code(self, path):
        """The file's text with comments and literals blanked; offsets and lines stay the same."""
        if path not in self._codes:
            self._codes[path] = blank_comments_and_literals(self.text(path))
        return self._codes[path]

    def own_files(self):
        """What git tracks or would add; every file below the root where there is no git."""
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=False
        )
        if listed.returncode == 0:
            names = listed.stdout.decode(errors="replace").split("\0")
        else:
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return sorted(name for name in names if name and (self.root / name).is_file())


LITERALS = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)" | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.VERBOSE | re.DOTALL,
)


def blank_comments_and_literals(text):
    return LITERALS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def read_lines(path):
    """The lines of a file without comments and empty ones; a missing file has none."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_table(path):
    """Lines `key: value` of a file."""
    pairs = (line.split(":", 1) for line in read_lines(path))
    return {pair[0].strip(): pair[1].strip() if len(pair) > 1 else "" for pair in pairs}


def cache_folder(name):
    """Where a check remembers what it found good."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "visor-test" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
