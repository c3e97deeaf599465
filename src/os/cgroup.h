// Control groups, version 2 (kernel Documentation/admin-guide/cgroup-v2.rst). They belong to the kernel: an object here is only
// the name of one.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace visor::os {

class Cgroup {
 public:
  explicit Cgroup(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const noexcept { return path_; }
  bool exists() const;
  /// Makes the group; fine if it is there.
  void create() const;
  /// Removes the group when no process is left in it; whether it is gone.
  bool remove() const noexcept;
  /// Lets the groups below it use those of `controllers` that it has itself.
  void enable_below(const std::vector<std::string>& controllers) const;
  /// Names such as "cpu" that this group has ("cgroup.controllers").
  std::vector<std::string> controllers() const;
  /// Moves a process with all its threads here.
  void take(pid_t process) const;
  /// Moves everything that is in `other` here: beside a process that is a KVM guest, threads of the kernel that work for it.
  void take_all(const Cgroup& other) const;
  /// Writes a file such as "cpu.weight". System errors name the file and the value.
  void write(const std::string& file, const std::string& value) const;
  /// A file's content without the line's end; nothing when it is not there.
  std::optional<std::string> read(const std::string& file) const;

 private:
  std::filesystem::path path_;
};

/// The calling process's group as a path below the mount of version 2; nothing without it. `root` is where /proc is.
std::optional<std::string> own_cgroup(const std::filesystem::path& root);

/// Whether the kernel takes hints about the frequency of processors ("cpu.uclamp.min"). `root` is where /proc is.
bool has_frequency_hints(const std::filesystem::path& root);

/// Where groups of our own may be made, or why nowhere.
struct CgroupHome {
  std::optional<Cgroup> group;  ///< parent of what is made; not made yet itself
  bool at_root = false;         ///< its own parent is the root of all groups, where processors can be set apart
  std::string reason;           ///< why there is none, as a sentence, with the way to get one
};

/// As root a group of its own below the root group, so that what is in it outlives the session and the service that started the
/// daemon; otherwise the nearest group above the calling process that belongs to `user` (systemd's delegation). `root` is where
/// /proc and /sys are.
CgroupHome find_cgroup_home(const std::filesystem::path& root, uid_t user);

}  // namespace visor::os
