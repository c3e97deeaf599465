"""Runs a real visord with directories of its own, and speaks to it as its users do: HTTP, WebSocket, `visor`.

VISOR_BIN is the folder with the programs (default: build/release/bin), VISOR_TEST_GUEST the one with the small guests
(default: what tests/guest/build makes). A test never touches a process that its own daemon did not start.
"""

import atexit
import base64
import contextlib
import functools
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from websocket import ByteStream, WebSocket

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("VISOR_BIN", REPOSITORY / "build/release/bin"))
MIB = 1 << 20
GIB = 1 << 30
READY = "VISOR-GUEST-READY"
# The sanitizers and a busy machine slow everything down; a wait ends as soon as its condition holds.
PATIENCE = float(os.environ.get("VISOR_TEST_PATIENCE", "1"))


@functools.lru_cache(maxsize=None)
def guest_folder():
    chosen = os.environ.get("VISOR_TEST_GUEST")
    if chosen:
        return pathlib.Path(chosen)
    built = subprocess.run([REPOSITORY / "tests/guest/build"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(built.stdout.strip())


def wait_for(condition, what, timeout=30, interval=0.05):
    """The first true value of condition(); fails with `what` after the timeout."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(interval)


# A run that is ended from outside (a time limit) still takes its machines with it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
# A program cannot watch for a signal that it was born to ignore, as the children of a background job are.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Answer:
    """An HTTP answer; `json` is parsed on demand."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    def __repr__(self):
        return f"{self.status} {self.body[:1000]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def open_files(entry):
    """What the descriptors of a process point at. QEMU gets its files as descriptors, so its arguments name none of them."""
    for link in (entry / "fd").glob("*"):
        with contextlib.suppress(OSError):
            yield os.readlink(link)


def processes_using(folder):
    """{pid: argv} of live processes that name the folder in an argument or hold a file below it open.

    The arguments alone do not tell: QEMU gets its disks, logs and sockets as open descriptors.
    """
    text = str(folder)
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = [argument.decode(errors="replace") for argument in (entry / "cmdline").read_bytes().split(b"\0")]
            if any(text in argument for argument in arguments) or any(text in target for target in open_files(entry)):
                found[int(entry.name)] = arguments
    return found


def is_alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Daemon:
    """One visord. Its directories live until close(), so it can die and come back."""

    # What daemon and command line are started by, and where they and the guests' kernels are: other users may not look into
    # the folder of whoever runs the tests.
    prefix = ()
    bin = BIN
    guests = None

    def __init__(self):
        # Short: the path of a unix socket has 107 bytes at most.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vt"))
        self.state = self.folder / "state"
        self.runtime = self.folder / "run"
        self.socket_path = self.folder / "s"
        self.log = self.folder / "visord.log"
        self.process = None
        self._address = None
        atexit.register(self.close)

    # Life and death

    def arguments(self):
        return ["--state-dir", self.state, "--runtime-dir", self.runtime, "--socket", self.socket_path, "--listen", self.listen]

    def start(self, *extra, wait=True, environment=None, listen="127.0.0.1:0"):
        assert not self.is_running(), "it runs already"
        self._address = None
        self.listen = listen
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.bin / "visord", *self.arguments(), *extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **(environment or {})})
        if wait:
            self.wait_until_up()
        return self

    def wait_until_up(self):
        def answers():
            if self.process.poll() is not None:
                raise AssertionError(f"visord ended with {self.process.returncode}:\n{self.log_text()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.get("/").status == 200
            return False

        wait_for(answers, "visord to answer", timeout=30)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As a crash or the out-of-memory killer ends it."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=20):
        self.process.terminate()
        return self.process.wait(timeout * PATIENCE)

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        atexit.unregister(self.close)
        if self.is_running():
            self.process.kill()
            self.process.wait()
        for pid in self.own_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.own_processes(), "the machines of the test to end", timeout=10)
        if "VISOR_TEST_KEEP" in os.environ:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def own_processes(self):
        """Processes that use this daemon's directories, without the daemon itself."""
        found = processes_using(self.folder)
        found.pop(self.process.pid if self.process else None, None)
        found.pop(os.getpid(), None)
        return {pid: arguments for pid, arguments in found.items() if is_alive(pid)}

    def qemu_processes(self):
        return {pid: argv for pid, argv in self.own_processes().items() if "qemu-system" in argv[0]}

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # HTTP

    def request(self, method, path, body=None, headers=None, timeout=60, raw=False):
        """Over the unix socket; `path` is below /api/v1 unless `raw`."""
        connection = UnixConnection(self.socket_path, timeout * PATIENCE)
        return send(connection, method, path if raw else f"/api/v1{path}", body, headers)

    def tcp(self, method, path, body=None, headers=None, timeout=60, raw=False):
        """Over TCP without any credentials but those in `headers`."""
        host, port = self.address()
        connection = http.client.HTTPConnection(host, port, timeout=timeout * PATIENCE)
        return send(connection, method, path if raw else f"/api/v1{path}", body, headers)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, {} if body is None else body, **options)

    def address(self):
        """Host and port that the kernel chose for --listen 127.0.0.1:0."""
        if self._address is None:
            url = urllib.parse.urlsplit(self.login_link())
            self._address = (url.hostname, url.port)
        return self._address

    def login_link(self):
        return self.expect(200, "POST", "/auth/login-links", {}).json["url"]

    def expect(self, status, method, path, body=None, **options):
        answer = self.request(method, path, body, **options)
        assert answer.status == status, f"{method} {path}: expected {status}, got {answer}"
        return answer

    def web_socket(self, path, protocol=None, headers=None):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(15 * PATIENCE)
        connection.connect(str(self.socket_path))
        return WebSocket(connection, path, headers, protocol)

    def tcp_web_socket(self, path, protocol=None, headers=None):
        host, port = self.address()
        connection = socket.create_connection((host, port), timeout=15 * PATIENCE)
        return WebSocket(connection, path, {"Host": f"{host}:{port}", **(headers or {})}, protocol)

    # Tasks

    def task(self, method, path, body=None, timeout=120):
        """Starts long work and waits; the task must succeed."""
        ended = self.ended_task(self.expect(202, method, path, body).json["task"], timeout)
        assert ended["state"] == "succeeded", f"{method} {path}: {json.dumps(ended, indent=1)}"
        return ended

    def failed_task(self, method, path, body=None, timeout=120):
        """Starts long work that must fail; the problem in it."""
        ended = self.ended_task(self.expect(202, method, path, body).json["task"], timeout)
        assert ended["state"] in ("failed", "undone"), f"{method} {path}: {json.dumps(ended, indent=1)}"
        return ended["error"]

    def ended_task(self, task, timeout=120):
        deadline = time.monotonic() + timeout * PATIENCE
        identifier = task["id"]
        while True:
            task = self.expect(200, "GET", f"/tasks/{identifier}/wait?timeout=10").json
            if task["state"] != "running":
                return task
            assert time.monotonic() < deadline, f"the task does not end: {json.dumps(task, indent=1)}"

    # Machines

    def create(self, name, *, image=None, request=None, **spec):
        body = {"name": name, "spec": {"firmware": "bios", "cpu": {"count": 1}, "memory": {"size": 64 * MIB}, **spec}}
        body.update({"image": image} if image else {}, **(request or {}))
        self.task("POST", "/machines", body)
        return self.machine(name)

    def create_guest(self, name, cmdline="", memory=None, kernel="x86_64", **spec):
        """A machine that boots the small test guest: ready within seconds, with serial shell, screen and agent."""
        return self.create(name, boot=kernel_boot(kernel, cmdline, self.guests), memory={"size": 256 * MIB, **(memory or {})},
                           display={"model": "std"}, **spec)

    def machine(self, name):
        return self.expect(200, "GET", f"/machines/{name}").json

    def status(self, name):
        return self.machine(name)["state"]["status"]

    def action(self, name, action, body=None, timeout=120):
        return self.task("POST", f"/machines/{name}/actions/{action}", {} if body is None else body, timeout)

    def start_machine(self, name, wait="running"):
        self.action(name, "start", {"wait": wait, "timeoutSeconds": int(120 * PATIENCE)}, timeout=150)
        return self.machine(name)

    def delete_machine(self, name, force=True):
        return self.task("DELETE", f"/machines/{name}?force={'true' if force else 'false'}")

    def serial(self, name):
        return ByteStream(self.web_socket(self.ticket(name, "serial")))

    def screen(self, name):
        return ByteStream(self.web_socket(self.ticket(name, "screen"), protocol="binary"))

    def ticket(self, name, kind):
        return self.expect(200, "POST", f"/machines/{name}/tickets", {"kind": kind}).json["path"]

    def exec(self, name, *command, **more):
        result = self.expect(200, "POST", f"/machines/{name}/exec", {"command": list(command), **more}).json
        return result["exitCode"], base64.b64decode(result["stdout"]), base64.b64decode(result["stderr"])

    def leftovers(self, name, identifier):
        """Files and folders below state and runtime directory that still carry a deleted machine's name or id."""
        return sorted(str(path) for base in (self.state, self.runtime) for path in base.rglob("*")
                      if identifier in path.name or path.name == name or path.name.startswith(f"{name}-") or path.name.startswith(f"{name}."))

    # The command line

    def visor(self, *arguments, stdin=None, timeout=120, environment=None, text=True):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISOR_")}
        return subprocess.run(
            [self.bin / "visor", *arguments], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=text,
            timeout=timeout * PATIENCE, check=False,
            env={**inherited, "HOME": str(home), "NO_COLOR": "1", "VISOR_SOCKET": str(self.socket_path), **(environment or {})})


