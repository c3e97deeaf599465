#include "storage/write_iso.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "loop/process.h"
#include "os/file.h"
#include "storage/boxed_tool.h"
#include "storage/cancelled.h"
#include "storage/metered.h"
#include "storage/temporary_file.h"
#include "storage/volume_rules.h"

namespace visor::storage {
namespace {

constexpr mode_t kIsoMode = 0444;
constexpr Bytes kDiscSector{2048};
/// The largest file that ISO 9660 and Joliet can tell of.
constexpr Bytes kLargestPlainFile{0xFFFFFFFFU};
constexpr std::uint64_t kMostEntries = 1'000'000;
/// Tables of a disc, for each entry in three trees.
constexpr Bytes kEntrySpace{6144};
constexpr Bytes kIsoMargin = 4_MiB;

Error no_folder(const std::filesystem::path& folder, const std::string& why) {
  return {ErrorKind::not_found, "iso.no_folder", fmt::format("{} is no folder: {}.", text::printable(folder.native()), why),
          "Give the path of a folder on the host that visord runs on."};
}

Error unreadable(const std::filesystem::path& path, const std::string& why) {
  return {ErrorKind::forbidden, "iso.unreadable", fmt::format("{} cannot be read: {}.", text::printable(path.native()), why),
          "Make it readable for visord, or take it out of the folder."};
}

void require_readable(const std::filesystem::directory_entry& entry, std::filesystem::file_type type) {
  const bool folder = type == std::filesystem::file_type::directory;
  if (!folder && type != std::filesystem::file_type::regular) return;
  if (::faccessat(AT_FDCWD, entry.path().c_str(), folder ? R_OK | X_OK : R_OK, AT_EACCESS) == 0 || errno == ENOENT) return;
  throw unreadable(entry.path(), std::generic_category().message(errno));
}

void add(FolderContent& content, const std::filesystem::directory_entry& entry) {
  const std::string name = entry.path().filename().native();
  if (!text::is_utf8(name)) {
    throw Error(ErrorKind::invalid, "iso.bad_name",
                fmt::format("The name of {} is no UTF-8, which a disc needs.", text::printable(entry.path().native())),
                "Rename it.");
  }
  if (++content.entries > kMostEntries) {
    throw Error(ErrorKind::too_large, "iso.too_many_files",
                fmt::format("The folder has more than {} files, which is more than a disc should have.", kMostEntries),
                "Choose a smaller folder, or pack it into an archive first.");
  }
  // What goes away while one looks is not there.
  std::error_code gone;
  const std::filesystem::file_type type = entry.symlink_status(gone).type();
  require_readable(entry, type);
  if (type != std::filesystem::file_type::regular) return;
  const Bytes size{entry.file_size(gone)};
  if (gone) return;
  content.largest = std::max(content.largest, size);
  content.size.count += (size.count + kDiscSector.count - 1) / kDiscSector.count * kDiscSector.count;
}

os::Command make_command(const IsoWrite& wanted, const TemporaryFile& file) {
  os::Command command;
  command.program = "genisoimage";
  // Names are cut where a standard is too narrow, never refused; no folder is moved to another place for being deep.
  command.arguments = {"-gui", "-input-charset", "utf-8", "-V", wanted.label, "-iso-level",        "3",
                       "-J",   "-joliet-long",   "-r",    "-D", "-o",         file.path().native()};
  if (needs_udf(wanted.content)) command.arguments.insert(command.arguments.end(), {"-udf", "-allow-limited-size"});
  command.arguments.push_back(wanted.folder.native());
  command.box.address_space = 4_GiB;
  command.box.cpu_time = time_for(wanted.content.size);
  command.box.landlock = true;
  command.box.readable = system_files();
  command.box.readable.push_back(wanted.folder);
  command.box.writable = {file.path().parent_path()};
  return command;
}

Error write_failed(const IsoWrite& wanted, const loop::CommandResult& result) {
  constexpr std::string_view kSpeaker = "genisoimage: ";
  std::string why = result.status.text();
  // It says much, and not at the end what was wrong.
  for (const std::string& line : text::last_lines(result.error, 20)) {
    const std::size_t at = line.find(kSpeaker);
    if (at != std::string::npos) why = text::printable(std::string_view(line).substr(at + kSpeaker.size()));
  }
  return {ErrorKind::invalid, "iso.write_failed",
          fmt::format("No disc could be made of {}: {}.", text::printable(wanted.folder.native()), why),
          "Two names may begin with the same 103 characters, or a file may have gone meanwhile."};
}

Awaitable<Bytes> do_write(IsoWrite wanted, Progress progress) {
  const Bytes needed{wanted.content.size.count + wanted.content.entries * kEntrySpace.count + kIsoMargin.count};
  const std::filesystem::path place = real_path(wanted.target.parent_path());
  const std::filesystem::path folder = real_path(wanted.folder);
  if (place == folder || lies_below(place, folder)) {
    throw Error(ErrorKind::invalid, "iso.contains_itself",
                fmt::format("{} holds the place that the disc is written to.", text::printable(wanted.folder.native())),
                "Choose a folder further below.");
  }
  Storage::require_space(wanted.target.parent_path(), needed);
  TemporaryFile file(wanted.target);
  loop::CommandOptions options;
  options.timeout = time_for(needed);
  options.on_line = [&progress, &wanted, rate = RateText()](const std::string& line) mutable {
    const std::optional<double> fraction = parse_iso_progress(line);
    if (!fraction || !progress) return;
    const auto done = static_cast<std::uint64_t>(*fraction * static_cast<double>(wanted.content.size.count));
    progress(*fraction, rate.text(done, wanted.content.size.count));
  };
  const loop::CommandResult result = co_await loop::run_command(make_command(wanted, file), options);
  if (!result.status.success()) {
    throw_if_full(wanted.target.native(), result);
    throw write_failed(wanted, result);
  }
  const std::function<void()> publish = [&file] { file.publish(kIsoMode); };
  co_await loop::run_blocking(publish);
  co_return Bytes{std::filesystem::file_size(wanted.target)};
}

}  // namespace

FolderContent read_folder(const std::filesystem::path& folder, Meter& meter) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) throw no_folder(folder, error ? error.message() : "it is something else");
  FolderContent content;
  std::filesystem::recursive_directory_iterator entries(folder, error);
  if (error) throw unreadable(folder, error.message());
  while (entries != std::filesystem::recursive_directory_iterator()) {
    meter.check();
    add(content, *entries);
    const std::filesystem::path at = entries->path();
    entries.increment(error);
    if (error) throw unreadable(at, error.message());
  }
  return content;
}

bool needs_udf(const FolderContent& content) { return content.largest > kLargestPlainFile; }

std::optional<double> parse_iso_progress(const std::string& line) {
  const std::size_t end = line.find("% done");
  if (end == std::string::npos) return std::nullopt;
  double percent = 0;
  const std::string number(text::trim(line.substr(0, end)));
  const auto [rest, failure] = std::from_chars(number.data(), number.data() + number.size(), percent);
  if (failure != std::errc() || rest != number.data() + number.size()) return std::nullopt;
  return std::clamp(percent / 100, 0.0, 1.0);
}

Awaitable<Bytes> write_iso(IsoWrite wanted, Progress progress) {
  co_return co_await with_cancel_error(do_write(std::move(wanted), std::move(progress)));
}

}  // namespace visor::storage
