#include "qemu/vsock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace visor::qemu {
namespace {

/// VHOST_VSOCK_SET_GUEST_CID of linux/vhost.h, which is no C++.
constexpr unsigned long kSetGuestCid = _IOW(0xAF, 0x60, std::uint64_t);
constexpr const char* kDevice = "dev/vhost-vsock";
/// Below are the host's own and those that people give by hand; above, more than enough for those that follow a taken one.
constexpr std::uint32_t kFirstAddress = 0x10000;
constexpr std::uint32_t kAddresses = 0x7fff0000;
constexpr int kAttempts = 64;

}  // namespace

std::uint32_t vsock_address(const std::string& machine_id) {
  // Spread over all of them (FNV-1a).
  std::uint32_t hash = 2166136261U;
  for (const char c : machine_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return kFirstAddress + hash % kAddresses;
}

VsockLine open_vsock(const std::string& machine_id) {
  VsockLine line;
  line.descriptor = os::Fd(::open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
  if (!line.descriptor) {
    throw Error(ErrorKind::unsupported, "vsock.unavailable", no_vsock_reason("/"), "Or set vsock.enabled=false.");
  }
  line.cid = vsock_address(machine_id);
  for (int attempt = 0; attempt < kAttempts; ++attempt, ++line.cid) {
    const std::uint64_t address = line.cid;
    // The kernel keeps the list of taken ones; QEMU asks for the same address again on the same descriptor.
    if (::ioctl(line.descriptor.get(), kSetGuestCid, &address) == 0) return line;
    if (errno != EADDRINUSE) throw system_error("take an address for vsock", errno);
  }
  throw Error(ErrorKind::unavailable, "vsock.unavailable", "No free address for vsock was found.");
}

std::string no_vsock_reason(const std::filesystem::path& root) {
  const std::filesystem::path device = root / kDevice;
  if (::access(device.c_str(), R_OK | W_OK) == 0) return "";
  if (errno == EACCES) return "visord may not open /dev/vhost-vsock: add its user to the group kvm.";
  return "There is no /dev/vhost-vsock on this host: load the module (`sudo modprobe vhost_vsock`).";
}

}  // namespace visor::qemu
