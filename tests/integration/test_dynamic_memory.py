"""Memory that follows what a real guest uses."""

import unittest

from harness import MIB, TestCase, wait_for


class DynamicMemory(TestCase):
    def report(self, name):
        return self.daemon.expect(200, "GET", f"/machines/{name}/memory").json

    def patch(self, name, memory):
        return self.daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": {"memory": memory}}).json

    def assigned(self, name):
        return self.report(name)["assigned"]

    def fill(self, name, mebibytes):
        """The guest uses this much more, in memory files."""
        code, _, error = self.daemon.exec(name, "dd", "if=/dev/zero", "of=/run/filled", "bs=1M", f"count={mebibytes}", timeoutSeconds=120)
        self.assertEqual(code, 0, error)

    def available(self, name):
        code, output, _ = self.daemon.exec(name, "grep", "MemAvailable", "/proc/meminfo")
        self.assertEqual(code, 0)
        return int(output.split()[1]) * 1024

    def test_guest_gets_what_it_needs_and_gives_back_what_it_does_not(self):
        self.daemon.create_guest("breathes", memory={"size": 256 * MIB, "dynamic": {"enabled": True, "minimum": 128 * MIB, "maximum": 768 * MIB}})
        self.daemon.start_machine("breathes", wait="ready")
        code, output, _ = self.daemon.exec("breathes", "grep", "MemTotal", "/proc/meminfo")
        self.assertGreater(int(output.split()[1]), 640 * 1024, "the most that it can have is there from the start")
        # It boots with little: what it does not use goes to the host.
        wait_for(lambda: self.assigned("breathes") <= 224 * MIB, "the guest to give memory back", 120)
        self.daemon.exec("breathes", "mount", "-o", "remount,size=700m", "/run")
        for step in (100, 250, 400):
            self.fill("breathes", step)
            wait_for(lambda wanted=step: self.assigned("breathes") >= (wanted + 60) * MIB, f"the guest to get room for {step} MiB", 60)
            wait_for(lambda: self.available("breathes") > 16 * MIB, "the guest to have room left", 60)
        report = self.report("breathes")
        self.assertTrue(report["dynamic"])
        self.assertIn("growing", [change["reason"] for change in report["changes"]])
        self.assertLessEqual(report["assigned"], 768 * MIB)
        self.assertIn("the guest needs more", self.daemon.visor("memory", "breathes").stdout)
        course = self.daemon.visor("memory", "breathes", "--range", "hour")
        self.assertEqual(course.returncode, 0, course.stderr)
        self.assertRegex(course.stdout, r"█+▒+·*\n")
        # A mean of the hour may cover all that has happened so far.
        assigned = [sample["memoryAssigned"] for sample in self.daemon.get("/machines/breathes/metrics").json["samples"]]
        assigned = [size for size in assigned if size is not None]
        self.assertGreater(max(assigned) - min(assigned), 64 * MIB, "the course shows how it moved")
        # kill -9: the next daemon knows what it has given and goes on.
        before = report["assigned"]
        self.daemon.kill()
        self.daemon.start()
        self.assertGreaterEqual(self.assigned("breathes"), before - 64 * MIB)
        self.daemon.exec("breathes", "rm", "/run/filled")
        wait_for(lambda: self.assigned("breathes") <= 300 * MIB, "the guest to give memory back again", 180)
        self.assertEqual(self.daemon.machine("breathes")["pending"], [])

    def test_it_can_be_switched_on_and_off_while_the_guest_runs(self):
        self.daemon.create_guest("switched", memory={"size": 512 * MIB})
        self.daemon.start_machine("switched", wait="ready")
        answer = self.patch("switched", {"dynamic": {"enabled": True, "minimum": 128 * MIB}})
        self.assertEqual([change["field"] for change in answer["applied"]], ["spec.memory.dynamic.enabled", "spec.memory.dynamic.minimum"])
        wait_for(lambda: self.assigned("switched") < 400 * MIB, "memory to go back to the host", 120)
        answer = self.patch("switched", {"dynamic": {"maximum": 1024 * MIB}})
        self.assertEqual([change["field"] for change in answer["pending"]], ["spec.memory.dynamic.maximum"])
        self.assertIn("started with 512 MiB", answer["pending"][0]["reason"])
        self.patch("switched", {"dynamic": {"enabled": False, "maximum": 0}})
        self.assertEqual(self.assigned("switched"), 512 * MIB)
        # Saved while it has less than it was started with: it continues with that.
        self.patch("switched", {"dynamic": {"enabled": True}})
        wait_for(lambda: self.assigned("switched") < 400 * MIB, "memory to go back to the host again", 120)
        self.daemon.action("switched", "save")
        self.daemon.start_machine("switched", wait="ready")
        self.assertLess(self.assigned("switched"), 450 * MIB)

    def test_what_cannot_be_dynamic_is_refused_with_all_reasons(self):
        self.daemon.create_guest("fixed")
        answer = self.daemon.request("PATCH", "/machines/fixed", {"spec": {"memory": {
            "pageSize": "2MiB", "locked": True, "dynamic": {"enabled": True, "minimum": 1024 * MIB}}}})
        problem = self.assert_problem(answer, 422, "machine.invalid")
        self.assertEqual(sorted(field["field"] for field in problem["fields"]),
                         ["spec.memory.dynamic.minimum", "spec.memory.locked", "spec.memory.pageSize"])
        self.assertEqual(self.report("fixed")["assigned"], None)


if __name__ == "__main__":
    unittest.main()
