#include "engine/isos.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "engine/disk_rules.h"
#include "engine/machine_change.h"
#include "loop/process.h"
#include "os/file.h"
#include "storage/temporary_file.h"
#include "storage/write_iso.h"

namespace visor::engine {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestLabel = 32;
constexpr const char* kReadStep = "Read the folder";
constexpr const char* kWriteStep = "Write the disc";
constexpr const char* kInsertStep = "Insert it";

bool is_name_letter(unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; }

void require_name(const std::string& name) {
  const bool good = name.size() <= kLongestName && std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
                    std::all_of(name.begin(), name.end(), is_name_letter);
  if (good) return;
  throw Error(ErrorKind::invalid, "iso.bad_name", fmt::format("'{}' is no name for a disc.", text::printable(name.substr(0, 80))),
              "Use up to 64 letters of ASCII, digits, dots, dashes and underscores; the first is a letter or a digit.");
}

/// ECMA-119 has upper-case letters, digits and underscores; every system shows the rest of ASCII as well.
void require_label(const std::string& label) {
  const bool good =
      label.size() <= kLongestLabel && std::all_of(label.begin(), label.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (good) return;
  throw Error(ErrorKind::invalid, "iso.bad_label",
              fmt::format("'{}' is no label for a disc.", text::printable(label.substr(0, 80))),
              "Use up to 32 characters of ASCII.");
}

/// The drive that was named, or the only one. Throws Error.
std::string drive_of(const MachineEntry& entry, const std::string& wanted) {
  std::vector<std::string> drives;
  for (const model::Disk& disk : entry.record.spec.disks) {
    if (disk.device == model::DiskDevice::cdrom && (wanted.empty() || disk.id == wanted)) drives.push_back(disk.id);
  }
  if (drives.size() == 1) return drives.front();
  if (drives.empty()) {
    throw Error(ErrorKind::not_found, "disk.no_drive",
                wanted.empty()
                    ? fmt::format("The machine '{}' has no CD drive.", entry.record.name)
                    : fmt::format("The machine '{}' has no CD drive '{}'.", entry.record.name, text::printable(wanted)),
                fmt::format("`visor disk add {} --cdrom` adds one.", entry.record.name));
  }
  throw Error(ErrorKind::invalid, "disk.several_drives",
              fmt::format("The machine '{}' has several CD drives: {}.", entry.record.name, fmt::join(drives, ", ")),
              "Say which one.");
}

WallTime written_at(const std::filesystem::directory_entry& entry) {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::file_clock::to_sys(entry.last_write_time()));
}

}  // namespace

void Isos::open() { storage::TemporaryFile::remove_leftovers(context_.paths.isos()); }

std::vector<std::string> Isos::users_of(const std::filesystem::path& file) const {
  std::vector<std::string> users;
  for (const MachineEntry* entry : context_.machines.all()) {
    const auto has = [&file](const model::MachineSpec& spec) {
      return std::any_of(spec.disks.begin(), spec.disks.end(), [&file](const model::Disk& disk) { return disk.file == file; });
    };
    // A running or saved machine may still have what its settings lack.
    const model::MachineSpec* fixed = fixed_spec(*entry);
    const std::vector<SnapshotRecord>& snapshots = entry->record.snapshots;
    const bool kept = std::any_of(snapshots.begin(), snapshots.end(), [&](const SnapshotRecord& one) { return has(one.spec); });
    if (kept || has(entry->record.spec) || (fixed != nullptr && has(*fixed))) users.push_back(entry->record.name);
  }
  return users;
}

Awaitable<std::vector<model::Iso>> Isos::list() {
  std::vector<model::Iso> all;
  const std::function<void()> read = [&] {
    std::error_code none;  // the first disc makes the folder
    for (const auto& entry : std::filesystem::directory_iterator(context_.paths.isos(), none)) {
      if (entry.path().extension() != ".iso" || !entry.is_regular_file()) continue;
      all.push_back({.name = entry.path().stem().native(),
                     .path = entry.path().native(),
                     .size = Bytes{entry.file_size()},
                     .created = written_at(entry),
                     .used_by = {}});
    }
  };
  co_await loop::run_blocking(read);
  std::sort(all.begin(), all.end(), [](const model::Iso& a, const model::Iso& b) { return a.name < b.name; });
  for (model::Iso& iso : all) iso.used_by = users_of(iso.path);
  co_return all;
}

bool Isos::is_taken(const std::string& name) const {
  const auto found = being_written_.find(name);
  return std::filesystem::exists(file(name)) || (found != being_written_.end() && !found->second.expired());
}

