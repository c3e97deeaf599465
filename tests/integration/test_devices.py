"""Cards that a guest finds, by what its kernel reads from them."""

import unittest

from harness import MIB, TestCase

LIST = "for card in /sys/bus/pci/devices/*; do echo $(cat $card/vendor) $(cat $card/device) $(head -n 1 $card/resource); done"


class Devices(TestCase):
    def cards(self, name):
        """{(vendor, device): size of its first memory}"""
        found = {}
        for line in self.daemon.exec(name, "/bin/sh", "-c", LIST)[1].decode().splitlines():
            vendor, device, start, end, _ = (int(word, 16) for word in line.split())
            found[vendor, device] = end - start + 1
        return found

    def guest(self, name, **spec):
        self.daemon.create_guest(name)
        answer = self.daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": spec}).json
        self.assertEqual(answer["rejected"], [])
        self.daemon.start_machine(name, wait="ready")
        return self.cards(name)

    def test_sound_card_and_video_memory_are_those_that_were_chosen(self):
        cards = self.guest("loud", audio={"model": "hda"}, display={"model": "std", "videoMemory": 64 * MIB})
        self.assertIn((0x8086, 0x293E), cards)
        self.assertEqual(cards[0x1234, 0x1111], 64 * MIB)
        self.daemon.delete_machine("loud")
        cards = self.guest("old", audio={"model": "ac97"})
        self.assertIn((0x8086, 0x2415), cards)
        self.assertEqual(cards[0x1234, 0x1111], 16 * MIB)
        self.daemon.delete_machine("old")

    def test_what_no_card_can_be_is_refused_with_the_field(self):
        self.daemon.create("picky")
        for spec, field in (({"display": {"videoMemory": 3 * MIB}}, "spec.display.videoMemory"), ({"audio": {"model": "gramophone"}}, "spec.audio.model")):
            answer = self.daemon.request("PATCH", "/machines/picky", {"spec": spec})
            problem = self.assert_problem(answer, 422)
            self.assertEqual([one["field"] for one in problem["fields"]], [field])


if __name__ == "__main__":
    unittest.main()
