"""Clones and images made of machines: every byte is there, the source is untouched, and no two machines are mistaken for each other."""

import contextlib
import email
import hashlib
import os
import subprocess
import unittest

from harness import MIB, TestCase, wait_for
from own_disk import SmallDisk


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


def shares_blocks(folder):
    """Whether the file system copies at once (reflink): such a copy has no middle to be killed in."""
    (folder / "one").write_bytes(b"x" * 4096)
    return subprocess.run(["cp", "--reflink=always", folder / "one", folder / "two"], capture_output=True, check=False).returncode == 0


class CloneCase(TestCase):
    def volume(self, name, disk=0):
        return self.daemon.state / "volumes" / self.daemon.machine(name)["spec"]["disks"][disk]["volume"]

    def filled(self, name, size=16 * MIB, **spec):
        """A machine with a raw disk full of chance."""
        self.daemon.create(name, disks=[{"id": "disk0", "size": size, "format": "raw"}], **spec)
        self.volume(name).write_bytes(os.urandom(size))
        return self.volume(name)

    def clone(self, source, name, **request):
        return self.daemon.action(source, "clone", {"name": name, **request})

    def volumes(self, daemon=None):
        return {path.name for path in ((daemon or self.daemon).state / "volumes").iterdir()}


class Clones(CloneCase):
    def test_guest_reads_in_the_clone_what_it_wrote_before(self):
        self.daemon.create_guest("source", disks=[{"id": "disk0", "size": 64 * MIB}], nics=[{"id": "nic0", "forwards": [
            {"protocol": "tcp", "hostPort": 0, "guestPort": 22}]}])
        self.daemon.start_machine("source", wait="ready")
        write = "dd if=/dev/urandom of=/dev/vda bs=1M count=24 seek=8 conv=fsync 2>/dev/null; sha256sum /dev/vda"
        written = self.daemon.exec("source", "/bin/sh", "-c", write)[1].split()[0]
        self.daemon.action("source", "stop", {"timeoutSeconds": 60})
        before = digest(self.volume("source"))
        task = self.clone("source", "copy")
        self.assertEqual(task["result"]["machines"], ["copy"])
        self.assertTrue(any("SSH host keys" in line for line in task["log"]), "it says what it could not renew")
        source, copy = self.daemon.machine("source"), self.daemon.machine("copy")
        self.assertNotEqual(source["id"], copy["id"])
        self.assertNotEqual(source["spec"]["nics"][0]["mac"], copy["spec"]["nics"][0]["mac"])
        # Both at once: none holds a file of the other.
        self.daemon.start_machine("copy", wait="ready")
        self.daemon.start_machine("source", wait="ready")
        self.assertEqual(self.daemon.exec("copy", "sha256sum", "/dev/vda")[1].split()[0], written)
        self.daemon.exec("copy", "/bin/sh", "-c", "dd if=/dev/zero of=/dev/vda bs=1M count=32 conv=fsync 2>/dev/null")
        self.assertEqual(self.daemon.exec("source", "sha256sum", "/dev/vda")[1].split()[0], written)
        for name in ("source", "copy"):
            self.daemon.action(name, "stop", {"force": True})
        self.assertEqual(digest(self.volume("source")), before)
        self.daemon.delete_machine("source")
        self.daemon.start_machine("copy", wait="ready")
        self.daemon.delete_machine("copy")
        self.assertEqual(self.daemon.leftovers("copy", copy["id"]), [])

    def test_several_are_made_and_started_at_once(self):
        self.filled("many", 4 * MIB)
        task = self.clone("many", "herd", count=3, start=True)
        names = ["herd-1", "herd-2", "herd-3"]
        self.assertEqual(task["result"]["machines"], names)
        self.assertEqual([self.daemon.status(name) for name in names], ["running"] * 3)
        self.assertEqual({digest(self.volume(name)) for name in names}, {digest(self.volume("many"))})
        machines = [self.daemon.machine(name) for name in names]
        self.assertEqual(len({machine["spec"]["nics"][0]["mac"] for machine in machines if machine["spec"]["nics"]}),
                         sum(1 for machine in machines if machine["spec"]["nics"]))

    def test_one_name_that_is_taken_keeps_all_of_them_from_being_made(self):
        self.filled("wanted", 4 * MIB)
        self.daemon.create("row-2")
        before = self.volumes()
        answer = self.daemon.post("/machines/wanted/actions/clone", {"name": "row", "count": 3})
        self.assert_problem(answer, 409, "machine.exists", "row-2")
        self.assertEqual(self.daemon.get("/machines/row-1").status, 404)
        self.assertEqual(self.volumes(), before)

    def test_wrong_requests_are_refused_with_every_reason(self):
        self.filled("plain", 4 * MIB)
        for body in ({"name": "Bad_Name"}, {"name": "ok", "count": 0}, {"name": "ok", "count": 65}, {"name": "a" * 63, "count": 2}):
            self.assert_problem(self.daemon.post("/machines/plain/actions/clone", body), 422, "clone.invalid")
        self.assert_problem(self.daemon.post("/machines/nobody/actions/clone", {"name": "x"}), 404, "machine.not_found")
        done = self.daemon.visor("clone", "plain", "x", "--count", "many")
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_running_machine_is_refused_and_says_what_to_do(self):
        self.filled("awake", 4 * MIB)
        self.daemon.start_machine("awake")
        for action, body in (("clone", {"name": "x"}), ("publish", {"name": "x"})):
            problem = self.assert_problem(self.daemon.post(f"/machines/awake/actions/{action}", body), 409, "machine.wrong_state")
            self.assertIn("Shut it down first", problem["detail"])
        self.daemon.action("awake", "save")
        problem = self.assert_problem(self.daemon.post("/machines/awake/actions/clone", {"name": "x"}), 409, "machine.wrong_state")
        self.assertIn("saved memory", problem["detail"])

    def test_files_of_the_user_are_shared_when_read_only_and_refused_when_not(self):
        file = self.daemon.folder / "mine.raw"
        file.write_bytes(os.urandom(MIB))
        disk = {"id": "data", "file": str(file), "format": "raw"}
        self.daemon.create("careful", disks=[{"id": "disk0", "size": 4 * MIB}, {**disk, "readOnly": True}])
        self.clone("careful", "sharer")
        self.assertEqual(self.daemon.machine("sharer")["spec"]["disks"][1]["file"], str(file))
        self.daemon.create("careless", disks=[disk])
        self.assert_problem(self.daemon.post("/machines/careless/actions/clone", {"name": "x"}), 409, "clone.user_file", "mine.raw")

    def test_fixed_port_stays_with_the_source(self):
        self.daemon.create("served", nics=[{"id": "nic0", "forwards": [{"protocol": "tcp", "hostPort": 41234, "guestPort": 22}]}])
        task = self.clone("served", "served-2")
        self.assertTrue(any("41234" in line for line in task["log"]), task["log"])
        self.assertEqual(self.daemon.machine("served-2")["spec"]["nics"][0]["forwards"][0]["hostPort"], 0)

    def test_template_that_may_not_be_started_or_deleted_has_clones_that_may(self):
        self.filled("template", 4 * MIB, protection={"delete": True, "start": True})
        self.clone("template", "made", start=True)
        self.assertEqual(self.daemon.status("made"), "running")
        self.daemon.delete_machine("made")

    def test_firmware_variables_come_along_and_the_tpm_does_not(self):
        source = self.filled("sealed", 4 * MIB)
        folder = self.daemon.state / "machines" / self.daemon.machine("sealed")["id"]
        (folder / "nvram.fd").write_bytes(b"boot entries" * 1000)
        (folder / "tpm").mkdir()
        (folder / "tpm" / "state").write_bytes(b"a key")
        self.clone("sealed", "opened")
        copy = self.daemon.state / "machines" / self.daemon.machine("opened")["id"]
        self.assertEqual((copy / "nvram.fd").read_bytes(), b"boot entries" * 1000)
        self.assertEqual(sorted(path.name for path in copy.iterdir()), ["nvram.fd"])
        self.assertTrue(source.exists())

    def test_command_line_clones_and_says_so(self):
        self.filled("typed", 4 * MIB)
        done = self.daemon.visor("clone", "typed", "typed-copy", "--description", "second")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("typed-copy is a clone of typed", done.stdout + done.stderr)
        self.assertEqual(self.daemon.machine("typed-copy")["description"], "second")


