"""Settings of processors, memory and behaviour, in a real guest and on the host: before the start and while it runs."""

import contextlib
import csv
import http.client
import io
import json
import os
import pathlib
import signal
import threading
import time
import unittest

from harness import MIB, TestCase, wait_for


def threads(pid):
    """{name: [processors it may run on]} of a QEMU process."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found[(task / "comm").read_text(encoding="utf-8").strip()] = sorted(os.sched_getaffinity(int(task.name)))
    return found


class Settings(TestCase):
    def patch(self, name, spec, **options):
        return self.daemon.expect(200, "PATCH", f"/machines/{name}", {"spec": spec}, **options).json

    def read(self, name, path):
        code, output, _ = self.daemon.exec(name, "cat", path)
        return output.decode().strip() if code == 0 else ""

    def shell(self, name, command):
        code, output, error = self.daemon.exec(name, "sh", "-c", command)
        self.assertEqual(code, 0, error)
        return output.decode()

    def fields(self, changes):
        return [change["field"] for change in changes]

    def test_processors_are_added_while_the_guest_runs_and_it_uses_them(self):
        self.daemon.create_guest("grows", cpu={"count": 1, "maximum": 3})
        self.daemon.start_machine("grows", wait="ready")
        answer = self.patch("grows", {"cpu": {"count": 3}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.cpu.count"])
        self.assertEqual(answer["machine"]["pending"], [])
        # Nobody in the guest switches them on: the agent is asked to.
        wait_for(lambda: self.read("grows", "/sys/devices/system/cpu/online") == "0-2", "the guest to use three processors", 60)
        answer = self.patch("grows", {"cpu": {"count": 4, "maximum": 4}})
        self.assertEqual(self.fields(answer["pending"]), ["spec.cpu.count", "spec.cpu.maximum"])
        self.assertIn("cpu.maximum", answer["pending"][0]["reason"])
        self.patch("grows", {"cpu": {"count": 3, "maximum": 3}})
        # QEMU 7.2 corrupts its memory when emulated processors are taken away and come back: it is not asked to.
        answer = self.patch("grows", {"cpu": {"count": 2}})
        self.assertEqual(self.fields(answer["pending"]), ["spec.cpu.count"])
        self.assertIn("KVM", answer["pending"][0]["reason"])

    def as_if_with_kvm(self, name):
        """One removal does no harm under emulation either; this shows what happens with KVM, which does not work here."""
        self.daemon.kill()
        identity = self.daemon_record(name)
        record = json.loads(identity.read_text(encoding="utf-8"))
        record["accelerator"] = "kvm"
        identity.write_text(json.dumps(record), encoding="utf-8")
        self.daemon.start()

    def daemon_record(self, name):
        return next(path for path in self.daemon.runtime.rglob("process.json")
                    if json.loads(path.read_text(encoding="utf-8"))["machineName"] == name)

    def test_processors_are_taken_away_while_the_guest_runs(self):
        self.daemon.create_guest("gives", cpu={"count": 2, "maximum": 2})
        self.daemon.start_machine("gives", wait="ready")
        self.as_if_with_kvm("gives")
        answer = self.patch("gives", {"cpu": {"count": 1}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.cpu.count"])
        self.assertEqual(self.read("gives", "/sys/devices/system/cpu/present"), "0")
        self.assertEqual(self.daemon.machine("gives")["pending"], [])
        self.daemon.restart()
        self.assertEqual(self.daemon.machine("gives")["pending"], [])
        self.assertEqual(self.daemon.machine("gives")["state"]["status"], "running")

    def test_guest_that_does_not_give_a_processor_back_keeps_it_and_the_change_is_refused(self):
        self.daemon.create("clings", cpu={"count": 2, "maximum": 2})
        self.daemon.start_machine("clings")
        self.as_if_with_kvm("clings")
        answer = self.daemon.request("PATCH", "/machines/clings", {"spec": {"cpu": {"count": 1}}})
        self.assert_problem(answer, 409, "machine.guest_kept_processors")
        machine = self.daemon.machine("clings")
        self.assertEqual(machine["spec"]["cpu"]["count"], 2)
        self.assertEqual(machine["pending"], [])

    def test_added_processors_survive_save_and_restore(self):
        self.daemon.create_guest("sleeper", cpu={"count": 1, "maximum": 2})
        self.daemon.start_machine("sleeper", wait="ready")
        self.patch("sleeper", {"cpu": {"count": 2}})
        wait_for(lambda: self.read("sleeper", "/sys/devices/system/cpu/online") == "0-1", "two processors", 60)
        self.daemon.action("sleeper", "save")
        self.daemon.start_machine("sleeper", wait="ready")
        self.assertEqual(self.read("sleeper", "/sys/devices/system/cpu/online"), "0-1")

    def test_memory_comes_down_live_and_more_waits_for_the_next_start(self):
        self.daemon.create_guest("shrinks")
        self.daemon.start_machine("shrinks", wait="ready")

        def free():
            return int(self.shell("shrinks", "grep MemAvailable /proc/meminfo").split()[1]) * 1024

        before = free()
        answer = self.patch("shrinks", {"memory": {"size": 192 * MIB}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.memory.size"])
        wait_for(lambda: free() <= before - 50 * MIB, "the guest to give memory back", 60)
        self.assertEqual(self.daemon.machine("shrinks")["pending"], [])
        self.patch("shrinks", {"memory": {"size": 256 * MIB}})
        wait_for(lambda: free() >= before - 10 * MIB, "the guest to have it again", 60)
        answer = self.patch("shrinks", {"memory": {"size": 512 * MIB}})
        self.assertEqual(self.fields(answer["pending"]), ["spec.memory.size"])
        # A saved state has all the memory that it was started with.
        self.patch("shrinks", {"memory": {"size": 192 * MIB}})
        wait_for(lambda: free() <= before - 50 * MIB, "the guest to give memory back", 60)
        self.daemon.action("shrinks", "save")
        self.daemon.start_machine("shrinks", wait="ready")
        wait_for(lambda: free() <= before - 50 * MIB, "the restored guest to stay small", 60)
        self.assertEqual(self.daemon.machine("shrinks")["pending"], [])

    def test_live_changes_of_two_clients_at_once_end_in_what_one_of_them_wanted(self):
        self.daemon.create_guest("contested", nics=[{"id": "nic0"}])
        self.daemon.start_machine("contested", wait="ready")
        [nic] = self.daemon.machine("contested")["spec"]["nics"]
        statuses = []

        def client(sizes, link):
            for size in sizes:
                spec = {"memory": {"size": size * MIB}, "nics": [{**nic, "linkUp": link}]}
                statuses.append(self.daemon.request("PATCH", "/machines/contested", {"spec": spec}).status)

        clients = [threading.Thread(target=client, args=wishes) for wishes in (((128, 160, 192, 224), True), ((144, 176, 208, 240), False))]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        self.assertEqual(statuses, [200] * 8)
        machine = self.daemon.machine("contested")
        self.assertEqual(machine["pending"], [])
        wanted = machine["spec"]
        self.assertIn((wanted["memory"]["size"] // MIB, wanted["nics"][0]["linkUp"]), {(224, True), (240, False)})
        self.assertEqual(self.daemon.get("/machines/contested/memory").json["assigned"], wanted["memory"]["size"])
        carrier = self.shell("contested", "cat /sys/class/net/eth0/carrier 2>/dev/null || echo 0")
        self.assertEqual(carrier.strip() == "1", wanted["nics"][0]["linkUp"])

    def test_machine_version_stays_until_the_user_wants_the_newest(self):
        self.daemon.create_guest("dated", machineVersion="pc-q35-7.1")
        self.daemon.start_machine("dated")
        answer = self.patch("dated", {"machineVersion": "newest"})
        self.assertEqual(self.fields(answer["pending"]), ["spec.machineVersion"])
        self.daemon.kill()
        self.daemon.start()
        [change] = self.daemon.machine("dated")["pending"]
        self.assertEqual((change["running"], change["next"]), ("pc-q35-7.1", "newest"))
        self.daemon.action("dated", "stop", {"force": True})
        self.daemon.start_machine("dated")
        machine = self.daemon.machine("dated")
        self.assertRegex(machine["spec"]["machineVersion"], r"^pc-q35-\d")
        self.assertNotEqual(machine["spec"]["machineVersion"], "pc-q35-7.1")
        self.assertEqual(machine["pending"], [])
        self.assertIn(machine["spec"]["machineVersion"], " ".join(self.daemon.get("/machines/dated/command").json["running"]))
        answer = self.daemon.request("PATCH", "/machines/dated", {"spec": {"machineVersion": "pc-q35-99.0"}})
        self.assert_problem(answer, 422, mentions=["machineVersion"])

    def memory_of_guest(self, name):
        return int(self.shell(name, "grep MemTotal /proc/meminfo").split()[1]) * 1024

    def test_memory_is_added_to_a_running_guest_and_given_back(self):
        self.daemon.create_guest("more", memory={"maximum": 640 * MIB})
        self.daemon.start_machine("more", wait="ready")
        before = self.memory_of_guest("more")
        answer = self.patch("more", {"memory": {"size": 512 * MIB}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.memory.size"])
        wait_for(lambda: self.memory_of_guest("more") >= before + 250 * MIB, "the guest to use what was added", 60)
        self.assertEqual(self.daemon.get("/machines/more/memory").json["assigned"], 512 * MIB)
        answer = self.patch("more", {"memory": {"size": 1024 * MIB, "maximum": 2048 * MIB}})
        self.assertEqual(self.fields(answer["pending"]), ["spec.memory.size", "spec.memory.maximum"])
        [reason] = [change["reason"] for change in self.daemon.machine("more")["pending"] if change["field"] == "memory.size"]
        self.assertIn("640 MiB", reason)
        self.patch("more", {"memory": {"size": 512 * MIB, "maximum": 640 * MIB}})
        self.daemon.kill()
        self.daemon.start()
        self.daemon.action("more", "save")
        self.daemon.start_machine("more", wait="ready")
        self.assertGreaterEqual(self.memory_of_guest("more"), before + 250 * MIB)
        self.assertEqual(self.daemon.machine("more")["pending"], [])
        self.patch("more", {"memory": {"size": 192 * MIB}})
        # A few pages of it cannot be moved; the balloon takes as much elsewhere.
        self.assertLessEqual(self.memory_of_guest("more"), before + 26 * MIB)
        self.assertEqual(self.daemon.get("/machines/more/memory").json["assigned"], 192 * MIB)

    def test_memory_that_the_guest_does_not_take_is_refused_and_nothing_changes(self):
        self.daemon.create("empty", memory={"size": 64 * MIB, "maximum": 128 * MIB})
        self.daemon.start_machine("empty")
        answer = self.daemon.request("PATCH", "/machines/empty", {"spec": {"memory": {"size": 128 * MIB}}})
        self.assert_problem(answer, 409, "machine.guest_kept_memory")
        machine = self.daemon.machine("empty")
        self.assertEqual(machine["spec"]["memory"]["size"], 64 * MIB)
        self.assertEqual(machine["pending"], [])
        answer = self.daemon.request("PATCH", "/machines/empty", {"spec": {"memory": {
            "maximum": 127 * MIB, "nodes": 2, "locked": True, "pageSize": "2MiB", "dynamic": {"enabled": True}}}})
        self.assert_problem(answer, 422, mentions=["memory.maximum", "memory.pageSize", "memory.locked"])

    def test_guest_sees_the_processor_that_was_asked_for(self):
        self.daemon.create_guest("shaped", cpu={
            "count": 4, "topology": {"sockets": 2, "threads": 2}, "features": ["-avx2", "-sse4.2"], "hideHypervisor": True,
            "brand": "Visor Test (R) = @ 3 GHz"})
        self.daemon.start_machine("shaped", wait="ready")
        info = self.read("shaped", "/proc/cpuinfo")
        self.assertIn("Visor Test (R) = @ 3 GHz", info)
        flags = next(line for line in info.splitlines() if line.startswith("flags")).split()
        self.assertIn("sse4_1", flags)
        for gone in ("avx2", "sse4_2", "hypervisor"):
            self.assertNotIn(gone, flags)
        self.assertIn("40 bits physical", info)
        topology = "/sys/devices/system/cpu/cpu{}/topology/"
        self.assertEqual([self.read("shaped", topology.format(cpu) + "physical_package_id") for cpu in range(4)], ["0", "0", "1", "1"])
        self.assertEqual(self.read("shaped", topology.format(0) + "thread_siblings_list"), "0-1")

    def test_disk_threads_have_processors_of_their_own(self):
        here = sorted(os.sched_getaffinity(0))
        if len(here) < 2:
            self.skipTest("one processor: nothing can be pinned elsewhere")
        first, second = here[:2]
        volumes = [{"id": name, "size": 64 * MIB} for name in ("one", "two", "three")]
        self.daemon.create_guest("busy", disks=volumes, cpu={"ioThreads": 2, "pinning": {"io": str(second), "emulator": str(first)}})
        pid = self.daemon.start_machine("busy", wait="ready")["state"]["processId"]

        def where():
            return {name: cpus for name, cpus in threads(pid).items() if name.startswith("IO disks") or name == "qemu-system-x86"}

        self.assertEqual(where(), {"IO disks0": [second], "IO disks1": [second], "qemu-system-x86": [first]})
        # They really work: what the guest writes is there.
        code, output, _ = self.daemon.exec("busy", "/bin/sh", "-c", "for d in a b c; do echo on $d > /dev/vd$d; sync; head -c 4 /dev/vd$d; done")
        self.assertEqual((code, output), (0, b"on aon bon c"))
        answer = self.patch("busy", {"cpu": {"pinning": {"io": ""}, "ioThreads": 1}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.cpu.pinning.io"])
        self.assertEqual(self.fields(answer["pending"]), ["spec.cpu.ioThreads"])
        self.assertEqual(where(), {"IO disks0": [first], "IO disks1": [first], "qemu-system-x86": [first]})

    def test_threads_are_pinned_at_the_start_live_and_by_a_new_daemon(self):
        here = sorted(os.sched_getaffinity(0))
        if len(here) < 2:
            self.skipTest("one processor: nothing can be pinned elsewhere")
        first, second = here[:2]
        self.daemon.create("pinned", cpu={"count": 2, "pinning": {"vcpus": [str(first), str(second)], "emulator": str(second)}})
        pid = self.daemon.start_machine("pinned")["state"]["processId"]

        def where():
            found = threads(pid)
            return [next(cpus for name, cpus in found.items() if name.startswith(f"CPU {number}/")) for number in (0, 1)]

        self.assertEqual(where(), [[first], [second]])
        self.assertEqual(threads(pid)["qemu-system-x86"], [second])
        answer = self.patch("pinned", {"cpu": {"pinning": {"vcpus": [str(second), str(first)]}}})
        self.assertEqual((self.fields(answer["applied"]), answer["pending"]), (["spec.cpu.pinning.vcpus"], []))
        self.assertEqual(where(), [[second], [first]])
        answer = self.patch("pinned", {"cpu": {"pinning": {"vcpus": [f"{first},{second}"]}}})
        self.assertEqual(self.fields(answer["applied"]), ["spec.cpu.pinning.vcpus"])
        self.assertEqual(where(), [[first, second], here])
        self.daemon.kill()
        os.sched_setaffinity(next(int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                                  if (task / "comm").read_text(encoding="utf-8").startswith("CPU 0/")), [second])
        self.daemon.start()
        wait_for(lambda: where() == [[first, second], here], "the new daemon to put the thread back", 20)
        steps = self.daemon.get("/machines/pinned/command").json["steps"]
        self.assertIn(("virtual processor 0", f"{first},{second}"), [(step["target"], step["value"]) for step in steps])

    def test_proposal_says_why_and_can_be_applied(self):
        self.daemon.create("placed", cpu={"count": 1})
        self.daemon.start_machine("placed")
        for goal in ("fastest", "balanced", "quiet"):
            proposal = self.daemon.expect(200, "GET", f"/machines/placed/pinning?goal={goal}").json
            self.assertTrue(proposal["reasons"] + proposal["warnings"])
            self.assertIn(int(proposal["pinning"]["vcpus"][0]), os.sched_getaffinity(0))
        self.assert_problem(self.daemon.get("/machines/placed/pinning?goal=cheapest"), 422)
        shown = self.daemon.visor("pin", "placed")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(self.daemon.machine("placed")["spec"]["cpu"]["pinning"]["vcpus"], [])
        self.assertEqual(self.daemon.visor("pin", "placed", "--apply").returncode, 0)
        chosen = self.daemon.machine("placed")["spec"]["cpu"]["pinning"]["vcpus"]
        self.assertEqual(len(chosen), 1)
        # What one machine has taken, the next one is not sent to while there is something else.
        self.daemon.create("next", cpu={"count": 1})
        there = self.daemon.expect(200, "GET", "/machines/next/pinning?goal=fastest").json
        if len(os.sched_getaffinity(0)) > 1:
            self.assertNotEqual(there["pinning"]["vcpus"], chosen, there)
        self.assertEqual(self.daemon.visor("pin", "placed", "--clear").returncode, 0)
        self.assertEqual(self.daemon.machine("placed")["spec"]["cpu"]["pinning"]["vcpus"], [])

    def test_picture_of_the_host_tells_whose_each_processor_is(self):
        here = sorted(os.sched_getaffinity(0))
        first, last = here[0], here[-1]

        def owners():
            return {one["machine"]: one for one in self.daemon.expect(200, "GET", "/host/topology").json["owners"]}

        self.daemon.create("unbound", cpu={"count": 1})
        self.daemon.create("runs", cpu={"count": 2, "pinning": {"vcpus": ["", str(last)], "emulator": str(first)}})
        self.daemon.create("rests", cpu={"count": 1, "pinning": {"vcpus": [f"{first}-{last}"]}})
        self.daemon.start_machine("runs")
        found = owners()
        self.assertNotIn("unbound", found)
        self.assertEqual((found["runs"]["running"], found["runs"]["processors"]), (True, sorted({first, last})))
        self.assertEqual(found["runs"]["pinning"], {"vcpus": ["", str(last)], "emulator": str(first), "exclusive": False, "io": ""})
        self.assertEqual((found["rests"]["running"], found["rests"]["processors"]), (False, list(range(first, last + 1))))
        self.assertEqual([one for one in found if one in ("rests", "runs")], ["rests", "runs"], "by name")
        picture = self.daemon.visor("host", "topology")
        self.assertEqual(picture.returncode, 0, picture.stderr)
        self.assertIn(f"runs: vCPU 1 on {last}, QEMU on {first}\n", picture.stdout)
        self.assertIn(f"rests: vCPU 0 on {first}-{last}, not running\n", picture.stdout)
        rows = list(csv.DictReader(io.StringIO(self.daemon.visor("host", "topology", "-f", "csv").stdout)))
        self.assertIn("runs", next(row for row in rows if row["processor"] == str(last))["owners"].split())
        self.patch("runs", {"cpu": {"pinning": {"vcpus": [], "emulator": ""}}})
        self.assertNotIn("runs", owners())

    def test_what_the_daemon_does_itself_can_be_set_while_qemu_hangs(self):
        self.daemon.create("hangs", cpu={"count": 1, "pinning": {"vcpus": [str(min(os.sched_getaffinity(0)))]}})
        pid = self.daemon.start_machine("hangs")["state"]["processId"]
        os.kill(pid, signal.SIGSTOP)
        try:
            answer = self.patch("hangs", {"protection": {"delete": True}, "autostart": {"enabled": True}, "boot": {"menu": True}})
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.fields(answer["pending"]), ["spec.boot.menu"])
        self.assertEqual(sorted(self.fields(answer["applied"])), ["spec.autostart.enabled", "spec.protection.delete"])
        self.patch("hangs", {"protection": {"delete": False}})

    def test_processors_that_the_host_does_not_have_are_refused_by_name(self):
        self.daemon.create("astray")
        answer = self.daemon.request("PATCH", "/machines/astray", {"spec": {"cpu": {"pinning": {"vcpus": ["4000"]}, "features": ["+nonsense"]}}})
        self.assert_problem(answer, 422, mentions=["4000", "nonsense"])
        self.assertEqual(sorted(field["field"] for field in answer.json["fields"]), ["spec.cpu.features[0]", "spec.cpu.pinning.vcpus[0]"])

    def test_restart_of_the_guest_can_mean_off_and_back_while_it_runs(self):
        self.daemon.create_guest("ends")
        self.daemon.start_machine("ends", wait="ready")
        self.assertEqual(self.fields(self.patch("ends", {"onReboot": "shutdown"})["applied"]), ["spec.onReboot"])
        self.daemon.post("/machines/ends/exec", {"command": ["sh", "-c", "(sleep 1; reboot -f) >/dev/null 2>&1 &"]})
        wait_for(lambda: self.daemon.status("ends") == "stopped", "the machine to be off", 60)

    def test_machine_that_crashes_is_started_again_when_that_is_wished(self):
        self.daemon.create("phoenix", onCrash="restart")
        pid = self.daemon.start_machine("phoenix")["state"]["processId"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.daemon.machine("phoenix")["state"].get("processId") not in (None, pid), "the machine to be back", 60)
        self.daemon.create("mortal")
        pid = self.daemon.start_machine("mortal")["state"]["processId"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.daemon.status("mortal") == "crashed", "the crash to be seen", 20)

    def test_machines_start_with_their_host_in_order_and_only_then(self):
        own = self.own_daemon()
        for name, order in (("second", 2), ("first", 1)):
            own.create(name, autostart={"enabled": True, "order": order})
        own.create("other")
        own.restart()
        self.assertEqual([own.status(name) for name in ("first", "second", "other")], ["stopped"] * 3)
        # What a boot of the host leaves of the runtime directory: nothing.
        own.stop()
        (own.runtime / "autostarted").unlink()
        own.start()
        wait_for(lambda: own.status("first") == "running" and own.status("second") == "running", "both to run", 60)
        self.assertEqual(own.status("other"), "stopped")
        started = [own.machine(name)["state"]["startedAt"] for name in ("first", "second")]
        self.assertEqual(started, sorted(started))

    def test_unavailable_settings_say_why_and_cannot_be_set(self):
        self.daemon.create("plain")
        reasons = {one["key"]: one["unavailable"] for one in self.daemon.get("/machines/plain/settings").json["settings"]}
        self.assertIn("KVM", reasons["cpu.pmu"])
        self.assertEqual(reasons["cpu.count"], "")
        # Neither this host's kernel nor Debian's can do it.
        answer = self.daemon.request("PATCH", "/machines/plain", {"spec": {"cpu": {"scheduling": "core", "frequency": "high"}}})
        self.assert_problem(answer, 422, mentions=["cpu.scheduling", "cpu.frequency"])
        answer = self.daemon.request("PATCH", "/machines/plain", {"spec": {"cpu": {"pmu": "on", "apic": "x2apic"}}})
        self.assert_problem(answer, 422, mentions=["cpu.pmu", "cpu.apic"])
        # Processors that others use, too, are not one machine's to slow down.
        answer = self.daemon.request("PATCH", "/machines/plain", {"spec": {"cpu": {"energy": "power"}}})
        self.assert_problem(answer, 422, mentions=["cpu.energy", "cpu.pinning.exclusive"])
        self.assertTrue(reasons["cpu.energy"])
        if not pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/energy_performance_preference").exists():
            self.assertIn("energy_performance_preference", reasons["cpu.energy"])
        shown = self.daemon.visor("config", "list", "plain").stdout
        self.assertIn("cpu.maximum", shown)
        self.assertIn("KVM", shown)

    def test_encryption_that_this_host_lacks_is_refused_with_its_reason_and_nothing_of_it_is_kept(self):
        self.daemon.create("sealed", firmware="uefi")
        rows = {one["key"]: one for one in self.daemon.get("/machines/sealed/settings").json["settings"]}
        self.assertEqual(rows["memory.encryption"]["unavailable"], "")
        reasons = {one["value"]: one["reason"] for one in rows["memory.encryption"]["unavailableValues"]}
        lacking = self.encryption_words()
        self.assertTrue(lacking, "a host that has all of it needs another test")
        before = self.daemon.machine("sealed")
        for value, word in lacking.items():
            self.assertIn(word, reasons[value])
            wanted = {"spec": {"memory": {"encryption": value, "size": 256 * MIB}}}
            answer = self.daemon.request("PATCH", "/machines/sealed", wanted)
            self.assert_problem(answer, 422, mentions=["memory.encryption", word])
            refused = self.daemon.visor("set", "sealed", f"memory.encryption={value}")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(word, refused.stderr.replace("\n", " "))
        self.assertEqual(self.daemon.machine("sealed"), before)
        answer = self.daemon.request("PATCH", "/machines/sealed", {"spec": {"memory": {"encryption": "rot13"}}})
        self.assert_problem(answer, 422, mentions=["memory.encryption", "sev-snp"])
        self.daemon.start_machine("sealed")

    def encryption_words(self):
        """What has to be in the reason of each value that this host lacks."""
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
        flags = cpuinfo.partition("flags")[2].partition("\n")[0].split()
        words = {}
        for value, flag in (("sev", "sev"), ("sev-es", "sev_es"), ("sev-snp", "sev_snp")):
            if "AuthenticAMD" not in cpuinfo:
                words[value] = "AuthenticAMD"
            elif flag not in flags:
                words[value] = f"no {flag}"
        if "GenuineIntel" not in cpuinfo:
            words["tdx"] = "GenuineIntel"
        return words

    def test_explain_traces_every_argument_and_tells_what_waits(self):
        self.daemon.create("clear", cpu={"count": 1, "brand": "Z80"})
        line = self.daemon.get("/machines/clear/command").json
        for argument in line["arguments"]:
            self.assertTrue(argument["setting"] and argument["why"], argument)
        self.assertIsNone(line["running"])
        about = self.daemon.visor("explain", "clear", "cpu.brand").stdout
        self.assertIn("-cpu", about)
        self.assertNotIn("-smp", about)
        self.assertEqual(self.daemon.visor("explain", "clear", "--diff").returncode, 5)
        self.daemon.start_machine("clear")
        self.assertIn("same command line", self.daemon.visor("explain", "clear", "--diff").stdout)
        self.daemon.visor("set", "clear", "cpu.brand=6502")
        shown = self.daemon.visor("explain", "clear", "--diff").stdout
        self.assertRegex(shown, r"- -cpu .*model-id=Z80")
        self.assertRegex(shown, r"\+ -cpu .*model-id=6502")
        self.assertEqual(len(shown.strip().splitlines()), 2, shown)

    def test_killed_daemon_leaves_no_setting_half_applied(self):
        self.daemon.create_guest("torn", cpu={"count": 1, "maximum": 8})
        self.daemon.start_machine("torn", wait="ready")
        for turn in range(6):
            client = threading.Thread(target=self.patch_until_killed, args=("torn", turn + 2))
            client.start()
            time.sleep(turn * 0.03)  # another moment of the change each time
            self.daemon.kill()
            client.join()
            self.daemon.start()
            count = self.daemon.machine("torn")["spec"]["cpu"]["count"]
            present = "0" if count == 1 else f"0-{count - 1}"
            wait_for(lambda here=present: self.read("torn", "/sys/devices/system/cpu/present") == here, f"{count} processors", 60)
            wait_for(lambda: self.daemon.machine("torn")["pending"] == [], "nothing to wait", 20)

    def patch_until_killed(self, name, count):
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.daemon.request("PATCH", f"/machines/{name}", {"spec": {"cpu": {"count": count}}})


if __name__ == "__main__":
    unittest.main()
