"""What becomes of running guests when their host shuts down: each rests as its user wanted, and none keeps the host waiting for ever."""

import threading
import unittest

from harness import TestCase, wait_for


def at_stop(action, limit=60):
    return {"action": action, "timeLimit": limit}


class HostStop(TestCase):
    def setUp(self):
        self.host = self.own_daemon()

    def guest(self, name, action, limit=60, **spec):
        self.host.create_guest(name, onHostShutdown=at_stop(action, limit), **spec)
        self.host.start_machine(name, wait="ready")

    def deaf(self, name, limit, action="shutdown", **spec):
        """A machine whose guest hears no power button: its BIOS looks for something to boot."""
        self.host.create(name, onHostShutdown=at_stop(action, limit), **spec)
        self.host.start_machine(name)

    def begin(self):
        return self.host.expect(202, "POST", "/host/actions/stop-machines").json["task"]

    def statuses(self):
        return {machine["name"]: machine["state"]["status"] for machine in self.host.get("/machines").json["machines"]}

    def test_each_guest_rests_as_its_settings_say(self):
        self.guest("kept", "save")
        self.guest("asked", "shutdown")
        self.guest("cut", "off")
        self.deaf("deaf", 3)
        self.host.create("idle")
        self.assertEqual(self.host.exec("kept", "/bin/sh", "-c", "echo still here > /tmp/note")[0], 0)
        done = self.host.visor("host", "stop-machines")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.statuses(), {"kept": "saved", "asked": "stopped", "cut": "stopped", "deaf": "stopped", "idle": "stopped"})
        self.assertEqual(self.host.qemu_processes(), {})
        (task,) = [task for task in self.host.get("/tasks").json["tasks"] if task["kind"] == "host.stopMachines"]
        log = "\n".join(task["log"])
        for words in ("kept: saved.", "asked: shut down.", "cut: turned off.", "deaf: turned off. "):
            self.assertIn(words, log)
        self.assertIn("3 s", log, "why it was turned off")
        self.host.start_machine("kept")
        wait_for(lambda: self.host.machine("kept")["state"]["agent"], "the saved guest to go on", 60)
        self.assertEqual(self.host.exec("kept", "/bin/cat", "/tmp/note")[1], b"still here\n")

    def test_guest_that_cannot_be_saved_is_shut_down_instead(self):
        self.host.stop()
        folder = self.host.folder / "shared"
        folder.mkdir(mode=0o755)
        self.host.folder.chmod(0o711)
        self.host.start("--allow-share", str(folder))
        self.guest("full", "save", kernel="x86_64-9p", shares=[{"tag": "src", "path": str(folder), "readOnly": True}])
        mount = "mkdir /mnt && mount -t 9p -o trans=virtio,version=9p2000.L src /mnt"
        self.assertEqual(self.host.exec("full", "/bin/sh", "-c", mount)[0], 0)
        ended = self.host.ended_task(self.begin())
        self.assertEqual(ended["state"], "succeeded", ended)
        self.assertEqual(ended["log"], ["full: shut down. The guest has a shared folder mounted, and so cannot be saved."])
        self.assertEqual(self.statuses(), {"full": "stopped"})

    def test_what_starts_last_stops_first_and_nothing_starts_meanwhile(self):
        self.deaf("database", 5, autostart={"enabled": True, "order": 1})
        self.deaf("front", 5, autostart={"enabled": True, "order": 2})
        self.deaf("guest", 5)
        plan = self.host.expect(200, "POST", "/host/actions/stop-machines?dryRun=true").json["machines"]
        self.assertEqual([(entry["machine"], entry["round"]) for entry in plan], [("guest", 1), ("front", 2), ("database", 3)])
        self.assertEqual(set(self.statuses().values()), {"running"}, "a dry run stops nothing")
        shown = self.host.visor("host", "stop-machines", "--dry-run")
        self.assertLess(shown.stdout.index("guest"), shown.stdout.index("database"))
        task = self.begin()
        wait_for(lambda: self.statuses()["guest"] == "stopped", "the first round to end", 30)
        self.assertNotEqual(self.statuses()["database"], "stopped", "it waits for those that need it")
        self.assert_problem(self.host.post("/machines/guest/actions/start"), 409, "host.stopping")
        self.assert_problem(self.host.post("/host/actions/stop-machines"), 409, "host.stopping")
        ended = self.host.ended_task(task)
        self.assertEqual([line.split(":")[0] for line in ended["log"]], ["guest", "front", "database"])
        self.host.start_machine("guest")

    def test_daemon_that_is_killed_in_the_middle_goes_on_where_it_was(self):
        self.deaf("deaf", 6)
        self.guest("kept", "save", autostart={"enabled": True})
        task = self.begin()
        wait_for(lambda: self.statuses()["deaf"] == "stopping", "the first guest to be asked")
        self.host.kill()
        self.host.start()
        ended = self.host.ended_task(task)
        self.assertEqual(ended["state"], "succeeded", ended)
        self.assertEqual(self.statuses(), {"deaf": "stopped", "kept": "saved"})
        self.assertEqual(self.host.qemu_processes(), {})
        self.host.start_machine("kept")
        wait_for(lambda: self.host.machine("kept")["state"]["agent"], "the saved guest to go on", 60)

    def test_machines_whose_turn_had_not_come_run_on_when_it_is_cancelled(self):
        self.deaf("later", 30, autostart={"enabled": True, "order": 1})
        self.deaf("first", 30)
        task = self.begin()
        wait_for(lambda: self.statuses()["first"] == "stopping", "the first guest to be asked")
        self.host.expect(202, "DELETE", f"/tasks/{task['id']}")
        self.assertEqual(self.host.ended_task(task)["state"], "cancelled")
        self.assertEqual(self.statuses()["later"], "running")
        self.host.create("new")
        self.host.start_machine("new")

    def test_of_two_clients_that_ask_at_once_one_is_refused(self):
        self.deaf("deaf", 5)
        answers = []

        def ask():
            answers.append(self.host.request("POST", "/host/actions/stop-machines"))

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        tasks = [self.host.ended_task(answer.json["task"]) for answer in answers if answer.status == 202]
        self.assertEqual([task["state"] for task in tasks].count("succeeded"), 1, tasks)
        refused = [answer.json["code"] for answer in answers if answer.status != 202]
        refused += [task["error"]["code"] for task in tasks if task["error"]]
        self.assertEqual(refused, ["host.stopping"] * 3)

    def test_restart_of_the_daemon_alone_stops_nothing(self):
        self.deaf("steady", 1, action="off")
        pid = self.host.machine("steady")["state"]["processId"]
        self.host.restart()
        self.assertEqual(self.host.machine("steady")["state"]["processId"], pid)


if __name__ == "__main__":
    unittest.main()