class CloudInit(CloneCase):
    def import_image(self, name="cloud"):
        file = self.daemon.folder / "cloud.raw"
        with file.open("wb") as disk:
            disk.write(os.urandom(510) + b"\x55\xaa" + os.urandom(8 * MIB - 512))
        self.daemon.task("POST", "/images/actions/import", {"name": name, "source": str(file), "format": "raw"})

    def test_clone_gets_a_new_instance_and_keeps_the_users_data(self):
        self.import_image()
        secret = "a password that nobody may see"
        self.daemon.create("first", image="cloud", request={"user": "ann", "password": secret, "userData": "#!/bin/sh\necho mine\n"})
        first = self.daemon.machine("first")
        task = self.clone("first", "second")
        second = self.daemon.machine("second")
        seed = {machine["name"]: (self.daemon.state / "machines" / machine["id"] / "seed.img") for machine in (first, second)}
        self.assertEqual(seed["second"].stat().st_mode & 0o777, 0o600)
        meta = {name: self.seed_file(path, "meta-data") for name, path in seed.items()}
        self.assertIn(f'"instance-id":"{second["id"]}"', meta["second"])
        self.assertIn('"local-hostname":"second"', meta["second"])
        data = {name: self.parts(self.seed_file(path, "user-data")) for name, path in seed.items()}
        self.assertEqual(data["first"][0], "#!/bin/sh\necho mine\n")
        self.assertEqual(data["second"][0], data["first"][0])
        self.assertIn('"hostname":"second"', data["second"][1])
        self.assertIn("systemd-machine-id-setup", data["second"][1])
        for mark in ('"ssh_authorized_keys"', '"hashed_passwd":"$6$'):
            text = data["first"][1]
            at = text.index(mark)
            self.assertIn(text[at:text.index('"', at + len(mark) + 3)], data["second"][1], "as it was")
        self.assertNotIn(secret, str(task) + self.daemon.log_text())
        self.assertNotIn("$6$", str(task) + str(second) + self.daemon.log_text())
        # The clone stands on the image as its source does.
        self.assertEqual(self.daemon.get("/images/cloud").json["usedBy"], ["first", "second"])
        self.daemon.delete_machine("first")
        self.assert_problem(self.daemon.request("DELETE", "/images/cloud"), 409, "image.in_use", "second")
        info = subprocess.run(["qemu-img", "info", self.volume("second")], capture_output=True, text=True, check=True).stdout
        self.assertIn("backing file: ./../images/", info)
        self.daemon.start_machine("second")
        self.daemon.delete_machine("second")

    def test_machine_of_a_published_image_renews_the_machine_id(self):
        self.import_image("base")
        self.daemon.create("origin", image="base")
        self.daemon.action("origin", "publish", {"name": "mine/1", "description": "ready", "compress": True})
        image = self.daemon.get("/images/mine%2F1").json
        self.assertEqual((image["source"], image["cloudInit"], image["architecture"]), ("published", True, "x86_64"))
        self.daemon.delete_machine("origin")
        self.daemon.task("DELETE", "/images/base")
        self.daemon.create("child", image="mine/1")
        seed = self.daemon.state / "machines" / self.daemon.machine("child")["id"] / "seed.img"
        self.assertIn("systemd-machine-id-setup", self.seed_file(seed, "user-data"))
        disk = self.daemon.state / "images" / image["id"] / "disk.qcow2"
        self.assertEqual(disk.stat().st_mode & 0o777, 0o400)
        source = self.daemon.folder / "cloud.raw"
        same = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", source, self.volume("child")], capture_output=True, text=True, check=False)
        self.assertIn("identical", same.stdout, "all of the disk is in the image" + same.stderr)
        self.daemon.start_machine("child")

    def seed_file(self, seed, name):
        return subprocess.run(["mtype", "-i", seed, f"::/{name}"], capture_output=True, text=True, check=True).stdout

    def parts(self, message):
        """The decoded parts of a MIME message."""
        return [part.get_payload(decode=True).decode() for part in email.message_from_string(message).get_payload()]


