#include "qemu/launch_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "os/unix_socket.h"
#include "qemu/disk_files.h"
#include "qemu/firmware.h"
#include "qemu/process_record.h"
#include "qemu/shares.h"
#include "qemu/vsock.h"

namespace visor::qemu {
namespace {

/// A copy in memory of a boot file that QEMU's user may not read: /proc/self/fd opens a file anew, with its own rights.
os::Fd copy_to_memory(const os::Fd& from, off_t size) {
  os::Fd copy(::memfd_create("boot-file", MFD_CLOEXEC));
  if (!copy) throw system_error("memfd_create", errno);
  off_t position = 0;
  while (position < size) {
    const ssize_t sent = ::sendfile(copy.get(), from.get(), &position, static_cast<std::size_t>(size - position));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw system_error("copy a boot file", errno);
    if (sent == 0) break;
  }
  ::fchmod(copy.get(), 0444);
  return copy;
}

}  // namespace

void LaunchFiles::add_boot_file(const std::filesystem::path& path, int number, bool other_user, const char* field) {
  os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::not_found, "boot.unreadable",
                fmt::format("The {} {} cannot be read: {}.", field, text::printable(path.native()),
                            fd ? "it is no file" : system_error("open", errno).what()),
                "Give the path of a file that the user of visord may read.");
  }
  if (other_user && (info.st_mode & S_IROTH) == 0) return add(copy_to_memory(fd, info.st_size), number);
  reopened_.push_back(path);
  add(std::move(fd), number);
}

void LaunchFiles::add_served(const hypervisor::MachineDefinition& definition, const Plan& plan, std::size_t share) {
  ServedFolder served{share, open_served_folder(plan.shares[share], plan.choices.shares), {}};
  // The server takes one connection, and this one waits for it already: the name is not needed any more.
  served.socket = os::listen_unix(definition.runtime_directory, kFolderServerSocket);
  std::optional<os::Fd> connection = os::connect_unix(definition.runtime_directory, kFolderServerSocket);
  ::unlink((definition.runtime_directory / kFolderServerSocket).c_str());
  if (!connection) throw Error(ErrorKind::internal, "share.unusable", "The socket of a shared folder could not be made.");
  add(std::move(*connection), plan.shares[share].descriptor);
  served_.push_back(std::move(served));
}

void LaunchFiles::add_shares(const hypervisor::MachineDefinition& definition, const Plan& plan) {
  for (std::size_t i = 0; i < plan.shares.size(); ++i) {
    const PlannedShare& planned = plan.shares[i];
    const model::Share& share = planned.share;
    if (model::is_virtiofs(share)) {
      add_served(definition, plan, i);
      continue;
    }
    os::Fd folder = open_share(share, plan.choices.shares);
    shares_.push_back({.path = fmt::format("/proc/self/fd/{}", folder.get()),
                       .writable = !share.read_only,
                       .links = share.owners == model::ShareOwners::plain});
    add(std::move(folder), planned.descriptor);
  }
}

LaunchFiles LaunchFiles::open(const hypervisor::MachineDefinition& definition, Plan& plan, bool other_user) {
  LaunchFiles files;
  for (const PlannedDisk& disk : plan.disks) {
    for (const PlannedFile& layer : disk.layers) files.add(open_planned(layer), layer.descriptor);
  }
  if (plan.seed) files.add(open_planned(*plan.seed), plan.seed->descriptor);
  if (plan.firmware) {
    ensure_variables(plan.firmware->variables.path, plan.choices.firmware->variables_template);
    files.add(open_planned(plan.firmware->code), plan.firmware->code.descriptor);
    files.add(open_planned(plan.firmware->variables), plan.firmware->variables.descriptor);
  }
  if (plan.kernel >= 0) files.add_boot_file(definition.spec.boot.kernel, plan.kernel, other_user, "kernel");
  if (plan.initrd >= 0) files.add_boot_file(definition.spec.boot.initrd, plan.initrd, other_user, "initial RAM disk");
  // A restored machine goes on with the console that it had.
  const int truncate = definition.restore_from ? 0 : O_TRUNC;
  files.add(os::open_file(plan.serial_log.path, O_WRONLY | O_APPEND | O_CREAT | truncate), plan.serial_log.descriptor);
  files.add(os::listen_unix(definition.runtime_directory, kControlSocket), plan.control_socket);
  files.add(os::listen_unix(definition.runtime_directory, kPeopleSocket), plan.people_socket);
  files.add(os::listen_unix(definition.runtime_directory, kSerialSocket), plan.serial_socket);
  if (plan.agent_socket >= 0) files.add(os::listen_unix(definition.runtime_directory, kAgentSocket), plan.agent_socket);
  if (plan.tpm_socket >= 0) {
    auto [qemu_end, tpm_end] = os::socket_pair();
    // swtpm reads a state that is longer than one message in one go.
    if (::fcntl(tpm_end.get(), F_SETFL, 0) != 0) throw system_error("prepare the socket of the TPM", errno);
    files.add(std::move(qemu_end), plan.tpm_socket);
    files.tpm_end_ = std::move(tpm_end);
  }
  for (std::size_t i = 0; i < plan.more_serials.size(); ++i) {
    const PlannedSerial& serial = plan.more_serials[i];
    files.add(os::open_file(serial.log.path, O_WRONLY | O_APPEND | O_CREAT | truncate), serial.log.descriptor);
    files.add(os::listen_unix(definition.runtime_directory, serial_socket_name(static_cast<std::uint32_t>(i) + 1)),
              serial.socket);
  }
  files.add_shares(definition, plan);
  if (plan.vsock >= 0) {
    VsockLine line = open_vsock(definition.id);
    plan.vsock_cid = line.cid;
    files.add(std::move(line.descriptor), plan.vsock);
  }
  return files;
}

std::vector<std::pair<int, int>> LaunchFiles::descriptors() const {
  std::vector<std::pair<int, int>> pairs;
  pairs.reserve(files_.size());
  for (const auto& [fd, number] : files_) pairs.emplace_back(fd.get(), number);
  return pairs;
}

}  // namespace visor::qemu
