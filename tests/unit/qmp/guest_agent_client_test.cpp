#include "qmp/guest_agent_client.h"

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "os/file.h"
#include "os/process.h"
#include "os/unix_socket.h"
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

/// Answers of the scripted agent in their order, each the whole text after the synchronisation.
using Script = std::deque<std::string>;

/// A client whose guest is played by the test: synchronisation is answered properly, everything else from the script.
class Played {
 public:
  Played(boost::asio::any_io_executor executor, Script script)
      : group_(executor), script_(std::move(script)), client(executor, [this, executor] { return connect(executor); }) {}

  Awaitable<> close() {
    client.hang_up();
    co_await group_.close();
  }

 private:
  std::optional<os::Fd> connect(const boost::asio::any_io_executor& executor) {
    ++connections;
    Ends ends = make_ends();
    peer_ = std::make_shared<Peer>(executor, std::move(ends.peer));
    group_.spawn("guest", [this, peer = peer_]() -> Awaitable<> { co_await play(peer); });
    return std::move(ends.client);
  }
  Awaitable<> play(std::shared_ptr<Peer> peer) {
    try {
      for (;;) {
        const boost::json::object command = co_await peer->command();
        commands.push_back(serialize(command));
        if (command.at("execute") == "guest-sync-delimited") {
          ++syncs;
          co_await peer->send(before_sync + "\xFF{\"return\": " + serialize(command.at("arguments").at("id")) + "}\n");
        } else if (!script_.empty()) {
          const std::string answer = script_.front();
          script_.pop_front();
          if (needs_for_an_answer > 0ms) co_await loop::sleep_for(needs_for_an_answer);
          co_await peer->send(answer);
        }
      }
    } catch (const boost::system::system_error&) {
      co_return;  // the client has hung up
    }
  }

  loop::TaskGroup group_;
  std::shared_ptr<Peer> peer_;
  Script script_;

 public:
  std::vector<std::string> commands;
  std::string before_sync;
  loop::Duration needs_for_an_answer = 0ms;
  int syncs = 0;
  int connections = 0;
  GuestAgentClient client;
};

/// Runs `test` with a guest that answers from `script`.
void play(Script script, std::function<Awaitable<>(Played&)> test) {
  run([&]() -> Awaitable<> {
    Played played(co_await boost::asio::this_coro::executor, script);
    co_await test(played);
    co_await played.close();
  });
}

std::string b64(std::string_view bytes) { return text::base64_encode(bytes); }

TEST(GuestAgentClient, SynchronisesOnceAndThenAsks) {
  play({"{\"return\": {}}\n", "{\"return\": {}}\n"}, [](Played& guest) -> Awaitable<> {
    EXPECT_TRUE(co_await guest.client.ping(5s));
    EXPECT_TRUE(co_await guest.client.ping(5s));
    EXPECT_EQ(guest.syncs, 1);
    guest.client.forget_conversation();
    EXPECT_FALSE(co_await guest.client.ping(20ms));
    EXPECT_EQ(guest.syncs, 2);
  });
}

TEST(GuestAgentClient, FindsTheAnswerBehindOldOnesAndRubbish) {
  play({"{\"return\": {}}\n"}, [](Played& guest) -> Awaitable<> {
    guest.before_sync =
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Invalid JSON\"}}\n\xFF{\"return\": 1}\n\xFFrubbish\n\xFF\xFF";
    EXPECT_TRUE(co_await guest.client.ping(5s));
  });
}

TEST(GuestAgentClient, SilentGuestIsUnavailableInTimeAndRequestsBehindItGetTheirTurn) {
  run([]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    Ends ends = make_ends();
    GuestAgentClient client(executor, [&]() -> std::optional<os::Fd> { return std::move(ends.client); });
    loop::TaskGroup group(executor);
    std::vector<std::string> codes;
    for (int i = 0; i < 3; ++i) {
      group.spawn("caller", [&]() -> Awaitable<> { codes.push_back(co_await code_of(client.request("guest-ping", {}, 20ms))); });
    }
    EXPECT_FALSE(co_await client.ping(30ms));
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(codes, std::vector<std::string>(3, "guest.agent_unavailable"));
  });
}

