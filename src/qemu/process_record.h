// The note in the runtime directory by which a later daemon finds a machine's process again.
#pragma once

#include <boost/describe.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/machine_spec.h"

namespace visor::qemu {

/// A process that serves a shared folder to a machine.
struct RecordedServer {
  std::string tag;
  std::int64_t pid = -1;
  std::uint64_t start_time = 0;
};
BOOST_DESCRIBE_STRUCT(RecordedServer, (), (tag, pid, start_time))

/// Written before QEMU itself runs, in a directory that QEMU cannot write to.
struct ProcessRecord {
  std::string machine_id;
  std::string machine_name;
  std::int64_t pid = -1;
  std::uint64_t start_time = 0;  ///< field 22 of /proc/PID/stat
  std::string boot_id;           ///< a record of an earlier boot is of a dead process
  std::string program;
  std::string machine_type;
  std::string accelerator;
  std::string accelerator_reason;
  WallTime started_at;
  std::int64_t tpm_pid = -1;         ///< the process that plays its TPM; -1: none was started
  std::uint64_t tpm_start_time = 0;  ///< of that process
  std::vector<RecordedServer> folder_servers;
  std::uint32_t vsock_cid = 0;  ///< its address for vsock(7); 0: none
  bool starting = false;        ///< QEMU is being set up: its guest has not run yet
  Bytes memory_at_start;        ///< what is there without any added
  Bytes assigned;               ///< what the balloon was told to leave it, and what was added
  std::string page_note;        ///< why it runs with other pages than wanted; empty: it does not
  bool lacks_disk = false;      ///< one that it was started with was taken away: nothing else can continue from its saved state
  model::MachineSpec spec;

  /// The most that its guest can have.
  Bytes most_memory() const { return std::max(memory_at_start, spec.memory.maximum); }
};
BOOST_DESCRIBE_STRUCT(ProcessRecord, (),
                      (machine_id, machine_name, pid, start_time, boot_id, program, machine_type, accelerator, accelerator_reason,
                       started_at, tpm_pid, tpm_start_time, folder_servers, vsock_cid, starting, memory_at_start, assigned,
                       page_note, lacks_disk, spec))

/// The running kernel's boot id.
std::string current_boot_id();

void write_record(const std::filesystem::path& runtime_directory, const ProcessRecord& record);
/// Nothing when there is none or it cannot be read (which is logged).
std::optional<ProcessRecord> read_record(const std::filesystem::path& runtime_directory);

/// Names in a machine's runtime directory.
inline constexpr const char* kRecordName = "process.json";
inline constexpr const char* kControlSocket = "qmp.sock";
inline constexpr const char* kPeopleSocket = "qmp-user.sock";
inline constexpr const char* kSerialSocket = "serial.sock";
inline constexpr const char* kAgentSocket = "agent.sock";
inline constexpr const char* kFolderServerSocket = "virtiofs.sock";  ///< there for a moment of the start
inline constexpr const char* kSerialLog = "serial.log";
inline constexpr const char* kQemuLog = "qemu.log";

/// Those of one serial port; 0 is the console.
std::string serial_socket_name(std::uint32_t port);
std::string serial_log_name(std::uint32_t port);
inline constexpr std::uint32_t kMostSerialPorts = 4;

/// Removes sockets and record of a machine that has ended; its logs stay until the next start.
void remove_leftovers(const std::filesystem::path& runtime_directory);
/// The last lines of QEMU's log, made printable.
std::vector<std::string> log_lines(const std::filesystem::path& runtime_directory, std::size_t count);
/// The last few lines as one text for a reason; "QEMU left no message." when there are none.
std::string last_words(const std::filesystem::path& runtime_directory);

}  // namespace visor::qemu
