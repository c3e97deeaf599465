#include "qemu/folder_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/log.h"
#include "loop/process.h"
#include "os/file.h"
#include "os/folder_mount.h"
#include "os/user_namespace.h"
#include "qemu/process_record.h"
#include "qemu/shares.h"

namespace visor::qemu {
namespace {

/// Descriptors inside virtiofsd.
constexpr int kSocket = 3;
constexpr int kFolder = 4;

constexpr std::chrono::seconds kHelpTime{5};
/// What it makes: with the modes that the guest gives.
constexpr mode_t kNoMask = 0;

/// Users of the guest other than root: numbers that no user of a host has (systemd's UIDs and GIDs list leaves them unused).
constexpr std::uint32_t kGuestUsers = 2'000'000'000;
/// Up to "nobody", which stays what it is: everybody else.
constexpr std::uint32_t kUsers = 65534;

const std::array<const char*, 6> kServerReadable{"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom",
                                                 // How many files may be open.
                                                 "/proc/sys/fs"};

/// The folder's name for the program. The slash at the end follows the link that the descriptor's name is.
std::string folder_name() { return fmt::format("/proc/self/fd/{}/", kFolder); }

std::vector<std::string> arguments_in_c() {
  // cache=auto asks for attributes once a second: what the host changes is seen soon.
  return {fmt::format("--fd={}", kSocket), "-f", "-o",
          fmt::format("source={},sandbox=chroot,cache=auto,announce_submounts", folder_name())};
}

std::vector<std::string> arguments_in_rust(bool root, bool read_only) {
  std::vector<std::string> arguments{fmt::format("--fd={}", kSocket), "--shared-dir", folder_name(), "--cache", "auto",
                                     // Without root there is nothing to change the root with: the box alone ends at the folder.
                                     "--sandbox", root ? "chroot" : "none"};
  if (read_only && !root) arguments.emplace_back("--readonly");
  return arguments;
}

std::vector<std::string> server_arguments(const FolderServer& server, bool read_only) {
  if (server.kind == FolderServer::Kind::c) return arguments_in_c();
  return arguments_in_rust(::geteuid() == 0, read_only);
}

/// Root of the namespace is `host`, which is therefore nobody else in it.
std::vector<os::IdRange> ids(std::uint32_t host) { return {{0, host, 1}, {1, kGuestUsers + 1, kUsers - 1}}; }

os::Box make_server_box(const FolderServer& server, const ServedFolder& served, bool read_only, const QemuUser& user) {
  os::Box box;
  box.landlock = true;
  box.readable.assign(kServerReadable.begin(), kServerReadable.end());
  // Where the one in Rust looks up mounts and its own descriptors.
  if (server.kind == FolderServer::Kind::rust) box.readable.emplace_back("/proc");
  box.writable = {"/dev/null"};
  box.shared = {{.path = fmt::format("/proc/self/fd/{}", served.folder.get()), .writable = !read_only, .links = true}};
  if (!user.uid || !user.gid) return box;
  box.user_namespace = os::make_user_namespace(ids(*user.uid), ids(*user.gid));
  box.uid = 0;
  box.gid = 0;
  return box;
}

}  // namespace

FolderServer read_folder_server(std::filesystem::path program, const std::string& help) {
  FolderServer server{std::move(program), FolderServer::Kind::none, false};
  if (help.find("--shared-dir") != std::string::npos) {
    server.kind = FolderServer::Kind::rust;
    server.read_only = help.find("--readonly") != std::string::npos;
  } else if (help.find("-o source=") != std::string::npos && help.find("--fd=") != std::string::npos) {
    server.kind = FolderServer::Kind::c;
  }
  return server;
}

std::string folder_server_problem(const FolderServer& server, bool root) {
  if (server.program.empty()) {
    return "There is no virtiofsd on this host: install the package virtiofsd (`sudo apt install virtiofsd`; "
           "in Debian 12 it is in qemu-system-common).";
  }
  if (server.kind == FolderServer::Kind::none) {
    return fmt::format("{} is no virtiofsd that Visor knows: it takes neither --shared-dir nor -o source.",
                       server.program.native());
  }
  if (server.kind == FolderServer::Kind::c && !root) {
    return "The virtiofsd of this host (QEMU's own) works for root alone: share by 9p, run visord as root, "
           "or install the virtiofsd that is a program of its own.";
  }
  return "";
}

std::string no_read_only_reason(const FolderServer& server, bool root) {
  if (root || server.read_only) return "";
  return "The virtiofsd of this host cannot keep a guest from changing modes and times when visord is not root: share by 9p, or "
         "install a newer virtiofsd, which has the option --readonly.";
}

Awaitable<FolderServer> FolderServers::get() {
  const auto program = os::find_program(kFolderServerProgram);
  if (!program) co_return FolderServer{};
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(*program, error);
  if (known_.program == *program && changed_ == changed) co_return known_;
  os::Command command;
  command.program = *program;
  command.arguments = {"--help"};
  loop::CommandOptions options;
  options.timeout = kHelpTime;
  loop::CommandResult said;
  try {
    said = co_await loop::run_command(std::move(command), std::move(options));
  } catch (const Error& problem) {
    if (problem.kind() == ErrorKind::cancelled) throw;
    log::warning("{} cannot be asked: {}", program->native(), problem.what());
  }
  known_ = read_folder_server(*program, said.output + said.error);
  changed_ = changed;
  co_return known_;
}

os::Fd open_served_folder(const PlannedShare& planned, const SharePolicy& policy) {
  os::Fd folder = open_share(planned.share, policy);
  if (::geteuid() != 0) return folder;
  return os::mount_of_folder(folder, planned.share.read_only);
}

std::vector<model::ExplainedStep> folder_server_steps(const model::MachineSpec& spec, const Plan& plan) {
  std::vector<model::ExplainedStep> steps;
  for (std::size_t i = 0; i < spec.shares.size(); ++i) {
    const model::Share& share = spec.shares[i];
    if (!model::is_virtiofs(share)) continue;
    steps.push_back({"process", plan.choices.folder_server.program.native(),
                     fmt::format("{}", fmt::join(server_arguments(plan.choices.folder_server, share.read_only), " ")),
                     fmt::format("spec.shares[{}].driver", i), ""});
  }
  return steps;
}

os::Process start_folder_server(const hypervisor::MachineDefinition& definition, const Plan& plan, const ServedFolder& served,
                                const QemuUser& user, const os::Process::BeforeExec& before_exec) {
  const FolderServer& server = plan.choices.folder_server;
  const bool read_only = plan.shares[served.share].share.read_only;
  os::Command command;
  command.program = server.program;
  command.arguments = server_arguments(server, read_only);
  command.output = os::open_file(definition.runtime_directory / kQemuLog, O_WRONLY | O_APPEND | O_CREAT);
  command.error = command.output.duplicate();
  command.descriptors = {{served.socket.get(), kSocket}, {served.folder.get(), kFolder}};
  command.environment = {{"HOME", "/"}};
  command.umask = kNoMask;
  command.box = make_server_box(server, served, read_only, user);
  return os::Process::spawn(command, before_exec);
}

}  // namespace visor::qemu
