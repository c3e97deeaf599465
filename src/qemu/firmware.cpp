#include "qemu/firmware.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

struct Candidate {
  model::Arch arch;
  model::SecureBoot secure_boot;
  const char* code;
  const char* variables;
};

using Keys = model::SecureBoot;

/// 4 MiB builds first: the 2 MiB ones have too little room for the variables of current Windows.
constexpr std::array<Candidate, 5> kCandidates{{
    {model::Arch::x86_64, Keys::off, "usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"},
    {model::Arch::x86_64, Keys::off, "usr/share/OVMF/OVMF_CODE.fd", "usr/share/OVMF/OVMF_VARS.fd"},
    {model::Arch::x86_64, Keys::microsoft, "usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    {model::Arch::x86_64, Keys::own, "usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"},
    {model::Arch::aarch64, Keys::off, "usr/share/AAVMF/AAVMF_CODE.fd", "usr/share/AAVMF/AAVMF_VARS.fd"},
}};

struct Rom {
  std::string_view encryption;
  const char* file;
};

/// Where Debian and Fedora put builds that know the encryption; the ones made for it first.
constexpr std::array<Rom, 5> kRoms{{
    {"sev-snp", "usr/share/ovmf/OVMF.fd"},
    {"sev-snp", "usr/share/edk2/ovmf/OVMF.amdsev.fd"},
    {"tdx", "usr/share/ovmf/OVMF.inteltdx.fd"},
    {"tdx", "usr/share/edk2/ovmf/OVMF.inteltdx.fd"},
    {"tdx", "usr/share/ovmf/OVMF.fd"},
}};

void copy_sparse(const os::Fd& from, const os::Fd& to) {
  std::array<char, 65536> block;
  off_t position = 0;
  for (;;) {
    const ssize_t got = ::read(from.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read the firmware variables template", errno);
    if (got == 0) break;
    const std::span<const char> bytes(block.data(), static_cast<std::size_t>(got));
    if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c != 0; })) {
      if (::lseek(to.get(), position, SEEK_SET) < 0) throw system_error("seek in the firmware variables", errno);
      os::write_all(to.get(), {bytes.data(), bytes.size()});
    }
    position += got;
  }
  if (::ftruncate(to.get(), position) != 0) throw system_error("size the firmware variables", errno);
}

}  // namespace

std::optional<Choices::Firmware> find_firmware(model::Arch arch, model::SecureBoot secure_boot,
                                               const std::filesystem::path& root) {
  for (const Candidate& candidate : kCandidates) {
    if (candidate.arch != arch || candidate.secure_boot != secure_boot) continue;
    Choices::Firmware firmware{root / candidate.code, root / candidate.variables, secure_boot != model::SecureBoot::off};
    if (std::filesystem::exists(firmware.code) && std::filesystem::exists(firmware.variables_template)) return firmware;
  }
  return std::nullopt;
}

std::filesystem::path find_rom(const std::string& encryption, const std::filesystem::path& root) {
  for (const Rom& rom : kRoms) {
    if (rom.encryption == encryption && std::filesystem::exists(root / rom.file)) return root / rom.file;
  }
  return {};
}

bool has_network_boot(const std::filesystem::path& root) {
  return std::filesystem::exists(root / "usr/lib/ipxe/qemu/efi-virtio.rom") ||
         std::filesystem::exists(root / "usr/share/qemu/efi-virtio.rom");
}

bool wants_firmware(const model::MachineSpec& spec) { return spec.firmware == model::Firmware::uefi && spec.boot.kernel.empty(); }

std::string firmware_package(model::Arch arch) { return arch == model::Arch::aarch64 ? "qemu-efi-aarch64" : "ovmf"; }

void ensure_variables(const std::filesystem::path& variables, const std::filesystem::path& variables_template) {
  struct stat there {};
  struct stat wanted {};
  if (::stat(variables_template.c_str(), &wanted) != 0) {
    throw system_error(fmt::format("look at {}", variables_template.native()), errno);
  }
  // A flash device of another size than its file is refused, so a broken copy is made again.
  if (::stat(variables.c_str(), &there) == 0 && there.st_size == wanted.st_size) return;
  os::make_directories(variables.parent_path());
  const std::filesystem::path temporary = variables.native() + "." + make_secret(6) + ".tmp";
  try {
    const os::Fd from = os::open_file(variables_template, O_RDONLY);
    const os::Fd to = os::open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    copy_sparse(from, to);
    if (::rename(temporary.c_str(), variables.c_str()) != 0)
      throw system_error(fmt::format("create {}", variables.native()), errno);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace visor::qemu
