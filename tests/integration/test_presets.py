"""Settings that suit a guest system, and profiles of settings."""

import json
import pathlib
import unittest

from harness import GIB, MIB, TestCase

DATABASE = pathlib.Path("/usr/share/osinfo/os/microsoft.com/win-11.xml").exists()


@unittest.skipUnless(DATABASE, "the package osinfo-db is not installed")
class Presets(TestCase):
    def preview(self, system, **spec):
        return self.daemon.expect(200, "POST", "/machines?dryRun=true", {"name": "p", "spec": {"os": {"id": system}, **spec}}).json

    def argument(self, name, option):
        command = self.daemon.expect(200, "GET", f"/machines/{name}/command").json
        return [one["value"] for one in command["arguments"] if one["argument"] == option]

    def test_preview_says_what_was_chosen_and_why_and_the_machine_is_so(self):
        preview = self.preview("winxp")
        spec = preview["machine"]["spec"]
        chosen = {choice["setting"]: choice["value"] for choice in preview["preset"]}
        self.assertEqual((spec["chipset"], spec["firmware"], spec["os"]["family"]), ("i440fx", "bios", "windows"))
        self.assertEqual((spec["disks"][0]["bus"], spec["disks"][0]["size"]), ("ide", chosen["diskSize"]))
        self.assertEqual(spec["nics"][0]["model"], "e1000")
        self.assertTrue(all(choice["reason"] for choice in preview["preset"]))
        self.assertEqual(self.daemon.request("GET", "/machines/p").status, 404, "nothing is made")

    def test_what_the_request_says_wins_and_is_not_shown_as_chosen(self):
        preview = self.preview("win11", memory={"size": 3 * GIB}, nics=[{"id": "n", "model": "virtio"}])
        self.assertEqual(preview["machine"]["spec"]["memory"]["size"], 3 * GIB)
        self.assertEqual(preview["machine"]["spec"]["nics"][0]["model"], "virtio")
        chosen = {choice["setting"] for choice in preview["preset"]}
        self.assertFalse(chosen & {"memory.size", "nics[].model"}, chosen)
        self.assertIn("disks[].bus", chosen)

    def test_windows_11_gets_the_tpm_and_the_secure_boot_that_its_setup_wants_where_they_can_be_had(self):
        preview = self.preview("win11")
        spec = preview["machine"]["spec"]
        self.assertEqual((spec["tpm"]["enabled"], spec["secureBoot"]), (True, "microsoft"))
        # With a direct kernel there is no firmware that could check it.
        spec = self.preview("win11", boot={"kernel": "/boot/vmlinuz"})["machine"]["spec"]
        self.assertEqual((spec["tpm"]["enabled"], spec["secureBoot"]), (True, "off"))

    def test_linux_gets_virtio_and_an_unknown_system_only_its_name(self):
        for system in ("debian11", "debian12"):
            spec = self.preview(system)["machine"]["spec"]
            self.assertEqual((spec["nics"][0]["model"], spec["chipset"], spec["disks"][0]["bus"]), ("virtio", "auto", "auto"), system)
        unknown = self.preview("my-own-system")
        self.assertEqual((unknown["preset"], unknown["machine"]["spec"]["disks"]), ([], []))

    def test_machines_for_old_and_new_systems_start_in_the_real_qemu(self):
        for system in ("winxp", "win2k", "win98", "msdos6.22", "win7", "win11", "debian3", "debian11", "ubuntu22.04", "freebsd13.0"):
            name = "run-" + system.replace(".", "-")
            self.daemon.task("POST", "/machines", {"name": name, "spec": {"os": {"id": system}, "memory": {"size": 128 * MIB}}})
            self.daemon.start_machine(name)
            self.assertEqual(self.daemon.status(name), "running", system)
            self.daemon.delete_machine(name)

    def test_windows_has_its_clock_and_timers_and_no_enlightenments_without_kvm(self):
        self.daemon.task("POST", "/machines", {"name": "clock", "spec": {"os": {"id": "win10"}}})
        self.assertEqual(self.argument("clock", "-rtc"), ["base=localtime,driftfix=slew"])
        self.assertIn("hpet=off", self.argument("clock", "-machine")[0])
        kvm = self.argument("clock", "-accel")[0] == "kvm"
        self.assertEqual("hv-relaxed" in self.argument("clock", "-cpu")[0], kvm)
        setting = next(one for one in self.daemon.expect(200, "GET", "/machines/clock/settings").json["settings"] if one["key"] == "cpu.hyperv")
        self.assertEqual(setting["unavailable"] == "", kvm, setting)
        if not kvm:
            refusal = self.daemon.request("PATCH", "/machines/clock", {"spec": {"cpu": {"hyperv": "on"}}})
            self.assert_problem(refusal, 422, mentions=("KVM",))

    def test_command_line_lists_systems_and_refuses_a_misspelt_one(self):
        systems = json.loads(self.daemon.visor("os", "list", "windows 11", "-f", "json").stdout)
        self.assertEqual([system["id"] for system in systems], ["win11"])
        self.assertIn("i440fx", self.daemon.visor("os", "show", "winxp").stdout)
        preview = self.daemon.visor("create", "old", "--os", "winxp", "--dry-run")
        self.assertIn("chipset=i440fx: It has no drivers", preview.stdout)
        wrong = self.daemon.visor("create", "old", "--os", "windoze")
        self.assertEqual(wrong.returncode, 4)
        self.assertIn("visor os list", wrong.stderr)
        made = self.daemon.visor("create", "old", "--os", "winxp")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(self.daemon.machine("old")["spec"]["disks"][0]["bus"], "ide")