TEST(GuestAgentClient, ASlowGuestThatIsAskedByManyAnswersThemAll) {
  play(Script(10, "{\"return\": 7}\n"), [](Played& guest) -> Awaitable<> {
    guest.needs_for_an_answer = 100ms;
    loop::TaskGroup group(co_await boost::asio::this_coro::executor);
    std::vector<std::string> codes;
    for (int i = 0; i < 10; ++i) {
      group.spawn("caller",
                  [&]() -> Awaitable<> { codes.push_back(co_await code_of(guest.client.request("guest-ping", {}, 700ms))); });
    }
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(codes, std::vector<std::string>(10));
  });
}

TEST(GuestAgentClient, LateAnswerIsNotTakenForTheNextQuestion) {
  run([]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    Ends ends = make_ends();
    Peer peer(executor, std::move(ends.peer));
    GuestAgentClient client(executor, [&]() -> std::optional<os::Fd> { return std::move(ends.client); });
    loop::TaskGroup group(executor);
    group.spawn("guest", [&]() -> Awaitable<> {
      const auto sync = [&]() -> Awaitable<> {
        const boost::json::object command = co_await peer.command();
        co_await peer.send("\xFF{\"return\": " + serialize(command.at("arguments").at("id")) + "}\n");
      };
      co_await sync();
      co_await peer.command();  // answered only after the next question
      const boost::json::object second = co_await peer.command();
      co_await peer.send("{\"return\": \"late\"}\n\xFF{\"return\": " + serialize(second.at("arguments").at("id")) + "}\n");
      co_await peer.command();
      co_await peer.send("{\"return\": \"right\"}\n");
    });
    EXPECT_EQ(co_await code_of(client.request("first", {}, 20ms)), "guest.timeout");
    const boost::json::value answer = co_await client.request("second", {}, 5s);
    EXPECT_EQ(answer, "right");
    co_await group.close();
  });
}

TEST(GuestAgentClient, EndlessAnswerIsCutAndTheNextRequestWorks) {
  play({std::string(9U << 20U, 'a'), "\n{\"return\": {}}\n"}, [](Played& guest) -> Awaitable<> {
    EXPECT_EQ(co_await code_of(guest.client.request("x", {}, 10s)), "guest.reply_too_large");
    EXPECT_TRUE(co_await guest.client.ping(10s));
  });
}

TEST(GuestAgentClient, GuestThatNeverStopsTalkingIsHungUpOn) {
  run([]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    Ends ends = make_ends();
    Peer peer(executor, std::move(ends.peer));
    GuestAgentClient client(executor, [&]() -> std::optional<os::Fd> { return std::move(ends.client); });
    loop::TaskGroup group(executor);
    bool hung_up = false;
    group.spawn("guest", [&]() -> Awaitable<> {
      const std::string piece(1U << 20U, 'a');
      try {
        for (;;) co_await peer.send(piece);
      } catch (const boost::system::system_error&) {
        hung_up = true;
      }
    });
    EXPECT_EQ(co_await code_of(client.request("x", {}, 60s)), "guest.corrupt");
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_TRUE(hung_up);
  });
}

TEST(GuestAgentClient, NonsenseIsRefusedAndDoesNotStick) {
  for (const std::string nonsense : {"hello\n", "[]\n", "7\n", "{}\n", "{\"error\": 7}\n", "\xC0\x80\n"}) {
    play({nonsense, "{\"return\": {}}\n"}, [](Played& guest) -> Awaitable<> {
      EXPECT_EQ(co_await code_of(guest.client.request("x", {}, 5s)), "guest.corrupt");
      EXPECT_TRUE(co_await guest.client.ping(5s));
    });
  }
  play({std::string(200000, '[') + "\n"},
       [](Played& guest) -> Awaitable<> { EXPECT_EQ(co_await code_of(guest.client.request("x", {}, 5s)), "guest.corrupt"); });
}

