#include "qemu/reattach.h"

#include <fmt/format.h>

#include <unistd.h>

#include <csignal>
#include <memory>
#include <system_error>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/log.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "loop/timeout.h"
#include "os/process.h"
#include "qemu/process_record.h"
#include "qemu/running_machine.h"
#include "qemu/unix_socket.h"
#include "qmp/client.h"
#include "qmp/commands.h"

namespace visor::qemu {
namespace {

using Found = hypervisor::Hypervisor::Found;

constexpr std::chrono::seconds kMonitorTimeout{2};
constexpr std::chrono::seconds kExitTimeout{10};

/// What the monitor said, if it said anything.
struct Contact {
  std::unique_ptr<qmp::Client> client;
  std::string run_state;
};

Awaitable<Contact> contact(std::filesystem::path directory) {
  Contact contact;
  try {
    std::optional<os::Fd> socket = connect_unix(directory, kControlSocket);
    if (!socket) co_return contact;
    contact.client = co_await qmp::Client::adopt(std::move(*socket), kMonitorTimeout);
    std::function<Awaitable<qmp::RunState>()> ask = [&contact]() -> Awaitable<qmp::RunState> {
      co_return co_await qmp::query_status(*contact.client);
    };
    contact.run_state = (co_await loop::with_timeout<qmp::RunState>(kMonitorTimeout, "An answer of QEMU", ask)).status;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::warning("QEMU in {} does not answer: {}", directory.native(), error.what());
    contact.client.reset();
  }
  co_return contact;
}

/// Ends a QEMU that never ran its guest.
Awaitable<> abandon(os::Process process, std::filesystem::path directory) {
  process.signal(SIGKILL);
  std::function<Awaitable<os::ExitStatus>()> wait = [&process]() -> Awaitable<os::ExitStatus> {
    co_return co_await loop::wait_exit(process);
  };
  co_await loop::with_timeout<os::ExitStatus>(kExitTimeout, "The end of QEMU", wait);
  remove_leftovers(directory);
}

/// A directory with a socket but without a record: the daemon died between starting QEMU and writing the record. QEMU itself
/// listens on the socket (it called listen(2) last), so the kernel knows its number.
Awaitable<> end_unrecorded(std::filesystem::path directory) {
  const std::optional<os::Fd> socket = connect_unix(directory, kControlSocket);
  const std::optional<pid_t> pid = socket ? peer_process(*socket) : std::nullopt;
  const auto start_time = pid ? os::process_start_time(*pid) : std::nullopt;
  std::optional<os::Process> process = start_time ? os::Process::attach(*pid, *start_time) : std::nullopt;
  if (process && process->pid() != ::getpid()) {
    log::info("ending process {}, whose start was interrupted ({})", process->pid(), directory.native());
    co_await abandon(std::move(*process), directory);
  } else {
    remove_leftovers(directory);
  }
}

Awaitable<> look_at(std::filesystem::path directory, Found& found) {
  std::optional<ProcessRecord> record = read_record(directory);
  if (!record) {
    if (std::filesystem::exists(directory / kControlSocket)) co_await end_unrecorded(directory);
    co_return;
  }
  std::optional<os::Process> process;
  if (record->boot_id == current_boot_id()) process = os::Process::attach(static_cast<pid_t>(record->pid), record->start_time);
  if (!process) {
    const bool rebooted = record->boot_id != current_boot_id();
    found.crashed.push_back(
        {record->machine_id, rebooted ? "The host was restarted while the machine ran." : last_words(directory)});
    remove_leftovers(directory);
    co_return;
  }
  Contact monitor = co_await contact(directory);
  if (monitor.client && status_of(monitor.run_state) == model::Status::starting) {
    log::info("ending machine {}: its start was interrupted before the guest ran", record->machine_name);
    monitor.client.reset();
    co_await abandon(std::move(*process), directory);
    co_return;
  }
  const bool switched_off = monitor.run_state == "shutdown";
  const auto executor = co_await boost::asio::this_coro::executor;
  found.running.push_back(
      std::make_unique<QemuMachine>(executor, std::move(*record), directory, std::move(*process), std::move(monitor.client)));
  if (switched_off) static_cast<QemuMachine&>(*found.running.back()).guest_is_off();
}

}  // namespace

Awaitable<Found> reattach_all(std::filesystem::path machines_directory) {
  Found found;
  const auto executor = co_await boost::asio::this_coro::executor;
  loop::TaskGroup group(executor);
  loop::Notifier ended(executor);
  std::size_t left = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(machines_directory, error)) {
    if (!entry.is_directory(error)) continue;
    ++left;
    group.spawn("reattach " + entry.path().filename().native(), [&, path = entry.path()]() -> Awaitable<> {
      try {
        co_await look_at(path, found);
      } catch (const Error& failure) {
        log::error("the machine in {} cannot be taken hold of: {}", path.native(), failure.what());
      }
      --left;
      ended.notify_all();
    });
  }
  while (left > 0) co_await ended.wait(std::chrono::seconds(1));
  co_await group.close();
  co_return found;
}

}  // namespace visor::qemu
