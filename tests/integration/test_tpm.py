"""The security chip of real guests: what it keeps must never be lost, and its process never stay behind."""

import os
import pathlib
import signal
import time
import unittest

import tpm
from harness import TestCase, is_alive, wait_for

SECRET = b"the key!"
ON = {"enabled": True}


def chips(daemon):
    return [pid for pid, argv in daemon.own_processes().items() if argv[0].endswith("swtpm")]


class Tpm(TestCase):
    def guest(self, name, daemon=None, **spec):
        daemon = daemon or self.daemon
        daemon.create_guest(name, tpm=ON, **spec)
        daemon.start_machine(name, wait="ready")
        return daemon

    def test_guest_has_a_tpm_2_and_keeps_its_keys_when_it_is_switched_off(self):
        self.guest("keeper")
        version = self.daemon.exec("keeper", "/bin/cat", "/sys/class/tpm/tpm0/tpm_version_major")[1]
        self.assertEqual(version, b"2\n")
        before = tpm.measured(self.daemon, "keeper", 0)
        self.assertRegex(before, "^[0-9A-F]{64}$")
        tpm.store(self.daemon, "keeper", SECRET)
        self.daemon.action("keeper", "stop", {"force": True})
        wait_for(lambda: not chips(self.daemon), "the TPM to end with its machine")
        self.daemon.start_machine("keeper", wait="ready")
        self.assertEqual(tpm.stored(self.daemon, "keeper", len(SECRET)), SECRET)
        self.assertEqual(tpm.measured(self.daemon, "keeper", 0), before, "the same firmware measures the same")
        identifier = self.daemon.machine("keeper")["id"]
        self.daemon.delete_machine("keeper")
        self.assertEqual(self.daemon.leftovers("keeper", identifier), [])

    def test_saved_guest_goes_on_with_what_its_tpm_had_measured(self):
        self.guest("sleeper")
        tpm.store(self.daemon, "sleeper", SECRET)
        tpm.extend(self.daemon, "sleeper", 16, b"\x01" * 32)
        measured = tpm.measured(self.daemon, "sleeper", 16)
        self.assertNotEqual(measured, "0" * 64)
        self.daemon.action("sleeper", "save")
        self.daemon.start_machine("sleeper")
        wait_for(lambda: self.daemon.machine("sleeper")["state"]["agent"], "the guest to answer again")
        self.assertEqual(tpm.measured(self.daemon, "sleeper", 16), measured)
        self.assertEqual(tpm.stored(self.daemon, "sleeper", len(SECRET)), SECRET)
        self.daemon.delete_machine("sleeper")

    def test_board_of_every_kind_has_one(self):
        self.guest("old-board", chipset="i440fx")
        self.assertEqual(self.daemon.exec("old-board", "/bin/cat", "/sys/class/tpm/tpm0/tpm_version_major")[1], b"2\n")
        self.daemon.delete_machine("old-board")

    def test_its_process_may_touch_nothing_but_its_own_folder(self):
        self.guest("boxed")
        (pid,) = chips(self.daemon)
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        if os.geteuid() == 0:
            self.assertNotIn("0", status["Uid"].split())
            self.assertEqual(status["CapEff"].strip("0"), "")
        self.daemon.delete_machine("boxed")

    def test_explain_tells_of_the_process(self):
        self.daemon.create_guest("told", tpm=ON)
        done = self.daemon.visor("explain", "told", "tpm")
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ("swtpm", "--tpm2", "tpm-crb"):
            self.assertIn(words, done.stdout)

    def test_guest_survives_the_death_of_its_tpm_and_the_user_is_told(self):
        self.guest("bereft")
        os.kill(chips(self.daemon)[0], signal.SIGKILL)
        wait_for(lambda: "swtpm" in self.daemon.machine("bereft")["state"]["reason"], "the user to be told")
        self.assertEqual(self.daemon.status("bereft"), "running")
        self.assertEqual(self.daemon.exec("bereft", "/bin/true")[0], 0)
        self.daemon.action("bereft", "restart", {"force": True})
        wait_for(lambda: self.daemon.machine("bereft")["state"]["agent"], "the guest to answer again", 60)
        self.assertEqual(len(tpm.measured(self.daemon, "bereft", 0)), 64)
        self.assertNotIn("swtpm", self.daemon.machine("bereft")["state"]["reason"])
        self.daemon.delete_machine("bereft")

    def test_host_without_swtpm_says_what_to_install(self):
        folder = pathlib.Path(self.daemon.folder) / "bin"
        folder.mkdir()
        # QEMU runs as another user when the daemon is root.
        self.daemon.folder.chmod(0o711)
        for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
            for program in pathlib.Path(place).glob("*"):
                if program.name != "swtpm" and not (folder / program.name).exists():
                    (folder / program.name).symlink_to(program)
        daemon = self.own_daemon_without_path(folder)
        daemon.create_guest("plain")
        reasons = {row["key"]: row["unavailable"] for row in daemon.get("/machines/plain/settings").json["settings"]}
        self.assertIn("apt install swtpm", reasons["tpm.enabled"])
        answer = daemon.request("PATCH", "/machines/plain", {"spec": {"tpm": ON}})
        self.assert_problem(answer, 422, mentions="apt install swtpm")

    def own_daemon_without_path(self, folder):
        from harness import Daemon
        daemon = Daemon()
        self.addCleanup(daemon.close)
        return daemon.start(environment={"PATH": str(folder)})


