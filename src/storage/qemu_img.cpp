#include "storage/qemu_img.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/timeout.h"

namespace visor::storage {
namespace {

using std::chrono::seconds;

/// Where qemu-img finds the source among its descriptors; the layers below it come behind.
constexpr int kSourceFd = 10;

/// One run and its walls.
struct Run {
  std::vector<std::string> arguments;
  Bytes memory;
  seconds cpu_time{60};
  seconds timeout{60};
  std::vector<int> sources = {};                     ///< descriptors that become kSourceFd and those behind it
  bool writes_source = false;                        ///< the first of them
  std::vector<std::filesystem::path> readable = {};  ///< files that it opens by name
  std::filesystem::path writable = {};               ///< the one directory (or file) for output; empty: none
  std::optional<Bytes> file_size = {};
  std::function<void(const std::string&)> on_line = {};
};

/// The layer with this number, from the top; what it stands on is said here, never taken from its header.
boost::json::object node_of(const OpenDisk& disk, std::size_t number) {
  const OpenDisk& layer = number == 0 ? disk : disk.below[number - 1];
  const std::string file = fmt::format("/proc/self/fd/{}", kSourceFd + static_cast<int>(number));
  boost::json::object node{{"driver", json::enum_name(layer.format)}, {"file", {{"driver", "file"}, {"filename", file}}}};
  if (layer.format != model::DiskFormat::qcow2) return node;
  node["backing"] = number < disk.below.size() ? boost::json::value(node_of(disk, number + 1)) : nullptr;
  return node;
}

std::string json_name(const OpenDisk& disk) { return "json:" + boost::json::serialize(node_of(disk, 0)); }

std::vector<int> descriptors_of(const OpenDisk& disk) {
  std::vector<int> all{disk.fd};
  for (const OpenDisk& layer : disk.below) all.push_back(layer.fd);
  return all;
}

os::Command make_command(const Run& run) {
  os::Command command;
  command.program = "qemu-img";
  command.arguments = run.arguments;
  os::Box& box = command.box;
  box.address_space = run.memory;
  box.cpu_time = run.cpu_time;
  box.file_size = run.file_size;
  box.landlock = true;
  box.readable = {"/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.preload", "/dev/null", "/dev/urandom"};
  box.readable.insert(box.readable.end(), run.readable.begin(), run.readable.end());
  int number = kSourceFd;
  for (const int source : run.sources) {
    command.descriptors.emplace_back(source, number++);
    // The rule is on the file itself, so it also holds for the descriptor when the name is gone or means another file now.
    const std::string name = fmt::format("/proc/self/fd/{}", source);
    box.readable.emplace_back(name);
    if (run.writes_source && source == run.sources.front()) box.writable.emplace_back(name);
  }
  if (!run.writable.empty()) box.writable.push_back(run.writable);
  // QEMU finds out by it whether there are locks (util/osdep.c, qemu_probe_lock_ops), and takes none when it may not write there.
  if (!run.readable.empty()) box.writable.emplace_back("/dev/null");
  return command;
}

Awaitable<loop::CommandResult> run_boxed(const Run& run) {
  loop::CommandOptions options;
  options.timeout = run.timeout;
  options.output_limit = 256_KiB;
  options.on_line = run.on_line;
  // In a coroutine of its own, because run_command ends by switching off the cancellation of the coroutine that it runs in, and
  // an import must stay cancellable after its first program.
  std::function<Awaitable<loop::CommandResult>()> work = [&]() -> Awaitable<loop::CommandResult> {
    return loop::run_command(make_command(run), options);
  };
  co_return co_await loop::with_timeout<loop::CommandResult>(run.timeout + seconds(30), "The end of qemu-img", std::move(work));
}

/// What qemu-img says without the parts that only we understand: "qemu-img: Could not open 'json:...': REASON" -> "REASON".
std::string reason(const loop::CommandResult& result) {
  const std::vector<std::string> lines = text::last_lines(result.error, 1);
  std::string_view line = lines.empty() ? std::string_view() : text::trim(lines.front());
  if (line.starts_with("qemu-img: ")) line.remove_prefix(10);
  while (line.starts_with("Could not open '") && line.find("': ") != std::string_view::npos)
    line.remove_prefix(line.find("': ") + 3);
  return line.empty() ? result.status.text() : text::printable(line);
}

bool says(const loop::CommandResult& result, std::string_view words) { return result.error.find(words) != std::string::npos; }

bool out_of_time(const loop::CommandResult& result) { return result.status.signal == SIGXCPU || result.status.signal == SIGKILL; }

Error inspect_timeout(const OpenDisk& disk, const Run& run) {
  return {ErrorKind::timeout, "image.inspect_timeout",
          fmt::format("{} could not be inspected within {} s.", text::printable(disk.name), run.timeout.count()),
          "The file may be damaged or made to be slow; try again when the host has less to do."};
}

Error no_space(const std::string& what) {
  return {ErrorKind::no_space, "host.no_space", fmt::format("There is no space left to write {}.", what),
          "Free some space on that file system and try again."};
}

/// Failures that mean the same in every run that reads a disk.
void throw_if_unreadable(const OpenDisk& disk, const loop::CommandResult& result) {
  if (says(result, "Failed to get") && says(result, "lock")) {
    throw Error(ErrorKind::conflict, "image.in_use",
                fmt::format("{} is in use by a running machine.", text::printable(disk.name)), "Stop that machine first.");
  }
}

/// A run that only looks: quick, small, and its time-out means that something is wrong with the file.
Awaitable<loop::CommandResult> look(const OpenDisk& disk, const Run& run) {
  std::optional<loop::CommandResult> result;
  try {
    result = co_await run_boxed(run);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::timeout) throw;
  }
  if (!result || out_of_time(*result)) throw inspect_timeout(disk, run);
  throw_if_unreadable(disk, *result);
  co_return std::move(*result);
}

/// The words of QEMU's drivers for data beyond the end of the file (qcow2, vmdk, vhdx).
bool says_cut(const loop::CommandResult& result) {
  return says(result, "end of the file") || says(result, "after EOF") || says(result, "after end of file") ||
         says(result, "truncated");
}

Error refused(const OpenDisk& disk, const loop::CommandResult& result) {
  const std::string name = text::printable(disk.name);
  if (says_cut(result)) {
    return {ErrorKind::invalid, "image.truncated", fmt::format("{} is cut off: data that it names is missing.", name),
            "Copy or download it again."};
  }
  return {ErrorKind::invalid, "image.not_an_image",
          fmt::format("{} cannot be read as {}: {}.", name, json::enum_name(disk.format), reason(result)),
          "The file is damaged, or of a kind that QEMU does not know."};
}

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

/// Time for work that touches all data: 5 MiB/s are slow enough for any disk that is still alive.
seconds time_for(Bytes size) { return seconds(600 + static_cast<long>(size.count / (5_MiB).count)); }

/// A run that goes over all data of a disk and writes what it finds.
Awaitable<> transform(OpenDisk disk, Run run, std::function<void(double)> progress) {
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
  throw_if_unreadable(disk, *result);
  if (result->status.signal == SIGXFSZ || says(*result, "No space left") || says(*result, "File too large")) {
    throw no_space(text::printable(disk.name));
  }
  throw Error(ErrorKind::invalid, "image.unreadable",
              fmt::format("{} could not be converted: {}.", text::printable(disk.name), reason(*result)),
              "The file is damaged or its disk fails; copy or download it again.");
}

}  // namespace

