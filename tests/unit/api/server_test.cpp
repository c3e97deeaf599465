#include "api/listener.h"
#include "api/server_fixture.h"

namespace visor::api {
namespace {

Limits short_limits() {
  Limits limits;
  limits.header = std::chrono::seconds(1);
  limits.idle = std::chrono::seconds(1);
  limits.body_pause = std::chrono::seconds(1);
  return limits;
}

Limits small_house() {
  Limits limits;
  limits.connections = 6;
  limits.local_reserve = 3;
  return limits;
}

class ServerTest : public ServerFixture {};

class ImpatientServerTest : public ServerFixture {
 protected:
  ImpatientServerTest() : ServerFixture(short_limits()) {}
};

class CrowdedServerTest : public ServerFixture {
 protected:
  CrowdedServerTest() : ServerFixture(small_house()) {}
};

std::string start_error(Server& server) {
  try {
    server.start();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST_F(ServerTest, OneConnectionServesManyRequests) {
  Client client = local();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.request("GET", "/api/v1").status, 200U);
  EXPECT_EQ(on_loop([this] { return server.connections(); }), 1U);
}

TEST_F(ServerTest, RequestsInOnePacketAreAllAnswered) {
  Client client = local();
  std::string text;
  for (int i = 0; i < 3; ++i) text += "GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send_raw(text);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().status, 200U);
}

TEST_F(ServerTest, HundredMebibytesOfJsonAreRefusedUnread) {
  Client client = local();
  client.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n");
  const std::string chunk(1 << 20, '[');
  for (int i = 0; i < 100 && client.send_raw(chunk); ++i) {
  }
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413U);
  EXPECT_EQ(reply.code(), "request.too_large");
  EXPECT_EQ(local().request("GET", "/api/v1").status, 200U);
}

TEST_F(ServerTest, EndlessChunkedBodyIsCutOff) {
  Client client = local();
  client.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(1 << 20, '[') + "\r\n";
  for (int i = 0; i < 8 && client.send_raw(chunk); ++i) {
  }
  EXPECT_EQ(client.read_reply().status, 413U);
}

TEST_F(ServerTest, StrangersBodyIsNotRead) {
  Client client = tcp();
  client.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: " + client.host() + "\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 401U);
}

TEST_F(ServerTest, ClientThatAsksBeforeSendingIsTold) {
  Client client = local();
  const std::string body = R"({"name":"new"})";
  client.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send_raw(body);
  EXPECT_EQ(client.read_reply().status, 202U);
}

TEST_F(ServerTest, HugeHeaderAndNonsenseAreRefused) {
  EXPECT_EQ(local().request("GET", "/api/v1", "", {{"X", std::string(20000, 'x')}}).status, 431U);
  Client nonsense = local();
  nonsense.send_raw("\x16\x03\x01 this is TLS\r\n\r\n");
  EXPECT_EQ(nonsense.read_reply().status, 400U);
  Client smuggler = local();
  smuggler.send_raw(
      "POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(smuggler.read_reply().status, 400U);
  EXPECT_EQ(local().request("GET", "http://evil.example/api/v1").status, 400U);
}

TEST_F(ServerTest, ClientThatLeavesInTheMiddleHurtsNobody) {
  on_loop([this] { service.next_task_state = model::TaskState::running; });
  const std::string id(local().request("POST", "/api/v1/machines/hello/actions/start").json().at("task").at("id").as_string());
  {
    Client client = local();
    client.send_raw("GET /api/v1/tasks/" + id + "/wait?timeout=60 HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  {
    Client client = local();
    client.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"na");
  }
  EXPECT_EQ(local().request("GET", "/api/v1/tasks/" + id).json().at("state"), "running");
  EXPECT_EQ(local().request("DELETE", "/api/v1/tasks/" + id).status, 202U);
}

TEST_F(ServerTest, ClosingWaitsForNobodyForever) {
  on_loop([this] { service.next_task_state = model::TaskState::running; });
  const std::string id(local().request("POST", "/api/v1/machines/hello/actions/start").json().at("task").at("id").as_string());
  Client waiting = local();
  waiting.send_raw("GET /api/v1/tasks/" + id + "/wait?timeout=600 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto begin = std::chrono::steady_clock::now();
  close_server();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
}

TEST_F(ServerTest, PortInUseIsSaidWithAWayOut) {
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(server.port());
  options.socket = directory / "second" / "visor.sock";
  Server second(loop, service, authenticator, options);
  EXPECT_EQ(start_error(second), "api.port_in_use");
  EXPECT_FALSE(std::filesystem::exists(options.socket)) << "a failed start leaves nothing behind";
}

TEST_F(ServerTest, SecondUserOfAHostGetsAnotherPortWhenAnyWillDo) {
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(server.port());
  options.socket = directory / "second" / "visor.sock";
  options.any_port = true;
  Server second(loop, service, authenticator, options);
  EXPECT_EQ(on_loop([&] { return start_error(second); }), "");
  EXPECT_NE(second.port(), 0);
  EXPECT_NE(second.port(), server.port());
  // The loop runs in a thread of its own and must have let go of the server before it is destroyed here.
  std::promise<void> closed;
  loop.post([&] {
    closer.spawn("close the second", [&]() -> Awaitable<> {
      co_await second.close();
      closed.set_value();
    });
  });
  closed.get_future().wait();
}

TEST_F(ServerTest, RunningDaemonsSocketIsNotTakenAway) {
  ServerOptions options = options_in(directory);
  Server second(loop, service, authenticator, options);
  EXPECT_EQ(start_error(second), "api.socket_in_use");
  EXPECT_EQ(local().request("GET", "/api/v1").status, 200U);
}

TEST_F(ServerTest, SocketOfADeadDaemonIsReplaced) {
  const std::filesystem::path path = directory / "dead.sock";
  { const os::Fd dead = listen_unix(path, std::nullopt); }
  ASSERT_TRUE(std::filesystem::exists(path));
  const os::Fd alive = listen_unix(path, std::nullopt);
  EXPECT_NO_THROW(Client{path});
}

TEST_F(ServerTest, FileInTheWayOfTheSocketIsNotDeleted) {
  const std::filesystem::path path = directory / "precious";
  os::replace_file(path, "data");
  EXPECT_THROW(listen_unix(path, std::nullopt), Error);
  EXPECT_EQ(os::read_file(path), "data");
  EXPECT_THROW(listen_unix(directory / std::string(200, 'x'), std::nullopt), Error);
}

TEST_F(ImpatientServerTest, SlowAndSilentClientsAreDropped) {
  Client silent = local();
  Client slow = local();
  slow.send_raw("GET /api/v1 HT");
  Client stalled = local();
  stalled.send_raw("POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  Client idle = local();
  EXPECT_EQ(idle.request("GET", "/api/v1").status, 200U);
  for (Client* client : {&silent, &slow, &stalled, &idle}) EXPECT_TRUE(client->closed());
}

TEST_F(CrowdedServerTest, FloodFromTheNetworkLeavesRoomForTheCommandLine) {
  std::vector<Client> flood;
  for (int i = 0; i < 3; ++i) flood.push_back(tcp());
  while (on_loop([this] { return server.connections(); }) < 3) std::this_thread::yield();
  EXPECT_EQ(tcp().read_reply().status, 503U);
  EXPECT_EQ(local().request("GET", "/api/v1").status, 200U);
}

TEST(ListenTest, AddressesAreReadStrictly) {
  EXPECT_EQ(parse_listen("127.0.0.1:7077").port, 7077);
  EXPECT_EQ(parse_listen("[::1]:0").host, "::1");
  EXPECT_EQ(parse_listen("localhost:80").host, "127.0.0.1");
  for (const char* text :
       {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "example.org:80", "127.0.0.1:80x", "::1:80", "127.0.0.1:-1"}) {
    EXPECT_THROW(parse_listen(text), Error) << text;
  }
}

}  // namespace
}  // namespace visor::api
