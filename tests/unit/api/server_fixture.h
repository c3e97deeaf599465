// A real server on a temporary unix socket and a free TCP port, on a thread of its own.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <thread>

#include "api/fake_service.h"
#include "api/server.h"
#include "api/test_client.h"
#include "auth/memory_credential_store.h"
#include "loop/task_group.h"
#include "os/file.h"

namespace visor::api {

class ServerFixture : public testing::Test {
 protected:
  explicit ServerFixture(Limits limits = {}) : server(loop, service, authenticator, options(limits)), closer(loop.executor()) {
    server.start();
    thread = std::thread([this] { loop.run(); });
  }
  ~ServerFixture() override {
    if (thread.joinable()) close_server();
    os::remove_tree(directory);
  }

  void close_server() {
    loop.post([this] {
      closer.spawn("close", [this]() -> Awaitable<> {
        co_await server.close();
        loop.stop();
      });
    });
    thread.join();
  }

  /// Runs `work` on the server's thread, where the service lives.
  template <class F>
  auto on_loop(F work) {
    using Result = decltype(work());
    std::promise<Result> promise;
    loop.post([&] {
      if constexpr (std::is_void_v<Result>) {
        work();
        promise.set_value();
      } else {
        promise.set_value(work());
      }
    });
    return promise.get_future().get();
  }

  std::filesystem::path socket_path() const { return directory / "run" / "visor.sock"; }
  Client local() const { return Client(socket_path()); }
  Client tcp() const { return Client(server.port()); }
  HeaderList token_header() {
    return {{"Authorization", "Bearer " + on_loop([this] { return authenticator.create_token(make_secret(8)).token; })}};
  }
  /// Logs in as a browser does; the value of the Cookie header.
  std::string log_in() {
    const std::string code = on_loop([this] { return authenticator.make_login_code().secret; });
    const Reply reply = tcp().request("POST", "/api/v1/auth/login", R"({"code":")" + code + R"("})");
    EXPECT_EQ(reply.status, 200U) << reply.body;
    const std::string cookie = reply.header("set-cookie");
    return cookie.substr(0, cookie.find(';'));
  }

  static ServerOptions options_in(const std::filesystem::path& directory) {
    ServerOptions options;
    options.socket = directory / "run" / "visor.sock";
    options.listen = "127.0.0.1:0";
    return options;
  }

  std::filesystem::path directory = [] {
    auto path = std::filesystem::temp_directory_path() / ("visor-api-" + make_secret(6));
    os::make_directories(path);
    return path;
  }();
  static constexpr std::array<EmbeddedFile, 2> kPage{
      {{"/index.html", "text/html; charset=utf-8", "\"aa\"", "<!doctype html><p>the page</p>", ""},
       {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "\"bb\"", "console.log('plain')", "GZIPPED"}}};

  loop::EventLoop loop;
  FakeService service{loop.executor()};
  auth::MemoryCredentialStore credentials;
  auth::Authenticator authenticator{credentials};
  Server server;
  loop::TaskGroup closer;
  std::thread thread;

 private:
  ServerOptions options(const Limits& limits) const {
    ServerOptions result = options_in(directory);
    result.files = kPage;
    result.limits = limits;
    return result;
  }
};

}  // namespace visor::api
