"""What the tests of snapshots share: guests that write known patterns, and what must hold of their volumes."""

import subprocess

from harness import MIB, TestCase, wait_for

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
