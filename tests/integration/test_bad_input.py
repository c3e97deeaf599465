"""Wrong input gets a clear answer, and the daemon and what it keeps stay as they were."""

import json
import socket
import unittest

from harness import GIB, MIB, TestCase

BAD_NAMES = ["", "a/b", "../up", "..", ".", "two words", "line\nbreak", "x" * 300, "x" * 64, "-leading", "trailing-", "Upper", "ümlaut",
             "a.b", "tab\there", "nul\0byte", "--force", "a%2Fb", "$(id)", ";reboot"]


class Names(TestCase):
    def test_each_bad_name_is_refused_with_its_rule(self):
        for name in BAD_NAMES:
            with self.subTest(name):
                problem = self.assert_problem(self.daemon.post("/machines", {"name": name}), 422)
                self.assertIn("name", [field["field"] for field in problem["fields"]])
        self.assertEqual(self.daemon.get("/machines").json["machines"], [])

    def test_longest_good_name_works(self):
        name = "a" + "0" * 61 + "z"
        self.daemon.create(name)
        self.daemon.delete_machine(name)

    def test_rename_to_a_bad_name_is_refused(self):
        self.daemon.create("stays")
        for name in BAD_NAMES:
            with self.subTest(name):
                self.assert_problem(self.daemon.post("/machines/stays/actions/rename", {"name": name}), 422)
        self.daemon.machine("stays")

    def test_path_tricks_in_the_address_reach_no_file(self):
        for path in ("/machines/..%2f..%2fetc%2fpasswd", "/machines/%00", "/machines/%zz", "/images/..%2F..%2Fx", "/../../etc/passwd"):
            with self.subTest(path):
                self.assertIn(self.daemon.get(path).status, (400, 404))


class Values(TestCase):
    def refused(self, spec, field):
        problem = self.assert_problem(self.daemon.post("/machines", {"name": "refused", "spec": spec}), 422)
        self.assertTrue(any(field in entry["field"] for entry in problem["fields"]), problem)
        return problem

    def test_memory_out_of_range(self):
        for size in (0, 1, 1 << 60, 2**63, -1):
            with self.subTest(size):
                self.refused({"memory": {"size": size}}, "memory.size")

    def test_memory_of_the_wrong_kind(self):
        for size in ("4 apples", [], {}, 1.5, True):
            with self.subTest(size):
                answer = self.daemon.post("/machines", {"name": "refused", "spec": {"memory": {"size": size}}})
                self.assertIn(answer.status, (400, 422), answer)
                self.assertIn("memory.size", answer.body.decode())

    def test_more_processors_than_qemu_allows(self):
        for count in (0, -1, 289, 100000, 2**31):
            with self.subTest(count):
                self.refused({"cpu": {"count": count}}, "cpu.count")

    def test_all_mistakes_are_reported_together(self):
        problem = self.assert_problem(
            self.daemon.post("/machines", {"name": "No Good", "spec": {"cpu": {"count": 0}, "memory": {"size": 0}}}), 422)
        named = " ".join(field["field"] for field in problem["fields"])
        for part in ("name", "cpu.count", "memory.size"):
            self.assertIn(part, named)

    def test_unknown_fields_are_named_not_ignored(self):
        answer = self.daemon.post("/machines", {"name": "refused", "spec": {"memroy": {"size": GIB}}})
        self.assertIn(answer.status, (400, 422))
        self.assertIn("memroy", answer.body.decode())

    def test_text_that_could_become_an_option_of_qemu(self):
        for text in ("/tmp/a,b", "/tmp/a\nb", "x\0y"):
            with self.subTest(text):
                answer = self.daemon.post("/machines", {"name": "option", "spec": {"boot": {"kernel": text}}})
                if answer.status == 202:  # such a file may exist; it must then reach QEMU as one value, or as a descriptor
                    self.assertEqual(self.daemon.ended_task(answer.json["task"])["state"], "succeeded")
                    values = [entry["value"] for entry in self.daemon.get("/machines/option/command").json["arguments"]]
                    self.assertFalse(any(",b" in value.replace(text, "").replace(",,", "") for value in values), values)
                    self.daemon.delete_machine("option")
                else:
                    self.assert_problem(answer, 422)

    def test_missing_kernel_is_named_at_the_latest_at_start(self):
        answer = self.daemon.post("/machines", {"name": "lost", "spec": {"firmware": "bios", "boot": {"kernel": "/nonexistent/vmlinuz"}}})
        if answer.status == 202:
            self.daemon.ended_task(answer.json["task"])
            answer = self.daemon.post("/machines/lost/actions/start")
        text = json.dumps(self.daemon.ended_task(answer.json["task"])) if answer.status == 202 else answer.body.decode()
        self.assertIn("/nonexistent/vmlinuz", text)
        self.assertNotEqual(self.daemon.get("/machines/lost").json.get("state", {}).get("status"), "running")

    def test_disk_larger_than_the_storage_is_refused_or_sparse(self):
        self.refused({"disks": [{"id": "disk0", "size": 1 << 62}]}, "disks")

    def test_disk_in_use_by_another_machine_is_refused(self):
        disk = self.daemon.folder / "shared.raw"
        disk.write_bytes(b"\0" * MIB)
        for name in ("first", "second"):
            self.daemon.create(name, disks=[{"id": "disk0", "file": str(disk), "format": "raw"}])
        self.daemon.start_machine("first")
        answer = self.daemon.post("/machines/second/actions/start")
        text = json.dumps(self.daemon.ended_task(answer.json["task"])) if answer.status == 202 else answer.body.decode()
        self.assertIn("first", text, "the message names the machine that uses the disk")
        self.assertNotEqual(self.daemon.status("second"), "running")
        self.assertEqual(self.daemon.status("first"), "running")


