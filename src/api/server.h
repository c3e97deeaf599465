// The HTTP server of the daemon: unix socket and TCP, one set of routes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/connection.h"
#include "api/router.h"
#include "api/static_files.h"
#include "auth/authenticator.h"
#include "engine/service.h"
#include "loop/event_loop.h"

namespace visor::api {

struct ServerOptions {
  std::filesystem::path socket;            ///< the unix socket; empty: none
  std::string listen = "127.0.0.1:7077";   ///< ADDRESS:PORT, port 0 for a free one; empty: no TCP
  bool system_mode = false;                ///< members of the group `visor` may use the unix socket
  bool any_port = false;                   ///< when the port of `listen` is taken, take a free one
  std::vector<std::string> allowed_hosts;  ///< further names by which the page is reached, of auth::parse_host
  std::span<const EmbeddedFile> files = embedded_files();
  Limits limits;
};

class Server {
 public:
  /// Everything that is handed in outlives the server.
  Server(loop::EventLoop& loop, engine::Service& service, auth::Authenticator& authenticator, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and begins to serve. Errors: `api.port_in_use`, `api.socket_in_use`, `api.socket_path`, `api.listen_invalid`...
  void start();
  /// Stops accepting, ends streams, gives running requests a moment, then closes everything. Tasks go on.
  Awaitable<> close();

  /// The TCP port that is really bound; 0 without TCP.
  std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:7077"; empty without TCP.
  std::string base_url() const;
  const Router& router() const noexcept;
  /// Open connections.
  std::size_t connections() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace visor::api
