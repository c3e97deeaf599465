// What qemu-img does to files that stand on each other.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "storage/boxed_tool.h"
#include "storage/qemu_img.h"
#include "storage/qemu_img_run.h"

namespace visor::storage {

using std::chrono::seconds;

Awaitable<> qemu_img_relink(std::filesystem::path file, std::optional<BackingLink> onto) {
  QemuImgRun run{.arguments = {"rebase", "-q", "-u", "-f", "qcow2", "-b", onto ? onto->name : ""},
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

Awaitable<> qemu_img_rebase(Rebase rebase, std::function<void(double)> progress) {
  // With any other cache QEMU 7.2 takes the old base out of the header first, and writes the table that says where the copied data is
  // when it closes the volume (img_rebase, bdrv_change_backing_file). A kill between the two would lose all of it.
  const std::string cache = rebase.disposable ? "writeback" : "writethrough";
  QemuImgRun run{.arguments = {"rebase", "-p", "-t", cache, "-f", "qcow2"},
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
  throw_if_in_use(rebase.volume.native(), result);
  throw_if_full(rebase.volume.native(), result);
  throw Error(ErrorKind::internal, "volume.merge_failed",
              fmt::format("{} could not be merged: {}.", rebase.volume.native(), reason(result)),
              "Nothing is lost: the volume still reads the same.");
}

}  // namespace visor::storage
