#include "host/memory_encryption.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "host/host_checks_parts.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::host {
namespace {

constexpr std::array<EncryptionKind, 4> kKinds{{
    {"sev-snp", "AMD SEV-SNP", "kvm_amd", "sev_snp", "sev=1 sev_es=1 sev_snp=1", "sev_snp", "6.11"},
    {"tdx", "Intel TDX", "kvm_intel", "tdx", "tdx=1", "", "6.16"},
    {"sev-es", "AMD SEV-ES", "kvm_amd", "sev_es", "sev=1 sev_es=1", "sev_es", "5.11"},
    {"sev", "AMD SEV", "kvm_amd", "sev", "sev=1", "sev", "4.16"},
}};

bool is_amd(const EncryptionKind& kind) { return std::string_view(kind.module) == "kvm_amd"; }

/// The first records of /proc/cpuinfo: hosts with hundreds of processors need milliseconds for all, which say the same.
std::string first_processors(const std::filesystem::path& root) {
  std::string text(std::size_t{1} << 14U, '\0');
  const os::Fd file(::open((root / "proc/cpuinfo").c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// The value of a line such as "vendor_id : AuthenticAMD".
std::string cpuinfo_value(const std::string& cpuinfo, std::string_view key) {
  for (const std::string& line : text::split(cpuinfo, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && text::trim(line.substr(0, colon)) == key) {
      return text::printable(text::trim(line.substr(colon + 1)));
    }
  }
  return "";
}

/// What the processor lacks.
std::string processor_reason(const EncryptionKind& kind, const std::string& cpuinfo) {
  const std::string maker = is_amd(kind) ? "AuthenticAMD" : "GenuineIntel";
  const std::string vendor = cpuinfo_value(cpuinfo, "vendor_id");
  if (vendor != maker) {
    return fmt::format("{} is of processors of {}; this host's is of {}.", kind.name, maker, vendor.empty() ? "others" : vendor);
  }
  const std::string_view flag = kind.flag;
  if (flag.empty() || has_cpu_flag(cpuinfo, flag).value_or(false)) return "";
  if (has_cpu_flag(cpuinfo, "hypervisor").value_or(false)) {
    return fmt::format("This host is itself a virtual machine, and /proc/cpuinfo shows no {}.", flag);
  }
  return fmt::format("/proc/cpuinfo shows no {}: the processor lacks {}, or it is off in the firmware setup of the host.", flag,
                     kind.name);
}

/// What the kernel lacks.
std::string kernel_reason(const EncryptionKind& kind, const std::filesystem::path& root) {
  const std::string file = parameter_file(kind);
  const std::optional<std::string> content = os::read_file_if_any(root / file);
  if (!content) {
    return fmt::format("There is no /{}: the kernel module {} is not loaded, or older than Linux {}.", file, kind.module,
                       kind.since);
  }
  if (content->starts_with('Y') || content->starts_with('1')) return "";
  return fmt::format("/{} is {}: run `{}`, and restart the host; its firmware setup has to allow it, too.", file,
                     text::printable(text::trim(*content)), switch_on_command(kind));
}

/// What is wrong with the way to AMD's secure processor.
std::string device_reason(const std::filesystem::path& root, std::uint32_t c_bit,
                          const std::function<bool(const std::filesystem::path&)>& may_open) {
  const std::filesystem::path device = root / std::filesystem::path(kSevDevice).relative_path();
  std::error_code ignored;
  if (!std::filesystem::exists(device, ignored)) {
    return "There is no /dev/sev: the kernel module ccp has not found AMD's secure processor. Load it (`sudo modprobe ccp`).";
  }
  if (!may_open(device)) {
    return "The user of QEMU may not open /dev/sev: run `echo 'KERNEL==\"sev\", GROUP=\"kvm\", MODE=\"0660\"' | sudo tee "
           "/etc/udev/rules.d/60-visor-sev.rules`, then `sudo udevadm trigger /dev/sev`.";
  }
  if (c_bit == 0) return "The processor does not tell which bit marks encrypted pages (CPUID leaf 8000001Fh).";
  return "";
}

std::string reason_of(const EncryptionKind& kind, const std::filesystem::path& root, const std::string& cpuinfo,
                      const std::string& device) {
  if (std::string reason = processor_reason(kind, cpuinfo); !reason.empty()) return reason;
  if (std::string reason = kernel_reason(kind, root); !reason.empty()) return reason;
  return is_amd(kind) ? device : "";
}

}  // namespace

std::span<const EncryptionKind> encryption_kinds() { return kKinds; }

std::string parameter_file(const EncryptionKind& kind) {
  return fmt::format("sys/module/{}/parameters/{}", kind.module, kind.parameter);
}

std::string switch_on_command(const EncryptionKind& kind) {
  return fmt::format("echo 'options {} {}' | sudo tee /etc/modprobe.d/visor-encryption.conf", kind.module, kind.options);
}

std::uint32_t encryption_leaf() {
#ifdef __x86_64__
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kLeaf = 0x8000001F;
  // An Intel processor has the leaf, perhaps, and keeps it empty.
  if (__get_cpuid_count(kLeaf, 0, &eax, &ebx, &ecx, &edx) != 0) return ebx;
#endif
  return 0;
}

MemoryEncryption read_memory_encryption(const std::filesystem::path& root, std::uint32_t leaf,
                                        const std::function<bool(const std::filesystem::path&)>& may_open) {
  MemoryEncryption found;
  found.c_bit = leaf & 0x3FU;
  found.reduced_bits = (leaf >> 6U) & 0x3FU;
  const std::string cpuinfo = first_processors(root);
  const std::string device = device_reason(root, found.c_bit, may_open);
  for (const EncryptionKind& kind : kKinds) found.missing[kind.value] = reason_of(kind, root, cpuinfo, device);
  return found;
}

}  // namespace visor::host
