"""Snapshots: what was on the disks and in the memory comes back, whenever the daemon dies."""

import unittest

from harness import MIB, is_alive
from snapshot_case import Snapshots


class AtRest(Snapshots):
    def test_going_back_and_forth_between_branches_finds_what_was_there(self):
        self.guest("branches", wait=None)
        self.off_with("branches", "one", "one")
        self.off_with("branches", "two", "two")
        self.restore("branches", "one")
        self.off_with("branches", "three", "three")
        tree = self.tree("branches")
        self.assertEqual([(one["name"], one["parent"]) for one in tree["snapshots"]], [("one", ""), ("two", "one"), ("three", "one")])
        self.assertEqual((tree["current"], tree["changed"]), ("three", False))
        for name in ("two", "one", "three"):
            self.restore("branches", name)
            self.daemon.start_machine("branches", wait="ready")
            self.assertEqual(self.read("branches"), [name, "whole"])
            self.off("branches")
        self.assertEqual(len(self.volumes("branches")), 4)
        self.assert_volumes_sound("branches")

    def test_present_is_not_lost_without_consent(self):
        self.guest("careful", wait=None)
        self.off_with("careful", "kept", "base")
        path = "/machines/careful/snapshots/base/actions/restore"
        self.daemon.task("POST", path, {})
        self.daemon.start_machine("careful", wait="ready")
        self.write("careful", "later")
        self.assert_problem(self.daemon.post(path, {}), 409, "snapshot.would_lose", mentions="base")
        self.off("careful")
        self.assert_problem(self.daemon.post(path, {}), 409, "snapshot.would_lose")
        self.daemon.task("POST", path, {"keep": True, "keepName": "kept it"})
        self.assertEqual([one["name"] for one in self.tree("careful")["snapshots"]], ["base", "kept it"])
        self.daemon.start_machine("careful", wait="ready")
        self.assertEqual(self.read("careful"), ["kept", "whole"])
        self.off("careful")
        self.restore("careful", "kept%20it")
        self.daemon.start_machine("careful", wait="ready")
        self.assertEqual(self.read("careful"), ["later", "whole"])

    def test_deleted_snapshot_leaves_what_others_need_of_it(self):
        self.guest("merged", wait=None)
        self.off_with("merged", "one", "one")
        self.daemon.start_machine("merged", wait="ready")
        self.write("merged", "two", place=1)
        self.off("merged")
        self.snapshot("merged", "two")
        self.off_with("merged", "left", "left")
        self.restore("merged", "two")
        self.off_with("merged", "right", "right")
        preview = self.daemon.expect(200, "DELETE", "/machines/merged/snapshots/two?dryRun=true").json
        self.assertEqual((preview["snapshots"], sorted(preview["mergedInto"]), preview["present"]), (["two"], ["left", "right"], False))
        before = len(self.volumes("merged"))
        self.delete("merged", "two")
        self.delete("merged", "one")
        self.assertEqual([(one["name"], one["parent"]) for one in self.tree("merged")["snapshots"]], [("left", ""), ("right", "")])
        self.assertEqual(len(self.volumes("merged")), before - 2)
        for name in ("left", "right"):
            self.restore("merged", name)
            self.daemon.start_machine("merged", wait="ready")
            self.assertEqual((self.read("merged"), self.read("merged", place=1)), ([name, "whole"], ["two", "whole"]))
            self.off("merged")
        self.assert_volumes_sound("merged")

    def test_branch_goes_as_a_whole_but_never_the_one_with_the_present(self):
        self.guest("pruned", wait=None)
        self.snapshot("pruned", "root")
        self.snapshot("pruned", "a")
        self.snapshot("pruned", "b")
        self.assert_problem(self.daemon.request("DELETE", "/machines/pruned/snapshots/a?branch=true"), 409, "snapshot.holds_present")
        self.restore("pruned", "root")
        preview = self.daemon.expect(200, "DELETE", "/machines/pruned/snapshots/a?branch=true&dryRun=true").json
        self.assertEqual(preview["snapshots"], ["a", "b"])
        self.delete("pruned", "a", "?branch=true")
        self.assertEqual([one["name"] for one in self.tree("pruned")["snapshots"]], ["root"])
        self.assertEqual(len(self.volumes("pruned")), 2)
        identity = self.daemon.machine("pruned")["id"]
        listed = self.daemon.expect(200, "DELETE", "/machines/pruned?dryRun=true").json["removes"]
        self.assertEqual(len([path for path in listed if "/volumes/" in path]), 2)
        self.daemon.delete_machine("pruned")
        self.assertEqual(self.daemon.leftovers("pruned", identity), [])

    def test_raw_disk_and_settings_that_stay(self):
        self.guest("rawdisk", wait=None, format="raw")
        self.off_with("rawdisk", "raw", "raw")
        self.daemon.expect(200, "PATCH", "/machines/rawdisk", {"spec": {"onReboot": "shutdown"}})
        self.off_with("rawdisk", "other", "other")
        self.restore("rawdisk", "raw")
        self.daemon.start_machine("rawdisk", wait="ready")
        self.assertEqual(self.read("rawdisk"), ["raw", "whole"])
        self.assertEqual(self.daemon.machine("rawdisk")["spec"]["onReboot"], "shutdown")

    def test_what_cannot_be_kept_is_refused_with_a_reason(self):
        mine = self.daemon.folder / "mine.raw"
        mine.write_bytes(bytes(MIB))
        self.daemon.create("foreign", disks=[{"id": "disk0", "file": str(mine), "format": "raw"}])
        problem = self.assert_problem(self.daemon.post("/machines/foreign/snapshots", {}), 409, "snapshot.foreign_disk", mentions="disk0")
        self.assertIn("read-only", problem["hint"])
        self.daemon.expect(200, "PATCH", "/machines/foreign", {"spec": {"disks": [{"id": "disk0", "file": str(mine), "format": "raw", "readOnly": True}]}})
        self.snapshot("foreign", "noted")
        self.assertEqual(self.tree("foreign")["snapshots"][0]["leftOut"], ["disk0"])
        self.assert_problem(self.daemon.post("/machines/foreign/snapshots", {"memory": True}), 409, "snapshot.no_memory")
        self.assert_problem(self.daemon.post("/machines/foreign/snapshots", {"name": "noted"}), 409, "snapshot.exists")
        self.assert_problem(self.daemon.post("/machines/foreign/snapshots", {"name": " "}), 422, "snapshot.invalid")
        self.assert_problem(self.daemon.get("/machines/foreign/snapshots/none"), 404, "snapshot.not_found")

    def test_name_and_note_change_and_the_command_line_shows_the_tree(self):
        self.daemon.create("shown", disks=[{"id": "disk0", "size": MIB}])
        self.assertEqual(self.daemon.visor("snapshot", "create", "shown", "first", "--note", "clean").returncode, 0)
        self.assertEqual(self.daemon.visor("snapshot", "create", "shown").returncode, 0)
        self.assertEqual(self.daemon.visor("snapshot", "rename", "shown", "first", "start").returncode, 0)
        listed = self.daemon.visor("snapshot", "list", "shown").stdout.splitlines()
        self.assertIn("start", listed[1])
        self.assertIn("clean", listed[1])
        self.assertTrue(listed[2].startswith("  snapshot-2"), listed)
        self.assertIn("you are here", listed[3])
        self.assertIn("start", self.daemon.visor("snapshot", "info", "shown", "snapshot-2").stdout)
        self.assertEqual(self.daemon.visor("snapshot", "go-to", "shown", "start").returncode, 0)
        self.assertEqual(self.daemon.visor("snapshot", "delete", "shown", "start").returncode, 2)
        self.assertIn("snapshot-2", self.daemon.visor("snapshot", "delete", "shown", "start", "--dry-run").stdout)
        self.assertEqual(self.daemon.visor("snapshot", "delete", "shown", "start", "--yes").returncode, 0)
        self.assertEqual([one["name"] for one in self.tree("shown")["snapshots"]], ["snapshot-2"])

    def test_firmware_variables_come_back(self):
        self.daemon.create("variables", firmware="uefi", memory={"size": 256 * MIB}, disks=[{"id": "disk0", "size": MIB}])
        self.daemon.start_machine("variables")
        self.off("variables")
        identity = self.daemon.machine("variables")["id"]
        file = self.daemon.state / "machines" / identity / "nvram.fd"
        before = file.read_bytes()
        self.snapshot("variables", "before")
        changed = bytearray(before)
        changed[4096:4100] = b"mark"
        file.write_bytes(changed)
        self.restore("variables", "before")
        self.assertEqual(file.read_bytes(), before)
        self.assertEqual([path.name for path in file.parent.glob("restored-*")], [])


