// Hosts made from manifests: what the kernel's documentation says that such a host shows, not recorded from one.
#include "host/memory_encryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/recorded_host.h"

namespace visor::host {
namespace {

using ::testing::HasSubstr;

/// EBX of CPUID 8000001Fh: bit 51 marks encrypted pages, one address bit is lost, and there are four privilege levels.
constexpr std::uint32_t kLeaf = 51U | (1U << 6U) | (4U << 12U);

const std::string kAmd =
    "proc/cpuinfo = processor : 0\nproc/cpuinfo = vendor_id : AuthenticAMD\n"
    "proc/cpuinfo = flags : fpu svm sme sev sev_es sev_snp\n";
const std::string kSwitchedOn =
    "sys/module/kvm_amd/parameters/sev = Y\nsys/module/kvm_amd/parameters/sev_es = Y\n"
    "sys/module/kvm_amd/parameters/sev_snp = Y\n";
const std::string kDevice = "dev/sev = device\n";

MemoryEncryption read(const std::string& manifest, bool may_open = true, std::uint32_t leaf = kLeaf) {
  const RecordedHost recorded(manifest);
  return read_memory_encryption(recorded.root(), leaf, [&](const std::filesystem::path& device) {
    EXPECT_EQ(device, recorded.root() / "dev/sev");
    return may_open;
  });
}

TEST(MemoryEncryption, AHostThatHasAllOfAmdOffersItWithTheBitOfItsProcessor) {
  MemoryEncryption found = read(kAmd + kSwitchedOn + kDevice);
  for (const char* value : {"sev", "sev-es", "sev-snp"}) EXPECT_EQ(found.missing.at(value), "") << value;
  EXPECT_THAT(found.missing.at("tdx"), HasSubstr("GenuineIntel"));
  EXPECT_EQ(found.c_bit, 51U);
  EXPECT_EQ(found.reduced_bits, 1U);
}

TEST(MemoryEncryption, WhatIsSwitchedOffComesWithTheCommandThatSwitchesItOn) {
  MemoryEncryption found =
      read(kAmd + kDevice + "sys/module/kvm_amd/parameters/sev = Y\nsys/module/kvm_amd/parameters/sev_es = N\n");
  EXPECT_EQ(found.missing.at("sev"), "");
  EXPECT_THAT(found.missing.at("sev-es"), HasSubstr("/sys/module/kvm_amd/parameters/sev_es is N"));
  EXPECT_THAT(found.missing.at("sev-es"), HasSubstr("options kvm_amd sev=1 sev_es=1"));
  EXPECT_THAT(found.missing.at("sev-snp"), HasSubstr("older than Linux 6.11"));
  found = read(kAmd + kDevice + "sys/module/kvm_amd/parameters/sev = 0\n");
  EXPECT_THAT(found.missing.at("sev"), HasSubstr("sev is 0"));
}

TEST(MemoryEncryption, AProcessorWithoutItIsNamedAsTheReason) {
  const std::string desktop = "proc/cpuinfo = vendor_id : AuthenticAMD\nproc/cpuinfo = flags : fpu svm sev\n";
  MemoryEncryption found = read(desktop + kSwitchedOn + kDevice);
  EXPECT_EQ(found.missing.at("sev"), "");
  EXPECT_THAT(found.missing.at("sev-es"), HasSubstr("shows no sev_es: the processor lacks AMD SEV-ES"));
  const std::string guest = "proc/cpuinfo = vendor_id : AuthenticAMD\nproc/cpuinfo = flags : fpu hypervisor\n";
  EXPECT_THAT(read(guest).missing.at("sev"), HasSubstr("itself a virtual machine"));
  EXPECT_THAT(read("proc/cpuinfo = Features : fp asimd\n").missing.at("sev"), HasSubstr("this host's is of others"));
}

TEST(MemoryEncryption, TheWayToTheSecureProcessorCountsForAmdOnly) {
  EXPECT_THAT(read(kAmd + kSwitchedOn).missing.at("sev"), HasSubstr("no /dev/sev"));
  EXPECT_THAT(read(kAmd + kSwitchedOn + kDevice, false).missing.at("sev-snp"), HasSubstr("udevadm trigger"));
  EXPECT_THAT(read(kAmd + kSwitchedOn + kDevice, true, 0).missing.at("sev"), HasSubstr("8000001Fh"));
  const std::string intel = "proc/cpuinfo = vendor_id : GenuineIntel\nproc/cpuinfo = flags : fpu vmx\n";
  EXPECT_THAT(read(intel).missing.at("tdx"), HasSubstr("older than Linux 6.16"));
  EXPECT_THAT(read(intel + "sys/module/kvm_intel/parameters/tdx = N\n").missing.at("tdx"), HasSubstr("options kvm_intel tdx=1"));
  const MemoryEncryption found = read(intel + "sys/module/kvm_intel/parameters/tdx = Y\n", false, 0);
  EXPECT_EQ(found.missing.at("tdx"), "");
  EXPECT_THAT(found.missing.at("sev"), HasSubstr("AuthenticAMD; this host's is of GenuineIntel"));
}

}  // namespace
}  // namespace visor::host
