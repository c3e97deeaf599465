"""Disks of machines that are off: checked, repaired, compacted, converted; a real guest wrote to them and reads them after."""

import time
import unittest

from harness import MIB
from snapshot_case import Snapshots

CLUSTER = 65536


class DiskCare(Snapshots):
    def care(self, name, action, disk="disk0", **body):
        return self.daemon.task("POST", f"/machines/{name}/disks/{disk}/actions/{action}", body)["result"]

    def refused(self, name, action, status, code, disk="disk0", **body):
        answer = self.daemon.request("POST", f"/machines/{name}/disks/{disk}/actions/{action}", body)
        self.assertEqual((answer.status, answer.code), (status, code), answer)

    def disk(self, name):
        return self.daemon.machine(name)["spec"]["disks"][0]

    def file(self, name):
        return self.daemon.state / "volumes" / self.disk(name)["volume"]

    def written(self, name, **disk):
        """A machine that is off, whose guest has written words, noise, and zeros over the noise."""
        self.guest(name, **disk)
        for place in (0, 3, 23):
            self.write(name, f"word-{place}", place)
        self.sh(name, "head -c 12M /dev/urandom | dd of=/dev/vda bs=1M seek=5 conv=notrunc,fsync 2>/dev/null")
        self.sh(name, "dd if=/dev/zero of=/dev/vda bs=1M seek=5 count=12 conv=notrunc,fsync 2>/dev/null")
        self.off(name)

    def assert_reads_the_same(self, name):
        self.daemon.start_machine(name, wait="ready")
        for place in (0, 3, 23):
            self.assertEqual(self.read(name, place), [f"word-{place}", "whole"])
        self.assertEqual(self.sh(name, "dd if=/dev/vda bs=1M skip=5 count=12 2>/dev/null | tr -d '\\0' | wc -c"), "0")
        self.off(name)

    def lose_a_cluster(self, name):
        """As a QEMU that was killed leaves them: taken, and used by nobody."""
        with open(self.file(name), "r+b") as file:
            file.seek(0, 2)
            end = (file.tell() + CLUSTER - 1) // CLUSTER
            file.truncate((end + 1) * CLUSTER)
            self.count_uses(file, end, 1)

    def count_uses(self, file, cluster, uses):
        """Two bytes for each cluster, in blocks that a table names; a small disk has one block (docs/interop/qcow2.txt)."""
        block = self.number_at(file, self.number_at(file, 48))
        file.seek(block + 2 * cluster)
        file.write(uses.to_bytes(2, "big"))

    @staticmethod
    def number_at(file, place):
        file.seek(place)
        return int.from_bytes(file.read(8), "big")

    def test_a_sound_disk_is_called_sound_and_a_leak_is_found_and_given_back(self):
        self.written("tables")
        self.assertEqual(self.care("tables", "check"), {"machine": "tables", "disk": "disk0", "files": 1, "errors": 0, "leaks": 0,
                                                        "repairedErrors": 0, "repairedLeaks": 0})
        self.lose_a_cluster("tables")
        found = self.care("tables", "check")
        self.assertEqual((found["errors"], found["leaks"]), (0, 1))
        shown = self.daemon.visor("disk", "check", "tables", "disk0")
        self.assertIn("1 clusters are used by nobody", shown.stdout)
        repaired = self.care("tables", "check", repair=True)
        self.assertEqual((repaired["leaks"], repaired["repairedLeaks"]), (0, 1))
        self.assertIn("disk0 is sound.", self.daemon.visor("disk", "check", "tables", "disk0").stdout)
        self.assert_reads_the_same("tables")

    def test_a_damaged_disk_is_named_and_nothing_is_made_of_it_until_it_is_repaired(self):
        self.written("torn")
        with open(self.file("torn"), "r+b") as file:
            self.count_uses(file, file.seek(0, 2) // CLUSTER - 1, 0)  # its last data would be written over
        self.assertGreater(self.care("torn", "check")["errors"], 0)
        self.assertIn("is damaged", self.daemon.visor("disk", "check", "torn", "disk0").stdout)
        self.assertEqual(self.daemon.failed_task("POST", "/machines/torn/disks/disk0/actions/compact")["code"], "image.corrupt")
        repaired = self.care("torn", "check", repair=True)
        self.assertEqual(repaired["errors"], 0, repaired)
        self.assertGreater(repaired["repairedErrors"], 0)
        self.care("torn", "compact")
        self.assert_reads_the_same("torn")

    def test_compacting_gives_zeros_back_and_keeps_the_snapshots_below(self):
        self.written("plump")
        self.snapshot("plump", "before")
        self.daemon.start_machine("plump", wait="ready")
        self.write("plump", "later", place=25)
        self.sh("plump", "head -c 4M /dev/urandom | dd of=/dev/vda bs=1M seek=26 conv=notrunc,fsync 2>/dev/null;"
                         "dd if=/dev/zero of=/dev/vda bs=1M seek=26 count=4 conv=notrunc,fsync 2>/dev/null")
        # Zeros over what the layer below has must stay zeros.
        self.sh("plump", "dd if=/dev/zero of=/dev/vda bs=1M seek=23 count=1 conv=notrunc,fsync 2>/dev/null")
        self.off("plump")
        before = set(self.volumes("plump"))
        old = self.disk("plump")["volume"]
        result = self.care("plump", "compact")
        self.assertGreater(result["before"] - result["after"], 3 * MIB, result)
        self.assertEqual((set(self.volumes("plump")) - before, before - set(self.volumes("plump"))),
                         ({self.disk("plump")["volume"]}, {old}))
        self.daemon.start_machine("plump", wait="ready")
        self.assertEqual(self.read("plump", 25), ["later", "whole"])
        self.assertEqual(self.read("plump", 3), ["word-3", "whole"])
        self.assertEqual(self.sh("plump", "dd if=/dev/vda bs=1M skip=23 count=1 2>/dev/null | tr -d '\\0' | wc -c"), "0")
        self.off("plump")
        self.restore("plump", "before")
        self.assert_reads_the_same("plump")
        self.assert_volumes_sound("plump")

    def test_a_disk_changes_its_format_and_back_with_all_that_is_on_it(self):
        self.written("shape")
        self.assertGreater(self.file("shape").stat().st_blocks * 512, 12 * MIB)
        raw = self.care("shape", "convert", format="raw")
        self.assertEqual((raw["format"], self.disk("shape")["format"]), ("raw", "raw"))
        self.assertTrue(self.disk("shape")["volume"].endswith(".raw"))
        self.assertEqual(self.file("shape").stat().st_size, 32 * MIB)
        self.assertLess(self.file("shape").stat().st_blocks * 512, 5 * MIB)
        self.assertEqual(len(self.volumes("shape")), 1)
        self.assertEqual(self.care("shape", "check")["files"], 0)
        self.assert_reads_the_same("shape")
        done = self.daemon.visor("disk", "convert", "shape", "disk0", "qcow2")
        self.assertIn("disk0 is qcow2 and takes up", done.stdout)
        self.assert_reads_the_same("shape")
        self.assertIn("disk0 is qcow2 and takes up", self.daemon.visor("disk", "compact", "shape", "disk0").stdout)
        self.assert_reads_the_same("shape")

    def test_what_is_in_use_saved_or_not_ours_is_refused(self):
        own = self.daemon.folder / "own.raw"
        own.write_bytes(bytes(MIB))
        self.guest("busy")
        for action, body in (("check", {}), ("compact", {}), ("convert", {"format": "raw"})):
            self.refused("busy", action, 409, "disk.in_use", **body)
        self.daemon.action("busy", "save")
        self.refused("busy", "compact", 409, "machine.saved")
        self.refused("busy", "compact", 404, "disk.not_found", disk="none")
        self.daemon.create("theirs", disks=[{"id": "own", "file": str(own), "format": "raw"}, {"id": "cd", "device": "cdrom", "format": "raw"}])
        self.refused("theirs", "compact", 409, "disk.not_ours", disk="own")
        self.refused("theirs", "check", 409, "disk.not_ours", disk="own", repair=True)
        self.refused("theirs", "check", 409, "disk.empty", disk="cd")
        self.assertEqual(self.care("theirs", "check", disk="own")["files"], 0)
        self.daemon.create("plain", disks=[{"id": "disk0", "size": MIB}])
        self.refused("plain", "convert", 400, "volume.bad_format", format="vmdk")

    def test_a_daemon_killed_while_it_writes_a_disk_anew_leaves_one_disk(self):
        daemon = self.daemon = self.own_daemon()
        self.written("cut")
        for turn, delay in enumerate((0.0, 0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)):
            body = {} if turn % 2 else {"format": "raw" if turn % 4 else "qcow2"}
            daemon.request("POST", f"/machines/cut/disks/disk0/actions/{'compact' if turn % 2 else 'convert'}", body)
            time.sleep(delay)
            daemon.kill()
            daemon.start()
            self.assertEqual(self.volumes("cut"), [self.disk("cut")["volume"]])
            self.assertEqual(self.disk("cut")["volume"].rsplit(".", 1)[1], self.disk("cut")["format"])
            self.assertEqual(list((daemon.state / "volumes").glob(".*")), [])
        self.assert_reads_the_same("cut")


if __name__ == "__main__":
    unittest.main()
