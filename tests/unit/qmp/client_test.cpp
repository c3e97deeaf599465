#include "qmp/client.h"

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "loop/sync.h"
#include "loop/task_group.h"
#include "qmp/peer.h"

namespace visor::qmp {
namespace {

using namespace std::chrono_literals;
using boost::json::serialize;
using testing::code_of;
using testing::Ends;
using testing::make_ends;
using testing::Peer;
using testing::run;

constexpr const char* kGreeting =
    R"({"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}})"
    "\r\n";

/// A client that has shaken hands with a peer.
struct Connected {
  std::unique_ptr<Client> client;
  std::unique_ptr<Peer> peer;
};

Awaitable<Connected> connect() {
  const auto executor = co_await boost::asio::this_coro::executor;
  Ends ends = make_ends();
  Connected both{nullptr, std::make_unique<Peer>(executor, std::move(ends.peer))};
  loop::TaskGroup group(executor);
  Peer* peer = both.peer.get();
  group.spawn("peer", [peer]() -> Awaitable<> {
    co_await peer->send(kGreeting);
    const boost::json::object command = co_await peer->command();
    EXPECT_EQ(command.at("execute"), "qmp_capabilities");
    EXPECT_EQ(command.at("arguments").at("enable"), boost::json::array{"oob"});
    co_await peer->send("{\"return\": {}, \"id\": " + serialize(command.at("id")) + "}\r\n");
  });
  both.client = co_await Client::adopt(std::move(ends.client), 5s);
  co_await group.close();
  co_return both;
}

/// Answers the next command with `member` ("\"return\": 1").
Awaitable<> answer(Peer& peer, std::string member) {
  const boost::json::object command = co_await peer.command();
  co_await peer.send("{" + member + ", \"id\": " + serialize(command.at("id")) + "}\n");
}

/// The code that the next command ends with when the peer answers it with `member`.
Awaitable<std::string> code_for(Connected& both, std::string member) {
  loop::TaskGroup group(co_await boost::asio::this_coro::executor);
  Peer* peer = both.peer.get();
  group.spawn("peer", [peer, member]() -> Awaitable<> { co_await answer(*peer, member); });
  std::string code = co_await code_of(both.client->execute("query-x", {}, 5s));
  co_await group.close();
  co_return code;
}

TEST(Client, NegotiatesAndKnowsTheVersion) {
  run([]() -> Awaitable<> {
    const Connected both = co_await connect();
    EXPECT_TRUE(both.client->connected());
    EXPECT_EQ(both.client->version().major, 7U);
    EXPECT_EQ(both.client->version().micro, 22U);
    EXPECT_EQ(both.client->version().package, "Debian");
  });
}

TEST(Client, ReadsAnswersThatArriveByteByByteAndMergedWithEvents) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    std::vector<std::string> events;
    both.client->on_event([&](const Event& event) { events.push_back(event.name); });
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      const std::string id = serialize((co_await both.peer->command()).at("id"));
      const std::string text = R"({"event": "STOP", "timestamp": {"seconds": 5, "microseconds": 7}})"
                               "\r\n{\"return\": {\"a\": [1, \"\\u00e4\"]}, \"id\": " +
                               id + "}\r\n";
      for (const char c : text) {
        co_await both.peer->send(std::string(1, c));
        co_await loop::sleep_for(0s);
      }
    });
    const boost::json::value first = co_await both.client->execute("one");
    EXPECT_EQ(serialize(first), "{\"a\":[1,\"\xC3\xA4\"]}");
    EXPECT_EQ(events, std::vector<std::string>{"STOP"});
    co_await group.close();
  });
}

TEST(Client, GivesEachCallerItsOwnAnswerWhateverTheOrder) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    boost::json::value first;
    boost::json::value second;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("first", [&]() -> Awaitable<> { first = co_await both.client->execute("first"); });
    group.spawn("second", [&]() -> Awaitable<> { second = co_await both.client->execute("second"); });
    const std::string one = serialize((co_await both.peer->command()).at("id"));
    const std::string two = serialize((co_await both.peer->command()).at("id"));
    co_await both.peer->send("{\"return\": 2, \"id\": " + two +
                             "}\n{\"return\": 99, \"id\": 4711}\n{\"return\": 1, \"id\": " + one + "}\n");
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
  });
}

