#include "qemu/reattach.h"

#include <fmt/format.h>

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
#include "os/unix_socket.h"
#include "qemu/helper.h"
#include "qemu/process_record.h"
#include "qemu/running_machine.h"
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

Awaitable<Contact> contact(std::filesystem::path directory, std::chrono::seconds timeout) {
  Contact contact;
  try {
    std::optional<os::Fd> socket = os::connect_unix(directory, kControlSocket);
    if (!socket) co_return contact;
    contact.client = co_await qmp::Client::adopt(std::move(*socket), timeout);
    std::function<Awaitable<qmp::RunState>()> ask = [&contact]() -> Awaitable<qmp::RunState> {
      co_return co_await qmp::query_status(*contact.client);
    };
    contact.run_state = (co_await loop::with_timeout<qmp::RunState>(timeout, "An answer of QEMU", ask)).status;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::warning("QEMU in {} does not answer: {}", directory.native(), error.what());
    contact.client.reset();
  }
  co_return contact;
}

/// The daemon died while it wrote the machine's state to disk: nobody reads what is still being written, so the guest goes on.
Awaitable<> take_back_save(Contact& monitor, const std::string& machine_name) {
  try {
    qmp::Migration migration = co_await qmp::query_migrate(*monitor.client);
    const bool stopped_for_it = monitor.run_state == "finish-migrate" || monitor.run_state == "postmigrate";
    if (!migration.under_way() && !stopped_for_it) co_return;
    log::info("machine {}: taking back a save that was interrupted", machine_name);
    co_await qmp::migrate_cancel(*monitor.client);
    const auto deadline = std::chrono::steady_clock::now() + kExitTimeout;
    while (migration.under_way() && std::chrono::steady_clock::now() < deadline) {
      co_await loop::sleep_for(std::chrono::milliseconds(10));
      migration = co_await qmp::query_migrate(*monitor.client);
    }
    co_await qmp::cont(*monitor.client);
    monitor.run_state = "running";
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::error("machine {} could not be continued after an interrupted save: {}", machine_name, error.what());
  }
}

Awaitable<> end_process(std::optional<os::Process>& process) {
  if (!process) co_return;
  process->signal(SIGKILL);
  std::function<Awaitable<os::ExitStatus>()> wait = [&process]() -> Awaitable<os::ExitStatus> {
    co_return co_await loop::wait_exit(*process);
  };
  co_await loop::with_timeout<os::ExitStatus>(kExitTimeout, "The end of a process", wait);
}

/// What is left of a machine's processes.
struct Processes {
  std::optional<os::Process> qemu;
  std::vector<Helper> helpers;
};

Processes find_processes(const ProcessRecord& record) {
  Processes found;
  if (record.boot_id != current_boot_id()) return found;
  found.qemu = os::Process::attach(static_cast<pid_t>(record.pid), record.start_time);
  if (record.tpm_pid > 0) {
    found.helpers.push_back({"", os::Process::attach(static_cast<pid_t>(record.tpm_pid), record.tpm_start_time)});
  }
  for (const RecordedServer& server : record.folder_servers) {
    found.helpers.push_back({server.tag, os::Process::attach(static_cast<pid_t>(server.pid), server.start_time)});
  }
  return found;
}

Awaitable<> end_helpers(std::vector<Helper>& helpers) {
  for (Helper& helper : helpers) co_await end_process(helper.process);
}

/// Undoes a start whose guest never ran: the machine is off, as it was before.
Awaitable<> undo_start(std::string machine_name, Processes& processes, std::filesystem::path directory) {
  log::info("machine {}: its start was interrupted before the guest ran", machine_name);
  co_await end_process(processes.qemu);
  co_await end_helpers(processes.helpers);
  remove_leftovers(directory);
}

Awaitable<> look_at(std::filesystem::path directory, std::shared_ptr<HostResources> resources, Found& found) {
  std::optional<ProcessRecord> record = read_record(directory);
  if (!record) {
    // The daemon died after it had made the sockets and before there was a QEMU.
    remove_leftovers(directory);
    co_return;
  }
  Processes processes = find_processes(*record);
  if (record->starting) {
    co_await undo_start(record->machine_name, processes, directory);
    co_return resources->release(record->machine_id, directory);
  }
  if (!processes.qemu) {
    co_await end_helpers(processes.helpers);
    const bool rebooted = record->boot_id != current_boot_id();
    found.crashed.push_back(
        {record->machine_id, rebooted ? "The host was restarted while the machine ran." : last_words(directory)});
    remove_leftovers(directory);
    resources->release(record->machine_id, directory);
    co_return;
  }
  Contact monitor = co_await contact(directory, kMonitorTimeout);
  if (monitor.client && status_of(monitor.run_state) == model::Status::starting) {
    monitor.client.reset();
    co_await undo_start(record->machine_name, processes, directory);
    co_return resources->release(record->machine_id, directory);
  }
  if (monitor.client) co_await take_back_save(monitor, record->machine_name);
  const bool switched_off = monitor.run_state == "shutdown";
  const auto executor = co_await boost::asio::this_coro::executor;
  resources->groups.know(record->machine_id, record->machine_name, record->spec.cpu);
  found.running.push_back(std::make_unique<QemuMachine>(executor, std::move(*record), directory, std::move(*processes.qemu),
                                                        std::move(monitor.client), std::move(processes.helpers), resources));
  if (switched_off) static_cast<QemuMachine&>(*found.running.back()).guest_is_off();
}

}  // namespace

Awaitable<Found> reattach_all(std::filesystem::path machines_directory, std::shared_ptr<HostResources> resources) {
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
        co_await look_at(path, resources, found);
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
