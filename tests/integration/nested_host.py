"""A host with hardware that this machine lacks: an emulated one whose root is this machine's own file tree.

A class of tests/nested/ runs inside, with a daemon of its own. The host has cgroup v2 with all controllers, KVM (AMD's, emulated),
and what the class asks for: processors, memory nodes, huge pages.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import time

from harness import BIN, PATIENCE, REPOSITORY, guest_folder

NESTED = REPOSITORY / "tests/nested"
LIMIT_SECONDS = 900
# An emulator of several processors that its own host has left waiting can get stuck for good: in the kernel of the emulated host,
# whose processors then say so, or in a guest below it, which says nothing. A single test inside takes less than a minute. Such a
# host is given up and booted anew; a test that fails is not repeated.
STUCK = re.compile(r"soft lockup - CPU#\d+ stuck for (\d+)s")
STUCK_SECONDS = 120
SILENT_SECONDS = 300
BOOTS = 3


def built(program="build"):
    return pathlib.Path(subprocess.run([NESTED / program], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def processor_rate():
    """kHz. Measured by the kernel inside it would be wrong by a little, and its own guests would wait for clocks forever."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("bogomips"):
                return int(float(line.split(":")[1]) * 500)
    return 2000000


class NestedHost:
    """`test` and `run` boot it, do something inside and return (status, output, what the console said)."""

    def __init__(self, processors="2", memory="3G", options=(), cmdline="", model="max,la57=off", build="build"):
        self.processors = processors
        self.model = model
        self.build = build  # the program of tests/nested that makes the kernel
        self.memory = memory
        self.options = options
        self.cmdline = cmdline

    def arguments(self, share):
        files = built(self.build)
        append = ["console=ttyS0", "panic=1", "quiet", "mitigations=off", "nokaslr", "tsc=reliable", f"tsc_early_khz={processor_rate()}",
                  "no_timer_check", "systemd.unified_cgroup_hierarchy=1", f"visor.start={NESTED / 'start'}", self.cmdline]
        return ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", self.model, "-smp", self.processors,
                "-m", self.memory, "-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{share / 'console'}",
                "-virtfs", "local,path=/,mount_tag=tree,security_model=none,readonly=on,multidevs=remap",
                "-virtfs", f"local,path={share},mount_tag=share,security_model=none,multidevs=remap",
                "-kernel", files / "vmlinuz", "-initrd", files / "initrd.img", "-append", " ".join(append), *self.options]

    def test(self, *modules):
        return self.run(f"-m unittest -v {' '.join(modules)}", silence=SILENT_SECONDS)

    def run(self, program, limit=LIMIT_SECONDS, silence=None):
        """What Python is told to do, in tests/nested; how long it may take in all, and without a word."""
        for left in reversed(range(BOOTS)):
            status, output, console = self.run_once(program, limit, silence or limit)
            if status == "did not end" and left > 0:
                print(f"The emulated host got stuck; it is booted anew, {left} more at most.", flush=True)
                continue
            return status, output, console

    def run_once(self, program, limit, silence):
        with tempfile.TemporaryDirectory(prefix="vn") as folder:
            share = pathlib.Path(folder)
            job = [f"cd {NESTED}", f"export VISOR_BIN={BIN.resolve()} VISOR_TEST_GUEST={guest_folder()} VISOR_TEST_PATIENCE={PATIENCE * 8}",
                   f"export PYTHONPATH={REPOSITORY / 'tests/integration'}",
                   f"python3 -W ignore -B {program}"]
            (share / "job").write_text("\n".join(job) + "\n", encoding="utf-8")
            words = self.wait_for_end(share, limit, silence)
            console = (share / "console").read_text(errors="replace") + words
            status = (share / "status").read_text(encoding="utf-8").strip() if (share / "status").exists() else "did not end"
            output = (share / "output").read_text(errors="replace") if (share / "output").exists() else ""
            return status, output, console

    def wait_for_end(self, share, limit, silence):
        """What QEMU itself said, once it has ended or is given up."""
        end = time.monotonic() + limit * PATIENCE
        said_last, heard = time.monotonic(), 0
        with open(share / "qemu", "w+", encoding="utf-8", errors="replace") as said:
            with subprocess.Popen(self.arguments(share), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                                  env={**os.environ, "TMPDIR": str(share)}) as host:
                while host.poll() is None and time.monotonic() < end:
                    try:
                        host.wait(5)
                    except subprocess.TimeoutExpired:
                        words = [read(share / name) for name in ("console", "output")]
                        if len(words[1]) != heard:
                            said_last, heard = time.monotonic(), len(words[1])
                        if is_stuck(words[0]) or time.monotonic() - said_last > silence * PATIENCE:
                            break
                host.kill()
            said.seek(0)
            return said.read()


def read(path):
    return path.read_text(errors="replace") if path.exists() else ""


def is_stuck(console):
    return any(int(seconds) >= STUCK_SECONDS for seconds in STUCK.findall(console))