TEST(Client, KeepsEventsUntilSomebodyListensWithTimeAndData) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    co_await both.peer->send(R"({"event": "SHUTDOWN", "data": {"guest": true}, "timestamp": {"seconds": 5, "microseconds": 7}})"
                             "\n");
    EXPECT_EQ(co_await code_for(both, "\"return\": {}"), "");
    std::vector<Event> events;
    both.client->on_event([&](const Event& event) { events.push_back(event); });
    if (events.size() != 1) throw std::runtime_error("the event was lost");
    EXPECT_EQ(events[0].name, "SHUTDOWN");
    EXPECT_EQ(events[0].data.at("guest"), true);
    EXPECT_EQ(events[0].timestamp, WallTime(5s + 7us));
  });
}

TEST(Client, ErrorsCarryTheClassAndAPrintableSentence) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      co_await answer(*both.peer, R"("error": {"class": "DeviceNotFound", "desc": "No \u001b[31m'x'"})");
    });
    try {
      co_await both.client->execute("x");
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "qemu.device_not_found");
      EXPECT_EQ(error.kind(), ErrorKind::not_found);
      EXPECT_STREQ(error.what(), "No \\x1b[31m'x'");
    }
    co_await group.close();
    EXPECT_EQ(co_await code_for(both, R"("error": {"class": "KVMMissingCap", "desc": ""})"), "qemu.kvm_missing_cap");
    EXPECT_EQ(co_await code_for(both, R"("error": {"class": 5, "desc": []})"), "qemu.error");
    EXPECT_EQ(co_await code_for(both, R"("error": 7)"), "qemu.corrupt");
    EXPECT_EQ(co_await code_for(both, R"("nothing": 7)"), "qemu.corrupt");
    EXPECT_TRUE(both.client->connected());
  });
}

TEST(Client, AnswersWithoutIdBelongToTheOldestCommand) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      co_await both.peer->command();
      co_await both.peer->send(R"({"error": {"class": "GenericError", "desc": "Invalid JSON syntax"}})"
                               "\n");
    });
    EXPECT_EQ(co_await code_of(both.client->execute("x")), "qemu.generic_error");
    co_await group.close();
  });
}

TEST(Client, EndOfQemuFailsAllCallersAndTellsTheOwnerOnce) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    std::vector<std::string> ends;
    both.client->on_close([&](const Error& reason) { ends.push_back(reason.code()); });
    std::vector<std::string> codes;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    for (int i = 0; i < 3; ++i) {
      group.spawn("caller", [&]() -> Awaitable<> { codes.push_back(co_await code_of(both.client->execute("x"))); });
    }
    for (int i = 0; i < 3; ++i) co_await both.peer->command();
    both.peer->hang_up();
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(codes, std::vector<std::string>(3, "qemu.gone"));
    EXPECT_EQ(ends, std::vector<std::string>{"qemu.gone"});
    EXPECT_FALSE(both.client->connected());
    EXPECT_EQ(co_await code_of(both.client->execute("y")), "qemu.gone");
    both.client->on_close([&](const Error& reason) { ends.push_back("late " + reason.code()); });
    EXPECT_EQ(ends.back(), "late qemu.gone");
  });
}

TEST(Client, OwnerMayDestroyTheClientInsideItsHandlers) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    loop::Notifier gone(co_await boost::asio::this_coro::executor);
    both.client->on_event([&](const Event&) {
      both.client.reset();
      gone.notify_all();
    });
    co_await both.peer->send("{\"event\": \"STOP\"}\n{\"event\": \"RESUME\"}\n");
    if (both.client) co_await gone.wait(5s);
    EXPECT_EQ(both.client, nullptr);
  });
}

TEST(Client, DestroyedClientFailsItsCallers) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    std::string code;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("caller", [&]() -> Awaitable<> { code = co_await code_of(both.client->execute("x")); });
    co_await both.peer->command();
    both.client.reset();
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(code, "qemu.gone");
  });
}

TEST(Client, LateAnswerAfterATimeoutIsNotTakenForTheNextCommand) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    EXPECT_EQ(co_await code_of(both.client->execute("slow", {}, 5ms)), "qemu.timeout");
    const std::string late = serialize((co_await both.peer->command()).at("id"));
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      const std::string next = serialize((co_await both.peer->command()).at("id"));
      co_await both.peer->send("{\"return\": \"late\", \"id\": " + late + "}\n{\"return\": \"next\", \"id\": " + next + "}\n");
    });
    const boost::json::value answer = co_await both.client->execute("next");
    EXPECT_EQ(answer, "next");
    co_await group.close();
  });
}

TEST(Client, CancelledCallerGetsCancelled) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    std::string code;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("caller", [&]() -> Awaitable<> { code = co_await code_of(both.client->execute("x")); });
    co_await both.peer->command();
    co_await group.close();
    EXPECT_EQ(code, "task.cancelled");
    EXPECT_TRUE(both.client->connected());
  });
}

