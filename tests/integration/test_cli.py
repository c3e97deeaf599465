"""The command line as people and scripts use it."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

import png
from harness import BIN, READY, REPOSITORY, X86_CMDLINE, TestCase, guest_folder, program_is_there, wait_for

OK, ERROR, USAGE, NOT_FOUND, CONFLICT, TIMEOUT = 0, 1, 2, 4, 5, 124


class CommandLine(TestCase):
    def run_ok(self, *arguments, **options):
        done = self.daemon.visor(*arguments, **options)
        self.assertEqual(done.returncode, OK, f"visor {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fails(self, code, *arguments, **options):
        done = self.daemon.visor(*arguments, **options)
        self.assertEqual(done.returncode, code, f"visor {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        self.assertEqual(done.stdout, "", "errors go to standard error")
        self.assertTrue(done.stderr.strip(), "it says what is wrong")
        return done.stderr


class ExitCodes(CommandLine):
    def test_references_in_docs_are_what_the_program_says(self):
        for word, file in (("__markdown", "commands.md"), ("__settings", "settings.md")):
            written = (REPOSITORY / "docs" / file).read_text(encoding="utf-8")
            self.assertEqual(self.daemon.visor(word).stdout, written, f"`visor {word} > docs/{file}` writes it again")

    def test_usage(self):
        for arguments in (["nonsense"], ["start"], ["list", "--nonsense"], ["create", "x", "--memory", "4 apples"], ["list", "-f", "xml"]):
            with self.subTest(arguments):
                self.fails(USAGE, *arguments)

    def test_near_miss_is_corrected(self):
        self.assertIn("start", self.fails(USAGE, "strat"))

    def test_not_found(self):
        for verb in ("info", "start", "stop", "log", "explain", "processor"):
            with self.subTest(verb):
                self.assertIn("missing", self.fails(NOT_FOUND, verb, "missing"))
        self.fails(NOT_FOUND, "delete", "missing", "--yes")
        self.fails(NOT_FOUND, "image", "info", "missing")

    def test_a_script_learns_where_a_machine_can_move(self):
        self.daemon.create("traveller", cpu={"model": "EPYC-Rome", "features": ["-avx2"]})
        self.assertNotIn("avx2", self.run_ok("processor", "traveller", "--features").split())
        self.assertIn("QEMU emulates it", self.run_ok("processor", "traveller", "--host", "EPYC-Milan"))
        self.assertIn("nonsense", self.fails(1, "processor", "traveller", "--host", "nonsense"))

    def test_conflict(self):
        self.daemon.create("twice")
        self.fails(CONFLICT, "create", "twice")
        self.fails(CONFLICT, "pause", "twice")

    def test_timeout(self):
        self.daemon.create("deaf")
        self.run_ok("start", "deaf")
        self.fails(TIMEOUT, "stop", "deaf", "--timeout", "2s")
        self.run_ok("stop", "deaf", "--force")

    def test_no_daemon_says_how_to_start_one(self):
        error = self.fails(ERROR, "list", environment={"VISOR_SOCKET": "/nonexistent/socket"})
        self.assertIn("/nonexistent/socket", error)
        self.assertIn("visord", error)

    def test_bad_names_reach_no_file(self):
        for name in ("../x", "a/b", "x" * 300, "two words", "line\nbreak"):
            with self.subTest(name):
                self.assertIn(self.daemon.visor("create", name).returncode, (ERROR, USAGE))
        self.assertIn(self.daemon.visor("create", "--", "-x").returncode, (ERROR, USAGE))


class Machines(CommandLine):
    def test_direct_kernel_boot_from_create_to_delete(self):
        folder = guest_folder() / "x86_64"
        self.run_ok("create", "direct", "--kernel", str(folder / "vmlinuz"), "--initrd", str(folder / "initrd.img"),
                    "--cmdline", X86_CMDLINE, "--cpus", "1", "--memory", "256MiB", "--firmware", "bios")
        self.run_ok("start", "direct", "--wait=ready", timeout=180)
        self.assertIn("running", self.run_ok("info", "direct"))
        self.assertEqual(self.daemon.visor("exec", "direct", "--", "sh", "-c", "exit 3").returncode, 3)
        picture = self.daemon.folder / "direct.png"
        self.run_ok("screen", "direct", "--output", str(picture))
        self.assertGreater(png.distinct_bytes(picture.read_bytes()), 2)
        self.run_ok("pause", "direct")
        self.run_ok("resume", "direct")
        self.run_ok("delete", "direct", "--force", "--yes")
        self.fails(NOT_FOUND, "info", "direct")

    def test_delete_asks_and_a_script_must_say_yes(self):
        self.daemon.create("asked")
        self.assertNotEqual(self.daemon.visor("delete", "asked").returncode, OK)
        self.daemon.machine("asked")
        preview = self.run_ok("delete", "asked", "--dry-run")
        self.assertTrue(preview.strip())
        self.daemon.machine("asked")
        self.run_ok("delete", "asked", "--yes")

    def test_set_says_what_applies_and_what_waits(self):
        self.daemon.create("changed")
        self.run_ok("set", "changed", "memory.size=96MiB", "description=mine")
        self.assertEqual(self.daemon.machine("changed")["spec"]["memory"]["size"], 96 << 20)
        self.run_ok("start", "changed")
        self.assertIn("next start", self.run_ok("set", "changed", "cpu.count=2"))
        self.assertIn("cpu.count", self.run_ok("config", "pending", "changed"))
        self.fails(USAGE, "set", "changed", "cpu.cuont=2")
        self.run_ok("stop", "changed", "--force")

    def test_no_wait_prints_the_task_and_returns(self):
        self.daemon.create("later")
        self.run_ok("start", "later", "--no-wait")
        wait_for(lambda: self.daemon.status("later") == "running", "it to run", 20)
        tasks = json.loads(self.run_ok("task", "list", "-f", "json"))
        self.assertTrue(any(task["kind"] == "machine.start" for task in (tasks if isinstance(tasks, list) else tasks["tasks"])))

    def test_one_time_link_for_the_page(self):
        self.assertRegex(self.run_ok("web", "--print"), r"^http://127\.0\.0\.1:\d+/login\?code=\S+\n$")

    def test_picture_of_the_processors_shows_each_and_fits_the_terminal(self):
        processors = json.loads(self.run_ok("host", "topology", "-f", "json"))["processors"]
        self.assertEqual(len(self.run_ok("host", "topology", "-f", "csv").splitlines()), len(processors) + 1)
        for width in (60, 100):
            text = in_terminal(self.daemon, ["host", "topology"], width)
            self.assertIn("Package 0", text)
            for processor in processors:
                self.assertRegex(text, rf"[\[ ]{processor['id']} ")
            for line in text.splitlines():
                self.assertLessEqual(len(re.sub("\x1b\\[[0-9;]*m", "", line)), width)

    def test_api_gives_the_raw_answer(self):
        self.assertEqual(json.loads(self.run_ok("api", "GET", "/"))["name"], "visor")


class Formats(CommandLine):
    def setUp(self):
        if self.daemon.get("/machines/shown").status == 404:
            self.daemon.create("shown", request={"description": 'with "quotes", commas\nand lines', "tags": ["a"]})

    def test_script_can_tell_failures_apart_by_their_code(self):
        problem = json.loads(self.fails(NOT_FOUND, "info", "nobody", "-f", "json"))
        self.assertEqual((problem["code"], problem["status"]), ("machine.not_found", 404))
        self.assertIn("code: machine.not_found", self.fails(NOT_FOUND, "info", "nobody", "-f", "yaml"))
        problem = json.loads(self.fails(ERROR, "create", "too-big", "--cpus", "100000", "-f", "json"))
        self.assertEqual([field["field"] for field in problem["fields"]], ["spec.cpu.count"])

    def test_json(self):
        machines = json.loads(self.run_ok("list", "-f", "json"))
        machines = machines if isinstance(machines, list) else machines["machines"]
        self.assertEqual([machine["name"] for machine in machines], ["shown"])
        self.assertEqual(json.loads(self.run_ok("info", "shown", "-f", "json"))["name"], "shown")

    def test_csv(self):
        rows = list(csv.reader(io.StringIO(self.run_ok("list", "-f", "csv"))))
        self.assertEqual(len(rows), 2, rows)
        self.assertEqual(len(rows[0]), len(rows[1]))
        self.assertIn("shown", rows[1])

    def test_yaml_reads_back_as_the_same(self):
        text = self.run_ok("info", "shown", "-f", "yaml")
        self.assertIn("name: shown", text)
        try:
            import yaml
        except ImportError:
            return  # the reader is not part of Python; the form itself is checked above
        self.assertEqual(yaml.safe_load(text)["description"], 'with "quotes", commas\nand lines')

    def test_table_fits_the_terminal_and_is_one_line_a_machine(self):
        self.assertEqual(len(self.run_ok("list").splitlines()), 2)
        for width in (80, 120, 200):
            with self.subTest(width):
                for line in in_terminal(self.daemon, ["list"], width).splitlines():
                    self.assertLessEqual(len(line), width)

    def test_without_a_terminal_no_colour_and_no_progress(self):
        self.daemon.create("plain")
        done = self.daemon.visor("start", "plain", environment={"NO_COLOR": "", "TERM": "xterm-256color"})
        self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_hostile_text_does_not_reach_the_terminal(self):
        """Neither as a description nor in an error that repeats what was typed."""
        evil = "\x1b[2J\x07 evil"
        self.assert_problem(self.daemon.post("/machines", {"name": "hostile", "description": evil}), 422)
        done = self.daemon.visor("info", evil)
        self.assertNotIn("\x1b", done.stdout + done.stderr)


class Help(CommandLine):
    VERBS = ["launch", "create", "list", "info", "start", "stop", "restart", "reset", "pause", "resume", "save", "rename", "delete", "set",
             "console", "shell", "screen", "exec", "push", "pull", "image list", "image build",
             "image import", "boot-order", "host info", "host topology", "task list", "token create", "event", "web", "completion", "api"]

    def test_every_verb_has_help_with_an_example(self):
        for verb in self.VERBS:
            with self.subTest(verb):
                text = self.run_ok(*verb.split(), "--help")
                self.assertIn(f"visor {verb}", text)
                for line in text.splitlines():
                    self.assertLessEqual(len(line), 100, line)

    def test_completion_scripts_are_taken_by_their_shells(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                self.assertTrue(program_is_there(shell), f"{shell} is not installed (tools/install-dependencies --test)")
                script = self.run_ok("completion", shell)
                checked = subprocess.run([shell, "-n", "/dev/stdin"], input=script, capture_output=True, text=True, check=False)
                self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_completion_offers_verbs_and_live_names(self):
        self.daemon.create("completed-name", disks=[{"id": "data", "size": 1 << 20}, {"id": "cd", "device": "cdrom", "format": "raw"}])
        self.daemon.task("POST", "/machines/completed-name/snapshots", {"name": "clean"})

        def offered(*words):
            return [line.split("\t")[0] for line in self.run_ok("__complete", "--", *words).splitlines()]

        self.assertIn("start", offered("sta"))
        self.assertEqual(offered("start", "comp"), ["completed-name"])
        self.assertEqual(offered("disk", "check", "completed-name", ""), ["data", "cd"])
        self.assertEqual(offered("disk", "eject", "completed-name", "--drive", ""), ["cd"])
        self.assertEqual(offered("snapshot", "restore", "completed-name", "c"), ["clean"])
        self.assertEqual(offered("snapshot", "restore", "nobody", ""), [])
        self.assertIn("gaming", offered("profile", "apply", ""))
        self.assertEqual(offered("os", "show", "win11"), ["win11"])
        self.assertEqual(len(offered("volume", "delete", "")), len(list((self.daemon.state / "volumes").iterdir())))

    def test_man_pages_are_sound(self):
        self.assertTrue(program_is_there("man"), "man is not installed (tools/install-dependencies --test)")
        folder = self.daemon.folder / "man"
        folder.mkdir()
        self.run_ok("__man", str(folder))
        pages = sorted(folder.rglob("*.1"))
        self.assertIn("visor.1", [page.name for page in pages])
        self.assertGreater(len(pages), 10)
        for page in pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True, check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)


class Terminals(CommandLine):
    def test_console_shows_types_and_detaches(self):
        self.daemon.create_guest("attached")
        self.daemon.start_machine("attached", wait="ready")
        with Terminal(self.daemon, ["console", "attached"]) as terminal:
            terminal.read_until(READY, 20)
            terminal.write("\necho from-$((6 * 7))\n")
            terminal.read_until("from-42", 20)
            terminal.write("\x1d")
            self.assertEqual(terminal.wait(10), OK)
        self.assertEqual(self.daemon.status("attached"), "running")


class Terminal:
    """A program with a terminal of its own."""

    def __init__(self, daemon, arguments, width=100):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, width, 0, 0))
        self.process = subprocess.Popen([BIN / "visor", *arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**os.environ, "VISOR_SOCKET": str(daemon.socket_path), "TERM": "xterm"})
        os.close(slave)
        self.output = ""

    def read_until(self, text, timeout):
        deadline = time.monotonic() + timeout
        while text not in self.output:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come: {self.output[-500:]!r}")
            self._read_some(0.2)

    def _read_some(self, timeout):
        if select.select([self.master], [], [], timeout)[0]:
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                return False  # the program closed the terminal
            self.output += data.decode(errors="replace")
            return bool(data)
        return self.process.poll() is None

    def read_all(self, timeout=20):
        deadline = time.monotonic() + timeout
        while self._read_some(0.2) and time.monotonic() < deadline:
            pass
        return self.output

    def write(self, text):
        os.write(self.master, text.encode())

    def wait(self, timeout):
        self.read_all(timeout)
        return self.process.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def in_terminal(daemon, arguments, width):
    """What the program shows in a terminal of this width, without colours."""
    with Terminal(daemon, arguments, width) as terminal:
        terminal.wait(20)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.output).replace("\r", "")


if __name__ == "__main__":
    unittest.main()
