#include "qemu/launcher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "host/memory_encryption.h"
#include "loop/event_loop.h"
#include "loop/process.h"
#include "loop/timeout.h"
#include "model/encryption.h"
#include "model/validate_memory.h"
#include "os/file.h"
#include "os/unix_socket.h"
#include "qemu/arguments.h"
#include "qemu/disk_files.h"
#include "qemu/folder_server.h"
#include "qemu/launch_files.h"
#include "qemu/live_settings.h"
#include "qemu/ports.h"
#include "qemu/shares.h"
#include "qemu/tpm.h"
#include "qmp/commands.h"
#include "qmp/device_commands.h"

namespace visor::qemu {
namespace {

constexpr std::size_t kPasswdBuffer = 16384;
constexpr uid_t kNobody = 65534;
constexpr int kPortAttempts = 3;
constexpr std::size_t kLogLines = 8;
constexpr mode_t kShareMask = 0007;
constexpr std::chrono::seconds kExitGrace{5};
/// Reading a saved state: as long as a slow disk may need for the memory of a large machine.
constexpr std::chrono::minutes kRestoreTimeout{30};

/// What QEMU may read by name: its program, libraries, firmware blobs and the resolver's configuration. Disks, sockets and logs
/// come as descriptors, so there is nothing that it may write.
const std::array<const char*, 10> kReadable{"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/resolv.conf",
                                            "/run/systemd/resolve", "/etc/localtime", "/dev/urandom",
                                            // Memory that can be added is not set aside; QEMU asks whether it may do so.
                                            "/proc/sys/vm/overcommit_memory", "/sys/devices/system"};

os::Box make_box(const model::Memory& memory, const Plan& plan, const LaunchFiles& files, const QemuUser& user) {
  os::Box box;
  box.landlock = true;
  box.readable.assign(kReadable.begin(), kReadable.end());
  box.readable.insert(box.readable.end(), files.reopened().begin(), files.reopened().end());
  box.writable = {"/dev/null"};
  box.shared = files.shares();
  if (plan.choices.accelerator == "kvm") box.writable.emplace_back("/dev/kvm");
  // QEMU opens it by name (target/i386/sev.c, sev_kvm_init).
  if (memory.encryption.starts_with("sev")) box.writable.emplace_back(host::kSevDevice);
  box.lock_memory = memory.locked || model::has_pinned_memory(memory);
  box.uid = user.uid;
  box.gid = user.gid;
  return box;
}

ProcessRecord make_record(const hypervisor::MachineDefinition& definition, const Plan& plan, const os::Process& process) {
  ProcessRecord record;
  record.machine_id = definition.id;
  record.machine_name = definition.name;
  record.pid = process.pid();
  record.start_time = process.start_time();
  record.boot_id = current_boot_id();
  record.program = plan.choices.program.native();
  record.machine_type = plan.choices.machine_type;
  record.accelerator = plan.choices.accelerator;
  record.accelerator_reason = plan.choices.accelerator_reason;
  record.started_at = std::chrono::system_clock::now();
  record.vsock_cid = plan.vsock_cid;
  record.starting = true;
  record.memory_at_start = model::memory_at_start(definition.spec.memory);
  record.assigned = definition.spec.memory.size;
  record.page_note = plan.page_note;
  record.spec = definition.spec;
  return record;
}

os::Process spawn(const hypervisor::MachineDefinition& definition, const Plan& plan, const LaunchFiles& files,
                  const QemuUser& user, os::Fd cgroup, ProcessRecord& record) {
  os::Command command;
  command.program = plan.choices.program;
  command.arguments = to_argv(make_arguments(definition, plan));
  command.output = os::open_file(definition.runtime_directory / kQemuLog, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC);
  command.error = command.output.duplicate();
  command.descriptors = files.descriptors();
  command.box = make_box(definition.spec.memory, plan, files, user);
  // Files that the guest makes in a shared folder: for their owner and group, whatever visord's own are.
  if (!plan.shares.empty()) command.umask = kShareMask;
  command.cgroup = std::move(cgroup);
  // Boxed libraries must not look for a home directory that they cannot read.
  command.environment = {{"HOME", "/"}};
  // A QEMU without a record could not be found again by a later daemon.
  return os::Process::spawn(command, [&](const os::Process& process) {
    record = make_record(definition, plan, process);
    write_record(definition.runtime_directory, record);
  });
}

void require_not_running(const hypervisor::MachineDefinition& definition) {
  const auto record = read_record(definition.runtime_directory);
  if (!record || record->boot_id != current_boot_id()) return;
  if (!os::Process::attach(static_cast<pid_t>(record->pid), record->start_time)) return;
  throw Error(ErrorKind::conflict, "machine.already_running",
              fmt::format("The machine {} already runs as process {}.", definition.name, record->pid), "Stop it first.");
}

/// One try to start; kept apart from the coroutine so that its failure can be cleaned up after.
struct Attempt {
  os::Process process;
  std::vector<Helper> helpers;
  std::unique_ptr<qmp::Client> client;
  bool spawned = false;
};

Awaitable<> restore(qmp::Client& client, std::filesystem::path file) {
  const os::Fd state = os::open_file(file, O_RDONLY);
  co_await qmp::getfd(client, "saved-state", state);
  co_await qmp::migrate_incoming_from_fd(client, "saved-state");
  const auto end = std::chrono::steady_clock::now() + kRestoreTimeout;
  for (auto pause = std::chrono::milliseconds(2);; pause = std::min(pause * 2, std::chrono::milliseconds(100))) {
    const qmp::Migration migration = co_await qmp::query_migrate(client);
    if (migration.status == "completed") co_return;
    if (migration.ended()) {
      throw Error(ErrorKind::internal, "machine.restore_failed",
                  fmt::format("The saved state cannot be restored: {}", migration.error));
    }
    if (std::chrono::steady_clock::now() > end) {
      throw Error(ErrorKind::timeout, "machine.restore_failed", "The saved state was not read in time.");
    }
    co_await loop::sleep_for(pause);
  }
}

/// Reserves huge pages. Where the host has too few and the machine may start without, it gets ordinary ones; why, or nothing.
std::string take_pages(hypervisor::MachineDefinition& definition, HugePages& pages) {
  model::Memory& memory = definition.spec.memory;
  try {
    pages.take(definition.id, memory, definition.runtime_directory);
    return "";
  } catch (const Error& error) {
    // A saved state holds the kind of memory that it was saved with.
    if (!memory.page_fallback || definition.restore_from || error.code() != "host.huge_pages_missing") throw;
    log::warning("machine {} starts with pages of 4 KiB: {}", definition.name, error.what());
    memory.page_size = "4KiB";
    return error.what();
  }
}

/// After QEMU, so that there is never one that nobody waits for. QEMU's first word to it is heard when it is there.
void start_helpers(Attempt& attempt, const hypervisor::MachineDefinition& definition, const Plan& plan, const LaunchFiles& files,
                   ProcessRecord& record) {
  const QemuUser user = choose_user(false);
  if (files.tpm_end()) {
    attempt.helpers.push_back({"", start_tpm(definition, plan, files.tpm_end(), user, [&](const os::Process& tpm) {
                                 record.tpm_pid = tpm.pid();
                                 record.tpm_start_time = tpm.start_time();
                                 write_record(definition.runtime_directory, record);
                               })});
  }
  for (const ServedFolder& served : files.served()) {
    const std::string& tag = plan.shares[served.share].share.tag;
    attempt.helpers.push_back({tag, start_folder_server(definition, plan, served, user, [&](const os::Process& server) {
                                 record.folder_servers.push_back({tag, server.pid(), server.start_time()});
                                 write_record(definition.runtime_directory, record);
                               })});
  }
}

Awaitable<> attempt(Attempt& attempt, hypervisor::MachineDefinition& definition, Plan& plan, HostResources& resources,
                    ProcessRecord& record) {
  const QemuUser user = choose_user(plan.choices.accelerator == "kvm");
  {
    const LaunchFiles files = LaunchFiles::open(definition, plan, user.uid.has_value());
    plan.page_note = take_pages(definition, resources.huge_pages);
    os::Fd group = resources.groups.enter(definition.id, definition.name, definition.spec.cpu);
    attempt.process = spawn(definition, plan, files, user, std::move(group), record);
    attempt.spawned = true;
    // Behind the record, so that a daemon that finds it takes back what was changed.
    resources.energy.set(definition.spec.cpu, definition.runtime_directory);
    start_helpers(attempt, definition, plan, files, record);
    // From here on QEMU alone holds the listening sockets: when it ends, our connection ends too.
  }
  std::optional<os::Fd> connection = os::connect_unix(definition.runtime_directory, kControlSocket);
  if (!connection) throw Error(ErrorKind::unavailable, "qemu.gone", "QEMU ended at once.");
  attempt.client = co_await qmp::Client::adopt(std::move(*connection));
  resources.huge_pages.settle(definition.id);
  if (definition.restore_from) co_await restore(*attempt.client, *definition.restore_from);
  co_await prepare_guest(*attempt.client, attempt.process, definition.spec, definition.restore_from.has_value());
  if (definition.restore_from) {
    record.assigned = co_await qmp::query_balloon(*attempt.client);
    if (record.most_memory() > record.memory_at_start) {
      record.assigned = record.assigned + co_await qmp::added_memory(*attempt.client);
    }
  }
  // Before the guest runs, so that no crash of a guest is taken for a start that was given up.
  record.starting = false;
  write_record(definition.runtime_directory, record);
  co_await qmp::cont(*attempt.client);
}

/// Ends what a failed try has left. Not cancellable: it must get to its end.
Awaitable<> clean_up(Attempt& attempt, const hypervisor::MachineDefinition& definition, HostResources& resources,
                     bool ended_by_itself) {
  if (attempt.client) co_await attempt.client->close();
  attempt.client.reset();
  if (attempt.spawned) {
    bool gone = false;
    if (ended_by_itself) {
      try {
        co_await loop::with_timeout<os::ExitStatus>(kExitGrace, "The end of QEMU",
                                                    [&] { return loop::wait_exit(attempt.process); });
        gone = true;
      } catch (const Error&) {  // it hangs: killed below
      }
    }
    if (!gone) {
      attempt.process.signal(SIGKILL);
      attempt.process.reap();
    }
    attempt.spawned = false;
  }
  for (Helper& helper : attempt.helpers) {
    helper.process->signal(SIGKILL);
    helper.process->reap();
  }
  attempt.helpers.clear();
  remove_leftovers(definition.runtime_directory);
  resources.release(definition.id, definition.runtime_directory);
}

Error as_error(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error;
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) {
      return {ErrorKind::cancelled, "task.cancelled", "The work was cancelled."};
    }
    return {ErrorKind::internal, "machine.start_failed", error.what()};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, "machine.start_failed", error.what()};
  }
}

