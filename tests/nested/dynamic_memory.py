"""Three guests whose need for memory moves for ten minutes on a host that cannot hold the peaks of all.

Not a test by name: docs/dynamic-memory.svg is drawn from it by bench/dynamic_memory. Prints one line of JSON per reading.
"""

import json
import math
import sys
import time

from harness import MIB, Daemon

PIECE = 16
SECONDS = int(sys.argv[1])
GUESTS = ("one", "two", "three")
PERIOD_SECONDS = 300
# The guest makes and removes files in memory, in its own time, until it holds as many pieces as the file /run/wanted says.
FOLLOW = """cd /run/held || exit 1
while sleep 1; do
have=$(ls | wc -l); wanted=$(cat /run/wanted)
if [ $have -lt $wanted ]; then dd if=/dev/zero of=$have bs=1M count=16 2>/dev/null; fi
if [ $have -gt $wanted ]; then rm $((have-1)); fi
done"""


def host_memory():
    with open("/proc/meminfo", encoding="utf-8") as lines:
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    with open("/proc/pressure/memory", encoding="utf-8") as lines:
        pressure = float(lines.readline().split("avg10=")[1].split()[0])
    return {"available": values["MemAvailable"], "total": values["MemTotal"], "pressure": pressure}


def wanted(guest, seconds):
    """MiB that a guest should hold then: waves that are a sixth apart, so that all three are high together for a while."""
    phase = 2 * math.pi * (seconds / PERIOD_SECONDS + GUESTS.index(guest) / 6 - 0.4)
    return 330 + 270 * math.sin(phase)


def start(daemon):
    for guest in GUESTS:
        daemon.create_guest(guest, memory={"size": 512 * MIB, "dynamic": {"enabled": True, "minimum": 256 * MIB, "maximum": 1024 * MIB}})
        daemon.start_machine(guest, wait="ready")
        daemon.exec(guest, "mkdir", "/run/held")
        code, _, error = daemon.exec(guest, "mount", "-t", "tmpfs", "-o", "size=900m", "held", "/run/held")
        assert code == 0, error
        daemon.exec(guest, "sh", "-c", f"echo 0 > /run/wanted; ({FOLLOW}) >/dev/null 2>&1 &")


def main():
    daemon = Daemon().start()
    start(daemon)
    processes = {guest: daemon.machine(guest)["state"]["processId"] for guest in GUESTS}
    began = time.monotonic()
    while (now := time.monotonic() - began) < SECONDS:
        reading = {"second": round(now, 1), "host": host_memory(), "guests": {}}
        for guest in GUESTS:
            pieces = round(wanted(guest, now) / PIECE)
            code, output, error = daemon.exec(guest, "sh", "-c", f"echo {pieces} > /run/wanted; ls /run/held | wc -l")
            assert code == 0, error
            report = daemon.expect(200, "GET", f"/machines/{guest}/memory").json
            reading["guests"][guest] = {"held": int(output) * PIECE * MIB, "used": report["used"], "assigned": report["assigned"],
                                        "changes": len(report["changes"])}
        print(json.dumps(reading), flush=True)
        time.sleep(max(0, 2 - (time.monotonic() - began - now)))
    for guest in GUESTS:
        machine = daemon.machine(guest)["state"]
        assert machine["status"] == "running" and machine["processId"] == processes[guest], machine
        code, output, _ = daemon.exec(guest, "dmesg")
        print(json.dumps({"guest": guest, "killed": output.decode(errors="replace").count("Out of memory: Killed")}), flush=True)
    daemon.close()


if __name__ == "__main__":
    sys.exit(main())
