// The hub against a real QEMU whose firmware talks through the serial port.
#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "console/serial_hub.h"
#include "loop/process.h"
#include "loop/timeout.h"
#include "os/file.h"
#include "os/process.h"

namespace visor::console {
namespace {

using namespace std::chrono_literals;

/// Reads until `text` has come; throws when the stream ends or takes too long.
Awaitable<std::string> read_until(SerialSession& session, std::string text) {
  const std::function<Awaitable<std::string>()> work = [&]() -> Awaitable<std::string> {
    std::string all;
    while (all.find(text) == std::string::npos) {
      const std::string piece = co_await session.read();
      if (piece.empty()) throw std::runtime_error("the stream ended after: " + all);
      all += piece;
    }
    co_return all;
  };
  co_return co_await loop::with_timeout<std::string>(60s, "'" + text + "' at the serial port", work);
}

TEST(SerialHubWithQemu, ShowsTheFirmwareTypesIntoItsMenuAndEndsWithTheMachine) {
  if (!os::find_program("qemu-system-x86_64")) GTEST_SKIP() << "there is no qemu-system-x86_64";
  std::string pattern = (std::filesystem::temp_directory_path() / "visor-serial-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern.data());
  os::Command command;
  command.program = "qemu-system-x86_64";
  command.arguments = {"-accel",
                       "tcg",
                       "-machine",
                       "q35,graphics=off",
                       "-display",
                       "none",
                       "-nodefaults",
                       "-boot",
                       "menu=on,splash-time=30000",
                       "-chardev",
                       "socket,id=s,path=" + (directory / "serial").string() +
                           ",server=on,wait=off,logappend=on,logfile=" + (directory / "serial.log").string(),
                       "-serial",
                       "chardev:s"};
  os::Process process = os::Process::spawn(command);
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    SerialHubOptions options;
    options.socket = directory / "serial";
    options.log = directory / "serial.log";
    SerialHub hub(co_await boost::asio::this_coro::executor, options);
    const auto session = hub.open();
    const std::string banner = co_await read_until(*session, "Press ESC");
    EXPECT_NE(banner.find("SeaBIOS"), std::string::npos);
    const auto other = hub.open();
    EXPECT_NE((co_await read_until(*other, "Press ESC")).find("SeaBIOS"), std::string::npos);
    co_await session->write("\x1b");
    co_await read_until(*other, "Select boot device");
    process.signal(SIGKILL);
    co_await loop::wait_exit(process);
    co_await hub.close();
    while (!(co_await session->read()).empty()) continue;
  });
  EXPECT_NE(os::read_file(directory / "serial.log").find("SeaBIOS"), std::string::npos);
  os::remove_tree(directory);
}

}  // namespace
}  // namespace visor::console
