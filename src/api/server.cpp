#include "api/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <set>
#include <utility>

#include "api/listener.h"
#include "api/routes.h"
#include "auth/origin.h"
#include "auth/peer.h"
#include "base/error.h"
#include "base/log.h"
#include "loop/sync.h"
#include "loop/task_group.h"

namespace visor::api {
namespace {

namespace asio = boost::asio;

/// What is sent to those for whom there is no room.
std::string full_answer() {
  const Response response =
      problem_response(Error(ErrorKind::unavailable, "api.busy", "There are too many connections.", "Try again in a moment."));
  return fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: {}\r\nContent-Length: {}\r\nRetry-After: 5\r\nConnection: "
      "close\r\n\r\n{}",
      response.content_type, response.body.size(), response.body);
}

/// A name for messages and links: an IPv6 address in brackets, the wildcard as the loopback address.
std::string url_host(const ListenAddress& address) {
  if (address.host == "0.0.0.0") return "127.0.0.1";
  if (address.host == "::") return "[::1]";
  return address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
}

bool same_file(const std::filesystem::path& path, const struct stat& expected) {
  struct stat now {};
  return ::lstat(path.c_str(), &now) == 0 && now.st_dev == expected.st_dev && now.st_ino == expected.st_ino;
}

}  // namespace

struct Server::Impl {
  Impl(loop::EventLoop& loop, engine::Service& service, auth::Authenticator& authenticator, ServerOptions given)
      : options(std::move(given)),
        executor(loop.executor()),
        context{service, authenticator, [this] { return base_url(); }},
        dispatcher(router, authenticator, options.allowed_hosts, options.files),
        group(executor),
        changed(executor) {
    add_routes(router, context);
  }

  std::string base_url() const { return port == 0 ? std::string() : fmt::format("http://{}:{}", url_host(address), port); }

  /// Binds everything before anything is served, so that a failure leaves nothing behind.
  void listen() {
    os::Fd tcp;
    if (!options.listen.empty()) {
      address = parse_listen(options.listen);
      tcp = bind_tcp();
      port = bound_port(tcp.get());
    }
    if (!options.socket.empty()) {
      if (options.system_mode) trusted_group = auth::find_group("visor");
      if (options.system_mode && !trusted_group) log::info("there is no group `visor`, so only root may use the socket");
      os::Fd local = listen_unix(options.socket, trusted_group);
      ::lstat(options.socket.c_str(), &socket_file);
      accept_on(std::move(local), true);
    }
    if (!tcp) return;
    if (!auth::is_loopback({address.host, "", true})) {
      log::warning("listening on {}: passwords and screens cross the network unencrypted", address.host);
    }
    accept_on(std::move(tcp), false);
  }

  os::Fd bind_tcp() const {
    try {
      return listen_tcp(address);
    } catch (const Error& error) {
      if (!options.any_port || error.code() != "api.port_in_use") throw;
      log::warning("{} A free one is used instead.", error.what());
    }
    return listen_tcp({address.host, 0});
  }

  void accept_on(os::Fd fd, bool local) {
    auto listener = std::make_shared<asio::posix::stream_descriptor>(executor, fd.get());
    [[maybe_unused]] const int number = fd.release();
    listeners.push_back(listener);
    group.spawn("accept", [this, listener, local]() -> Awaitable<> { co_await accept_all(*listener, local); });
  }

  Awaitable<> accept_all(asio::posix::stream_descriptor& listener, bool local) {
    while (!closing) {
      boost::system::error_code error;
      co_await listener.async_wait(asio::posix::descriptor_base::wait_read, asio::redirect_error(asio::use_awaitable, error));
      if (error || closing) co_return;
      bool exhausted = false;
      try {
        while (os::Fd fd = accept_next(listener.native_handle())) take(std::move(fd), local);
      } catch (const Error& failure) {
        log::error("cannot accept a connection: {}", failure.what());
        exhausted = true;
      }
      // Without descriptors the listener stays readable: wait for some to come back.
      if (exhausted) co_await loop::sleep_for(std::chrono::milliseconds(200));
    }
  }

  void take(os::Fd fd, bool local) {
    const std::size_t room = local ? options.limits.connections : options.limits.connections - options.limits.local_reserve;
    if (connections.size() >= room) {
      const std::string answer = full_answer();
      [[maybe_unused]] const auto sent = ::send(fd.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      return;
    }
    Peer peer = peer_of(fd.get(), local, trusted_group);
    std::shared_ptr<Connection> connection =
        make_connection(executor, std::move(fd), std::move(peer), dispatcher, options.limits);
    connections.insert(connection);
    group.spawn("connection", [this, connection]() -> Awaitable<> {
      co_await connection->run();
      connections.erase(connection);
      changed.notify_all();
    });
  }

  /// Streams and idle connections go at once, requests that are being answered get the grace time.
  Awaitable<> end_connections() {
    const auto deadline = std::chrono::steady_clock::now() + options.limits.close_grace;
    for (;;) {
      bool busy = false;
      const std::set<std::shared_ptr<Connection>> all = connections;
      for (const auto& connection : all) {
        connection->finish();
        if (connection->state() == Connection::State::busy) {
          busy = true;
        } else {
          connection->abort();
        }
      }
      const auto left = deadline - std::chrono::steady_clock::now();
      if (!busy || left.count() <= 0) co_return;
      co_await changed.wait(left);
    }
  }

  Awaitable<> close() {
    closing = true;
    for (const auto& listener : listeners) {
      boost::system::error_code ignored;
      listener->close(ignored);
    }
    if (socket_file.st_ino != 0 && same_file(options.socket, socket_file)) ::unlink(options.socket.c_str());
    co_await end_connections();
    const std::set<std::shared_ptr<Connection>> all = connections;
    for (const auto& connection : all) connection->abort();
    co_await group.close();
    connections.clear();
  }

  ServerOptions options;
  asio::any_io_executor executor;
  Router router;
  Context context;
  Dispatcher dispatcher;
  ListenAddress address;
  std::uint16_t port = 0;
  std::optional<gid_t> trusted_group;
  struct stat socket_file {};
  bool closing = false;
  std::vector<std::shared_ptr<asio::posix::stream_descriptor>> listeners;
  std::set<std::shared_ptr<Connection>> connections;
  loop::TaskGroup group;
  loop::Notifier changed;
};

Server::Server(loop::EventLoop& loop, engine::Service& service, auth::Authenticator& authenticator, ServerOptions options)
    : impl_(std::make_unique<Impl>(loop, service, authenticator, std::move(options))) {}
Server::~Server() = default;

void Server::start() { impl_->listen(); }
Awaitable<> Server::close() { co_await impl_->close(); }
std::uint16_t Server::port() const noexcept { return impl_->port; }
std::string Server::base_url() const { return impl_->base_url(); }
const Router& Server::router() const noexcept { return impl_->router; }
std::size_t Server::connections() const noexcept { return impl_->connections.size(); }

}  // namespace visor::api
