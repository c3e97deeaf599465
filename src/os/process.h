// The one process launcher. Programs are started with an argument list, never through a shell.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "os/fd.h"
#include "os/landlock.h"

namespace visor::os {

/// Limits and walls around a program. Everything is off unless set.
struct Box {
  std::optional<Bytes> address_space;            ///< RLIMIT_AS
  std::optional<std::chrono::seconds> cpu_time;  ///< RLIMIT_CPU
  bool lock_memory = false;                      ///< RLIMIT_MEMLOCK: as much as the host allows
  std::optional<Bytes> file_size;                ///< RLIMIT_FSIZE
  bool no_new_privileges = true;                 ///< prctl(2) PR_SET_NO_NEW_PRIVS
  bool landlock = false;                         ///< Landlock (landlock(7)): only the paths below, where the kernel has it
  std::vector<std::filesystem::path> readable;   ///< may be read and executed, whole trees
  std::vector<std::filesystem::path> writable;   ///< may also be written, created and deleted, whole trees
  std::vector<SharedFolder> shared;              ///< whose files may be seen, perhaps changed, and no more
  std::optional<uid_t> uid;                      ///< becomes this user (visord runs as root); supplementary groups are dropped
  std::optional<gid_t> gid;
  Fd user_namespace;  ///< is entered first (make_user_namespace()): uid and gid are numbers of it; none: the host's
};

/// What to start and with which surroundings.
struct Command {
  std::filesystem::path program;                   ///< absolute, or found by PATH when it has no slash
  std::vector<std::string> arguments;              ///< without argv[0]
  std::map<std::string, std::string> environment;  ///< added to a minimal one (PATH, HOME, LANG=C.UTF-8)
  bool inherit_environment = false;                ///< start from visord's own environment (apt's proxies and certificates)
  std::filesystem::path directory;                 ///< working directory; empty: /
  Fd input;                                        ///< standard input; none: /dev/null
  Fd output;                                       ///< standard output; none: /dev/null
  Fd error;                                        ///< standard error; none: /dev/null
  std::vector<std::pair<int, int>> descriptors;    ///< {ours, theirs}: further descriptors the program gets; ours stay open here
  mode_t umask = 0077;                             ///< of the program: what it makes is private unless this says otherwise
  Fd cgroup;                                       ///< directory of the control group to be born in (clone(2)); none: ours
  bool own_session = true;                         ///< setsid(2): a session and process group of its own, so it outlives visord
  Box box;
};

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< exit code when `signal` is 0
  int signal = 0;  ///< the signal that killed it, or 0

  bool success() const noexcept { return code == 0 && signal == 0; }
  /// "exit code 1" or "killed by signal 9".
  std::string text() const;
};

/// A process known by pidfd, so that a signal can never hit another one that got its number.
class Process {
 public:
  /// Told of a process that exists but is not yet the program.
  using BeforeExec = std::function<void(const Process&)>;

  Process() = default;
  /// Starts `command`. Errors of the child before exec (no such program, no permission, Landlock) are thrown here as Error.
  /// The program runs only after `before_exec` has returned: what that writes down is never missing for a program that runs,
  /// however this process ends. Nothing runs when it throws.
  static Process spawn(const Command& command, const BeforeExec& before_exec = nullptr);
  /// Takes hold of a running process that may be a stranger's child: `start_time` (clock ticks, field 22 of
  /// /proc/PID/stat) guards against reuse of the number. Nothing when it is gone.
  static std::optional<Process> attach(pid_t pid, std::uint64_t start_time);

  pid_t pid() const noexcept { return pid_; }
  /// Field 22 of /proc/PID/stat at the time of spawn.
  std::uint64_t start_time() const noexcept { return start_time_; }
  /// Readable when the process has ended (pidfd_open(2)); owned by this object.
  int pidfd() const noexcept { return pidfd_.get(); }
  /// A second pidfd for a watcher that closes it itself. Throws Error when there is no process.
  Fd duplicate_pidfd() const { return pidfd_.duplicate(); }
  /// Sends a signal. Nothing happens when it has ended already.
  void signal(int number) const noexcept;
  /// Sends a signal to its process group; only for processes started with own_session.
  void signal_group(int number) const noexcept;
  bool running() const noexcept;
  /// Waits until it has ended and collects its status. Exit code 0 and signal 0 when it was not our child.
  ExitStatus reap() noexcept;

 private:
  pid_t pid_ = -1;
  std::uint64_t start_time_ = 0;
  Fd pidfd_;
};

/// Field 22 of /proc/PID/stat, or nothing when there is no such process.
std::optional<std::uint64_t> process_start_time(pid_t pid);
/// Where PATH finds a program, if anywhere (also looks into /usr/sbin and /sbin).
std::optional<std::filesystem::path> find_program(const std::string& name);

/// A pipe, both ends close-on-exec.
struct Pipe {
  Fd read;
  Fd write;
};
Pipe make_pipe();

}  // namespace visor::os
