// Events of a running machine: from the monitor and from the kernel.
#include <fmt/format.h>

#include <csignal>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/timeout.h"
#include "os/unix_socket.h"
#include "qemu/arguments.h"
#include "qemu/machine_state.h"

namespace visor::qemu {
namespace {

using hypervisor::MachineEvent;

/// How long the monitor may take to say its last words after the process has ended.
constexpr std::chrono::milliseconds kLastWordsTime{500};
constexpr std::chrono::seconds kReconnectPause{5};
constexpr std::chrono::seconds kReconnectTimeout{10};
constexpr std::chrono::seconds kKillTime{15};
/// swtpm and virtiofsd need a millisecond to see that QEMU is gone.
constexpr std::chrono::seconds kHelperTime{2};

std::string text_member(const boost::json::object& data, std::string_view key) {
  const boost::json::value* value = data.if_contains(key);
  return value != nullptr && value->is_string() ? text::printable(value->get_string()) : std::string();
}

bool true_member(const boost::json::object& data, std::string_view key) {
  const boost::json::value* value = data.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

void take_shutdown(MachineState& state, const boost::json::object& data) {
  const std::string reason = text_member(data, "reason");
  // A signal from outside is not our doing nor the guest's: its end is reported as unexpected, with QEMU's log as the reason.
  if (!reason.starts_with("host-signal") && !reason.starts_with("host-error")) state.expected = true;
  if (!true_member(data, "guest")) return;
  state.switched_off = true;
  state.emit({MachineEvent::Kind::shutdown, false, reason});
  state.changed.notify_all();
}

void take_event(MachineState& state, const qmp::Event& event) {
  if (event.name == "SHUTDOWN") return take_shutdown(state, event.data);
  if (event.name == "RESET" && true_member(event.data, "guest")) return state.emit({MachineEvent::Kind::reset, false, ""});
  if (event.name == "STOP" && !state.saving && !state.switched_off) {
    return state.emit({MachineEvent::Kind::paused, false, std::exchange(state.stop_detail, "")});
  }
  if (event.name == "RESUME" && !state.saving) return state.emit({MachineEvent::Kind::resumed, false, ""});
  if (event.name == "GUEST_PANICKED") return state.emit({MachineEvent::Kind::panicked, false, text_member(event.data, "action")});
  if (event.name == "BLOCK_IO_ERROR" && text_member(event.data, "action") == "stop") {
    state.stop_detail =
        fmt::format("A disk could not be used ({}): {}", text_member(event.data, "device"), text_member(event.data, "reason"));
  }
  if (event.name == "DEVICE_DELETED") state.changed.notify_all();
  // QEMU ends without another word.
  if (event.name == "WATCHDOG" && text_member(event.data, "action") == "poweroff") state.expected = true;
  if (event.name == "VSERPORT_CHANGE" && text_member(event.data, "id") == "agent") {
    state.agent.port_changed();
    state.emit({MachineEvent::Kind::agent_changed, false, true_member(event.data, "open") ? "open" : "closed"});
  }
}

std::string exit_detail(const MachineState& state, const os::ExitStatus& status) {
  std::string how = status.success() ? "" : fmt::format("QEMU ended: {}.\n", status.text());
  return how + last_words(state.runtime_directory);
}

Awaitable<> enable_balloon_reports(std::shared_ptr<qmp::Client> client) {
  co_await qmp::qom_set(*client, std::string(kBalloonPath), "guest-stats-polling-interval", kBalloonPeriod.count());
}

std::string called(const Helper& helper) { return helper.is_tpm() ? "its TPM" : "the server of its folder " + helper.tag; }

/// With QEMU its helpers end; the next TPM could not use the same directory before that.
Awaitable<> helper_gone(std::shared_ptr<MachineState> state, std::size_t index) {
  const auto end = std::chrono::steady_clock::now() + kHelperTime;
  const Helper& helper = state->helpers[index];
  while (helper.process && std::chrono::steady_clock::now() < end) {
    co_await state->changed.wait(end - std::chrono::steady_clock::now());
  }
  if (!helper.process) co_return;
  log::warning("machine {}: {} did not end with it and is killed", state->record.machine_name, called(helper));
  helper.process->signal(SIGKILL);
  while (helper.process) co_await state->changed.wait(kHelperTime);
}

std::string loss(const Helper& helper) {
  if (helper.is_tpm()) {
    return "The process that plays the TPM (swtpm) has ended; stop and start the machine to give the guest its TPM back.";
  }
  return fmt::format(
      "The process that serves the shared folder {} (virtiofsd) has ended: what the guest does there waits for ever. Stop the "
      "machine and start it again.",
      helper.tag);
}

Awaitable<> try_connect(std::shared_ptr<MachineState> state) {
  std::optional<os::Fd> socket = os::connect_unix(state->runtime_directory, kControlSocket);
  if (socket) state->adopt(co_await qmp::Client::adopt(std::move(*socket), kReconnectTimeout));
}

}  // namespace

std::shared_ptr<qmp::Client> MachineState::monitor() const {
  if (exited) {
    throw Error(ErrorKind::conflict, "machine.not_running",
                fmt::format("The machine {} does not run any more.", record.machine_name));
  }
  if (!client || !client->connected()) {
    throw Error(ErrorKind::unavailable, "machine.unresponsive",
                fmt::format("QEMU of the machine {} (process {}) does not answer.", record.machine_name, record.pid),
                "It may be stopped by a debugger or wait for a disk; `visor stop --force` ends it.");
  }
  return client;
}

void MachineState::emit(hypervisor::MachineEvent event) {
  if (!handler) {
    unheard.push_back(std::move(event));
    return;
  }
  // A copy: the handler may replace itself.
  const auto listener = handler;
  listener(event);
}

void MachineState::release_client() {
  if (!client) return;
  client->on_event([](const qmp::Event&) {});
  client->on_close([](const Error&) {});
}

void MachineState::adopt(std::unique_ptr<qmp::Client> connection) {
  release_client();
  client = std::move(connection);
  client->on_event([this](const qmp::Event& event) { take_event(*this, event); });
  client->on_close([this](const Error&) { changed.notify_all(); });
}

Awaitable<> watch_process(std::shared_ptr<MachineState> state) {
  const os::ExitStatus status = co_await loop::wait_exit(state->process);
  const auto end = std::chrono::steady_clock::now() + kLastWordsTime;
  while (state->client && state->client->connected() && std::chrono::steady_clock::now() < end) {
    co_await state->changed.wait(end - std::chrono::steady_clock::now());
  }
  for (std::size_t i = 0; i < state->helpers.size(); ++i) co_await helper_gone(state, i);
  state->exited = true;
  MachineEvent event{MachineEvent::Kind::exited, state->expected, ""};
  if (!state->expected) event.detail = exit_detail(*state, status);
  remove_leftovers(state->runtime_directory);
  state->resources->release(state->record.machine_id, state->runtime_directory);
  state->emit(std::move(event));
  state->changed.notify_all();
}

Awaitable<> watch_helper(std::shared_ptr<MachineState> state, std::size_t index) {
  Helper& helper = state->helpers[index];
  if (helper.process) {
    co_await loop::wait_exit(*helper.process);
    helper.process.reset();
    state->changed.notify_all();
    // QEMU's own end may have been the cause, and is heard a moment later.
    if (co_await wait_gone(state, kHelperTime)) co_return;
  }
  log::warning("machine {}: {} has ended", state->record.machine_name, called(helper));
  state->emit({MachineEvent::Kind::helper_lost, false, loss(helper)});
}

Awaitable<> keep_connected(std::shared_ptr<MachineState> state) {
  bool reports = false;
  while (!state->exited) {
    bool trouble = false;
    try {
      if (!state->client || !state->client->connected()) co_await try_connect(state);
      if (!reports && state->client && state->client->connected()) {
        reports = true;
        co_await enable_balloon_reports(state->client);
      }
      if (state->switched_off) co_await quit_process(state, kQuitGrace);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      trouble = true;
      // A connection that ended is told by the process's own end, which follows.
      if (!state->exited && error.code() != "qemu.gone") log::warning("machine {}: {}", state->record.machine_name, error.what());
    }
    const bool connected = state->client && state->client->connected();
    if (state->exited) co_return;
    if (connected && !trouble) {
      co_await state->changed.wait(std::chrono::hours(1));
    } else {
      // Not woken by the notifier alone: a broken connection must not be tried in a tight loop.
      co_await wait_gone(state, kReconnectPause);
    }
  }
}

Awaitable<bool> wait_gone(std::shared_ptr<MachineState> state, loop::Duration timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!state->exited && std::chrono::steady_clock::now() < end) {
    co_await state->changed.wait(end - std::chrono::steady_clock::now());
  }
  co_return state->exited;
}

Awaitable<> quit_process(std::shared_ptr<MachineState> state, std::chrono::milliseconds grace) {
  state->expected = true;
  const auto end = std::chrono::steady_clock::now() + grace;
  if (const std::shared_ptr<qmp::Client> client = state->client; client && client->connected() && !state->exited) {
    std::function<Awaitable<>()> ask = [client]() -> Awaitable<> { co_await qmp::quit(*client); };
    try {
      co_await loop::with_timeout<void>(grace, "QEMU's end", ask);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::info("machine {} is killed: {}", state->record.machine_name, error.what());
    }
    const auto left = end - std::chrono::steady_clock::now();
    if (left > left.zero() && co_await wait_gone(state, left)) co_return;
  }
  state->process.signal(SIGKILL);
  const bool gone = co_await wait_gone(state, kKillTime);
  if (gone) co_return;
  throw Error(ErrorKind::timeout, "machine.not_ended",
              fmt::format("QEMU of the machine {} (process {}) does not end even when killed; it waits for the kernel.",
                          state->record.machine_name, state->record.pid),
              "A disk or a device of the host does not answer; see `dmesg`.");
}

}  // namespace visor::qemu
