#include "api/server_fixture.h"

namespace visor::api {
namespace {

class StreamsTest : public ServerFixture {
 protected:
  std::string ticket_path(const std::string& kind, const std::string& machine = "hello") {
    const Reply reply = local().request("POST", "/api/v1/machines/" + machine + "/tickets", R"({"kind":")" + kind + R"("})");
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return std::string(reply.json().at("path").as_string());
  }
  void emit(const std::string& type, const std::string& data) {
    on_loop([&] { service.emit(type, data); });
  }
};

TEST_F(StreamsTest, EventsArriveAsTheyHappen) {
  Client client = local();
  const Reply head = client.request("GET", "/api/v1/events");
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.header("content-type"), "text/event-stream");
  client.read_until("retry: 1000\n\n");
  emit("machine", R"({"name":"hello"})");
  EXPECT_NE(client.read_until("\n\n").find("id: 1\nevent: machine\ndata: {\"name\":\"hello\"}\n\n"), std::string::npos);
}

TEST_F(StreamsTest, ClientThatWasAwayMissesNothing) {
  for (int i = 1; i <= 4; ++i) emit("machine", std::to_string(i));
  Client by_url = local();
  by_url.request("GET", "/api/v1/events?since=2");
  by_url.read_until("retry: 1000\n\n");
  EXPECT_NE(by_url.read_until("\n\n").find("id: 3\n"), std::string::npos);
  EXPECT_NE(by_url.read_until("\n\n").find("id: 4\n"), std::string::npos);
  Client by_header = local();
  by_header.request("GET", "/api/v1/events?since=0", "", {{"Last-Event-ID", "3"}});
  by_header.read_until("retry: 1000\n\n");
  EXPECT_NE(by_header.read_until("\n\n").find("id: 4\n"), std::string::npos);
}

TEST_F(StreamsTest, ClientThatWasAwayTooLongIsToldToReadAnew) {
  for (int i = 1; i <= 4; ++i) emit("machine", "{}");
  on_loop([this] { service.forget_events_before(4); });
  Client client = local();
  client.request("GET", "/api/v1/events?since=1");
  client.read_until("retry: 1000\n\n");
  EXPECT_NE(client.read_until("\n\n").find("event: resync\n"), std::string::npos);
}

TEST_F(StreamsTest, EventCannotForgeAnotherOne) {
  Client client = local();
  client.request("GET", "/api/v1/events");
  client.read_until("retry: 1000\n\n");
  emit("machine", "a\n\nevent: forged\ndata: b");
  const std::string event = client.read_until("\n\n");
  EXPECT_EQ(event.find("\nevent: forged"), std::string::npos);
}

TEST_F(StreamsTest, BrowserThatLeftHoldsNoConnection) {
  {
    Client client = local();
    client.request("GET", "/api/v1/events");
    EXPECT_EQ(on_loop([this] { return server.connections(); }), 1U);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (on_loop([this] { return server.connections(); }) > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(on_loop([this] { return server.connections(); }), 0U);
}

TEST_F(StreamsTest, NonsenseSinceIsRefused) {
  EXPECT_EQ(local().request("GET", "/api/v1/events?since=-1").status, 422U);
  EXPECT_EQ(local().request("GET", "/api/v1/events", "", {{"Last-Event-ID", "x"}}).status, 400U);
}

TEST_F(StreamsTest, EventsAlsoComeByWebSocket) {
  emit("machine", R"({"n":1})");
  Client client = local();
  WebSocketClient socket(client, "/api/v1/events?since=0");
  ASSERT_EQ(socket.reply.status, 101U);
  EXPECT_EQ(socket.reply.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const auto frame = socket.receive();
  EXPECT_EQ(frame.opcode, kText);
  EXPECT_EQ(frame.payload, R"({"sequence":1,"type":"machine","data":{"n":1}})");
  emit("task", "{}");
  EXPECT_EQ(socket.receive().payload, R"({"sequence":2,"type":"task","data":{}})");
}

TEST_F(StreamsTest, SerialShowsWhatWasPrintedBeforeAndTakesKeys) {
  Client client = tcp();
  WebSocketClient socket(client, ticket_path("serial"), {{"Sec-WebSocket-Protocol", "binary"}});
  ASSERT_EQ(socket.reply.status, 101U);
  EXPECT_EQ(socket.reply.header("sec-websocket-protocol"), "binary");
  auto frame = socket.receive();
  EXPECT_EQ(frame.opcode, kBinary);
  EXPECT_EQ(frame.payload, "printed before\n");
  socket.send(kBinary, "ls\n");
  EXPECT_EQ(socket.receive().payload, "echo:ls\n");
  socket.send(kBinary, "poweroff");
  frame = socket.receive();
  EXPECT_EQ(frame.opcode, kClose);
  EXPECT_EQ(frame.payload.substr(0, 2), std::string("\x03\xe8", 2)) << "1000: a normal end";
}

TEST_F(StreamsTest, SerialEndsWhenTheBrowserLeaves) {
  Client client = local();
  WebSocketClient socket(client, "/api/v1/machines/hello/serial");
  ASSERT_EQ(socket.reply.status, 101U);
  socket.receive();
  socket.send(kClose, std::string("\x03\xe8", 2));
  EXPECT_EQ(socket.receive().opcode, kClose);
  EXPECT_TRUE(client.closed());
}

TEST_F(StreamsTest, ScreenBytesPassUnchangedBothWays) {
  Client client = tcp();
  WebSocketClient socket(client, ticket_path("screen"));
  ASSERT_EQ(socket.reply.status, 101U);
  const int screen = on_loop([this] { return service.screen.get(); });
  ASSERT_EQ(::send(screen, "RFB 003.008\n", 12, 0), 12);
  EXPECT_EQ(socket.receive().payload, "RFB 003.008\n");
  socket.send(kBinary, std::string("\0\xff\x01", 3));
  char got[3] = {};
  ASSERT_EQ(::recv(screen, got, 3, MSG_WAITALL), 3);
  EXPECT_EQ(std::string(got, 3), std::string("\0\xff\x01", 3));
  const std::string large(200000, 'x');
  std::thread sender([&] {
    for (std::size_t at = 0; at < large.size();) {
      const ssize_t sent = ::send(screen, large.data() + at, large.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<std::size_t>(sent);
    }
  });
  std::string all;
  while (all.size() < large.size()) all += socket.receive().payload;
  sender.join();
  EXPECT_EQ(all, large);
  on_loop([this] { service.screen.reset(); });
  EXPECT_EQ(socket.receive().opcode, kClose);
}

TEST_F(StreamsTest, TicketWorksOnceForItsMachineAndKind) {
  on_loop([this] { service.add_machine("other"); });
  const std::string path = ticket_path("serial");
  {
    Client client = tcp();
    EXPECT_EQ(WebSocketClient(client, path).reply.status, 101U);
  }
  Client again = tcp();
  EXPECT_EQ(WebSocketClient(again, path).reply.status, 401U);
  const std::string query = path.substr(path.find('?'));
  Client elsewhere = tcp();
  const std::string other = ticket_path("serial", "other");
  EXPECT_EQ(WebSocketClient(elsewhere, "/api/v1/machines/hello/serial" + other.substr(other.find('?'))).reply.status, 401U);
  Client kind = tcp();
  const std::string serial = ticket_path("serial");
  EXPECT_EQ(WebSocketClient(kind, "/api/v1/machines/hello/screen" + serial.substr(serial.find('?'))).reply.status, 401U);
}

TEST_F(StreamsTest, TicketOfAMachineThatDoesNotRunSaysSo) {
  on_loop([this] { service.add_machine("off").state.process_id.reset(); });
  const Reply reply = local().request("POST", "/api/v1/machines/off/tickets", R"({"kind":"screen"})");
  EXPECT_EQ(reply.status, 409U);
  EXPECT_EQ(reply.code(), "machine.not_running");
}

TEST_F(StreamsTest, RefusalIsAnOrdinaryAnswerBeforeTheUpgrade) {
  on_loop([this] { service.add_machine("off"); });
  Client client = local();
  WebSocketClient socket(client, "/api/v1/machines/off/serial");
  EXPECT_EQ(socket.reply.status, 409U);
  EXPECT_EQ(socket.reply.code(), "machine.not_running");
}

TEST_F(StreamsTest, ClosingTheServerEndsOpenStreams) {
  Client events = local();
  events.request("GET", "/api/v1/events");
  Client serial = local();
  WebSocketClient socket(serial, "/api/v1/machines/hello/serial");
  ASSERT_EQ(socket.reply.status, 101U);
  close_server();
  EXPECT_TRUE(events.closed());
  EXPECT_TRUE(serial.closed());
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

}  // namespace
}  // namespace visor::api
