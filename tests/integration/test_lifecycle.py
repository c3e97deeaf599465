"""What a person does with a machine from its creation to its end."""

import os
import resource
import signal
import socket
import time
import unittest

from harness import GIB, MIB, READY, TestCase, is_alive, wait_for


class Lifecycle(TestCase):
    def test_machine_whose_guest_never_gets_ready_can_be_turned_off_meanwhile(self):
        self.daemon.create("never-ready")
        start = self.daemon.expect(202, "POST", "/machines/never-ready/actions/start", {"wait": "ready", "timeoutSeconds": 300}).json["task"]
        wait_for(lambda: self.daemon.status("never-ready") == "running", "QEMU to run", 30)
        self.daemon.action("never-ready", "stop", {"force": True}, timeout=30)
        self.assertEqual(self.daemon.ended_task(start)["error"]["code"], "machine.ended")
        self.assertEqual(self.daemon.status("never-ready"), "stopped")

    def test_many_machines_do_not_run_out_of_descriptors_that_the_host_allows(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        try:
            daemon = self.own_daemon()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        self.assertEqual(resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE), (before[1], before[1]))

    def test_created_machine_is_listed_stopped_and_has_its_spec(self):
        machine = self.daemon.create("made", request={"description": "for tests", "tags": ["a", "b"]})
        self.assertEqual(machine["state"]["status"], "stopped")
        self.assertEqual(machine["description"], "for tests")
        self.assertEqual(machine["tags"], ["a", "b"])
        self.assertEqual(machine["spec"]["memory"]["size"], 64 * MIB)
        self.assertIn("made", [listed["name"] for listed in self.daemon.get("/machines").json["machines"]])

    def test_guest_boots_answers_and_powers_off_when_asked(self):
        self.daemon.create_guest("asked")
        machine = self.daemon.start_machine("asked", wait="ready")
        self.assertTrue(machine["state"]["ready"])
        self.assertEqual(machine["state"]["accelerator"], "tcg")
        self.assertTrue(machine["state"]["acceleratorReason"], "nobody learns why KVM is not used")
        pid = machine["state"]["processId"]
        self.assertTrue(is_alive(pid))
        self.daemon.action("asked", "stop", {"timeoutSeconds": 60})
        self.assertEqual(self.daemon.status("asked"), "stopped")
        wait_for(lambda: not is_alive(pid), "QEMU to be gone", 5)

    def test_stop_without_answer_of_the_guest_fails_and_says_how_to_force(self):
        self.daemon.create("deaf")
        self.daemon.start_machine("deaf")
        error = self.daemon.failed_task("POST", "/machines/deaf/actions/stop", {"timeoutSeconds": 2})
        self.assertEqual(error["code"], "machine.stop_timeout")
        self.assertIn("force", error["hint"])
        self.assertEqual(self.daemon.status("deaf"), "running")
        self.daemon.action("deaf", "stop", {"force": True})
        self.assertEqual(self.daemon.status("deaf"), "stopped")

    def test_power_button_is_pressed_again_when_a_booting_guest_has_not_heard_it(self):
        identity = self.daemon.create("asleep")["id"]
        self.daemon.start_machine("asleep")
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(60)
            monitor.connect(str(next(self.daemon.runtime.rglob(f"*{identity}*/qmp-user.sock"))))
            monitor.sendall(b'{"execute":"qmp_capabilities"}')
            self.daemon.failed_task("POST", "/machines/asleep/actions/stop", {"timeoutSeconds": 14})
            monitor.sendall(b'{"execute":"query-name","id":"last"}')
            said = b""
            while b'"last"' not in said:
                said += monitor.recv(65536)
        self.assertEqual(said.count(b'"POWERDOWN"'), 2, said)
        self.daemon.action("asleep", "stop", {"force": True})

    def test_paused_guest_stands_still_and_goes_on(self):
        self.daemon.create("nap")
        pid = self.daemon.start_machine("nap")["state"]["processId"]
        self.daemon.action("nap", "pause")
        self.assertEqual(self.daemon.status("nap"), "paused")
        self.daemon.action("nap", "resume")
        machine = self.daemon.machine("nap")
        self.assertEqual(machine["state"]["status"], "running")
        self.assertEqual(machine["state"]["processId"], pid)

    def test_reset_boots_again_in_the_same_process(self):
        self.daemon.create_guest("again")
        pid = self.daemon.start_machine("again", wait="ready")["state"]["processId"]
        serial = self.daemon.serial("again")
        serial.read_until(READY)
        self.daemon.action("again", "reset")
        serial.read_until(READY, timeout=60)
        self.assertEqual(self.daemon.machine("again")["state"]["processId"], pid)

    def test_restart_gives_a_new_process(self):
        self.daemon.create("renewed")
        first = self.daemon.start_machine("renewed")["state"]["processId"]
        self.daemon.action("renewed", "restart", {"force": True})
        second = self.daemon.machine("renewed")["state"]["processId"]
        self.assertNotEqual(first, second)
        self.assertFalse(is_alive(first))

    def test_saved_guest_goes_on_where_it_was(self):
        self.daemon.create_guest("saved")
        self.daemon.start_machine("saved", wait="ready")
        self.assertEqual(self.daemon.exec("saved", "/bin/sh", "-c", "echo kept > /tmp/memory")[0], 0)
        self.daemon.action("saved", "save")
        machine = self.daemon.machine("saved")
        self.assertEqual(machine["state"]["status"], "saved")
        self.assertIsNone(machine["state"]["processId"])
        self.daemon.start_machine("saved", wait="ready")
        self.assertEqual(self.daemon.exec("saved", "/bin/cat", "/tmp/memory")[1], b"kept\n")

    def test_saved_guest_goes_on_although_its_settings_were_changed(self):
        self.daemon.create_guest("resized", nics=[{"id": "nic0"}])
        self.daemon.start_machine("resized", wait="ready")
        self.daemon.exec("resized", "/bin/sh", "-c", "echo kept > /tmp/memory")
        self.daemon.expect(200, "PATCH", "/machines/resized", {"spec": {"cpu": {"count": 2}}})
        self.daemon.action("resized", "save")
        result = self.daemon.expect(200, "PATCH", "/machines/resized", {"spec": {"memory": {"size": 128 * MIB}}}).json
        self.assertEqual([change["field"] for change in result["pending"]], ["spec.memory.size"])
        self.daemon.restart()
        self.assertEqual([change["field"] for change in self.daemon.machine("resized")["pending"]], ["cpu.count", "memory.size"])
        self.daemon.start_machine("resized", wait="ready")
        self.assertEqual(self.daemon.exec("resized", "/bin/cat", "/tmp/memory")[1], b"kept\n")
        self.assertEqual(self.daemon.exec("resized", "/bin/nproc")[1], b"1\n")
        self.daemon.action("resized", "stop", {"force": True})
        machine = self.daemon.start_machine("resized", wait="ready")
        self.assertEqual(machine["pending"], [])
        self.assertEqual(self.daemon.exec("resized", "/bin/nproc")[1], b"2\n")

    def test_renamed_machine_keeps_identity_and_disks(self):
        before = self.daemon.create("old-name", disks=[{"id": "disk0", "size": 8 * MIB}])
        self.daemon.action("old-name", "rename", {"name": "new-name"})
        after = self.daemon.machine("new-name")
        self.assertEqual(after["id"], before["id"])
        self.assertEqual(self.daemon.get("/machines/old-name").status, 404)
        self.daemon.start_machine("new-name")
        self.daemon.delete_machine("new-name")

    def test_rename_to_a_taken_name_is_refused(self):
        self.daemon.create("taken-a")
        self.daemon.create("taken-b")
        answer = self.daemon.post("/machines/taken-a/actions/rename", {"name": "taken-b"})
        if answer.status == 202:
            self.assertEqual(self.daemon.ended_task(answer.json["task"])["error"]["code"], "machine.exists")
        else:
            self.assert_problem(answer, 409, "machine.exists")
        self.daemon.machine("taken-a")

    def test_delete_says_what_goes_and_leaves_nothing(self):
        machine = self.daemon.create("gone", disks=[{"id": "disk0", "size": 8 * MIB}])
        self.daemon.start_machine("gone")
        preview = self.daemon.expect(200, "DELETE", "/machines/gone?dryRun=true").json
        self.assertTrue(preview["removes"])
        self.assertFalse(preview["protected"])
        for path in preview["removes"]:
            self.assertTrue(os.path.exists(path), path)
        self.daemon.delete_machine("gone")
        self.assertEqual(self.daemon.get("/machines/gone").status, 404)
        for path in preview["removes"]:
            self.assertFalse(os.path.exists(path), path)
        self.assertEqual(self.daemon.leftovers("gone", machine["id"]), [])

    def test_running_machine_is_not_deleted_without_force(self):
        self.daemon.create("busy")
        self.daemon.start_machine("busy")
        answer = self.daemon.request("DELETE", "/machines/busy")
        self.assert_problem(answer, 409)
        self.assertEqual(self.daemon.status("busy"), "running")

    def test_protected_machine_refuses_delete_and_start(self):
        self.daemon.create("safe", protection={"delete": True, "start": True})
        self.assert_problem(self.daemon.request("DELETE", "/machines/safe?force=true"), 409, "machine.delete_protected")
        self.assert_problem(self.daemon.post("/machines/safe/actions/start"), 409, "machine.start_protected")
        self.daemon.expect(200, "PATCH", "/machines/safe", {"spec": {"protection": {"delete": False}}})
        self.daemon.delete_machine("safe")

    def test_second_machine_of_the_same_name_is_refused(self):
        self.daemon.create("twin")
        self.assert_problem(self.daemon.post("/machines", {"name": "twin"}), 409, "machine.exists", "twin")

    def test_actions_that_do_not_fit_the_state_are_refused(self):
        self.daemon.create("still")
        for action in ("stop", "pause", "resume", "reset", "save"):
            with self.subTest(action):
                self.assert_problem(self.daemon.post(f"/machines/still/actions/{action}"), 409)
        self.daemon.start_machine("still")
        self.assert_problem(self.daemon.post("/machines/still/actions/start"), 409)

    def test_dry_run_of_create_makes_nothing(self):
        answer = self.daemon.expect(200, "POST", "/machines?dryRun=true", {"name": "dream", "spec": {"cpu": {"count": 3}}})
        self.assertEqual(answer.json["machine"]["spec"]["cpu"]["count"], 3)
        self.assertEqual(self.daemon.get("/machines/dream").status, 404)

    def test_every_argument_of_qemu_names_the_setting_that_made_it(self):
        self.daemon.create("explained", cpu={"count": 3})
        command = self.daemon.expect(200, "GET", "/machines/explained/command").json
        self.assertIn("qemu-system", command["program"])
        processors = [entry for entry in command["arguments"] if entry["setting"] == "spec.cpu.count"]
        self.assertTrue(any("3" in entry["value"] for entry in processors), command)
        for entry in command["arguments"]:
            self.assertTrue(entry["setting"], entry)

    def test_command_shown_is_the_command_run(self):
        self.daemon.create("honest")
        pid = self.daemon.start_machine("honest")["state"]["processId"]
        command = self.daemon.expect(200, "GET", "/machines/honest/command").json
        running = " ".join(self.daemon.qemu_processes()[pid])
        for option in ("-sandbox", "-nodefaults", "-no-user-config", "-name"):
            self.assertIn(option, running)
        shown = {entry["argument"] for entry in command["arguments"]}
        self.assertTrue(shown.issubset(set(running.split())), shown - set(running.split()))

    def test_hung_machine_does_not_stop_the_readings_of_the_others(self):
        self.daemon.create("hung")
        self.daemon.create("read")
        pid = self.daemon.start_machine("hung")["state"]["processId"]
        os.kill(pid, signal.SIGSTOP)
        try:
            self.daemon.start_machine("read")
            wait_for(lambda: self.daemon.get("/machines/read/metrics").json["samples"], "a reading beside a hung machine", 15)
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_sizes_and_rates_of_a_running_guest_are_shown(self):
        self.daemon.create_guest("measured", cpu={"count": 2})
        self.daemon.start_machine("measured", wait="ready")
        samples = wait_for(lambda: self.daemon.get("/machines/measured/metrics").json["samples"], "the first sample", 15)
        self.assertGreater(samples[-1]["memoryResident"], 32 * MIB)
        self.assertLess(samples[-1]["memoryResident"], 2 * GIB)
        self.assertEqual(len(samples[-1]["vcpuPercent"]), 2)
        self.assertEqual(samples[-1]["memoryAssigned"], self.daemon.machine("measured")["spec"]["memory"]["size"])
        shown = self.daemon.visor("info", "measured")
        self.assertRegex(shown.stdout, r"Per vCPU: +0: \d+ %, 1: \d+ %\n")
        addresses = wait_for(lambda: self.daemon.machine("measured")["state"]["addresses"], "the guest's address", 30)
        self.assertIn("10.0.2.15", addresses)

    def test_log_shows_what_qemu_said(self):
        self.daemon.create("talker")
        self.daemon.start_machine("talker")
        self.assertIsInstance(self.daemon.expect(200, "GET", "/machines/talker/log").json["lines"], list)

    def test_machines_do_not_wait_for_each_other(self):
        self.daemon.create("slow")
        self.daemon.create("fast")
        self.daemon.start_machine("slow")
        task = self.daemon.expect(202, "POST", "/machines/slow/actions/stop", {"timeoutSeconds": 20}).json["task"]
        began = time.monotonic()
        self.daemon.start_machine("fast")
        self.assertLess(time.monotonic() - began, 15)
        self.daemon.request("DELETE", f"/tasks/{task['id']}")

    def test_frozen_qemu_does_not_block_the_daemon(self):
        self.daemon.create("frozen")
        pid = self.daemon.start_machine("frozen")["state"]["processId"]
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertEqual(self.daemon.get("/inventory").status, 200)
            self.assertLess(time.monotonic() - began, 2)
            self.daemon.action("frozen", "stop", {"force": True}, timeout=60)
        finally:
            if is_alive(pid):
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.daemon.status("frozen"), "stopped")


if __name__ == "__main__":
    unittest.main()
