"""On a host with sibling threads and a kernel that knows core scheduling and hints about frequencies."""

import ctypes
import os
import pathlib
import unittest

from harness import MIB, TestCase
from test_processors import SPIN, share

PR_SCHED_CORE, PR_SCHED_CORE_GET = 62, 0


def cookie(thread):
    """0: none."""
    value = ctypes.c_ulong()
    done = ctypes.CDLL(None, use_errno=True).prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, thread, 0, ctypes.byref(value))
    assert done == 0, os.strerror(ctypes.get_errno())
    return value.value


def cookies(pid):
    return {cookie(int(task.name)) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def clamp(pid):
    """(least, most) of its control group."""
    group = pathlib.Path("/sys/fs/cgroup") / pathlib.Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").strip()[len("0::/"):]
    return tuple((group / f"cpu.uclamp.{end}").read_text(encoding="utf-8").strip() for end in ("min", "max"))


class Scheduling(TestCase):
    def guest(self, name, **cpu):
        disk = self.daemon.folder / "spin.img"
        disk.write_bytes(SPIN.ljust(510, b"\0") + b"\x55\xaa" + bytes(MIB))
        self.daemon.create(name, cpu={"count": 1, **cpu}, display={"model": "none"},
                           disks=[{"id": "spin", "file": str(disk), "format": "raw", "readOnly": True, "bootIndex": 0}])
        self.daemon.start_machine(name)
        return self.daemon.machine(name)["state"]["processId"]

    def change(self, name, **cpu):
        answer = self.daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": {"cpu": cpu}}).json
        self.assertEqual(answer["pending"], [])

    def test_1_a_machine_with_own_cores_shares_them_with_nobody(self):
        own, other, plain = self.guest("own", scheduling="core"), self.guest("other", scheduling="core"), self.guest("plain")
        [mine], [theirs] = cookies(own), cookies(other)
        self.assertNotEqual(mine, 0)
        self.assertNotEqual(theirs, 0)
        self.assertNotEqual(mine, theirs)
        self.assertEqual(cookies(plain), {0})
        self.assertEqual(cookies(self.daemon.process.pid), {0})
        self.change("own", scheduling="fair")
        self.assertEqual(cookies(own), {0})
        self.change("plain", scheduling="core")
        self.assertNotIn(0, cookies(plain))
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(cookies(other), {theirs})
        self.change("other", scheduling="fair")
        self.assertEqual(cookies(other), {0})
        [step] = [step for step in self.daemon.get("/machines/plain/command").json["steps"] if step["setting"] == "spec.cpu.scheduling"]
        self.assertIn("PR_SCHED_CORE", step["value"])
        for name in ("own", "other", "plain"):
            self.daemon.delete_machine(name)

    def test_2_two_machines_with_own_cores_take_turns_on_one(self):
        pins = [{"vcpus": [sibling], "emulator": sibling} for sibling in ("0", "1")]
        pids = [self.guest(f"turn{number}", pinning=pin) for number, pin in enumerate(pins)]
        self.assertGreater(sum(share(pids, 6)), 1.6)
        for number in (0, 1):
            self.change(f"turn{number}", scheduling="core")
        self.assertLess(sum(share(pids, 6)), 1.3)
        for number in (0, 1):
            self.daemon.delete_machine(f"turn{number}")

    def test_3_hints_about_the_frequency_reach_the_kernel_and_go_again(self):
        fast = self.guest("fast", frequency="high")
        self.assertEqual(clamp(fast), ("max", "max"))
        self.change("fast", frequency="low")
        self.assertEqual(clamp(fast), ("0.00", "50.00"))
        self.change("fast", frequency="auto")
        self.assertEqual(clamp(fast), ("0.00", "max"))
        self.daemon.delete_machine("fast")

    def test_4_realtime_and_own_cores_are_offered_where_the_kernel_has_them(self):
        self.daemon.create("offered")
        settings = {one["key"]: one for one in self.daemon.get("/machines/offered/settings").json["settings"]}
        self.assertEqual(settings["cpu.scheduling"]["unavailable"], "")
        self.assertEqual(settings["cpu.scheduling"]["unavailableValues"], [])
        self.assertEqual(settings["cpu.frequency"]["unavailable"], "")


if __name__ == "__main__":
    unittest.main()
