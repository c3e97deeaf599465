#include "visord/daemon.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "api/server.h"
#include "auth/authenticator.h"
#include "auth/document_credential_store.h"
#include "auth/origin.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/engine.h"
#include "loop/event_loop.h"
#include "os/file.h"
#include "os/limits.h"
#include "os/orphans.h"
#include "qemu/qemu_hypervisor.h"
#include "storage/storage.h"
#include "store/store.h"

namespace visor::visord {
namespace {

/// A child of a daemon that was killed, not yet the program that it was to become, holds the daemon's lock for a moment more.
constexpr std::chrono::seconds kLockTime{2};
constexpr std::chrono::milliseconds kLockPause{20};

/// One state directory belongs to one daemon; the lock ends with the process, however it dies.
os::FileLock lock_state(const model::InstancePaths& paths) {
  const auto end = std::chrono::steady_clock::now() + kLockTime;
  std::optional<os::FileLock> lock = os::FileLock::try_acquire(paths.state_directory / "visord.lock");
  // Nothing else runs yet, so a loop of its own does no harm.
  loop::EventLoop waiting;
  if (!lock) {
    waiting.run_until_done([&]() -> Awaitable<> {
      while (!lock && std::chrono::steady_clock::now() < end) {
        co_await loop::sleep_for(kLockPause);
        lock = os::FileLock::try_acquire(paths.state_directory / "visord.lock");
      }
    });
  }
  if (lock) return std::move(*lock);
  throw Error(ErrorKind::conflict, "daemon.already_running",
              fmt::format("Another visord uses the state directory {}.", paths.state_directory.native()),
              "Use that one, stop it first, or give this one another --state-dir and --runtime-dir.");
}

std::vector<std::string> checked_hosts(const std::vector<std::string>& names) {
  std::vector<std::string> hosts;
  for (const std::string& name : names) {
    const std::optional<std::string> host = auth::parse_host(name);
    if (!host) {
      throw Error(ErrorKind::invalid, "daemon.bad_host", fmt::format("'{}' is no host name or address.", text::printable(name)),
                  "--allow-host takes a name or an address without scheme and port, for example vm.example.org.");
    }
    hosts.push_back(*host);
  }
  return hosts;
}

/// A visord that is root could open any folder for whoever may speak to it, so its administrator names those that are meant. One
/// that belongs to a user opens what that user may.
qemu::SharePolicy share_policy(const DaemonOptions& options) {
  qemu::SharePolicy policy;
  policy.restricted = ::geteuid() == 0 || !options.allowed_shares.empty();
  policy.own = {options.paths.state_directory, options.paths.runtime_directory};
  for (const std::string& folder : options.allowed_shares) {
    std::error_code error;
    if (!folder.starts_with('/') || !std::filesystem::is_directory(folder, error)) {
      throw Error(ErrorKind::invalid, "daemon.bad_share", fmt::format("There is no folder '{}'.", text::printable(folder)),
                  "--allow-share takes the absolute path of a folder.");
    }
    policy.allowed.emplace_back(folder);
  }
  return policy;
}

void make_directories(const model::InstancePaths& paths) {
  ::umask(0077);
  for (const auto& directory : {paths.state_directory, paths.runtime_directory, paths.images(), paths.volumes(),
                                paths.state_directory / "machines", paths.runtime_directory / "machines"}) {
    os::make_directories(directory);
  }
}

/// All parts, in the order in which they need one another.
struct Parts {
  explicit Parts(const DaemonOptions& options)
      : paths(options.paths),
        lock(lock_state(paths)),
        store(store::open_sqlite_store(paths.database())),
        storage(paths.images(), paths.volumes()),
        hypervisor(qemu::QemuOptions{paths.state_directory / "cache", "/", {}, share_policy(options)}),
        engine(loop, paths, *store, storage, hypervisor),
        credentials(*store),
        authenticator(credentials),
        server(loop, engine, authenticator, server_options(options)) {}

  static api::ServerOptions server_options(const DaemonOptions& daemon) {
    api::ServerOptions options;
    options.socket = daemon.paths.socket;
    options.listen = daemon.paths.listen;
    options.any_port = daemon.any_port;
    options.system_mode = ::geteuid() == 0;
    options.allowed_hosts = checked_hosts(daemon.allowed_hosts);
    return options;
  }

  model::InstancePaths paths;
  os::FileLock lock;
  loop::EventLoop loop;
  std::unique_ptr<store::Store> store;
  storage::Storage storage;
  qemu::QemuHypervisor hypervisor;
  engine::Engine engine;
  auth::DocumentCredentialStore credentials;
  auth::Authenticator authenticator;
  api::Server server;
};

Awaitable<> serve(Parts& parts) {
  boost::asio::signal_set signals(parts.loop.context(), SIGINT, SIGTERM);
  const int orphans = os::end_orphaned_helpers();
  if (orphans > 0) log::warning("ended {} helper programs that an earlier visord had left behind", orphans);
  parts.storage.remove_leftovers();
  co_await parts.engine.open();
  parts.server.start();
  log::info("visord {} is ready: {} {}", VISOR_VERSION, parts.paths.socket.native(), parts.server.base_url());
  const int number = co_await signals.async_wait(boost::asio::use_awaitable);
  log::info("ending on signal {}; machines run on", number);
  co_await parts.server.close();
  co_await parts.engine.close();
}

}  // namespace

void run_daemon(const DaemonOptions& options) {
  log::set_level(options.log_level);
  std::signal(SIGPIPE, SIG_IGN);
  os::raise_descriptor_limit();
  make_directories(options.paths);
  Parts parts(options);
  parts.loop.run_until_done([&parts]() -> Awaitable<> { return serve(parts); });
}

}  // namespace visor::visord
