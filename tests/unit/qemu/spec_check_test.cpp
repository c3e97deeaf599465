#include "qemu/spec_check.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "qemu/setting_needs.h"
#include "qemu/test_configurations.h"

namespace visor::qemu {
namespace {

HostFacts facts() {
  HostFacts facts;
  facts.capabilities.version = "7.2.0";
  facts.capabilities.major = 7;
  facts.capabilities.minor = 2;
  facts.capabilities.machines = {{"pc-q35-7.2", "q35", 288}, {"pc-i440fx-7.2", "pc", 255}, {"virt-7.2", "virt", 512}};
  facts.capabilities.cpu_models = {"max", "qemu64"};
  facts.accelerators.accelerators = {{"kvm", false, "There is no /dev/kvm."}, {"tcg", true, ""}};
  facts.capabilities.cpu_features = {"avx2", "rdrand"};
  facts.processors = {0, 1, 2, 3, 8};
  facts.has_firmware = true;
  return facts;
}

std::string refused(const model::MachineSpec& spec, const HostFacts& host = facts()) {
  Validation validation;
  check_for_qemu(spec, host, validation);
  std::string text;
  for (const FieldError& field : validation.fields()) text += field.field + ": " + field.message + "\n";
  return text;
}

model::MachineSpec good() { return testing::base_definition().spec; }

TEST(SpecCheck, AGoodMachineIsNotRefused) { EXPECT_EQ(refused(good()), ""); }

TEST(SpecCheck, TooManyProcessorsAreRefusedWithTheLimit) {
  model::MachineSpec spec = good();
  spec.cpu.count = 1000;
  EXPECT_NE(refused(spec).find("288"), std::string::npos) << refused(spec);
}

TEST(SpecCheck, AnUnknownModelMachineOrChipsetIsNamed) {
  model::MachineSpec spec = good();
  spec.cpu.model = "Pentium-9";
  spec.machine_version = "pc-q35-99.0";
  const std::string text = refused(spec);
  EXPECT_NE(text.find("Pentium-9"), std::string::npos) << text;
  EXPECT_NE(text.find("pc-q35-99.0"), std::string::npos) << text;
  spec = good();
  spec.chipset = "virt";
  EXPECT_NE(refused(spec).find("q35 or i440fx"), std::string::npos);
}

TEST(SpecCheck, WishingForKvmWhereItDoesNotWorkGivesTheReason) {
  model::MachineSpec spec = good();
  spec.accelerator = model::Accelerator::kvm;
  EXPECT_NE(refused(spec).find("There is no /dev/kvm."), std::string::npos);
  spec = good();
  spec.cpu.model = "host";
  EXPECT_NE(refused(spec).find("There is no /dev/kvm."), std::string::npos);
}

TEST(SpecCheck, MissingFirmwareNamesThePackage) {
  HostFacts host = facts();
  host.has_firmware = false;
  model::MachineSpec spec = good();
  spec.firmware = model::Firmware::uefi;
  EXPECT_NE(refused(spec, host).find("apt install ovmf"), std::string::npos);
  spec.boot.kernel = "/boot/vmlinuz";
  EXPECT_EQ(refused(spec, host), "") << "a direct kernel needs no firmware";
}

TEST(SpecCheck, DisksThatTheChipsetCannotCarryAreRefused) {
  model::MachineSpec spec = good();
  spec.disks = {testing::make_disk("a", model::DiskBus::ide), testing::make_disk("b", model::DiskBus::virtio)};
  spec.disks[1].device = model::DiskDevice::cdrom;
  spec.disks[0].boot_index = spec.disks[1].boot_index = 0;
  const std::string text = refused(spec);
  EXPECT_NE(text.find("spec.disks[0].bus"), std::string::npos) << text;
  EXPECT_NE(text.find("spec.disks[1].bus"), std::string::npos) << text;
  EXPECT_NE(text.find("spec.disks[1].bootIndex"), std::string::npos) << text;
}

TEST(SpecCheck, AnOldQemuIsRefused) {
  HostFacts host = facts();
  host.capabilities.major = 6;
  host.capabilities.version = "6.2.0";
  EXPECT_NE(refused(good(), host).find("7.2 is needed"), std::string::npos);
}

TEST(SpecCheck, AFeatureThatQemuDoesNotKnowIsNamedBeforeTheStart) {
  model::MachineSpec spec = good();
  spec.cpu.features = {"+avx2", "-avx3"};
  const std::string text = refused(spec);
  EXPECT_NE(text.find("spec.cpu.features[1]"), std::string::npos) << text;
  EXPECT_NE(text.find("avx3"), std::string::npos) << text;
  EXPECT_EQ(text.find("features[0]"), std::string::npos) << text;
}

TEST(SpecCheck, PinningToProcessorsThatAreNotThereIsRefusedWithThoseThatAre) {
  model::MachineSpec spec = good();
  spec.cpu.pinning = {{"0-3", "8"}, "1", false, ""};
  EXPECT_EQ(refused(spec), "");
  spec.cpu.pinning = {{"0-3", "4"}, "7-9", false, "9"};
  const std::string text = refused(spec);
  EXPECT_NE(text.find("spec.cpu.pinning.vcpus[1]"), std::string::npos) << text;
  EXPECT_NE(text.find("spec.cpu.pinning.emulator"), std::string::npos) << text;
  EXPECT_NE(text.find("0-3,8"), std::string::npos) << text;
}

TEST(SpecCheck, RoomForMoreProcessorsThanTheBoardHasIsRefused) {
  model::MachineSpec spec = good();
  spec.cpu.maximum = 256;
  EXPECT_NE(refused(spec).find("spec.cpu.maximum"), std::string::npos) << refused(spec);
}

TEST(SettingNeeds, EachUnavailableSettingSaysWhy) {
  model::MachineSpec spec = good();
  std::map<std::string, std::string> reasons = unavailable_settings(spec, facts());
  EXPECT_NE(reasons["cpu.pmu"].find("There is no /dev/kvm."), std::string::npos) << reasons["cpu.pmu"];
  EXPECT_FALSE(reasons.contains("cpu.nested")) << "nested virtualization is emulated";
  EXPECT_TRUE(reasons.contains("display.width")) << "there is no screen";
  EXPECT_TRUE(reasons.contains("watchdog.action"));
  EXPECT_TRUE(reasons.contains("boot.cmdline"));
  spec.boot.kernel = "/boot/vmlinuz";
  spec.watchdog.model = model::WatchdogModel::i6300esb;
  spec.display.model = model::DisplayModel::virtio;
  reasons = unavailable_settings(spec, facts());
  EXPECT_FALSE(reasons.contains("display.width"));
  EXPECT_FALSE(reasons.contains("watchdog.action"));
  EXPECT_FALSE(reasons.contains("boot.cmdline"));
  EXPECT_TRUE(reasons.contains("firmware"));
}

HostFacts secure_host() {
  HostFacts host = facts();
  host.capabilities.types = {"tpm-crb", "tpm-tis"};
  host.has_secure_firmware = true;
  host.has_tpm_program = true;
  return host;
}

TEST(SettingNeeds, ATpmThatIsNotThereSaysWhatToInstall) {
  model::MachineSpec spec = good();
  spec.tpm.enabled = true;
  EXPECT_EQ(refused(spec, secure_host()), "");
  HostFacts host = secure_host();
  host.has_tpm_program = false;
  EXPECT_NE(refused(spec, host).find("apt install swtpm"), std::string::npos) << refused(spec, host);
  host = secure_host();
  host.capabilities.types = {"tpm-tis"};
  EXPECT_NE(refused(spec, host).find("tpm-crb"), std::string::npos) << refused(spec, host);
}

TEST(SettingNeeds, SecureBootThatNobodyWouldCheckIsRefusedWithEveryReason) {
  model::MachineSpec spec = good();
  spec.firmware = model::Firmware::uefi;
  spec.secure_boot = model::SecureBoot::microsoft;
  EXPECT_EQ(refused(spec, secure_host()), "");
  HostFacts host = secure_host();
  host.has_secure_firmware = false;
  EXPECT_NE(refused(spec, host).find("apt install ovmf"), std::string::npos) << refused(spec, host);
  spec.chipset = "i440fx";
  spec.firmware = model::Firmware::bios;
  spec.boot.kernel = "/boot/vmlinuz";
  const std::string text = refused(spec, host);
  for (const char* reason : {"directly", "BIOS", "q35", "ovmf"}) EXPECT_NE(text.find(reason), std::string::npos) << text;
}

TEST(SettingNeeds, WaysToTheHostThatItLacksSayHowToGetThem) {
  model::MachineSpec spec = good();
  spec.shares = {{"src", "/srv", false, model::ShareOwners::mapped}};
  spec.vsock.enabled = true;
  HostFacts host = facts();
  host.capabilities.types = {"virtio-9p-pci"};
  EXPECT_EQ(refused(spec, host), "");
  host.capabilities.types.clear();
  host.no_shares = "Nothing may be shared.";
  host.no_vsock = "Load vhost_vsock.";
  const std::string text = refused(spec, host);
  for (const char* reason : {"9p", "Nothing may", "Load vhost_vsock."}) EXPECT_NE(text.find(reason), std::string::npos) << text;
}

TEST(SettingNeeds, AFolderThatNobodyHereCouldServeIsRefusedWithTheWayToGetIt) {
  model::MachineSpec spec = good();
  spec.shares = {{"src", "/srv", true, model::ShareOwners::plain, "virtiofs"}};
  HostFacts host = facts();
  host.capabilities.types = {"memory-backend-memfd", "vhost-user-fs-pci", "virtio-9p-pci"};
  EXPECT_EQ(refused(spec, host), "");
  EXPECT_NE(unavailable_settings(spec, host)["memory.merge"].find("virtiofs"), std::string::npos);
  host.no_virtiofs_read_only = "It cannot keep a guest from writing.";
  EXPECT_NE(refused(spec, host).find("spec.shares[0].readOnly"), std::string::npos) << refused(spec, host);
  host.no_virtiofs = "Install virtiofsd.";
  EXPECT_NE(refused(spec, host).find("spec.shares[0].driver"), std::string::npos) << refused(spec, host);
  EXPECT_NE(refused(spec, host).find("Install virtiofsd."), std::string::npos) << refused(spec, host);
  host.capabilities.types = {"memory-backend-memfd", "virtio-9p-pci"};
  EXPECT_NE(refused(spec, host).find("built without virtiofs"), std::string::npos) << refused(spec, host);
}

TEST(SpecCheck, TwoDevicesInOnePlaceOfTheBootOrderAreNamed) {
  model::MachineSpec spec = good();
  model::Disk disk = testing::make_disk("root");
  disk.boot_index = 1;
  spec.disks = {disk};
  spec.nics = {testing::make_nic("nic0")};
  spec.nics[0].boot_index = 1;
  const std::string text = refused(spec);
  EXPECT_NE(text.find("spec.nics[0].bootIndex"), std::string::npos) << text;
  EXPECT_NE(text.find("root and nic0"), std::string::npos) << text;
  spec.nics[0].boot_index = 0;
  EXPECT_EQ(refused(spec), "");
  HostFacts host = facts();
  host.has_network_boot = false;
  EXPECT_NE(refused(spec, host).find("ipxe-qemu"), std::string::npos);
}

TEST(SettingNeeds, NestingUnderKvmNeedsAHostThatOffersIt) {
  HostFacts host = facts();
  host.accelerators.accelerators = {{"kvm", true, ""}, {"tcg", true, ""}};
  model::MachineSpec spec = good();
  spec.cpu.nested = model::Toggle::on;
  EXPECT_NE(refused(spec, host).find("nested=1"), std::string::npos) << refused(spec, host);
  host.nested_feature = "vmx";
  EXPECT_EQ(refused(spec, host), "");
}

TEST(SettingNeeds, AnEnergyPreferenceNeedsAHostThatTakesItAndKnowsIt) {
  model::MachineSpec spec = good();
  HostFacts host = facts();
  host.no_energy = "No processor takes one.";
  EXPECT_EQ(unavailable_settings(spec, host)["cpu.energy"], "No processor takes one.");
  host.no_energy.clear();
  host.energy_values = {"default", "performance", "power"};
  EXPECT_NE(unavailable_settings(spec, host)["cpu.energy"].find("cpu.pinning.exclusive"), std::string::npos);
  spec.cpu.pinning = {{"0"}, "", true, ""};
  const std::map<std::string, std::string> reasons = unavailable_settings(spec, host);
  EXPECT_FALSE(reasons.contains("cpu.energy"));
  EXPECT_FALSE(reasons.contains("cpu.energy=auto"));
  EXPECT_FALSE(reasons.contains("cpu.energy=power"));
  EXPECT_TRUE(reasons.contains("cpu.energy=balance_power"));
}

/// A host of AMD with QEMU 9.1, and all that belongs to it.
HostFacts encrypting_host() {
  HostFacts host = facts();
  host.accelerators.accelerators = {{"kvm", true, ""}, {"tcg", true, ""}};
  host.capabilities.types = {"sev-guest", "sev-snp-guest"};
  host.encryption.missing = {{"sev", ""}, {"sev-es", ""}, {"sev-snp", ""}, {"tdx", "Not of Intel."}};
  host.roms = {"sev-snp"};
  return host;
}

TEST(SettingNeeds, EachEncryptionThatTheHostLacksIsRefusedWithItsOwnReason) {
  model::MachineSpec spec = good();
  spec.firmware = model::Firmware::uefi;
  std::map<std::string, std::string> reasons = unavailable_settings(spec, encrypting_host());
  for (const char* value : {"", "=sev", "=sev-es", "=sev-snp"}) EXPECT_EQ(reasons["memory.encryption" + std::string(value)], "");
  EXPECT_EQ(reasons["memory.encryption=tdx"], "Not of Intel.");
  for (const char* value : {"sev", "sev-es", "sev-snp"}) {
    spec.memory.encryption = value;
    EXPECT_EQ(refused(spec, encrypting_host()), "") << value;
  }
  spec.memory.encryption = "tdx";
  const std::string text = refused(spec, encrypting_host());
  for (const char* reason : {"Not of Intel.", "has no tdx-guest: Intel TDX needs QEMU 10.1", "apt install ovmf"}) {
    EXPECT_NE(text.find(reason), std::string::npos) << text;
  }
}

TEST(SettingNeeds, EncryptionNeedsKvmThatQemuAndMemoryThatMayBeLocked) {
  model::MachineSpec spec = good();
  spec.firmware = model::Firmware::uefi;
  spec.memory.encryption = "sev";
  HostFacts host = encrypting_host();
  host.accelerators = facts().accelerators;
  EXPECT_NE(refused(spec, host).find("There is no /dev/kvm."), std::string::npos) << refused(spec, host);
  host = encrypting_host();
  host.lockable = 64_KiB;
  EXPECT_NE(refused(spec, host).find("LimitMEMLOCK"), std::string::npos) << refused(spec, host);
  host = encrypting_host();
  host.capabilities.types.clear();
  EXPECT_NE(refused(spec, host).find("QEMU 7.2.0 has no sev-guest"), std::string::npos) << refused(spec, host);
}

TEST(SettingNeeds, WhatEncryptionRulesOutIsDisabledWithTheReason) {
  model::MachineSpec spec = good();
  std::map<std::string, std::string> reasons = unavailable_settings(spec, encrypting_host());
  EXPECT_NE(reasons["memory.encryption"].find("BIOS"), std::string::npos) << reasons["memory.encryption"];
  spec.firmware = model::Firmware::uefi;
  spec.memory.encryption = "sev-es";
  reasons = unavailable_settings(spec, encrypting_host());
  for (const char* place : {"memory.dynamic.enabled", "memory.merge", "cpu.nested=on", "cpu.maximum", "secureBoot=own",
                            "onReboot=restart", "onHostShutdown.action=save"}) {
    EXPECT_NE(reasons[place], "") << place;
  }
  EXPECT_EQ(refused(spec, encrypting_host()), "") << "merging and restarting merely have no effect";
}

TEST(SettingNeeds, WhatAnArmMachineDoesNotHaveIsRefusedOnlyWhenItIsWanted) {
  model::MachineSpec spec = good();
  spec.arch = model::Arch::aarch64;
  spec.firmware = model::Firmware::uefi;
  EXPECT_EQ(refused(spec), "");
  spec.cpu.hide_hypervisor = true;
  EXPECT_NE(refused(spec).find("spec.cpu.hideHypervisor"), std::string::npos);
}

}  // namespace
}  // namespace visor::qemu