class Profiles(TestCase):
    def apply(self, profile, machine, dry_run=False):
        return self.daemon.post(f"/profiles/{profile}/actions/apply{'?dryRun=true' if dry_run else ''}", {"machine": machine})

    def test_a_profile_is_previewed_and_applied_as_one_change(self):
        self.daemon.create("desk")
        before = self.daemon.machine("desk")["spec"]
        preview = self.apply("quiet-server", "desk", dry_run=True).json
        changed = {change["field"] for change in preview["applied"]}
        self.assertLessEqual({"spec.onCrash", "spec.autostart.enabled", "spec.watchdog.model", "spec.protection.delete"}, changed)
        self.assertEqual(self.daemon.machine("desk")["spec"], before, "a preview changes nothing")
        done = self.apply("quiet-server", "desk").json
        self.assertEqual({change["field"] for change in done["applied"]}, changed)
        spec = self.daemon.machine("desk")["spec"]
        self.assertEqual((spec["onCrash"], spec["autostart"]["enabled"], spec["watchdog"]["model"]), ("restart", True, "i6300esb"))
        self.assertEqual(self.apply("quiet-server", "desk").json["applied"], [], "it is so already")

    def test_a_running_machine_gets_now_what_it_can_and_the_rest_waits(self):
        self.daemon.create("busy")
        self.daemon.start_machine("busy")
        done = self.apply("quiet-server", "busy").json
        self.assertIn("spec.onCrash", {change["field"] for change in done["applied"]})
        self.assertIn("spec.watchdog.model", {change["field"] for change in done["pending"]})
        self.assertEqual(self.daemon.status("busy"), "running")

    def test_what_is_impossible_is_explained_and_nothing_is_half_applied(self):
        self.daemon.create("here")
        self.daemon.expect(201, "POST", "/profiles", {"name": "too-much", "spec": {"rng": False, "cpu": {"model": "no-such-model"}}})
        before = self.daemon.machine("here")
        for dry_run in (True, False):
            self.assert_problem(self.apply("too-much", "here", dry_run), 422, mentions=("no-such-model",))
        after = self.daemon.machine("here")
        self.assertEqual((after["spec"], after["revision"]), (before["spec"], before["revision"]))
        self.daemon.expect(204, "DELETE", "/profiles/too-much")

    def test_profiles_of_people_outlive_the_daemon_and_can_be_deleted(self):
        self.daemon.create("model", rng=False, cpu={"count": 3})
        made = self.daemon.visor("profile", "create", "mine", "--from", "model", "--set", "memory.merge=false", "--description", "of mine")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.daemon.kill()
        self.daemon.start()
        profile = self.daemon.expect(200, "GET", "/profiles/mine").json
        self.assertEqual((profile["description"], profile["builtIn"]), ("of mine", False))
        self.assertEqual((profile["spec"]["rng"], profile["spec"]["cpu"]["count"], profile["spec"]["memory"]["merge"]), (False, 3, False))
        self.assertNotIn("firmware", profile["spec"], "what is fixed when a machine is made is no setting for another")
        self.daemon.create("other")
        dry = self.daemon.visor("profile", "apply", "mine", "other", "--dry-run")
        self.assertIn("cpu.count", dry.stdout)
        self.assertEqual(self.daemon.machine("other")["spec"]["cpu"]["count"], 1)
        self.assertEqual(self.daemon.visor("profile", "apply", "mine", "other").returncode, 0)
        self.assertEqual(self.daemon.machine("other")["spec"]["cpu"]["count"], 3)
        self.assertEqual(self.daemon.visor("profile", "delete", "mine").returncode, 0)
        self.assertEqual(self.daemon.request("GET", "/profiles/mine").status, 404)

    def test_bad_profiles_are_refused_with_all_that_is_wrong(self):
        answer = self.daemon.post("/profiles", {"name": "Bad Name", "spec": {"firmware": "bios", "cpu": {"count": 0}, "disks": []}})
        self.assertEqual(answer.status, 422)
        self.assertLessEqual({"name", "spec.firmware", "spec.cpu.count", "spec.disks"}, {field["field"] for field in answer.json["fields"]})
        self.assert_problem(self.daemon.request("DELETE", "/profiles/gaming"), 409, "profile.built_in")
        self.assert_problem(self.daemon.post("/profiles", {"name": "gaming", "spec": {"rng": False}}), 409, "profile.exists")
        self.assert_problem(self.apply("nothing", "nobody"), 404, "profile.not_found")
        self.assert_problem(self.apply("gaming", "nobody"), 404, "machine.not_found")


if __name__ == "__main__":
    unittest.main()
