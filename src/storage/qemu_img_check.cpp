// What qemu-img finds wrong in the tables of a file, and repairs.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "storage/qemu_img.h"
#include "storage/qemu_img_run.h"

namespace visor::storage {
namespace {

using std::chrono::seconds;

/// qemu-img leaves numbers that are zero out.
std::uint64_t number_in(const boost::json::object& answer, std::string_view key) {
  const boost::json::value* value = answer.if_contains(key);
  boost::system::error_code error;
  const auto number = value != nullptr && value->is_number() ? value->to_number<std::int64_t>(error) : std::int64_t{0};
  return error || number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

/// Exit codes by qemu-img(1): 0 sound, 1 not checked, 2 damaged, 3 leaked clusters (harmless), 63 no check for this format.
enum ExitCode { kSound = 0, kDamaged = 2, kLeaks = 3, kUnsupported = 63 };

bool has_checked(const loop::CommandResult& result) {
  const int code = result.status.code;
  return result.status.signal == 0 && (code == kSound || code == kDamaged || code == kLeaks);
}

CheckReport report_of(const loop::CommandResult& result) {
  const boost::json::value answer = json::parse(result.output);
  if (!answer.is_object()) throw Error(ErrorKind::internal, "image.inspect_failed", "qemu-img answered without an object.");
  const boost::json::object& found = answer.get_object();
  CheckReport report;
  report.errors = number_in(found, "corruptions") + number_in(found, "check-errors");
  report.leaks = number_in(found, "leaks");
  report.repaired_errors = number_in(found, "corruptions-fixed");
  report.repaired_leaks = number_in(found, "leaks-fixed");
  return report;
}

}  // namespace

Error damaged(const std::string& name) {
  return {
      ErrorKind::invalid, "image.corrupt",
      fmt::format("{} is damaged: `qemu-img check` finds errors in it.", text::printable(name)),
      "Copy it again, or repair it: `visor disk check NAME DISK --repair` for the disk of a machine, `qemu-img check -r all` for "
      "another file."};
}

Awaitable<CheckReport> qemu_img_report(OpenDisk disk) {
  if (disk.format == model::DiskFormat::raw) co_return CheckReport{.has_tables = false};
  QemuImgRun run{.arguments = {"check", "--output=json", json_name(disk)},
                 .memory = 2_GiB,
                 .cpu_time = seconds(120),
                 .timeout = seconds(300),
                 .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  if (result.status.signal == 0 && result.status.code == kUnsupported) co_return CheckReport{.has_tables = false};
  if (!has_checked(result) || says_cut(result)) throw refused(disk, result);
  co_return report_of(result);
}

Awaitable<> qemu_img_check(OpenDisk disk) {
  const CheckReport report = co_await qemu_img_report(disk);
  if (report.errors == 0) co_return;
  throw damaged(disk.name);
}

Awaitable<CheckReport> qemu_img_repair(std::filesystem::path file, model::DiskFormat format,
                                       std::vector<std::filesystem::path> reads, Repair what) {
  QemuImgRun run{.arguments = {"check", "--output=json", "-r", what == Repair::all ? "all" : "leaks", "-f",
                               json::enum_name(format), file.native()},
                 .memory = 2_GiB,
                 .cpu_time = seconds(120),
                 .timeout = seconds(300),
                 .readable = std::move(reads),
                 .writable = file};
  // Without a layer below it nothing would ask for locks: see run_boxed().
  if (run.readable.empty()) run.readable.push_back(file);
  const loop::CommandResult result = co_await run_boxed(run);
  if (has_checked(result)) co_return report_of(result);
  throw_if_in_use(file.native(), result);
  throw Error(ErrorKind::internal, "volume.repair_failed",
              fmt::format("{} could not be repaired: {}.", text::printable(file.native()), reason(result)),
              "Make a copy of the file before anything else is tried with it.");
}

}  // namespace visor::storage
