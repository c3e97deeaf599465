#include "engine/volumes.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "engine/disk_rules.h"
#include "loop/process.h"
#include "os/file.h"
#include "storage/volume_files.h"

namespace visor::engine {
namespace {

/// A disk of a machine that begins with a certain file.
struct Owner {
  std::string machine;
  std::string disk;
  model::DiskFormat format = model::DiskFormat::qcow2;
};

/// The files that machines name themselves, by path.
std::map<std::string, Owner> named_files(Context& context) {
  std::map<std::string, Owner> owners;
  const auto add = [&](const model::MachineSpec& spec, const std::string& machine) {
    for (const model::Disk& disk : spec.disks) {
      std::error_code error;
      const std::filesystem::path named = file_of(context, disk);
      if (!named.empty()) owners[std::filesystem::weakly_canonical(named, error).native()] = {machine, disk.id, disk.format};
    }
  };
  for (const MachineEntry* entry : context.machines.all()) {
    add(entry->record.spec, entry->record.name);
    // A running or saved machine may still have disks that its wanted form lacks.
    if (const model::MachineSpec* fixed = fixed_spec(*entry)) add(*fixed, entry->record.name);
  }
  return owners;
}

/// A file is made for the machine whose id its name begins with, whether a disk names it or not.
std::string machine_of_name(Context& context, const std::string& file) {
  for (const MachineEntry* entry : context.machines.all()) {
    if (file.starts_with(entry->record.id + "-")) return entry->record.name;
  }
  return {};
}

/// Gives what a disk stands on to the same machine and disk.
void hand_down(std::map<std::string, model::Volume*>& by_path, const std::string& top) {
  const model::Volume* above = by_path.at(top);
  for (std::size_t turn = 0; turn < by_path.size(); ++turn) {
    const auto next = by_path.find(above->stands_on);
    if (next == by_path.end()) return;
    if (next->second->disk.empty()) {
      next->second->machine = above->machine;
      next->second->disk = above->disk;
    }
    above = next->second;
  }
}

Error not_found(const std::string& name) {
  return {ErrorKind::not_found, "volume.not_found", fmt::format("There is no volume '{}'.", text::printable(name.substr(0, 130))),
          "`visor volume list` shows all of them."};
}

Error in_use(const model::Volume& volume, const std::string& by) {
  return {ErrorKind::conflict, "volume.in_use", fmt::format("The volume '{}' is needed by {}.", volume.name, by),
          "Only orphans can be deleted; a machine's disks go with the machine."};
}

}  // namespace

bool Volumes::is_being_made(const std::string& name) const {
  for (const model::Task& task : context_.tasks.list()) {
    const std::vector<store::Undo> journal = context_.store.undo_of(task.id);
    const bool mine = std::any_of(journal.begin(), journal.end(), [&name](const store::Undo& undo) {
      return std::filesystem::path(undo.argument).filename().native() == name;
    });
    if (mine) return true;
  }
  return false;
}

Awaitable<std::vector<model::Volume>> Volumes::list() {
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::weakly_canonical(context_.paths.volumes(), error);
  std::map<std::string, model::DiskFormat> formats;
  for (const auto& [path, owner] : named_files(context_)) {
    if (std::filesystem::path(path).parent_path() == directory)
      formats[std::filesystem::path(path).filename().native()] = owner.format;
  }
  std::vector<storage::VolumeFile> files;
  const std::function<void()> read = [&] { files = storage::read_volume_files(directory, formats); };
  co_await loop::run_blocking(read);

  std::vector<model::Volume> volumes(files.size());
  std::map<std::string, model::Volume*> by_path;
  for (std::size_t i = 0; i < files.size(); ++i) {
    storage::VolumeFile& file = files[i];
    volumes[i] = {.name = file.name,
                  .format = file.format,
                  .virtual_size = file.virtual_size,
                  .used = file.used,
                  .machine = machine_of_name(context_, file.name),
                  .stands_on = file.stands_on,
                  .problem = file.problem};
    by_path[(directory / file.name).native()] = &volumes[i];
  }
  for (const auto& [path, owner] : named_files(context_)) {
    const auto found = by_path.find(path);
    if (found == by_path.end()) continue;
    found->second->machine = owner.machine;
    found->second->disk = owner.disk;
    hand_down(by_path, path);
  }
  for (model::Volume& volume : volumes) {
    if (const auto next = by_path.find(volume.stands_on); next != by_path.end()) next->second->held_by.push_back(volume.name);
  }
  const std::filesystem::path root = directory.parent_path();
  for (model::Volume& volume : volumes) {
    volume.orphan = volume.machine.empty() && volume.held_by.empty() && !is_being_made(volume.name);
    const std::filesystem::path shorter = std::filesystem::path(volume.stands_on).lexically_relative(root);
    if (!shorter.empty() && *shorter.begin() != "..") volume.stands_on = shorter.native();
  }
  co_return volumes;
}

Awaitable<> Volumes::remove(std::string name) {
  const std::vector<model::Volume> all = co_await list();
  const auto found = std::find_if(all.begin(), all.end(), [&name](const model::Volume& volume) { return volume.name == name; });
  if (found == all.end()) throw not_found(name);
  if (!found->machine.empty()) throw in_use(*found, fmt::format("the machine {}", found->machine));
  if (!found->held_by.empty()) throw in_use(*found, fmt::format("{}", fmt::join(found->held_by, ", ")));
  if (!found->orphan) throw in_use(*found, "a task that is at work");
  const std::filesystem::path file = context_.paths.volumes() / name;
  const std::function<void()> work = [&file] { os::remove_tree(file); };
  co_await loop::run_blocking(work);
}

}  // namespace visor::engine