std::string Isos::free_name(const std::filesystem::path& folder) const {
  std::string name = folder.filename().native();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !is_name_letter(c); }, '-');
  name.resize(std::min(name.size(), kLongestName - 8));
  if (name.empty() || std::isalnum(static_cast<unsigned char>(name.front())) == 0) name.insert(0, "disc");
  for (std::size_t number = 2; is_taken(name); ++number) {
    const std::size_t end = name.find_last_of('-');
    const bool numbered = number > 2 && end != std::string::npos;
    name = fmt::format("{}-{}", numbered ? name.substr(0, end) : name, number);
  }
  return name;
}

TaskDescription Isos::description_of(const model::IsoRequest& request) {
  if (request.machine.empty()) {
    return {.kind = "iso.build",
            .title = fmt::format("Write the disc {}", request.name),
            .subject = {"iso", request.name},
            .steps = {kReadStep, kWriteStep},
            .queue = "iso " + request.name};
  }
  const MachineEntry& entry = context_.machines.by_name(request.machine);
  return describe_disk_task(entry, "insert-folder", fmt::format("Write the disc {} for {}", request.name, entry.record.name),
                            {kReadStep, kWriteStep, kInsertStep});
}

Awaitable<model::Task> Isos::build(model::IsoRequest request) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::canonical(request.folder, error);
  if (!request.folder.starts_with('/') || error || !std::filesystem::is_directory(folder, error)) {
    throw Error(ErrorKind::not_found, "iso.no_folder",
                fmt::format("There is no folder '{}'.", text::printable(request.folder.substr(0, 200))),
                "Give the absolute path of a folder on the host that visord runs on.");
  }
  request.folder = folder.native();
  if (request.name.empty()) request.name = free_name(folder);
  require_name(request.name);
  if (is_taken(request.name)) {
    throw Error(ErrorKind::conflict, "iso.exists", fmt::format("There is a disc '{}' already.", request.name),
                "Choose another name, or delete that one first.");
  }
  if (request.label.empty()) request.label = request.name.substr(0, kLongestLabel);
  require_label(request.label);
  std::string machine_id;
  if (!request.machine.empty()) {
    const MachineEntry& entry = context_.machines.by_name(request.machine);
    require_not_saved(entry);
    request.drive = drive_of(entry, request.drive);
    machine_id = entry.record.id;
  }
  TaskDescription description = description_of(request);
  const auto taken = std::make_shared<int>();
  std::erase_if(being_written_, [](const auto& entry) { return entry.second.expired(); });
  being_written_[request.name] = taken;
  co_return context_.tasks.start(
      std::move(description), [this, request, machine_id, taken](TaskRun& run) { return build_now(run, request, machine_id); });
}

Awaitable<boost::json::object> Isos::build_now(TaskRun& run, model::IsoRequest request, std::string machine_id) {
  run.step(kReadStep);
  storage::IsoWrite wanted{.folder = request.folder, .target = file(request.name), .label = request.label, .content = {}};
  const std::function<void(storage::Meter&)> read = [&wanted](storage::Meter& meter) {
    wanted.content = storage::read_folder(wanted.folder, meter);
  };
  co_await storage::run_metered("read folder", read, {});
  run.log(fmt::format("Files and folders: {}, together {}.", wanted.content.entries, format_bytes(wanted.content.size)));
  run.step(kWriteStep);
  os::make_directories(context_.paths.isos());
  const storage::Progress progress = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
  const Bytes size = co_await storage::write_iso(wanted, progress);
  boost::json::object result{{"iso", request.name}, {"size", size.count}};
  if (machine_id.empty()) co_return result;
  run.step(kInsertStep);
  require_not_saved(require_machine(context_, machine_id));
  co_await change_spec(context_, machine_id, [&request, &wanted](model::MachineSpec& spec) {
    model::Disk& drive = disk_in(spec, request.drive);
    drive.file = wanted.target.native();
    drive.format = model::DiskFormat::raw;
  });
  result["machine"] = require_machine(context_, machine_id).record.name;
  result["disk"] = request.drive;
  co_return result;
}

Awaitable<> Isos::remove(std::string name) {
  const std::vector<model::Iso> all = co_await list();
  const auto found = std::find_if(all.begin(), all.end(), [&name](const model::Iso& iso) { return iso.name == name; });
  if (found == all.end()) {
    throw Error(ErrorKind::not_found, "iso.not_found",
                fmt::format("There is no disc '{}'.", text::printable(name.substr(0, 130))),
                "`visor iso list` shows all of them.");
  }
  if (!found->used_by.empty()) {
    throw Error(ErrorKind::conflict, "iso.in_use",
                fmt::format("The disc '{}' is in a drive of {}, now or in a snapshot.", name, fmt::join(found->used_by, ", ")),
                "Eject it there first, and delete snapshots that have it.");
  }
  os::remove_tree(found->path);
}

}  // namespace visor::engine
