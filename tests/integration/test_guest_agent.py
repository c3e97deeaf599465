"""Work inside the guest through its agent: commands and files."""

import base64
import concurrent.futures
import os
import unittest

from harness import MIB, TestCase


class Agent(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.create_guest("worker")
        cls.daemon.start_machine("worker", wait="ready")

    def test_exit_code_and_both_streams(self):
        code, out, err = self.daemon.exec("worker", "/bin/sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual((code, out, err), (7, b"out\n", b"err\n"))

    def test_arguments_arrive_as_they_are(self):
        words = ["two words", "$(id)", "*", "'\"", "ü", ""]
        self.assertEqual(self.daemon.exec("worker", "/bin/printf", "%s|", *words)[1].decode(),
                         "".join(f"{word}|" for word in words))

    def test_input_and_environment(self):
        result = self.daemon.exec("worker", "/bin/sh", "-c", "cat; echo $COLOUR", input=base64.b64encode(b"in\0put\n").decode(),
                                  environment=["COLOUR=blue"])
        self.assertEqual(result[:2], (0, b"in\0put\nblue\n"))

    def test_command_that_is_not_there(self):
        answer = self.daemon.post("/machines/worker/exec", {"command": ["/bin/nonsense"]})
        self.assertGreaterEqual(answer.status, 400)
        self.assertLess(answer.status, 500, answer)
        self.assertIn("nonsense", answer.body.decode())

    def test_command_that_takes_too_long(self):
        self.assert_problem(self.daemon.post("/machines/worker/exec", {"command": ["/bin/sleep", "30"], "timeoutSeconds": 1}), 504)
        self.assertEqual(self.daemon.exec("worker", "/bin/true")[0], 0, "the agent still answers")

    def test_killed_command_tells_its_signal(self):
        result = self.daemon.expect(200, "POST", "/machines/worker/exec", {"command": ["/bin/sh", "-c", "kill -9 $$"]}).json
        self.assertEqual(result["signal"], 9)

    def test_output_beyond_the_limit_is_cut_or_refused_and_says_so(self):
        answer = self.daemon.post("/machines/worker/exec",
                                  {"command": ["/bin/sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' a"], "timeoutSeconds": 120}, timeout=150)
        self.assertEqual(answer.status, 200, answer.json)
        self.assertTrue(answer.json["truncated"])
        self.assertEqual(base64.b64decode(answer.json["stdout"]), b"a" * 4 * MIB, "what was printed first is kept")
        self.assertEqual(self.daemon.exec("worker", "/bin/true")[0], 0, "the agent still answers")

    def test_ten_commands_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            results = list(pool.map(lambda number: self.daemon.exec("worker", "/bin/echo", str(number))[1], range(10)))
        self.assertEqual(results, [f"{number}\n".encode() for number in range(10)])

    def test_bad_requests(self):
        for body in ({}, {"command": []}, {"command": "ls"}, {"command": ["ls"], "input": "no base64!"}, {"command": ["a\0b"]},
                     {"command": ["ls"], "environment": ["NOVALUE"]}, {"command": ["ls"], "timeoutSeconds": -1}):
            with self.subTest(body):
                self.assertIn(self.daemon.post("/machines/worker/exec", body).status, (400, 422))

    def test_file_goes_in_and_comes_out_the_same(self):
        for size in (0, 1, 47 * 1024, MIB + 3):
            with self.subTest(size):
                data = os.urandom(size)
                answer = self.daemon.expect(200, "PUT", "/machines/worker/files?path=/tmp/blob&mode=0640", data)
                self.assertEqual(answer.json["bytes"], size)
                self.assertEqual(self.daemon.expect(200, "GET", "/machines/worker/files?path=/tmp/blob").body, data)
        self.assertEqual(self.daemon.exec("worker", "/bin/stat", "-c", "%a", "/tmp/blob")[1], b"640\n")

    def test_files_that_cannot_be_had(self):
        self.assert_problem(self.daemon.get("/machines/worker/files?path=/no/such/file"), 404)
        self.assertIn(self.daemon.get("/machines/worker/files?path=relative").status, (400, 422))
        self.assertIn(self.daemon.get("/machines/worker/files").status, (400, 422))
        self.assertGreaterEqual(self.daemon.request("PUT", "/machines/worker/files?path=/no/such/folder/x", b"x").status, 400)

    def test_guest_tells_name_and_system(self):
        state = self.daemon.machine("worker")["state"]
        self.assertEqual(state["guestHostname"], "visor-guest")
        self.assertIn("Visor test guest", state["guestOs"])

    def test_command_line_push_exec_pull(self):
        source = self.daemon.folder / "source.txt"
        source.write_text("through the command line\n")
        pushed = self.daemon.visor("push", "--mode", "0640", str(source), "worker:/tmp/pushed.txt")
        self.assertEqual(pushed.returncode, 0, pushed.stderr)
        self.assertEqual(self.daemon.exec("worker", "/bin/stat", "-c", "%a", "/tmp/pushed.txt")[1], b"640\n")
        shown = self.daemon.visor("exec", "worker", "--", "cat", "/tmp/pushed.txt")
        self.assertEqual((shown.returncode, shown.stdout), (0, "through the command line\n"), shown.stderr)
        back = self.daemon.folder / "back.txt"
        self.assertEqual(self.daemon.visor("pull", "worker:/tmp/pushed.txt", str(back)).returncode, 0)
        self.assertEqual(back.read_text(), source.read_text())

    def test_command_line_exec_passes_the_exit_code_and_streams(self):
        done = self.daemon.visor("exec", "worker", "--", "sh", "-c", "cat; echo oops >&2; exit 33", stdin="piped\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (33, "piped\n", "oops\n"))


class WithoutAgent(TestCase):
    def test_guest_without_agent_says_so(self):
        self.daemon.create_guest("mute", cmdline="visor.agent=off")
        self.daemon.start_machine("mute")
        answer = self.daemon.post("/machines/mute/exec", {"command": ["/bin/true"], "timeoutSeconds": 5})
        self.assertIn(answer.status, (409, 503, 504), answer)
        self.assertIn("agent", answer.body.decode())

    def test_stopped_machine_says_so(self):
        self.daemon.create("off")
        self.assert_problem(self.daemon.post("/machines/off/exec", {"command": ["/bin/true"]}), 409)


if __name__ == "__main__":
    unittest.main()
