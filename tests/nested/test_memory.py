"""On a host with two memory nodes: where a machine's memory lies, huge pages that come and go, locked memory."""

import os
import pathlib
import re
import signal
import unittest

from harness import MIB, TestCase, wait_for

PAGES = "hugepages/hugepages-2048kB"


def pages(node, what="nr_hugepages"):
    return int(pathlib.Path(f"/sys/devices/system/node/node{node}/{PAGES}/{what}").read_text(encoding="utf-8"))


def field(pid, name):
    """kB of a line of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE).group(1))


def resident_by_node(pid, mapping):
    """{node: pages} of the largest mapping whose line names `mapping`."""
    lines = [line for line in pathlib.Path(f"/proc/{pid}/numa_maps").read_text(encoding="utf-8").splitlines() if mapping in line]
    best = max(lines, key=lambda line: sum(int(count) for _, count in re.findall(r"\bN(\d+)=(\d+)", line)))
    return {int(node): int(count) for node, count in re.findall(r"\bN(\d+)=(\d+)", best)}


class Memory(TestCase):
    def start(self, name, memory, cpu=1, wait="running"):
        self.daemon.create_guest(name, cpu={"count": cpu}, memory=memory)
        self.daemon.start_machine(name, wait=wait)
        return self.daemon.machine(name)["state"]["processId"]

    def stop(self, name):
        self.daemon.action(name, "stop", {"force": True})

    def test_memory_lies_on_the_node_that_was_chosen(self):
        pid = self.start("bound", {"hostNodes": ["1"]})
        wait_for(lambda: sum(resident_by_node(pid, "bind:1").values()) > 1000, "the guest to use its memory", 60)
        self.assertEqual(set(resident_by_node(pid, "bind:1")), {1})
        self.stop("bound")

    def test_huge_pages_are_reserved_on_the_node_and_given_back(self):
        before = pages(0), pages(1)
        pid = self.start("huge", {"pageSize": "2MiB", "hostNodes": ["1"]})
        self.assertEqual((pages(0), pages(1)), (before[0], before[1] + 128))
        self.assertEqual(resident_by_node(pid, "huge"), {1: 128})
        self.assertEqual(field(pid, "HugetlbPages"), 256 * 1024)
        self.stop("huge")
        wait_for(lambda: (pages(0), pages(1)) == before, "the pages to be given back")

    def test_huge_pages_of_a_machine_that_died_with_the_daemon_are_given_back(self):
        before = pages(0) + pages(1)
        pid = self.start("leaves", {"pageSize": "2MiB"})
        self.assertEqual(pages(0) + pages(1), before + 128)
        self.daemon.kill()
        os.kill(pid, signal.SIGKILL)
        self.daemon.start()
        wait_for(lambda: pages(0) + pages(1) == before, "the pages to be given back")

    def test_too_many_huge_pages_are_refused_and_nothing_is_kept(self):
        before = pages(0), pages(1)
        self.daemon.create_guest("vast", memory={"size": 8 * 1024 * MIB, "pageSize": "2MiB"})
        error = self.daemon.failed_task("POST", "/machines/vast/actions/start", {})
        self.assertEqual(error["code"], "host.huge_pages_missing")
        self.assertIn("4096 pages of 2 MiB", error["detail"])
        self.assertEqual((pages(0), pages(1)), before)

    def test_a_machine_that_may_starts_without_huge_pages_and_says_why(self):
        # The node has 1.5 GiB.
        pid = self.start("modest", {"size": 2048 * MIB, "pageSize": "1GiB", "pageFallback": True, "hostNodes": ["1"]})
        self.assertEqual(field(pid, "HugetlbPages"), 0)
        [change] = self.daemon.machine("modest")["pending"]
        self.assertEqual((change["field"], change["running"], change["next"]), ("memory.pageSize", "4KiB", "1GiB"))
        self.assertIn("needs 2 pages of 1 GiB", change["reason"])
        shown = self.daemon.visor("config", "pending", "modest").stdout
        self.assertIn("needs 2 pages of 1 GiB", shown)
        self.stop("modest")
        self.daemon.create_guest("strict", memory={"size": 2048 * MIB, "pageSize": "1GiB", "hostNodes": ["1"]})
        self.assertEqual(self.daemon.failed_task("POST", "/machines/strict/actions/start", {})["code"], "host.huge_pages_missing")

    def test_memory_that_machines_share_is_told_for_each(self):
        merging = pathlib.Path("/sys/kernel/mm/ksm")
        (merging / "pages_to_scan").write_text("20000", encoding="utf-8")
        (merging / "run").write_text("1", encoding="utf-8")
        try:
            for name, memory in (("twin", {}), ("sister", {}), ("loner", {"merge": False})):
                self.start(name, memory)
            def merged(name):
                return self.daemon.get(f"/machines/{name}/memory").json["merged"]
            # How many the kernel finds differs from run to run.
            wait_for(lambda: merged("twin") > 0 and merged("sister") > 0, "equal pages to be found", 30)
            self.assertEqual(merged("loner"), 0)
            self.assertIn("Held once together", self.daemon.visor("memory", "twin").stdout)
        finally:
            (merging / "run").write_text("2", encoding="utf-8")
        for name in ("twin", "sister", "loner"):
            self.stop(name)

    def test_guest_sees_the_memory_nodes_that_it_was_given(self):
        self.start("nodes", {"nodes": 2, "hostNodes": ["0", "1"]}, cpu=2, wait="ready")
        for node in (0, 1):
            code, output, _ = self.daemon.exec("nodes", "cat", f"/sys/devices/system/node/node{node}/cpulist")
            self.assertEqual((code, output.decode().strip()), (0, str(node)))
            code, output, _ = self.daemon.exec("nodes", "cat", f"/sys/devices/system/node/node{node}/meminfo")
            self.assertGreater(int(output.split()[3]), 60 * 1024)
        self.stop("nodes")

    def test_locked_memory_is_all_taken_at_the_start(self):
        pid = self.start("locked", {"locked": True})
        self.assertGreater(field(pid, "VmLck"), 256 * 1024)
        self.assertGreater(field(pid, "VmRSS"), 256 * 1024)
        self.stop("locked")


if __name__ == "__main__":
    unittest.main()
