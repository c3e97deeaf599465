#include "model/encryption.h"

#include "base/json.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate_shares.h"

namespace visor::model {
namespace {

/// Whether the specification wants what a place names.
bool wants(const boost::json::value& spec, const std::string& place) {
  const std::size_t equals = place.find('=');
  const std::string key = place.substr(0, equals);
  const boost::json::value& now = setting_value(spec, key);
  if (equals == std::string::npos) return now != find_setting(key)->default_;
  return now == boost::json::value(place.substr(equals + 1));
}

}  // namespace

bool is_encrypted(const Memory& memory) { return memory.encryption != "none"; }

bool has_secret_registers(const Memory& memory) { return memory.encryption == "sev-es" || has_private_memory(memory); }

bool has_private_memory(const Memory& memory) { return memory.encryption == "sev-snp" || memory.encryption == "tdx"; }

bool has_pinned_memory(const Memory& memory) { return memory.encryption == "sev" || memory.encryption == "sev-es"; }

std::vector<EncryptionLimit> encryption_limits(const Memory& memory) {
  if (!is_encrypted(memory)) return {};
  std::vector<EncryptionLimit> limits{
      // QEMU refuses to discard memory then (ram_block_discard_disable in target/i386/sev.c), which balloon and virtio-mem do.
      {"memory.dynamic.enabled", "Encrypted memory cannot be given back to the host while the guest runs."},
      {"memory.maximum", "Encrypted memory is all taken at the start: none can be added."},
      {"memory.merge", "The host sees encrypted pages only, of which none are equal.", true},
      {"cpu.nested=on", "The host would have to read what the guest's own machines are, and cannot: it is encrypted."},
      // QEMU blocks migration, which is how a machine is saved.
      {"onHostShutdown.action=save", "A guest with encrypted memory cannot be saved: nobody but the processor can read it."},
  };
  if (has_secret_registers(memory)) {
    // docs/system/i386/amd-memory-encryption.rst and tdx.rst: no SMM, no reset; what is not there at the start is not measured.
    limits.push_back({"secureBoot=microsoft", "Secure Boot needs system management mode, which encrypted registers rule out."});
    limits.push_back({"secureBoot=own", "Secure Boot needs system management mode, which encrypted registers rule out."});
    limits.push_back({"cpu.maximum", "Processors with encrypted registers are all made at the start: none can be added."});
    limits.push_back({"onReboot=restart", "Encrypted registers cannot be reset: a restart of the guest switches it off.", true});
  }
  if (has_private_memory(memory)) {
    limits.push_back({"memory.pageSize", "The kernel holds such memory by itself, and not in huge pages."});
    limits.push_back({"memory.locked", "The kernel never swaps such memory out: it need not be locked."});
  }
  return limits;
}

std::string no_encryption_reason(const MachineSpec& spec) {
  if (spec.arch != Arch::x86_64) return "Memory encryption exists for x86_64 only.";
  if (spec.accelerator == Accelerator::tcg) return "An emulated processor encrypts nothing: set accelerator=auto.";
  if (spec.firmware != Firmware::uefi) return "The machine has a BIOS; only UEFI can start in encrypted memory.";
  if (!spec.boot.kernel.empty()) {
    return "The machine boots a kernel directly; only UEFI can start in encrypted memory: clear boot.kernel.";
  }
  if (spec.chipset == "i440fx") return "The chipset i440fx is too old for it; memory encryption needs q35.";
  if (has_virtiofs(spec)) return "A folder is shared by virtiofs, whose server could not read encrypted memory: share by 9p.";
  return "";
}

void check_encryption(const MachineSpec& spec, const std::string& path, Validation& validation) {
  if (!is_encrypted(spec.memory)) return;
  const std::string reason = no_encryption_reason(spec);
  if (!reason.empty()) validation.refuse(path + ".memory.encryption", "combination", reason);
  const boost::json::value wanted = json::to_json(spec);
  for (const EncryptionLimit& limit : encryption_limits(spec.memory)) {
    if (limit.harmless || !wants(wanted, limit.place)) continue;
    validation.refuse(path + "." + limit.place.substr(0, limit.place.find('=')), "combination", limit.reason);
  }
}

}  // namespace visor::model
