#include "storage/qemu_img_run.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "loop/timeout.h"
#include "storage/boxed_tool.h"

namespace visor::storage {
namespace {

using std::chrono::seconds;

/// Where qemu-img finds the source among its descriptors; the layers below it come behind.
constexpr int kSourceFd = 10;

/// The layer with this number, from the top; what it stands on is said here, never taken from its header.
boost::json::object node_of(const OpenDisk& disk, std::size_t number) {
  const OpenDisk& layer = number == 0 ? disk : disk.below[number - 1];
  const std::string file = fmt::format("/proc/self/fd/{}", kSourceFd + static_cast<int>(number));
  boost::json::object node{{"driver", json::enum_name(layer.format)}, {"file", {{"driver", "file"}, {"filename", file}}}};
  if (layer.format != model::DiskFormat::qcow2) return node;
  node["backing"] = number < disk.below.size() ? boost::json::value(node_of(disk, number + 1)) : nullptr;
  return node;
}

os::Command make_command(const QemuImgRun& run) {
  os::Command command;
  command.program = "qemu-img";
  command.arguments = run.arguments;
  os::Box& box = command.box;
  box.address_space = run.memory;
  box.cpu_time = run.cpu_time;
  box.file_size = run.file_size;
  box.landlock = true;
  box.readable = system_files();
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

Error inspect_timeout(const OpenDisk& disk, const QemuImgRun& run) {
  return {ErrorKind::timeout, "image.inspect_timeout",
          fmt::format("{} could not be inspected within {} s.", text::printable(disk.name), run.timeout.count()),
          "The file may be damaged or made to be slow; try again when the host has less to do."};
}

}  // namespace

std::string json_name(const OpenDisk& disk) { return "json:" + boost::json::serialize(node_of(disk, 0)); }

std::vector<int> descriptors_of(const OpenDisk& disk) {
  std::vector<int> all{disk.fd};
  for (const OpenDisk& layer : disk.below) all.push_back(layer.fd);
  return all;
}

Awaitable<loop::CommandResult> run_boxed(const QemuImgRun& run) {
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

std::string reason(const loop::CommandResult& result) {
  const std::vector<std::string> lines = text::last_lines(result.error, 1);
  std::string_view line = lines.empty() ? std::string_view() : text::trim(lines.front());
  if (line.starts_with("qemu-img: ")) line.remove_prefix(10);
  while (line.starts_with("Could not open '") && line.find("': ") != std::string_view::npos)
    line.remove_prefix(line.find("': ") + 3);
  return line.empty() ? result.status.text() : text::printable(line);
}

bool out_of_time(const loop::CommandResult& result) { return result.status.signal == SIGXCPU || result.status.signal == SIGKILL; }

void throw_if_in_use(const std::string& name, const loop::CommandResult& result) {
  if (!says(result, "Failed to get") || !says(result, "lock")) return;
  throw Error(ErrorKind::conflict, "image.in_use", fmt::format("{} is in use by a running machine.", text::printable(name)),
              "Stop that machine first.");
}

Awaitable<loop::CommandResult> look(const OpenDisk& disk, const QemuImgRun& run) {
  std::optional<loop::CommandResult> result;
  try {
    result = co_await run_boxed(run);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::timeout) throw;
  }
  if (!result || out_of_time(*result)) throw inspect_timeout(disk, run);
  throw_if_in_use(disk.name, *result);
  co_return std::move(*result);
}

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

}  // namespace visor::storage