class Interrupted(CloneCase):
    @classmethod
    def setUpClass(cls):
        pass  # each test has a daemon of its own

    def setUp(self):
        self.daemon = self.own_daemon()
        if shares_blocks(self.daemon.folder):
            self.skipTest("this file system copies at once")

    def begin(self, source, name, **request):
        """A clone that has begun to write."""
        before = self.volumes()
        task = self.daemon.expect(202, "POST", f"/machines/{source}/actions/clone", {"name": name, **request}).json["task"]
        wait_for(lambda: self.volumes() != before or self.daemon.get(f"/tasks/{task['id']}").json["state"] != "running", "the copy to begin", interval=0.001)
        return task

    def test_killed_in_the_middle_leaves_no_file_and_no_machine(self):
        volume = self.filled("whole", 600 * MIB)
        before, files = digest(volume), self.volumes()
        folders = sorted((self.daemon.state / "machines").iterdir())
        for _ in range(3):
            task = self.begin("whole", "half", count=2)
            self.daemon.kill()
            self.daemon.start()
            ended = self.daemon.get(f"/tasks/{task['id']}").json
            self.assertEqual((ended["state"], ended["error"]["code"]), ("undone", "task.interrupted"), "it was killed in the middle")
            self.assertEqual(self.volumes(), files)
            self.assertEqual(sorted((self.daemon.state / "machines").iterdir()), folders)
            self.assertEqual([machine["name"] for machine in self.daemon.get("/machines").json["machines"]], ["whole"])
        self.assertEqual(digest(volume), before)
        self.clone("whole", "half")
        self.assertEqual(digest(self.volume("half")), before)

    def test_cancelled_clone_leaves_nothing(self):
        self.filled("big", 600 * MIB)
        files = self.volumes()
        task = self.begin("big", "never")
        self.daemon.request("DELETE", f"/tasks/{task['id']}")
        self.assertEqual(self.daemon.ended_task(task)["state"], "cancelled")
        self.assertEqual(self.volumes(), files)
        self.assertEqual(self.daemon.get("/machines/never").status, 404)

    def test_source_is_not_started_or_deleted_before_the_copy_is_whole(self):
        before = digest(self.filled("busy", 600 * MIB))
        clone = self.begin("busy", "copy")
        self.assertEqual(self.daemon.machine("busy")["task"], clone["id"])
        start = self.daemon.expect(202, "POST", "/machines/busy/actions/start", {}).json["task"]
        self.assertEqual(self.daemon.get(f"/tasks/{start['id']}").json["waitsFor"], "another task")
        self.assertEqual(self.daemon.status("busy"), "stopped")
        delete = self.daemon.expect(202, "DELETE", "/machines/busy?force=true").json["task"]
        self.assertEqual(self.daemon.ended_task(clone)["state"], "succeeded")
        ended = self.daemon.ended_task(clone)["ended"]
        started = self.daemon.ended_task(start)
        self.assertEqual(started["state"], "succeeded")
        self.assertGreaterEqual(started["steps"][0]["started"], ended[:19])
        self.assertEqual(self.daemon.ended_task(delete)["state"], "succeeded")
        self.assertEqual(digest(self.volume("copy")), before)
        self.daemon.start_machine("copy")

    def test_two_clones_of_one_machine_at_once_are_both_whole(self):
        before = digest(self.filled("twice", 200 * MIB))
        tasks = [self.daemon.expect(202, "POST", "/machines/twice/actions/clone", {"name": name}).json["task"] for name in ("left", "right")]
        self.assert_problem(self.daemon.post("/machines/twice/actions/clone", {"name": "right"}), 409, "machine.exists")
        for task in tasks:
            self.assertEqual(self.daemon.ended_task(task)["state"], "succeeded")
        self.assertEqual([digest(self.volume(name)) for name in ("left", "right")], [before] * 2)


