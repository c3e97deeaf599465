#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "visor/emit.h"
#include "visor/event_text.h"
#include "visor/exit_code.h"
#include "visor/machine_view.h"
#include "visor/progress.h"
#include "visor/table.h"
#include "visor/units.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Width, EastAsianTextTakesTwoColumnsAndMarksNone) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("虚拟机"), 6U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);
  EXPECT_EQ(display_width("🙂"), 2U);
  EXPECT_EQ(display_width("\xFF\xFE"), 2U);
}

TEST(Width, CutTextNeverGoesOverTheLimit) {
  EXPECT_EQ(shorten("hello", 5), "hello");
  EXPECT_EQ(shorten("hello", 4), "hel…");
  EXPECT_EQ(shorten("虚拟机", 4), "虚…");
  EXPECT_LE(display_width(shorten("虚拟机管理", 6)), 6U);
  EXPECT_EQ(shorten("x", 0), "");
}

Table sample() {
  return {{{"NAME"}, {"SIZE", Align::right}, {"DESCRIPTION", Align::left, true}},
          {{"a", Cell("2 GiB", "2147483648"), "a rather long description of this machine"}, {"machine", "10 GiB", "虚拟机"}}};
}

TEST(Table, NumbersStandAtTheRight) {
  const std::string text = render(sample(), {});
  EXPECT_THAT(text, HasSubstr("a         2 GiB  a rather long"));
  EXPECT_THAT(text, HasSubstr("machine  10 GiB  虚拟机\n"));
}

TEST(Table, FitsTheTerminalByShorteningWhatMayBeShortened) {
  const std::string text = render(sample(), {.width = 40, .color = false});
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    EXPECT_LE(display_width(rest.substr(0, end)), 40U);
    rest.remove_prefix(end + 1);
  }
  EXPECT_THAT(text, HasSubstr("…"));
  EXPECT_THAT(text, HasSubstr("machine"));
}

TEST(Table, GuestCannotSendEscapesToTheTerminal) {
  const Table table{{{"NAME"}}, {{Cell("\x1b]0;owned\x07")}}};
  EXPECT_THAT(render(table, {}), Not(HasSubstr("\x1b")));
  Details details;
  details.add("Guest", "\x1b[2J");
  EXPECT_THAT(render(details, {}), Not(HasSubstr("\x1b")));
}

TEST(Table, NoColoursWhereNoneAreWanted) {
  const Table table{{{"STATE"}}, {{Cell("running", Color::green)}}};
  EXPECT_THAT(render(table, {.width = 0, .color = false}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render(table, {.width = 0, .color = true}), HasSubstr("\x1b[32mrunning\x1b[0m"));
}

TEST(Csv, ValuesAreExactAndQuoted) {
  const Table table{{{"NAME"}, {"SIZE"}}, {{Cell("a,\"b\""), Cell("2 GiB", "2147483648")}, {Cell("line\nbreak"), Cell("-5")}}};
  EXPECT_EQ(render_csv(table), "name,size\r\n\"a,\"\"b\"\"\",2147483648\r\n\"line\nbreak\",-5\r\n");
}

TEST(Csv, SpreadsheetDoesNotRunADescription) {
  const Table table{{{"D"}}, {{Cell("=HYPERLINK(1)")}}};
  EXPECT_EQ(render_csv(table), "d\r\n'=HYPERLINK(1)\r\n");
}

TEST(Yaml, ValuesComeBackAsWhatTheyWere) {
  const auto value = boost::json::parse(
      R"({"name":"hello","on":true,"port":22,"text":"yes","number":"12","time":"40:22","empty":"","none":null,)"
      R"("list":[{"id":"a","tags":["x","y"]},{"id":"b","tags":[]}],"colon":"a: b","line":"a\nb","dash":"-"})");
  EXPECT_EQ(to_yaml(value),
            "name: hello\n\"on\": true\nport: 22\ntext: \"yes\"\nnumber: \"12\"\ntime: \"40:22\"\nempty: \"\"\nnone: null\n"
            "list:\n  - id: a\n    tags:\n      - x\n      - \"y\"\n  - id: b\n    tags: []\ncolon: \"a: b\"\nline: "
            "\"a\\nb\"\ndash: \"-\"\n");
}

TEST(Csv, OneThingIsOneFieldPerLine) {
  EXPECT_EQ(to_csv(boost::json::parse(R"({"a":{"b":1},"c":["x",null]})")), "field,value\r\na.b,1\r\nc[0],x\r\nc[1],\r\n");
}

TEST(Units, DurationsAreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("90").count(), 90);
  EXPECT_EQ(parse_duration("60s").count(), 60);
  EXPECT_EQ(parse_duration("10m").count(), 600);
  EXPECT_EQ(parse_duration("1h30m").count(), 5400);
  EXPECT_EQ(parse_duration("2d").count(), 172800);
  for (const char* wrong : {"", "soon", "-5s", "5x", "1h30", "99999999999999999999", "1e3", "400d", "m"}) {
    EXPECT_THROW(parse_duration(wrong), Error) << wrong;
  }
}

