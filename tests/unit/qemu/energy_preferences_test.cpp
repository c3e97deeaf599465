// A tree of files stands for the host's processors: those of this host are not touched.
#include "qemu/energy_preferences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <map>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "host/energy_preference.h"
#include "qemu/launcher.h"
#include "qemu/live_settings.h"
#include "qemu/reattach.h"
#include "qemu/running_machine.h"
#include "qemu/test_configurations.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Energy : public ::testing::Test {
 protected:
  Energy() {
    for (std::uint32_t processor = 0; processor < 4; ++processor) {
      os::make_directories(file(processor).parent_path());
      os::replace_file(file(processor), "balance_performance\n");
      os::replace_file(file(processor).parent_path() / "energy_performance_available_preferences",
                       "default performance balance_performance balance_power power \n");
    }
    os::make_directories(runtime());
  }
  void TearDown() override { testing::end_machines(root_.path()); }

  std::filesystem::path tree() const { return root_.path() / "host"; }
  std::filesystem::path runtime() const { return root_.path() / "run"; }
  std::filesystem::path file(std::uint32_t processor) const {
    return tree() / ("sys/devices/system/cpu/cpu" + std::to_string(processor)) / "cpufreq/energy_performance_preference";
  }
  std::vector<std::string> now() const {
    std::vector<std::string> values;
    for (std::uint32_t i = 0; i < 4; ++i) values.push_back(host::energy_preference(tree(), i).value_or("none"));
    return values;
  }
  static model::Cpu cpu(model::Energy energy, std::vector<std::string> own, bool exclusive = true) {
    model::Cpu cpu;
    cpu.energy = energy;
    cpu.pinning = {std::move(own), "", exclusive, ""};
    return cpu;
  }

  testing::TemporaryDirectory root_;
  EnergyPreferences energy_{tree()};
};

const std::string kFound = "balance_performance";

TEST_F(Energy, OnlyTheMachinesOwnProcessorsChangeAndAreAsBeforeAfterwards) {
  energy_.set(cpu(model::Energy::power, {"1", "2"}), runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, "power", "power", kFound));
  EnergyPreferences later(tree());
  later.give_back(runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound)) << "a later daemon knows what was found";
  later.give_back(runtime());
  EXPECT_TRUE(std::filesystem::is_empty(runtime()));
  energy_.set(cpu(model::Energy::power, {"1", "2"}, false), runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound)) << "shared processors are left alone";
}

TEST_F(Energy, ProcessorsThatAMachineNoLongerHasAreGivenBackWhileItRuns) {
  energy_.set(cpu(model::Energy::power, {"0", "1"}), runtime());
  energy_.set(cpu(model::Energy::performance, {"1", "2"}), runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, "performance", "performance", kFound));
  energy_.set(cpu(model::Energy::auto_, {"1", "2"}), runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound));
  EXPECT_TRUE(std::filesystem::is_empty(runtime()));
}

TEST_F(Energy, WhatSomebodyElseHasChosenMeanwhileStays) {
  energy_.set(cpu(model::Energy::power, {"0", "1"}), runtime());
  os::replace_file(file(1), "balance_power\n");
  energy_.give_back(runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, "balance_power", kFound, kFound));
}

/// As if the daemon had died between the note and the last processor.
TEST_F(Energy, AChangeThatWasInterruptedIsTakenBackWhole) {
  energy_.set(cpu(model::Energy::power, {"0", "1"}), runtime());
  energy_.set(cpu(model::Energy::performance, {"0", "1"}), runtime());
  os::replace_file(file(1), "power\n");
  EnergyPreferences(tree()).give_back(runtime());
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound));
}

TEST_F(Energy, AProcessorThatRefusesLeavesTheOthersAsTheyWere) {
  std::filesystem::remove(file(2));
  std::string code;
  try {
    energy_.set(cpu(model::Energy::power, {"0", "1", "2"}), runtime());
  } catch (const Error& error) {
    code = error.code();
  }
  EXPECT_EQ(code, "host.energy_refused");
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, "none", kFound));
  EXPECT_TRUE(std::filesystem::is_empty(runtime()));
}

