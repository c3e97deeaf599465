#include "os/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::os {
namespace {

constexpr const char* kMount = "sys/fs/cgroup";
constexpr const char* kName = "visor";

bool belongs_to(const std::filesystem::path& path, uid_t user) {
  struct stat status {};
  return ::stat((path / "cgroup.procs").c_str(), &status) == 0 && status.st_uid == user;
}

}  // namespace

std::optional<std::string> own_cgroup(const std::filesystem::path& root) {
  for (const std::string& line : text::split(read_file_if_any(root / "proc/self/cgroup").value_or(""), '\n')) {
    if (line.starts_with("0::/")) return line.substr(4);
  }
  return std::nullopt;
}

bool Cgroup::exists() const { return ::access((path_ / "cgroup.procs").c_str(), F_OK) == 0; }

void Cgroup::create() const {
  if (::mkdir(path_.c_str(), 0755) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("create the control group {}", path_.native()), errno);
  }
}

bool Cgroup::remove() const noexcept { return ::rmdir(path_.c_str()) == 0 || errno == ENOENT; }

std::vector<std::string> Cgroup::controllers() const {
  const std::string names = read("cgroup.controllers").value_or("");
  return names.empty() ? std::vector<std::string>() : text::split(names, ' ');
}

void Cgroup::enable_below(const std::vector<std::string>& controllers) const {
  const std::vector<std::string> own = this->controllers();
  const std::vector<std::string> enabled = text::split(read("cgroup.subtree_control").value_or(""), ' ');
  for (const std::string& name : controllers) {
    const bool has = std::find(own.begin(), own.end(), name) != own.end();
    if (has && std::find(enabled.begin(), enabled.end(), name) == enabled.end()) write("cgroup.subtree_control", "+" + name);
  }
}

void Cgroup::take(pid_t process) const { write("cgroup.procs", std::to_string(process)); }

void Cgroup::take_all(const Cgroup& other) const {
  for (const std::string& process : text::split(other.read("cgroup.procs").value_or(""), '\n')) {
    if (!process.empty()) write("cgroup.procs", process);
  }
}

void Cgroup::write(const std::string& file, const std::string& value) const {
  const std::filesystem::path path = path_ / file;
  const Fd fd = open_file(path, O_WRONLY);
  if (::write(fd.get(), value.data(), value.size()) < 0) {
    throw system_error(fmt::format("write '{}' to {}", value, path.native()), errno);
  }
}

std::optional<std::string> Cgroup::read(const std::string& file) const {
  const auto content = read_file_if_any(path_ / file);
  if (!content) return std::nullopt;
  return std::string(text::trim(*content));
}

bool has_frequency_hints(const std::filesystem::path& root) {
  return std::filesystem::exists(root / "proc/sys/kernel/sched_util_clamp_min");
}

CgroupHome find_cgroup_home(const std::filesystem::path& root, uid_t user) {
  const std::filesystem::path mount = root / kMount;
  const auto own = own_cgroup(root);
  if (!own || ::access((mount / "cgroup.controllers").c_str(), F_OK) != 0) {
    return {std::nullopt, false,
            "This host does not use control groups of version 2 alone: start it with the kernel parameter "
            "systemd.unified_cgroup_hierarchy=1."};
  }
  CgroupHome home;
  if (user == 0) {
    home.group = Cgroup(mount / kName);
    home.at_root = true;
  }
  // Only above ours may we move processes out of ours, so the search does not go sideways (cgroup-v2.rst, "Delegation Containment").
  for (std::filesystem::path path = mount / *own; user != 0 && path != mount; path = path.parent_path()) {
    if (belongs_to(path, user) && belongs_to(path.parent_path(), user)) home.group = Cgroup(path.parent_path() / kName);
    if (!belongs_to(path, user)) break;
  }
  if (!home.group) {
    home.reason =
        "The control group that visord runs in is not its own: start it as a service of the user with Delegate=yes "
        "(`systemd-run --user -p Delegate=yes visord`).";
    return home;
  }
  const std::vector<std::string> names = Cgroup(home.group->path().parent_path()).controllers();
  if (std::find(names.begin(), names.end(), "cpu") != names.end()) return home;
  return {std::nullopt, false,
          "The control group that visord may use has no processor controller: with systemd, set Delegate=cpu cpuset memory for "
          "user@.service."};
}

}  // namespace visor::os
