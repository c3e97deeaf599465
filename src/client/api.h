// The daemon's API in the model's types.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/connection.h"
#include "loop/awaitable.h"
#include "model/clone.h"
#include "model/host.h"
#include "model/host_check.h"
#include "model/image.h"
#include "model/iso.h"
#include "model/machine.h"
#include "model/machine_preview.h"
#include "model/memory_report.h"
#include "model/processor_report.h"
#include "model/profile.h"
#include "model/settings.h"
#include "model/snapshot.h"
#include "model/task.h"
#include "model/topology.h"

namespace visor::client {

struct Images {
  std::vector<model::Image> images;
  std::vector<model::BuildableImage> buildable;
};
BOOST_DESCRIBE_STRUCT(Images, (), (images, buildable))

/// A one-time address that logs a browser in.
struct LoginLink {
  std::string url;
  WallTime expires;
};
BOOST_DESCRIBE_STRUCT(LoginLink, (), (url, expires))

/// An API token. `token` is the secret, told only once: when it is made.
struct Token {
  std::string id;
  std::string name;
  WallTime created;
  std::string token;
};
BOOST_DESCRIBE_STRUCT(Token, (), (id, name, created, token))

/// Permission for one WebSocket.
struct Ticket {
  std::string ticket;
  std::string path;
  WallTime expires;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (ticket, path, expires))

/// Where a file goes in a guest.
struct GuestFile {
  std::string path;  ///< absolute
  std::string mode;  ///< permissions in octal; empty: what the guest agent gives
};

struct ChangeOptions {
  std::optional<std::uint64_t> if_revision;  ///< refuse (`machine.changed`) when the machine has another one
  bool dry_run = false;
};

/// One method per call of the API. Answers may hold more than this client knows; that is ignored, while a value that does
/// not fit is Error `client.bad_answer`. All methods throw what Connection throws.
class Api {
 public:
  explicit Api(Endpoint endpoint);

  Connection& connection() noexcept { return connection_; }

  Awaitable<std::vector<model::Machine>> machines();
  Awaitable<model::Machine> machine(std::string name);
  Awaitable<model::MachinePreview> preview_create(model::CreateRequest request);
  Awaitable<model::Task> create(model::CreateRequest request);
  Awaitable<model::ChangeResult> change(std::string name, boost::json::object patch, ChangeOptions options);
  Awaitable<model::RemovalPreview> preview_remove(std::string name);
  Awaitable<model::Task> remove(std::string name, bool force);
  /// `action`: start, stop, restart, reset, pause, resume, save, rename, clone, publish; `body` as the action takes it, or null.
  Awaitable<model::Task> act(std::string name, std::string action, boost::json::value body);
  /// `disk`: members of model::Disk.
  Awaitable<model::Task> add_disk(std::string name, boost::json::object disk);
  Awaitable<model::Task> remove_disk(std::string name, std::string disk);
  /// `action`: resize or insert; `body` as the action takes it.
  Awaitable<model::Task> act_on_disk(std::string name, std::string disk, std::string action, boost::json::object body);
  Awaitable<model::SnapshotTree> snapshots(std::string machine);
  Awaitable<model::Snapshot> snapshot(std::string machine, std::string name);
  Awaitable<model::Task> create_snapshot(std::string machine, model::SnapshotRequest request);
  Awaitable<model::Snapshot> rename_snapshot(std::string machine, std::string name, boost::json::object change);
  Awaitable<model::Task> restore_snapshot(std::string machine, std::string name, model::RestoreRequest request);
  Awaitable<model::SnapshotRemoval> preview_remove_snapshot(std::string machine, std::string name, bool branch);
  Awaitable<model::Task> remove_snapshot(std::string machine, std::string name, bool branch);
  Awaitable<std::vector<std::string>> log(std::string name);
  Awaitable<model::CommandLine> command_line(std::string name);
  Awaitable<model::ProcessorReport> processor(std::string name);
  Awaitable<model::MemoryReport> memory(std::string name);
  /// `range`: recent, hour, day or month.
  Awaitable<model::MetricsWindow> metrics(std::string name, std::string range);
  Awaitable<model::PinningProposal> propose_pinning(std::string name, std::string goal);
  Awaitable<std::vector<model::MachineSetting>> machine_settings(std::string name);
  /// PNG bytes.
  Awaitable<std::string> screenshot(std::string name, unsigned width);
  Awaitable<model::ExecResult> exec(std::string name, model::ExecRequest request);
  Awaitable<> push(std::string name, GuestFile file, Bytes size, Source source, TransferProgress progress);
  Awaitable<Bytes> pull(std::string name, std::string guest_path, Sink sink, TransferProgress progress);
  Awaitable<model::SshAccess> ssh(std::string name);
  /// `port`: 0 is the console.
  Awaitable<std::unique_ptr<WebSocket>> serial(std::string name, unsigned port);

  Awaitable<Images> images();
  Awaitable<model::Image> image(std::string name);
  Awaitable<model::Task> build_image(model::BuildRequest request);
  Awaitable<model::Task> import_image(model::ImportRequest request);
  Awaitable<model::Task> remove_image(std::string name);
  Awaitable<std::vector<model::Volume>> volumes();
  Awaitable<> remove_volume(std::string name);
  Awaitable<std::vector<model::Iso>> isos();
  Awaitable<model::Task> build_iso(model::IsoRequest request);
  Awaitable<> remove_iso(std::string name);

  Awaitable<std::vector<model::Task>> tasks(std::string state);
  Awaitable<model::Task> task(std::string id);
  /// The task when it has ended, or as it is after `timeout`.
  Awaitable<model::Task> wait_task(std::string id, std::chrono::seconds timeout);
  Awaitable<model::Task> cancel_task(std::string id);

  Awaitable<std::unique_ptr<EventStream>> events(std::optional<std::uint64_t> since);
  Awaitable<model::Host> host();
  Awaitable<model::HostTopology> host_topology();
  Awaitable<std::vector<model::HostCheck>> host_checks();
  Awaitable<std::vector<model::HostStopEntry>> preview_stop_for_host();
  Awaitable<model::Task> stop_for_host();
  Awaitable<std::vector<model::OperatingSystem>> operating_systems();
  Awaitable<model::SystemPreset> operating_system(std::string id);
  Awaitable<std::vector<model::Profile>> profiles();
  Awaitable<model::Profile> profile(std::string name);
  Awaitable<model::Profile> create_profile(model::ProfileRequest request);
  Awaitable<> remove_profile(std::string name);
  Awaitable<model::ChangeResult> apply_profile(std::string profile, std::string machine, bool dry_run);
  Awaitable<std::vector<model::Setting>> settings();

  Awaitable<LoginLink> login_link();
  Awaitable<std::vector<Token>> tokens();
  Awaitable<Token> create_token(std::string name);
  Awaitable<> remove_token(std::string id);

 private:
  Awaitable<boost::json::value> get(std::string path, loop::Duration timeout = std::chrono::seconds(30));
  Awaitable<boost::json::value> post(std::string path, boost::json::value body,
                                     loop::Duration timeout = std::chrono::seconds(30));
  Awaitable<boost::json::value> remove_at(std::string path);

  Connection connection_;
};

/// The path of a machine, "/api/v1/machines/NAME", with the name encoded.
std::string machine_path(std::string_view name);

}  // namespace visor::client
