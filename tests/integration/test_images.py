"""Images come in from files and downloads; what is no image, or would reach outside, stays out."""

import hashlib
import http.server
import os
import pathlib
import re
import subprocess
import threading
import unittest
import urllib.parse

from harness import MIB, TestCase

FORMATS = {"raw": [], "qcow2": [], "vmdk": [], "vhdx": ["-o", "subformat=dynamic"], "vdi": []}


def qemu_img(*arguments):
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, capture_output=True)


class FileServer(http.server.ThreadingHTTPServer):
    """Serves one file by HTTP with ranges; can break off after so many bytes."""

    def __init__(self, data):
        self.data = data
        self.break_after = None
        self.ranges = []
        super().__init__(("127.0.0.1", 0), FileHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name="disk.img"):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class FileHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(re.match(r"bytes=(\d+)-", asked).group(1)) if asked else 0
        data = self.server.data[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(data)))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(self.server.data) - 1}/{len(self.server.data)}")
        self.end_headers()
        limit, self.server.break_after = self.server.break_after, None
        self.wfile.write(data[:limit])

    def log_message(self, *_):
        pass


class Images(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.daemon.folder / "sources"
        cls.folder.mkdir()
        cls.raw = cls.folder / "disk.raw"
        # A partition table's mark, so that nobody takes it for an empty or unknown file.
        cls.raw.write_bytes(os.urandom(510) + b"\x55\xaa" + os.urandom(2 * MIB - 512))

    def image(self, name):
        return self.daemon.get(f"/images/{urllib.parse.quote(name, safe='')}")

    def import_task(self, name, source, **more):
        return self.daemon.task("POST", "/images/actions/import", {"name": name, "source": str(source), **more})

    def refused(self, name, source, **more):
        """The problem of an import that must fail, at once or in its task; nothing of it may be left."""
        answer = self.daemon.post("/images/actions/import", {"name": name, "source": str(source), **more})
        problem = self.daemon.ended_task(answer.json["task"])["error"] if answer.status == 202 else answer.json
        self.assertTrue(problem, "it was taken")
        self.assertEqual(self.image(name).status, 404)
        self.assertTrue(problem["detail"])
        return problem

    def test_each_format_is_detected_and_keeps_its_content(self):
        for kind, options in FORMATS.items():
            with self.subTest(kind):
                source = self.folder / f"in.{kind}"
                qemu_img("convert", "-f", "raw", "-O", kind, *options, self.raw, source)
                self.import_task(f"in/{kind}", source, **({"format": "raw"} if kind == "raw" else {}))
                image = self.image(f"in/{kind}").json
                self.assertGreaterEqual(image["virtualSize"], 2 * MIB)
                self.assertEqual(image["source"], "imported")
                self.assert_same_content(image)

    def assert_same_content(self, image):
        files = [path for path in self.daemon.state.rglob("*") if path.is_file() and image["id"] in str(path)]
        stored = max(files, key=lambda path: path.stat().st_size)
        out = self.folder / "out.raw"
        qemu_img("convert", "-f", image["format"], "-O", "raw", stored, out)
        self.assertEqual(out.read_bytes()[: 2 * MIB], self.raw.read_bytes())
        self.assertEqual(self.raw.stat().st_uid, os.getuid())

    def test_source_is_not_changed(self):
        before = (hashlib.sha256(self.raw.read_bytes()).hexdigest(), self.raw.stat().st_mtime_ns, self.raw.stat().st_mode)
        self.import_task("kept", self.raw, format="raw")
        self.assertEqual(before, (hashlib.sha256(self.raw.read_bytes()).hexdigest(), self.raw.stat().st_mtime_ns, self.raw.stat().st_mode))

    def test_text_is_no_image(self):
        source = self.folder / "notes.txt"
        source.write_text("just words\n" * 1000)
        self.refused("words", source, format="qcow2")

    def test_empty_missing_folder_and_device(self):
        empty = self.folder / "empty"
        empty.touch()
        for source in (empty, self.folder / "missing", self.folder, "/dev/zero", "/dev/tty", "relative.raw"):
            with self.subTest(source):
                self.refused("nothing", source)

    def test_truncated_image(self):
        whole = self.folder / "whole.qcow2"
        qemu_img("convert", "-f", "raw", "-O", "qcow2", self.raw, whole)
        cut = self.folder / "cut.qcow2"
        cut.write_bytes(whole.read_bytes()[: MIB])
        self.refused("cut", cut)
        cut.write_bytes(whole.read_bytes()[:40])
        self.refused("cut", cut)

    def test_backing_file_that_points_outside(self):
        secret = self.folder / "secret"
        secret.write_bytes(b"secret" * 100_000)
        for backing in (secret, pathlib.Path("/etc/passwd")):
            with self.subTest(backing):
                evil = self.folder / "evil.qcow2"
                qemu_img("create", "-f", "qcow2", "-u", "-b", backing, "-F", "raw", evil, "1M")
                self.refused("evil", evil)

    def test_image_that_names_a_host_or_a_protocol_as_backing_file(self):
        for backing in ("nbd:127.0.0.1:1", 'json:{"driver":"file","filename":"/etc/passwd"}', "http://127.0.0.1:1/x"):
            with self.subTest(backing):
                evil = self.folder / "evil.qcow2"
                evil.unlink(missing_ok=True)
                qemu_img("create", "-f", "qcow2", "-u", "-b", backing, "-F", "raw", evil, "1M")
                self.refused("evil", evil)

    def test_external_data_file(self):
        evil = self.folder / "data.qcow2"
        qemu_img("create", "-f", "qcow2", "-o", f"data_file={self.folder / 'outside.raw'}", evil, "1M")
        self.refused("evil", evil)

    def test_vmdk_whose_extents_are_elsewhere(self):
        evil = self.folder / "evil.vmdk"
        evil.write_text('# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n'
                        'RW 2048 FLAT "/etc/passwd" 0\n')
        self.refused("evil", evil)

    def test_wrong_checksum(self):
        problem = self.refused("sum", self.raw, format="raw", sha256="0" * 64)
        self.assertEqual(problem["code"], "image.checksum_mismatch")

    def test_right_checksum(self):
        self.import_task("sum-ok", self.raw, format="raw", sha256=hashlib.sha256(self.raw.read_bytes()).hexdigest())

    def test_name_taken_and_bad_names(self):
        self.import_task("once", self.raw, format="raw")
        answer = self.daemon.post("/images/actions/import", {"name": "once", "source": str(self.raw), "format": "raw"})
        problem = self.daemon.ended_task(answer.json["task"])["error"] if answer.status == 202 else answer.json
        self.assertEqual(problem["code"], "image.exists")
        for name in ("", "../x", "/x", "a//b", "a/../b", "A", "x" * 300, "-a", "a b", "a\nb"):
            with self.subTest(name):
                self.assert_problem(self.daemon.post("/images/actions/import", {"name": name, "source": str(self.raw)}), 422)

    def test_download(self):
        server = FileServer(self.raw.read_bytes())
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.import_task("loaded", server.url(), format="raw", sha256=hashlib.sha256(server.data).hexdigest())
        self.assert_same_content(self.image("loaded").json)

    def test_broken_download_goes_on_where_it_stopped(self):
        server = FileServer(os.urandom(4 * MIB))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.break_after = MIB
        body = {"name": "resumed", "source": server.url(), "format": "raw", "sha256": hashlib.sha256(server.data).hexdigest()}
        first = self.daemon.ended_task(self.daemon.expect(202, "POST", "/images/actions/import", body).json["task"])
        if first["state"] != "succeeded":  # it did not try again by itself: the next import goes on
            self.daemon.task("POST", "/images/actions/import", body)
        resumed = [asked for asked in server.ranges if asked]
        self.assertTrue(resumed, f"each request began from the start: {server.ranges}")
        self.assertGreater(int(re.match(r"bytes=(\d+)-", resumed[0]).group(1)), 0)

    def test_download_that_is_not_there_or_not_allowed(self):
        server = FileServer(b"")
        server.server_close()
        for url in (server.url(), "ftp://127.0.0.1/x", "file:///etc/passwd", "http://"):
            with self.subTest(url):
                self.refused("away", url)

    def test_image_in_use_names_its_machines(self):
        self.import_task("base", self.raw, format="raw")
        self.daemon.create("user-of-base", image="base")
        answer = self.daemon.request("DELETE", "/images/base")
        self.assert_problem(answer, 409, "image.in_use", "user-of-base")
        self.assertEqual(self.image("base").json["usedBy"], ["user-of-base"])
        self.daemon.delete_machine("user-of-base")
        self.daemon.task("DELETE", "/images/base")
        self.assertEqual(self.image("base").status, 404)

    def test_machine_from_an_image_has_a_thin_disk_of_the_asked_size(self):
        self.import_task("thin", self.raw, format="raw")
        machine = self.daemon.create("thin-user", image="thin", request={"diskSize": 64 * MIB})
        disk = machine["spec"]["disks"][0]
        self.assertEqual(disk["size"], 64 * MIB)
        volume = next(path for path in self.daemon.state.rglob(disk["volume"].rsplit("/", 1)[-1]))
        self.assertLess(volume.stat().st_blocks * 512, 2 * MIB)

    def test_disk_smaller_than_the_image_is_refused(self):
        self.import_task("wide", self.raw, format="raw")
        answer = self.daemon.post("/machines", {"name": "narrow", "image": "wide", "diskSize": MIB})
        problem = self.daemon.ended_task(answer.json["task"])["error"] if answer.status == 202 else answer.json
        self.assertTrue(problem)
        self.assertEqual(self.daemon.get("/machines/narrow").status, 404)

    def test_cancelled_import_leaves_nothing(self):
        server = FileServer(os.urandom(MIB))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        FileHandler.do_GET, served = wait_forever, FileHandler.do_GET
        self.addCleanup(setattr, FileHandler, "do_GET", served)
        task = self.daemon.expect(202, "POST", "/images/actions/import", {"name": "stopped", "source": server.url(), "format": "raw"}).json["task"]
        self.daemon.expect(202, "DELETE", f"/tasks/{task['id']}")
        self.assertEqual(self.daemon.ended_task(task)["state"], "cancelled")
        self.assertEqual(self.image("stopped").status, 404)

    def test_unknown_recipe(self):
        answer = self.daemon.post("/images/actions/build", {"name": "plan9/4"})
        self.assertIn(answer.status, (404, 422))
        buildable = [entry["name"] for entry in self.daemon.get("/images").json["buildable"]]
        self.assertIn("debian/12", buildable)


def wait_forever(handler):
    """A server that takes the request and says nothing until the client gives up."""
    handler.connection.settimeout(60)
    try:
        handler.connection.recv(1)
    except OSError:
        pass


if __name__ == "__main__":
    unittest.main()