Awaitable<Bytes> qemu_img_virtual_size(OpenDisk disk) {
  Run run{.arguments = {"info", "--output=json", json_name(disk)},
          .memory = 1_GiB,
          .cpu_time = seconds(10),
          .timeout = seconds(30),
          .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  if (!result.status.success()) throw refused(disk, result);
  co_return Bytes{number_in(disk, result, "virtual-size")};
}

Awaitable<> qemu_img_check(OpenDisk disk) {
  if (disk.format == model::DiskFormat::raw) co_return;
  Run run{.arguments = {"check", "--output=json", json_name(disk)},
          .memory = 2_GiB,
          .cpu_time = seconds(120),
          .timeout = seconds(300),
          .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  // Exit codes by qemu-img(1): 0 sound, 2 damaged, 3 leaked clusters (harmless), 63 no check for this format.
  constexpr int kLeaks = 3;
  constexpr int kUnsupported = 63;
  const int code = result.status.code;
  if (result.status.signal == 0 && (code == 0 || code == kLeaks || code == kUnsupported)) co_return;
  if (code != 2 || says_cut(result)) throw refused(disk, result);
  throw Error(ErrorKind::invalid, "image.corrupt",
              fmt::format("{} is damaged: `qemu-img check` finds errors in it.", text::printable(disk.name)),
              "Copy it again, or repair a copy with `qemu-img check -r all`.");
}

Awaitable<Bytes> qemu_img_required(OpenDisk disk) {
  Run run{.arguments = {"measure", "--output=json", "-O", "qcow2", json_name(disk)},
          .memory = 2_GiB,
          .cpu_time = seconds(120),
          .timeout = seconds(300),
          .sources = descriptors_of(disk)};
  const loop::CommandResult result = co_await look(disk, run);
  if (!result.status.success()) throw refused(disk, result);
  co_return Bytes{number_in(disk, result, "required")};
}

Awaitable<> qemu_img_convert(OpenDisk disk, NewDisk target, Bytes limit, std::function<void(double)> progress) {
  Run run{.arguments = {"convert", "-p", "-O", "qcow2"},
          .memory = 4_GiB,
          .cpu_time = time_for(target.size),
          .timeout = time_for(target.size),
          .sources = descriptors_of(disk),
          .writable = target.path.parent_path(),
          .file_size = limit};
  if (target.compressed) run.arguments.emplace_back("-c");
  run.arguments.insert(run.arguments.end(), {json_name(disk), target.path.native()});
  co_await transform(disk, std::move(run), std::move(progress));
}

Awaitable<> qemu_img_relink(std::filesystem::path file, std::optional<BackingLink> onto) {
  Run run{.arguments = {"rebase", "-q", "-u", "-f", "qcow2", "-b", onto ? onto->name : ""},
          .memory = 1_GiB,
          .cpu_time = seconds(30),
          .timeout = seconds(60),
          .writable = file.parent_path()};
  if (onto) run.arguments.insert(run.arguments.end(), {"-F", json::enum_name(onto->format)});
  run.arguments.push_back(file.native());
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw Error(ErrorKind::internal, "volume.rebase_failed",
              fmt::format("{} could not be put on another file: {}.", text::printable(file.native()), reason(result)));
}

Awaitable<> qemu_img_create(NewDisk disk) {
  Run run{.arguments = {"create", "-q", "-f", json::enum_name(disk.format)},
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
  if (result.status.signal == SIGXFSZ || says(result, "No space left") || says(result, "File too large")) {
    throw no_space(disk.path.native());
  }
  throw Error(ErrorKind::internal, "volume.create_failed",
              fmt::format("The disk {} could not be made: {}.", disk.path.native(), reason(result)));
}

Awaitable<> qemu_img_resize(OpenDisk disk, Bytes size) {
  Run run{.arguments = {"resize", "-q", json_name(disk), std::to_string(size.count)},
          .memory = 1_GiB,
          .cpu_time = seconds(30),
          .timeout = seconds(60),
          .sources = descriptors_of(disk),
          .writes_source = true};
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw_if_unreadable(disk, result);
  if (result.status.signal == SIGXFSZ || says(result, "No space left") || says(result, "File too large")) {
    throw no_space(disk.name);
  }
  throw Error(ErrorKind::internal, "volume.resize_failed",
              fmt::format("The size of {} could not be changed: {}.", text::printable(disk.name), reason(result)));
}

Awaitable<> qemu_img_free_leaks(Rebase rebase) {
  Run run{.arguments = {"check", "-q", "-r", "leaks", "-f", "qcow2", rebase.volume.native()},
          .memory = 2_GiB,
          .cpu_time = seconds(120),
          .timeout = seconds(300),
          .readable = rebase.reads,
          .writable = rebase.volume};
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw_if_unreadable({.name = rebase.volume.native()}, result);
  throw Error(ErrorKind::internal, "volume.merge_failed",
              fmt::format("{} could not be merged: {}.", rebase.volume.native(), reason(result)),
              "Nothing is lost: the volume still reads the same.");
}

Awaitable<> qemu_img_rebase(Rebase rebase, std::function<void(double)> progress) {
  // Writing through: with any other cache QEMU 7.2 takes the old base out of the header first, and writes the table that says where
  // the copied data is when it closes the volume (img_rebase, bdrv_change_backing_file). A kill between the two would lose all of it.
  Run run{.arguments = {"rebase", "-p", "-t", "writethrough", "-f", "qcow2"},
          .memory = 4_GiB,
          .cpu_time = time_for(rebase.size),
          .timeout = time_for(rebase.size),
          .readable = rebase.reads,
          .writable = rebase.volume,
          .file_size = rebase.limit};
  if (!rebase.base.empty()) run.arguments.insert(run.arguments.end(), {"-F", json::enum_name(rebase.base_format)});
  run.arguments.insert(run.arguments.end(), {"-b", rebase.base.native(), rebase.volume.native()});
  run.on_line = [&progress](const std::string& line) {
    const std::optional<double> fraction = parse_convert_progress(line);
    if (fraction && progress) progress(*fraction);
  };
  const loop::CommandResult result = co_await run_boxed(run);
  if (result.status.success()) co_return;
  throw_if_unreadable({.name = rebase.volume.native()}, result);
  if (result.status.signal == SIGXFSZ || says(result, "No space left") || says(result, "File too large")) {
    throw no_space(rebase.volume.native());
  }
  throw Error(ErrorKind::internal, "volume.merge_failed",
              fmt::format("{} could not be merged: {}.", rebase.volume.native(), reason(result)),
              "Nothing is lost: the volume still reads the same.");
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
