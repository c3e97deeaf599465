"""An ordinary user's own instance: no root anywhere, QEMU in its box, and nothing left of an image build that was cut off."""

import ctypes
import json
import os
import pathlib
import socket
import unittest

import tpm
from harness import GIB, READY, TestCase, wait_for
from own_instance import OwnInstance

LANDLOCK_CREATE_RULESET, LANDLOCK_VERSION_FLAG = 444, 1


class Rootless(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = OwnInstance()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def status_of(self, pid):
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def test_everything_is_in_the_users_own_directories(self):
        instance = self.daemon.get("/host").json["instance"]
        self.assertEqual(instance["mode"], "user")
        self.assertEqual((instance["stateDirectory"], instance["runtimeDirectory"]), (str(self.daemon.state), str(self.daemon.runtime)))
        self.assertEqual(self.status_of(self.daemon.process.pid)["Uid"].split(), [str(self.daemon.user_id)] * 4)
        for folder in (self.daemon.state, self.daemon.runtime):
            self.assertEqual((folder.stat().st_uid, folder.stat().st_mode & 0o777), (self.daemon.user_id, 0o700), folder)

    def test_guest_lives_its_whole_life(self):
        machine = self.daemon.create_guest("mine", disks=[{"id": "disk0", "size": GIB}])
        self.daemon.start_machine("mine", wait="ready")
        self.assertEqual(self.daemon.exec("mine", "/bin/sh", "-c", "echo kept > /tmp/memory; id -u")[:2], (0, b"0\n"))
        console = self.daemon.serial("mine")
        console.read_until(READY)
        console.send("\necho typed-$((40 + 2))\n")
        console.read_until("typed-42", timeout=20)
        self.daemon.action("mine", "save")
        self.assertEqual(self.daemon.status("mine"), "saved")
        self.daemon.start_machine("mine", wait="ready")
        self.assertEqual(self.daemon.exec("mine", "/bin/cat", "/tmp/memory")[1], b"kept\n")
        self.daemon.delete_machine("mine")
        self.assertEqual(self.daemon.leftovers("mine", machine["id"]), [])
        self.assertEqual(self.daemon.qemu_processes(), {})

    def test_qemu_has_no_rights_and_no_way_to_get_any(self):
        self.daemon.create("boxed")
        status = self.status_of(self.daemon.start_machine("boxed")["state"]["processId"])
        self.assertEqual(status["Uid"].split(), [str(self.daemon.user_id)] * 4)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(int(status["CapEff"], 16), 0)

    def test_guest_keeps_what_its_tpm_holds(self):
        self.daemon.create_guest("keeper", tpm={"enabled": True})
        self.daemon.start_machine("keeper", wait="ready")
        tpm.store(self.daemon, "keeper", b"the key!")
        self.daemon.action("keeper", "restart", {"force": True})
        wait_for(lambda: self.daemon.machine("keeper")["state"]["agent"], "the guest to come back", 60)
        self.assertEqual(tpm.stored(self.daemon, "keeper", 8), b"the key!")
        self.daemon.delete_machine("keeper")

    def test_guest_that_takes_qemu_over_cannot_read_the_users_files(self):
        secret = self.daemon.home / "secret.txt"
        secret.write_text("my diary")
        os.chown(secret, self.daemon.user_id, -1)
        machine = self.daemon.create("hostile")
        self.daemon.start_machine("hostile")
        # Without visord its monitor is free: what it is told now comes from inside the box, as far as the kernel can see.
        self.daemon.kill()
        self.addCleanup(self.daemon.start)
        answer = ask_qemu(self.daemon.runtime / "machines" / machine["id"] / "qmp.sock", "blockdev-add",
                          {"driver": "file", "node-name": "stolen", "filename": str(secret), "read-only": True})
        if landlock_version() > 0:
            self.assertIn("Permission denied", answer.get("error", {}).get("desc", ""), answer)
        else:
            self.assertIn("return", answer, "a kernel without Landlock cannot stop it")

    def test_killed_during_an_image_build_leaves_no_program_and_no_half_made_image(self):
        task = self.daemon.expect(202, "POST", "/images/actions/build", {"name": "debian/12"}).json["task"]
        images = self.daemon.state / "images"
        # From here on there are files that belong to ids of a user namespace, which the user cannot delete by himself.
        wait_for(lambda: task_failed(self.daemon, task) or any(images.glob("*/*/tree/usr/bin/dpkg")), "the packages to be unpacked", 300)
        self.assertTrue(self.daemon.helpers(), "the build is at work")
        self.daemon.kill()
        self.daemon.start()
        ended = self.daemon.ended_task(task)
        self.assertIn(ended["state"], ("failed", "undone", "cancelled"))
        self.assertTrue(ended["error"], ended)
        wait_for(lambda: not self.daemon.helpers(), "the programs of the build to be gone", 30)
        self.assertEqual(list(images.iterdir()), [])
        self.assertEqual(self.daemon.get("/images").json["images"], [])


def task_failed(daemon, task):
    """Ends a wait that has become senseless, with the reason."""
    shown = daemon.get(f"/tasks/{task['id']}").json
    assert shown["state"] == "running", json.dumps(shown, indent=1)
    return False


def landlock_version():
    """The ABI version of the kernel's Landlock; 0 or less when it has none."""
    return ctypes.CDLL(None, use_errno=True).syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION_FLAG)


def ask_qemu(path, command, arguments):
    """One command to a QEMU whose monitor nobody else uses."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        lines = connection.makefile("rw")
        json.loads(lines.readline())  # its greeting
        answer = {}
        for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            answer = {}
            while not answer.keys() & {"return", "error"}:
                answer = json.loads(lines.readline())
        return answer


if __name__ == "__main__":
    unittest.main()
