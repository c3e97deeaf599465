"""Serial ports behind the console: what a debugger or an old program says there must reach its user, and back."""

import unittest

from harness import READY, TestCase, wait_for
from websocket import ByteStream


class SerialPorts(TestCase):
    def port(self, daemon, name, number):
        return ByteStream(daemon.web_socket(f"{daemon.ticket(name, 'serial')}&port={number}"))

    def sh(self, daemon, name, script):
        return daemon.exec(name, "/bin/sh", "-c", script)

    def test_every_port_is_a_line_of_its_own_both_ways(self):
        daemon = self.own_daemon()
        daemon.create_guest("lines", serialPorts=4)
        daemon.start_machine("lines", wait="ready")
        self.port(daemon, "lines", 0).read_until(READY)
        for number in (1, 3):
            self.assertEqual(self.sh(daemon, "lines", f"stty -F /dev/ttyS{number} raw -echo && echo said-before-{number} > /dev/ttyS{number}")[0], 0)
            line = self.port(daemon, "lines", number)
            line.read_until(f"said-before-{number}")
            # A line that nobody has opened keeps nothing.
            self.sh(daemon, "lines", f"{{ touch /tmp/open{number}; head -n 1; }} < /dev/ttyS{number} > /tmp/heard{number} 2>&1 &")
            wait_for(lambda number=number: self.sh(daemon, "lines", f"test -e /tmp/open{number}")[0] == 0, "the guest to open it")
            line.send(f"typed-{number}\n")
            wait_for(lambda number=number: self.sh(daemon, "lines", f"cat /tmp/heard{number}")[1] == f"typed-{number}\n".encode(), "the guest to hear it")
        # The next daemon has the lines, too, and all that was printed on them.
        daemon.kill()
        self.assertTrue(daemon.start().machine("lines")["state"]["processId"])
        self.port(daemon, "lines", 3).read_until("said-before-3")
        shown = daemon.visor("console", "lines", "--port", "1", "--timeout", "2s")
        self.assertIn("said-before-1", shown.stdout)
        self.assertNotIn("said-before-3", shown.stdout)
        identifier = daemon.machine("lines")["id"]
        daemon.delete_machine("lines")
        self.assertEqual(daemon.leftovers("lines", identifier), [])

    def test_port_that_is_not_there_is_refused_with_the_way_to_get_it(self):
        self.daemon.create("plain")
        self.daemon.start_machine("plain")
        changed = self.daemon.expect(200, "PATCH", "/machines/plain", {"spec": {"serialPorts": 2}}).json
        self.assertEqual([change["field"] for change in changed["pending"]], ["spec.serialPorts"])
        done = self.daemon.visor("console", "plain", "--port", "1", "--timeout", "2s")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.daemon.visor("console", "plain", "--port", "7").returncode, 2)
        answer = self.daemon.request("PATCH", "/machines/plain", {"spec": {"serialPorts": 5}})
        self.assert_problem(answer, 422, mentions="between 1 and 4")


if __name__ == "__main__":
    unittest.main()
