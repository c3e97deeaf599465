#!/usr/bin/env python3
"""Packs a folder and kernel modules into an initrd (cpio "newc", uncompressed: emulated guests unpack slowly).

Written in Python rather than with cpio(1), because an archive needs device nodes and root's ownership, which an ordinary
user cannot give to files on disk.
"""

import argparse
import pathlib
import re
import stat
import sys


class CpioWriter:
    def __init__(self, stream):
        self.stream = stream
        self.inode = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._write_padded(header + encoded)
        self._write_padded(data)

    def close(self):
        self.add("TRAILER!!!", 0)

    def _write_padded(self, data):
        self.stream.write(data + b"\0" * (-len(data) % 4))


def needed_modules(path):
    """The names of the modules that this module's own .modinfo says it depends on."""
    found = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
    return [name for name in found.group(1).decode().split(",") if name] if found else []


def ordered_modules(folder, wanted):
    """Wanted modules that exist, each after what it depends on."""
    available = {path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")}
    ordered = []

    def visit(name):
        path = available.get(name.replace("-", "_"))
        if path is None or path in ordered:
            return
        for dependency in needed_modules(path):
            visit(dependency)
        ordered.append(path)

    for name in wanted:
        visit(name)
    return ordered


def add_tree(archive, root):
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            archive.add(name, stat.S_IFLNK | 0o777, str(path.readlink()).encode())
        elif path.is_dir():
            archive.add(name, stat.S_IFDIR | 0o755)
        else:
            archive.add(name, stat.S_IFREG | (0o755 if path.stat().st_mode & 0o100 else 0o644), path.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True, help="folder whose content becomes /")
    parser.add_argument("--modules", type=pathlib.Path, help="folder with the kernel's modules")
    parser.add_argument("--load", default="", help="names of the modules to load, separated by spaces")
    parser.add_argument("output", type=pathlib.Path)
    options = parser.parse_args()

    modules = ordered_modules(options.modules, options.load.split()) if options.modules else []
    if options.load and not modules:
        sys.exit(f"{options.modules} has none of the modules {options.load}")
    with options.output.open("wb") as stream:
        archive = CpioWriter(stream)
        add_tree(archive, options.root)
        archive.add("dev", stat.S_IFDIR | 0o755)
        archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.add("modules", stat.S_IFDIR | 0o755)
        for path in modules:
            archive.add(f"modules/{path.name}", stat.S_IFREG | 0o644, path.read_bytes())
        order = "".join(f"{path.name}\n" for path in modules)
        archive.add("modules/order", stat.S_IFREG | 0o644, order.encode())
        archive.close()


if __name__ == "__main__":
    main()
