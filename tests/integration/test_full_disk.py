"""The disk that keeps the state is full: every refusal says so, nothing is lost, and all goes on once there is room."""

import contextlib
import os

from harness import MIB, TestCase, wait_for
from own_disk import SmallDisk


class FullDisk(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = SmallDisk()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def setUp(self):
        self.addCleanup(self.daemon.make_room)

    def problem_of(self, answer):
        """What a request that cannot be done says, at once or at the end of its task."""
        if answer.status == 202:
            ended = self.daemon.ended_task(answer.json["task"])
            self.assertEqual(ended["state"], "failed", ended)
            return ended["error"]
        self.assertGreaterEqual(answer.status, 400, answer.json)
        return answer.json

    def assert_says_full(self, answer):
        problem = self.problem_of(answer)
        self.assertEqual((problem["status"], problem["code"]), (507, "host.no_space"), problem)
        self.assertTrue(problem["hint"], "it says what to do")

    def test_machine_that_cannot_be_made_leaves_nothing(self):
        body = {"name": "no-room", "spec": {"firmware": "bios", "disks": [{"id": "disk0", "size": 64 * MIB}]}}
        before = {path.name for path in self.daemon.files.rglob("*")}
        self.daemon.fill()
        self.assert_says_full(self.daemon.post("/machines", body))
        self.assertEqual(self.daemon.get("/machines/no-room").status, 404)
        self.daemon.make_room()
        left = {path.name for path in self.daemon.files.rglob("*")} - before
        self.assertEqual({name for name in left if not name.startswith("visor.db")}, set())
        self.daemon.task("POST", "/machines", body)
        self.daemon.delete_machine("no-room")

    def test_setting_that_cannot_be_kept_is_not_taken(self):
        self.daemon.create("steady")
        self.daemon.expect(200, "PATCH", "/machines/steady", {"description": "as before"})
        self.daemon.fill()
        self.assert_says_full(self.daemon.request("PATCH", "/machines/steady", {"description": "x" * 4000}))
        self.assertEqual(self.daemon.machine("steady")["description"], "as before")
        self.daemon.kill()
        self.daemon.make_room()
        self.daemon.start()
        self.assertEqual(self.daemon.machine("steady")["description"], "as before")

    def test_running_machine_goes_on_and_can_be_stopped(self):
        self.daemon.create("busy")
        self.daemon.start_machine("busy")
        self.daemon.fill()
        self.assertEqual(self.daemon.status("busy"), "running")
        self.daemon.action("busy", "stop", {"force": True})
        self.assertEqual(self.daemon.status("busy"), "stopped")
        self.daemon.make_room()
        self.daemon.restart()
        self.assertEqual(self.daemon.status("busy"), "stopped")
        self.daemon.start_machine("busy")
        self.daemon.action("busy", "stop", {"force": True})

    def test_machine_can_be_deleted_to_make_room(self):
        before = set(self.daemon.files.glob("volumes/*"))
        self.daemon.create("too-many", disks=[{"id": "disk0", "size": 8 * MIB}])
        self.daemon.fill()
        self.daemon.delete_machine("too-many")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.get("/machines/too-many").status, 404)
        self.assertEqual(set(self.daemon.files.glob("volumes/*")), before)

    def test_save_without_room_leaves_the_machine_running(self):
        self.daemon.create("unsaved")
        self.daemon.start_machine("unsaved")
        self.daemon.fill()
        self.assert_says_full(self.daemon.post("/machines/unsaved/actions/save"))
        self.assertEqual(self.daemon.status("unsaved"), "running")
        self.daemon.make_room()
        self.daemon.action("unsaved", "stop", {"force": True})

    def test_import_that_does_not_fit_leaves_nothing(self):
        source = self.daemon.folder / "large.raw"
        source.write_bytes(os.urandom(SmallDisk.SIZE + MIB))
        self.assert_says_full(self.daemon.post("/images/actions/import", {"name": "large", "source": str(source), "format": "raw"}))
        self.assertEqual(self.daemon.get("/images/large").status, 404)
        self.assertEqual([path.name for path in self.daemon.files.glob("images/**/*") if path.is_file()], [])

    def test_daemon_starts_and_answers(self):
        self.daemon.create("known")
        self.daemon.fill()
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.status("known"), "stopped")
        self.daemon.make_room()
        self.daemon.start_machine("known")
        self.daemon.action("known", "stop", {"force": True})

    def test_guest_that_finds_no_room_waits_and_goes_on(self):
        self.daemon.create_guest("writer", disks=[{"id": "disk0", "size": 40 * MIB}])
        self.daemon.start_machine("writer", wait="ready")
        self.daemon.fill()
        serial = self.daemon.serial("writer")
        serial.send(b"dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync; echo written\n")
        machine = wait_for(lambda: (found := self.daemon.machine("writer"))["state"]["status"] == "paused" and found, "the guest to be paused", 60)
        self.assertIn("No space left", machine["state"]["reason"])
        self.daemon.make_room()
        self.daemon.action("writer", "resume")
        serial.read_until("written", timeout=60)
        self.daemon.action("writer", "stop", {"force": True})