class Bodies(TestCase):
    def raw(self, data):
        """One raw request over the socket; everything that comes back."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(self.daemon.socket_path))
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the daemon need not read to the end
            received = b""
            try:
                while chunk := connection.recv(1 << 16):
                    received += chunk
            except OSError:
                pass
        return received

    def post(self, body):
        return self.daemon.request("POST", "/machines", body, headers={"Content-Type": "application/json"})

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.daemon.get("/").status, 200)
        self.assertTrue(self.daemon.is_running())

    def test_not_json(self):
        for body in (b"{", b"nonsense", b"[1,2", b'{"name": }', b"\xff\xfe"):
            with self.subTest(body):
                self.assert_problem(self.post(body), 400)

    def test_json_of_another_shape(self):
        for body in (b"[]", b"1", b"null", b'"text"'):
            with self.subTest(body):
                self.assertIn(self.post(body).status, (400, 422))

    def test_invalid_utf8(self):
        self.assertIn(self.post(b'{"name": "a\xff\xfeb"}').status, (400, 422))

    def test_deep_nesting(self):
        for body in (b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000):
            self.assert_problem(self.post(body), 400)

    def test_announced_hundred_mebibytes_are_refused_early(self):
        head = b"POST /api/v1/machines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n"
        self.assertIn(b" 413 ", self.raw(head + b"{" * 1000)[:64])

    def test_sent_hundred_mebibytes_do_not_fill_memory(self):
        before = resident(self.daemon.process.pid)
        body = b'{"name": "' + b"a" * (100 * MIB) + b'"}'
        head = f"POST /api/v1/machines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.raw(head.encode() + body)
        self.assertLess(resident(self.daemon.process.pid) - before, 32 * MIB)

    def test_endless_headers(self):
        answer = self.raw(b"GET /api/v1/ HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (4 * MIB))
        self.assertFalse(answer.startswith(b"HTTP/1.1 200"))

    def test_half_a_request_and_gone(self):
        for data in (b"", b"G", b"GET / HT", b"POST /api/v1/machines HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"):
            self.raw(data)

    def test_garbage(self):
        self.raw(bytes(range(256)) * 64)

    def test_client_that_leaves_in_the_middle_of_create_leaves_one_machine_or_none(self):
        body = json.dumps({"name": "left", "spec": {"firmware": "bios", "memory": {"size": 64 * MIB}}}).encode()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.daemon.socket_path))
            connection.sendall(b"POST /api/v1/machines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        for task in self.daemon.get("/tasks").json["tasks"]:
            self.daemon.ended_task(task)
        self.assertIn(self.daemon.get("/machines/left").status, (200, 404))

    def test_wrong_method_and_unknown_address(self):
        self.assert_problem(self.daemon.request("PUT", "/machines"), 405)
        self.assert_problem(self.daemon.get("/nothing"), 404)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


if __name__ == "__main__":
    unittest.main()
