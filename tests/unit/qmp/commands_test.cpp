#include "qmp/commands.h"

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "loop/process.h"
#include "loop/sync.h"
#include "os/file.h"
#include "os/process.h"
#include "os/unix_socket.h"
#include "qmp/peer.h"

namespace visor::qmp {
namespace {

using namespace std::chrono_literals;
using testing::code_of;
using testing::run;

/// A real QEMU that has not run its first instruction, in a directory of its own.
class RealQemu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!os::find_program("qemu-system-x86_64")) GTEST_SKIP() << "there is no qemu-system-x86_64";
    std::string pattern = (std::filesystem::temp_directory_path() / "visor-qmp-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    if (process_) {
      process_->signal(SIGKILL);
      process_->reap();
    }
    if (!directory_.empty()) os::remove_tree(directory_);
  }
  Awaitable<std::unique_ptr<Client>> start(std::vector<std::string> more) {
    // QEMU gets a socket that listens already, so there is no moment at which connecting would be too early.
    os::Fd listener = os::listen_unix(directory_, "qmp");
    os::Command command;
    command.program = "qemu-system-x86_64";
    command.arguments = {"-S",       "-display",
                         "none",     "-nodefaults",
                         "-accel",   "tcg",
                         "-chardev", "socket,id=monitor,fd=3,server=on,wait=off",
                         "-mon",     "chardev=monitor,mode=control"};
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    command.descriptors.emplace_back(listener.get(), 3);
    process_ = os::Process::spawn(command);
    listener.reset();  // else a QEMU that has died would seem to listen
    co_return co_await Client::adopt(os::connect_unix(directory_, "qmp").value());
  }

  std::filesystem::path directory_;
  std::optional<os::Process> process_;
};

TEST_F(RealQemu, AnswersEveryTypedQuestion) {
  run([&]() -> Awaitable<> {
    const auto client =
        co_await start({"-machine", "q35", "-smp", "2", "-object", "iothread,id=io0", "-device", "VGA", "-blockdev",
                        "driver=null-co,node-name=d0,size=1048576", "-device", "virtio-blk-pci,drive=d0,id=disk0", "-netdev",
                        "user,id=nic0,hostfwd=tcp:127.0.0.1:0-:22", "-device", "virtio-net-pci,netdev=nic0,id=card0"});
    EXPECT_GE(client->version().major, 7U);
    const RunState state = co_await query_status(*client);
    EXPECT_EQ(state.status, "prelaunch");
    EXPECT_FALSE(state.running);
    const std::vector<VirtualCpu> cpus = co_await query_cpus_fast(*client);
    EXPECT_EQ(cpus.size(), 2U);
    EXPECT_EQ(cpus.at(1).index, 1U);
    EXPECT_TRUE(
        std::filesystem::exists("/proc/" + std::to_string(process_->pid()) + "/task/" + std::to_string(cpus.at(1).thread_id)));
    const std::vector<std::int64_t> disk_threads = co_await query_iothreads(*client);
    EXPECT_EQ(disk_threads.size(), 1U);
    EXPECT_TRUE(
        std::filesystem::exists("/proc/" + std::to_string(process_->pid()) + "/task/" + std::to_string(disk_threads.at(0))));
    const std::vector<BlockStats> blocks = co_await query_blockstats(*client);
    EXPECT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks.at(0).node_name, "d0");
    const std::vector<UserForward> forwards = co_await query_user_forwards(*client);
    EXPECT_EQ(forwards.size(), 1U);
    EXPECT_EQ(forwards.at(0).netdev, "nic0");
    EXPECT_EQ(forwards.at(0).host_address, "127.0.0.1");
    EXPECT_GT(forwards.at(0).host_port, 0);
    EXPECT_EQ(forwards.at(0).guest_port, 22);
    co_await set_link(*client, "card0", false);
    const boost::json::value type = co_await qom_get(*client, "/machine/peripheral/card0", "type");
    EXPECT_EQ(type, "virtio-net-pci");
    EXPECT_EQ(co_await code_of(set_link(*client, "nothing", true)), "qemu.device_not_found");
    EXPECT_EQ(co_await code_of(client->execute("no-such-command")), "qemu.command_not_found");
    co_await screendump_png(*client, directory_ / "screen.png");
    EXPECT_TRUE(os::read_file(directory_ / "screen.png").starts_with("\x89PNG"));
    co_await quit(*client);
    const os::ExitStatus status = co_await loop::wait_exit(*process_);
    EXPECT_TRUE(status.success()) << status.text();
  });
}

