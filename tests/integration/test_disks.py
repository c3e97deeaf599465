"""Disks that come and go, grow and are limited; discs in drives: with a real guest that writes to them."""

import hashlib
import json
import os
import pathlib
import socket
import stat
import threading
import time
import unittest

from harness import MIB, TestCase, wait_for

PATTERN = "yes 'a known pattern' | head -c 4194304"
DIGEST = hashlib.sha256((b"a known pattern\n" * 262144)[:4194304]).hexdigest()


class Disks(TestCase):
    def shell(self, name, command):
        code, output, error = self.daemon.exec(name, "sh", "-c", command)
        self.assertEqual(code, 0, error)
        return output.decode().strip()

    def disks(self, name):
        return self.daemon.get(f"/machines/{name}/disks").json["disks"]

    def add(self, name, **disk):
        self.daemon.task("POST", f"/machines/{name}/disks", disk)
        return self.disks(name)[-1]

    def remove(self, name, disk):
        return self.daemon.task("DELETE", f"/machines/{name}/disks/{disk}")

    def act(self, name, disk, action, **body):
        return self.daemon.task("POST", f"/machines/{name}/disks/{disk}/actions/{action}", body)

    def write_pattern(self, name, device):
        self.shell(name, f"{PATTERN} > /dev/{device} && sync")

    def assert_pattern(self, name, device):
        self.assertEqual(self.shell(name, f"head -c 4194304 /dev/{device} | sha256sum").split()[0], DIGEST)

    def wait_for_device(self, name, device, there=True):
        wait_for(lambda: (self.daemon.exec(name, "sh", "-c", f"test -b /dev/{device}")[0] == 0) == there,
                 f"{device} to {'come' if there else 'go'}", 60)

    def open_volumes(self, pid):
        return {os.path.basename(os.readlink(entry)) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()
                if os.path.dirname(os.readlink(entry)) == str(self.volumes)}

    @property
    def volumes(self):
        return self.daemon.state / "volumes"

    def volume_files(self, name):
        identifier = self.daemon.machine(name)["id"]
        return {path.name for path in self.volumes.iterdir() if path.name.startswith(identifier)}

    def ready_guest(self, name, **spec):
        self.daemon.create_guest(name, **spec)
        return self.daemon.start_machine(name, wait="ready")["state"]["processId"]

    def monitor(self, name, command):
        """The answer of QEMU itself, by the socket that is there for people."""
        record = next(path for path in self.daemon.runtime.rglob("process.json")
                      if json.loads(path.read_text(encoding="utf-8"))["machineName"] == name)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(f"/proc/self/fd/{os.open(record.parent, os.O_PATH)}/qmp-user.sock")
            with line.makefile("rw", encoding="utf-8") as stream:
                stream.readline()
                for one in ("qmp_capabilities", command):
                    stream.write(json.dumps({"execute": one}) + "\n")
                    stream.flush()
                    answer = json.loads(stream.readline())
                    while "event" in answer:
                        answer = json.loads(stream.readline())
                return answer["return"]

    def test_a_disk_added_to_a_running_guest_keeps_what_is_written_over_stop_and_start(self):
        pid = self.ready_guest("grows")
        disk = self.add("grows", size=64 * MIB)
        self.assertEqual((disk["id"], disk["slot"], disk["size"]), ("disk0", 1, 64 * MIB))
        self.assertIn(disk["volume"], self.volume_files("grows"))
        self.assertEqual(self.daemon.machine("grows")["pending"], [])
        self.wait_for_device("grows", "vda")
        self.write_pattern("grows", "vda")
        second = self.add("grows", size=32 * MIB, bus="nvme", format="raw")
        self.assertEqual(self.open_volumes(pid), {disk["volume"], second["volume"]})
        place = self.shell("grows", "readlink -f /sys/block/vda")
        self.daemon.action("grows", "stop")
        self.daemon.start_machine("grows", wait="ready")
        self.assertEqual(self.shell("grows", "readlink -f /sys/block/vda"), place, "it has another place on the board")
        self.assert_pattern("grows", "vda")

    def test_a_disk_taken_from_a_running_guest_is_closed_and_deleted(self):
        pid = self.ready_guest("gives", disks=[{"id": "first", "size": 32 * MIB}, {"id": "second", "size": 32 * MIB, "bus": "scsi"}])
        first, second = self.disks("gives")
        self.wait_for_device("gives", "vda")
        self.remove("gives", "first")
        self.wait_for_device("gives", "vda", there=False)
        self.assertEqual([disk["id"] for disk in self.disks("gives")], ["second"])
        self.assertNotIn(first["volume"], self.volume_files("gives"))
        self.assertEqual(self.open_volumes(pid), {second["volume"]})
        self.assertEqual(self.daemon.machine("gives")["pending"], [])
        # Its place would be another's in the process that continues: this is said rather than tried.
        failed = self.daemon.failed_task("POST", "/machines/gives/actions/save")
        self.assertEqual(failed["code"], "machine.not_savable")
        self.remove("gives", "second")
        self.assertEqual((self.disks("gives"), self.open_volumes(pid), self.volume_files("gives")), ([], set(), set()))
        added = self.add("gives", size=32 * MIB)
        self.wait_for_device("gives", "vda")
        self.assertEqual(added["slot"], 1)

    def test_a_machine_with_an_added_disk_is_saved_and_goes_on_with_it(self):
        self.ready_guest("sleeps", disks=[{"id": "first", "size": 32 * MIB}])
        self.add("sleeps", size=32 * MIB)
        self.add("sleeps", size=32 * MIB)
        self.wait_for_device("sleeps", "vdb")
        self.write_pattern("sleeps", "vdb")
        self.daemon.action("sleeps", "save")
        self.assert_problem(self.daemon.request("DELETE", "/machines/sleeps/disks/disk0"), 409, "machine.saved")
        self.daemon.start_machine("sleeps", wait="ready")
        self.assert_pattern("sleeps", "vdb")
        self.remove("sleeps", "disk0")
        self.wait_for_device("sleeps", "vdb", there=False)
        self.daemon.action("sleeps", "save")
        self.daemon.start_machine("sleeps", wait="ready")
        self.assertEqual([disk["id"] for disk in self.disks("sleeps")], ["first", "disk1"])

    def test_a_file_of_the_user_is_attached_as_it_is_and_stays_his(self):
        file = self.daemon.folder / "mine.raw"
        file.write_bytes(b"mine" + bytes(MIB - 4))
        file.chmod(0o640)
        before = file.stat()
        self.ready_guest("guest", disks=[{"id": "boot", "size": MIB * 16, "bus": "scsi"}])
        self.daemon.create("other", disks=[{"id": "same", "file": str(file), "format": "raw"}])
        disk = self.add("guest", file=str(file), bus="scsi", format="raw")
        self.assertEqual((disk["format"], disk["volume"]), ("raw", ""))
        self.wait_for_device("guest", "sdb")
        self.assertEqual(self.shell("guest", "head -c 4 /dev/sdb"), "mine")
        failed = self.daemon.failed_task("POST", "/machines/other/actions/start")
        self.assertEqual(failed["code"], "disk.in_use")
        self.shell("guest", "printf ours > /dev/sdb && sync")
        self.remove("guest", disk["id"])
        self.wait_for_device("guest", "sdb", there=False)
        after = file.stat()
        self.assertEqual((stat.S_IMODE(after.st_mode), after.st_uid, after.st_ino), (0o640, before.st_uid, before.st_ino))
        self.assertEqual(file.read_bytes()[:4], b"ours")
        self.daemon.start_machine("other")

    def test_a_disk_grows_while_the_guest_runs_and_while_it_is_off(self):
        self.ready_guest("more", disks=[{"id": "a", "size": 32 * MIB}, {"id": "b", "size": 32 * MIB, "format": "raw"}])
        self.write_pattern("more", "vda")
        for disk, device in (("a", "vda"), ("b", "vdb")):
            self.act("more", disk, "resize", size=48 * MIB)
            wait_for(lambda where=device: self.shell("more", f"cat /sys/block/{where}/size") == str(48 * MIB // 512), "the guest to see it", 30)
        self.daemon.action("more", "stop")
        for disk in ("a", "b"):
            self.act("more", disk, "resize", size=64 * MIB)
        self.assertEqual([disk["size"] for disk in self.disks("more")], [64 * MIB, 64 * MIB])
        self.assert_problem(self.daemon.post("/machines/more/disks/a/actions/resize", {"size": 63 * MIB}), 400, "volume.would_shrink")
        self.assertEqual(self.daemon.failed_task("POST", "/machines/more/disks/a/actions/resize", {"size": 64 * MIB + 1})["code"],
                         "volume.bad_size")
        self.daemon.start_machine("more", wait="ready")
        for device in ("vda", "vdb"):
            self.assertEqual(self.shell("more", f"cat /sys/block/{device}/size"), str(64 * MIB // 512))
        self.assert_pattern("more", "vda")

    def test_a_disc_is_inserted_swapped_and_taken_out_while_the_guest_runs(self):
        discs = []
        for word in (b"first", b"other"):
            disc = self.daemon.folder / f"{word.decode()}.iso"
            disc.write_bytes(word + bytes(2 * MIB - len(word)))
            discs.append(str(disc))
        pid = self.ready_guest("player", disks=[{"id": "cd", "device": "cdrom", "bus": "scsi", "format": "raw"}])

        def in_drive():
            return self.shell("player", "head -c 5 /dev/sr0 2>/dev/null || true")

        self.assertEqual(in_drive(), "")
        self.act("player", "cd", "insert", file=discs[0])
        wait_for(lambda: in_drive() == "first", "the disc", 30)
        self.act("player", "cd", "insert", file=discs[1])
        wait_for(lambda: in_drive() == "other", "the other disc", 30)
        # A guest that has it open keeps it, and nothing is changed.
        self.shell("player", "sleep 1000 < /dev/sr0 > /dev/null 2>&1 & echo $!")
        failed = self.daemon.failed_task("POST", "/machines/player/disks/cd/actions/insert", {"file": discs[0]})
        self.assertEqual(failed["code"], "disk.tray_locked")
        self.assertEqual(self.disks("player")[0]["file"], discs[1])
        self.assertEqual(in_drive(), "other")
        self.shell("player", "killall sleep")
        self.act("player", "cd", "insert", file="")
        self.assertEqual(in_drive(), "")
        self.assertEqual((self.disks("player")[0]["file"], self.daemon.machine("player")["pending"]), ("", []))
        open_files = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
        self.assertFalse(open_files & set(discs), "QEMU keeps discs open that were taken out")
        self.assert_problem(self.daemon.post("/machines/player/disks/cd/actions/insert", {"file": "/no/such.iso"}), 400, "disk.no_such_file")

    def test_limits_hold_from_the_start_and_change_at_once(self):
        self.ready_guest("slow", disks=[{"id": "a", "size": 32 * MIB, "limits": {"read": 10 * MIB, "writeOperations": 100}}])

        def limits():
            inserted = next(item["inserted"] for item in self.monitor("slow", "query-block") if "inserted" in item)
            return {key: inserted[key] for key in ("bps_rd", "bps_wr", "iops_rd", "iops_wr", "iops_wr_max", "iops_wr_max_length") if key in inserted}

        self.assertEqual(limits(), {"bps_rd": 10 * MIB, "bps_wr": 0, "iops_rd": 0, "iops_wr": 100})
        disk = self.disks("slow")[0]
        disk["limits"].update(read=0, writeOperations=50, burstPercent=300, burstSeconds=5)
        answer = self.daemon.expect(200, "PATCH", "/machines/slow", {"spec": {"disks": [disk]}}).json
        self.assertEqual((answer["pending"], answer["rejected"]), ([], []))
        self.assertEqual(limits(), {"bps_rd": 0, "bps_wr": 0, "iops_rd": 0, "iops_wr": 50, "iops_wr_max": 150, "iops_wr_max_length": 5})

    def test_what_the_guest_reads_of_a_disk_is_what_was_set(self):
        self.ready_guest("named", disks=[
            {"id": "a", "size": 32 * MIB, "serial": "S3Z8NB0K", "logicalSectorSize": 4096, "physicalSectorSize": 4096, "cache": "none", "aio": "native"},
            {"id": "b", "size": 32 * MIB, "bus": "scsi", "ssd": True, "wwn": "5000c50015ea71ac", "physicalSectorSize": 4096, "cache": "writethrough"}])
        read = lambda path: self.shell("named", f"cat /sys/block/{path}")
        self.assertEqual((read("vda/serial"), read("vda/queue/logical_block_size"), read("vda/queue/physical_block_size")), ("S3Z8NB0K", "4096", "4096"))
        self.assertEqual((read("sda/queue/rotational"), read("sda/queue/physical_block_size"), read("sda/device/wwid")),
                         ("0", "4096", "naa.5000c50015ea71ac"))
        self.assertEqual((read("vda/queue/write_cache"), read("sda/queue/write_cache")), ("write back", "write through"))
        self.write_pattern("named", "vda")
        self.assert_pattern("named", "vda")

    def test_what_cannot_be_done_now_waits_or_says_why(self):
        self.ready_guest("waits", disks=[{"id": "a", "size": 32 * MIB, "bus": "sata"}])
        added = self.add("waits", size=32 * MIB, bus="sata")
        pending = self.daemon.machine("waits")["pending"]
        self.assertEqual([change["field"] for change in pending], ["disks"])
        self.assertIn("sata", pending[0]["reason"])
        # It never ran with the machine: it can go again.
        self.remove("waits", added["id"])
        self.assertEqual((self.daemon.machine("waits")["pending"], self.volume_files("waits")), ([], {self.disks("waits")[0]["volume"]}))
        failed = self.daemon.failed_task("DELETE", "/machines/waits/disks/a")
        self.assertEqual(failed["code"], "disk.busy_until_stop")
        self.assertIn("Shut the machine down", failed["hint"])
        self.assert_problem(self.daemon.post("/machines/waits/disks", {"size": 1}), 422, mentions=("Size",))
        self.assert_problem(self.daemon.post("/machines/waits/disks", {"id": "a", "size": 32 * MIB}), 409, "disk.exists")
        self.assert_problem(self.daemon.post("/machines/waits/disks", {"volume": "x", "size": 32 * MIB}), 400, "disk.volume_given")
        self.assert_problem(self.daemon.post("/machines/waits/disks/a/actions/insert", {"file": ""}), 400, "disk.not_a_drive")
        self.assert_problem(self.daemon.request("DELETE", "/machines/waits/disks/none"), 404, "disk.not_found")
        self.assert_problem(self.daemon.post("/machines/waits/disks", {"file": "/no/such.raw"}), 404, "image.source_not_found")

    def test_a_guest_that_does_not_answer_keeps_its_disk(self):
        self.daemon.create("firmware", disks=[{"id": "a", "size": 32 * MIB}])
        pid = self.daemon.start_machine("firmware")["state"]["processId"]
        failed = self.daemon.failed_task("DELETE", "/machines/firmware/disks/a")
        self.assertEqual(failed["code"], "machine.guest_kept_disk")
        disk = self.disks("firmware")[0]
        self.assertEqual(self.open_volumes(pid), {disk["volume"]})
        self.assertEqual(self.volume_files("firmware"), {disk["volume"]})

    def test_the_daemon_dies_while_disks_come_and_go(self):
        pid = self.ready_guest("torn", disks=[{"id": "keep", "size": 32 * MIB}])
        self.write_pattern("torn", "vda")
        for moment in (0.002, 0.01, 0.03, 0.06, 0.12, 0.3):
            for method, path, body in (("POST", "/machines/torn/disks", {"size": 32 * MIB, "id": "extra"}),
                                       ("DELETE", "/machines/torn/disks/extra", None)):
                with self.subTest(moment=moment, method=method):
                    there = "extra" in [disk["id"] for disk in self.disks("torn")]
                    if there != (method == "DELETE"):
                        continue
                    self.send_and_kill(method, path, body, moment)
                    self.daemon.start()
                    self.assert_settled("torn", pid)
        self.assert_pattern("torn", "vda")

    def send_and_kill(self, method, path, body, moment):
        def send():
            try:
                self.daemon.request(method, path, body)
            except OSError:
                pass

        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(moment)
        self.daemon.kill()
        sender.join()

    def assert_settled(self, name, pid):
        """The settings, QEMU and the folder of volumes agree."""
        wait_for(lambda: not self.daemon.machine(name)["pending"], "what is stored to be applied", 60)
        wanted = {disk["volume"] for disk in self.disks(name)}
        self.assertEqual(self.open_volumes(pid), wanted)
        wait_for(lambda: self.volume_files(name) == wanted, "volumes that nobody has to go", 60)
        devices = [item["qdev"] for item in self.monitor(name, "query-block") if "/disk-" in item.get("qdev", "")]
        self.assertEqual(len(devices), len(wanted), devices)

    def test_the_command_line_does_all_of_it(self):
        self.ready_guest("cli")
        self.daemon.visor("disk", "add", "cli", "32MiB", "--bus", "virtio")
        self.wait_for_device("cli", "vda")
        self.daemon.visor("disk", "resize", "cli", "disk0", "+16MiB")
        self.assertIn("48 MiB", self.daemon.visor("disk", "list", "cli").stdout)
        refused = self.daemon.visor("disk", "remove", "cli", "disk0")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--yes", refused.stderr)
        self.assertEqual(self.daemon.visor("disk", "remove", "cli", "disk0", "--yes").returncode, 0)
        self.assertEqual(self.disks("cli"), [])
        disc = self.daemon.folder / "disc.iso"
        disc.write_bytes(bytes(MIB))
        self.assertEqual(self.daemon.visor("disk", "add", "cli", "--cdrom", "--bus", "scsi").returncode, 0)
        self.daemon.action("cli", "stop")
        self.assertEqual(self.daemon.visor("disk", "insert", "cli", str(disc)).returncode, 0)
        self.assertEqual(self.disks("cli")[0]["file"], str(disc))
        self.assertEqual(self.daemon.visor("disk", "eject", "cli").returncode, 0)
        self.assertEqual(self.disks("cli")[0]["file"], "")
        self.assertEqual(self.daemon.visor("disk", "eject", "cli", "--drive", "none").returncode, 4)


if __name__ == "__main__":
    unittest.main()
