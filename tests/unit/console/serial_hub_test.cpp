#include "console/serial_hub.h"

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "console/serial_log.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "os/file.h"

namespace visor::console {
namespace {

using namespace std::chrono_literals;
using boost::asio::use_awaitable;
using Protocol = boost::asio::local::stream_protocol;

template <class T>
Awaitable<std::string> code_of(Awaitable<T> work) {
  try {
    co_await std::move(work);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return "";
}

/// QEMU's end: a listening socket, and the log beside it that gets all that is printed.
class SerialHubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "visor-serial-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { os::remove_tree(directory_); }

  SerialHubOptions options() const {
    SerialHubOptions options;
    options.socket = directory_ / "serial";
    options.log = directory_ / "serial.log";
    options.reconnect_delay = 1ms;
    return options;
  }
  void run(std::function<Awaitable<>()> test) {
    loop::EventLoop loop;
    loop.run_until_done(std::move(test));
  }
  void log(std::string_view bytes) {
    const os::Fd fd = os::open_file(directory_ / "serial.log", O_WRONLY | O_CREAT | O_APPEND);
    os::write_all(fd.get(), bytes);
  }
  Awaitable<> listen() {
    std::filesystem::remove(directory_ / "serial");
    acceptor_.emplace(co_await boost::asio::this_coro::executor, Protocol::endpoint((directory_ / "serial").string()));
  }
  Awaitable<> accept() { client_.emplace(co_await acceptor_->async_accept(use_awaitable)); }
  /// What QEMU does when the guest prints: the client first, then the log.
  Awaitable<> print(std::string bytes) {
    co_await boost::asio::async_write(*client_, boost::asio::buffer(bytes), use_awaitable);
    log(bytes);
  }
  /// Ends what belongs to the loop.
  Awaitable<> finish(SerialHub& hub) {
    co_await hub.close();
    client_.reset();
    acceptor_.reset();
  }
  /// Reads until the session has given `count` bytes.
  static Awaitable<std::string> read(SerialSession& session, std::size_t count) {
    std::string all;
    while (all.size() < count) {
      const std::string piece = co_await session.read();
      if (piece.empty()) break;
      all += piece;
    }
    co_return all;
  }
  Awaitable<std::string> typed(std::size_t count) {
    std::string all(count, '\0');
    std::size_t got = 0;
    while (got < count)
      got += co_await client_->async_read_some(boost::asio::buffer(all.data() + got, count - got), use_awaitable);
    co_return all;
  }

  std::filesystem::path directory_;
  std::optional<Protocol::acceptor> acceptor_;
  std::optional<Protocol::socket> client_;
};

TEST_F(SerialHubTest, EverybodySeesWhatWasPrintedBeforeAndWhatComes) {
  log("boot\n");
  run([&]() -> Awaitable<> {
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, options());
    co_await accept();
    const auto first = hub.open();
    co_await print("login: ");
    EXPECT_EQ(co_await read(*first, 12), "boot\nlogin: ");
    const auto second = hub.open();
    EXPECT_EQ(co_await read(*second, 12), "boot\nlogin: ");
    co_await print("x");
    EXPECT_EQ(co_await first->read(), "x");
    EXPECT_EQ(co_await second->read(), "x");
    EXPECT_TRUE(hub.connected());
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, WhatWasPrintedBeforeQemuAcceptedIsNotLostNorDoubled) {
  log("old ");
  run([&]() -> Awaitable<> {
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, options());
    co_await accept();
    const auto session = hub.open();
    log("gap ");  // printed after the hub had read the log, before there was a client
    log("new ");
    co_await boost::asio::async_write(*client_, boost::asio::buffer(std::string("new ")), use_awaitable);
    EXPECT_EQ(co_await read(*session, 12), "old gap new ");
    const auto later = hub.open();
    EXPECT_EQ(co_await later->read(), "old gap new ");
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, WhatQemuHasSentAndNotYetLoggedTakesNothingWithIt) {
  for (const char* logged : {"", "ne"}) {
    TearDown();
    SetUp();
    log("old ");
    run([&]() -> Awaitable<> {
      co_await listen();
      SerialHub hub(co_await boost::asio::this_coro::executor, options());
      co_await accept();
      const auto session = hub.open();
      log("gap ");
      boost::asio::write(*client_, boost::asio::buffer(std::string("new ")));
      log(logged);
      EXPECT_EQ(co_await read(*session, 12), "old gap new ");
      co_await finish(hub);
    });
  }
}

TEST_F(SerialHubTest, QuestionAskedBeforeQemuAcceptedIsShownThoughNothingFollows) {
  run([&]() -> Awaitable<> {
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, options());
    const auto session = hub.open();
    while (!hub.connected()) co_await loop::sleep_for(1ms);
    log("login: ");
    EXPECT_EQ(co_await session->read(), "login: ");
    co_await accept();
    co_await print("Password: ");
    EXPECT_EQ(co_await session->read(), "Password: ");
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, SessionSurvivesALostConnection) {
  run([&]() -> Awaitable<> {
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, options());
    co_await accept();
    const auto session = hub.open();
    co_await print("one ");
    EXPECT_EQ(co_await session->read(), "one ");
    client_->close();
    log("two ");
    co_await session->write("typed meanwhile");
    co_await accept();
    co_await print("three");
    EXPECT_EQ(co_await read(*session, 9), "two three");
    EXPECT_EQ(co_await typed(15), "typed meanwhile");
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, WaitsForQemuToListen) {
  run([&]() -> Awaitable<> {
    SerialHub hub(co_await boost::asio::this_coro::executor, options());
    const auto session = hub.open();
    co_await loop::sleep_for(5ms);
    EXPECT_FALSE(hub.connected());
    co_await listen();
    co_await accept();
    co_await print("hello");
    EXPECT_EQ(co_await session->read(), "hello");
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, SlowReaderLosesTheOldestBytesAndIsTold) {
  run([&]() -> Awaitable<> {
    SerialHubOptions small = options();
    small.session_limit = Bytes{1000};
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, small);
    co_await accept();
    const auto slow = hub.open();
    const auto quick = hub.open();
    std::string all;
    for (int i = 0; i < 100; ++i) {
      co_await print(std::string(99, 'a') + "\n");
      all += co_await read(*quick, 100);
    }
    EXPECT_EQ(all.size(), 10000U);  // QEMU was never stopped by the other one
    const std::string rest = co_await slow->read();
    EXPECT_TRUE(rest.starts_with("\r\n[")) << rest.substr(0, 40);
    EXPECT_NE(rest.find(" bytes were left out]\r\n"), std::string::npos);
    EXPECT_TRUE(rest.ends_with("a\n"));
    EXPECT_LE(rest.size(), 1100U);
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, HistoryHasTheLastBytesOnly) {
  log(std::string(5000, 'o'));
  run([&]() -> Awaitable<> {
    SerialHubOptions small = options();
    small.history = Bytes{100};
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, small);
    co_await accept();
    const auto first = hub.open();
    co_await print(std::string(60, 'n'));
    std::string seen = co_await read(*first, 160);
    EXPECT_EQ(seen.size(), 160U);
    const auto second = hub.open();
    EXPECT_EQ(co_await second->read(), std::string(40, 'o') + std::string(60, 'n'));
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, InputOfManyArrivesWholeAndInOrder) {
  run([&]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await listen();
    SerialHub hub(executor, options());
    co_await accept();
    const auto first = hub.open();
    const auto second = hub.open();
    const std::string large(300000, 'a');
    loop::TaskGroup group(executor);
    group.spawn("first", [&]() -> Awaitable<> { co_await first->write(large); });
    group.spawn("second", [&]() -> Awaitable<> { co_await second->write("b"); });
    EXPECT_EQ(co_await typed(300001), large + "b");
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, GuestThatDoesNotReadStallsTheWriterOnly) {
  run([&]() -> Awaitable<> {
    SerialHubOptions small = options();
    small.write_timeout = 20ms;
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, small);
    co_await accept();
    const auto session = hub.open();
    EXPECT_EQ(co_await code_of(session->write(std::string(4U << 20U, 'a'))), "console.stalled");
    co_await print("alive");
    EXPECT_EQ(co_await session->read(), "alive");
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, EndOfTheMachineIsTheEndOfTheStream) {
  run([&]() -> Awaitable<> {
    co_await listen();
    auto hub = std::make_unique<SerialHub>(co_await boost::asio::this_coro::executor, options());
    co_await accept();
    const auto reader = hub->open();
    const auto unread = hub->open();
    co_await print("bye");
    EXPECT_EQ(co_await reader->read(), "bye");
    co_await finish(*hub);
    EXPECT_EQ(co_await reader->read(), "");
    EXPECT_EQ(co_await unread->read(), "bye");
    EXPECT_EQ(co_await unread->read(), "");
    EXPECT_EQ(co_await code_of(reader->write("x")), "console.closed");
    EXPECT_THROW(hub->open(), Error);
    hub.reset();
    EXPECT_EQ(co_await reader->read(), "");
  });
}

TEST_F(SerialHubTest, DestroyedHubEndsItsSessions) {
  run([&]() -> Awaitable<> {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto hub = std::make_unique<SerialHub>(executor, options());
    const auto session = hub->open();
    std::string got = "nothing";
    loop::TaskGroup group(executor);
    group.spawn("reader", [&]() -> Awaitable<> { got = co_await session->read(); });
    co_await loop::sleep_for(1ms);
    hub.reset();
    while (group.size() > 0) co_await loop::sleep_for(1ms);
    EXPECT_EQ(got, "");
  });
}

TEST_F(SerialHubTest, RefusesTooManySessionsAndTakesNewOnesWhenSomeEnd) {
  run([&]() -> Awaitable<> {
    SerialHubOptions two = options();
    two.sessions = 2;
    SerialHub hub(co_await boost::asio::this_coro::executor, two);
    const auto first = hub.open();
    auto second = hub.open();
    EXPECT_THROW(hub.open(), Error);
    second.reset();
    EXPECT_NO_THROW(hub.open());
    co_await finish(hub);
  });
}

TEST_F(SerialHubTest, LogIsCutWhenItHasGrownTooLarge) {
  run([&]() -> Awaitable<> {
    SerialHubOptions small = options();
    small.history = Bytes{1000};
    small.log_limit = Bytes{10000};
    co_await listen();
    SerialHub hub(co_await boost::asio::this_coro::executor, small);
    co_await accept();
    const auto session = hub.open();
    std::uintmax_t largest = 0;
    for (int i = 0; i < 100; ++i) {
      log(std::string(999, static_cast<char>('a' + i % 26)) + "\n");
      co_await boost::asio::async_write(*client_, boost::asio::buffer(std::string(999, static_cast<char>('a' + i % 26)) + "\n"),
                                        use_awaitable);
      co_await read(*session, 1000);
      largest = std::max(largest, std::filesystem::file_size(directory_ / "serial.log"));
    }
    co_await finish(hub);
    EXPECT_LE(largest, 13000U);
    EXPECT_TRUE(os::read_file(directory_ / "serial.log").ends_with(std::string(999, 'v') + "\n"));
  });
}

TEST_F(SerialHubTest, LogIsNeverAnotherFileThatQemuPutInItsPlace) {
  const std::filesystem::path victim = directory_ / "victim";
  os::replace_file(victim, std::string(5000, 's'));
  std::filesystem::create_symlink(victim, directory_ / "link");
  EXPECT_EQ(read_log_tail(directory_ / "link", 0, Bytes{100}).bytes, "");
  EXPECT_EQ(trim_log(directory_ / "link", Bytes{100}), 0U);
  std::filesystem::create_hard_link(victim, directory_ / "hard");
  EXPECT_EQ(trim_log(directory_ / "hard", Bytes{100}), 0U);
  EXPECT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_log_tail(directory_ / "fifo", 0, Bytes{100}).bytes, "");
  EXPECT_EQ(std::filesystem::file_size(victim), 5000U);
}

}  // namespace
}  // namespace visor::console
