#include "model/encryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/refused_fields.h"

namespace visor::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> refused_with(const std::string& encryption, const std::function<void(MachineSpec&)>& change) {
  return testing::refused_fields([&](MachineSpec& spec) {
    spec.memory.encryption = encryption;
    change(spec);
  });
}

const char* const kAll[] = {"sev", "sev-es", "sev-snp", "tdx"};

TEST(Encryption, AnOrdinaryMachineCanHaveEachAndNoOther) {
  for (const char* value : kAll) EXPECT_THAT(refused_with(value, [](MachineSpec&) {}), IsEmpty()) << value;
  EXPECT_THAT(refused_with("rot13", [](MachineSpec&) {}), ElementsAre("spec.memory.encryption"));
}

TEST(Encryption, ABoardThatCannotStartInItIsRefused) {
  for (const char* value : kAll) {
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.firmware = Firmware::bios; }),
                ElementsAre("spec.memory.encryption"));
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.boot.kernel = "/boot/vmlinuz"; }),
                ElementsAre("spec.memory.encryption"));
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.chipset = "i440fx"; }), ElementsAre("spec.memory.encryption"));
    EXPECT_THAT(refused_with(value,
                             [](MachineSpec& spec) {
                               spec.shares = {{"src", "/srv", false, ShareOwners::plain, "virtiofs"}};
                             }),
                ElementsAre("spec.memory.encryption"));
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.accelerator = Accelerator::tcg; }),
                ElementsAre("spec.memory.encryption"));
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.arch = Arch::aarch64; }), ElementsAre("spec.memory.encryption"));
  }
}

/// Everything that some encryption rules out, at once.
void want_all(MachineSpec& spec) {
  spec.memory.maximum = 8_GiB;
  spec.cpu.maximum = 8;
  spec.cpu.nested = Toggle::on;
  spec.secure_boot = SecureBoot::own;
  spec.on_host_shutdown.action = HostStopAction::save;
}

TEST(Encryption, AllThatItRulesOutIsListedAtOnce) {
  EXPECT_THAT(refused_with("none", want_all), IsEmpty());
  EXPECT_THAT(refused_with("sev", want_all),
              UnorderedElementsAre("spec.memory.maximum", "spec.cpu.nested", "spec.onHostShutdown.action"));
  for (const char* value : {"sev-es", "sev-snp", "tdx"}) {
    EXPECT_THAT(refused_with(value, want_all),
                UnorderedElementsAre("spec.memory.maximum", "spec.cpu.nested", "spec.onHostShutdown.action", "spec.secureBoot",
                                     "spec.cpu.maximum"))
        << value;
  }
}

TEST(Encryption, MemoryThatTheKernelHoldsByItselfHasNoHugePagesAndIsNotLockedTwice) {
  const auto want = [](MachineSpec& spec) {
    spec.memory.page_size = "2MiB";
    spec.memory.locked = true;
  };
  for (const char* value : {"sev", "sev-es"}) EXPECT_THAT(refused_with(value, want), IsEmpty()) << value;
  for (const char* value : {"sev-snp", "tdx"}) {
    EXPECT_THAT(refused_with(value, want), UnorderedElementsAre("spec.memory.pageSize", "spec.memory.locked")) << value;
  }
}

TEST(Encryption, NothingOfItIsEverGivenBack) {
  for (const char* value : kAll) {
    EXPECT_THAT(refused_with(value, [](MachineSpec& spec) { spec.memory.dynamic.enabled = true; }),
                ElementsAre("spec.memory.dynamic.enabled"))
        << value;
  }
}

TEST(Encryption, WhatMerelyHasNoEffectMayStay) {
  EXPECT_THAT(refused_with("tdx",
                           [](MachineSpec& spec) {
                             spec.memory.merge = false;
                             spec.on_reboot = RebootAction::restart;
                             spec.cpu.nested = Toggle::off;
                           }),
              IsEmpty());
}

}  // namespace
}  // namespace visor::model