bool is_gone(const Error& error) { return error.code() == "qemu.gone"; }

/// What the user is told: QEMU's own last words where it ended by itself.
Error start_error(const Error& cause, const std::vector<std::string>& log, const Plan& plan, bool restoring) {
  if (std::optional<Error> locked = lock_failure(log, plan)) return *locked;
  if (std::optional<Error> kept_out = share_failure(log, plan)) return *kept_out;
  if (!is_gone(cause)) return cause;
  std::string words;
  for (const std::string& line : log) words += (words.empty() ? "" : "\n") + line;
  const char* code = restoring ? "machine.restore_failed" : "machine.start_failed";
  return {ErrorKind::internal, code, fmt::format("QEMU ended before the machine ran: {}", words.empty() ? "no message" : words),
          restoring ? "The saved state is still there; start again, or discard it and boot."
                    : "GET /api/v1/machines/NAME/command shows each argument with the setting that made it."};
}

void prepare_directory(const std::filesystem::path& directory) {
  os::make_directories(directory);
  if (::chmod(directory.c_str(), 0700) != 0) throw system_error(fmt::format("protect {}", directory.native()), errno);
}

}  // namespace

QemuUser choose_user(bool with_kvm, const std::filesystem::path& kvm_device) {
  if (::geteuid() != 0) return {};
  QemuUser user{kNobody, kNobody};
  std::array<char, kPasswdBuffer> buffer;
  passwd entry{};
  passwd* found = nullptr;
  for (const char* name : {"visor-qemu", "nobody"}) {
    if (::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) continue;
    user = {entry.pw_uid, entry.pw_gid};
    break;
  }
  struct stat device {};
  if (with_kvm && ::stat(kvm_device.c_str(), &device) == 0) user.gid = device.st_gid;
  return user;
}