TEST(GuestAgentClient, ReconnectsAfterTheConnectionBroke) {
  run([]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    int connections = 0;
    GuestAgentClient client(executor, [&]() -> std::optional<os::Fd> {
      ++connections;
      return std::move(make_ends().client);  // its other end is closed at once
    });
    EXPECT_EQ(co_await code_of(client.request("x", {}, 5s)), "guest.agent_unavailable");
    EXPECT_FALSE(co_await client.ping(5s));
    EXPECT_EQ(connections, 2);
    client.hang_up();
    EXPECT_FALSE(co_await client.ping(5s));
    EXPECT_EQ(connections, 2);
  });
}

TEST(GuestAgentClient, InterfacesLeaveOutLoopbackLinkLocalAndWhatIsNoAddress) {
  const std::string line =
      R"({"return": [{"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1"}]},{"name": "loop1", "ip-addresses": [{"ip-address": "::1"}]},)"
      R"({"name": "enp0s2\u001b[2J", "statistics": {"rx-bytes": 12, "tx-bytes": -5}, "ip-addresses": [{"ip-address": "10.0.2.15"},)"
      R"({"ip-address": "fe80::1"}, {"ip-address": "169.254.1.1"}, {"ip-address": "2001:db8::7"}, {"ip-address": "<script>"},)"
      R"({"ip-address": 7}, 9]},{"name": 5, "statistics": 7, "ip-addresses": {}}, 12]})"
      "\n";
  play({line, "{\"return\": 5}\n"}, [](Played& guest) -> Awaitable<> {
    const std::vector<AgentInterface> found = co_await guest.client.interfaces();
    EXPECT_EQ(found.size(), 3U);
    EXPECT_EQ(found.at(0).name, "enp0s2\\x1b[2J");
    EXPECT_EQ(found.at(0).addresses, (std::vector<std::string>{"10.0.2.15", "2001:db8::7"}));
    EXPECT_EQ(found.at(0).received, 12U);
    EXPECT_EQ(found.at(0).transmitted, 0U);
    EXPECT_EQ(co_await code_of(guest.client.interfaces()), "guest.corrupt");
  });
}

TEST(GuestAgentClient, OsInfoIsPrintableWhateverTheGuestSays) {
  play({"{\"return\": {\"pretty-name\": \"Debian \\u0007\"}}\n", "{\"return\": {\"host-name\": 7}}\n"},
       [](Played& guest) -> Awaitable<> {
         const AgentOsInfo info = co_await guest.client.os_info();
         EXPECT_EQ(info.pretty_name, "Debian \\x07");
         EXPECT_EQ(info.hostname, "");
       });
}

TEST(GuestAgentClient, ExecPollsUntilTheEndAndCutsTheOutput) {
  play(
      {"{\"return\": {\"pid\": 7}}\n", "{\"return\": {\"exited\": false}}\n",
       "{\"return\": {\"exited\": true, \"exitcode\": 3, \"out-data\": \"" + b64("hello") + "\", \"err-data\": \"" + b64("ab") +
           "\"}}\n"},
      [](Played& guest) -> Awaitable<> {
        const AgentExecResult result = co_await guest.client.exec({{"sh", "-c", "x"}, "in", {"A=b"}, 10s, Bytes{4}});
        EXPECT_EQ(result.exit_code, 3);
        EXPECT_EQ(result.output, "hell");
        EXPECT_EQ(result.error, "ab");
        EXPECT_TRUE(result.truncated);
        EXPECT_EQ(
            guest.commands.at(1),
            R"({"execute":"guest-exec","arguments":{"path":"sh","arg":["-c","x"],"capture-output":true,"env":["A=b"],"input-data":"aW4="}})");
      });
}

TEST(GuestAgentClient, HostileExecAnswersAreRefused) {
  const std::string started = "{\"return\": {\"pid\": 7}}\n";
  for (const std::string answer : {R"({"exited": true, "out-data": "!"})", R"({"exited": true, "out-data": 5})", "7",
                                   R"({"exited": true, "exitcode": 99999999999})", R"({"exited": true, "signal": -1})"}) {
    play({started, "{\"return\": " + answer + "}\n"}, [&](Played& guest) -> Awaitable<> {
      EXPECT_EQ(co_await code_of(guest.client.exec({.command = {"x"}})), "guest.corrupt") << answer;
    });
  }
  play({"{\"return\": {\"pid\": \"x\"}}\n"}, [](Played& guest) -> Awaitable<> {
    EXPECT_EQ(co_await code_of(guest.client.exec({.command = {"x"}})), "guest.corrupt");
    EXPECT_EQ(co_await code_of(guest.client.exec({.command = {}})), "guest.command_invalid");
    EXPECT_EQ(co_await code_of(guest.client.exec({.command = {"\xFF"}})), "guest.command_invalid");
  });
}

TEST(GuestAgentClient, FileThatIsTooLargeOrNeverEndsIsGivenUpAndClosed) {
  const std::string opened = "{\"return\": 1000}\n";
  const std::string piece = "{\"return\": {\"count\": 5, \"buf-b64\": \"" + b64("hello") + "\", \"eof\": false}}\n";
  const std::string closed = "{\"return\": {}}\n";
  play({opened, piece, piece, closed}, [](Played& guest) -> Awaitable<> {
    EXPECT_EQ(co_await code_of(guest.client.read_file("/x", Bytes{9})), "guest.file_too_large");
    EXPECT_NE(guest.commands.back().find("guest-file-close"), std::string::npos);
  });
  Script endless{opened};
  for (int i = 0; i < 17; ++i) endless.push_back("{\"return\": {\"count\": 0, \"buf-b64\": \"\", \"eof\": false}}\n");
  endless.push_back(closed);
  play(endless, [](Played& guest) -> Awaitable<> {
    EXPECT_EQ(co_await code_of(guest.client.read_file("/x", Bytes{9})), "guest.corrupt");
  });
  play({opened, "{\"return\": {\"count\": 99}}\n", closed}, [](Played& guest) -> Awaitable<> {
    EXPECT_EQ(co_await code_of(guest.client.write_file("/x", "hello")), "guest.corrupt");
  });
  play({R"({"error": {"class": "GenericError", "desc": "failed to open file '/x': No such file or directory"}})"
        "\n"},
       [](Played& guest) -> Awaitable<> {
         try {
           co_await guest.client.read_file("/x", Bytes{9});
           ADD_FAILURE() << "no error";
         } catch (const Error& error) {
           EXPECT_EQ(error.code(), "guest.file_error");
           EXPECT_EQ(error.kind(), ErrorKind::not_found);
         }
       });
}

TEST(GuestAgentClient, ShutdownNeedsNoAnswerButReportsARefusal) {
  play({"{\"return\": {}}\n"}, [](Played& guest) -> Awaitable<> {
    co_await guest.client.shutdown();
    EXPECT_EQ(guest.commands.back(), R"({"execute":"guest-shutdown","arguments":{"mode":"powerdown"}})");
  });
  play({"{\"return\": {}}\n", "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"disabled\"}}\n"},
       [](Played& guest) -> Awaitable<> { EXPECT_EQ(co_await code_of(guest.client.shutdown()), "guest.command_not_found"); });
}

/// The real agent on this host, with everything switched off that would change the host.
class RealAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!os::find_program("qemu-ga")) GTEST_SKIP() << "there is no qemu-ga (package qemu-guest-agent)";
    std::string pattern = (std::filesystem::temp_directory_path() / "visor-qga-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    os::Command command;
    command.program = "qemu-ga";
    command.arguments = {
        "-m",
        "unix-listen",
        "-p",
        socket().string(),
        "-t",
        directory_.string(),
        "-f",
        (directory_ / "pid").string(),
        "-b",
        "guest-shutdown,guest-suspend-disk,guest-suspend-ram,guest-suspend-hybrid,guest-fsfreeze-freeze,guest-fstrim,"
        "guest-set-time,guest-set-vcpus,guest-set-user-password,guest-set-memory-blocks"};
    process_ = os::Process::spawn(command);
  }
  void TearDown() override {
    if (process_) {
      process_->signal(SIGKILL);
      process_->reap();
    }
    if (!directory_.empty()) os::remove_tree(directory_);
  }
  std::filesystem::path socket() const { return directory_ / "agent"; }
  /// The agent makes its socket in its own time.
  Awaitable<> wait_ready(GuestAgentClient& client) {
    for (int i = 0; i < 400; ++i) {
      if (co_await client.ping(5s)) co_return;
      co_await loop::sleep_for(5ms);
    }
    throw std::runtime_error("qemu-ga does not answer");
  }

  std::filesystem::path directory_;
  std::optional<os::Process> process_;
};

