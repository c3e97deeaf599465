"""A guest of another architecture."""

import unittest

from harness import MIB, READY, TestCase, kernel_boot


class Aarch64(TestCase):
    def test_debian_arm64_kernel_boots_to_a_shell(self):
        self.daemon.create("arm", arch="aarch64", boot=kernel_boot("aarch64"), memory={"size": 512 * MIB}, display={"model": "none"},
                           cpu={"count": 1, "model": "cortex-a57"})
        self.daemon.start_machine("arm")
        serial = self.daemon.serial("arm")
        serial.read_until(READY, timeout=180)
        serial.send("\nuname -m\n")
        serial.read_until("aarch64", timeout=30)
        command = self.daemon.get("/machines/arm/command").json
        self.assertTrue(command["program"].endswith("qemu-system-aarch64"))

    def test_processor_of_the_wrong_architecture_is_refused_before_or_at_start(self):
        answer = self.daemon.post("/machines", {"name": "mixed", "spec": {"arch": "aarch64", "chipset": "q35"}})
        self.assert_problem(answer, 422)


if __name__ == "__main__":
    unittest.main()
