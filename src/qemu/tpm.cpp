#include "qemu/tpm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "os/file.h"
#include "qemu/process_record.h"

namespace visor::qemu {
namespace {

/// Descriptors inside swtpm.
constexpr int kControl = 3;
constexpr int kDirectory = 4;
/// Not standard error: it refuses to log there.
constexpr int kLog = 5;

const std::array<const char*, 6> kTpmReadable{"/usr",        "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf",
                                              "/dev/urandom"};

/// The directory comes as a descriptor, because those above it belong to visord alone. Its seccomp filter is on by default.
std::vector<std::string> tpm_arguments() {
  return {"socket",
          "--tpm2",
          "--terminate",
          "--ctrl",
          fmt::format("type=unixio,clientfd={}", kControl),
          "--tpmstate",
          fmt::format("dir=/proc/self/fd/{},mode=0600", kDirectory),
          "--log",
          fmt::format("fd={},level=1,prefix=swtpm: ", kLog)};
}

void give(const os::Fd& directory, const char* name, const QemuUser& user) {
  struct stat info {};
  if (::fstatat(directory.get(), name, &info, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) return;
  if (info.st_uid == *user.uid && info.st_gid == *user.gid) return;
  if (::fchownat(directory.get(), name, *user.uid, *user.gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) {
    throw system_error("give the TPM its directory", errno);
  }
}

/// The directory, which belongs to whom the TPM runs as; that user may be another than at the last start.
os::Fd own_directory(const std::filesystem::path& path, const QemuUser& user) {
  os::make_directories(path);
  os::Fd directory = os::open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!user.uid || !user.gid) return directory;
  for (const auto& entry : std::filesystem::directory_iterator(path)) give(directory, entry.path().filename().c_str(), user);
  give(directory, "", user);
  return directory;
}

}  // namespace

std::string tpm_driver(const std::string& chipset) {
  if (chipset == "q35") return "tpm-crb";
  return chipset == "i440fx" ? "tpm-tis" : "tpm-tis-device";
}

std::filesystem::path tpm_directory(const hypervisor::MachineDefinition& definition) {
  return definition.state_directory / kTpmFolder;
}

std::vector<model::ExplainedStep> tpm_steps(const model::MachineSpec& spec) {
  if (!spec.tpm.enabled) return {};
  return {{"process", kTpmProgram, fmt::format("{}", fmt::join(tpm_arguments(), " ")), "spec.tpm.enabled", ""}};
}

os::Process start_tpm(const hypervisor::MachineDefinition& definition, const Plan& plan, const os::Fd& socket,
                      const QemuUser& user, const os::Process::BeforeExec& before_exec) {
  const std::filesystem::path path = tpm_directory(definition);
  const os::Fd directory = own_directory(path, user);
  os::Command command;
  command.program = plan.choices.tpm_program;
  command.arguments = tpm_arguments();
  command.output = os::open_file(definition.runtime_directory / kQemuLog, O_WRONLY | O_APPEND | O_CREAT);
  command.error = command.output.duplicate();
  command.descriptors = {{socket.get(), kControl}, {directory.get(), kDirectory}, {command.output.get(), kLog}};
  command.environment = {{"HOME", "/"}};
  command.box.landlock = true;
  command.box.readable.assign(kTpmReadable.begin(), kTpmReadable.end());
  command.box.writable = {"/dev/null", path};
  command.box.uid = user.uid;
  command.box.gid = user.gid;
  return os::Process::spawn(command, before_exec);
}

}  // namespace visor::qemu
