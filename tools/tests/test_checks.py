"""Each rule finds its own small sample, and leaves a good one alone."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from checks import commits, floors, forbidden, headers, names, sizes, translations, words  # noqa: E402
from checks.source import Tree, blank_comments_and_literals  # noqa: E402

FLOORS = "base:\nloop: base\nengine: base loop\n"


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.write("tools/floors.txt", FLOORS)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def findings(self, check):
        return [str(finding) for finding in check.check(Tree(self.root))]

    def assert_finds(self, check, *parts):
        found = self.findings(check)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def assert_clean(self, check):
        self.assertEqual(self.findings(check), [])


class FloorsTest(CheckTest):
    def test_lower_floor_is_allowed(self):
        self.write("src/engine/a.cpp", '#include "base/b.h"\n#include "engine/c.h"\n')
        self.assert_clean(floors)

    def test_higher_floor_is_refused_with_line(self):
        self.write("src/base/a.h", '#pragma once\n\n#include "engine/b.h"\n')
        self.assert_finds(floors, "src/base/a.h:3:", "'base' may not include 'engine'")

    def test_folder_outside_the_table(self):
        self.write("src/attic/a.cpp", "")
        self.assert_finds(floors, "src/attic is not in tools/floors.txt")

    def test_include_of_no_folder(self):
        self.write("src/base/a.cpp", '#include "helpers/b.h"\n')
        self.assert_finds(floors, "'helpers/' is no folder")

    def test_heavy_asio_in_a_header(self):
        self.write("src/engine/a.h", "#include <boost/asio/awaitable.hpp>\n#include <boost/asio/ip/tcp.hpp>\n")
        self.assert_finds(floors, "src/engine/a.h:2:", "forward-declare")

    def test_base_never_knows_asio(self):
        self.write("src/base/a.cpp", "#include <boost/asio/awaitable.hpp>\n")
        self.assert_finds(floors, "src/base may not know")


class ForbiddenTest(CheckTest):
    def test_each_word(self):
        for text, part in [
            ("void f() { asio::co_spawn(x, y, z); }", "task group"),
            ("auto p = new Thing;", "make_unique"),
            ('int r = system("ls");', "no shell"),
            ('FILE* f = ::popen("ls", "r");', "no shell"),
            ("void f() { std::this_thread::sleep_for(1s); }", "blocks the loop"),
            ("void f() { try { g(); } catch (...) { log(); } }", "throw again"),
        ]:
            with self.subTest(text):
                self.write("src/engine/a.cpp", f"\n{text}\n")
                self.assert_finds(forbidden, "src/engine/a.cpp:2:", part)

    def test_words_in_comments_and_literals_do_not_count(self):
        self.write("src/engine/a.cpp", '// a new thing, detached\nconst char* k = "system(x)"; auto r = R"(new X)";\n')
        self.assert_clean(forbidden)

    def test_names_that_only_look_alike(self):
        self.write("src/engine/a.cpp", "host.system(); file_system(1); renew(x); co_await loop::sleep_for(1s);\n")
        self.assert_clean(forbidden)

    def test_loop_may_spawn(self):
        self.write("src/loop/a.cpp", "void f() { asio::co_spawn(x, y, asio::detached); }\n")
        self.assert_clean(forbidden)

    def test_catch_all_that_keeps_the_error(self):
        self.write("src/engine/a.cpp", "void f() { try { g(); } catch (...) { undo(); throw; } }\n")
        self.assert_clean(forbidden)

    def test_header_without_pragma(self):
        self.write("src/engine/a.h", "struct A {};\n")
        self.assert_finds(forbidden, "#pragma once")


def function_of(lines):
    return "namespace n {\nclass C : public B {\n  int x{1};\n};\n\nint C::long_one(int a) const {\n" + "  f();\n" * (lines - 2) + "}\n}\n"


class SizesTest(CheckTest):
    def test_at_the_limit(self):
        self.write("src/base/a.cpp", function_of(sizes.MAX_FUNCTION))
        self.assert_clean(sizes)

    def test_over_the_limit_with_name_and_line(self):
        self.write("src/base/a.cpp", function_of(sizes.MAX_FUNCTION + 1))
        self.assert_finds(sizes, "src/base/a.cpp:6:", "long_one() has 81 lines")

    def test_exception_with_reason(self):
        self.write("src/base/a.cpp", function_of(sizes.MAX_FUNCTION + 1))
        self.write(sizes.EXCEPTIONS, "src/base/a.cpp long_one: a table\n")
        self.assert_clean(sizes)

    def test_exception_without_reason_does_not_count(self):
        self.write("src/base/a.cpp", function_of(sizes.MAX_FUNCTION + 1))
        self.write(sizes.EXCEPTIONS, "src/base/a.cpp long_one:\n")
        self.assertEqual(len(self.findings(sizes)), 2)

    def test_exception_that_is_not_needed(self):
        self.write("src/base/a.cpp", "")
        self.write(sizes.EXCEPTIONS, "src/base/a.cpp: long once\n")
        self.assert_finds(sizes, "needs no exception any more")

    def test_long_file(self):
        self.write("src/base/a.cpp", "int x;\n" * (sizes.MAX_FILE + 1))
        self.assert_finds(sizes, "601 lines")

    def test_braces_in_initialisers_are_no_functions(self):
        code = "namespace n {\nconst std::vector<Rule> kRules = {\n" + '  {"a", f(1)},\n' * 100 + "};\n}\n"
        self.assertEqual(list(sizes.functions(blank_comments_and_literals(code))), [])


class TranslationsTest(CheckTest):
    """A reader of Chinese would find English where words are missing."""

    SOURCE = """
