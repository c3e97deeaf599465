// Saving a machine: its state is sent to a file as if it moved to another host.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/log.h"
#include "loop/event_loop.h"
#include "loop/process.h"
#include "model/encryption.h"
#include "model/validate_shares.h"
#include "os/file.h"
#include "qemu/machine_state.h"

namespace visor::qemu {
namespace {

constexpr std::chrono::milliseconds kFirstLook{5};
constexpr std::chrono::milliseconds kLook{100};
/// Nothing more was written for this long: the disk below does not answer.
constexpr std::chrono::minutes kStall{2};

Error save_error(const std::string& why) {
  return {ErrorKind::internal, "machine.save_failed", fmt::format("The machine's state could not be written: {}", why),
          "The machine runs on. Free some space, or stop it instead."};
}

/// A mounted 9p folder is state of the host that no file can hold (qemu hw/9pfs/9p.c, v9fs_attach).
void rethrow_explained(const Error& error) {
  if (std::string_view(error.what()).find("VirtFS export path") == std::string_view::npos) throw Error(error);
  throw Error(ErrorKind::conflict, "machine.save_blocked", "The guest has a shared folder mounted, and so cannot be saved.",
              "Unmount it in the guest, or shut the machine down instead.");
}

Awaitable<> send_state(qmp::Client& client) {
  std::optional<Error> refused;
  try {
    co_await qmp::migrate_to_fd(client, "saved-state");
  } catch (const Error& error) {
    refused = error;
  }
  if (refused) rethrow_explained(*refused);
}

/// Sends the state and follows its progress until QEMU says that all is written.
Awaitable<> write_state(std::shared_ptr<qmp::Client> client, const os::Fd& file, const std::function<void(double)>& on_progress) {
  co_await qmp::migrate_set_bandwidth(*client, Bytes{0});
  co_await qmp::getfd(*client, "saved-state", file);
  co_await send_state(*client);
  Bytes last;
  auto moved = std::chrono::steady_clock::now();
  for (auto pause = kFirstLook;; pause = std::min(pause * 2, kLook)) {
    const qmp::Migration migration = co_await qmp::query_migrate(*client);
    if (migration.status == "completed") co_return;
    if (migration.ended()) throw save_error(migration.error.empty() ? migration.status : migration.error);
    if (on_progress && migration.total.count > 0) {
      on_progress(1.0 - static_cast<double>(migration.remaining.count) / static_cast<double>(migration.total.count));
    }
    if (migration.transferred != last) moved = std::chrono::steady_clock::now();
    last = migration.transferred;
    if (std::chrono::steady_clock::now() - moved > kStall) throw save_error("nothing was written for two minutes");
    co_await loop::sleep_for(pause);
  }
}

/// Durable under its final name, or not there at all.
Awaitable<> publish(const os::Fd& file, std::filesystem::path temporary, std::filesystem::path target) {
  co_await loop::run_blocking([&] {
    if (::fsync(file.get()) != 0) throw system_error(fmt::format("fsync {}", temporary.native()), errno);
    if (::rename(temporary.c_str(), target.c_str()) != 0) throw system_error(fmt::format("create {}", target.native()), errno);
    const os::Fd folder = os::open_file(target.parent_path(), O_RDONLY | O_DIRECTORY);
    ::fsync(folder.get());
  });
}

}  // namespace

void require_savable(const MachineState& state) {
  if (model::is_encrypted(state.record.spec.memory)) {
    throw Error(ErrorKind::conflict, "machine.memory_encrypted",
                fmt::format("The memory of {} is encrypted, and so cannot be saved.", state.record.machine_name),
                "Shut the machine down instead.");
  }
  if (model::has_virtiofs(state.record.spec)) {
    throw Error(ErrorKind::conflict, "machine.not_savable",
                "The machine shares a folder by virtiofs, whose server's state no file can hold: it cannot be saved to disk.",
                "Shut it down instead, or share the folder by 9p.");
  }
  if (state.record.lacks_disk) {
    throw Error(ErrorKind::conflict, "machine.not_savable",
                "A disk that the machine was started with was removed while it ran: it cannot be saved to disk.",
                "Shut it down instead; after its next start it can be saved again.");
  }
}

Awaitable<> write_state_file(std::shared_ptr<MachineState> state, std::filesystem::path file,
                             std::function<void(double)> on_progress) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const std::filesystem::path temporary = file.native() + ".partial";
  const os::Fd target = os::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  std::exception_ptr failure;
  try {
    const qmp::RunState before = co_await qmp::query_status(*client);
    if (before.running) co_await qmp::stop(*client);
    co_await write_state(client, target, on_progress);
    co_await publish(target, temporary, file);
  } catch (...) {  // also a cancelled wait; thrown on below
    failure = std::current_exception();
  }
  if (failure) {
    ::unlink(temporary.c_str());
    ::unlink(file.c_str());
    std::rethrow_exception(failure);
  }
  if (on_progress) on_progress(1.0);
}

Awaitable<> go_on(std::shared_ptr<MachineState> state, bool running) {
  try {
    const std::shared_ptr<qmp::Client> client = state->monitor();
    co_await qmp::migrate_cancel(*client);
    // QEMU lets go of the disks when all is written, and only this takes them back (qmp_cont in monitor/qmp-cmds.c).
    const bool let_go = (co_await qmp::query_status(*client)).status == "postmigrate";
    if (running || let_go) co_await qmp::cont(*client);
    if (!running && let_go) co_await qmp::stop(*client);
  } catch (const Error& error) {
    log::error("machine {} could not be continued after its state was written: {}", state->record.machine_name, error.what());
  }
}

Awaitable<> save_machine(std::shared_ptr<MachineState> state, std::filesystem::path file,
                         std::function<void(double)> on_progress) {
  require_savable(*state);
  const qmp::RunState before = co_await qmp::query_status(*state->monitor());
  std::exception_ptr failure;
  state->saving = true;
  try {
    co_await write_state_file(state, std::move(file), std::move(on_progress));
  } catch (...) {  // also a cancelled wait; thrown on below
    failure = std::current_exception();
  }
  if (!failure) co_return co_await quit_process(state, kQuitGrace);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await go_on(state, before.running);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  state->saving = false;
  std::rethrow_exception(failure);
}

}  // namespace visor::qemu
