#include "os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "os/landlock.h"

extern char** environ;  // NOLINT: the C library's name

namespace visor::os {
namespace {

constexpr unsigned kCloseRangeCloexec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC (close_range(2), Linux 5.11)

/// What the child reports through the status pipe when it cannot become the program.
struct ChildFailure {
  int error_number;
  std::array<char, 24> step;
};

/// Everything the child needs, made before the fork: after it only system calls are allowed, because another thread may
/// hold the allocator's lock at that moment (signal-safety(7)).
struct Prepared {
  std::string program;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string directory;
  std::vector<std::pair<int, int>> descriptors;
  Fd ruleset;
  Fd user_namespace;
  Pipe gate;  ///< the child waits for a byte from it before exec; closed: it does not wait
  const Box* box = nullptr;
  mode_t umask = 0077;
  bool own_session = true;
};

[[noreturn]] void fail_child(int status_pipe, const char* step) {
  ChildFailure failure{errno, {}};
  std::strncpy(failure.step.data(), step, failure.step.size() - 1);
  (void)!::write(status_pipe, &failure, sizeof failure);
  ::_exit(127);
}

void limit(int status_pipe, __rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) != 0) fail_child(status_pipe, "setrlimit");
}

void allow_locked_memory(int status_pipe) {
  rlimit both{};
  if (::getrlimit(RLIMIT_MEMLOCK, &both) != 0) fail_child(status_pipe, "getrlimit");
  limit(status_pipe, RLIMIT_MEMLOCK, both.rlim_max);
}

void enter_box(int status_pipe, const Prepared& prepared) {
  const Box& box = *prepared.box;
  limit(status_pipe, RLIMIT_CORE, 0);
  if (box.address_space) limit(status_pipe, RLIMIT_AS, box.address_space->count);
  if (box.cpu_time) limit(status_pipe, RLIMIT_CPU, static_cast<rlim_t>(box.cpu_time->count()));
  if (box.file_size) limit(status_pipe, RLIMIT_FSIZE, box.file_size->count);
  if (box.lock_memory) allow_locked_memory(status_pipe);
  if (prepared.user_namespace && ::setns(prepared.user_namespace.get(), CLONE_NEWUSER) != 0) {
    fail_child(status_pipe, "enter a namespace");
  }
  if ((box.uid || box.gid) && ::setgroups(0, nullptr) != 0) fail_child(status_pipe, "setgroups");
  if (box.gid && ::setresgid(*box.gid, *box.gid, *box.gid) != 0) fail_child(status_pipe, "setresgid");
  if (box.uid && ::setresuid(*box.uid, *box.uid, *box.uid) != 0) fail_child(status_pipe, "setresuid");
  if (box.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail_child(status_pipe, "no_new_privs");
  if (prepared.ruleset && ::syscall(SYS_landlock_restrict_self, prepared.ruleset.get(), 0) != 0) {
    fail_child(status_pipe, "landlock_restrict_self");
  }
}

/// Puts the descriptors in place. First all go above every wanted number, so that none overwrites a source of another.
void place_descriptors(int status_pipe, std::vector<std::pair<int, int>>& descriptors) {
  int high = 64;
  for (const auto& [ours, theirs] : descriptors) high = std::max(high, theirs + 1);
  for (auto& [ours, theirs] : descriptors) {
    ours = ::fcntl(ours, F_DUPFD_CLOEXEC, high);
    if (ours < 0) fail_child(status_pipe, "F_DUPFD");
  }
  for (const auto& [ours, theirs] : descriptors) {
    if (::dup2(ours, theirs) < 0) fail_child(status_pipe, "dup2");
  }
}

/// Moves a descriptor above those that place_descriptors() fills.
void keep(int status_pipe, Fd& descriptor, int above) {
  if (!descriptor) return;
  descriptor = Fd(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, above));
  if (!descriptor) fail_child(status_pipe, "F_DUPFD");
}

/// Waits for the parent's word; without it, because the parent has ended, there is no program.
void wait_at(const Pipe& gate) {
  if (!gate.read) return;
  char word = 0;
  ssize_t got = 0;
  do {
    got = ::read(gate.read.get(), &word, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(127);
}

[[noreturn]] void run_child(int status_pipe, Prepared& prepared) {
  // The status pipe must survive place_descriptors().
  const int status = ::fcntl(status_pipe, F_DUPFD_CLOEXEC, 900);
  if (status >= 0) status_pipe = status;
  // So must these.
  keep(status_pipe, prepared.ruleset, 901);
  keep(status_pipe, prepared.gate.read, 902);
  keep(status_pipe, prepared.user_namespace, 903);
  // The parent's end alone must hold the gate open.
  prepared.gate.write.reset();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (prepared.own_session && ::setsid() < 0) fail_child(status_pipe, "setsid");
  // visord may itself have been started with open descriptors that are not close-on-exec.
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseRangeCloexec) != 0) fail_child(status_pipe, "close_range");
  place_descriptors(status_pipe, prepared.descriptors);
  if (::chdir(prepared.directory.c_str()) != 0) fail_child(status_pipe, "chdir");
  ::umask(prepared.umask);
  enter_box(status_pipe, prepared);
  wait_at(prepared.gate);
  ::execve(prepared.program.c_str(), prepared.argv.data(), prepared.envp.data());
  fail_child(status_pipe, "execve");
}

