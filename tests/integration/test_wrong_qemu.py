"""Hosts whose QEMU is missing, broken, silent or too old: the daemon runs, shows why, and says what to do."""

import os
import unittest

from harness import TestCase, wait_for

BROKEN = "#!/bin/sh\necho 'error while loading shared libraries: libfoo.so.1' >&2\nexit 127\n"
SILENT = "#!/bin/sh\nexec sleep 600\n"
# Says as much of the monitor's protocol as is asked of it.
OLD = """#!/usr/bin/python3
import json, socket
connection = socket.socket(fileno=3)
connection.setblocking(True)
monitor = connection.makefile("rw")
def say(**words):
    monitor.write(json.dumps(words) + "\\n")
    monitor.flush()
say(QMP={"version": {"qemu": {"major": 5, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []})
answers = {"query-machines": [{"name": "pc", "cpu-max": 1}], "query-cpu-definitions": [{"name": "max"}], "qom-list-types": [{"name": "x"}],
           "qom-list-properties": []}
for line in monitor:
    asked = json.loads(line)
    say(**{"return": answers.get(asked["execute"], {}), "id": asked["id"]})
    if asked["execute"] == "quit":
        break
"""


class WrongQemu(TestCase):
    @classmethod
    def setUpClass(cls):
        pass  # each test has a daemon of its own

    def with_programs(self, *, others=True, **programs):
        """A daemon that finds these programs first."""
        self.daemon = self.own_daemon()
        self.daemon.stop()
        folder = self.daemon.folder / "programs"
        folder.mkdir()
        for name, text in programs.items():
            program = folder / name.replace("_", "-").replace("x86-64", "x86_64")
            program.write_text(text)
            program.chmod(0o755)
        self.daemon.start(environment={"PATH": f"{folder}:{os.environ['PATH']}" if others else str(folder)})

    def host_qemu(self, arch):
        return next(qemu for qemu in self.daemon.expect(200, "GET", "/host").json["qemu"] if qemu["arch"] == arch)

    def refusal(self):
        """What is said to whoever wants a machine."""
        answer = self.daemon.post("/machines", {"name": "poor", "spec": {"firmware": "bios"}})
        if answer.status == 202:
            self.assertEqual(self.daemon.ended_task(answer.json["task"])["state"], "succeeded")
            answer = self.daemon.post("/machines/poor/actions/start")
        problem = self.daemon.ended_task(answer.json["task"])["error"] if answer.status == 202 else answer.json
        return f"{problem['detail']} {problem['hint']}"

    def test_without_any_qemu_the_daemon_runs_and_says_what_is_missing(self):
        self.with_programs(others=False)
        self.assertEqual(self.daemon.expect(200, "GET", "/host").json["qemu"], [])
        self.daemon.expect(200, "GET", "/inventory")
        self.assertIn("apt install", self.refusal())

    def test_broken_qemu_is_shown_with_its_own_words_and_the_other_one_works(self):
        self.with_programs(qemu_system_x86_64=BROKEN)
        self.assertIn("libfoo.so.1", self.host_qemu("x86_64")["problem"])
        self.assertEqual(self.host_qemu("aarch64")["problem"], "")
        self.daemon.expect(200, "GET", "/inventory")
        self.assertIn("libfoo.so.1", self.refusal())
        self.assertIn("libfoo.so.1", self.daemon.visor("doctor").stdout)

    def test_qemu_that_says_nothing_is_given_up_and_asked_once(self):
        self.with_programs(qemu_system_aarch64=SILENT)
        self.assertTrue(wait_for(lambda: self.host_qemu("aarch64"), "the host", 60)["problem"])
        self.assertEqual(self.daemon.request("GET", "/host", timeout=5).status, 200, "nobody waits for it again")
        self.assertEqual(self.host_qemu("x86_64")["problem"], "")
        self.daemon.create("fine")
        self.daemon.start_machine("fine")

    def test_old_qemu_is_named_with_the_version_that_is_needed(self):
        self.with_programs(qemu_system_x86_64=OLD)
        self.assertIn("QEMU 5.2.0 is too old; 7.2", self.host_qemu("x86_64")["problem"])
        self.assertIn("QEMU 5.2.0 is too old; 7.2", self.refusal())


if __name__ == "__main__":
    unittest.main()