TEST_F(RealAgent, AnswersEverything) {
  run([&]() -> Awaitable<> {
    GuestAgentClient client(co_await boost::asio::this_coro::executor, [this] { return os::connect_unix(directory_, "agent"); });
    co_await wait_ready(client);
    const AgentOsInfo info = co_await client.os_info();
    EXPECT_FALSE(info.hostname.empty());
    EXPECT_FALSE(info.pretty_name.empty());
    for (const AgentInterface& interface : co_await client.interfaces()) EXPECT_NE(interface.name, "lo");

    std::string bytes;
    for (int i = 0; i < 200000; ++i) bytes += static_cast<char>(i * 7);
    co_await client.write_file((directory_ / "file").string(), bytes);
    EXPECT_EQ(os::read_file(directory_ / "file"), bytes);
    EXPECT_EQ(co_await client.read_file((directory_ / "file").string(), 1_MiB), bytes);
    EXPECT_EQ(co_await code_of(client.read_file((directory_ / "file").string(), 100_KiB)), "guest.file_too_large");
    EXPECT_EQ(co_await code_of(client.read_file((directory_ / "nothing").string(), 1_MiB)), "guest.file_error");
    co_await client.write_file((directory_ / "empty").string(), "");
    EXPECT_EQ(co_await client.read_file((directory_ / "empty").string(), 1_MiB), "");
  });
}

