"""Snapshots of machines whose daemon, or QEMU, is killed in the middle: the tree is as before or as after."""

import subprocess
import time
import unittest

from harness import wait_for
from snapshot_case import Snapshots


class Death(Snapshots):
    """The daemon is killed in the middle: there is the tree before or the one after, and what the guest wrote."""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.daemon = self.own_daemon()

    def killed_during(self, method, path, body, delay):
        self.daemon.request(method, path, body)
        time.sleep(delay)
        self.daemon.kill()
        self.daemon.start()

    def assert_nothing_left(self, name, presents=1):
        """As many layers as the tree has, and no half-made files."""
        tree = self.tree(name)
        self.assertEqual(len(self.volumes(name)), len(tree["snapshots"]) + presents, (tree, self.volumes(name)))
        identity = self.daemon.machine(name)["id"]
        folder = self.daemon.state / "machines" / identity
        self.assertEqual([path.name for path in folder.glob("restored-*")], [])
        kept = {path.name for path in (folder / "snapshots").glob("*")}
        self.assertEqual(kept, {one["id"] for one in tree["snapshots"]})
        self.assert_volumes_sound(name)

    def test_kill_while_a_running_machine_gets_a_snapshot(self):
        self.guest("frozen")
        made = 0
        for turn, delay in enumerate((0.0, 0.005, 0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.3, 0.5)):
            self.write("frozen", f"before-{turn}")
            self.killed_during("POST", "/machines/frozen/snapshots", {"name": f"s{turn}", "memory": turn % 3 == 2}, delay)
            self.ready("frozen")
            self.assertEqual(self.daemon.status("frozen"), "running")
            self.write("frozen", f"after-{turn}", place=1)
            self.assertEqual(self.read("frozen"), [f"before-{turn}", "whole"])
            self.assert_nothing_left("frozen")
            made += f"s{turn}" in [one["name"] for one in self.tree("frozen")["snapshots"]]
        self.off("frozen")
        for one in self.tree("frozen")["snapshots"]:
            turn = one["name"][1:]
            self.restore("frozen", one["name"])
            if one["kind"] == "disks":
                self.daemon.start_machine("frozen", wait="ready")
            self.ready("frozen")
            self.assertEqual(self.read("frozen"), [f"before-{turn}", "whole"])
            self.off("frozen")

    def test_kill_of_daemon_and_machine_while_it_gets_a_snapshot(self):
        """Nobody is left who knows whether QEMU has switched: the disks tell."""
        self.guest("both")
        for turn, delay in enumerate((0.05, 0.1, 0.15, 0.25)):
            self.write("both", f"before-{turn}")
            self.daemon.request("POST", "/machines/both/snapshots", {"name": f"s{turn}"})
            time.sleep(delay)
            self.daemon.kill()
            for pid in self.daemon.qemu_processes():
                subprocess.run(["kill", "-9", str(pid)], check=True)
            self.daemon.start()
            self.daemon.start_machine("both", wait="ready")
            self.assertEqual(self.read("both"), [f"before-{turn}", "whole"])
            self.assert_nothing_left("both")

    def test_machine_that_hung_when_the_daemon_came_back_leaves_no_layer(self):
        """The daemon cannot settle it then, and ends the task; it does when the machine starts again."""
        self.guest("hung")
        for turn, delay in enumerate((0.05, 0.1, 0.2)):
            self.write("hung", f"before-{turn}")
            self.daemon.request("POST", "/machines/hung/snapshots", {"name": f"s{turn}"})
            time.sleep(delay)
            self.daemon.kill()
            machines = self.daemon.qemu_processes()
            for pid in machines:
                subprocess.run(["kill", "-STOP", str(pid)], check=True)
            self.daemon.start()
            for pid in machines:
                subprocess.run(["kill", "-KILL", str(pid)], check=True)
            wait_for(lambda: self.daemon.status("hung") == "crashed", "the end of the machine", 60)
            self.daemon.start_machine("hung", wait="ready")
            self.assertEqual(self.read("hung"), [f"before-{turn}", "whole"])
            self.assert_nothing_left("hung")

    def test_kill_while_a_machine_at_rest_gets_a_snapshot_goes_back_and_loses_one(self):
        self.guest("rest", disks=("disk0", "disk1"), wait=None)
        self.off_with("rest", "one", "one")
        self.off_with("rest", "two", "two")
        for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
            self.killed_during("POST", "/machines/rest/snapshots", {}, delay)
            self.killed_during("POST", "/machines/rest/snapshots/one/actions/restore", {"discard": True}, delay)
            self.killed_during("POST", "/machines/rest/snapshots/two/actions/restore", {"discard": True}, delay)
            tree = self.tree("rest")
            for one in tree["snapshots"]:
                if one["name"].startswith("snapshot-"):
                    self.killed_during("DELETE", f"/machines/rest/snapshots/{one['name']}", None, delay)
            self.assertEqual(len(self.volumes("rest")), 2 * len(self.tree("rest")["snapshots"]) + 2)
            self.assert_volumes_sound("rest")
        for name in ("one", "two"):
            self.restore("rest", name)
            self.daemon.start_machine("rest", wait="ready")
            self.assertEqual(self.read("rest"), [name, "whole"])
            self.off("rest")

    def test_kill_while_a_snapshot_is_merged(self):
        self.guest("merging", wait=None)
        self.daemon.start_machine("merging", wait="ready")
        for place in range(24):
            self.write("merging", f"m{place}", place=place)
        self.off("merging")
        self.snapshot("merging", "big")
        self.off_with("merging", "top", "top")
        for delay in (0.0, 0.02, 0.04, 0.06, 0.1):
            self.killed_during("DELETE", "/machines/merging/snapshots/big", None, delay)
            self.assert_nothing_left("merging")
            if len(self.tree("merging")["snapshots"]) == 1:
                break
        else:
            self.delete("merging", "big")
        self.daemon.start_machine("merging", wait="ready")
        self.assertEqual(self.read("merging"), ["top", "whole"])
        for place in (1, 12, 23):
            self.assertEqual(self.read("merging", place=place), [f"m{place}", "whole"])

    def test_kill_while_a_running_machine_is_taken_back(self):
        self.guest("back")
        self.write("back", "disks")
        self.snapshot("back", "disks")
        self.sh("back", "echo remembered > /tmp/memory")
        self.snapshot("back", "memory", memory=True)
        for turn, delay in enumerate((0.01, 0.1, 0.2, 0.4, 0.8)):
            name = ("disks", "memory")[turn % 2]
            self.killed_during("POST", f"/machines/back/snapshots/{name}/actions/restore", {"discard": True}, delay)
            self.assert_nothing_left("back")
            if self.daemon.status("back") != "running":
                self.daemon.start_machine("back", wait="ready")
            self.ready("back")
            self.assertEqual(self.read("back"), ["disks", "whole"])

if __name__ == "__main__":
    unittest.main()
