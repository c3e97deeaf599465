// Settings that change while a real QEMU runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/cpu_list.h"
#include "base/json.h"
#include "os/affinity.h"
#include "os/file.h"
#include "qemu/qemu_hypervisor.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

using namespace std::chrono_literals;

class LiveSettings : public ::testing::Test {
 protected:
  void TearDown() override { testing::end_machines(root_.path()); }
  void run(std::function<Awaitable<>()> body) { loop_.run_until_done(std::move(body)); }

  loop::EventLoop loop_;
  testing::TemporaryDirectory root_;
  QemuHypervisor hypervisor_{testing::test_options()};
};

TEST_F(LiveSettings, ProcessorsCanBeAddedToARunningMachineUpToItsMaximum) {
  run([&]() -> Awaitable<> {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    definition.spec.cpu.count = 1;
    definition.spec.cpu.maximum = 3;
    const auto machine = co_await hypervisor_.start(definition);
    model::MachineSpec wanted = definition.spec;
    wanted.cpu.count = 3;
    EXPECT_EQ(machine->keeps_waiting("cpu.count", wanted), std::nullopt);
    co_await machine->apply(wanted, {}, false);
    EXPECT_EQ(machine->running_spec().cpu.count, 3U);
    const hypervisor::Counters counters = co_await machine->counters();
    EXPECT_EQ(counters.vcpu_time.size(), 3U);
    wanted.cpu.count = 4;
    EXPECT_NE(machine->keeps_waiting("cpu.count", wanted).value_or("").find("room for 3"), std::string::npos);
    co_await machine->apply(wanted, {}, false);
    EXPECT_EQ(machine->running_spec().cpu.count, 3U) << "what keeps waiting is not applied";
    co_await machine->quit(5s);
  });
}

TEST_F(LiveSettings, TheBootOrderOfDisksOnEveryBusIsTurnedRoundWhileTheMachineRuns) {
  run([&]() -> Awaitable<> {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    using model::DiskBus;
    for (const DiskBus bus : {DiskBus::virtio, DiskBus::scsi, DiskBus::sata, DiskBus::nvme, DiskBus::usb}) {
      model::Disk disk;
      disk.id = json::enum_name(bus);
      disk.bus = bus;
      disk.boot_index = static_cast<std::int32_t>(definition.spec.disks.size());
      const std::filesystem::path file = root_.path() / (disk.id + ".raw");
      co_await testing::make_image(file, "raw");
      definition.spec.disks.push_back(disk);
      definition.disks.push_back({disk.id, {{file, model::DiskFormat::raw}}});
    }
    const auto machine = co_await hypervisor_.start(definition);
    model::MachineSpec wanted = definition.spec;
    for (std::size_t i = 0; i < wanted.disks.size(); ++i) {
      wanted.disks[i].boot_index = static_cast<std::int32_t>(wanted.disks.size() - i) - 2;
    }
    EXPECT_EQ(machine->keeps_waiting("disks[].bootIndex", wanted), std::nullopt);
    co_await machine->apply(wanted, {}, false);
    for (std::size_t i = 0; i < wanted.disks.size(); ++i) {
      EXPECT_EQ(machine->running_spec().disks[i].boot_index, wanted.disks[i].boot_index) << wanted.disks[i].id;
    }
    co_await machine->quit(5s);
  });
}

TEST_F(LiveSettings, AnAdapterLeavesTheBootOrderAtOnceAndEntersItAtTheNextStart) {
  run([&]() -> Awaitable<> {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    definition.spec.nics.resize(2);
    definition.spec.nics[0].id = "first";
    definition.spec.nics[0].boot_index = 0;
    definition.spec.nics[1].id = "second";
    const auto machine = co_await hypervisor_.start(definition);
    model::MachineSpec wanted = definition.spec;
    wanted.nics[0].boot_index = -1;
    EXPECT_EQ(machine->keeps_waiting("nics[].bootIndex", wanted), std::nullopt);
    wanted.nics[1].boot_index = 0;
    EXPECT_NE(machine->keeps_waiting("nics[].bootIndex", wanted).value_or("").find("network boot"), std::string::npos);
    co_await machine->apply(wanted, {}, false);
    EXPECT_EQ(machine->running_spec().nics[0].boot_index, -1);
    EXPECT_EQ(machine->running_spec().nics[1].boot_index, -1) << "what keeps waiting is not applied";
    co_await machine->quit(5s);
  });
}

TEST_F(LiveSettings, PinnedThreadsStayWhereTheyWerePutAlsoAddedOnes) {
  run([&]() -> Awaitable<> {
    const std::vector<std::uint32_t> here = os::affinity(0);
    if (here.size() < 2) co_return;
    const std::string first = std::to_string(here[0]);
    const std::string second = std::to_string(here[1]);
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    definition.spec.cpu.count = 1;
    definition.spec.cpu.maximum = 2;
    definition.spec.cpu.pinning = {{first, second}, second, false, ""};
    const auto machine = co_await hypervisor_.start(definition);
    const auto pinned = [&](const std::string& name) {
      std::vector<std::string> lists;
      for (const pid_t thread : os::threads_of(machine->process_id())) {
        const auto comm = os::read_file_if_any(fmt::format("/proc/{}/task/{}/comm", machine->process_id(), thread));
        if (comm && comm->starts_with(name)) lists.push_back(to_cpu_list(os::affinity(thread)));
      }
      return lists;
    };
    EXPECT_THAT(pinned("CPU 0"), ::testing::ElementsAre(first));
    EXPECT_FALSE(pinned("qemu-system").empty());
    EXPECT_THAT(pinned("qemu-system"), ::testing::Each(second));
    model::MachineSpec wanted = definition.spec;
    wanted.cpu.count = 2;
    co_await machine->apply(wanted, {}, false);
    EXPECT_THAT(pinned("CPU 1"), ::testing::ElementsAre(second));
    wanted.cpu.pinning = {};
    co_await machine->apply(wanted, {}, false);
    EXPECT_THAT(pinned("CPU"), ::testing::Each(to_cpu_list(here)));
    EXPECT_THAT(pinned("qemu-system"), ::testing::Each(to_cpu_list(here)));
    co_await machine->quit(5s);
  });
}

TEST_F(LiveSettings, MemoryComesDownLiveAndMoreWaits) {
  run([&]() -> Awaitable<> {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    const Bytes size = definition.spec.memory.size;
    const auto machine = co_await hypervisor_.start(definition);
    model::MachineSpec wanted = definition.spec;
    wanted.memory.size = Bytes{size.count / 2};
    EXPECT_EQ(machine->keeps_waiting("memory.size", wanted), std::nullopt);
    co_await machine->apply(wanted, {}, false);
    EXPECT_EQ(machine->running_spec().memory.size, wanted.memory.size);
    EXPECT_EQ(machine->restoring_spec().memory.size, size) << "the saved state has all of it";
    wanted.memory.size = Bytes{size.count * 2};
    EXPECT_NE(machine->keeps_waiting("memory.size", wanted), std::nullopt);
    co_await machine->quit(5s);
  });
}

}  // namespace
}  // namespace visor::qemu