class TpmAndDaemonDeath(TestCase):
    def test_guest_keeps_its_tpm_when_the_daemon_is_killed(self):
        daemon = self.own_daemon()
        daemon.create_guest("steady", tpm=ON)
        daemon.start_machine("steady", wait="ready")
        tpm.store(daemon, "steady", SECRET)
        (chip,) = chips(daemon)
        daemon.kill()
        self.assertTrue(is_alive(chip))
        daemon.start()
        wait_for(lambda: daemon.machine("steady")["state"]["agent"], "the guest to answer again")
        self.assertEqual(tpm.stored(daemon, "steady", len(SECRET)), SECRET)
        self.assertEqual(chips(daemon), [chip])
        daemon.action("steady", "stop", {"force": True})
        wait_for(lambda: not is_alive(chip), "the TPM to end with its machine")
        daemon.start_machine("steady", wait="ready")
        (chip,) = chips(daemon)
        daemon.kill()
        os.kill(chip, signal.SIGKILL)
        daemon.start()
        wait_for(lambda: "swtpm" in daemon.machine("steady")["state"]["reason"], "the next daemon to tell of the loss")

    def test_no_tpm_is_left_when_the_daemon_is_killed_in_the_middle_of_a_start(self):
        daemon = self.own_daemon()
        daemon.create_guest("cut", tpm=ON)
        seen = set()
        for turn in range(12):
            daemon.post("/machines/cut/actions/start")
            # Each turn a little later into the start.
            until = time.monotonic() + turn * 0.02
            while time.monotonic() < until:
                pass
            daemon.kill()
            seen.add((len(daemon.qemu_processes()), len(chips(daemon))))
            daemon.start()
            wait_for(lambda: daemon.status("cut") in ("running", "stopped"), "the start to be finished or undone")
            running = daemon.status("cut") == "running"
            wait_for(lambda: len(chips(daemon)) == len(daemon.qemu_processes()) == int(running), f"one TPM per QEMU in turn {turn}")
            if running:
                daemon.action("cut", "stop", {"force": True})
        self.assertGreater(len(seen), 1, "the kills hit different moments")
        daemon.start_machine("cut", wait="ready")
        self.assertEqual(len(tpm.measured(daemon, "cut", 0)), 64)


if __name__ == "__main__":
    unittest.main()
