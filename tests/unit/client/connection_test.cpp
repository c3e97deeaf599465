#include "client/connection.h"

#include <boost/asio/awaitable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/error.h"
#include "client/api.h"
#include "client/event_stream.h"
#include "client/fake_daemon.h"
#include "client/websocket.h"

namespace visor::client {
namespace {

using testing::FakeDaemon;
using ::testing::HasSubstr;
using testing::http_answer;

Endpoint at(const FakeDaemon& daemon) { return {.socket = daemon.socket(), .host = {}, .port = 0, .token = {}}; }

/// The Error that `work` ends with; code "none" when it ends well.
Error failure_of(loop::EventLoop& loop, const std::function<Awaitable<>()>& work) {
  try {
    loop.run_until_done(work);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::internal, "none", "no error"};
}

Error failure_of_get(const FakeDaemon& daemon) {
  loop::EventLoop loop;
  Connection connection(at(daemon));
  return failure_of(loop, [&]() -> Awaitable<> {
    co_await connection.call({.target = "/api/v1/host", .body = {}, .if_match = {}, .timeout = std::chrono::seconds(5)});
  });
}

TEST(Connection, ReadsAnswersInChunks) {
  FakeDaemon daemon(
      {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
       "4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n"});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    const boost::json::value value = co_await connection.call({.target = "/x", .body = {}, .if_match = {}});
    EXPECT_EQ(value.at("a").as_int64(), 1);
  });
}

TEST(Connection, KeepsOneConnectionForManyRequests) {
  FakeDaemon daemon({http_answer("200 OK", "application/json", "1"), http_answer("200 OK", "application/json", "2")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    co_await connection.call({.target = "/a", .body = {}, .if_match = {}});
    const boost::json::value second = co_await connection.call({.target = "/b", .body = {}, .if_match = {}});
    EXPECT_EQ(second.as_int64(), 2);
  });
  EXPECT_EQ(daemon.connections(), 1);
}

TEST(Connection, OpensItselfAgainAfterTheDaemonClosedItWhileIdle) {
  FakeDaemon daemon({http_answer("200 OK", "application/json", "1") + FakeDaemon::kCloses,
                     http_answer("202 Accepted", "application/json", "2")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    co_await connection.call({.target = "/a", .body = {}, .if_match = {}});
    // A POST must not be sent twice, so the stale connection has to be noticed before.
    while (daemon.closed() == 0) co_await loop::sleep_for(std::chrono::milliseconds(1));
    const boost::json::value second = co_await connection.call({.method = "POST", .target = "/b", .body = "{}", .if_match = {}});
    EXPECT_EQ(second.as_int64(), 2);
  });
  EXPECT_EQ(daemon.connections(), 2);
}

TEST(Connection, ProblemObjectBecomesTheErrorThatTheDaemonThrew) {
  FakeDaemon daemon({http_answer("404 Not Found", "application/problem+json",
                                 R"({"type":"about:blank","title":"Not Found","status":404,"code":"machine.not_found",)"
                                 R"("detail":"There is no machine named 'x'.","hint":"look","fields":[],"future":1})")});
  const Error error = failure_of_get(daemon);
  EXPECT_EQ(error.code(), "machine.not_found");
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_STREQ(error.what(), "There is no machine named 'x'.");
  EXPECT_EQ(error.hint(), "look");
}

TEST(Connection, RefusedFieldsAreAllKept) {
  FakeDaemon daemon({http_answer("422 Unprocessable Entity", "application/problem+json",
                                 R"({"status":422,"code":"request.invalid","detail":"d","fields":[)"
                                 R"({"field":"a","code":"range","detail":"A."},{"field":"b","code":"type","detail":"B."}]})")});
  const Error error = failure_of_get(daemon);
  ASSERT_EQ(error.fields().size(), 2U);
  EXPECT_EQ(error.fields()[1].field, "b");
  EXPECT_EQ(error.fields()[1].message, "B.");
}

TEST(Connection, RefusalWithoutAProblemObjectStillHasTheRightKind) {
  FakeDaemon daemon({http_answer("503 Service Unavailable", "text/plain", "starting\x1b[31m")});
  const Error error = failure_of_get(daemon);
  EXPECT_EQ(error.kind(), ErrorKind::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("starting\\x1b"));
}

TEST(Connection, AnswerThatBreaksOffIsAnErrorAndNotHalfAnAnswer) {
  FakeDaemon daemon({std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":") + FakeDaemon::kCloses});
  EXPECT_EQ(failure_of_get(daemon).code(), "client.disconnected");
}

