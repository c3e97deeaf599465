"""Discs made of folders: what a real guest reads of them, and what happens when something is wrong."""

import os
import threading
import time
import unittest

from harness import MIB, TestCase, wait_for

WORDS = "wörter 中文.txt"
RUN = "#!/bin/sh\necho it runs\n"


class Isos(TestCase):
    def folder(self, name):
        """With names, links and modes that only a good disc keeps."""
        folder = self.daemon.folder / name
        deep = folder / "/".join(f"level{number}" for number in range(12))
        deep.mkdir(parents=True)
        (deep / "deep.txt").write_text("deep\n", encoding="utf-8")
        (folder / WORDS).write_text("with words\n", encoding="utf-8")
        (folder / "-dash=x").write_text("dash\n", encoding="utf-8")
        (folder / "Case").write_text("upper\n", encoding="utf-8")
        (folder / "case").write_text("lower\n", encoding="utf-8")
        (folder / "run.sh").write_text(RUN, encoding="utf-8")
        (folder / "run.sh").chmod(0o700)
        (folder / "link").symlink_to("run.sh")
        (folder / "empty").mkdir()
        return folder

    def shell(self, name, command):
        code, output, error = self.daemon.exec(name, "sh", "-c", command)
        self.assertEqual(code, 0, (command, error))
        return output.decode().strip()

    def isos(self):
        return {iso["name"]: iso for iso in self.daemon.get("/isos").json["isos"]}

    def delete(self, name, status=204):
        return self.daemon.expect(status, "DELETE", f"/isos/{name}")

    def test_a_folder_is_written_inserted_and_read_in_one_step(self):
        folder = self.folder("tools")
        self.daemon.create_guest("reader", disks=[{"id": "cd", "device": "cdrom", "bus": "scsi", "format": "raw"}])
        self.daemon.start_machine("reader", wait="ready")
        result = self.daemon.visor("iso", "build", str(folder), "--insert", "reader", "--label", "MY TOOLS")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("The disc tools is in cd of reader.", result.stdout)
        self.shell("reader", "mkdir -p /mnt && until mount -t iso9660 -o ro /dev/sr0 /mnt; do sleep 1; done 2>/dev/null")
        self.assertEqual(self.shell("reader", f"cat '/mnt/{WORDS}' /mnt/-dash=x /mnt/Case /mnt/case"), "with words\ndash\nupper\nlower")
        self.assertEqual(self.shell("reader", "/mnt/run.sh; readlink /mnt/link; ls /mnt/empty"), "it runs\nrun.sh")
        self.assertEqual(self.shell("reader", "cat $(find /mnt -name deep.txt)"), "deep")
        self.assertEqual(self.shell("reader", "dd if=/dev/sr0 bs=1 skip=32808 count=32 2>/dev/null"), "MY TOOLS")
        self.assertEqual(self.isos()["tools"]["usedBy"], ["reader"])
        self.assert_problem(self.daemon.request("DELETE", "/isos/tools"), 409, "iso.in_use", mentions=("reader",))
        # The next one of the same folder has a name of its own; the guest has let go of the first.
        self.shell("reader", "umount /mnt")
        second = self.daemon.task("POST", "/isos", {"folder": str(folder), "machine": "reader"})["result"]
        self.assertEqual((second["iso"], second["machine"], second["disk"]), ("tools-2", "reader", "cd"))
        self.assertEqual([self.isos()[name]["usedBy"] for name in ("tools", "tools-2")], [[], ["reader"]])
        self.delete("tools")
        self.assertNotIn("tools", self.isos())
        self.daemon.delete_machine("reader")
        self.delete("tools-2")
        self.assertEqual(list((self.daemon.state / "isos").glob("tools*")), [])

    def test_what_cannot_be_says_why_at_once(self):
        folder = self.folder("refused")
        place = str(folder)
        self.daemon.create("driveless")
        for body, status, code in (
            ({"folder": "/no/such"}, 404, "iso.no_folder"),
            ({"folder": "relative"}, 404, "iso.no_folder"),
            ({"folder": str(folder / "run.sh")}, 404, "iso.no_folder"),
            ({"folder": place, "name": "../x"}, 400, "iso.bad_name"),
            ({"folder": place, "name": ".hidden"}, 400, "iso.bad_name"),
            ({"folder": place, "label": "x" * 33}, 400, "iso.bad_label"),
            ({"folder": place, "label": "zwei\nzeilen"}, 400, "iso.bad_label"),
            ({"folder": place, "machine": "none"}, 404, "machine.not_found"),
            ({"folder": place, "machine": "driveless"}, 404, "disk.no_drive"),
        ):
            with self.subTest(body=body):
                self.assert_problem(self.daemon.post("/isos", body), status, code)
        self.assert_problem(self.daemon.request("DELETE", "/isos/none"), 404, "iso.not_found")
        self.assert_problem(self.daemon.request("DELETE", "/isos/..%2Fvisor"), 404, "iso.not_found")
        (folder / os.fsdecode(b"bad\xff")).write_text("", encoding="utf-8")
        self.assertEqual(self.daemon.failed_task("POST", "/isos", {"folder": place})["code"], "iso.bad_name")
        # The folder that discs are written to would hold itself.
        failed = self.daemon.failed_task("POST", "/isos", {"folder": str(self.daemon.state), "name": "all"})
        self.assertEqual(failed["code"], "iso.contains_itself")
        self.assertNotIn("all", self.isos())

    def test_two_at_once_get_names_of_their_own_or_say_why(self):
        folder = str(self.folder("shared"))
        tasks = [self.daemon.post("/isos", {"folder": folder}).json["task"] for _ in range(3)]
        ended = [self.daemon.ended_task(task) for task in tasks]
        self.assertEqual([task["state"] for task in ended], ["succeeded"] * 3, ended)
        names = {task["result"]["iso"] for task in ended}
        self.assertEqual(names, {"shared", "shared-2", "shared-3"})
        first = self.daemon.post("/isos", {"folder": folder, "name": "mine"})
        self.assert_problem(self.daemon.post("/isos", {"folder": folder, "name": "mine"}), 409, "iso.exists")
        self.assertEqual(self.daemon.ended_task(first.json["task"])["state"], "succeeded")
        for name in names | {"mine"}:
            self.delete(name)
        # The name is free again at once, also when the disc could not be written.
        (self.daemon.folder / "shared" / os.fsdecode(b"bad\xff")).write_text("", encoding="utf-8")
        for _ in range(2):
            failed = self.daemon.failed_task("POST", "/isos", {"folder": folder, "name": "mine"})
            self.assertEqual(failed["code"], "iso.bad_name")

    def test_a_disc_that_a_snapshot_has_is_kept(self):
        self.daemon.create("looksback", disks=[{"id": "disk0", "size": 8 * MIB}, {"id": "cd", "device": "cdrom", "format": "raw"}])
        self.daemon.task("POST", "/isos", {"folder": str(self.folder("past")), "machine": "looksback"})
        self.daemon.task("POST", "/machines/looksback/snapshots", {"name": "with-disc"})
        self.daemon.task("POST", "/machines/looksback/disks/cd/actions/insert", {"file": ""})
        self.assertEqual(self.isos()["past"]["usedBy"], ["looksback"])
        self.assert_problem(self.daemon.request("DELETE", "/isos/past"), 409, "iso.in_use", mentions=("snapshot",))
        self.daemon.task("DELETE", "/machines/looksback/snapshots/with-disc")
        self.delete("past")
        self.daemon.delete_machine("looksback")

    def test_the_command_line_lists_and_deletes(self):
        self.daemon.visor("iso", "build", str(self.folder("kept")), "--name", "kept.1")
        listed = self.daemon.visor("iso", "list").stdout
        self.assertIn("kept.1", listed)
        self.assert_problem(self.daemon.post("/isos", {"folder": str(self.daemon.folder / "kept"), "name": "kept.1"}), 409, "iso.exists")
        refused = self.daemon.visor("iso", "delete", "kept.1")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--yes", refused.stderr)
        self.assertEqual(self.daemon.visor("iso", "delete", "kept.1", "--yes").returncode, 0)
        self.assertNotIn("kept.1", self.isos())
        self.assertEqual(self.daemon.visor("iso", "build", "/no/such").returncode, 4)
        self.assertEqual(self.daemon.visor("iso", "build", "/tmp", "--drive", "cd").returncode, 2)

    def test_a_disc_that_was_cut_off_leaves_nothing(self):
        folder = self.daemon.folder / "large"
        folder.mkdir()
        with open(folder / "noise", "wb") as file:
            for _ in range(24):
                file.write(os.urandom(16 * MIB))
        task = self.daemon.post("/isos", {"folder": str(folder)}).json["task"]
        discs = self.daemon.state / "isos"
        wait_for(lambda: discs.is_dir() and any(discs.rglob("disk")), "the disc to be begun", 30, 0.001)
        self.daemon.expect(202, "DELETE", f"/tasks/{task['id']}")
        self.assertEqual(self.daemon.ended_task(task)["state"], "cancelled")
        self.assertEqual(list(discs.iterdir()), [])
        for moment in (0.02, 0.1, 0.3):
            with self.subTest(moment=moment):
                sender = threading.Thread(target=self.ask, args=(str(folder),))
                sender.start()
                time.sleep(moment)
                self.daemon.kill()
                sender.join()
                self.daemon.start()
                self.assertEqual([path for path in discs.iterdir() if path.suffix != ".iso"], [])
                for name, iso in self.isos().items():
                    self.assertGreater(iso["size"], 24 * 16 * MIB, "half a disc is listed")
                    self.delete(name)

    def ask(self, folder):
        try:
            self.daemon.post("/isos", {"folder": folder})
        except OSError:
            pass


if __name__ == "__main__":
    unittest.main()
