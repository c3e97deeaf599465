// A folder shared by virtiofs: a process of its own (virtiofsd) serves it, and reads and writes the machine's memory. There are two
// programs of that name: QEMU's own in C, until QEMU 7.2, and its successor in Rust.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/awaitable.h"
#include "model/machine.h"
#include "os/fd.h"
#include "os/process.h"
#include "qemu/launcher.h"
#include "qemu/plan.h"

namespace visor::qemu {

inline constexpr const char* kFolderServerProgram = "virtiofsd";

/// What the program says of itself (`--help`).
FolderServer read_folder_server(std::filesystem::path program, const std::string& help);
/// Why this visord cannot start it; empty: it can.
std::string folder_server_problem(const FolderServer& server, bool root);
/// Why it cannot keep a guest from writing; empty: it can.
std::string no_read_only_reason(const FolderServer& server, bool root);

/// Remembers what the program of this host is until it changes.
class FolderServers {
 public:
  /// The one that would be used; `kind` is none when there is none.
  Awaitable<FolderServer> get();

 private:
  FolderServer known_;
  std::filesystem::file_time_type changed_;
};

/// What is given to one server.
struct ServedFolder {
  std::size_t share = 0;  ///< its place in the plan
  os::Fd folder;
  os::Fd socket;  ///< listening; its one connection is QEMU's
};

/// Opens the folder so that it ends at itself: as a mount of its own where visord is root (mount_of_folder()).
/// Throws the errors of open_share().
os::Fd open_served_folder(const PlannedShare& planned, const SharePolicy& policy);

/// What start_folder_server() does, for `visor explain`; nothing for a machine without such folders.
std::vector<model::ExplainedStep> folder_server_steps(const model::MachineSpec& spec, const Plan& plan);

/// Starts the server of one folder; it ends when QEMU does. Of a visord that is root it runs in a user namespace: its root is
/// `user`, and all its other users are numbers that nobody has. It may read the system's libraries and use the folder, nothing
/// else. `before_exec`: see os::Process::spawn.
os::Process start_folder_server(const hypervisor::MachineDefinition& definition, const Plan& plan, const ServedFolder& served,
                                const QemuUser& user, const os::Process::BeforeExec& before_exec);

}  // namespace visor::qemu
