"""Clones on file systems that let files share their blocks: at once, without space of their own, and still each its own."""

import unittest

from harness import MIB, TestCase
from own_disk import Btrfs, Xfs, has_loop_devices

DATA = 24 * MIB


class Reflink(TestCase):
    @classmethod
    def setUpClass(cls):
        pass

    def sum(self, name):
        return self.daemon.exec(name, "md5sum", "/dev/vda")[1].split()[0]

    def off(self, name):
        self.daemon.action(name, "stop", {"force": True})

    def clones_share_until_they_change(self, file_system, disk_format):
        if not has_loop_devices():
            print("There is no loop device here: that clones share blocks is not proved on this machine.", flush=True)
            return
        daemon = self.daemon = self.own_daemon(file_system())
        daemon.create_guest("source", disks=[{"id": "disk0", "size": 32 * MIB, "format": disk_format}])
        daemon.start_machine("source", wait="ready")
        write = f"dd if=/dev/urandom of=/dev/vda bs=1M count={DATA // MIB} conv=fsync 2>/dev/null"
        self.assertEqual(daemon.exec("source", "/bin/sh", "-c", write)[0], 0)
        written = self.sum("source")
        self.off("source")
        before = daemon.used()
        task = daemon.action("source", "clone", {"name": "copy", "count": 3})
        self.assertEqual(len([line for line in task["log"] if "shares its blocks" in line]), 3, task["log"])
        self.assertLess(daemon.used() - before, DATA / 2, "three copies of it")
        daemon.start_machine("copy-2", wait="ready")
        self.assertEqual(self.sum("copy-2"), written)
        daemon.exec("copy-2", "/bin/sh", "-c", "dd if=/dev/zero of=/dev/vda bs=1M count=16 conv=fsync 2>/dev/null")
        self.off("copy-2")
        daemon.delete_machine("copy-1")
        for name in ("source", "copy-3"):
            daemon.start_machine(name, wait="ready")
            self.assertEqual(self.sum(name), written, name)
            self.off(name)

    def test_on_xfs(self):
        self.clones_share_until_they_change(Xfs, "raw")

    def test_on_btrfs(self):
        self.clones_share_until_they_change(Btrfs, "qcow2")


if __name__ == "__main__":
    unittest.main()
