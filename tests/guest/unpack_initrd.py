#!/usr/bin/env python3
"""Unpacks the files, folders and links of a gzip-packed initrd (cpio "newc"). Device nodes are left out: no root needed."""

import gzip
import pathlib
import stat
import sys

HEADER_SIZE = 110


def entries(data):
    """Each (name, mode, content) of the archive."""
    offset = 0
    while True:
        if data[offset : offset + 6] != b"070701":
            sys.exit(f"no cpio header at offset {offset}")
        fields = [int(data[offset + 6 + 8 * i : offset + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        start = (offset + HEADER_SIZE + name_size + 3) & ~3
        name = data[offset + HEADER_SIZE : offset + HEADER_SIZE + name_size - 1].decode()
        if name == "TRAILER!!!":
            return
        yield name, mode, data[start : start + size]
        offset = (start + size + 3) & ~3


def write_entry(target, mode, content):
    if stat.S_ISDIR(mode):
        target.mkdir(parents=True, exist_ok=True)
    elif stat.S_ISLNK(mode):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(content.decode())
    elif stat.S_ISREG(mode):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode & 0o777)


def main():
    if len(sys.argv) != 3:
        sys.exit("Usage: unpack_initrd.py INITRD.GZ FOLDER")
    folder = pathlib.Path(sys.argv[2]).resolve()
    for name, mode, content in entries(gzip.open(sys.argv[1]).read()):
        if ".." in pathlib.PurePosixPath(name).parts:
            sys.exit(f"{name!r} points outside")
        write_entry(folder / name.lstrip("/"), mode, content)


if __name__ == "__main__":
    main()
