// The port's guest agent over QEMU's agent channel.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/event_loop.h"
#include "qmp/guest_agent_client.h"

namespace visor::qemu {

class QemuGuestAgent final : public hypervisor::GuestAgent {
 public:
  QemuGuestAgent(boost::asio::any_io_executor executor, std::filesystem::path runtime_directory);
  /// The agent opened or closed its port.
  void port_changed() { client_.forget_conversation(); }

  Awaitable<bool> ping(std::chrono::milliseconds timeout) override;
  Awaitable<std::vector<NetworkInterface>> interfaces() override;
  Awaitable<OsInfo> os_info() override;
  /// Processors that were added while the guest runs: many systems wait to be told to use them. Tries until the guest has
  /// `count`, a few seconds at most; a guest without an agent is left alone.
  Awaitable<> bring_processors_online(std::size_t count);
  /// Memory that was added while the guest runs, as above.
  Awaitable<> bring_memory_online();
  /// See qmp::GuestAgentClient.
  Awaitable<std::int64_t> freeze(loop::Duration timeout);
  Awaitable<> thaw(loop::Duration timeout);
  Awaitable<model::ExecResult> exec(model::ExecRequest request) override;
  Awaitable<std::string> read_file(std::string path, Bytes limit) override;
  Awaitable<> write_file(std::string path, std::string content) override;
  Awaitable<> shutdown() override;

 private:
  qmp::GuestAgentClient client_;
};

}  // namespace visor::qemu