TEST(Connection, DaemonThatClosesWithoutAnAnswerIsAnError) {
  FakeDaemon daemon({FakeDaemon::kCloses});
  EXPECT_EQ(failure_of_get(daemon).code(), "client.disconnected");
}

TEST(Connection, GarbageInsteadOfHttpIsAnError) {
  FakeDaemon daemon({std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n") + FakeDaemon::kCloses});
  EXPECT_EQ(failure_of_get(daemon).code(), "client.bad_answer");
}

TEST(Connection, SilentDaemonEndsInATimeout) {
  FakeDaemon daemon({"", ""});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  const Error error = failure_of(loop, [&]() -> Awaitable<> {
    co_await connection.call({.target = "/api/v1/host", .body = {}, .if_match = {}, .timeout = std::chrono::milliseconds(50)});
  });
  EXPECT_EQ(error.code(), "client.timeout");
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
}

TEST(Connection, MissingDaemonIsToldWithAHint) {
  loop::EventLoop loop;
  Connection connection({.socket = "/nonexistent/visord.sock", .host = {}, .port = 0, .token = {}});
  const Error error =
      failure_of(loop, [&]() -> Awaitable<> { co_await connection.call({.target = "/x", .body = {}, .if_match = {}}); });
  EXPECT_EQ(error.code(), "client.no_daemon");
  EXPECT_THAT(error.what(), HasSubstr("/nonexistent/visord.sock"));
  EXPECT_THAT(error.hint(), HasSubstr("./run"));
}

TEST(Connection, TooLongSocketPathIsNotCutSilently) {
  loop::EventLoop loop;
  Connection connection({.socket = "/" + std::string(200, 'a'), .host = {}, .port = 0, .token = {}});
  const Error error =
      failure_of(loop, [&]() -> Awaitable<> { co_await connection.call({.target = "/x", .body = {}, .if_match = {}}); });
  EXPECT_EQ(error.code(), "client.bad_socket");
}

TEST(Connection, UploadSendsEveryByteAndTellsTheProgress) {
  FakeDaemon daemon({http_answer("200 OK", "application/json", "{\"bytes\":300000}")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  const std::string content(300'000, 'x');
  std::uint64_t told = 0;
  loop.run_until_done([&]() -> Awaitable<> {
    Source source = [&, at = std::size_t{0}](std::size_t limit) mutable {
      std::string piece = content.substr(at, limit);
      at += piece.size();
      return piece;
    };
    TransferProgress progress = [&](Bytes done, std::optional<Bytes>) { told = done.count; };
    const Response response = co_await connection.upload({.method = "PUT", .target = "/f", .body = {}, .if_match = {}},
                                                         Bytes{content.size()}, source, progress);
    EXPECT_EQ(response.status, 200U);
  });
  EXPECT_EQ(told, content.size());
  EXPECT_TRUE(daemon.requests().front().ends_with(content));
}

TEST(Connection, EmptyFileCanBeUploaded) {
  FakeDaemon daemon({http_answer("200 OK", "application/json", "{\"bytes\":0}")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    co_await connection.upload({.method = "PUT", .target = "/f", .body = {}, .if_match = {}}, Bytes{0},
                               [](std::size_t) { return ""; }, {});
  });
  EXPECT_THAT(daemon.requests().front(), HasSubstr("Content-Length: 0"));
}

TEST(Connection, DownloadHandsOverTheBodyAndRefusalsWriteNothing) {
  FakeDaemon daemon(
      {http_answer("200 OK", "application/octet-stream", std::string(100'000, 'y')),
       http_answer("404 Not Found", "application/problem+json", R"({"status":404,"code":"guest.no_file","detail":"No."})")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  std::string got;
  Sink sink = [&](std::string_view bytes) { got += bytes; };
  const Error error = failure_of(loop, [&]() -> Awaitable<> {
    co_await connection.download({.target = "/f", .body = {}, .if_match = {}}, sink, {});
    co_await connection.download({.target = "/g", .body = {}, .if_match = {}}, sink, {});
  });
  EXPECT_EQ(got, std::string(100'000, 'y'));
  EXPECT_EQ(error.code(), "guest.no_file");
}

TEST(Connection, EventsComeOneByOne) {
  FakeDaemon daemon(
      {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
       "1c\r\nid: 7\nevent: task\ndata: {}\n\n\r\n18\r\n: alive\n\nid: 8\ndata: 1\n\n\r\n0\r\n\r\n"});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    const auto stream = co_await connection.events(6);
    const auto first = co_await stream->next();
    const auto second = co_await stream->next();
    const auto end = co_await stream->next();
    EXPECT_TRUE(first && first->sequence == 7 && first->type == "task" && first->data == "{}");
    EXPECT_TRUE(second && second->sequence == 8);
    EXPECT_FALSE(end);
  });
  EXPECT_THAT(daemon.requests().front(), HasSubstr("GET /api/v1/events?since=6 "));
}

TEST(Connection, RefusedWebSocketTellsTheProblem) {
  FakeDaemon daemon({http_answer("401 Unauthorized", "application/problem+json",
                                 R"({"status":401,"code":"auth.required","detail":"Log in."})")});
  loop::EventLoop loop;
  Connection connection(at(daemon));
  const Error error =
      failure_of(loop, [&]() -> Awaitable<> { co_await connection.open_websocket("/api/v1/machines/x/serial?ticket=1"); });
  EXPECT_EQ(error.code(), "auth.required");
}

TEST(Api, NamesCannotLeaveTheirPlaceInThePath) {
  EXPECT_EQ(machine_path("../x"), "/api/v1/machines/..%2Fx");
  EXPECT_EQ(machine_path(".."), "/api/v1/machines/%2E%2E");
  EXPECT_EQ(percent_encode("debian/12"), "debian%2F12");
  EXPECT_EQ(percent_encode("a b\n?#"), "a%20b%0A%3F%23");
}

TEST(Api, NewerDaemonMaySayMore) {
  FakeDaemon daemon(
      {http_answer("200 OK", "application/json", R"({"machines":[{"name":"a","future":true,"spec":{"novelty":1}}]})")});
  loop::EventLoop loop;
  Api api(at(daemon));
  loop.run_until_done([&]() -> Awaitable<> {
    const auto machines = co_await api.machines();
    EXPECT_TRUE(machines.size() == 1 && machines.front().name == "a");
  });
}

TEST(Api, AnswerOfTheWrongShapeIsAnErrorAndNotAnEmptyList) {
  FakeDaemon daemon({http_answer("200 OK", "application/json", "[]")});
  loop::EventLoop loop;
  Api api(at(daemon));
  EXPECT_EQ(failure_of(loop, [&]() -> Awaitable<> { co_await api.machines(); }).code(), "client.bad_answer");
}

TEST(Api, ChangeIsRefusedWhenSomebodyElseWasFaster) {
  FakeDaemon daemon({http_answer("412 Precondition Failed", "application/problem+json",
                                 R"({"status":412,"code":"machine.changed","detail":"C."})")});
  loop::EventLoop loop;
  Api api(at(daemon));
  const Error error = failure_of(loop, [&]() -> Awaitable<> {
    co_await api.change("hello", {{"description", "x"}}, {.if_revision = 7, .dry_run = true});
  });
  EXPECT_EQ(error.kind(), ErrorKind::precondition);
  EXPECT_THAT(daemon.requests().front(), HasSubstr("PATCH /api/v1/machines/hello?dryRun=true "));
  EXPECT_THAT(daemon.requests().front(), HasSubstr("If-Match: \"7\""));
}

TEST(Endpoint, TokenNeverTravelsUnprotectedToAnotherHost) {
  EXPECT_EQ(parse_url("http://127.0.0.1:7077", "t").port, 7077);
  EXPECT_THROW(parse_url("http://example.org:7077", "t"), Error);
  EXPECT_THROW(parse_url("https://127.0.0.1", "t"), Error);
  EXPECT_THROW(parse_url("nonsense", "t"), Error);
}

TEST(EventParser, EventsSurviveAnyPieces) {
  const std::string stream = "id: 1\r\nevent: machine\r\ndata: a\r\ndata: b\r\n\r\n:keep-alive\n\nevent: x\n\nid: 2\ndata:c\n\n";
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    EventParser parser;
    std::vector<Event> events;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      for (Event& event : parser.feed(std::string_view(stream).substr(at, piece))) events.push_back(event);
    }
    ASSERT_EQ(events.size(), 2U) << piece;
    EXPECT_EQ(events[0].data, "a\nb");
    EXPECT_EQ(events[0].type, "machine");
    EXPECT_EQ(events[1].sequence, 2U);
    EXPECT_EQ(events[1].data, "c");
  }
}

}  // namespace
}  // namespace visor::client
