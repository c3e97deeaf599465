// The monitor commands that Visor uses, with their answers as plain structs. Errors are those of Client::execute; an answer
// of unexpected shape is Error{internal, "qemu.corrupt"}.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "os/fd.h"
#include "qmp/client.h"

namespace visor::qmp {

/// Answer of query-status.
struct RunState {
  std::string status;  ///< "running", "paused", "prelaunch", "inmigrate", "postmigrate", "shutdown", "guest-panicked", ...
  bool running = false;
};
Awaitable<RunState> query_status(Client& client);

/// Lets the virtual processors run.
Awaitable<> cont(Client& client);
/// Stops the virtual processors.
Awaitable<> stop(Client& client);
/// Presses the power button (ACPI); the guest decides what follows.
Awaitable<> system_powerdown(Client& client);
/// Resets the machine at once.
Awaitable<> system_reset(Client& client);
/// Ends QEMU. A connection that ends before the answer is success.
Awaitable<> quit(Client& client);

/// One virtual processor and the host thread that runs it.
struct VirtualCpu {
  std::uint32_t index = 0;
  std::int64_t thread_id = 0;
};
/// The virtual processors in the order of their index (query-cpus-fast).
Awaitable<std::vector<VirtualCpu>> query_cpus_fast(Client& client);

/// The host threads of the iothread objects (query-iothreads).
Awaitable<std::vector<std::int64_t>> query_iothreads(Client& client);

/// Counters of one block device since QEMU's start.
struct BlockStats {
  std::string device;     ///< legacy name; mostly empty
  std::string node_name;  ///< of the node that the guest device uses
  std::string qdev;       ///< QOM path or id of the guest device
  Bytes read;
  Bytes written;
  std::uint64_t read_operations = 0;
  std::uint64_t write_operations = 0;
};
Awaitable<std::vector<BlockStats>> query_blockstats(Client& client);

/// Writes a PNG of the first display to `file` on the host, as QEMU sees it. QEMU opens the file by itself.
Awaitable<> screendump_png(Client& client, std::filesystem::path file);

/// Reads a property of an object in QEMU's tree.
Awaitable<boost::json::value> qom_get(Client& client, std::string path, std::string property);
Awaitable<> qom_set(Client& client, std::string path, std::string property, boost::json::value value);

/// Plugs or unplugs the cable of a network card or back end by its id.
Awaitable<> set_link(Client& client, std::string name, bool up);

/// Gives QEMU a duplicate of `descriptor` under `name`, for options like "fd:NAME".
Awaitable<> getfd(Client& client, std::string name, const os::Fd& descriptor);
/// Opens a new descriptor set with a label; returns the set's number, for "/dev/fdset/N".
Awaitable<std::int64_t> add_fd(Client& client, const os::Fd& descriptor, std::string label);

/// One capability of migration to switch on or off ("events", "mapped-ram", ...).
struct MigrationCapability {
  std::string name;
  bool enabled = true;
};
Awaitable<> migrate_set_capabilities(Client& client, std::vector<MigrationCapability> capabilities);
/// Sets the upper limit of bytes per second; 0 is no limit.
Awaitable<> migrate_set_bandwidth(Client& client, Bytes per_second);
/// Starts to send the machine's state to the descriptor known to QEMU as `name` (see getfd); goes on in the background.
Awaitable<> migrate_to_fd(Client& client, std::string name);
/// Lets a QEMU that was started with `-incoming defer` read its state from the descriptor known as `name`.
Awaitable<> migrate_incoming_from_fd(Client& client, std::string name);
Awaitable<> migrate_cancel(Client& client);

/// Answer of query-migrate.
struct Migration {
  std::string status;  ///< empty before the first; "setup", "active", "completed", "failed", "cancelled", ...
  std::string error;   ///< why it failed, as QEMU says it
  Bytes transferred;
  Bytes remaining;
  Bytes total;

  bool ended() const { return status == "completed" || status == "failed" || status == "cancelled"; }
  bool under_way() const { return !status.empty() && !ended(); }
};
Awaitable<Migration> query_migrate(Client& client);

/// A forward of QEMU's user-mode network, as "info usernet" prints it (net/slirp.c, slirp/src/misc.c).
struct UserForward {
  std::string netdev;    ///< id of the netdev
  std::string protocol;  ///< "tcp" or "udp"
  std::string host_address;
  std::uint16_t host_port = 0;
  std::string guest_address;
  std::uint16_t guest_port = 0;
};
/// The forwards that are really open. QMP has no command for it, so this is the one use of the human monitor.
Awaitable<std::vector<UserForward>> query_user_forwards(Client& client);
/// Reads the text of "info usernet"; lines that are no forwards are skipped.
std::vector<UserForward> parse_user_forwards(std::string_view text);

}  // namespace visor::qmp