class NoRoom(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = SmallDisk()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def test_clone_that_does_not_fit_is_refused_and_leaves_nothing(self):
        self.daemon.create("large", disks=[{"id": "disk0", "size": 20 * MIB, "format": "raw"}])
        volume = next(self.daemon.files.glob("volumes/*"))
        volume.write_bytes(os.urandom(20 * MIB))
        files = sorted(path.name for path in self.daemon.files.rglob("*") if not path.name.startswith("visor.db"))
        for request in ({"name": "second", "count": 2}, {"name": "third", "count": 9}):
            problem = self.daemon.failed_task("POST", "/machines/large/actions/clone", request)
            self.assertEqual((problem["status"], problem["code"]), (507, "host.no_space"), problem)
            self.assertTrue(problem["hint"])
        left = sorted(path.name for path in self.daemon.files.rglob("*") if not path.name.startswith("visor.db"))
        self.assertEqual(left, files)

    def tearDown(self):
        super().tearDown()
        with contextlib.suppress(AssertionError):
            self.daemon.delete_machine("large")


class Volumes(CloneCase):
    def test_every_file_has_an_owner_or_is_an_orphan_that_can_be_deleted(self):
        self.filled("owner", 4 * MIB)
        folder = self.daemon.state / "volumes"
        owned = self.volume("owner").name
        for name, backing in (("lost-base.qcow2", None), ("lost-top.qcow2", "./lost-base.qcow2")):
            under = ["-b", backing, "-F", "qcow2"] if backing else []
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *under, folder / name, "16M"], check=True)
        found = {volume["name"]: volume for volume in self.daemon.get("/volumes").json["volumes"]}
        self.assertEqual((found[owned]["machine"], found[owned]["disk"], found[owned]["orphan"]), ("owner", "disk0", False))
        self.assertEqual(found[owned]["virtualSize"], 4 * MIB)
        self.assertEqual((found["lost-top.qcow2"]["orphan"], found["lost-base.qcow2"]["orphan"]), (True, False))
        self.assertEqual(found["lost-base.qcow2"]["heldBy"], ["lost-top.qcow2"])
        self.assertEqual(found["lost-top.qcow2"]["standsOn"], "volumes/lost-base.qcow2")
        for name in (owned, "lost-base.qcow2"):
            self.assert_problem(self.daemon.request("DELETE", f"/volumes/{name}"), 409, "volume.in_use")
        for name in ("nothing.qcow2", "..%2Fvisor.db", "%2Fetc%2Fpasswd"):
            self.assert_problem(self.daemon.request("DELETE", f"/volumes/{name}"), 404, "volume.not_found")
        listed = self.daemon.visor("volume", "list", "--orphans").stdout
        self.assertIn("lost-top.qcow2", listed)
        self.assertNotIn(owned, listed)
        for name in ("lost-top.qcow2", "lost-base.qcow2"):
            done = self.daemon.visor("volume", "delete", name, "--yes")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.volumes(), {owned})


if __name__ == "__main__":
    unittest.main()