void f() {
  validation.refuse("a", "range", fmt::format("{} is too large; "
                                              "take {}.", a, b));
  throw Error(ErrorKind::conflict, "machine.busy", "x");
  run.step("Make it");
  description.kind = "machine." + verb;
  describe(entry, "start", {});
}
"""
    PAGE = {"taskKind": {"machine_start": "启动"}, "setting": {"cpu_count": {"title": "处理器", "sentence": "数量。"}},
            "state": {"running": "运行中"}}
    DAEMON = {"error": {"machine.busy": {"title": "忙"}, "internal": {"title": "错误"}}, "setting": {}, "step": {"Make it": "制作"},
              "sentence": {"{} is too large; take {}.": "{1}过大"}}

    def setUp(self):
        super().setUp()
        self.write("src/engine/a.cpp", self.SOURCE)
        self.write("src/model/settings.cpp", 'number("cpu.count", "integer");\n')
        self.write("src/model/a.h", "BOOST_DEFINE_ENUM_CLASS(Status, running)\n")
        self.write_words(self.PAGE, self.DAEMON)

    def write_words(self, page, daemon):
        self.write(translations.PAGE_WORDS, json.dumps(page))
        self.write(translations.DAEMON_WORDS, json.dumps(daemon))

    def test_all_have_words(self):
        self.assert_clean(translations)

    def test_each_without_words_is_named(self):
        empty = {part: {} for part in self.DAEMON}
        self.write_words({}, empty)
        said = "\n".join(self.findings(translations))
        for what in ("error 'machine.busy'", "task 'machine.start'", "step 'Make it'", "setting 'cpu.count'", "Status 'running'",
                     "'{} is too large; take {}.'"):
            self.assertIn(what + " has no Chinese words", said)

    def test_words_that_nobody_says_any_more(self):
        self.write("src/engine/a.cpp", self.SOURCE.replace("take {}", "give {}").replace("machine.busy", "machine.gone"))
        said = "\n".join(self.findings(translations))
        self.assertIn("no error is 'machine.busy'", said)
        self.assertIn("nobody says '{} is too large; take {}.'", said)

    def test_what_is_said_of_the_host_has_words(self):
        self.write("src/host/host_checks_a.cpp", 'HostCheck check{.id = "limit.files", .title = "Open files"};\n'
                                                 'check.reason = fmt::format("It may have {} "\n "open.", 1);\n')
        said = "\n".join(self.findings(translations))
        self.assertIn("'Open files' has no Chinese words", said)
        self.assertIn("'It may have {} open.' has no Chinese words", said)
        self.assertNotIn("limit.files", said)

    def test_the_command_line_speaks_english(self):
        self.write("src/visor/a.cpp", 'throw Error(ErrorKind::cancelled, "cli.declined", "x");\n')
        self.assert_clean(translations)


class CommitsTest(unittest.TestCase):
    def test_subjects(self):
        for good in ("qemu: Pin the machine type", "base, os: Test the floors", "web/settings: Show 3 rows"):
            self.assertIsNone(commits.subject_problem(good), good)
        for bad in ("Fix it", "qemu: lower case", "qemu Pin", "qemu: Ends with a dot.", "QEMU: Pin", "a: " + "B" * 120):
            self.assertIsNotNone(commits.subject_problem(bad), bad)

    def test_log_of_a_repository(self):
        with tempfile.TemporaryDirectory() as folder:
            identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
            for arguments in (["init", "-q"], *(["commit", "-q", "--allow-empty", "-m", text] for text in ("base: Add", "oops"))):
                subprocess.run(["git", *identity, "-C", folder, *arguments], check=True)
            self.assertEqual([finding.message.split("'")[1] for finding in commits.check(Tree(folder))], ["oops"])


class WordsTest(CheckTest):
    def setUp(self):
        super().setUp()
        self.write("tools/allowed-hosts.txt", "# ours\n127.0.0.1\nexample.com\n[::1]\n")

    def test_allowed_hosts_and_what_is_below_them(self):
        self.write("docs/a.md", "http://127.0.0.1:80/ https://www.example.com/ http://[::1]:1/ http://host:1/ https://u@example.com/\n")
        self.assert_clean(words)

    def test_other_host(self):
        self.write("docs/a.md", "\nsee https:" + "//notexample.com/x\n")
        self.assert_finds(words, "docs/a.md:2:", "notexample.com")

    def test_machine_path(self):
        self.write("docs/a.md", "cd /wo" + "rk/main\n")
        self.assert_finds(words, "path of one machine")

    def test_lock_file_names_no_registry(self):
        self.write("web/package-lock.json", '{"funding": "https://example.org/x", "resolved": "https://example.org/a.tgz"}\n')
        self.assert_finds(words, "lock file")


class NamesTest(CheckTest):
    def test_names_without_a_use(self):
        self.write("src/base/a.cpp", "using std::move;\n")
        self.assert_finds(names, "src/base/a.cpp:1:", "'move' is declared here and not used")
        self.write("src/base/a.cpp", "namespace fs = std::filesystem;  // fs\n")
        self.assert_finds(names, "'fs'")

    def test_used_names_and_names_that_a_header_offers(self):
        self.write("src/base/a.cpp", "using std::move;\nnamespace fs = std::filesystem;\nfs::path f() { return move(x); }\n")
        self.write("src/base/a.h", "using std::swap;\n")
        self.assert_clean(names)

    def test_constants_of_two_files_that_are_compiled_as_one(self):
        self.write("src/base/a.cpp", "constexpr Bytes kMargin = 4_MiB;\nconst std::vector<Rule> kRules = {\n};\n")
        self.write("src/os/a.cpp", "constexpr Bytes kMargin{4};\n")
        self.assert_clean(names)
        self.write("src/base/b.cpp", "\nconstexpr model::Arch kMargin[] = {1};\n")
        self.assert_finds(names, "src/base/b.cpp:2:", "'kMargin' is defined in src/base/a.cpp, too")
        self.write("src/base/b.cpp", "const auto& kRules(f());\n")
        self.assert_finds(names, "src/base/b.cpp:1:", "'kRules'")


class HeadersTest(CheckTest):
    def setUp(self):
        super().setUp()
        self.cache = pathlib.Path(self.folder.name) / "cache"
        self.cache.mkdir()
        self.write("src/base/whole.h", "#pragma once\n#include <string>\ninline std::string f() { return {}; }\n")

    def test_complete_header(self):
        self.assertIsNone(headers.compile_alone(Tree(self.root), "src/base/whole.h", self.cache))
        self.assertEqual(len(list(self.cache.iterdir())), 1)

    def test_header_that_lacks_an_include(self):
        self.write("src/base/part.h", "#pragma once\ninline std::string g() { return {}; }\n")
        finding = headers.compile_alone(Tree(self.root), "src/base/part.h", self.cache)
        self.assertIn("does not compile alone", str(finding))

    def test_build_proves_a_header_that_its_source_includes_first(self):
        self.write("src/base/whole.cpp", '#include "base/whole.h"\n\n#include <vector>\n')
        self.assertTrue(headers.is_proved_by_build(Tree(self.root), "src/base/whole.h"))
        self.write("src/base/whole.cpp", '#include <vector>\n#include "base/whole.h"\n')
        self.assertFalse(headers.is_proved_by_build(Tree(self.root), "src/base/whole.h"))

    def test_a_change_in_what_it_includes_is_noticed(self):
        self.write("src/base/user.h", '#pragma once\n#include "base/whole.h"\n')
        before = headers.digest(Tree(self.root), "src/base/user.h")
        self.write("src/base/whole.h", "#pragma once\n")
        self.assertNotEqual(before, headers.digest(Tree(self.root), "src/base/user.h"))


if __name__ == "__main__":
    unittest.main()
