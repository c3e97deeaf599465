#include "host/host_checks.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "host/host_checks_parts.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/landlock.h"
#include "os/limits.h"
#include "os/process.h"

namespace visor::host {
namespace {

std::optional<std::uint64_t> hard_limit(decltype(RLIMIT_NOFILE) resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_max;
}

/// Whether a line of modules.builtin or modules.dep names the module's file; both write `-` and `_` as the file does.
bool names_module(const std::string& content, const std::string& name) {
  for (const std::string& line : text::split(content, '\n')) {
    std::string file = std::filesystem::path(line.substr(0, line.find(':'))).filename().native();
    std::replace(file.begin(), file.end(), '-', '_');
    if (file.starts_with(name + ".ko")) return true;
  }
  return false;
}

}  // namespace

Surroundings own_surroundings() {
  Surroundings own;
  own.user = ::geteuid();
  own.landlock = os::landlock_version();
  own.descriptors = hard_limit(RLIMIT_NOFILE);
  if (const std::optional<Bytes> lockable = os::lockable_memory()) own.locked_memory = lockable->count;
  own.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  own.open_device = [](const std::filesystem::path& path) {
    const os::Fd device(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    return device ? 0 : errno;
  };
  own.may_write = [](const std::filesystem::path& path) { return ::access(path.c_str(), W_OK) == 0; };
  own.find_program = os::find_program;
  return own;
}

std::optional<std::string> CheckList::text_of(const std::string& path) const {
  const std::optional<std::string> content = os::read_file_if_any(root / path);
  if (!content) return std::nullopt;
  return text::printable(text::trim(*content));
}

std::optional<std::uint64_t> CheckList::number_of(const std::string& path) const {
  const std::string content = text_of(path).value_or("");
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(content.data(), content.data() + content.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

bool CheckList::exists(const std::string& path) const {
  std::error_code ignored;
  return std::filesystem::exists(root / path, ignored);
}

std::size_t CheckList::entries_of(const std::string& path) const {
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator entry(root / path, error), end; !error && entry != end; entry.increment(error))
    ++count;
  return count;
}

CheckList::Module CheckList::module(const std::string& name) const {
  if (exists("sys/module/" + name)) return Module::present;
  const std::string folder = "lib/modules/" + text_of("proc/sys/kernel/osrelease").value_or("unknown");
  if (names_module(os::read_file_if_any(root / folder / "modules.builtin").value_or(""), name)) return Module::present;
  const bool loadable = names_module(os::read_file_if_any(root / folder / "modules.dep").value_or(""), name);
  return loadable ? Module::loadable : Module::missing;
}

HostChecks::HostChecks(std::filesystem::path root, Surroundings surroundings)
    : root_(std::move(root)), surroundings_(std::move(surroundings)) {}

std::vector<model::HostCheck> HostChecks::read() const {
  CheckList list(root_, surroundings_);
  check_virtualization(list);
  check_security(list);
  check_memory(list);
  check_passthrough(list);
  check_control(list);
  check_rights(list);
  check_programs(list);
  std::stable_sort(list.found.begin(), list.found.end(),
                   [](const model::HostCheck& a, const model::HostCheck& b) { return a.feature < b.feature; });
  return std::move(list.found);
}

}  // namespace visor::host
