"""What settings cost and bring: a change of a running machine, the controller of dynamic memory, pinning beside busy neighbours."""

import time

from harness import MIB
from measure import Row, cpu_seconds, interleaved, median, spread, timed

SPIN = bytes.fromhex("fa eb fe")  # cli; jmp to itself
# Seconds that the guest needs for it are its own: what the agent takes to answer does not count.
WORK = "read before rest </proc/uptime; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; read after rest </proc/uptime; echo $before $after"


def bench_patch(daemon, rounds):
    """Request to answer; the answer comes when QEMU or the kernel has done it."""
    daemon.create_guest("patched", cpu={"count": 1, "maximum": 2}, nics=[{"id": "nic0"}])
    [nic] = daemon.start_machine("patched", wait="ready")["spec"]["nics"]
    state = {"turn": 0}

    def change(values):
        def run():
            state["turn"] += 1
            answer = daemon.expect(200, "PATCH", "/machines/patched", {"spec": values(state["turn"] % 2)}).json
            assert answer["applied"] and not answer["pending"], answer
        return lambda: timed(run)

    works = {
        "unplug and plug the network cable": lambda odd: {"nics": [{**nic, "linkUp": not odd}]},
        "memory (balloon)": lambda odd: {"memory": {"size": (96 if odd else 112) * MIB}},
        "what a restart does": lambda odd: {"onReboot": "shutdown" if odd else "restart"},
        "pin one vCPU and QEMU": lambda odd: {"cpu": {"pinning": {"vcpus": ["0" if odd else "1"], "emulator": "1" if odd else "0"}}},
    }
    times = {}
    for name, values in works.items():
        times[name] = interleaved(rounds, run=change(values))["run"]
    return [Row(f"PATCH that applies live: {name}", spread(taken)) for name, taken in times.items()]


def busy(daemon, name):
    disk = daemon.folder / "spin.raw"
    disk.write_bytes(SPIN.ljust(510, b"\0") + b"\x55\xaa" + bytes(MIB - 512))
    daemon.create(name, cpu={"count": 1}, display={"model": "none"},
                  disks=[{"id": "spin", "file": str(disk), "format": "raw", "readOnly": True, "bootIndex": 0}])
    daemon.start_machine(name)


def bench_pinning(daemon, rounds):
    """The same work in a guest beside three machines that are always busy: all anywhere, or the guest alone on the second processor."""
    daemon.create_guest("worker", cpu={"count": 1})
    daemon.start_machine("worker", wait="ready")
    neighbours = [f"busy{number}" for number in range(3)]
    for name in neighbours:
        busy(daemon, name)

    def pin(name, processor):
        pinning = {"vcpus": [processor], "emulator": processor}
        daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": {"cpu": {"pinning": pinning}}})

    def work(own, theirs):
        def run():
            pin("worker", own)
            for name in neighbours:
                pin(name, theirs)
            code, output, _ = daemon.exec("worker", "sh", "-c", WORK, timeoutSeconds=300)
            assert code == 0
            before, after = map(float, output.split())
            return after - before
        return run

    times = interleaved(max(rounds // 4, 4), pinned=work("1", "0"), unpinned=work("", ""))
    ratio = median(times["unpinned"]) / median(times["pinned"])
    return [*(Row(f"work in a guest beside three busy machines: {name}", spread(taken)) for name, taken in times.items()),
            Row("work in a guest beside three busy machines: ratio", f"pinned is {ratio:.2f} x faster")]


def bench_controller(daemon, _rounds, count=100, seconds=60):
    """CPU of the daemon with 100 machines of Linux that it gives memory to, and with the same ones of fixed memory."""
    names = [f"dynamic{number}" for number in range(count)]
    for name in names:
        daemon.create_guest(name, memory={"size": 64 * MIB, "dynamic": {"enabled": True, "minimum": 48 * MIB, "maximum": 96 * MIB}})
        daemon.start_machine(name, wait="ready")
    rows = []
    for enabled in (True, False):
        for name in names:
            daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": {"memory": {"dynamic": {"enabled": enabled}}}})
        time.sleep(30)
        began, used = time.monotonic(), cpu_seconds(daemon.process.pid)
        time.sleep(seconds)
        percent = 100 * (cpu_seconds(daemon.process.pid) - used) / (time.monotonic() - began)
        rows.append(Row(f"CPU of the daemon, {count} machines with {'dynamic' if enabled else 'fixed'} memory", f"{percent:.2f} % of one core"))
    return rows
