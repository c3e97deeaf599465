// Whether this host can keep the memory of guests secret from itself: AMD's SEV, SEV-ES and SEV-SNP, Intel's TDX.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace visor::host {

/// One way of encrypting, and where the kernel tells of it.
struct EncryptionKind {
  const char* value;      ///< as memory.encryption names it
  const char* name;       ///< "AMD SEV-ES"
  const char* module;     ///< the kernel module that does it
  const char* parameter;  ///< of the module: whether it is switched on
  const char* options;    ///< of the module: switch it on
  const char* flag;       ///< in /proc/cpuinfo; empty: the kernel shows none
  const char* since;      ///< the first Linux whose KVM has it
};
/// The strongest first.
std::span<const EncryptionKind> encryption_kinds();

/// Where the parameter of a kind is, relative to the root.
std::string parameter_file(const EncryptionKind& kind);
/// The shell command that switches it on at the next start of the host.
std::string switch_on_command(const EncryptionKind& kind);

/// What QEMU opens to speak to AMD's secure processor.
inline constexpr const char* kSevDevice = "/dev/sev";

struct MemoryEncryption {
  std::map<std::string, std::string> missing;  ///< by value ("sev-es"): why there is none; empty: there is
  std::uint32_t c_bit = 0;                     ///< the bit of page tables that marks a page as encrypted
  std::uint32_t reduced_bits = 0;              ///< address bits that guests lose by it
};

/// What CPUID says in EBX of leaf 8000001Fh (AMD64 manual, volume 3): where the bit is, and what it costs. 0 elsewhere.
std::uint32_t encryption_leaf();

/// Reads below a root, so that another host's tree can be read as well. `may_open` tells whether QEMU's user may read and write a
/// device.
MemoryEncryption read_memory_encryption(const std::filesystem::path& root, std::uint32_t leaf,
                                        const std::function<bool(const std::filesystem::path&)>& may_open);

}  // namespace visor::host
