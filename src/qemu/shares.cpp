#include "qemu/shares.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ranges>
#include <system_error>

#include "base/text.h"

namespace visor::qemu {
namespace {

namespace fs = std::filesystem;

/// Made by the kernel: their files are switches of the host.
const std::array<const char*, 3> kKernelFolders{"/proc", "/sys", "/dev"};

bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

/// Where a folder really is, or as it was named when there is none.
fs::path real(const fs::path& path) {
  std::error_code error;
  const fs::path found = fs::canonical(path, error);
  return error ? path : found;
}

std::string open_problem(const std::string& path, int number) {
  if (number == ENOENT) return fmt::format("There is no folder {}.", path);
  if (number == ENOTDIR) return fmt::format("{} is not a folder.", path);
  if (number == EACCES) return fmt::format("The user that runs visord may not enter {}.", path);
  return fmt::format("{} cannot be opened: {}.", path, std::generic_category().message(number));
}

/// Why the folder that really is at `place` may not be shared; empty: it may.
std::string refusal(const fs::path& place, const SharePolicy& policy) {
  for (const char* folder : kKernelFolders) {
    if (is_within(place, folder)) return fmt::format("{} belongs to the kernel and cannot be shared.", place.native());
  }
  for (const fs::path& own : policy.own) {
    if (is_within(place, real(own))) return fmt::format("{} is Visor's own and cannot be shared.", place.native());
    if (is_within(real(own), place)) {
      return fmt::format("{} contains Visor's own folder {}; share a folder beside it.", place.native(), own.native());
    }
  }
  if (!policy.restricted) return "";
  for (const fs::path& allowed : policy.allowed) {
    if (is_within(place, real(allowed))) return "";
  }
  if (policy.allowed.empty()) return no_shares_reason(policy);
  return fmt::format("{} may not be shared: visord was started with --allow-share for {} only.", place.native(),
                     fmt::join(policy.allowed | std::views::transform([](const fs::path& path) { return path.native(); }), ", "));
}

/// What the machine could not do in a folder that visord's user has; `name` is its descriptor's.
std::string lacking(const model::Share& share, const std::string& name) {
  const std::string path = text::printable(share.path);
  if (::access(name.c_str(), R_OK | X_OK) != 0) return fmt::format("The user that runs visord may not read {}.", path);
  if (share.read_only) return "";
  if (::access(name.c_str(), W_OK) != 0) {
    return fmt::format("The user that runs visord may not write {}: share it read-only.", path);
  }
  if (share.owners != model::ShareOwners::mapped) return "";
  std::array<char, 16> value{};
  const bool no_notes = ::getxattr(name.c_str(), "user.virtfs.uid", value.data(), value.size()) < 0 && errno == ENOTSUP;
  return no_notes ? fmt::format("The file system of {} cannot note owners beside its files; set owners to plain.", path) : "";
}

struct Opened {
  os::Fd folder;
  std::string problem;  ///< empty: none
};

Opened look_at_share(const model::Share& share, const SharePolicy& policy) {
  Opened opened;
  opened.folder = os::Fd(::open(share.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened.folder) {
    opened.problem = open_problem(text::printable(share.path), errno);
    return opened;
  }
  const std::string name = fmt::format("/proc/self/fd/{}", opened.folder.get());
  std::error_code error;
  const fs::path place = fs::read_symlink(name, error);
  opened.problem = error ? open_problem(text::printable(share.path), error.value()) : refusal(place, policy);
  if (opened.problem.empty()) opened.problem = lacking(share, name);
  return opened;
}

}  // namespace

os::Fd open_share(const model::Share& share, const SharePolicy& policy) {
  Opened opened = look_at_share(share, policy);
  if (opened.problem.empty()) return std::move(opened.folder);
  throw Error(ErrorKind::invalid, "share.unusable", opened.problem, "Choose another folder, or take it out of the machine.");
}

void check_shared_folders(const std::vector<model::Share>& shares, const SharePolicy& policy, Validation& validation) {
  if (!no_shares_reason(policy).empty()) return;  // said once, for all of them
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Opened opened = look_at_share(shares[i], policy);
    if (!opened.problem.empty()) validation.refuse(fmt::format("spec.shares[{}].path", i), "unsupported", opened.problem);
  }
}

std::string no_shares_reason(const SharePolicy& policy) {
  if (!policy.restricted || !policy.allowed.empty()) return "";
  return "visord runs as root and shares only what its administrator allows: start it with --allow-share FOLDER.";
}

std::optional<Error> share_failure(const std::vector<std::string>& log, const Plan& plan) {
  for (const std::string& line : log) {
    if (line.find("Permission denied") == std::string::npos) continue;
    for (const PlannedShare& planned : plan.shares) {
      // QEMU names the folder's descriptor, virtiofsd the directory that it cannot enter.
      const bool named = model::is_virtiofs(planned.share)
                             ? line.find("chroot") != std::string::npos
                             : line.find(fmt::format("'/proc/self/fd/{}'", planned.descriptor)) != std::string::npos;
      if (!named) continue;
      const std::string path = text::printable(planned.share.path);
      return Error(ErrorKind::forbidden, "share.no_permission",
                   fmt::format("QEMU runs as a user that may not enter the folder {}.", path),
                   fmt::format("Give that user the right, for example with `sudo setfacl -m u:visor-qemu:rwX {}`.", path));
    }
  }
  return std::nullopt;
}

}  // namespace visor::qemu
