"""Serial line and screen: what was printed before one looks, what one types, and who may look."""

import struct
import time
import unittest

import png
from harness import READY, Daemon, TestCase, wait_for
from websocket import Refused


class Consoles(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.create_guest("seen")
        cls.daemon.start_machine("seen", wait="ready")

    def test_serial_shows_what_was_printed_before_it_was_opened(self):
        self.daemon.serial("seen").read_until(READY, timeout=10)

    def test_serial_types_and_answers(self):
        serial = self.daemon.serial("seen")
        serial.read_until(READY)
        serial.send("\necho typed-$((40 + 2))\n")
        serial.read_until("typed-42", timeout=20)

    def test_two_people_see_the_same_line(self):
        first, second = self.daemon.serial("seen"), self.daemon.serial("seen")
        first.send("\necho both-$((20 + 3))\n")
        first.read_until("both-23", timeout=20)
        second.read_until("both-23", timeout=20)

    def test_history_is_bounded_and_keeps_the_end(self):
        self.daemon.create_guest("wordy")
        self.daemon.start_machine("wordy")
        self.addCleanup(self.daemon.delete_machine, "wordy")
        serial = self.daemon.serial("wordy")
        serial.read_until(READY, timeout=120)
        serial.send("\nhead -c 400000 /dev/zero | tr '\\0' x | fold -w 100; echo end-$((1 + 1))\n")
        serial.read_until("end-2", timeout=120)
        again = self.daemon.serial("wordy")
        history = again.read_until("end-2", timeout=10)
        self.assertLessEqual(len(history), 256 * 1024 + 4096)

    def test_client_that_does_not_read_does_not_stop_the_others(self):
        self.daemon.create_guest("shared")
        self.daemon.start_machine("shared")
        self.addCleanup(self.daemon.delete_machine, "shared")
        lazy = self.daemon.serial("shared")
        lively = self.daemon.serial("shared")
        lively.read_until(READY, timeout=120)
        lively.send("\nhead -c 300000 /dev/zero | tr '\\0' y | fold -w 100; echo done-$((1 + 2))\n")
        lively.read_until("done-3", timeout=120)
        lazy.web_socket.close()

    def test_screen_speaks_rfb(self):
        stream = self.daemon.screen("seen")
        self.assertEqual(stream.web_socket.protocol, "binary")
        self.assertEqual(stream.read(12)[:4], b"RFB ")
        stream.send(b"RFB 003.008\n")
        kinds = stream.read(stream.read(1)[0])
        self.assertIn(1, kinds, "no further password behind the ticket")
        stream.send(b"\x01")
        self.assertEqual(stream.read(4), b"\0\0\0\0")
        stream.send(b"\x01")
        width, height = struct.unpack("!HH", stream.read(4))
        self.assertGreaterEqual((width, height), (640, 400))

    def test_screenshot_shows_the_guests_text(self):
        answer = wait_for(lambda: (shot := self.daemon.get("/machines/seen/screenshot")).status == 200 and shot, "a screenshot", 10)
        self.assertEqual(answer.headers["content-type"], "image/png")
        self.assertGreater(png.distinct_bytes(answer.body), 2, "the picture is blank")

    def test_thumbnail_has_the_asked_width(self):
        answer = self.daemon.expect(200, "GET", "/machines/seen/screenshot?width=320")
        self.assertEqual(png.size(answer.body)[0], 320)
        for width in ("0", "-1", "x", "1000000"):
            with self.subTest(width):
                self.assertIn(self.daemon.get(f"/machines/seen/screenshot?width={width}").status, (400, 422))

    def test_ticket_opens_once(self):
        path = self.daemon.ticket("seen", "serial")
        self.daemon.tcp_web_socket(path).close()
        with self.assertRaises(Refused) as refused:
            self.daemon.tcp_web_socket(path)
        self.assertIn(refused.exception.status, (401, 403))

    def test_ticket_for_one_console_does_not_open_the_other(self):
        path = self.daemon.ticket("seen", "serial")
        with self.assertRaises(Refused):
            self.daemon.tcp_web_socket(path.replace("/serial?", "/screen?"))

    def test_ticket_expires(self):
        path = self.daemon.ticket("seen", "serial")
        time.sleep(11)
        with self.assertRaises(Refused):
            self.daemon.tcp_web_socket(path)

    def test_foreign_page_cannot_open_a_console(self):
        path = self.daemon.ticket("seen", "serial")
        with self.assertRaises(Refused) as refused:
            self.daemon.tcp_web_socket(path, headers={"Origin": "http://evil.example"})
        self.assertEqual(refused.exception.status, 403)

    def test_stopped_machine_has_no_screen(self):
        self.daemon.create("dark")
        self.assert_problem(self.daemon.get("/machines/dark/screenshot"), 409, "machine.not_running")
        self.assert_problem(self.daemon.post("/machines/dark/tickets", {"kind": "screen"}), 409)

    def test_unknown_kind_of_ticket(self):
        self.assertIn(self.daemon.post("/machines/seen/tickets", {"kind": "keys"}).status, (400, 422))


class LongPath(unittest.TestCase):
    def test_guest_is_reached_although_the_runtime_directory_has_a_long_path(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        daemon.runtime = daemon.folder / ("long-" * 20) / ("longer-" * 20)
        daemon.start()
        daemon.create_guest("far")
        daemon.start_machine("far", wait="ready")
        serial = daemon.serial("far")
        serial.read_until(READY)
        serial.send("\necho reached-$((1 + 1))\n")
        serial.read_until("reached-2", timeout=20)
        self.assertEqual(daemon.exec("far", "/bin/echo", "hi")[1], b"hi\n")



if __name__ == "__main__":
    unittest.main()
