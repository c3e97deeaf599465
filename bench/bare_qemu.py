"""Starts QEMU with the very arguments that Visor used, without Visor: what any manager has to be measured against."""

import json
import os
import pathlib
import re
import signal
import socket
import tempfile
import time

INHERITED = re.compile(r"(?:\bfd=|/proc/self/fd/)(\d+)")
CONTROL = re.compile(r"socket,id=control,fd=(\d+)")
TIMEOUT = 30


class BareQemu:
    """Copies the arguments and the kinds of inherited descriptors of a running QEMU."""

    def __init__(self, pid):
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.arguments = [argument.decode() for argument in arguments]
        self.program = os.readlink(f"/proc/{pid}/exe")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vb"))
        self.sources = {int(number): self._source(pid, int(number)) for number in set(INHERITED.findall(" ".join(self.arguments)))}
        self.control = int(CONTROL.search(" ".join(self.arguments)).group(1))

    def _source(self, pid, number):
        target = os.readlink(f"/proc/{pid}/fd/{number}")
        if target.startswith("socket:"):
            return None
        flags = int(re.search(r"flags:\s*(\d+)", pathlib.Path(f"/proc/{pid}/fdinfo/{number}").read_text()).group(1), 8)
        return target, flags & (os.O_RDONLY | os.O_RDWR | os.O_WRONLY | os.O_APPEND)

    def _open(self, number):
        source = self.sources[number]
        if source is None:
            path = self.folder / f"{number}.sock"
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(4)
            return listener.detach()
        path, flags = source
        return os.open(path, flags)

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
