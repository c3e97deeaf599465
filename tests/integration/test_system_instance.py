"""The instance of the host, run by root: where its things are, who is let in, and as whom its machines run."""

import contextlib
import os
import pathlib
import stat
import subprocess
import unittest

from accounts import GROUP_ID, QEMU_ID, USER_ID, become, copy_programs, own_namespace
from harness import BIN, Daemon, TestCase, is_alive


class SystemInstance(Daemon):
    """visord as root runs it, with a /run and a /var/lib of its own."""

    def __init__(self):
        super().__init__()
        self.folder.chmod(0o711)
        self.bin = copy_programs(BIN, self.folder / "bin")
        self.namespace = "none yet"
        self.prefix = own_namespace(self.folder / "accounts", "mount -t tmpfs -o mode=755 tmpfs /run", "mount -t tmpfs -o mode=755 tmpfs /var/lib")

    def arguments(self):
        return ["--listen", "127.0.0.1:0"]

    def start(self, *extra, **options):
        super().start(*extra, wait=False, **options)
        self.root = pathlib.Path(f"/proc/{self.process.pid}/root")
        self.socket_path = self.root / "run/visor/visord.sock"
        self.wait_until_up()
        self.namespace = mount_namespace(self.process.pid)
        return self

    def own_processes(self):
        """Its paths are those of any system instance, so its machines are known by the namespace that they share with it."""
        pids = (int(entry.name) for entry in pathlib.Path("/proc").glob("[0-9]*"))
        return {pid: program_of(pid) for pid in pids if pid != self.process.pid and mount_namespace(pid) == self.namespace and is_alive(pid)}

    def run_as(self, user_id, *command, groups=(), home="/nonexistent"):
        """What a user of this host sees."""
        user_namespace = [] if os.geteuid() == 0 else ["--user"]
        return subprocess.run(
            ["nsenter", "--target", str(self.process.pid), *user_namespace, "--mount", "--", *become(user_id, *groups), *command],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home)})


def mount_namespace(pid):
    """Nothing for a process that is gone."""
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/mnt")


def program_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")


class System(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = SystemInstance()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def owner_of(self, path):
        """The mode and, as the daemon sees them, user and group."""
        done = self.daemon.run_as(0, "stat", "--format", "%a %u %g", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return tuple(done.stdout.split())

    def test_state_is_in_var_lib_and_sockets_are_in_run(self):
        instance = self.daemon.get("/host").json["instance"]
        self.assertEqual(instance, {**instance, "mode": "system", "stateDirectory": "/var/lib/visor", "runtimeDirectory": "/run/visor"})
        self.assertTrue((self.daemon.root / "var/lib/visor/visor.db").is_file())
        self.assertTrue(stat.S_ISSOCK(self.daemon.socket_path.stat().st_mode))

    def test_socket_is_open_to_the_group_visor_and_the_state_to_nobody(self):
        self.assertEqual(self.owner_of("/run/visor/visord.sock"), ("660", "0", str(GROUP_ID)))
        self.assertEqual(self.owner_of("/run/visor"), ("710", "0", str(GROUP_ID)))
        self.assertEqual(self.owner_of("/var/lib/visor"), ("700", "0", "0"))

    def test_member_of_the_group_uses_it_without_naming_it(self):
        self.daemon.create("shared")
        done = self.daemon.run_as(USER_ID, str(self.daemon.bin / "visor"), "list", "-f", "csv", groups=[GROUP_ID])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("shared", done.stdout)

    def test_others_are_told_how_to_be_let_in(self):
        done = self.daemon.run_as(USER_ID, str(self.daemon.bin / "visor"), "list")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("You may not use the daemon's socket /run/visor/visord.sock.", done.stderr)
        self.assertIn("usermod -aG visor", done.stderr)

    def test_user_with_an_instance_of_his_own_is_not_led_to_the_hosts(self):
        home = self.daemon.folder / "home"
        (home / ".local/state/visor").mkdir(parents=True)
        done = self.daemon.run_as(USER_ID, str(self.daemon.bin / "visor"), "list", groups=[GROUP_ID], home=home)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{home}/.local/state/visor/run/visord.sock", done.stderr)

    def test_qemu_runs_as_a_user_of_its_own_without_any_rights(self):
        self.daemon.create("lowly")
        pid = self.daemon.start_machine("lowly")["state"]["processId"]
        done = self.daemon.run_as(0, "grep", "-E", "^(Uid|Gid|Groups|CapEff|NoNewPrivs|Seccomp):", f"/proc/{pid}/status")
        status = dict(line.split(":\t", 1) for line in done.stdout.splitlines())
        self.assertEqual((status["Uid"].split(), status["Gid"].split()), ([str(QEMU_ID)] * 4, [str(QEMU_ID)] * 4))
        self.assertEqual(status["Groups"].split(), [])
        self.assertEqual((int(status["CapEff"], 16), status["NoNewPrivs"], status["Seccomp"]), (0, "1", "2"))


if __name__ == "__main__":
    unittest.main()