bool may_open(const std::filesystem::path& device, const QemuUser& user) {
  if (!user.uid) return ::access(device.c_str(), R_OK | W_OK) == 0;
  struct stat found {};
  if (::stat(device.c_str(), &found) != 0) return false;
  const auto allows = [&](mode_t both) { return (found.st_mode & both) == both; };
  if (*user.uid == 0) return true;
  if (*user.uid == found.st_uid) return allows(S_IRUSR | S_IWUSR);
  // It has one group: the others are dropped.
  if (user.gid == found.st_gid) return allows(S_IRGRP | S_IWGRP);
  return allows(S_IROTH | S_IWOTH);
}

Awaitable<Launched> launch(hypervisor::MachineDefinition definition, Choices choices, std::shared_ptr<HostResources> resources) {
  require_not_running(definition);
  const bool fresh = !std::filesystem::exists(definition.runtime_directory);
  prepare_directory(definition.runtime_directory);
  Plan plan = make_plan(definition, std::move(choices));
  const std::vector<std::vector<model::PortForward>> wanted = plan.forwards;
  for (int turn = 1; turn <= kPortAttempts; ++turn) {
    Attempt current;
    Launched launched;
    std::exception_ptr failure;
    try {
      plan.forwards = wanted;
      choose_ports(plan.forwards);
      co_await attempt(current, definition, plan, *resources, launched.record);
      launched.process = std::move(current.process);
      launched.helpers = std::move(current.helpers);
      launched.client = std::move(current.client);
      co_return launched;
    } catch (...) {  // also Asio's own exception of a cancelled wait; thrown on below as an Error
      failure = std::current_exception();
    }
    const Error error = as_error(failure);
    const bool gone = is_gone(error);
    // The caller may be cancelled, yet the process must not stay behind.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    co_await clean_up(current, definition, *resources, gone);
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
    const std::vector<std::string> log = log_lines(definition.runtime_directory, kLogLines);
    if (gone && is_forward_failure(log) && turn < kPortAttempts) continue;
    if (fresh) os::remove_tree(definition.runtime_directory);
    throw start_error(error, log, plan, definition.restore_from.has_value());
  }
  throw Error(ErrorKind::internal, "machine.start_failed", "No try to start the machine was made.");
}

}  // namespace visor::qemu
