#include "qemu/accelerator_probe.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "os/process.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

class Probe : public ::testing::Test {
 protected:
  AcceleratorReport report(model::Arch arch, ProbeOptions options = {}) {
    AcceleratorReport result;
    loop_.run_until_done([&]() -> Awaitable<> {
      const auto program = *os::find_program(program_name(arch));
      CapabilityCache capabilities(testing::shared_cache());
      AcceleratorProbe probe(root_.path(), options);
      result = co_await probe.get(arch, program, co_await capabilities.get(program));
    });
    return result;
  }
  testing::TemporaryDirectory root_;
  loop::EventLoop loop_;
};

TEST_F(Probe, EmulationIsFoundUsableByRunningAGuest) {
  for (const model::Arch arch : {model::Arch::x86_64, model::Arch::aarch64}) {
    const AcceleratorReport found = report(arch);
    const model::AcceleratorState* tcg = found.find("tcg");
    ASSERT_NE(tcg, nullptr);
    EXPECT_TRUE(tcg->usable) << tcg->reason;
  }
}

TEST_F(Probe, WhateverKvmIsWorthTheAnswerComesSoonAndWithAReason) {
  const auto begin = std::chrono::steady_clock::now();
  const AcceleratorReport found = report(model::Arch::x86_64);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  const model::AcceleratorState* kvm = found.find("kvm");
  ASSERT_NE(kvm, nullptr);
  EXPECT_EQ(kvm->usable, kvm->reason.empty()) << kvm->reason;
  EXPECT_EQ(found.best(), kvm->usable ? "kvm" : "tcg");
  RecordProperty("kvm", kvm->reason);
}

TEST_F(Probe, ForeignArchitecturesAreNotPromisedKvm) {
#if defined(__x86_64__)
  const AcceleratorReport found = report(model::Arch::aarch64);
  EXPECT_FALSE(found.find("kvm")->usable);
  EXPECT_NE(found.reason().find("own architecture"), std::string::npos) << found.reason();
#endif
}

TEST_F(Probe, AHostWithoutKvmSaysSo) {
  ProbeOptions options;
  options.kvm_device = root_.path() / "no-such-device";
  const AcceleratorReport found = report(model::Arch::x86_64, options);
  EXPECT_EQ(found.best(), "tcg");
  EXPECT_NE(found.reason().find("There is no"), std::string::npos) << found.reason();
}

/// What root may open, the user that machines run as may not.
TEST_F(Probe, AKvmThatOnlyTheDaemonMayOpenIsNotPromisedToMachines) {
  ProbeOptions options;
  options.kvm_device = root_.path() / "kvm";
  os::replace_file(options.kvm_device, "");
  const mode_t closed = ::geteuid() == 0 ? 0600 : 0000;
  ASSERT_EQ(::chmod(options.kvm_device.c_str(), closed), 0);
  const QemuUser user = choose_user(true, options.kvm_device);
  if (user.uid) {
    ASSERT_EQ(::chown(options.kvm_device.c_str(), 0, 0), 0);
  }
  const std::string reason = report(model::Arch::x86_64, options).reason();
  EXPECT_NE(reason.find(user.uid ? "may not open" : "No permission"), std::string::npos) << reason;
  // Somebody has done what the reason says: it counts at once, not from the next boot of the host on.
  ASSERT_EQ(::chmod(options.kvm_device.c_str(), 0666), 0);
  const std::string later = report(model::Arch::x86_64, options).reason();
  EXPECT_EQ(later.find(options.kvm_device.native()), std::string::npos) << later;
}

TEST_F(Probe, AQemuThatItsUserMayNotRunIsNamedAndTriedAgainWhenHeMay) {
  const QemuUser user = choose_user(false);
  const std::filesystem::path program = root_.path() / "qemu-system-x86_64";
  std::filesystem::create_symlink(*os::find_program("qemu-system-x86_64"), program);
  loop_.run_until_done([&]() -> Awaitable<> {
    CapabilityCache capabilities(testing::shared_cache());
    const Capabilities known = co_await capabilities.get(*os::find_program("qemu-system-x86_64"));
    AcceleratorProbe probe(root_.path() / "cache", {});
    const AcceleratorReport closed = co_await probe.get(model::Arch::x86_64, program, known);
    EXPECT_EQ(closed.best().empty(), user.uid.has_value()) << "the daemon's own user owns the folder";
    if (user.uid) {
      EXPECT_NE(closed.find("tcg")->reason.find("may not run " + program.native()), std::string::npos);
    }
    EXPECT_EQ(::chmod(root_.path().c_str(), 0711), 0);
    EXPECT_NE((co_await probe.get(model::Arch::x86_64, program, known)).best(), "");
  });
}

TEST_F(Probe, TheTestGuestRunsAsTheUserThatMachinesRunAs) {
  const std::filesystem::path program = root_.path() / "qemu";
  os::replace_file(program, "#!/bin/sh\necho \"user $(id -u) group $(id -g) groups $(id -G)\" >&2\nexit 1\n", 0755);
  ASSERT_EQ(::chmod(root_.path().c_str(), 0755), 0);
  const QemuUser user = choose_user(true);
  loop_.run_until_done([&]() -> Awaitable<> {
    const model::AcceleratorState state =
        co_await run_probe_guest(model::Arch::x86_64, program, "kvm", std::chrono::seconds(10), user);
    const std::string expected = "user " + std::to_string(user.uid.value_or(::geteuid())) + " group " +
                                 std::to_string(user.gid.value_or(::getegid())) + " ";
    EXPECT_NE(state.reason.find(expected), std::string::npos) << state.reason;
  });
}

TEST_F(Probe, AnAcceleratorThatQemuRefusesIsNotUsable) {
  loop_.run_until_done([&]() -> Awaitable<> {
    const auto program = *os::find_program("qemu-system-x86_64");
    const model::AcceleratorState state =
        co_await run_probe_guest(model::Arch::x86_64, program, "nonsense", std::chrono::seconds(10), {});
    EXPECT_FALSE(state.usable);
    EXPECT_NE(state.reason.find("nonsense"), std::string::npos) << state.reason;
  });
}

TEST_F(Probe, AGuestThatDoesNotGetThroughInTimeIsNotUsable) {
  loop_.run_until_done([&]() -> Awaitable<> {
    const auto program = *os::find_program("qemu-system-x86_64");
    const auto begin = std::chrono::steady_clock::now();
    const model::AcceleratorState state =
        co_await run_probe_guest(model::Arch::x86_64, program, "tcg", std::chrono::milliseconds(5), {});
    EXPECT_FALSE(state.usable);
    EXPECT_NE(state.reason.find("within"), std::string::npos) << state.reason;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  });
}

TEST_F(Probe, TheAnswerIsRememberedUntilTheNextBoot) {
  ProbeOptions options;
  options.boot_id = root_.path() / "boot-id";
  os::replace_file(options.boot_id, "first");
  report(model::Arch::x86_64, options);
  const std::filesystem::path cache = root_.path() / "accelerators-x86_64.json";
  const auto written = std::filesystem::last_write_time(cache);
  report(model::Arch::x86_64, options);
  EXPECT_EQ(std::filesystem::last_write_time(cache), written);
  os::replace_file(options.boot_id, "second");
  report(model::Arch::x86_64, options);
  EXPECT_NE(std::filesystem::last_write_time(cache), written);
}

}  // namespace
}  // namespace visor::qemu
