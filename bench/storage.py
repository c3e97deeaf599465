"""What is done with disks: copied, converted, written as discs, kept by snapshots; against the tools that people use for it."""

import os
import pathlib
import shutil
import subprocess
import threading
import time

from harness import GIB, MIB
from measure import Row, interleaved, median, spread, timed

DATA = 512 * MIB  # of a disk of 2 GiB
SAMPLE = 0.0005  # seconds


def command(*arguments):
    subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_through(path):
    """Visor's jobs end when their file is on the disk; so must the others."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def compared(what, times):
    """Rows of each one's times, and how fast the first one is compared with each of the others."""
    ours, *theirs = times
    return [Row(f"{what}: {name}", spread(taken)) for name, taken in times.items()] + [
        Row(f"{what}: {ours} against {name}", f"{median(times[name]) / median(times[ours]):.2f} x as fast") for name in theirs]


def machine_with_data(daemon, name, file_format):
    """A machine that is off; its disk has 16 pieces of noise, with holes between them. The disk's file."""
    volume = daemon.create(name, disks=[{"id": "disk0", "size": 2 * GIB, "format": file_format}])["spec"]["disks"][0]["volume"]
    path = daemon.state / "volumes" / volume
    for piece in range(16):
        noise = daemon.folder / "noise"
        noise.write_bytes(os.urandom(DATA // 16))
        command("qemu-io", "-f", file_format, "-c", f"write -q -s {noise} {piece * 2 * GIB // 16} {DATA // 16}", str(path))
    write_through(path)
    return path


def bench_copy(daemon, rounds):
    """A full clone of a machine, from request to its disk being written through."""
    source = machine_with_data(daemon, "source", "raw")
    copy = daemon.folder / "copy.raw"

    def clone():
        taken = timed(lambda: daemon.task("POST", "/machines/source/actions/clone", {"name": "copy"}))
        daemon.delete_machine("copy")
        return taken

    def cp():
        def run():
            command("cp", "--sparse=always", "--reflink=never", str(source), str(copy))
            write_through(copy)
        taken = timed(run)
        copy.unlink()
        return taken

    return compared("full clone of 2 GiB, 512 MiB used", interleaved(max(rounds // 3, 4), visor=clone, cp=cp))


def bench_convert(daemon, rounds):
    rows = []
    for source_format, target_format in (("raw", "qcow2"), ("qcow2", "raw")):
        name = f"from-{source_format}"
        machine_with_data(daemon, name, source_format)
        path = f"/machines/{name}/disks/disk0/actions/convert"
        target = daemon.folder / "converted"

        def visor():
            taken = timed(lambda: daemon.task("POST", path, {"format": target_format}))
            daemon.task("POST", path, {"format": source_format})
            return taken

        def best():
            [volume] = (disk["volume"] for disk in daemon.machine(name)["spec"]["disks"])

            def run():
                command("qemu-img", "convert", "-m", "16", "-W", "-f", source_format, "-O", target_format,
                        str(daemon.state / "volumes" / volume), str(target))
                write_through(target)
            taken = timed(run)
            target.unlink()
            return taken

        times = interleaved(max(rounds // 3, 4), **{"visor": visor, "qemu-img -m 16 -W": best})
        rows += compared(f"{source_format} to {target_format}, 512 MiB", times)
    return rows


def folder_of_files(folder):
    for number in range(5000):
        place = folder / f"part{number // 100}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file {number}.txt").write_bytes(os.urandom(8192))
    (folder / "large.bin").write_bytes(os.urandom(256 * MIB))


def bench_disc(daemon, rounds):
    folder, disc = daemon.folder / "files", daemon.folder / "disc.iso"
    folder_of_files(folder)

    def visor():
        taken = timed(lambda: daemon.task("POST", "/isos", {"folder": str(folder), "name": "disc"}))
        daemon.expect(204, "DELETE", "/isos/disc")
        return taken

    def tool(*arguments):
        def run():
            command(*arguments, "-quiet", "-J", "-joliet-long", "-R", "-V", "FILES", "-o", str(disc), str(folder))
            write_through(disc)

        def once():
            taken = timed(run)
            disc.unlink()
            return taken
        return once

    tools = {"genisoimage": ("genisoimage",), "xorriso": ("xorriso", "-as", "mkisofs")}
    there = {name: tool(*arguments) for name, arguments in tools.items() if shutil.which(name)}
    missing = [Row(f"disc of 5001 files: {name}", "not measured: it is not installed (tools/install-dependencies --bench)")
               for name in tools.keys() - there.keys()]
    return compared("disc of 5001 files, 296 MiB", interleaved(max(rounds // 3, 4), visor=visor, **there)) + missing


def processor_thread(process):
    """The thread of the guest's only processor: with the emulator, the one that works."""
    tasks = pathlib.Path(f"/proc/{process}/task")
    return max(tasks.iterdir(), key=lambda task: int((task / "schedstat").read_text().split()[0]))


class Stillness:
    """Watches from outside for how long the guest's processor does not run; its guest must never rest. (A guest's own clock stands
    still with it.)"""

    def __init__(self, process):
        self.path = processor_thread(process) / "schedstat"

    def longest(self, work):
        """Seconds of the longest time without a step of the processor while `work` runs."""
        ends = threading.Event()
        gaps = []

        def watch():
            with self.path.open("rb", buffering=0) as file:
                ran, since, longest = b"", time.perf_counter(), 0.0
                while not ends.is_set():
                    file.seek(0)
                    now, at = file.read().split()[0], time.perf_counter()
                    if now != ran:
                        longest = max(longest, at - since)
                        ran, since = now, at
                    time.sleep(SAMPLE)
                gaps.append(longest)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            work()
        finally:
            ends.set()
            watcher.join()
        return gaps[0]


def bench_snapshot(daemon, rounds):
    """How long a guest that computes and writes all the time stands still while its disk is snapshotted."""
    daemon.create_guest("kept", cpu={"count": 1}, disks=[{"id": "disk0", "size": GIB}])
    process = daemon.start_machine("kept", wait="ready")["state"]["processId"]
    daemon.exec("kept", "/bin/sh", "-c", "(while :; do dd if=/dev/zero of=/dev/vda bs=64k count=256 conv=notrunc,fsync; done) "
                                         ">/dev/null 2>&1 & (while :; do :; done) >/dev/null 2>&1 &")
    time.sleep(2)
    stillness = Stillness(process)
    taken, state = [], {"number": 0}

    def snapshot():
        state["number"] += 1
        taken.append(timed(lambda: daemon.task("POST", "/machines/kept/snapshots", {"name": f"s{state['number']}"})))

    works = {"snapshot": lambda: stillness.longest(snapshot), "nothing": lambda: stillness.longest(lambda: time.sleep(median(taken)))}
    times = interleaved(rounds, **works)
    return [Row("live snapshot, disk only: request to end", spread(taken)),
            Row("live snapshot, disk only: the guest stands still", spread(times["snapshot"]), "<= 100 ms", median(times["snapshot"]) <= 0.1),
            Row("live snapshot, disk only: at worst", f"{max(times['snapshot']) * 1e3:.1f} ms"),
            Row("as long without a snapshot: the guest stands still", spread(times["nothing"]))]
