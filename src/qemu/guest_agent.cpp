#include "qemu/guest_agent.h"

#include <chrono>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/event_loop.h"
#include "os/unix_socket.h"
#include "qemu/process_record.h"

namespace visor::qemu {
namespace {

/// A guest has found a new processor after some tenths of a second, under emulation after a few seconds.
constexpr int kOnlineTurns = 20;
constexpr std::chrono::milliseconds kOnlinePause{500};

}  // namespace

QemuGuestAgent::QemuGuestAgent(boost::asio::any_io_executor executor, std::filesystem::path runtime_directory)
    : client_(std::move(executor), [runtime_directory] { return os::connect_unix(runtime_directory, kAgentSocket); }) {}

Awaitable<bool> QemuGuestAgent::ping(std::chrono::milliseconds timeout) { co_return co_await client_.ping(timeout); }

Awaitable<std::vector<hypervisor::GuestAgent::NetworkInterface>> QemuGuestAgent::interfaces() {
  std::vector<NetworkInterface> list;
  for (qmp::AgentInterface& entry : co_await client_.interfaces()) {
    list.push_back({std::move(entry.name), std::move(entry.addresses), entry.received, entry.transmitted});
  }
  co_return list;
}

Awaitable<hypervisor::GuestAgent::OsInfo> QemuGuestAgent::os_info() {
  qmp::AgentOsInfo info = co_await client_.os_info();
  co_return OsInfo{std::move(info.hostname), std::move(info.pretty_name)};
}

Awaitable<> QemuGuestAgent::bring_processors_online(std::size_t count) {
  for (int turn = 0; turn < kOnlineTurns; ++turn) {
    try {
      if (co_await client_.bring_processors_online() >= count) co_return;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::debug("processors are left to the guest: {}", error.what());
      co_return;
    }
    co_await loop::sleep_for(kOnlinePause);
  }
}

Awaitable<> QemuGuestAgent::bring_memory_online() {
  try {
    co_await client_.bring_memory_online();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::debug("memory is left to the guest: {}", error.what());
  }
}

Awaitable<std::int64_t> QemuGuestAgent::freeze(loop::Duration timeout) { co_return co_await client_.freeze(timeout); }

Awaitable<> QemuGuestAgent::thaw(loop::Duration timeout) { co_await client_.thaw(timeout); }

Awaitable<model::ExecResult> QemuGuestAgent::exec(model::ExecRequest request) {
  // The port speaks raw bytes in both structs; only the API's border knows base64.
  qmp::AgentExec exec;
  exec.command = std::move(request.command);
  exec.input = std::move(request.input);
  exec.environment = std::move(request.environment);
  exec.timeout = std::chrono::seconds(request.timeout_seconds);
  qmp::AgentExecResult done = co_await client_.exec(std::move(exec));
  model::ExecResult result;
  result.exit_code = done.exit_code;
  result.signal = done.signal;
  result.stdout_ = std::move(done.output);
  result.stderr_ = std::move(done.error);
  result.truncated = done.truncated;
  co_return result;
}

Awaitable<std::string> QemuGuestAgent::read_file(std::string path, Bytes limit) {
  co_return co_await client_.read_file(std::move(path), limit);
}

Awaitable<> QemuGuestAgent::write_file(std::string path, std::string content) {
  co_await client_.write_file(std::move(path), std::move(content));
}

Awaitable<> QemuGuestAgent::shutdown() { co_await client_.shutdown(); }

}  // namespace visor::qemu
