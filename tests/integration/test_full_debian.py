"""The way of a new user with a real Debian: `./run`, log in. Slow: one image, one boot under emulation."""

import json
import time
import unittest

from harness import GIB, PATIENCE, TestCase, is_alive
from own_instance import FirstRun


class FullDebian(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = FirstRun()
        cls.addClassCleanup(cls.daemon.close)
        cls.said = cls.daemon.run(patience=1800)

    def test_new_user_is_told_how_to_go_on(self):
        for text in ("build/release/bin/visor shell hello", "build/release/bin/visor console hello", "http://127.0.0.1:", "/login?code="):
            self.assertIn(text, self.said)

    def test_ctrl_c_ends_the_daemon_and_the_next_run_finds_the_guest_within_seconds(self):
        pid = self.daemon.machine("hello")["state"]["processId"]
        self.assertEqual(self.daemon.interrupt(), 130)
        self.assertEqual(list(self.daemon.own_processes()), [pid], "only the guest runs on")
        self.assertTrue(is_alive(pid))
        began = time.monotonic()
        self.daemon.run(patience=20)
        print(f"./run again: {time.monotonic() - began:.1f} s")
        self.assertEqual(self.daemon.machine("hello")["state"]["processId"], pid)

    def test_image_is_complete_and_described(self):
        image = self.daemon.get("/images/debian%2F12").json
        self.assertTrue(image["cloudInit"])
        self.assertEqual((image["source"], image["os"]["family"], image["usedBy"]), ("built", "linux", ["hello"]))

    def test_guest_has_name_address_agent_and_its_disk_grew(self):
        state = self.daemon.machine("hello")["state"]
        self.assertTrue(state["ready"] and state["agent"])
        self.assertEqual(state["guestHostname"], "hello")
        self.assertTrue(state["addresses"])
        self.assertIn("Debian", state["guestOs"])
        size = int(self.daemon.exec("hello", "/bin/sh", "-c", "df -B1 --output=size / | tail -n 1")[1])
        self.assertGreater(size, 8 * GIB)

    def test_it_is_a_full_system(self):
        script = "systemctl is-system-running --wait; for unit in ssh qemu-guest-agent; do systemctl is-active $unit; done; cloud-init status"
        out = self.daemon.exec("hello", "/bin/sh", "-c", script, timeoutSeconds=int(300 * PATIENCE))[1].decode()
        self.assertEqual(out.splitlines()[1:3], ["active", "active"], out)
        self.assertIn("done", out)
        self.assertTrue(self.daemon.exec("hello", "/bin/sh", "-c", "test -d /sys/firmware/efi")[0] == 0, "it booted by UEFI")

    def test_shell_logs_in_by_key_and_may_become_root(self):
        done = self.daemon.visor("shell", "hello", "--", "id -un; sudo -n id -u; hostname", timeout=120)
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["visor", "0", "hello"]), done.stderr)

    def test_two_machines_from_one_image_are_two_systems(self):
        machine_id = self.daemon.exec("hello", "/bin/cat", "/etc/machine-id")[1]
        self.assertEqual(len(machine_id.strip()), 32)
        access = self.daemon.get("/machines/hello/ssh").json
        self.assertEqual(access["host"], "127.0.0.1")
        self.daemon.create("second", image="debian/12")
        disks = [self.daemon.machine(name)["spec"]["disks"][0]["volume"] for name in ("hello", "second")]
        self.assertEqual(len(set(disks)), 2, json.dumps(disks))

    def test_image_starts_with_secure_boot_and_a_tpm(self):
        secure = {"firmware": "uefi", "secureBoot": "microsoft", "tpm": {"enabled": True}, "memory": {"size": GIB}}
        self.daemon.create("secure", image="debian/12", **secure)
        self.daemon.action("secure", "start", {"wait": "ready", "timeoutSeconds": 900}, timeout=920)
        self.assertIn(b"enabled", self.daemon.exec("secure", "/bin/sh", "-c", "dmesg | grep -i 'secure boot'")[1])
        version = self.daemon.exec("secure", "/bin/cat", "/sys/class/tpm/tpm0/tpm_version_major")[1]
        self.assertEqual(version, b"2\n")
        self.daemon.delete_machine("secure")

    def test_stop_is_clean_and_start_brings_the_same_back(self):
        self.assertEqual(self.daemon.exec("hello", "/bin/sh", "-c", "echo kept > /var/tmp/note; sync")[0], 0)
        self.daemon.action("hello", "stop", {"timeoutSeconds": 180}, timeout=200)
        self.daemon.action("hello", "start", {"wait": "ready", "timeoutSeconds": 600}, timeout=620)
        self.assertEqual(self.daemon.exec("hello", "/bin/cat", "/var/tmp/note")[1], b"kept\n")


if __name__ == "__main__":
    unittest.main()
