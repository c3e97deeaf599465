#include "engine/instance_key.h"

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <utility>

#include "base/text.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::engine {

InstanceKey::InstanceKey(std::filesystem::path directory) : directory_(std::move(directory)) {}

Awaitable<std::string> InstanceKey::public_key() {
  const std::filesystem::path public_file = directory_ / "id_ed25519.pub";
  if (!std::filesystem::exists(public_file)) {
    os::make_directories(directory_);
    // A pair that was cut off half-way would make ssh-keygen ask.
    os::remove_tree(private_file());
    os::Command command;
    command.program = "ssh-keygen";
    command.arguments = {"-q", "-t", "ed25519", "-N", "", "-C", "visor", "-f", private_file().native()};
    co_await loop::run_checked(std::move(command), {}, "host.ssh_keygen");
  }
  const std::string content = os::read_file(public_file, Bytes{4096});
  co_return std::string(text::trim(content));
}

}  // namespace visor::engine
