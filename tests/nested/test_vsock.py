"""On a host with vhost_vsock: guests that are reached without a network, each under an address of its own."""

import json
import socket
import unittest

from harness import TestCase, wait_for

PORT = 1234
AGENT = ["/usr/sbin/qemu-ga", "-d", "-m", "vsock-listen", "-p", f"{socket.VMADDR_CID_ANY}:{PORT}", "-t", "/tmp", "-f", "/tmp/second.pid"]


def ping(address):
    """What a program in the guest answers over the line."""
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as line:
        line.settimeout(20)
        try:
            line.connect((address, PORT))
        except OSError:
            return None
        line.sendall(b'{"execute": "guest-ping"}\n')
        return json.loads(line.makefile().readline())


class Vsock(TestCase):
    def guest(self, name):
        self.daemon.create_guest(name, kernel="x86_64-9p", vsock={"enabled": True})
        self.daemon.start_machine(name, wait="ready")
        return self.daemon.machine(name)["state"]["vsockCid"]

    def test_guests_answer_at_addresses_that_are_their_own_and_stay(self):
        addresses = [self.guest("one"), self.guest("two")]
        self.assertEqual(len(set(addresses)), 2, addresses)
        for name, address in zip(("one", "two"), addresses):
            self.assertEqual(self.daemon.exec(name, *AGENT)[0], 0)
            self.assertEqual(wait_for(lambda address=address: ping(address), f"{name} to answer", 60), {"return": {}})
            self.assertIn(f"vsock {address}", self.daemon.visor("info", name).stdout)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.machine("one")["state"]["vsockCid"], addresses[0])
        self.assertEqual(ping(addresses[0]), {"return": {}}, "the line outlives the daemon")
        self.daemon.action("one", "stop", {"force": True})
        self.assertIsNone(self.daemon.machine("one")["state"]["vsockCid"])
        self.assertIsNone(ping(addresses[0]), "the address is free again")
        self.daemon.start_machine("one")
        self.assertEqual(self.daemon.machine("one")["state"]["vsockCid"], addresses[0], "the same at every start")


if __name__ == "__main__":
    unittest.main()