TEST(Units, AmountsAreShort) {
  EXPECT_EQ(format_duration(std::chrono::seconds(45)), "45 s");
  EXPECT_EQ(format_duration(std::chrono::seconds(200)), "3 min 20 s");
  EXPECT_EQ(format_duration(std::chrono::seconds(7500)), "2 h 5 min");
  EXPECT_EQ(format_duration(std::chrono::seconds(90000)), "1 d 1 h");
  EXPECT_EQ(format_elapsed(std::chrono::milliseconds(1250)), "1.2 s");
  EXPECT_EQ(format_elapsed(std::chrono::milliseconds(125000)), "2:05 min");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(std::uint64_t{2} << 30U), "2 GiB");
  EXPECT_EQ(format_size(0), "0 B");
}

TEST(ExitCode, ScriptsCanTellErrorsApart) {
  const auto code = [](ErrorKind kind) { return exit_code(Error(kind, "x", "x")); };
  EXPECT_EQ(code(ErrorKind::internal), 1);
  EXPECT_EQ(code(ErrorKind::validation), 1);
  EXPECT_EQ(code(ErrorKind::not_found), 4);
  EXPECT_EQ(code(ErrorKind::conflict), 5);
  EXPECT_EQ(code(ErrorKind::precondition), 5);
  EXPECT_EQ(code(ErrorKind::timeout), 124);
  EXPECT_EQ(exit_code(usage_error("x")), 2);
  EXPECT_EQ(exit_code(Error(ErrorKind::cancelled, "cli.interrupted", "x")), 130);
}

TEST(ErrorText, SaysEverythingThatWasRefusedAndHowToFixIt) {
  const Error error = Error(ErrorKind::validation, "x", "Two values are wrong.", "Try less.")
                          .with_fields({{"spec.cpu.count", "range", "Too many."}, {"name", "name", "Bad\x1b."}});
  EXPECT_EQ(format_error(error, false),
            "visor: Two values are wrong.\n  spec.cpu.count: Too many.\n  name: Bad\\x1b.\nhint: Try less.\n");
}

model::Task task_with(model::StepState first, model::StepState second, WallTime start) {
  model::Task task;
  task.title = "Create hello";
  task.progress = 0.5;
  task.steps = {{"Create disk", first, start, start + std::chrono::seconds(2), ""},
                {"Start", second, start, std::nullopt, "12 of 100 MiB"}};
  return task;
}

TEST(Event, LineSaysWhatHappenedToWhat) {
  const auto line = [](const char* type, const char* data) { return event_text(type, boost::json::parse(data)); };
  EXPECT_EQ(
      line("machine", R"({"action":"updated","machine":{"name":"a","state":{"status":"running","ready":true,"reason":""}}})"),
      "a: running, ready");
  EXPECT_EQ(line("machine", R"({"action":"deleted","machine":{"id":"1","name":"a"}})"), "a: deleted");
  EXPECT_EQ(line("task", R"({"action":"updated","task":{"title":"Start a","state":"running","progress":0.5}})"),
            "Start a: running 50 %");
  EXPECT_EQ(line("image", R"({"action":"created","image":{"name":"debian/12"}})"), "debian/12: created");
  EXPECT_EQ(line("metrics", R"({"machine":"a","sample":{"cpuPercent":12.4,"memoryUsed":1048576}})"), "a: CPU 12 %, memory 1 MiB");
  EXPECT_EQ(line("resync", "{}"), "{}");
}

TEST(SettingText, SizesHaveTheirUnit) {
  EXPECT_EQ(setting_text("spec.memory.size", boost::json::value(std::uint64_t{1} << 30U)), "1 GiB");
  EXPECT_EQ(setting_text("disks[0].size", boost::json::value(std::uint64_t{1} << 30U)), "1 GiB");
  EXPECT_EQ(setting_text("cpu.count", boost::json::value(2)), "2");
}

TEST(Progress, LogGetsEachStepOnceWithItsTime) {
  ProgressView view({.live = false, .color = false});
  const WallTime start;
  std::string log = view.update(task_with(model::StepState::running, model::StepState::waiting, start), start, 80);
  log += view.update(task_with(model::StepState::done, model::StepState::running, start), start + std::chrono::seconds(3), 80);
  log += view.update(task_with(model::StepState::done, model::StepState::running, start), start + std::chrono::seconds(4), 80);
  EXPECT_EQ(log, "… Create disk\n✓ Create disk  2.0 s\n… Start\n");
}

TEST(Progress, TerminalShowsRunningStepsWithTimeDetailAndBar) {
  ProgressView view({.live = true, .color = false});
  const WallTime start;
  const std::string screen =
      view.update(task_with(model::StepState::done, model::StepState::running, start), start + std::chrono::seconds(3), 80);
  EXPECT_THAT(screen, HasSubstr("✓ Create disk  2.0 s\n"));
  EXPECT_THAT(screen, HasSubstr(" Start  3.0 s  12 of 100 MiB\n"));
  EXPECT_THAT(screen, HasSubstr("[############............]  50 %"));
  EXPECT_EQ(view.clear(), "\x1b[1A\x1b[2K\x1b[1A\x1b[2K");
  EXPECT_EQ(view.clear(), "");
}

TEST(Progress, BarStaysInItsBounds) {
  EXPECT_EQ(progress_bar(-1, 4), "[....]   0 %");
  EXPECT_EQ(progress_bar(7, 4), "[####] 100 %");
}

}  // namespace
}  // namespace visor::cli
