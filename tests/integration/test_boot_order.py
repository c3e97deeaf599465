"""What a machine starts from, changed while it runs: the guest's next restart follows it."""

import unittest

import boot_disk
from harness import MIB, TestCase, wait_for

PATIENT = 180


class BootOrder(TestCase):
    def machine(self, name, **spec):
        self.daemon.create(name, firmware="uefi", memory={"size": 384 * MIB}, **spec)

    def two_disks(self):
        disks = []
        for place, name in enumerate(("first", "second")):
            path = boot_disk.signed(self.daemon.folder / f"{name}.img", f"visor.disk={name}")
            disks.append({"id": name, "file": str(path), "format": "raw", "bootIndex": place})
        return disks

    def booted_from(self, name):
        words = self.daemon.exec(name, "/bin/cat", "/proc/cmdline")[1].decode().split()
        return next(word.split("=")[1] for word in words if word.startswith("visor.disk="))

    def test_restart_of_a_running_guest_follows_the_new_order(self):
        self.machine("chooser", disks=self.two_disks())
        self.daemon.start_machine("chooser", wait="ready")
        self.assertEqual(self.booted_from("chooser"), "first")
        shown = self.daemon.visor("boot-order", "chooser", "-f", "json").stdout
        self.assertLess(shown.index("first"), shown.index("second"))
        process = self.daemon.machine("chooser")["state"]["processId"]
        done = self.daemon.visor("boot-order", "chooser", "second", "first")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.daemon.machine("chooser")["pending"], [])
        self.daemon.action("chooser", "reset")
        wait_for(lambda: not self.daemon.machine("chooser")["state"]["agent"], "the guest to restart")
        wait_for(lambda: self.daemon.machine("chooser")["state"]["agent"], "the guest to come back", PATIENT)
        self.assertEqual(self.booted_from("chooser"), "second")
        self.assertEqual(self.daemon.machine("chooser")["state"]["processId"], process)
        # And so does its next start.
        self.daemon.action("chooser", "restart", {"force": True})
        wait_for(lambda: self.daemon.machine("chooser")["state"]["agent"], "the guest to come back", PATIENT)
        self.assertEqual(self.booted_from("chooser"), "second")
        self.daemon.delete_machine("chooser")

    def test_order_that_cannot_be_is_refused_as_a_whole(self):
        self.machine("picky", disks=[], nics=[{"id": "nic0"}, {"id": "nic1"}])
        before = self.daemon.machine("picky")["spec"]["nics"]
        nics = [{**nic, "bootIndex": 3} for nic in before]
        answer = self.daemon.request("PATCH", "/machines/picky", {"spec": {"nics": nics}})
        self.assert_problem(answer, 422, mentions="nic0 and nic1")
        unknown = self.daemon.visor("boot-order", "picky", "floppy")
        self.assertEqual(unknown.returncode, 4, unknown.stderr)
        self.assertIn("floppy", unknown.stderr)
        self.assertEqual(self.daemon.visor("boot-order", "picky", "nic0", "nic0").returncode, 1)
        self.assertEqual(self.daemon.machine("picky")["spec"]["nics"], before)

    def test_adapter_outside_of_the_order_waits_for_the_next_start_and_boots_from_the_network_then(self):
        self.machine("netboot", disks=[], nics=[{"id": "nic0"}])
        self.daemon.start_machine("netboot")
        self.assertEqual(self.daemon.visor("boot-order", "netboot", "nic0").returncode, 0)
        pending = [change["field"] for change in self.daemon.machine("netboot")["pending"]]
        self.assertEqual(pending, ["nics[0].bootIndex"])
        self.daemon.action("netboot", "restart", {"force": True})
        log = self.daemon.runtime / "machines" / self.daemon.machine("netboot")["id"] / "serial.log"
        wait_for(lambda: "PXE over IPv4" in log.read_text(errors="replace"), "the firmware to ask the network", PATIENT)
        self.daemon.delete_machine("netboot")


if __name__ == "__main__":
    unittest.main()
