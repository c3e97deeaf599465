"""A new user's first minute: what is missing is installed, or he is told the very command that does it."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "install-dependencies"
ORDINARY_USER = 65534
# Nothing else is found: neither the host's apt-get nor its sudo can be reached by mistake.
NEEDED = ("bash", "env", "mktemp", "rm", "tail")


class InstallDependencies(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="visor-tools"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o777)
        shutil.copy(SCRIPT, self.folder)
        for name in NEEDED:
            (self.folder / name).symlink_to(shutil.which(name))
        self.fake("node", "echo 18")
        self.fake("npm", "")

    def fake(self, name, body):
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def installed(self, *missing):
        """The host has every package but these."""
        self.fake("dpkg-query", f'case " {" ".join(missing)} " in *" ${{!#}} "*) exit 1 ;; esac; printf "ii "')

    def install(self, *options, ordinary=False):
        command = [self.folder / "install-dependencies", *options]
        if ordinary and os.geteuid() == 0:
            command = ["/usr/bin/setpriv", "--reuid", str(ORDINARY_USER), "--regid", str(ORDINARY_USER), "--clear-groups", "--", *command]
        done = subprocess.run(command, env={"PATH": str(self.folder), "CALLS": str(self.folder / "calls")}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        calls = self.folder / "calls"
        return done, calls.read_text().splitlines() if calls.exists() else []

    def with_apt(self, status=0):
        self.fake("apt-get", f'echo "$*" >>"$CALLS"; echo "its last words"; exit {status}')
        self.fake("sudo", '[[ $1 != -n ]] || shift; [[ $1 == true ]] || "$@"')

    def test_only_what_is_missing_is_installed_after_the_lists_are_renewed(self):
        self.installed("clang-16", "qemu-utils")
        self.with_apt()
        for ordinary in (False, True):
            with self.subTest(ordinary=ordinary):
                (self.folder / "calls").unlink(missing_ok=True)
                done, calls = self.install(ordinary=ordinary)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(calls, ["-q update", "-y --no-install-recommends install clang-16 qemu-utils"])

    def test_without_sudo_the_exact_command_is_shown_and_nothing_is_done(self):
        self.installed("clang-16", "qemu-utils")
        self.fake("apt-get", 'echo "$*" >>"$CALLS"')
        done, calls = self.install(ordinary=True)
        self.assertEqual((done.returncode, calls), (1, []))
        self.assertIn("\n  apt-get update && apt-get install --no-install-recommends clang-16 qemu-utils\n", done.stderr)

    def test_check_never_installs(self):
        self.installed("clang-16")
        self.with_apt()
        done, calls = self.install("--check")
        self.assertEqual((done.returncode, calls), (1, []))
        self.assertIn("clang-16", done.stderr)

    def test_failure_shows_the_reason_and_the_command(self):
        self.installed("clang-16")
        self.with_apt(status=100)
        done, _ = self.install()
        self.assertEqual(done.returncode, 1)
        self.assertIn("its last words", done.stderr)
        self.assertIn("apt-get install --no-install-recommends clang-16", done.stderr)

    def test_nothing_is_missing_nothing_is_said(self):
        self.installed()
        self.with_apt()
        done, calls = self.install()
        self.assertEqual((done.returncode, done.stdout, done.stderr, calls), (0, "", "", []))

    def test_node_that_is_too_old_is_replaced(self):
        self.installed()
        self.fake("node", "echo 16")
        self.with_apt()
        self.assertEqual(self.install()[1], ["-q update", "-y --no-install-recommends install nodejs npm"])


if __name__ == "__main__":
    unittest.main()