TEST_F(RealQemu, RunsPausesAndReportsIt) {
  run([&]() -> Awaitable<> {
    const auto client = co_await start({"-machine", "q35"});
    std::vector<std::string> events;
    client->on_event([&](const Event& event) { events.push_back(event.name); });
    co_await cont(*client);
    EXPECT_TRUE((co_await query_status(*client)).running);
    co_await system_powerdown(*client);
    co_await system_reset(*client);
    co_await stop(*client);
    const RunState state = co_await query_status(*client);
    EXPECT_EQ(state.status, "paused");
    EXPECT_NE(std::ranges::find(events, "RESUME"), events.end());
    EXPECT_NE(std::ranges::find(events, "STOP"), events.end());
  });
}

TEST_F(RealQemu, KilledQemuFailsTheCommandUnderWay) {
  run([&]() -> Awaitable<> {
    const auto client = co_await start({"-machine", "none"});
    std::string reason;
    client->on_close([&](const Error& error) { reason = error.code(); });
    process_->signal(SIGKILL);
    EXPECT_EQ(co_await code_of(client->execute("query-qmp-schema")), "qemu.gone");
    EXPECT_EQ(reason, "qemu.gone");
  });
}

TEST_F(RealQemu, TheWholeSchemaFitsAndOutOfBandWorks) {
  run([&]() -> Awaitable<> {
    const auto client = co_await start({"-machine", "none"});
    const boost::json::value schema = co_await client->execute("query-qmp-schema");
    EXPECT_GT(schema.as_array().size(), 500U);
    // No migration is under way, so the command itself is refused: it was taken out of band nevertheless.
    EXPECT_EQ(co_await code_of(client->execute_out_of_band("migrate-pause")), "qemu.generic_error");
  });
}

TEST_F(RealQemu, SavesItsStateThroughADescriptorAndReadsItBack) {
  run([&]() -> Awaitable<> {
    const std::filesystem::path file = directory_ / "state";
    {
      const auto client = co_await start({"-machine", "q35"});
      const os::Fd target = os::open_file(file, O_CREAT | O_WRONLY);
      co_await migrate_set_capabilities(*client, {{"events", true}});
      co_await migrate_set_bandwidth(*client, Bytes{0});
      co_await getfd(*client, "state", target);
      co_await migrate_to_fd(*client, "state");
      Migration migration;
      while (!(migration = co_await query_migrate(*client)).ended()) co_await loop::sleep_for(5ms);
      EXPECT_EQ(migration.status, "completed") << migration.error;
      EXPECT_GT(migration.transferred.count, 0U);
      co_await quit(*client);
      co_await loop::wait_exit(*process_);
    }
    const auto client = co_await start({"-machine", "q35", "-incoming", "defer"});
    const os::Fd source = os::open_file(file, O_RDONLY);
    co_await getfd(*client, "state", source);
    co_await migrate_incoming_from_fd(*client, "state");
    RunState state;
    while ((state = co_await query_status(*client)).status == "inmigrate") co_await loop::sleep_for(5ms);
    EXPECT_EQ(state.status, "prelaunch");
  });
}

TEST_F(RealQemu, DescriptorSetsServeDisks) {
  run([&]() -> Awaitable<> {
    const auto client = co_await start({"-machine", "q35"});
    const os::Fd disk = os::open_file(directory_ / "disk", O_CREAT | O_RDWR);
    EXPECT_EQ(::ftruncate(disk.get(), 1 << 20), 0);
    const std::int64_t set = co_await add_fd(*client, disk, "disk");
    co_await client->execute("blockdev-add",
                             {{"driver", "file"}, {"node-name", "d"}, {"filename", "/dev/fdset/" + std::to_string(set)}});
  });
}

TEST(UserForwards, ReadsWhatQemuPrintsAndSkipsTheRest) {
  const std::vector<UserForward> forwards = parse_user_forwards(
      "Hub -1 (nic0):\r\n"
      "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n"
      "  TCP[HOST_FORWARD]   9       127.0.0.1 37027       10.0.2.15    22     0     0\r\n"
      "  TCP[ESTABLISHED]   12       127.0.0.1 37027       10.0.2.15    22     0     0\r\n"
      "  UDP[HOST_FORWARD]   8               * 49596       10.0.2.15    53     0     0\r\n"
      "  TCP[HOST_FORWARD]   9       127.0.0.1 99999       10.0.2.15    22     0     0\r\n"
      "  TCP[HOST_FORWARD]\r\n");
  ASSERT_EQ(forwards.size(), 2U);
  EXPECT_EQ(forwards[0].host_port, 37027);
  EXPECT_EQ(forwards[1].protocol, "udp");
  EXPECT_EQ(forwards[1].host_address, "0.0.0.0");
  EXPECT_EQ(forwards[1].guest_port, 53);
}

}  // namespace
}  // namespace visor::qmp
