#include "storage/boxed_tool.h"

#include <fmt/format.h>

#include <csignal>

#include "base/error.h"
#include "base/text.h"

namespace visor::storage {

using std::chrono::seconds;

std::vector<std::filesystem::path> system_files() {
  return {"/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.preload", "/dev/null", "/dev/urandom"};
}

seconds time_for(Bytes size) { return seconds(600 + static_cast<long>(size.count / (5_MiB).count)); }

bool says(const loop::CommandResult& result, std::string_view words) { return result.error.find(words) != std::string::npos; }

void throw_if_full(const std::string& name, const loop::CommandResult& result) {
  if (result.status.signal != SIGXFSZ && !says(result, "No space left") && !says(result, "File too large")) return;
  throw Error(ErrorKind::no_space, "host.no_space", fmt::format("There is no space left to write {}.", text::printable(name)),
              "Free some space on that file system and try again.");
}

}  // namespace visor::storage
