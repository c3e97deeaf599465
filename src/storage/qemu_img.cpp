#include "storage/qemu_img.h"
#include "storage/boxed_tool.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "storage/qemu_img_run.h"

namespace visor::storage {
namespace {

using std::chrono::seconds;

/// One non-negative number of an answer of qemu-img.
std::uint64_t number_in(const OpenDisk& disk, const loop::CommandResult& result, std::string_view key) {
  const boost::json::value answer = json::parse(result.output);
  const boost::json::value* value = answer.is_object() ? answer.get_object().if_contains(key) : nullptr;
  boost::system::error_code error;
  const auto number = value != nullptr && value->is_number() ? value->to_number<std::int64_t>(error) : std::int64_t{-1};
  if (error || number < 0) {
    throw Error(ErrorKind::internal, "image.inspect_failed",
                fmt::format("qemu-img answered without a sound '{}' for {}.", key, text::printable(disk.name)));
  }
  return static_cast<std::uint64_t>(number);
}

/// A run that goes over all data of a disk and writes what it finds.
Awaitable<> transform(OpenDisk disk, QemuImgRun run, std::function<void(double)> progress) {
  run.on_line = [&progress](const std::string& line) {
    const std::optional<double> fraction = parse_convert_progress(line);
    if (fraction && progress) progress(*fraction);
  };
  std::optional<loop::CommandResult> result;
  try {
    result = co_await run_boxed(run);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::timeout) throw;
  }
  if (!result || out_of_time(*result)) {
    throw Error(ErrorKind::timeout, "image.convert_timeout",
                fmt::format("{} could not be converted within {} s.", text::printable(disk.name), run.timeout.count()));
  }
  if (result->status.success()) co_return;
  throw_if_in_use(disk.name, *result);
  throw_if_full(disk.name, *result);
  throw Error(ErrorKind::invalid, "image.unreadable",
              fmt::format("{} could not be converted: {}.", text::printable(disk.name), reason(*result)),
              "The file is damaged or its disk fails; copy or download it again.");
}

}  // namespace

Awaitable<Bytes> qemu_img_virtual_size(OpenDisk disk) {
  QemuImgRun run{.arguments = {"info", "--output=json", json_name(disk)},
                 .memory = 1_GiB,
                 .cpu_time = seconds(10),
                 .timeout = seconds(30),
                 .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  if (!result.status.success()) throw refused(disk, result);
  co_return Bytes{number_in(disk, result, "virtual-size")};
}

Awaitable<Bytes> qemu_img_required(OpenDisk disk) {
  QemuImgRun run{.arguments = {"measure", "--output=json", "-O", "qcow2", json_name(disk)},
                 .memory = 2_GiB,
                 .cpu_time = seconds(120),
                 .timeout = seconds(300),
                 .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  if (!result.status.success()) throw refused(disk, result);
  co_return Bytes{number_in(disk, result, "required")};
}

Awaitable<> qemu_img_convert(OpenDisk disk, NewDisk target, Bytes limit, std::function<void(double)> progress) {
  QemuImgRun run{.arguments = {"convert", "-p", "-O", json::enum_name(target.format)},
                 .memory = 4_GiB,
                 .cpu_time = time_for(target.size),
                 .timeout = time_for(target.size),
                 .sources = descriptors_of(disk),
                 .writable = target.path.parent_path(),
                 .file_size = limit};
  if (target.compressed) run.arguments.emplace_back("-c");
  if (target.backing) {
    run.arguments.insert(run.arguments.end(), {"-B", target.backing->native(), "-F", json::enum_name(target.backing_format)});
    for (const OpenDisk& layer : disk.below) run.readable.emplace_back(layer.name);
  }
  run.arguments.insert(run.arguments.end(), {json_name(disk), target.path.native()});
  co_await transform(disk, std::move(run), std::move(progress));
}

Awaitable<> qemu_img_create(NewDisk disk) {
  QemuImgRun run{.arguments = {"create", "-q", "-f", json::enum_name(disk.format)},
                 .memory = 1_GiB,
                 .cpu_time = seconds(30),
                 .timeout = seconds(60)};
  run.writable = disk.path.parent_path();
  if (disk.backing) {
    run.arguments.insert(run.arguments.end(), {"-u", "-F", json::enum_name(disk.backing_format), "-b", disk.backing->native()});
  }
  run.arguments.insert(run.arguments.end(), {disk.path.native(), std::to_string(disk.size.count)});
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw_if_full(disk.path.native(), result);
  throw Error(ErrorKind::internal, "volume.create_failed",
              fmt::format("The disk {} could not be made: {}.", disk.path.native(), reason(result)));
}

Awaitable<> qemu_img_resize(OpenDisk disk, Bytes size) {
  QemuImgRun run{.arguments = {"resize", "-q", json_name(disk), std::to_string(size.count)},
                 .memory = 1_GiB,
                 .cpu_time = seconds(30),
                 .timeout = seconds(60),
                 .sources = descriptors_of(disk),
                 .writes_source = true};
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw_if_in_use(disk.name, result);
  throw_if_full(disk.name, result);
  throw Error(ErrorKind::internal, "volume.resize_failed",
              fmt::format("The size of {} could not be changed: {}.", text::printable(disk.name), reason(result)));
}

std::optional<double> parse_convert_progress(const std::string& line) {
  const std::size_t open = line.find('(');
  if (open == std::string::npos) return std::nullopt;
  double percent = 0;
  const auto [end, error] = std::from_chars(line.data() + open + 1, line.data() + line.size(), percent);
  const bool whole = std::string_view(end, static_cast<std::size_t>(line.data() + line.size() - end)).starts_with("/100%)");
  if (error != std::errc() || !whole || !(percent >= 0 && percent <= 100)) return std::nullopt;
  return percent / 100;
}

}  // namespace visor::storage
