"""Daemons whose state lies on a file system of their own, in a mount namespace that ends with them."""

import contextlib
import os
import pathlib
import subprocess

from accounts import own_namespace
from harness import MIB, Daemon


class OwnDisk(Daemon):
    """The file system outlives the daemon."""

    def mount(self):
        """The shell command that puts a file system at self.state."""
        raise NotImplementedError

    def __init__(self):
        super().__init__()
        self.state.mkdir()
        self.holder = subprocess.Popen(
            [*own_namespace(self.folder / "accounts", self.mount()), "sh", "-c", "echo made; exec sleep 3600"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        if not self.holder.stdout.readline():
            self.close()
            raise AssertionError(f"this file system could not be mounted: {self.mount()}")
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        self.prefix = ["nsenter", "--target", str(self.holder.pid), *user, "--mount", "--"]
        self.files = pathlib.Path(f"/proc/{self.holder.pid}/root{self.state}")

    def close(self):
        super().close()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class SmallDisk(OwnDisk):
    """One that is soon full."""

    SIZE = 48 * MIB

    def mount(self):
        return f"mount -t tmpfs -o size={self.SIZE} tmpfs {self.state}"

    def fill(self):
        """Leaves not a byte."""
        with (self.files / "filler").open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            for block in (MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"\0" * block)

    def make_room(self):
        (self.files / "filler").unlink(missing_ok=True)


def has_loop_devices():
    """Whether a file can be mounted here: some machines have none, and leave nothing to try."""
    return subprocess.run(["losetup", "--find"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


class Xfs(OwnDisk):
    """A file system whose files can share blocks; in a file, by a loop device. For root."""

    MAKE = ("mkfs.xfs", "-q", "-m", "reflink=1")

    def mount(self):
        image = self.folder / "file-system"
        if not image.exists():
            with image.open("wb") as file:
                file.truncate(512 * MIB)
            subprocess.run([*self.MAKE, image], stdout=subprocess.DEVNULL, check=True)
        return f"mount -o loop {image} {self.state}"

    def used(self):
        """Bytes, once all is written."""
        subprocess.run(["sync", "-f", self.files], check=True)
        space = os.statvfs(self.files)
        return (space.f_blocks - space.f_bfree) * space.f_frsize


class Btrfs(Xfs):
    MAKE = ("mkfs.btrfs", "-q")
