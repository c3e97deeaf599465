"""What `visor doctor`, the API and the page say of this host, against what Python finds in the same files."""

import json
import os
import pathlib
import resource
import shutil
import stat
import unittest

from harness import TestCase
from own_instance import OwnInstance


def text(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""


def checks_of(daemon):
    return {check["id"]: check for check in daemon.expect(200, "GET", "/host/checks").json["checks"]}


class HostChecks(TestCase):
    def setUp(self):
        self.checks = checks_of(self.daemon)

    def state(self, name):
        return self.checks[name]["state"]

    def test_each_check_has_a_title_and_a_reason_and_what_is_fine_has_nothing_to_do(self):
        for check in self.checks.values():
            self.assertTrue(check["title"] and check["reason"], check)
            if check["state"] == "ok":
                self.assertEqual((check["fix"], check["command"]), ("", ""), check)

    def test_processor_and_acceleration_are_what_the_kernel_and_the_probe_say(self):
        flags = next((line for line in text("/proc/cpuinfo").splitlines() if line.startswith("flags")), "").split()
        if flags:
            self.assertEqual(self.state("cpu.virtualization") == "ok", bool({"vmx", "svm"} & set(flags)), self.checks["cpu.virtualization"])
        for qemu in self.daemon.expect(200, "GET", "/host").json["qemu"]:
            check = self.checks.get(f"accelerator.{qemu['arch']}")
            if qemu["arch"] == os.uname().machine:
                self.assertEqual(check["state"], "ok" if qemu["accelerator"] == "kvm" else "limited", check)
                for accelerator in qemu["accelerators"]:
                    self.assertIn(accelerator["reason"], check["reason"])
            else:
                self.assertIsNone(check)

    def test_huge_pages_and_merging_are_what_the_kernel_counts(self):
        for folder in pathlib.Path("/sys/kernel/mm/hugepages").glob("hugepages-*kB"):
            check = self.checks["hugepages." + folder.name.removeprefix("hugepages-").removesuffix("kB")]
            reserved, free = (int(text(folder / name)) for name in ("nr_hugepages", "free_hugepages"))
            self.assertEqual(check["state"], "off" if reserved == 0 else "ok" if free else "limited", check)
            self.assertIn(str(folder), check["reason"] + check["command"])
        run = text("/sys/kernel/mm/ksm/run").strip()
        self.assertEqual(self.state("ksm"), {"": "missing", "1": "ok"}.get(run, "off"))

    def test_devices_are_there_and_open_as_for_anybody_who_tries(self):
        for name, path in (("kvm", "/dev/kvm"), ("tun", "/dev/net/tun"), ("vhost-net", "/dev/vhost-net"), ("vhost-vsock", "/dev/vhost-vsock")):
            check = self.checks[f"device.{name}"]
            try:
                os.close(os.open(path, os.O_RDWR))
                self.assertEqual(check["state"], "ok", check)
            except FileNotFoundError:
                self.assertIn(check["state"], ("missing", "off"), check)
                self.assertIn(path, check["reason"])
            except PermissionError:
                self.assertEqual(check["state"], "limited", check)

    def test_iommu_cgroups_and_limits_are_those_of_this_host(self):
        groups = pathlib.Path("/sys/kernel/iommu_groups")
        self.assertEqual(self.state("iommu") == "ok", groups.exists() and any(groups.iterdir()))
        unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
        hybrid = pathlib.Path("/sys/fs/cgroup/unified/cgroup.controllers").exists()
        self.assertEqual(self.state("cgroup"), "ok" if unified else "limited" if hybrid else "missing")
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if most != resource.RLIM_INFINITY:
            self.assertIn(f" {most} files", self.checks["limit.descriptors"]["reason"])
        self.assertEqual(self.state("landlock") == "ok", self.checks["landlock"]["reason"].startswith("The kernel has version"))

    def test_programs_are_found_where_they_are(self):
        for name in ("qemu-img", "swtpm", "mmdebstrap", "mke2fs"):
            found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            check = self.checks[f"program.{name}"]
            self.assertEqual(check["state"], "ok" if found else "missing", check)
            self.assertIn(found or "sudo apt install", check["reason"] + check["command"])

    def test_doctor_says_the_same_in_words_and_to_programs(self):
        said = self.daemon.visor("doctor", "-f", "json")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual({check["id"]: check["state"] for check in json.loads(said.stdout)},
                         {name: check["state"] for name, check in self.checks.items()})
        words = self.daemon.visor("doctor").stdout
        for check in self.checks.values():
            self.assertIn(check["title"], words)
            self.assertIn(check["command"], words, "a command is never broken into lines")
        self.assertIn("Machines can run here.", words)


class PoorHost(TestCase):
    @classmethod
    def setUpClass(cls):
        pass  # each test has a daemon of its own

    def test_doctor_fails_when_something_is_missing_that_every_machine_needs(self):
        self.daemon = self.own_daemon()
        self.daemon.stop()
        programs = self.daemon.folder / "programs"
        programs.mkdir()
        # QEMU runs as another user when the daemon is root.
        self.daemon.folder.chmod(0o711)
        for program in pathlib.Path("/usr/bin").glob("qemu-system-*"):
            (programs / program.name).symlink_to(program)
        self.daemon.start(environment={"PATH": str(programs)})
        missing = checks_of(self.daemon)["program.qemu-img"]
        self.assertEqual((missing["state"], missing["needed"]), ("missing", True), missing)
        doctor = self.daemon.visor("doctor")
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("sudo apt install qemu-utils", doctor.stdout)
        self.assertIn("Machines cannot run without: qemu-img.", doctor.stdout)

    def test_doctor_says_that_no_daemon_answers(self):
        self.daemon = self.own_daemon()
        self.daemon.stop()
        doctor = self.daemon.visor("doctor", "-f", "json")
        self.assertEqual(doctor.returncode, 1)
        self.assertEqual([(check["id"], check["state"]) for check in json.loads(doctor.stdout)], [("daemon", "missing")])


class OrdinaryUser(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = OwnInstance()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.start()

    def test_a_user_is_told_of_his_own_rights(self):
        checks = checks_of(self.daemon)
        kvm = pathlib.Path("/dev/kvm")
        if kvm.exists() and not stat.S_IMODE(kvm.stat().st_mode) & 0o006:
            self.assertEqual(checks["device.kvm"]["state"], "limited", checks["device.kvm"])
            self.assertIn("usermod -aG kvm", checks["device.kvm"]["command"])
        self.assertIn(str(self.daemon.user_id), checks["qemu.user"]["reason"])
        self.assertIn("program.newuidmap", checks)


if __name__ == "__main__":
    unittest.main()
