"""Snapshots: what was on the disks and in the memory comes back, whenever the daemon dies."""

import subprocess
import time
import unittest

from harness import MIB, TestCase, is_alive, wait_for

DISK = 32 * MIB


class Snapshots(TestCase):
    def guest(self, name, disks=("disk0",), wait="ready", **more):
        self.daemon.create_guest(name, disks=[{"id": disk, "size": DISK, **more} for disk in disks])
        if wait:
            self.daemon.start_machine(name, wait=wait)

    def write(self, name, text, place=0, device="vda"):
        """One MiB of a text at a place of the disk, as the guest writes it; on the disk when this returns."""
        self.sh(name, f"yes {text} | head -c 1048576 | dd of=/dev/{device} bs=1M seek={place} conv=notrunc,fsync 2>/dev/null")

    def read(self, name, place=0, device="vda"):
        """The word that a MiB of the disk is full of, as the guest reads it anew from the disk."""
        return self.sh(name, f"echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/{device} of=/tmp/read bs=1M skip={place} count=1 2>/dev/null; "
                             "word=$(head -c 20 /tmp/read | tr -d '\\0' | head -n 1); "
                             "if yes $word | head -c 1048576 | cmp -s - /tmp/read; then echo $word whole; else echo $word torn; fi").split()

    def sh(self, name, script):
        code, output, error = self.daemon.exec(name, "/bin/sh", "-c", script)
        self.assertEqual(code, 0, error)
        return output.decode(errors="replace").strip()

    def snapshot(self, name, snapshot, **request):
        return self.daemon.task("POST", f"/machines/{name}/snapshots", {"name": snapshot, **request})

    def restore(self, name, snapshot, **request):
        return self.daemon.task("POST", f"/machines/{name}/snapshots/{snapshot}/actions/restore", {"discard": True, **request}, timeout=150)

    def tree(self, name):
        return self.daemon.get(f"/machines/{name}/snapshots").json

    def delete(self, name, snapshot, query=""):
        return self.daemon.task("DELETE", f"/machines/{name}/snapshots/{snapshot}{query}")

    def off(self, name):
        self.daemon.action(name, "stop", {"force": True})

    def ready(self, name):
        wait_for(lambda: self.daemon.machine(name)["state"]["agent"], "the guest's agent", 90)

    def volumes(self, name):
        identity = self.daemon.machine(name)["id"]
        return sorted(path.name for path in (self.daemon.state / "volumes").iterdir() if identity in path.name)

    def assert_volumes_sound(self, name):
        """A merge that was cut off may leave clusters that nobody uses (exit code 3); anything else is damage."""
        for volume in self.volumes(name):
            if volume.endswith(".qcow2"):
                checked = subprocess.run(["qemu-img", "check", "-q", "-U", "-f", "qcow2", self.daemon.state / "volumes" / volume],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                self.assertIn(checked.returncode, (0, 3), volume)

    def off_with(self, name, text, snapshot):
        """Writes from the guest, turns it off and makes a snapshot."""
        self.daemon.start_machine(name, wait="ready")
        self.write(name, text)
        self.off(name)
        self.snapshot(name, snapshot)


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
        self.daemon.expect(200, "PATCH", "/machines/rawdisk", {"spec": {"cpu": {"weight": 200}}})
        self.off_with("rawdisk", "other", "other")
        self.restore("rawdisk", "raw")
        self.daemon.start_machine("rawdisk", wait="ready")
        self.assertEqual(self.read("rawdisk"), ["raw", "whole"])
        self.assertEqual(self.daemon.machine("rawdisk")["spec"]["cpu"]["weight"], 200)

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
