#include "os/user_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

namespace visor::os {
namespace {

void write_map(pid_t pid, const char* name, const std::vector<IdRange>& ranges) {
  std::string lines;
  for (const IdRange& range : ranges) lines += fmt::format("{} {} {}\n", range.inside, range.outside, range.count);
  const std::string path = fmt::format("/proc/{}/{}", pid, name);
  // The kernel takes a map in one piece, and once.
  const Fd file = open_file(path, O_WRONLY);
  if (::write(file.get(), lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
    throw system_error(fmt::format("write {}", path), errno);
  }
}

/// A process that is in the namespace until it is let go: a namespace without a process cannot be given its maps.
class Holder {
 public:
  Holder() : gate_(make_pipe()) {
    clone_args arguments{};
    arguments.flags = CLONE_NEWUSER;
    arguments.exit_signal = SIGCHLD;
    pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    if (pid_ < 0) throw system_error("make a user namespace", errno);
    if (pid_ == 0) {
      // Only system calls here: another thread may have held the allocator's lock.
      ::close(gate_.write.get());
      char word = 0;
      (void)!::read(gate_.read.get(), &word, 1);
      ::_exit(0);
    }
  }
  ~Holder() {
    gate_.write.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  pid_t pid() const { return pid_; }

 private:
  Pipe gate_;
  pid_t pid_ = -1;
};

}  // namespace

Fd make_user_namespace(const std::vector<IdRange>& users, const std::vector<IdRange>& groups) {
  const Holder holder;
  write_map(holder.pid(), "uid_map", users);
  write_map(holder.pid(), "gid_map", groups);
  return open_file(fmt::format("/proc/{}/ns/user", holder.pid()), O_RDONLY);
}

}  // namespace visor::os
