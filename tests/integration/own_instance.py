"""An instance that belongs to an ordinary user, also where the tests themselves are run by root."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

from accounts import USER_ID, become, copy_programs, own_namespace
from harness import BIN, PATIENCE, REPOSITORY, Daemon, guest_folder, wait_for


class OwnInstance(Daemon):
    """visord as a user without rights runs it: it finds its directories by HOME and XDG_RUNTIME_DIR."""

    def __init__(self):
        super().__init__()
        self.home, runtime = self.folder / "home", self.folder / "xdg"
        self.state = self.home / ".local/state/visor"
        self.runtime = runtime / "visor"
        self.socket_path = self.runtime / "visord.sock"
        self.bin = copy_programs(BIN, self.folder / "checkout/build/release/bin")
        self.user_id = os.geteuid() or USER_ID
        for folder in (self.home, runtime):
            folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            self.prefix = [*own_namespace(self.folder / "accounts"), *become(USER_ID)]
            self.folder.chmod(0o711)
            for folder in (self.home, runtime):
                os.chown(folder, USER_ID, USER_ID)

    def arguments(self):
        return ["--listen", "127.0.0.1:0"]

    def environment(self):
        return {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime.parent), "XDG_STATE_HOME": ""}

    def start(self, *extra, **options):
        return super().start(*extra, environment=self.environment(), **options)

    def create_guest(self, *arguments, kernel="x86_64", **options):
        self.guests = self.folder / "guests"
        if not (self.guests / kernel).exists():
            shutil.copytree(guest_folder() / kernel, self.guests / kernel)
        return super().create_guest(*arguments, kernel=kernel, **options)

    def helpers(self):
        """Programs that a visord has started for itself, also those that have changed their root or their user."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (entry / "environ").read_bytes().split(b"\0")
                if any(variable.startswith(b"VISOR_HELPER=") for variable in environment) and self.is_ours(environment):
                    found.append((entry.name, (entry / "cmdline").read_bytes()))
        return found

    def is_ours(self, environment):
        return any(str(self.folder).encode() in variable for variable in environment)


class FirstRun(OwnInstance):
    """What `./run` makes for a new user; the packages and the programs are there."""

    def __init__(self):
        super().__init__()
        self.checkout = self.folder / "checkout"
        for name in ("run", "tools/lib/steps.sh"):
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, self.checkout / name)
        self.output = self.folder / "output"

    def run(self, patience):
        """Starts `./run` and returns what it says when the guest is ready."""
        self._address = None
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([*self.prefix, self.checkout / "run", "--no-build"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True, cwd=self.checkout, env={**os.environ, **self.environment()})

        def ready():
            text = self.output.read_text(errors="replace")
            assert self.is_running(), f"./run ended with {self.process.returncode}:\n{text}\n{self.log_text()}"
            return "Ctrl-C" in text and text

        return wait_for(ready, "./run to have a ready guest", patience)

    def interrupt(self):
        """As Ctrl-C does it; returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30 * PATIENCE)

    def log_text(self):
        log = self.state / "visord.log"
        return log.read_text(errors="replace") if log.exists() else ""