TEST(Client, EndlessLineEndsTheConnectionInsteadOfEatingMemory) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    std::string reason;
    both.client->on_close([&](const Error& error) { reason = error.code(); });
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      const std::string piece(1U << 20U, 'a');
      try {
        for (int i = 0; i < 32; ++i) co_await both.peer->send(piece);
      } catch (const boost::system::system_error&) {
        co_return;  // the client has hung up
      }
    });
    EXPECT_EQ(co_await code_of(both.client->execute("x")), "qemu.corrupt");
    EXPECT_EQ(reason, "qemu.corrupt");
    co_await group.close();
  });
}

TEST(Client, NonsenseEndsTheConnection) {
  for (const std::string nonsense :
       {"hello\n", "[]\n", "{\"event\": 5}\n", "{\"QMP\": {}}\n", "\xFF\xFE\n", "{\"return\": \"\xC0\x80\"}\n"}) {
    run([&]() -> Awaitable<> {
      Connected both = co_await connect();
      co_await both.peer->send(nonsense);
      EXPECT_EQ(co_await code_of(both.client->execute("x", {}, 5s)), "qemu.corrupt") << nonsense;
    });
  }
  const std::string deep = std::string(100000, '[') + "\n";
  run([&]() -> Awaitable<> {
    Connected both = co_await connect();
    co_await both.peer->send(deep);
    EXPECT_EQ(co_await code_of(both.client->execute("x", {}, 5s)), "qemu.corrupt");
  });
}

TEST(Client, RefusesTextThatQemuCouldNotRead) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    EXPECT_EQ(co_await code_of(both.client->execute("x", {{"name", "\xFF"}})), "qemu.command_invalid");
  });
}

TEST(Client, FailsWhenNobodyGreets) {
  run([]() -> Awaitable<> {
    Ends silent = make_ends();
    EXPECT_EQ(co_await code_of(Client::adopt(std::move(silent.client), 10ms)), "qemu.timeout");
    Ends gone = make_ends();
    gone.peer.reset();
    EXPECT_EQ(co_await code_of(Client::adopt(std::move(gone.client), 5s)), "qemu.gone");
  });
}

TEST(Client, SlowQemuGetsLongCommandsWhole) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    const std::string text(3U << 20U, 'x');
    std::vector<std::size_t> sizes;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("peer", [&]() -> Awaitable<> {
      for (int i = 0; i < 2; ++i) {
        const boost::json::object command = co_await both.peer->command();
        sizes.push_back(command.at("arguments").at("text").as_string().size());
        co_await both.peer->send("{\"return\": {}, \"id\": " + serialize(command.at("id")) + "}\n");
      }
    });
    group.spawn("other", [&]() -> Awaitable<> { co_await both.client->execute("x", {{"text", "short"}}); });
    co_await both.client->execute("x", {{"text", text}});
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    std::ranges::sort(sizes);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{5, text.size()}));
  });
}

/// recvmsg(2) of what is there: the bytes and the descriptor that came with them, if any.
std::pair<std::string, os::Fd> receive(int socket) {
  std::array<char, 4096> bytes{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  os::Fd fd;
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr && rights->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(rights), sizeof(number));
    fd = os::Fd(number);
  }
  return {std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0), std::move(fd)};
}

TEST(Client, DescriptorTravelsWithItsOwnCommandOneAtATime) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    const Ends first = make_ends();
    const Ends second = make_ends();
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("first", [&]() -> Awaitable<> {
      co_await both.client->execute_with_fd("getfd", {{"fdname", "a"}}, first.client);
    });
    group.spawn("second", [&]() -> Awaitable<> {
      co_await both.client->execute_with_fd("getfd", {{"fdname", "b"}}, second.client);
    });
    for (const char* name : {"a", "b"}) {
      std::pair<std::string, os::Fd> got;
      while ((got = receive(both.peer->number())).first.empty()) co_await loop::sleep_for(1ms);
      const boost::json::object command = boost::json::parse(got.first).as_object();  // one whole command, not two
      EXPECT_EQ(command.at("arguments").at("fdname"), name);
      EXPECT_TRUE(got.second);
      co_await both.peer->send("{\"return\": {}, \"id\": " + serialize(command.at("id")) + "}\n");
    }
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_TRUE(first.client);
  });
}

TEST(Client, CloseIsSilentAndFinal) {
  run([]() -> Awaitable<> {
    Connected both = co_await connect();
    bool told = false;
    both.client->on_close([&](const Error&) { told = true; });
    co_await both.client->close();
    EXPECT_FALSE(told);
    EXPECT_EQ(co_await code_of(both.client->execute("x")), "qemu.gone");
  });
}

}  // namespace
}  // namespace visor::qmp
