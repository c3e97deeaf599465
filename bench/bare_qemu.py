"""Starts QEMU with the very arguments that Visor used, without Visor: what any manager has to be measured against."""

import json
import os
import pathlib
import re
import signal
import socket
import tempfile
import time

SOCKET = re.compile(r"^socket,id=(\w+),fd=(\d+)")
FILE = re.compile(r"^fd=(\d+),set=\d+,opaque=(\S+)$")
TIMEOUT = 30


class BareQemu:
    """Copies the arguments of a running QEMU; its sockets and its log become our own, its disk stays what it is."""

    def __init__(self, pid, disk):
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.arguments = [argument.decode() for argument in arguments]
        self.program = os.readlink(f"/proc/{pid}/exe")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vb"))
        self.disk = disk
        self.sources = {}
        for argument in self.arguments:
            if found := SOCKET.match(argument):
                self.sources[int(found.group(2))] = None
                if found.group(1) == "control":
                    self.control = int(found.group(2))
            elif found := FILE.match(argument):
                self.sources[int(found.group(1))] = found.group(2)

    def _open(self, number):
        source = self.sources[number]
        if source is None:
            path = self.folder / f"{number}.sock"
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(4)
            return listener.detach()
        if source.startswith("disk"):
            return os.open(self.disk, os.O_RDWR)
        return os.open(self.folder / source, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def start(self):
        """Seconds from nothing to the virtual processors running."""
        began = time.perf_counter()
        opened = {number: self._open(number) for number in self.sources}
        # First to high numbers, so that no descriptor is overwritten before it was copied.
        actions = [(os.POSIX_SPAWN_DUP2, descriptor, 500 + number) for number, descriptor in opened.items()]
        actions += [(os.POSIX_SPAWN_DUP2, 500 + number, number) for number in opened]
        actions += [(os.POSIX_SPAWN_CLOSE, 500 + number) for number in opened]
        actions.append((os.POSIX_SPAWN_OPEN, 2, str(self.folder / "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        self.pid = os.posix_spawn(self.program, self.arguments, os.environ, file_actions=actions, setsid=True)
        for descriptor in opened.values():
            os.close(descriptor)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.settimeout(TIMEOUT)
        self.qmp.connect(str(self.folder / f"{self.control}.sock"))
        self.lines = self.qmp.makefile("rb")
        self._read()
        self._execute("qmp_capabilities")
        self._execute("cont")
        return time.perf_counter() - began

    def destroy(self):
        """Seconds until the process is gone."""
        began = time.perf_counter()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        taken = time.perf_counter() - began
        self.lines.close()
        self.qmp.close()
        return taken

    def _read(self):
        try:
            line = self.lines.readline()
        except ConnectionResetError:
            line = b""
        if not line:
            raise RuntimeError(f"QEMU ended: {(self.folder / 'log').read_text()}")
        return json.loads(line)

    def _execute(self, command):
        self.qmp.sendall(json.dumps({"execute": command}).encode())
        while "return" not in (answer := self._read()):
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")
