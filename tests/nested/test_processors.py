"""On a host with control groups of version 2: shares, limits, reservations, exclusive processors and realtime scheduling."""

import os
import pathlib
import threading
import time
import unittest

from harness import MIB, TestCase, wait_for

# A boot sector that does nothing for ever: cli; jmp $.
SPIN = bytes.fromhex("faebfe")
GROUPS = pathlib.Path("/sys/fs/cgroup")


def group_of(pid):
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines():
        if line.startswith("0::"):
            return GROUPS / line[4:]
    return None


def read(path):
    return path.read_text(encoding="utf-8").strip()


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(pids, seconds):
    """Processors that each process has used in this time."""
    before = [processor_time(pid) for pid in pids]
    began = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return [(processor_time(pid) - start) / passed for pid, start in zip(pids, before)]


def burn(processors, stop):
    """A neighbour outside of Visor that wants all of these processors."""
    pids = []
    for processor in processors:
        pid = os.fork()
        if pid == 0:
            os.sched_setaffinity(0, {processor})
            while True:
                pass
        pids.append(pid)
    stop.wait()
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


class Processors(TestCase):
    def patch(self, name, cpu, status=200):
        answer = self.daemon.request("PATCH", f"/machines/{name}", {"spec": {"cpu": cpu}})
        self.assertEqual(answer.status, status, answer)
        return answer

    def busy_guest(self, name, count=1, **cpu):
        """A machine whose first processor is always busy."""
        disk = self.daemon.folder / "spin.img"
        disk.write_bytes(SPIN.ljust(510, b"\0") + b"\x55\xaa" + bytes(MIB))
        self.daemon.create(name, cpu={"count": count, **cpu}, display={"model": "none"},
                           disks=[{"id": "spin", "file": str(disk), "format": "raw", "readOnly": True, "bootIndex": 0}])
        self.daemon.start_machine(name)
        return self.daemon.machine(name)["state"]["processId"]

    def test_1_limit_and_share_are_what_the_kernel_enforces(self):
        limited = self.busy_guest("limited", limitPercent=30)
        self.assertEqual(read(group_of(limited) / "cpu.max"), "30000 100000")
        [used] = share([limited], 6)
        self.assertGreater(used, 0.2)
        self.assertLess(used, 0.4)
        self.patch("limited", {"limitPercent": 100, "pinning": {"vcpus": ["0"], "emulator": "0"}, "weight": 400})
        self.assertEqual(read(group_of(limited) / "cpu.max"), "max 100000")
        self.assertEqual(read(group_of(limited) / "cpu.weight"), "400")
        other = self.busy_guest("other", pinning={"vcpus": ["0"], "emulator": "0"})
        first, second = share([limited, other], 8)
        self.assertGreater(first / second, 2.5)
        self.assertLess(first / second, 6)
        for name in ("limited", "other"):
            self.daemon.action(name, "stop", {"force": True})
        wait_for(lambda: not list(GROUPS.glob("visor/*-*")), "the groups to be removed")

    def test_2_reservation_holds_against_neighbours_and_no_more_is_promised_than_there_is(self):
        stop = threading.Event()
        neighbour = threading.Thread(target=burn, args=([0, 1, 2, 3], stop))
        reserved = self.busy_guest("reserved", reservePercent=80)
        neighbour.start()
        try:
            [used] = share([reserved], 10)
        finally:
            stop.set()
            neighbour.join()
        self.assertGreater(used, 0.75)
        self.daemon.create("greedy", cpu={"count": 4, "reservePercent": 90})
        error = self.daemon.failed_task("POST", "/machines/greedy/actions/start", {})
        self.assertEqual(error["code"], "machine.processors_reserved")
        self.assertIn("reserved 0.8", error["detail"])
        self.patch("greedy", {"reservePercent": 70})
        self.daemon.start_machine("greedy")
        answer = self.patch("greedy", {"reservePercent": 85}, status=409)
        self.assert_problem(answer, 409, "machine.processors_reserved")
        self.assertEqual(self.daemon.machine("greedy")["spec"]["cpu"]["reservePercent"], 70)
        for name in ("reserved", "greedy"):
            self.daemon.action(name, "stop", {"force": True})

    def test_3_exclusive_processors_are_left_by_all_others_and_come_back(self):
        everyone = os.sched_getaffinity(1)
        own = self.busy_guest("own", count=2, pinning={"vcpus": ["2", "3"], "exclusive": True})
        self.assertEqual(os.sched_getaffinity(1), everyone - {2, 3})
        self.assertEqual(os.sched_getaffinity(self.daemon.process.pid), everyone - {2, 3})
        group = group_of(own)
        self.assertEqual(read(group / "cpuset.cpus.partition"), "root")
        self.assertEqual(read(group / "cpuset.cpus.effective"), "2-3")
        threads = {read(task / "comm"): os.sched_getaffinity(int(task.name)) for task in pathlib.Path(f"/proc/{own}/task").iterdir()}
        vcpus = sorted(str(sorted(list_)) for name, list_ in threads.items() if name.startswith("CPU "))
        self.assertEqual(vcpus, ["[2]", "[3]"])
        # A pinned machine keeps its pins when processors move, and cannot have one that is another's alone.
        pinned = self.busy_guest("pinned", pinning={"vcpus": ["1"]})
        answer = self.patch("pinned", {"pinning": {"vcpus": ["2"]}}, status=409)
        self.assert_problem(answer, 409, "machine.processors_taken", mentions="own")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(read(group / "cpuset.cpus.partition"), "root")
        # Named after a restart of the daemon, whose own processors they are not.
        self.patch("own", {"pinning": {"vcpus": ["3", "2"], "exclusive": True}})
        self.patch("own", {"pinning": {"exclusive": False}})
        self.assertEqual(os.sched_getaffinity(1), everyone)
        self.assertFalse(group.exists())
        self.patch("own", {"pinning": {"exclusive": True}})
        self.assertEqual(os.sched_getaffinity(1), everyone - {2, 3})

        def pins():
            return [os.sched_getaffinity(int(task.name)) for task in pathlib.Path(f"/proc/{pinned}/task").iterdir()
                    if read(task / "comm").startswith("CPU ")]

        wait_for(lambda: pins() == [{1}], "the pinned machine to be pinned again")
        self.daemon.action("own", "stop", {"force": True})
        wait_for(lambda: os.sched_getaffinity(1) == everyone, "the processors to come back")
        wait_for(lambda: pins() == [{1}], "the pinned machine to be pinned still")
        self.daemon.action("pinned", "stop", {"force": True})

    def test_4_realtime_processors_run_before_all_else_and_leave_the_host_its_part(self):
        pid = self.busy_guest("realtime", pinning={"vcpus": ["1"]})
        self.patch("realtime", {"scheduling": "realtime"})

        def policies():
            return {read(task / "comm"): os.sched_getscheduler(int(task.name)) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}

        vcpu = [policy for name, policy in policies().items() if name.startswith("CPU ")]
        self.assertEqual(vcpu, [os.SCHED_FIFO])
        self.assertEqual([policy for name, policy in policies().items() if not name.startswith("CPU ") and policy == os.SCHED_FIFO], [])
        pathlib.Path("/proc/sys/kernel/sched_rt_runtime_us").write_text("-1", encoding="utf-8")
        answer = self.patch("realtime", {"weight": 50}, status=422)
        self.assert_problem(answer, 422, mentions="sched_rt_runtime_us")
        pathlib.Path("/proc/sys/kernel/sched_rt_runtime_us").write_text("950000", encoding="utf-8")
        self.patch("realtime", {"scheduling": "fair"})
        self.assertEqual({policy for policy in policies().values()}, {os.SCHED_OTHER})

    def test_5_group_of_a_machine_that_died_with_the_daemon_is_removed(self):
        pid = self.busy_guest("dies", weight=200)
        group = group_of(pid)
        self.daemon.kill()
        os.kill(pid, 9)
        self.daemon.start()
        wait_for(lambda: self.daemon.status("dies") == "crashed", "the crash to be seen")
        self.assertFalse(group.exists())

    def test_6_which_hosts_have_what_the_guest_sees(self):
        self.daemon.create("traveller", cpu={"model": "x86-64-v2"})

        def report():
            return self.daemon.get("/machines/traveller/processor").json

        def fits(kind):
            [host] = [host for host in report()["hosts"] if host["type"] == kind]
            return host["fits"], host["missing"]

        self.assertFalse(report()["emulated"])
        self.assertEqual(fits("x86-64-v2"), (True, []))
        self.assertEqual(fits("EPYC"), (True, []))
        # KVM here is AMD's; an old Opteron has no SSE 4.2.
        self.assertEqual(fits("Opteron_G1")[0], False)
        self.assertIn("sse4.2", fits("Opteron_G1")[1])
        self.patch("traveller", {"model": "host"})
        self.assertEqual(report()["maker"], "AuthenticAMD")
        self.assertIn("avx2", fits("x86-64-v2")[1])
        shown = self.daemon.visor("processor", "traveller", "--host", "x86-64-v2")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("avx2", shown.stdout)


if __name__ == "__main__":
    unittest.main()
