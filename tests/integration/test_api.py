"""What programs rely on: patches, tags, tasks, events, the OpenAPI document, and who is let in."""

import concurrent.futures
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

from harness import BIN, MIB, Daemon, TestCase, UnixConnection, wait_for
from schema import Schemas
from websocket import Refused


class Patches(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.create("still", cpu={"count": 2})
        cls.daemon.create("live", cpu={"count": 2})
        cls.daemon.start_machine("live")

    def patch(self, name, body, query="", **options):
        return self.daemon.request("PATCH", f"/machines/{name}{query}", body, **options)

    def test_change_of_a_stopped_machine_applies(self):
        result = self.patch("still", {"description": "new", "spec": {"memory": {"size": 128 * MIB}}}).json
        self.assertIn("memory.size", " ".join(change["field"] for change in result["applied"]))
        self.assertEqual((result["pending"], result["rejected"]), ([], []))
        self.assertEqual(result["machine"]["spec"]["memory"]["size"], 128 * MIB)
        self.assertEqual(result["machine"]["description"], "new")

    def test_change_that_cannot_be_live_waits_for_the_next_start_and_says_so(self):
        result = self.patch("live", {"spec": {"cpu": {"count": 3}}}).json
        self.assertEqual([change["field"].removeprefix("spec.") for change in result["pending"]], ["cpu.count"])
        pending = self.daemon.machine("live")["pending"]
        self.assertEqual([(change["field"], change["running"], change["next"]) for change in pending], [("cpu.count", 2, 3)])
        self.daemon.action("live", "restart", {"force": True})
        self.assertEqual(self.daemon.machine("live")["pending"], [])

    def test_read_only_field_is_rejected_with_a_reason(self):
        answer = self.patch("live", {"spec": {"arch": "aarch64"}})
        if answer.status == 200:
            rejected = answer.json["rejected"]
            self.assertTrue(rejected and rejected[0]["reason"], answer)
        else:
            self.assert_problem(answer, 422)
        self.assertEqual(self.daemon.machine("live")["spec"]["arch"], "x86_64")

    def test_bad_value_changes_nothing_at_all(self):
        before = self.daemon.machine("still")
        answer = self.patch("still", {"description": "half", "spec": {"cpu": {"count": 0}}})
        self.assertTrue(answer.status == 422 or answer.json["rejected"], answer)
        self.assertEqual(self.daemon.machine("still")["spec"], before["spec"])

    def test_null_gives_the_default_back(self):
        self.patch("still", {"spec": {"rng": False}})
        self.assertFalse(self.daemon.machine("still")["spec"]["rng"])
        self.patch("still", {"spec": {"rng": None}})
        self.assertTrue(self.daemon.machine("still")["spec"]["rng"])

    def test_dry_run_answers_the_same_and_changes_nothing(self):
        before = self.daemon.machine("live")
        result = self.patch("live", {"spec": {"memory": {"size": 96 * MIB}}}, "?dryRun=true").json
        self.assertEqual(len(result["pending"]) + len(result["applied"]), 1)
        after = self.daemon.machine("live")
        self.assertEqual((before["spec"], before["revision"]), (after["spec"], after["revision"]))

    def test_two_people_cannot_overwrite_each_other(self):
        tag = self.daemon.get("/machines/still").headers["etag"]
        self.assertEqual(self.patch("still", {"description": "first"}, headers={"If-Match": tag}).status, 200)
        answer = self.patch("still", {"description": "second"}, headers={"If-Match": tag})
        self.assert_problem(answer, 412, "machine.changed")
        self.assertEqual(self.daemon.machine("still")["description"], "first")


class Tasks(TestCase):
    def setUp(self):
        if self.daemon.get("/machines/deaf").status == 404:
            self.daemon.create("deaf")
        if self.daemon.status("deaf") != "running":
            self.daemon.start_machine("deaf")

    def stopping(self, seconds):
        return self.daemon.expect(202, "POST", "/machines/deaf/actions/stop", {"timeoutSeconds": seconds}).json["task"]

    def test_task_is_shown_with_steps_while_it_works(self):
        task = self.stopping(20)
        shown = self.daemon.expect(200, "GET", f"/tasks/{task['id']}").json
        self.assertEqual((shown["state"], shown["subject"]), ("running", {"kind": "machine", "name": "deaf"}))
        self.assertTrue(shown["title"] and shown["steps"])
        self.assertIn(task["id"], [entry["id"] for entry in self.daemon.get("/tasks?state=running").json["tasks"]])
        self.assertEqual(self.daemon.machine("deaf")["task"], task["id"])
        self.daemon.request("DELETE", f"/tasks/{task['id']}")
        self.daemon.ended_task(task)

    def test_wait_returns_when_it_ends_and_not_before_its_timeout(self):
        task = self.stopping(3)
        began = time.monotonic()
        early = self.daemon.get(f"/tasks/{task['id']}/wait?timeout=1").json
        self.assertEqual(early["state"], "running")
        self.assertGreaterEqual(time.monotonic() - began, 0.9)
        ended = self.daemon.get(f"/tasks/{task['id']}/wait?timeout=30").json
        self.assertEqual(ended["state"], "failed")
        self.assertLess(time.monotonic() - began, 20)

    def test_cancel_ends_it_and_the_machine_stays(self):
        task = self.stopping(60)
        self.daemon.expect(202, "DELETE", f"/tasks/{task['id']}")
        self.assertEqual(self.daemon.ended_task(task)["state"], "cancelled")
        self.assertEqual(self.daemon.status("deaf"), "running")

    def test_ended_task_cannot_be_cancelled(self):
        task = self.stopping(60)
        self.daemon.request("DELETE", f"/tasks/{task['id']}")
        self.daemon.ended_task(task)
        self.assert_problem(self.daemon.request("DELETE", f"/tasks/{task['id']}"), 409)

    def test_unknown_task(self):
        self.assert_problem(self.daemon.get("/tasks/nothing"), 404, "task.not_found")

    def test_client_that_hangs_up_while_waiting_does_not_cancel(self):
        task = self.stopping(4)
        connection = UnixConnection(self.daemon.socket_path, 5)
        connection.request("GET", f"/api/v1/tasks/{task['id']}/wait?timeout=30")
        connection.close()
        self.assertEqual(self.daemon.ended_task(task)["state"], "failed")


class EventReader:
    """Server-sent events as (sequence, kind, data), collected in a thread."""

    def __init__(self, daemon, since=None):
        self.events = []
        self.connection = UnixConnection(daemon.socket_path, 120)
        self.connection.request("GET", "/api/v1/events" + (f"?since={since}" if since is not None else ""))
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.status
        self.content_type = self.response.getheader("Content-Type")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        fields = {}
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while line := self.response.readline():
                text = line.decode().rstrip("\r\n")
                if text:
                    name, _, value = text.partition(":")
                    fields[name] = value.lstrip()
                elif "data" in fields:
                    self.events.append((int(fields.get("id", 0)), fields.get("event"), json.loads(fields["data"])))
                    fields = {}

    def of_kind(self, kind):
        return [event for event in self.events if event[1] == kind]

    def close(self):
        self.connection.close()


class Events(TestCase):
    def test_change_is_announced_in_order(self):
        reader = EventReader(self.daemon)
        self.addCleanup(reader.close)
        self.assertTrue(reader.content_type.startswith("text/event-stream"))
        self.daemon.create("told")
        self.daemon.start_machine("told")
        wait_for(lambda: "running" in json.dumps(reader.of_kind("machine")), "the event that it runs", 15)
        self.assertTrue(reader.of_kind("task"))
        numbers = [event[0] for event in reader.events if event[0]]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_who_watches_gets_a_reading_every_second(self):
        self.daemon.create("watched")
        self.daemon.start_machine("watched")
        reader = EventReader(self.daemon)
        self.addCleanup(reader.close)

        def taken():
            return [datetime.datetime.fromisoformat(data["sample"]["time"][:23]) for _, _, data in reader.of_kind("metrics") if data["machine"] == "watched"]

        times = wait_for(lambda: len(found := taken()) >= 6 and found[:6], "six readings", 30)
        gaps = sorted((later - earlier).total_seconds() for earlier, later in zip(times, times[1:]))
        self.assertGreater(gaps[0], 0.5, gaps)
        self.assertLess(gaps[2], 1.8, gaps)

    def test_reader_that_was_away_misses_nothing(self):
        before = self.daemon.get("/inventory").json["sequence"]
        self.daemon.create("while-away")
        reader = EventReader(self.daemon, since=before)
        self.addCleanup(reader.close)
        wait_for(lambda: "while-away" in json.dumps(reader.of_kind("machine")), "the event that was missed", 10)
        self.assertTrue(all(event[0] > before for event in reader.events if event[0]))

    def test_reader_that_was_away_too_long_is_told_to_read_all_again(self):
        for since in (10**9, 0):
            with self.subTest(since):
                reader = EventReader(self.daemon, since=since)
                self.addCleanup(reader.close)
                if since:
                    wait_for(lambda reader=reader: reader.of_kind("resync"), "resync", 10)

    def test_sequence_goes_on_after_the_daemon_died_or_readers_are_told(self):
        daemon = self.own_daemon()
        daemon.create("one")
        before = daemon.get("/inventory").json["sequence"]
        daemon.kill()
        daemon.start()
        daemon.create("two")
        reader = EventReader(daemon, since=before)
        self.addCleanup(reader.close)
        wait_for(lambda: reader.of_kind("resync") or "two" in json.dumps(reader.of_kind("machine")), "resync or the event", 10)

    def test_web_socket_carries_the_same(self):
        with self.daemon.web_socket("/api/v1/events") as stream:
            self.daemon.create("socketed")
            text = ""
            wait_for(lambda: "socketed" in (text + stream.receive(10).decode()), "the event on the WebSocket", 15)


class Inventory(TestCase):
    def test_first_paint_has_everything_in_one_answer(self):
        self.daemon.create("painted")
        inventory = self.daemon.expect(200, "GET", "/inventory").json
        self.assertEqual(sorted(inventory), ["host", "images", "machines", "sequence", "tasks"])
        self.assertEqual([machine["name"] for machine in inventory["machines"]], ["painted"])

    def test_host_says_by_itself_which_accelerator_works_and_why_not(self):
        wait_for(lambda: self.daemon.get("/host").json["qemu"], "QEMU to be probed", 60)
        host = self.daemon.get("/host").json
        qemu = next(entry for entry in host["qemu"] if entry["arch"] == "x86_64")
        for accelerator in qemu["accelerators"]:
            self.assertTrue(accelerator["usable"] or accelerator["reason"], accelerator)
        self.assertTrue(next(entry for entry in qemu["accelerators"] if entry["name"] == "tcg")["usable"])

    def test_inventory_shows_a_machine_as_it_is_after_every_change(self):
        def machines(path):
            # Readings go on between two requests.
            return [{**machine, "metrics": None} for machine in self.daemon.get(path).json["machines"]]

        def check(what):
            before, shown, after = machines("/machines"), machines("/inventory"), machines("/machines")
            while before != after:  # the guest did something meanwhile
                before, shown, after = after, machines("/inventory"), machines("/machines")
            self.assertEqual(shown, before, what)

        self.daemon.create_guest("fresh")
        check("created")
        self.daemon.start_machine("fresh", wait="ready")
        check("ready")
        self.daemon.expect(200, "PATCH", "/machines/fresh", {"description": "changed", "spec": {"cpu": {"count": 2}}})
        self.assertTrue(self.daemon.machine("fresh")["pending"])
        check("changed")
        self.daemon.action("fresh", "pause")
        check("paused")
        self.daemon.action("fresh", "resume")
        self.daemon.action("fresh", "save")
        check("saved")
        self.daemon.start_machine("fresh")
        check("restored")
        os.kill(self.daemon.machine("fresh")["state"]["processId"], signal.SIGKILL)
        wait_for(lambda: self.daemon.status("fresh") == "crashed", "the crash to be seen", 10)
        check("crashed")

    def test_metrics_are_open_metrics(self):
        answer = self.daemon.request("GET", "/metrics", raw=True)
        self.assertEqual(answer.status, 200)
        self.assertIn("openmetrics", answer.headers["content-type"])
        self.assertTrue(answer.body.endswith(b"# EOF\n"))


class OpenApi(TestCase):
    """The document is generated; here it is held against what the server really answers."""

    GETS = [("/", "/"), ("/inventory",) * 2, ("/machines",) * 2, ("/machines/{name}", "/machines/described"),
            ("/machines/{name}/metrics", "/machines/described/metrics"), ("/machines/{name}/log", "/machines/described/log"),
            ("/machines/{name}/command", "/machines/described/command"), ("/images",) * 2, ("/tasks",) * 2, ("/host",) * 2,
            ("/host/topology",) * 2, ("/host/checks",) * 2, ("/settings",) * 2, ("/auth/session",) * 2, ("/tokens",) * 2, ("/machines/{name}", "/machines/missing"),
            ("/tasks/{id}", "/tasks/missing"), ("/images/{name}", "/images/missing"), ("/machines/{name}/screenshot", "/machines/missing/screenshot")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.create("described", disks=[{"id": "disk0", "size": MIB}], nics=[{"id": "nic0"}])
        cls.daemon.start_machine("described")
        cls.document = cls.daemon.expect(200, "GET", "/openapi.json").json
        cls.schemas = Schemas(cls.document)

    def documented(self, path):
        """The path as the document spells it, with or without the base."""
        for spelled in (path, f"/api/v1{path}", f"/api/v1{path}".rstrip("/")):
            if spelled in self.document["paths"]:
                return spelled
        raise AssertionError(f"{path} is not in the document: {sorted(self.document['paths'])}")

    def check_answer(self, path, method, answer):
        schema = self.schemas.answer_schema(self.documented(path), method, answer.status)
        self.assertIsNotNone(schema, f"{method} {path} {answer.status} has no JSON schema in the document")
        self.schemas.check(answer.json, schema)

    def test_document_is_3_1_and_all_its_references_exist(self):
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        def walk(node):
            if isinstance(node, dict):
                self.schemas.resolve(node)
                for child in node.values():
                    walk(child)
            elif isinstance(node, list):
                for child in node:
                    walk(child)
        walk(self.document)

    def test_answers_to_reading_fit_the_document(self):
        for path, real in self.GETS:
            with self.subTest(real):
                self.check_answer(path, "GET", self.daemon.get(real))

    def test_answers_to_writing_fit_the_document(self):
        calls = [("POST", "/machines", "/machines?dryRun=true", {"name": "x"}), ("POST", "/machines", "/machines", {"name": "made"}),
                 ("POST", "/machines", "/machines", {"name": "Bad Name"}),
                 ("PATCH", "/machines/{name}", "/machines/described", {"spec": {"cpu": {"count": 4}}}),
                 ("POST", "/machines/{name}/tickets", "/machines/described/tickets", {"kind": "serial"}),
                 ("POST", "/machines/{name}/actions/pause", "/machines/described/actions/pause", {}),
                 ("DELETE", "/machines/{name}", "/machines/described?dryRun=true", None),
                 ("POST", "/tokens", "/tokens", {"name": "doc"}), ("POST", "/auth/login-links", "/auth/login-links", {})]
        for method, path, real, body in calls:
            with self.subTest(f"{method} {real}"):
                self.check_answer(path, method, self.daemon.request(method, real, body))

    def test_every_documented_route_exists(self):
        for path, methods in self.document["paths"].items():
            for method in methods.keys() & {"get", "post", "put", "patch", "delete"}:
                if "events" in path or path.endswith(("/screen", "/serial")):
                    continue
                with self.subTest(f"{method} {path}"):
                    real = path.replace("{name}", "missing").replace("{id}", "missing")
                    real = real if real.startswith(("/api", "/metrics")) else f"/api/v1{real}"
                    answer = self.daemon.request(method.upper(), real, b"" if method == "put" else None, raw=True)
                    self.assertNotEqual(answer.status, 405, answer)
                    self.assertNotEqual(answer.body and answer.headers.get("content-type", "").endswith("problem+json") and answer.code, "api.not_found")
                    self.assertLess(answer.status, 500, answer)


class HostTopology(TestCase):
    """What the daemon says of this machine's processors, against what Python and /sys say of them."""

    def topology(self):
        return self.daemon.expect(200, "GET", "/host/topology").json

    def loads(self):
        return {one["id"]: one["loadPercent"] for one in self.topology()["processors"]}

    def test_every_processor_that_programs_may_run_on_is_there_once(self):
        topology = self.topology()
        online = {processor["id"] for processor in topology["processors"] if processor["online"]}
        self.assertLessEqual(os.sched_getaffinity(0), online)
        self.assertEqual(len(online), os.sysconf("SC_NPROCESSORS_ONLN"))
        threads = [thread for core in topology["cores"] for thread in core["processors"]]
        self.assertEqual(sorted(threads), sorted(online))

    def test_siblings_and_packages_are_those_of_the_kernel(self):
        topology = self.topology()
        for core in topology["cores"]:
            folder = pathlib.Path(f"/sys/devices/system/cpu/cpu{core['processors'][0]}/topology")
            if not folder.exists():
                continue
            self.assertEqual((folder / "thread_siblings_list").read_text().strip(), as_cpu_list(core["processors"]))
            self.assertEqual(max(0, int((folder / "physical_package_id").read_text())), core["package"])

    def test_loads_are_of_now_and_a_busy_processor_shows(self):
        processor = min(os.sched_getaffinity(0))
        spin = subprocess.Popen(["taskset", "-c", str(processor), "sh", "-c", "while :; do :; done"])
        try:
            wait_for(lambda: self.loads()[processor] > 90, "the load to be seen", 30)
        finally:
            spin.kill()
            spin.wait()
        for one in self.topology()["processors"]:
            self.assertEqual(one["loadPercent"] is not None, one["online"])
            self.assertTrue(0 <= (one["loadPercent"] or 0) <= 100, one)

    def test_many_who_ask_at_once_get_the_same_good_figures(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.topology(), range(16)))
        for answer in answers:
            self.assertTrue(all(one["loadPercent"] is not None for one in answer["processors"] if one["online"]), answer)


def as_cpu_list(numbers):
    """[0, 1, 2, 5] as the kernel writes it: 0-2,5."""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


class LettingIn(TestCase):
    def token(self, name):
        return self.daemon.expect(201, "POST", "/tokens", {"name": name}).json

    def bearer(self, token):
        return {"Authorization": f"Bearer {token}"}

    def test_without_credentials_tcp_gives_nothing(self):
        for path in ("/inventory", "/machines", "/host", "/events", "/tasks", "/images"):
            with self.subTest(path):
                self.assert_problem(self.daemon.tcp("GET", path), 401, "auth.required")
        self.assertEqual(self.daemon.tcp("GET", "/metrics", raw=True).status, 401)
        self.assertEqual(self.daemon.tcp("POST", "/machines", {"name": "sneaked"}).status, 401)

    def test_token_works_until_it_is_deleted_and_is_shown_once(self):
        made = self.token("ci")
        self.assertEqual(self.daemon.tcp("GET", "/machines", headers=self.bearer(made["token"])).status, 200)
        self.assertNotIn(made["token"], self.daemon.get("/tokens").body.decode())
        self.assertIn(self.daemon.request("DELETE", f"/tokens/{made['id']}").status, (200, 204))
        self.assertEqual(self.daemon.tcp("GET", "/machines", headers=self.bearer(made["token"])).status, 401)

    def test_wrong_tokens(self):
        good = self.token("almost")["token"]
        for token in ("", "x", good[:-1], good + "x", good.swapcase(), "a" * 100_000):
            with self.subTest(token[:20]):
                self.assertIn(self.daemon.tcp("GET", "/machines", headers=self.bearer(token)).status, (400, 401, 429, 431))

    def test_token_is_stored_nowhere_in_clear(self):
        token = self.token("hidden")["token"].encode()
        for path in self.daemon.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(token, path.read_bytes(), path)

    def log_in(self, code):
        host, port = self.daemon.address()
        return self.daemon.tcp("POST", "/auth/login", {"code": code}, headers={"Origin": f"http://{host}:{port}"})

    def test_login_link_opens_once(self):
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(self.daemon.login_link()).query)["code"][0]
        first = self.log_in(code)
        self.assertEqual(first.status, 200, first)
        cookie = first.headers["set-cookie"]
        for attribute in ("HttpOnly", "SameSite=Strict"):
            self.assertIn(attribute, cookie)
        session = {"Cookie": cookie.split(";")[0]}
        self.assertEqual(self.daemon.tcp("GET", "/auth/session", headers=session).json["via"], "cookie")
        self.assertIn(self.log_in(code).status, (401, 403))
        self.assertLess(self.daemon.tcp("POST", "/auth/logout", {}, headers=session).status, 300)
        self.assertEqual(self.daemon.tcp("GET", "/machines", headers=session).status, 401)

    def test_foreign_page_cannot_write_even_with_the_cookie(self):
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(self.daemon.login_link()).query)["code"][0]
        cookie = {"Cookie": self.log_in(code).headers["set-cookie"].split(";")[0]}
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{self.daemon.address()[1] + 1}", f"https://127.0.0.1:{self.daemon.address()[1]}.evil.example"):
            with self.subTest(origin):
                answer = self.daemon.tcp("POST", "/machines", {"name": "forged"}, headers={**cookie, "Origin": origin})
                self.assert_problem(answer, 403, "auth.origin_refused")
        with self.assertRaises(Refused):
            self.daemon.tcp_web_socket("/api/v1/events", headers={**cookie, "Origin": "http://evil.example"})
        self.assertEqual(self.daemon.get("/machines/forged").status, 404)

    def test_other_host_name_is_refused(self):
        token = self.bearer(self.token("rebound")["token"])
        for host in ("evil.example", "127.0.0.1.evil.example", ""):
            with self.subTest(host):
                self.assertIn(self.daemon.tcp("POST", "/machines", {"name": "rebound"}, headers={**token, "Host": host}).status, (400, 403))

    def test_page_is_reached_by_the_names_that_the_daemon_was_started_with(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        daemon.start("--allow-host", "vm.example", "--allow-host", "Lab.Example.")
        for host, status in (("vm.example", 200), ("VM.example:8443", 200), ("lab.example:80", 200), ("evil.example", 403), ("vm.example.evil.test", 403)):
            with self.subTest(host):
                self.assertEqual(daemon.tcp("GET", "/", headers={"Host": host}, raw=True).status, status)

    def test_name_that_is_none_is_refused_at_the_start(self):
        for name in ("https://vm.example", "vm.example:80", "*"):
            with self.subTest(name):
                folder = self.daemon.folder / "refused"
                done = subprocess.run([BIN / "visord", "--state-dir", folder, "--runtime-dir", folder, "--listen", "127.0.0.1:0", "--allow-host", name],
                                      capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"'{name}' is no host name or address", done.stderr)

    def test_keys_and_login_links_only_on_the_socket(self):
        token = self.bearer(self.token("remote")["token"])
        self.daemon.create("keyed")
        self.assertIn(self.daemon.tcp("GET", "/machines/keyed/ssh", headers=token).status, (403, 404))

    def test_socket_is_for_its_owner(self):
        self.assertEqual(self.daemon.socket_path.stat().st_mode & 0o007, 0)
        self.assertEqual(self.daemon.get("/auth/session").json["via"], "socket")

    def test_state_directory_is_closed_to_others(self):
        for folder in (self.daemon.state, self.daemon.runtime):
            self.assertEqual(folder.stat().st_mode & 0o007, 0, folder)


if __name__ == "__main__":
    unittest.main()
