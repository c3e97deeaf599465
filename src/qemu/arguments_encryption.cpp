// -object of what encrypts the guest's memory (QEMU docs/system/i386/amd-memory-encryption.rst and tdx.rst).
//
// Virtio devices need iommu_platform=on then, because QEMU cannot read what the guest does not share with it: QEMU sets that by
// itself for every machine with confidential-guest-support (hw/core/machine.c, machine_run_board_init, since 6.0).
#include <cstdint>
#include <string_view>

#include <boost/json.hpp>

#include "model/encryption.h"
#include "qemu/argument_list.h"

namespace visor::qemu {
namespace {

constexpr const char* kObject = "encryption";

/// What the host may do with the guest (AMD's SEV API specification, section 3; SEV-SNP firmware ABI, section 4.3).
constexpr std::uint32_t kNoDebugging = 0x1;
constexpr std::uint32_t kSecretRegisters = 0x4;
constexpr std::uint32_t kSnpSiblingThreads = 0x10000;
constexpr std::uint32_t kSnpReserved = 0x20000;  // has to be set

struct Kind {
  std::string_view encryption;
  const char* type;
  std::uint32_t policy;  ///< 0: it has none
};

constexpr Kind kKinds[] = {{"sev", "sev-guest", kNoDebugging},
                           {"sev-es", "sev-guest", kNoDebugging | kSecretRegisters},
                           {"sev-snp", "sev-snp-guest", kSnpSiblingThreads | kSnpReserved},
                           {"tdx", "tdx-guest", 0}};

}  // namespace

const char* encryption_type(const std::string& encryption) {
  for (const Kind& kind : kKinds) {
    if (kind.encryption == encryption) return kind.type;
  }
  return "";
}

void add_encryption(const ArgumentInput& input, ArgumentList& list) {
  for (const Kind& kind : kKinds) {
    if (kind.encryption != input.spec().memory.encryption) continue;
    boost::json::object object{{"qom-type", kind.type}, {"id", kObject}};
    if (kind.policy != 0) {
      object["cbitpos"] = input.plan.choices.encryption_bit;
      object["reduced-phys-bits"] = input.plan.choices.reduced_bits;
      object["policy"] = kind.policy;
    }
    list.add_json("-object", object, "spec.memory.encryption");
  }
}

std::string encryption_options(const model::Memory& memory) {
  if (!model::is_encrypted(memory)) return "";
  std::string options = std::string(",confidential-guest-support=") + kObject;
  if (model::has_secret_registers(memory)) options += ",smm=off";
  if (memory.encryption == "tdx") options += ",kernel-irqchip=split";
  return options;
}

}  // namespace visor::qemu
