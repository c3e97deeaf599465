"""The daemon may die at any moment: guests never notice, half-done work is finished or undone and says so."""

import contextlib
import datetime
import json
import os
import signal
import socket
import subprocess
import time
import unittest

from history import history_file
from harness import BIN, MIB, PATIENCE, READY, Daemon, TestCase, is_alive, wait_for

SETTLED = ("stopped", "running", "paused", "saved", "crashed")


def is_qemu(pid):
    """Whether the process is the program already, and no longer a copy of the daemon that holds the daemon's files."""
    with contextlib.suppress(OSError):
        return "qemu-system" in os.readlink(f"/proc/{pid}/exe")
    return False


class Death(TestCase):
    @classmethod
    def setUpClass(cls):
        pass  # each test has a daemon of its own

    def setUp(self):
        self.daemon = self.own_daemon()

    def settled(self, name):
        """The machine's state once no task works on it, or None when it is gone."""
        def look():
            answer = self.daemon.get(f"/machines/{name}")
            if answer.status == 404:
                return "gone"
            machine = answer.json
            return machine["task"] is None and machine["state"]["status"] in SETTLED and machine

        found = wait_for(look, f"{name} to settle", 60)
        return None if found == "gone" else found

    def assert_no_orphans(self):
        """Every QEMU of ours belongs to a machine that says it runs."""
        known = {machine["state"]["processId"] for machine in self.daemon.get("/machines").json["machines"]}
        wait_for(lambda: set(self.daemon.qemu_processes()) <= known, "no QEMU without a machine", 10)

    def test_guest_does_not_notice_and_is_found_again(self):
        self.daemon.create_guest("survivor")
        pid = self.daemon.start_machine("survivor", wait="ready")["state"]["processId"]
        self.assertEqual(self.daemon.exec("survivor", "/bin/sh", "-c", "echo before > /tmp/note")[0], 0)
        self.daemon.kill()
        self.assertTrue(is_alive(pid))
        self.daemon.start()
        machine = self.settled("survivor")
        self.assertEqual((machine["state"]["status"], machine["state"]["processId"]), ("running", pid))
        wait_for(lambda: self.daemon.machine("survivor")["state"]["agent"], "the agent to answer again", 30)
        self.assertEqual(self.daemon.exec("survivor", "/bin/cat", "/tmp/note")[1], b"before\n")
        self.assertIn(READY.encode(), self.daemon.serial("survivor").read_until(READY), "what was printed before is still shown")
        self.daemon.action("survivor", "stop", {"timeoutSeconds": 60})

    def test_orderly_end_leaves_guests_running(self):
        self.daemon.create("goes-on")
        pid = self.daemon.start_machine("goes-on")["state"]["processId"]
        self.assertEqual(self.daemon.stop(), 0)
        self.assertTrue(is_alive(pid))
        self.daemon.start()
        self.assertEqual(self.settled("goes-on")["state"]["processId"], pid)

    def test_paused_machine_is_paused_after_the_restart(self):
        self.daemon.create("asleep")
        self.daemon.start_machine("asleep")
        self.daemon.action("asleep", "pause")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.settled("asleep")["state"]["status"], "paused")

    def means(self, name, span):
        """{time: processor's percent} of a machine."""
        samples = self.daemon.expect(200, "GET", f"/machines/{name}/metrics?range={span}").json["samples"]
        self.assertEqual([sample["time"] for sample in samples], sorted(sample["time"] for sample in samples))
        return {sample["time"]: sample["cpuPercent"] for sample in samples}

    def test_what_a_machine_used_is_still_known_after_a_kill(self):
        self.daemon.create("measured")
        pid = self.daemon.start_machine("measured")["state"]["processId"]
        before = {}
        for span in ("day", "month"):
            before[span] = wait_for(lambda span=span: self.means("measured", span), "the first mean", 30)
        self.daemon.kill()
        os.kill(pid, signal.SIGKILL)  # so that nothing is read anew
        self.daemon.start()
        self.assertEqual(self.settled("measured")["state"]["status"], "crashed")
        for span, known in before.items():
            self.assertLessEqual(set(known), set(self.means("measured", span)), span)
        self.daemon.task("POST", "/machines/measured/actions/rename", {"name": "renamed"})
        self.assertTrue(self.means("renamed", "month"), "it keeps its history with another name")

    def test_history_of_a_month_goes_on_and_goes_away_with_its_machine(self):
        identifier = self.daemon.create("old")["id"]
        file = self.daemon.state / "machines" / identifier / "history"
        self.assertFalse(file.exists(), "a machine that never ran has no file")
        self.assertEqual(self.means("old", "month"), {})
        off = range(int(time.time()) - 9 * 86400, int(time.time()) - 7 * 86400)
        file.write_bytes(history_file(int(time.time()), lambda begin: None if begin in off else (25, 64 * MIB, 1000)))
        earlier = {span: self.means("old", span) for span in ("hour", "day", "month")}
        self.assertGreater(len(earlier["day"]), 94)
        self.assertGreater(len(earlier["month"]), 220)
        self.assertLess(len(earlier["month"]), 226, "two days off are missing")
        self.daemon.start_machine("old")
        wait_for(lambda: set(self.means("old", "day")) - set(earlier["day"]), "a new mean beside the old ones", 30)
        self.daemon.kill()
        self.daemon.start()
        self.settled("old")
        self.assertTrue(set(self.means("old", "day")) - set(earlier["day"]), "what was used before the kill")
        for span in ("day", "month"):
            now = self.means("old", span)
            self.assertGreater(len(set(now) & set(earlier[span])), len(earlier[span]) - 2, "all but what has grown too old meanwhile")
        size = file.stat().st_size
        self.daemon.action("old", "stop", {"force": True})
        self.assertEqual(file.stat().st_size, size)
        self.daemon.delete_machine("old")
        self.assertFalse(file.exists())

    def test_damaged_history_harms_no_machine(self):
        identifier = self.daemon.create("unlucky")["id"]
        file = self.daemon.state / "machines" / identifier / "history"
        for content in (b"", b"VISORHIS", os.urandom(20000)):
            file.write_bytes(content)
            self.assertEqual(self.means("unlucky", "month"), {})
            self.daemon.start_machine("unlucky")
            wait_for(lambda: file.read_bytes()[:8] == b"VISORHIS" and len(file.read_bytes()) > 10000, "a history that is begun anew", 30)
            self.daemon.action("unlucky", "stop", {"force": True})
            self.assertIn(len(self.means("unlucky", "month")), (1, 2), "nothing but what was read now")
            self.daemon.restart()
        file.unlink()
        file.mkdir()
        self.daemon.start_machine("unlucky")
        wait_for(lambda: self.means("unlucky", "day"), "means although nothing can be written", 30)
        self.assertIn("history of unlucky is not written", self.daemon.log_text())

    def test_guest_that_ended_meanwhile_is_not_shown_running(self):
        self.daemon.create_guest("ended")
        pid = self.daemon.start_machine("ended", wait="ready")["state"]["processId"]
        self.daemon.kill()
        os.kill(pid, signal.SIGKILL)
        self.daemon.start()
        self.assertEqual(self.settled("ended")["state"]["status"], "crashed")
        self.assert_no_orphans()

    def test_killed_while_starting(self):
        for round_number, delay in enumerate((0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4)):
            with self.subTest(delay):
                name = f"start-{round_number}"
                self.daemon.create(name)
                self.daemon.post(f"/machines/{name}/actions/start")
                time.sleep(delay)
                self.daemon.kill()
                self.daemon.start()
                machine = self.settled(name)
                self.assertIn(machine["state"]["status"], ("stopped", "running"), machine["state"])
                self.assert_no_orphans()
                if machine["state"]["status"] == "stopped":
                    self.daemon.start_machine(name)
                self.daemon.delete_machine(name)
        self.assertEqual(self.daemon.own_processes(), {})

    def interrupted_start(self, name):
        """The process number of a QEMU whose guest had not run when the daemon died."""
        folder = self.daemon.runtime / "machines" / self.daemon.machine(name)["id"]
        for _ in range(20):
            self.daemon.post(f"/machines/{name}/actions/start")
            record = wait_for(lambda: folder.joinpath("process.json").exists() and folder.joinpath("process.json"), "QEMU's record", 30)
            self.daemon.kill()
            note = json.loads(record.read_text())
            if note["starting"]:
                wait_for(lambda: not is_alive(note["pid"]) or is_qemu(note["pid"]), "the child to become QEMU, or to end with the daemon", 10)
                return note["pid"]
            self.daemon.start()
            if self.settled(name)["state"]["status"] == "running":
                self.daemon.action(name, "stop", {"force": True})
        return self.fail("the daemon was always killed too late")

    def test_start_that_was_given_up_is_no_crash(self):
        self.daemon.create("unborn")
        for harm in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT):
            with self.subTest(harm):
                with contextlib.suppress(ProcessLookupError):  # it was not yet QEMU and has ended with the daemon
                    os.kill(self.interrupted_start("unborn"), harm)
                self.daemon.start()
                self.assertEqual(self.settled("unborn")["state"]["status"], "stopped")
                self.assertEqual(self.daemon.qemu_processes(), {})
                self.daemon.start_machine("unborn")
                self.daemon.action("unborn", "stop", {"force": True})

    def test_killed_while_creating(self):
        for round_number, delay in enumerate((0, 0.005, 0.02, 0.05, 0.1)):
            with self.subTest(delay):
                name = f"create-{round_number}"
                self.daemon.post("/machines", {"name": name, "spec": {"firmware": "bios", "disks": [{"id": "disk0", "size": 8 * MIB}]}})
                time.sleep(delay)
                self.daemon.kill()
                self.daemon.start()
                machine = self.settled(name)
                if machine:
                    self.daemon.start_machine(name)
                    self.daemon.delete_machine(name)
                self.daemon.create(name, disks=[{"id": "disk0", "size": 8 * MIB}])
                self.daemon.delete_machine(name)
        volumes = [path for path in self.daemon.state.rglob("*.qcow2")]
        self.assertEqual(volumes, [], "disks without a machine")

    def test_killed_while_deleting(self):
        for round_number, delay in enumerate((0, 0.002, 0.01, 0.03, 0.1)):
            with self.subTest(delay):
                name = f"delete-{round_number}"
                machine = self.daemon.create(name, disks=[{"id": "disk0", "size": 8 * MIB}])
                self.daemon.start_machine(name)
                self.daemon.request("DELETE", f"/machines/{name}?force=true")
                time.sleep(delay)
                self.daemon.kill()
                self.daemon.start()
                if self.settled(name):  # undone: it is whole
                    self.daemon.delete_machine(name)
                self.assertEqual(self.daemon.leftovers(name, machine["id"]), [])
                self.assert_no_orphans()

    def test_interrupted_task_says_what_became_of_it(self):
        self.daemon.create("told")
        self.daemon.start_machine("told")
        task = self.daemon.expect(202, "POST", "/machines/told/actions/stop", {"timeoutSeconds": 30}).json["task"]
        self.daemon.kill()
        self.daemon.start()
        ended = self.daemon.ended_task(task)
        self.assertIn(ended["state"], ("succeeded", "failed", "undone", "cancelled"))
        self.assertTrue(ended["error"] or ended["state"] == "succeeded", ended)

    def test_who_waits_for_a_guest_still_hears_when_it_is_ready(self):
        self.daemon.create_guest("awaited")
        task = self.daemon.expect(202, "POST", "/machines/awaited/actions/start", {"wait": "ready", "timeoutSeconds": 300}).json["task"]
        wait_for(lambda: self.daemon.status("awaited") == "running", "QEMU to run", 30)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.machine("awaited")["task"], task["id"])
        ended = self.daemon.ended_task(task)
        self.assertEqual(ended["state"], "succeeded", ended)
        self.assertEqual([step["state"] for step in ended["steps"]], ["done"] * 3)
        self.assertTrue(self.daemon.machine("awaited")["state"]["ready"])

    def test_who_waits_for_a_guest_waits_no_longer_than_he_said(self):
        self.daemon.create("deaf")
        task = self.daemon.expect(202, "POST", "/machines/deaf/actions/start", {"wait": "ready", "timeoutSeconds": 15}).json["task"]

        def waiting():
            return [step for step in self.daemon.expect(200, "GET", f"/tasks/{task['id']}").json["steps"][2:] if step["state"] == "running"]

        since = wait_for(waiting, "the task to wait for the guest", 30)[0]["started"]
        self.daemon.kill()
        self.daemon.start()
        ended = self.daemon.ended_task(task, timeout=60)
        self.assertEqual(ended["error"]["code"], "machine.not_ready", ended)
        self.assertIn("within 15 s", ended["error"]["detail"])
        self.assertEqual(ended["steps"][2]["started"], since)
        waited = datetime.datetime.fromisoformat(ended["ended"][:19]) - datetime.datetime.fromisoformat(since[:19])
        self.assertLess(waited.total_seconds(), 15 + 10 * PATIENCE)

    def test_restart_that_did_not_happen_is_not_called_done(self):
        self.daemon.create("old")
        pid = self.daemon.start_machine("old")["state"]["processId"]
        task = self.daemon.expect(202, "POST", "/machines/old/actions/restart", {"timeoutSeconds": 60}).json["task"]
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.settled("old")["state"]["processId"], pid)
        self.assertEqual(self.daemon.ended_task(task)["error"]["code"], "task.interrupted")

    def test_killed_while_saving(self):
        self.daemon.create_guest("save-cut")
        self.daemon.start_machine("save-cut", wait="ready")
        self.daemon.post("/machines/save-cut/actions/save")
        time.sleep(0.1)
        self.daemon.kill()
        self.daemon.start()
        machine = self.settled("save-cut")
        self.assertIn(machine["state"]["status"], ("running", "saved", "paused"), "a guest's memory is not thrown away")
        self.assert_no_orphans()

    def test_settings_survive_many_deaths(self):
        self.daemon.create("edited")
        for count in range(1, 6):
            self.daemon.expect(200, "PATCH", "/machines/edited", {"description": f"edit {count}", "spec": {"cpu": {"count": count}}})
            self.daemon.kill()
            self.daemon.start()
            machine = self.daemon.machine("edited")
            self.assertEqual((machine["description"], machine["spec"]["cpu"]["count"]), (f"edit {count}", count))

    def test_no_socket_or_lock_is_left_that_stops_the_next_start(self):
        for _ in range(5):
            self.daemon.kill()
            self.daemon.start()
        self.assertEqual(self.daemon.get("/").status, 200)