TEST_F(RealAgent, RunsPrograms) {
  run([&]() -> Awaitable<> {
    GuestAgentClient client(co_await boost::asio::this_coro::executor, [this] { return os::connect_unix(directory_, "agent"); });
    co_await wait_ready(client);
    const AgentExecResult cat =
        co_await client.exec({{"sh", "-c", "cat; echo $A >&2; exit 7"}, "hello\n", {"A=b", "PATH=/usr/bin:/bin"}});
    EXPECT_EQ(cat.exit_code, 7);
    EXPECT_EQ(cat.output, "hello\n");
    EXPECT_EQ(cat.error, "b\n");
    EXPECT_FALSE(cat.truncated);
    const AgentExecResult killed = co_await client.exec({.command = {"sh", "-c", "kill -9 $$"}});
    EXPECT_EQ(killed.signal, 9);
    const AgentExecResult large =
        co_await client.exec({.command = {"head", "-c", "3000000", "/dev/zero"}, .output_limit = 2_MiB});
    EXPECT_EQ(large.output.size(), (2_MiB).count);
    EXPECT_TRUE(large.truncated);
    const AgentExecResult huge = co_await client.exec({.command = {"head", "-c", "20000000", "/dev/zero"}});
    EXPECT_EQ(huge.output.size(), (4_MiB).count);
    EXPECT_TRUE(huge.truncated);
    EXPECT_EQ(huge.exit_code, 0);
    EXPECT_EQ(co_await code_of(client.exec({.command = {"/no/such/program"}})), "guest.exec_failed");
    EXPECT_EQ(co_await code_of(client.exec({.command = {"sleep", "1"}, .timeout = 50ms})), "guest.exec_timeout");
    EXPECT_EQ(co_await code_of(client.shutdown()), "guest.command_not_found");
  });
}

}  // namespace
}  // namespace visor::qmp