class Running(Snapshots):
    def test_snapshot_of_a_running_guest_keeps_the_moment_and_the_guest_goes_on(self):
        self.guest("live", disks=("disk0", "disk1"))
        pid = self.daemon.machine("live")["state"]["processId"]
        for device in ("vda", "vdb"):
            self.write("live", f"one-{device}", device=device)
        self.snapshot("live", "one")
        for device in ("vda", "vdb"):
            self.write("live", f"two-{device}", device=device)
        self.snapshot("live", "two")
        machine = self.daemon.machine("live")
        self.assertEqual((machine["state"]["processId"], machine["state"]["status"], machine["pending"]), (pid, "running", []))
        self.write("live", "three", device="vda")
        self.assertEqual(self.read("live", device="vdb"), ["two-vdb", "whole"])
        one, two = self.tree("live")["snapshots"]
        self.assertEqual((one["running"], one["quiet"], one["screenshot"], one["kind"]), (True, True, True, "disks"))
        self.assertTrue(self.daemon.get("/machines/live/snapshots/one/screenshot").body.startswith(b"\x89PNG"))
        # A later daemon knows the layers, too.
        self.daemon.restart()
        self.ready("live")
        self.snapshot("live", "three")
        self.off("live")
        for name, vda, vdb in (("one", "one-vda", "one-vdb"), ("two", "two-vda", "two-vdb"), ("three", "three", "two-vdb")):
            self.restore("live", name)
            self.daemon.start_machine("live", wait="ready")
            self.assertEqual((self.read("live", device="vda"), self.read("live", device="vdb")), ([vda, "whole"], [vdb, "whole"]))
            self.off("live")
        self.assert_volumes_sound("live")

    def test_running_machine_is_turned_off_taken_back_and_started_again(self):
        self.guest("again")
        self.write("again", "old")
        self.snapshot("again", "old")
        self.write("again", "new")
        pid = self.daemon.machine("again")["state"]["processId"]
        self.restore("again", "old")
        self.assertFalse(is_alive(pid))
        self.assertEqual(self.daemon.status("again"), "running")
        self.ready("again")
        self.assertEqual(self.read("again"), ["old", "whole"])
        self.assert_problem(self.daemon.request("DELETE", "/machines/again/snapshots/old"), 409, "snapshot.in_use")

    def test_other_branches_are_deleted_and_merged_while_the_machine_runs(self):
        self.guest("pruning")
        for name in ("root", "one", "two"):
            self.write("pruning", name)
            self.snapshot("pruning", name)
        self.restore("pruning", "root")
        self.ready("pruning")
        self.delete("pruning", "one")
        self.assertEqual([(one["name"], one["parent"]) for one in self.tree("pruning")["snapshots"]], [("root", ""), ("two", "root")])
        self.assertEqual(self.read("pruning"), ["root", "whole"])
        self.restore("pruning", "two")
        self.ready("pruning")
        self.assertEqual(self.read("pruning"), ["two", "whole"])
        self.assert_volumes_sound("pruning")

    def test_guest_goes_on_with_the_memory_that_it_had(self):
        self.guest("memory")
        self.write("memory", "then")
        self.sh("memory", "echo remembered > /tmp/memory")
        self.snapshot("memory", "then", memory=True)
        self.assertEqual(self.daemon.status("memory"), "running")
        self.sh("memory", "echo forgotten > /tmp/memory")
        self.write("memory", "now")
        self.daemon.expect(200, "PATCH", "/machines/memory", {"spec": {"cpu": {"count": 2}}})
        for _ in range(2):
            self.restore("memory", "then")
            self.ready("memory")
            self.assertEqual(self.sh("memory", "cat /tmp/memory"), "remembered")
            self.assertEqual(self.read("memory"), ["then", "whole"])
            self.assertEqual(self.daemon.machine("memory")["spec"]["cpu"]["count"], 1)
            self.sh("memory", "echo overwritten > /tmp/memory")
            self.write("memory", "overwritten")
        self.snapshot("memory", "second", memory=True)
        self.off("memory")
        self.restore("memory", "second", start=False)
        self.assertEqual(self.daemon.status("memory"), "saved")
        self.assert_problem(self.daemon.post("/machines/memory/snapshots", {}), 409, "machine.wrong_state", mentions="saved")
        self.restore("memory", "then")
        self.ready("memory")
        self.assertEqual(self.sh("memory", "cat /tmp/memory"), "remembered")

    def test_paused_machine_stays_paused(self):
        self.guest("still")
        self.sh("still", "echo here > /tmp/memory")
        self.daemon.action("still", "pause")
        self.snapshot("still", "disks")
        self.snapshot("still", "memory", memory=True)
        self.assertEqual(self.daemon.status("still"), "paused")
        self.daemon.action("still", "resume")
        self.assertEqual(self.sh("still", "cat /tmp/memory"), "here")

if __name__ == "__main__":
    unittest.main()