TEST_F(Energy, AKernelThatTakesTheWordAndKeepsItsOwnIsFoundOut) {
  std::filesystem::remove(file(0));
  std::filesystem::create_symlink("/dev/null", file(0));
  EXPECT_THROW(host::set_energy_preference(tree(), 0, "power"), Error);
  EXPECT_THAT(host::energy_preferences(tree(), 1),
              ElementsAre("default", "performance", "balance_performance", "balance_power", "power"));
  EXPECT_TRUE(host::energy_preferences(tree(), 9).empty());
}

/// A real QEMU whose pinning is exclusive by its settings; this host has no control groups for it.
class EnergyOfAMachine : public Energy {
 protected:
  std::shared_ptr<HostResources> resources() const {
    return std::make_shared<HostResources>(HostResources{ControlGroups(os::find_cgroup_home(tree(), ::geteuid()), {}),
                                                         HugePages(tree()), EnergyPreferences(tree())});
  }
  hypervisor::MachineDefinition definition() const {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    definition.spec.cpu = cpu(model::Energy::power, {"0"});
    definition.spec.cpu.count = 1;
    return definition;
  }
  Awaitable<std::unique_ptr<QemuMachine>> start(std::shared_ptr<HostResources> resources) {
    Choices choices = testing::configurations().front().choices;
    hypervisor::MachineDefinition wanted = definition();
    const std::filesystem::path directory = wanted.runtime_directory;
    Launched launched = co_await launch(std::move(wanted), std::move(choices), resources);
    const auto executor = co_await boost::asio::this_coro::executor;
    co_return std::make_unique<QemuMachine>(executor, std::move(launched.record), directory, std::move(launched.process),
                                            std::move(launched.client), std::move(launched.helpers), resources);
  }
  loop::EventLoop loop_;
};

TEST_F(EnergyOfAMachine, ItIsSetAtTheStartChangesLiveAndIsGivenBackAtTheStop) {
  loop_.run_until_done([&]() -> Awaitable<> {
    const auto machine = co_await start(resources());
    EXPECT_THAT(now(), ElementsAre("power", kFound, kFound, kFound));
    model::MachineSpec wanted = machine->running_spec();
    wanted.cpu.energy = model::Energy::performance;
    co_await machine->apply(wanted, {}, false);
    EXPECT_THAT(now(), ElementsAre("performance", kFound, kFound, kFound));
    EXPECT_EQ(machine->running_spec().cpu.energy, model::Energy::performance);
    std::filesystem::remove(file(0));
    wanted.cpu.energy = model::Energy::power;
    std::string code;
    try {
      co_await machine->apply(wanted, {}, false);
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_EQ(code, "host.energy_refused");
    EXPECT_EQ(machine->running_spec().cpu.energy, model::Energy::performance) << "what was refused is not noted as done";
    os::replace_file(file(0), "performance\n");
    co_await machine->quit(5s);
    EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound));
  });
}

TEST_F(EnergyOfAMachine, OneThatDiedWhileNoDaemonWatchedIsGivenBackByTheNext) {
  pid_t pid = 0;
  loop_.run_until_done([&]() -> Awaitable<> {
    const auto machine = co_await start(resources());
    co_await machine->status();
    pid = machine->process_id();
  });
  EXPECT_THAT(now(), ElementsAre("power", kFound, kFound, kFound)) << "a running machine keeps it without a daemon";
  loop_.run_until_done([&]() -> Awaitable<> {
    std::optional<os::Process> process = os::Process::attach(pid, *os::process_start_time(pid));
    process->signal(SIGKILL);
    co_await loop::wait_exit(*process);
    const auto found = co_await reattach_all(root_.path() / "machines", resources());
    EXPECT_EQ(found.crashed.size(), 1U);
  });
  EXPECT_THAT(now(), ElementsAre(kFound, kFound, kFound, kFound));
}

}  // namespace
}  // namespace visor::qemu