std::vector<std::string> make_environment(const Command& command) {
  std::map<std::string, std::string> variables;
  const auto keep = [&](const char* name, const char* fallback) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    if (value != nullptr || fallback != nullptr) variables[name] = value != nullptr ? value : fallback;
  };
  if (command.inherit_environment) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      const std::size_t equals = text.find('=');
      if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  keep("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  keep("HOME", "/");
  variables["LANG"] = "C.UTF-8";
  for (const auto& [name, value] : command.environment) variables[name] = value;
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

std::string resolve_program(const Command& command) {
  if (command.program.native().find('/') != std::string::npos) return command.program.native();
  const auto found = find_program(command.program.native());
  if (!found) {
    throw Error(ErrorKind::unsupported, "host.program_missing",
                fmt::format("The program '{}' is not installed.", command.program.native()),
                "Install the package that contains it; `visor doctor` lists what is missing.");
  }
  return found->native();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (std::string& entry : strings) list.push_back(entry.data());
  list.push_back(nullptr);
  return list;
}

/// fork(2), into a control group when one is given: born there, the process need not be moved, which keeps the whole host waiting
/// for milliseconds (cgroup-v2.rst, "favordynmods").
pid_t fork_into(const Fd& cgroup) {
  if (!cgroup) return ::fork();
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(cgroup.get());
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

/// Lets the child become the program after `before_exec`. Both ends of the gate are open here, so a child that has failed
/// already is no SIGPIPE.
void open_gate(Process& child, Pipe& gate, const Process::BeforeExec& before_exec) {
  try {
    before_exec(child);
  } catch (...) {
    gate.write.reset();
    child.signal(SIGKILL);
    ::waitpid(child.pid(), nullptr, 0);
    throw;
  }
  (void)!::write(gate.write.get(), "", 1);
}

Error child_error(const Command& command, const ChildFailure& failure) {
  return system_error(fmt::format("start {} ({})", command.program.native(), failure.step.data()), failure.error_number);
}

}  // namespace

std::string ExitStatus::text() const {
  return signal != 0 ? fmt::format("killed by signal {}", signal) : fmt::format("exit code {}", code);
}

Process Process::spawn(const Command& command, const BeforeExec& before_exec) {
  Prepared prepared;
  prepared.program = resolve_program(command);
  std::vector<std::string> arguments{prepared.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = make_environment(command);
  prepared.argv = pointers(arguments);
  prepared.envp = pointers(environment);
  prepared.directory = command.directory.empty() ? "/" : command.directory.native();
  prepared.box = &command.box;
  prepared.own_session = command.own_session;
  prepared.umask = command.umask;
  if (command.box.user_namespace) prepared.user_namespace = command.box.user_namespace.duplicate();
  const Fd null = open_file("/dev/null", O_RDWR);
  const auto or_null = [&](const Fd& fd) { return fd ? fd.get() : null.get(); };
  prepared.descriptors = {{or_null(command.input), 0}, {or_null(command.output), 1}, {or_null(command.error), 2}};
  prepared.descriptors.insert(prepared.descriptors.end(), command.descriptors.begin(), command.descriptors.end());
  if (command.box.landlock)
    prepared.ruleset = make_landlock_ruleset(command.box.readable, command.box.writable, command.box.shared);

  Pipe status = make_pipe();
  if (before_exec) prepared.gate = make_pipe();
  const pid_t pid = fork_into(command.cgroup);
  if (pid < 0) throw system_error("fork", errno);
  if (pid == 0) run_child(status.write.get(), prepared);

  status.write.reset();
  Process process;
  process.pid_ = pid;
  process.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  process.start_time_ = process_start_time(pid).value_or(0);
  if (before_exec) open_gate(process, prepared.gate, before_exec);
  ChildFailure failure{};
  ssize_t got = 0;
  do {
    got = ::read(status.read.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof failure) {
    ::waitpid(pid, nullptr, 0);
    throw child_error(command, failure);
  }
  if (!process.pidfd_) throw system_error("pidfd_open", errno);
  return process;
}

std::optional<Process> Process::attach(pid_t pid, std::uint64_t start_time) {
  Process process;
  process.pid_ = pid;
  process.start_time_ = start_time;
  process.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // The start time is read after the pidfd is open: from then on the number cannot move to another process unseen.
  if (!process.pidfd_ || process_start_time(pid) != start_time || !process.running()) return std::nullopt;
  return process;
}

void Process::signal(int number) const noexcept {
  if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

void Process::signal_group(int number) const noexcept {
  // The leader is not reaped before this object says so, hence the group's number cannot have been reused.
  if (pid_ > 1) ::kill(-pid_, number);
}

bool Process::running() const noexcept {
  if (!pidfd_) return false;
  pollfd entry{pidfd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

ExitStatus Process::reap() noexcept {
  if (!pidfd_) return {};
  // waitid() does not wait on a pidfd that is non-blocking, and a watched one is: it shares its flags with the watcher's duplicate.
  pollfd entry{pidfd_.get(), POLLIN, 0};
  while (::poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) != 0) return {};
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {0, info.si_status};
}

std::optional<std::uint64_t> process_start_time(pid_t pid) {
  const auto stat = read_file_if_any(fmt::format("/proc/{}/stat", pid));
  if (!stat) return std::nullopt;
  // The command name in parentheses may itself contain spaces and parentheses; the last one ends it (proc(5)).
  const std::size_t end = stat->rfind(')');
  if (end == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields = text::split(std::string_view(*stat).substr(end + 2), ' ');
  if (fields.size() < 20) return std::nullopt;
  std::uint64_t value = 0;
  const std::string& field = fields[19];
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  std::vector<std::string> folders = text::split(path != nullptr ? path : "/usr/bin:/bin", ':');
  folders.insert(folders.end(), {"/usr/sbin", "/sbin", "/usr/lib/qemu", "/usr/libexec"});
  for (const std::string& folder : folders) {
    const std::filesystem::path candidate = std::filesystem::path(folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate)) return candidate;
  }
  return std::nullopt;
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace visor::os
