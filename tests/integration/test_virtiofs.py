"""Folders that a process of its own serves to real guests (virtiofs): files go both ways, nothing else of the host is in reach, and no process stays behind."""

import hashlib
import json
import os
import pathlib
import pwd
import signal
import stat
import time
import unittest

from harness import Daemon, TestCase, is_alive, wait_for
from own_instance import OwnInstance
from test_shares import KERNEL, run, share

# Of users of the guest that are not root: docs/security.md.
GUEST_USERS = 2000000000


def qemus_user():
    for name in ("visor-qemu", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise AssertionError("there is no user nobody")


def servers(daemon):
    return [pid for pid, argv in daemon.own_processes().items() if argv[0].endswith("virtiofsd")]


def served(tag, path, **more):
    return share(tag, path, driver="virtiofs", owners="plain", **more)


def mount(daemon, name, tag, where="/mnt"):
    code, said = run(daemon, name, f"mkdir -p {where} && mount -t virtiofs {tag} {where}")
    assert code == 0, said


def reasons(daemon, name):
    return daemon.machine(name)["state"]["reason"]


class Served(TestCase):
    """A visord that is root, with one folder in which machines may share."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("QEMU's own virtiofsd works for root alone")
        super().setUpClass()

    @classmethod
    def make(cls):
        daemon = Daemon()
        daemon.folder.chmod(0o711)
        daemon.allowed = daemon.folder / "srv"
        daemon.allowed.mkdir()
        return daemon

    def setUp(self):
        self.daemon = self.make()
        self.addCleanup(self.daemon.close)
        self.up()

    def up(self):
        self.daemon.start("--allow-share", str(self.daemon.allowed))

    def folder(self, name):
        path = self.daemon.allowed / name
        path.mkdir()
        os.chown(path, qemus_user(), -1)
        return path

    def guest(self, name, *shares, **spec):
        self.daemon.create_guest(name, kernel=KERNEL, shares=list(shares), **spec)
        self.daemon.start_machine(name, wait="ready")

    def sh(self, name, script):
        return run(self.daemon, name, script)


class ServedFolders(Served):
    def test_files_go_both_ways_through_a_folder_with_an_awkward_name(self):
        folder = self.folder("my files, all of them,readonly=on")
        (folder / "from host.txt").write_text("made by the host")
        self.guest("both", served("src", folder))
        mount(self.daemon, "both", "src")
        self.assertEqual(self.sh("both", "cat '/mnt/from host.txt'"), (0, "made by the host"))
        self.assertEqual(self.sh("both", "mkdir /mnt/sub && echo -n made by the guest > /mnt/sub/new && mv /mnt/sub/new /mnt/moved")[0], 0)
        self.assertEqual((folder / "moved").read_text(), "made by the guest")
        self.assertEqual((folder / "moved").stat().st_uid, qemus_user(), "root of the guest is no root of the host")
        (folder / "later").write_text("made while it was mounted")
        wait_for(lambda: self.sh("both", "cat /mnt/later") == (0, "made while it was mounted"), "the guest to see a new file")
        (folder / "from host.txt").write_text("changed by the host, and longer")
        wait_for(lambda: self.sh("both", "cat '/mnt/from host.txt'") == (0, "changed by the host, and longer"), "the guest to see a change")
        megabytes = self.sh("both", "dd if=/dev/urandom of=/mnt/big bs=1M count=8 2>/dev/null && sha256sum < /mnt/big")
        self.assertEqual(megabytes[1].split()[0], hashlib.sha256((folder / "big").read_bytes()).hexdigest())

    def test_other_users_of_the_guest_work_there_and_are_nobody_on_the_host(self):
        folder = self.folder("team")
        self.guest("team", served("src", folder))
        mount(self.daemon, "team", "src")
        script = ("echo 'joe:x:1000:1000::/:/bin/sh' >> /etc/passwd && mkdir -m 777 /mnt/pub && su joe -c 'umask 022; echo -n mine > /mnt/pub/file && "
                  "ln -s file /mnt/pub/link && chmod 640 /mnt/pub/file && stat -c %u:%a /mnt/pub/file'")
        self.assertEqual(self.sh("team", script), (0, "1000:640\n"))
        made = (folder / "pub/file").stat()
        self.assertEqual((made.st_uid, stat.S_IMODE(made.st_mode)), (GUEST_USERS + 1000, 0o640))
        self.assertEqual(os.readlink(folder / "pub/link"), "file")
        secret = folder / "secret"
        secret.write_text("of the host's root")
        secret.chmod(0o600)
        for attempt in ("cat /mnt/secret", "chown 0 /mnt/secret", "chmod 666 /mnt/secret", "mknod /mnt/node c 1 3"):
            code, said = self.sh("team", attempt)
            self.assertNotEqual(code, 0, attempt)
            self.assertNotIn("of the host", said)
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["pub", "secret"])

    def test_read_only_folder_is_not_changed_however_it_is_mounted(self):
        folder = self.folder("films")
        (folder / "one").write_text("1")
        os.chown(folder / "one", qemus_user(), -1)
        before = (folder / "one").stat()
        self.guest("reader", served("films", folder, readOnly=True))
        mount(self.daemon, "reader", "films")
        self.assertEqual(self.sh("reader", "cat /mnt/one"), (0, "1"))
        for attempt in ("echo 2 > /mnt/one", "touch /mnt/two", "rm /mnt/one", "mkdir /mnt/three", "chmod 600 /mnt/one", "mv /mnt/one /mnt/four",
                        "touch -t 202001010000 /mnt/one", "chown 1000 /mnt/one", "ln /mnt/one /mnt/five", "ln -s one /mnt/six", "truncate -s 0 /mnt/one"):
            code, said = self.sh("reader", attempt)
            self.assertNotEqual(code, 0, attempt)
            self.assertIn("Read-only", said, attempt)
        self.assertEqual({path.name: path.read_text() for path in folder.iterdir()}, {"one": "1"})
        after = (folder / "one").stat()
        self.assertEqual((after.st_mode, after.st_mtime_ns, after.st_uid), (before.st_mode, before.st_mtime_ns, before.st_uid))

    def test_links_do_not_lead_out_of_the_folder(self):
        secret = self.daemon.allowed / "diary.txt"
        secret.write_text("dear diary")
        folder = self.folder("links")
        os.symlink(secret, folder / "absolute")
        os.symlink("../diary.txt", folder / "relative")
        os.symlink("..", folder / "above")
        self.guest("links", served("src", folder))
        mount(self.daemon, "links", "src")
        for path in ("absolute", "relative", "above/diary.txt", "../diary.txt", "sub/../../diary.txt"):
            code, said = self.sh("links", f"cat /mnt/{path}")
            self.assertNotEqual(code, 0, path)
            self.assertNotIn("dear diary", said)

    def test_server_that_a_guest_takes_over_has_no_name_for_anything_else(self):
        folder = self.folder("boxed")
        (folder / "inside").write_text("x")
        self.guest("boxed", served("src", folder))
        (pid,) = servers(self.daemon)
        process = pathlib.Path(f"/proc/{pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(set(status["Uid"].split()), {str(qemus_user())})
        self.assertNotEqual(os.readlink(process / "ns/user"), os.readlink("/proc/self/ns/user"), "its rights are rights over numbers that nobody has")
        # Its root is the folder, and above that is nothing.
        self.assertEqual(os.listdir(process / "root"), ["inside"])
        self.assertTrue(os.path.samefile(process / "root/..", process / "root"))
        # The folder is a mount without set-uid rights, devices and programs.
        flags = os.statvfs(process / "root").f_flag
        self.assertEqual(flags & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC), os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC)

    def test_guest_with_several_memory_nodes_uses_its_folder(self):
        folder = self.folder("nodes")
        self.guest("nodes", served("src", folder), cpu={"count": 2}, memory={"nodes": 2})
        mount(self.daemon, "nodes", "src")
        # More than one of the nodes holds.
        code, said = self.sh("nodes", "dd if=/dev/zero of=/mnt/big bs=1M count=150 2>/dev/null && wc -c < /mnt/big")
        self.assertEqual((code, said.strip()), (0, str(150 << 20)))
        self.assertEqual((folder / "big").read_bytes().count(0), 150 << 20)

    def test_guest_whose_memory_grows_uses_its_folder(self):
        folder = self.folder("large")
        self.guest("large", served("src", folder), memory={"size": 256 << 20, "maximum": 512 << 20})
        mount(self.daemon, "large", "src")
        self.daemon.expect(200, "PATCH", "/machines/large", {"spec": {"memory": {"size": 512 << 20}}})
        wait_for(lambda: int(self.sh("large", "awk '/MemTotal/ {print $2}' /proc/meminfo")[1]) > 380 << 10, "the guest to have the new memory", 60)
        # More than it had at first: some of it lies in the added memory.
        code, said = self.sh("large", "dd if=/dev/zero of=/mnt/big bs=1M count=300 2>/dev/null && wc -c < /mnt/big")
        self.assertEqual((code, said.strip()), (0, str(300 << 20)))
        self.assertEqual((folder / "big").read_bytes().count(0), 300 << 20)

    def test_two_folders_have_a_server_each_beside_one_of_9p(self):
        for name in ("one", "two", "three"):
            (self.folder(name) / "name").write_text(name)
        root = self.daemon.allowed
        self.guest("many", served("one", root / "one"), share("two", root / "two"), served("three", root / "three", readOnly=True))
        self.assertEqual(len(servers(self.daemon)), 2)
        mount(self.daemon, "many", "one", "/one")
        mount(self.daemon, "many", "three", "/three")
        self.assertEqual(self.sh("many", "mkdir /two && mount -t 9p -o trans=virtio,version=9p2000.L two /two && cat /one/name /two/name /three/name"),
                         (0, "onetwothree"))
        self.daemon.action("many", "restart", {"force": True})
        wait_for(lambda: self.daemon.machine("many")["state"]["agent"], "the guest to answer again", 60)
        self.assertEqual(len(servers(self.daemon)), 2)
        mount(self.daemon, "many", "one", "/one")
        self.assertEqual(self.sh("many", "cat /one/name"), (0, "one"))

    def test_machine_is_not_saved_and_runs_on(self):
        folder = self.folder("saved")
        self.guest("sleeper", served("src", folder))
        mount(self.daemon, "sleeper", "src")
        problem = self.daemon.failed_task("POST", "/machines/sleeper/actions/save", {})
        self.assertEqual(problem["code"], "machine.not_savable")
        self.assertIn("9p", problem["hint"] + problem["detail"])
        self.assertEqual(self.daemon.status("sleeper"), "running")
        self.assertEqual(self.sh("sleeper", "echo -n still > /mnt/here")[0], 0)

    def test_what_does_not_go_together_is_refused_with_the_reason(self):
        folder = self.folder("refused")
        bad = {"onHostShutdown": {"action": "save"}, "shares": [share("a", folder, driver="virtiofs"), share("b", folder, driver="nfs")]}
        problem = self.assert_problem(self.daemon.post("/machines", {"name": "bad", "spec": bad}), 422, "machine.invalid")
        said = {field["field"]: field["detail"] for field in problem["fields"]}
        self.assertEqual(set(said), {"spec.onHostShutdown.action", "spec.shares[0].owners", "spec.shares[1].driver"})
        self.assertIn("plain", said["spec.shares[0].owners"])
        self.assertIn("cannot be saved", said["spec.onHostShutdown.action"])
        outside = {"firmware": "bios", "shares": [served("etc", "/etc")]}
        problem = self.assert_problem(self.daemon.post("/machines", {"name": "bad", "spec": outside}), 422, "machine.unsupported")
        self.assertIn("--allow-share", json.dumps(problem))
        self.daemon.create_guest("rows", kernel=KERNEL, shares=[served("src", folder)])
        rows = {row["key"]: row["unavailable"] for row in self.daemon.get("/machines/rows/settings").json["settings"]}
        self.assertIn("virtiofs", rows["memory.merge"])

    def test_folder_that_qemus_user_may_not_enter_says_how_to_let_it_in(self):
        folder = self.folder("closed")
        os.chown(folder, 0, -1)
        folder.chmod(0o700)
        self.daemon.create_guest("closed", kernel=KERNEL, shares=[served("src", folder)])
        problem = self.daemon.failed_task("POST", "/machines/closed/actions/start", {})
        self.assertEqual(problem["code"], "share.no_permission", problem)
        self.assertIn("setfacl", problem["hint"])
        self.assertEqual(servers(self.daemon), [])
        folder.chmod(0o755)
        self.daemon.start_machine("closed", wait="ready")

    def test_command_line_adds_and_explains(self):
        folder = self.folder("My Projects!")
        self.daemon.create_guest("told", kernel=KERNEL)
        added = self.daemon.visor("share", "add", "told", str(folder), "--read-only", "--driver", "virtiofs")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertIn("mount -t virtiofs -o ro My-Projects /mnt", added.stdout + added.stderr)
        self.assertEqual(self.daemon.machine("told")["spec"]["shares"], [served("My-Projects", folder, readOnly=True)])
        self.assertIn("virtiofs", self.daemon.visor("share", "list", "told").stdout)
        told = self.daemon.visor("explain", "told", "shares").stdout
        for words in ("vhost-user-fs-pci", "virtiofsd", "sandbox=chroot", "memory-backend-memfd"):
            self.assertIn(words, told)


class ServersAndDeath(Served):
    def test_guest_keeps_its_folder_when_the_daemon_is_killed_and_nothing_stays_after_the_stop(self):
        folder = self.folder("kept")
        self.guest("steady", served("src", folder))
        mount(self.daemon, "steady", "src")
        (server,) = servers(self.daemon)
        self.daemon.kill()
        self.assertTrue(is_alive(server))
        self.up()
        wait_for(lambda: self.daemon.machine("steady")["state"]["agent"], "the guest to answer the next daemon")
        self.assertEqual(self.sh("steady", "echo -n here > /mnt/after")[0], 0)
        self.assertEqual((folder / "after").read_text(), "here")
        self.assertEqual(servers(self.daemon), [server])
        self.assertEqual(self.daemon.machine("steady")["pending"], [])
        identifier = self.daemon.machine("steady")["id"]
        self.daemon.action("steady", "stop", {"force": True})
        self.assertFalse(is_alive(server), "a stopped machine leaves no server")
        self.assertEqual(list((self.daemon.runtime / "machines" / identifier).glob("*.sock")), [])
        self.daemon.delete_machine("steady")
        self.assertEqual(self.daemon.leftovers("steady", identifier), [])
        self.assertTrue((folder / "after").exists(), "a deleted machine leaves the user's folder alone")

    def test_guest_goes_on_beside_a_server_that_died_and_the_user_is_told(self):
        folder = self.folder("lost")
        self.guest("bereft", served("src", folder))
        mount(self.daemon, "bereft", "src")
        os.kill(servers(self.daemon)[0], signal.SIGKILL)
        wait_for(lambda: "virtiofsd" in reasons(self.daemon, "bereft"), "the user to be told")
        self.assertIn("src", reasons(self.daemon, "bereft"))
        self.assertEqual(self.daemon.status("bereft"), "running")
        self.assertEqual(self.sh("bereft", "echo -n alive"), (0, "alive"))
        # The next daemon tells it, too.
        self.daemon.kill()
        self.up()
        wait_for(lambda: "virtiofsd" in reasons(self.daemon, "bereft"), "the next daemon to tell of the loss")
        began = time.monotonic()
        self.daemon.action("bereft", "stop", {"force": True})
        self.assertLess(time.monotonic() - began, 20, "a machine without its server is stopped like any other")
        self.daemon.start_machine("bereft", wait="ready")
        self.assertNotIn("virtiofsd", reasons(self.daemon, "bereft"))
        mount(self.daemon, "bereft", "src")
        self.assertEqual(self.sh("bereft", "echo -n again > /mnt/x && cat /mnt/x"), (0, "again"))

    def test_server_ends_with_a_qemu_that_is_killed(self):
        self.guest("shot", served("src", self.folder("shot")))
        (server,) = servers(self.daemon)
        os.kill(self.daemon.machine("shot")["state"]["processId"], signal.SIGKILL)
        wait_for(lambda: self.daemon.status("shot") == "crashed", "the crash to be seen")
        self.assertFalse(is_alive(server))

    def test_server_of_a_qemu_that_died_with_the_daemon_is_gone(self):
        self.guest("both", served("src", self.folder("both")))
        (server,) = servers(self.daemon)
        qemu = self.daemon.machine("both")["state"]["processId"]
        self.daemon.kill()
        os.kill(server, signal.SIGSTOP)  # It cannot end by itself.
        os.kill(qemu, signal.SIGKILL)
        self.up()
        wait_for(lambda: self.daemon.status("both") == "crashed", "the crash to be seen")
        wait_for(lambda: not is_alive(server), "the server to be ended")

    def test_no_server_is_left_when_the_daemon_is_killed_in_the_middle_of_a_start(self):
        self.daemon.create_guest("cut", kernel=KERNEL, shares=[served("src", self.folder("cut"))])
        seen = set()
        for turn in range(10):
            self.daemon.post("/machines/cut/actions/start")
            # Each turn a little later into the start.
            until = time.monotonic() + turn * 0.03
            while time.monotonic() < until:
                pass
            self.daemon.kill()
            seen.add((len(self.daemon.qemu_processes()), len(servers(self.daemon))))
            self.up()
            wait_for(lambda: self.daemon.status("cut") in ("running", "stopped"), "the start to be finished or undone")
            running = self.daemon.status("cut") == "running"
            wait_for(lambda: len(servers(self.daemon)) == len(self.daemon.qemu_processes()) == int(running), f"one server per QEMU in turn {turn}")
            if running:
                self.daemon.action("cut", "stop", {"force": True})
        self.assertGreater(len(seen), 1, "the kills hit different moments")
        self.daemon.start_machine("cut", wait="ready")
        mount(self.daemon, "cut", "src")


class ServedWithoutRoot(TestCase):
    def test_virtiofsd_that_works_for_root_alone_is_refused_with_the_way_out(self):
        daemon = self.own_daemon(OwnInstance())
        folder = daemon.home / "mine"
        folder.mkdir()
        os.chown(folder, daemon.user_id, daemon.user_id)
        answer = daemon.post("/machines", {"name": "bad", "spec": {"firmware": "bios", "shares": [served("src", folder)]}})
        problem = self.assert_problem(answer, 422, "machine.unsupported")
        self.assertEqual([field["field"] for field in problem["fields"]], ["spec.shares[0].driver"])
        self.assertIn("share by 9p", problem["fields"][0]["detail"])


if __name__ == "__main__":
    unittest.main()