def send(connection, method, path, body, headers):
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/merge-patch+json" if method == "PATCH" else "application/json")
    try:
        connection.request(method, path, body=body, headers=headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


# On a busy host an emulated timer comes too late for the kernel's own check of it, which then gives up.
# The last two save a guest without KVM about a fifth of its start.
X86_CMDLINE = "console=ttyS0 quiet no_timer_check noreplace-smp cryptomgr.notests"


def kernel_boot(arch, cmdline="", guests=None):
    folder = (guests or guest_folder()) / arch
    fixed = X86_CMDLINE if arch.startswith("x86_64") else "console=ttyAMA0 quiet"
    return {"kernel": str(folder / "vmlinuz"), "initrd": str(folder / "initrd.img"), "cmdline": f"{fixed} {cmdline}".strip()}


def program_is_there(name):
    return shutil.which(name) is not None


class TestCase(unittest.TestCase):
    """One daemon for all tests of a class. Machines that a test leaves are removed with the daemon."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def own_daemon(self, daemon=None):
        """For tests that kill it."""
        daemon = daemon or Daemon()
        self.addCleanup(daemon.close)
        return daemon.start()

    def assert_problem(self, answer, status, code=None, mentions=()):
        """A problem object (RFC 9457) with a stable code and a text that says what was wrong."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get("content-type", "").split(";")[0], "application/problem+json", answer)
        problem = answer.json
        self.assertEqual(problem["status"], status)
        for member in ("type", "title", "code", "detail"):
            self.assertTrue(problem.get(member), f"'{member}' is missing in {problem}")
        if code:
            self.assertEqual(problem["code"], code, problem)
        for text in (mentions,) if isinstance(mentions, str) else mentions:
            self.assertIn(text, json.dumps(problem))
        return problem

    def tearDown(self):
        # On a failure the daemon's own words are the first thing one wants to read.
        if not self._outcome.success:
            print(f"--- {self.id()}: end of the log of visord\n{self.daemon.log_text()[-3000:]}")