class QemuDeath(TestCase):
    def test_qemu_killed_from_outside_is_a_crash_with_its_reason(self):
        self.daemon.create("shot")
        pid = self.daemon.start_machine("shot")["state"]["processId"]
        os.kill(pid, signal.SIGKILL)
        state = wait_for(lambda: (found := self.daemon.machine("shot")["state"])["status"] == "crashed" and found, "the crash to be seen", 10)
        self.assertIn("9", state["reason"])
        self.assertIsNone(state["processId"])
        self.daemon.start_machine("shot")
        self.assertEqual(self.daemon.status("shot"), "running")

    def test_power_off_from_inside_is_no_crash(self):
        self.daemon.create_guest("inside")
        self.daemon.start_machine("inside", wait="ready")
        # Held open: a connection that is dropped may take what it has just sent with it.
        console = self.daemon.serial("inside")
        console.read_until(READY)
        console.send("\npoweroff -f\n")
        wait_for(lambda: self.daemon.status("inside") == "stopped", "the guest to power off", 30)


class AnyPort(Daemon):
    """Started without --listen, as a person does."""

    def arguments(self):
        return super().arguments()[:-2]


class TwoDaemons(TestCase):
    def second(self, **changed):
        folders = {"--state-dir": self.daemon.state, "--runtime-dir": self.daemon.runtime, "--socket": self.daemon.socket_path,
                   "--listen": "127.0.0.1:0", **changed}
        return subprocess.run([BIN / "visord", *(str(part) for pair in folders.items() for part in pair)], capture_output=True, text=True,
                              timeout=30, check=False)

    def assert_refused(self, done):
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(done.stderr.strip(), "it says why")
        self.assertEqual(self.daemon.get("/").status, 200, "the first one goes on")

    def test_same_state_directory_is_refused(self):
        done = self.second(**{"--runtime-dir": self.daemon.folder / "run2", "--socket": self.daemon.folder / "s2"})
        self.assert_refused(done)
        self.assertIn(str(self.daemon.state), done.stderr)

    def test_same_everything_is_refused(self):
        self.assert_refused(self.second())

    def test_second_user_of_a_host_gets_a_page_although_the_usual_port_is_taken(self):
        with socket.socket() as taken:
            with contextlib.suppress(OSError):  # whoever has it already does as well
                taken.bind(("127.0.0.1", 7077))
                taken.listen()
            second = self.own_daemon(AnyPort())
            self.assertNotEqual(second.address()[1], 7077)
            self.assertEqual(second.tcp("GET", "/", raw=True).status, 200)

    def test_port_in_use_is_named(self):
        port = self.daemon.address()[1]
        folder = self.daemon.folder / "third"
        done = self.second(**{"--state-dir": folder / "s", "--runtime-dir": folder / "r", "--socket": folder / "k", "--listen": f"127.0.0.1:{port}"})
        self.assert_refused(done)
        self.assertIn(str(port), done.stderr)


if __name__ == "__main__":
    unittest.main()
