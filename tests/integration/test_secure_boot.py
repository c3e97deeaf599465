"""Secure Boot in real guests: what is signed starts, what is not does not, and nothing that the firmware knew is lost."""

import unittest

import boot_disk
import tpm
from harness import MIB, TestCase, wait_for

STATE = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
PATIENT = 180


def disk(path, place=0, name="root"):
    return {"id": name, "file": str(path), "format": "raw", "bootIndex": place}


class SecureBoot(TestCase):
    def machine(self, name, path, secure_boot, **more):
        self.daemon.create(name, firmware="uefi", secureBoot=secure_boot, memory={"size": 384 * MIB}, disks=[disk(path)], **more)

    def image(self, make, name):
        return make(self.daemon.folder / name)

    def is_on(self, name):
        return self.daemon.exec(name, "/bin/cat", STATE)[1][-1]

    def serial_log(self, name):
        folder = self.daemon.runtime / "machines" / self.daemon.machine(name)["id"]
        return (folder / "serial.log").read_text(errors="replace")

    def test_signed_system_starts_and_sees_that_secure_boot_is_on(self):
        self.machine("checked", self.image(boot_disk.signed, "signed.img"), "microsoft", tpm={"enabled": True})
        self.daemon.start_machine("checked", wait="ready")
        self.assertEqual(self.is_on("checked"), 1)
        measured = tpm.measured(self.daemon, "checked", 7)
        self.assertRegex(measured, "^[0-9A-F]{64}$")
        self.daemon.action("checked", "stop", {"force": True})
        # Without it the same disk starts too, and the variables of both kinds of firmware stay.
        answer = self.daemon.expect(200, "PATCH", "/machines/checked", {"spec": {"secureBoot": "off"}}).json
        self.assertEqual(answer["rejected"], [])
        self.daemon.start_machine("checked", wait="ready")
        self.assertEqual(self.is_on("checked"), 0)
        self.assertNotEqual(tpm.measured(self.daemon, "checked", 7), measured, "who seals a secret to Secure Boot keeps it sealed")
        folder = self.daemon.state / "machines" / self.daemon.machine("checked")["id"]
        self.assertEqual({path.name for path in folder.glob("nvram*")}, {"nvram.fd", "nvram-microsoft.fd"})
        self.daemon.delete_machine("checked")

    def test_loader_that_is_not_signed_by_a_known_key_is_refused(self):
        path = self.image(boot_disk.foreign, "foreign.img")
        self.machine("stranger", path, "microsoft")
        self.daemon.start_machine("stranger")
        wait_for(lambda: "Access Denied" in self.serial_log("stranger"), "the firmware to refuse the loader", PATIENT)
        self.assertFalse(self.daemon.machine("stranger")["state"]["ready"])
        self.daemon.action("stranger", "stop", {"force": True})
        # With keys of one's own and none enrolled yet, the firmware checks nothing: so that one can enroll them.
        self.daemon.expect(200, "PATCH", "/machines/stranger", {"spec": {"secureBoot": "own"}})
        self.daemon.start_machine("stranger", wait="ready")
        self.assertEqual(self.is_on("stranger"), 0)
        setup = STATE.replace("SecureBoot-", "SetupMode-")
        self.assertEqual(self.daemon.exec("stranger", "/bin/cat", setup)[1][-1], 1)
        self.daemon.delete_machine("stranger")

    def test_machine_that_cannot_have_it_is_refused_with_every_reason(self):
        body = {"name": "never", "spec": {"firmware": "bios", "chipset": "i440fx", "secureBoot": "microsoft"}}
        problem = self.assert_problem(self.daemon.post("/machines", body), 422)
        said = [field["detail"] for field in problem["fields"] if field["field"] == "spec.secureBoot"]
        self.assertEqual(len(said), 2, problem)
        self.assertTrue(any("BIOS" in text for text in said) and any("q35" in text for text in said), said)


if __name__ == "__main__":
    unittest.main()
