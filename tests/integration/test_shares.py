"""Shared folders in real guests: files go both ways, nothing leads out of the folder, and the guest's word means nothing to the host."""

import json
import os
import stat
import unittest

from harness import Daemon, TestCase, wait_for
from own_instance import OwnInstance
from test_rootless import ask_qemu, landlock_version

OPTIONS = "trans=virtio,version=9p2000.L,msize=262144"
KERNEL = "x86_64-9p"


def share(tag, path, **more):
    return {"tag": tag, "path": str(path), **more}


def run(daemon, name, script):
    """Exit code and what a script in the guest printed."""
    code, out, err = daemon.exec(name, "/bin/sh", "-c", script)
    return code, (out + err).decode()


def mount(daemon, name, tag, where="/mnt", options=OPTIONS):
    code, said = run(daemon, name, f"mkdir -p {where} && mount -t 9p -o {options} {tag} {where}")
    assert code == 0, said


class SharedFolders(TestCase):
    """The instance of an ordinary user, who shares folders of his own."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = OwnInstance()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def folder(self, name):
        path = self.daemon.home / name
        path.mkdir()
        self.give(path)
        return path

    def give(self, path):
        os.chown(path, self.daemon.user_id, self.daemon.user_id)

    def put(self, path, text):
        path.write_text(text)
        self.give(path)

    def guest(self, name, *shares, **spec):
        self.daemon.create_guest(name, kernel=KERNEL, shares=list(shares), **spec)
        self.daemon.start_machine(name, wait="ready")

    def sh(self, name, script):
        return run(self.daemon, name, script)

    def test_files_go_both_ways_through_a_folder_with_an_awkward_name(self):
        folder = self.folder("my files, all of them,readonly=on")
        self.put(folder / "from host.txt", "made by the host")
        self.guest("both", share("src", folder))
        mount(self.daemon, "both", "src")
        self.assertEqual(self.sh("both", "cat '/mnt/from host.txt'"), (0, "made by the host"))
        self.assertEqual(self.sh("both", "mkdir /mnt/sub && echo -n made by the guest > /mnt/sub/new && mv /mnt/sub/new /mnt/moved")[0], 0)
        self.assertEqual((folder / "moved").read_text(), "made by the guest")
        self.assertEqual((folder / "moved").stat().st_uid, self.daemon.user_id)
        self.put(folder / "from host.txt", "changed later")
        self.assertEqual(self.sh("both", "cat '/mnt/from host.txt'"), (0, "changed later"))
        self.assertEqual(self.sh("both", "rm -r '/mnt/from host.txt' /mnt/sub")[0], 0)
        self.assertEqual([path.name for path in folder.iterdir()], ["moved"])
        self.daemon.delete_machine("both")
        self.assertTrue((folder / "moved").exists(), "a deleted machine leaves the user's folder alone")

    def test_read_only_folder_is_not_changed_however_it_is_mounted(self):
        folder = self.folder("films")
        self.put(folder / "one", "1")
        self.guest("reader", share("films", folder, readOnly=True))
        mount(self.daemon, "reader", "films", options=OPTIONS + ",rw")
        self.assertEqual(self.sh("reader", "cat /mnt/one"), (0, "1"))
        for attempt in ("echo 2 > /mnt/one", "touch /mnt/two", "rm /mnt/one", "mkdir /mnt/three", "chmod 600 /mnt/one", "mv /mnt/one /mnt/four"):
            code, said = self.sh("reader", attempt)
            self.assertNotEqual(code, 0, attempt)
            self.assertIn("Read-only", said, attempt)
        self.assertEqual({path.name: path.read_text() for path in folder.iterdir()}, {"one": "1"})
        self.daemon.delete_machine("reader")

    def test_what_the_guest_says_of_owners_modes_and_links_means_nothing_to_the_host(self):
        folder = self.folder("mapped")
        self.guest("mapped", share("src", folder))
        mount(self.daemon, "mapped", "src")
        script = "cd /mnt && cp /bin/busybox tool && chown 1000:1001 tool && chmod 4755 tool && ln -s /etc/shadow link && mknod node c 1 3 && stat -c %u:%g:%a tool && readlink link"
        self.assertEqual(self.sh("mapped", script), (0, "1000:1001:4755\n/etc/shadow\n"))
        tool = (folder / "tool").stat()
        self.assertEqual((tool.st_uid, stat.S_IMODE(tool.st_mode)), (self.daemon.user_id, 0o660))
        for name in ("link", "node"):
            self.assertTrue(stat.S_ISREG((folder / name).lstat().st_mode), f"{name} is a plain file to the host")
        self.daemon.delete_machine("mapped")

    def test_plain_folder_has_real_links_and_modes(self):
        folder = self.folder("plain")
        os.symlink("target", folder / "from-host")
        self.put(folder / "target", "found")
        self.guest("plain", share("src", folder, owners="plain"))
        mount(self.daemon, "plain", "src")
        self.assertEqual(self.sh("plain", "cd /mnt && cat from-host && ln -s target from-guest && echo run > script && chmod 750 script"), (0, "found"))
        self.assertEqual(os.readlink(folder / "from-guest"), "target")
        self.assertEqual(stat.S_IMODE((folder / "script").stat().st_mode), 0o750)
        code, _ = self.sh("plain", "mknod /mnt/node c 1 3")
        self.assertNotEqual(code, 0, "devices cannot be made")
        self.daemon.delete_machine("plain")

    def test_links_do_not_lead_out_of_the_folder(self):
        secret = self.daemon.home / "diary.txt"
        self.put(secret, "dear diary")
        for owners in ("mapped", "plain"):
            folder = self.folder(f"links-{owners}")
            os.symlink(secret, folder / "absolute")
            os.symlink("../diary.txt", folder / "relative")
            os.symlink("..", folder / "above")
            self.guest(f"links-{owners}", share("src", folder, owners=owners))
            mount(self.daemon, f"links-{owners}", "src")
            for path in ("absolute", "relative", "above/diary.txt", "../diary.txt", "sub/../../diary.txt"):
                code, said = self.sh(f"links-{owners}", f"cat /mnt/{path}")
                self.assertNotEqual(code, 0, path)
                self.assertNotIn("dear diary", said)
            self.daemon.delete_machine(f"links-{owners}")

    def test_guest_that_takes_qemu_over_reaches_the_folder_and_nothing_beside_it(self):
        if landlock_version() <= 0:
            self.skipTest("this kernel has no Landlock")
        daemon = self.own_daemon(OwnInstance())
        folder = daemon.home / "shared"
        for path in (folder, daemon.home / "beside"):
            path.mkdir()
            (path / "file").write_text("x" * 512)
            for one in (path, path / "file"):
                os.chown(one, daemon.user_id, -1)
        machine = daemon.create_guest("hostile", kernel=KERNEL, shares=[share("src", folder)])
        daemon.start_machine("hostile")
        daemon.kill()
        monitor = daemon.runtime / "machines" / machine["id"] / "qmp.sock"
        answers = [ask_qemu(monitor, "blockdev-add", {"driver": "file", "node-name": name, "filename": str(daemon.home / path), "read-only": False})
                   for name, path in (("inside", "shared/file"), ("beside", "beside/file"), ("above", "shared/../beside/file"))]
        self.assertIn("return", answers[0], "the folder itself is open to QEMU")
        for answer in answers[1:]:
            self.assertIn("Permission denied", answer.get("error", {}).get("desc", ""), answer)

    def test_guest_keeps_its_folder_when_the_daemon_is_killed(self):
        daemon = self.own_daemon(OwnInstance())
        folder = daemon.home / "kept"
        folder.mkdir()
        os.chown(folder, daemon.user_id, daemon.user_id)
        daemon.create_guest("steady", kernel=KERNEL, shares=[share("src", folder)])
        daemon.start_machine("steady", wait="ready")
        mount(daemon, "steady", "src")
        daemon.kill()
        daemon.start()
        wait_for(lambda: daemon.machine("steady")["state"]["agent"], "the guest to answer the next daemon")
        self.assertEqual(run(daemon, "steady", "echo -n here > /mnt/after")[0], 0)
        self.assertEqual((folder / "after").read_text(), "here")
        self.assertEqual(daemon.machine("steady")["pending"], [])

    def test_guest_with_a_mounted_folder_is_not_saved_and_runs_on(self):
        folder = self.folder("saved")
        self.guest("sleeper", share("src", folder))
        mount(self.daemon, "sleeper", "src")
        problem = self.daemon.failed_task("POST", "/machines/sleeper/actions/save", {})
        self.assertEqual(problem["code"], "machine.save_blocked")
        self.assertEqual(self.daemon.status("sleeper"), "running")
        self.assertEqual(self.sh("sleeper", "echo -n still > /mnt/here && umount /mnt")[0], 0)
        self.daemon.action("sleeper", "save")
        self.daemon.start_machine("sleeper")
        wait_for(lambda: self.daemon.machine("sleeper")["state"]["agent"], "the guest to go on", 60)
        mount(self.daemon, "sleeper", "src")
        self.assertEqual(self.sh("sleeper", "cat /mnt/here"), (0, "still"))
        self.daemon.delete_machine("sleeper")

    def test_bad_tags_and_paths_are_named_all_at_once(self):
        folder = self.folder("good")
        bad = [share("a b", "relative"), share("", folder), share("x" * 32, "/a\nb"), share("twice", folder), share("twice", folder)]
        answer = self.daemon.post("/machines", {"name": "bad", "spec": {"shares": bad}})
        problem = self.assert_problem(answer, 422, "machine.invalid")
        self.assertEqual({field["field"] for field in problem["fields"]},
                         {"spec.shares[0].tag", "spec.shares[0].path", "spec.shares[1].tag", "spec.shares[2].tag", "spec.shares[2].path", "spec.shares[4].tag"})

    def test_folders_that_must_not_be_shared_are_named_all_at_once(self):
        self.put(self.daemon.home / "file", "no folder")
        link = self.daemon.home / "link"
        os.symlink(self.daemon.state, link)
        bad = {"/nowhere/at/all": "no folder", self.daemon.home / "file": "not a folder", self.daemon.state: "Visor's own",
               self.daemon.home: "contains Visor's own", link: "Visor's own", f"{self.daemon.home}/good/../.local/state/visor/images": "Visor's own",
               "/proc/self": "kernel", "/": "contains Visor's own"}
        (self.daemon.home / "good").mkdir(exist_ok=True)
        self.give(self.daemon.home / "good")
        spec = {"firmware": "bios", "shares": [share(f"s{i}", path) for i, path in enumerate(bad)]}
        problem = self.assert_problem(self.daemon.post("/machines", {"name": "bad", "spec": spec}), 422, "machine.unsupported")
        said = {field["field"]: field["detail"] for field in problem["fields"]}
        self.assertEqual(len(said), len(bad), json.dumps(said, indent=1))
        for i, (path, words) in enumerate(bad.items()):
            self.assertIn(words, said[f"spec.shares[{i}].path"], path)

    def test_folder_that_is_gone_keeps_only_its_machine_from_starting(self):
        folder = self.folder("fleeting")
        self.daemon.create_guest("orphan", kernel=KERNEL, shares=[share("src", folder)])
        folder.rmdir()
        problem = self.daemon.failed_task("POST", "/machines/orphan/actions/start", {})
        self.assertIn("There is no folder", json.dumps(problem))
        self.assertEqual(self.daemon.status("orphan"), "stopped")
        self.daemon.expect(200, "PATCH", "/machines/orphan", {"spec": {"shares": []}})
        self.daemon.start_machine("orphan")
        self.daemon.delete_machine("orphan")

    def test_command_line_adds_lists_and_removes(self):
        folder = self.folder("My Projects!")
        self.daemon.create_guest("told", kernel=KERNEL)
        added = self.daemon.visor("share", "add", "told", str(folder) + "/", "--read-only")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertIn("mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro My-Projects /mnt", added.stdout + added.stderr)
        self.assertEqual(self.daemon.machine("told")["spec"]["shares"], [share("My-Projects", folder, readOnly=True, owners="mapped", driver="9p")])
        self.assertIn(str(folder), self.daemon.visor("share", "list", "told").stdout)
        self.assertIn("My-Projects", self.daemon.visor("explain", "told", "shares").stdout)
        long_name = self.folder("folder with a name that is longer than any tag, and commas")
        self.assertEqual(self.daemon.visor("share", "add", "told", str(long_name), "--plain").returncode, 0)
        self.assertEqual(self.daemon.machine("told")["spec"]["shares"][1], share("folder-with-a-name-that-is-long", long_name, readOnly=False, owners="plain", driver="9p"))
        self.assertEqual(self.daemon.visor("share", "remove", "told", "folder-with-a-name-that-is-long").returncode, 0)
        self.assertEqual(self.daemon.visor("share", "remove", "told", "other").returncode, 4)
        self.assertEqual(self.daemon.visor("share", "remove", "told", "My-Projects").returncode, 0)
        self.assertEqual(self.daemon.machine("told")["spec"]["shares"], [])


@unittest.skipUnless(os.geteuid() == 0, "the instance of the host is run by root")
class SharedByRoot(TestCase):
    """A visord that could open everything opens only what its administrator has named."""

    def start(self, *folders):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        daemon.folder.chmod(0o711)
        return daemon.start(*(part for folder in folders for part in ("--allow-share", str(folder))))

    def refused(self, daemon, *paths):
        spec = {"firmware": "bios", "shares": [share(f"s{i}", path) for i, path in enumerate(paths)]}
        problem = self.assert_problem(daemon.post("/machines", {"name": "bad", "spec": spec}), 422, "machine.unsupported")
        return [field["detail"] for field in problem["fields"]]

    def test_shares_nothing_until_a_folder_is_named(self):
        daemon = self.start()
        self.assertIn("--allow-share", self.refused(daemon, "/etc")[0])
        daemon.create("plain")
        rows = {row["key"]: row["unavailable"] for row in daemon.get("/machines/plain/settings").json["settings"]}
        self.assertIn("--allow-share", rows["shares"])

    def test_shares_only_what_is_below_a_named_folder(self):
        named = Daemon()
        self.addCleanup(named.close)
        allowed = named.folder / "srv"
        allowed.mkdir()
        (allowed / "in").mkdir()
        os.symlink("/etc", allowed / "link")
        daemon = self.start(allowed)
        said = self.refused(daemon, "/etc", f"{allowed}/../../../etc", allowed / "link", f"{allowed}x", named.folder, "/root")
        self.assertEqual(len(said), 6, said)
        daemon.create("good", shares=[share("src", allowed / "in"), share("all", allowed)])

    def test_folder_that_qemus_user_may_not_enter_says_how_to_let_it_in(self):
        named = Daemon()
        self.addCleanup(named.close)
        allowed = named.folder / "srv"
        allowed.mkdir(mode=0o700)
        (allowed / "file").write_text("for the guest")
        (allowed / "file").chmod(0o644)
        daemon = self.start(allowed)
        daemon.create_guest("hello", kernel=KERNEL, shares=[share("src", allowed)])
        problem = daemon.failed_task("POST", "/machines/hello/actions/start", {})
        self.assertEqual(problem["code"], "share.no_permission")
        self.assertIn("setfacl", problem["hint"])
        allowed.chmod(0o755)
        daemon.start_machine("hello", wait="ready")
        mount(daemon, "hello", "src")
        self.assertEqual(run(daemon, "hello", "cat /mnt/file"), (0, "for the guest"))
        code, said = run(daemon, "hello", "touch /mnt/new")
        self.assertNotEqual(code, 0, "QEMU has no rights of root")
        self.assertIn("denied", said)


if __name__ == "__main__":
    unittest.main()
