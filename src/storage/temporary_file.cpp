#include "storage/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "os/file.h"

namespace visor::storage {
namespace {

constexpr std::string_view kPrefix = ".visor-";
constexpr std::string_view kSuffix = ".tmp";

Error already_exists(const std::filesystem::path& target) {
  return {ErrorKind::conflict, "volume.exists", fmt::format("{} exists already.", target.native())};
}

}  // namespace

TemporaryFile::TemporaryFile(std::filesystem::path target) : target_(std::move(target)) {
  std::error_code error;
  if (std::filesystem::symlink_status(target_, error).type() != std::filesystem::file_type::not_found)
    throw already_exists(target_);
  const std::filesystem::path directory = target_.parent_path() / fmt::format("{}{}{}", kPrefix, make_secret(8), kSuffix);
  if (::mkdir(directory.c_str(), 0700) != 0) throw system_error(fmt::format("create directory {}", directory.native()), errno);
  directory_ = directory;
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;  // what stays behind is deleted at the next start
  std::filesystem::remove_all(directory_, ignored);
}

void TemporaryFile::publish(mode_t mode) {
  const os::Fd file = os::open_file(path(), O_RDONLY | O_NOFOLLOW);
  if (::fchmod(file.get(), mode) != 0) throw system_error(fmt::format("chmod {}", path().native()), errno);
  if (::fsync(file.get()) != 0) throw system_error(fmt::format("fsync {}", path().native()), errno);
  if (::renameat2(AT_FDCWD, path().c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) throw already_exists(target_);
    throw system_error(fmt::format("rename to {}", target_.native()), errno);
  }
  const os::Fd parent = os::open_file(target_.parent_path(), O_RDONLY | O_DIRECTORY);
  if (::fsync(parent.get()) != 0) throw system_error(fmt::format("fsync {}", target_.parent_path().native()), errno);
}

void TemporaryFile::remove_leftovers(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> leftovers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().native();
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) leftovers.push_back(entry.path());
  }
  for (const std::filesystem::path& path : leftovers) os::remove_tree(path);
}

}  // namespace visor::storage
