#include "os/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace visor::os {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteAbi1 = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
// Debian 12's headers may be older than the kernel, so the later rights are named here by their numbers (ABI 2 and 3).
constexpr std::uint64_t kRefer = std::uint64_t{1} << 13U;
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U;
// Rights that make sense for a file that is not a directory.
constexpr std::uint64_t kFileRights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | kTruncate;

std::uint64_t write_rights(int version) {
  std::uint64_t rights = kWriteAbi1;
  if (version >= 2) rights |= kRefer;
  if (version >= 3) rights |= kTruncate;
  return rights;
}

std::uint64_t shared_rights(const SharedFolder& folder, int version) {
  std::uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  if (!folder.writable) return rights;
  rights |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG;
  if (folder.links) rights |= LANDLOCK_ACCESS_FS_MAKE_SYM;
  return rights | (write_rights(version) & (kRefer | kTruncate));
}

void allow(const Fd& ruleset, const std::filesystem::path& path, std::uint64_t rights) {
  const Fd target(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) return;
  struct stat info {};
  if (::fstat(target.get(), &info) == 0 && !S_ISDIR(info.st_mode)) rights &= kFileRights;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = target.get();
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    throw system_error(fmt::format("landlock_add_rule {}", path.native()), errno);
  }
}

}  // namespace

int landlock_version() noexcept {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Fd make_landlock_ruleset(const std::vector<std::filesystem::path>& readable, const std::vector<std::filesystem::path>& writable,
                         const std::vector<SharedFolder>& shared) {
  const int version = landlock_version();
  if (version == 0) return {};
  const std::uint64_t all = kRead | write_rights(version);
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = all;
  Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) throw system_error("landlock_create_ruleset", errno);
  for (const auto& path : readable) allow(ruleset, path, kRead);
  for (const auto& path : writable) allow(ruleset, path, all);
  for (const SharedFolder& folder : shared) allow(ruleset, folder.path, shared_rights(folder, version));
  return ruleset;
}

}  // namespace visor::os
