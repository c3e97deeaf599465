#include "os/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "os/file.h"
#include "os/landlock.h"
#include "os/orphans.h"

namespace visor::os {
namespace {

struct Outcome {
  ExitStatus status;
  std::string output;
};

Outcome run(Command command) {
  Pipe pipe = make_pipe();
  command.output = std::move(pipe.write);
  Process process = Process::spawn(command);
  command.output.reset();
  Outcome outcome;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe.read.get(), buffer, sizeof buffer)) > 0;)
    outcome.output.append(buffer, static_cast<std::size_t>(got));
  pollfd entry{process.pidfd(), POLLIN, 0};
  ::poll(&entry, 1, 10000);
  outcome.status = process.reap();
  return outcome;
}

Command command(std::string program, std::vector<std::string> arguments) {
  Command made;
  made.program = std::move(program);
  made.arguments = std::move(arguments);
  return made;
}

TEST(Process, ArgumentsArriveAsTheyWereGiven) {
  const Outcome outcome = run(command("printf", {"%s|", "a b", "$(id)", "-x", "'\"", "\n"}));
  EXPECT_TRUE(outcome.status.success());
  EXPECT_EQ(outcome.output, "a b|$(id)|-x|'\"|\n|");
}

TEST(Process, AMissingProgramIsAnErrorAtOnce) {
  EXPECT_THROW(Process::spawn(command("no-such-program-here", {})), Error);
  EXPECT_THROW(Process::spawn(command("/nonexistent/program", {})), Error);
}

/// What the program `made` writes when `before_exec` is run before it; the other process that starts it ends as it likes.
std::string output_when_started_by_another(const Process::BeforeExec& before_exec) {
  Pipe pipe = make_pipe();
  const pid_t starter = ::fork();
  if (starter == 0) {
    Command made = command("echo", {"ran"});
    made.output = std::move(pipe.write);
    pipe.read.reset();
    Process::spawn(made, before_exec);
    ::_exit(0);
  }
  pipe.write.reset();
  std::string output;
  char buffer[64];
  // Ends when nobody can write any more: the starter and what it has forked are gone.
  for (ssize_t got = 0; (got = ::read(pipe.read.get(), buffer, sizeof buffer)) > 0;)
    output.append(buffer, static_cast<std::size_t>(got));
  ::waitpid(starter, nullptr, 0);
  return output;
}

TEST(Process, NoProgramRunsWhenTheDaemonDiesBeforeItHasNotedIt) {
  EXPECT_EQ(output_when_started_by_another([](const Process&) { ::kill(::getpid(), SIGKILL); }), "");
  EXPECT_EQ(output_when_started_by_another([](const Process&) {}), "ran\n");
}

TEST(Process, NoProgramRunsWhenItCannotBeNoted) {
  const auto full = [](const Process&) { throw Error(ErrorKind::unavailable, "disk.full", "The disk is full."); };
  EXPECT_THROW(Process::spawn(command("true", {}), full), Error);
}

TEST(Process, NoDescriptorLeaksIntoAChild) {
  const Fd secret = open_file("/etc/hostname", O_RDONLY);
  const Outcome outcome = run(command("ls", {"/proc/self/fd"}));
  // 0, 1, 2 and the one that ls opens for the listing itself.
  EXPECT_EQ(outcome.output, "0\n1\n2\n3\n");
}

TEST(Process, GivenDescriptorsArriveAtTheirNumbers) {
  Pipe pipe = make_pipe();
  write_all(pipe.write.get(), "through");
  pipe.write.reset();
  Command cat = command("cat", {"/proc/self/fd/7"});
  cat.descriptors = {{pipe.read.get(), 7}};
  EXPECT_EQ(run(std::move(cat)).output, "through");
}

TEST(Process, ASignalCannotHitAProcessThatGotTheSameNumber) {
  Process process = Process::spawn(command("sleep", {"60"}));
  EXPECT_FALSE(Process::attach(process.pid(), process.start_time() + 1).has_value());
  EXPECT_TRUE(Process::attach(process.pid(), process.start_time()).has_value());
  process.signal(SIGKILL);
  EXPECT_EQ(process.reap().signal, SIGKILL);
  process.signal(SIGKILL);
  EXPECT_FALSE(process.running());
}

TEST(Process, TheBoxLimitsMemoryAndTime) {
  Command greedy = command("sh", {"-c", "ulimit -v; ulimit -t; ulimit -c"});
  greedy.box.address_space = Bytes{1ULL << 30U};
  greedy.box.cpu_time = std::chrono::seconds(5);
  EXPECT_EQ(run(std::move(greedy)).output, "1048576\n5\n0\n");
}

TEST(Process, LandlockKeepsABoxedProgramAwayFromOtherFiles) {
  if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  Command cat = command("cat", {"/etc/hostname"});
  cat.box.landlock = true;
  cat.box.readable = {"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/dev/null"};
  EXPECT_FALSE(run(std::move(cat)).status.success());
  Command allowed = command("cat", {"/etc/hostname"});
  allowed.box.landlock = true;
  allowed.box.readable = {"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/hostname"};
  EXPECT_TRUE(run(std::move(allowed)).status.success());
}

TEST(Orphans, HelpersOfADeadDaemonAreEndedAndOthersAreNot) {
  Command mine = command("sleep", {"60"});
  mine.environment.insert(helper_mark());
  Process kept = Process::spawn(mine);
  Command of_dead = command("sleep", {"60"});
  const std::string mark = helper_mark().second;
  of_dead.environment["VISOR_HELPER"] = mark.substr(0, mark.rfind(':')) + ":1";
  Process orphan = Process::spawn(of_dead);
  // Not how many: the test beside this one may have ended it already.
  end_orphaned_helpers();
  EXPECT_EQ(orphan.reap().signal, SIGKILL);
  EXPECT_TRUE(kept.running());
  kept.signal(SIGKILL);
  kept.reap();
}

TEST(Orphans, BuildOfAVisordInAContainerIsNotEndedByTheHosts) {
  Command of_container = command("sleep", {"60"});
  // Its visord has a number there that nobody has here.
  of_container.environment["VISOR_HELPER"] = "1:" + std::to_string(::getpid()) + ":1";
  Process stranger = Process::spawn(of_container);
  end_orphaned_helpers();
  EXPECT_TRUE(stranger.running());
  stranger.signal(SIGKILL);
  stranger.reap();
}

TEST(File, ModesAreExactWhateverTheUmaskOfTheDaemon) {
  const mode_t before = ::umask(0077);
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("visor-mode-test-" + std::to_string(::getpid()));
  make_directories(directory / "etc", 0755);
  replace_file(directory / "etc" / "f", "x", 0644);
  ::umask(before);
  EXPECT_EQ(static_cast<int>(std::filesystem::status(directory / "etc").permissions()), 0755);
  EXPECT_EQ(static_cast<int>(std::filesystem::status(directory / "etc" / "f").permissions()), 0644);
  Command masked = command("sh", {"-c", "umask"});
  EXPECT_EQ(run(std::move(masked)).output, "0077\n");
  Command open = command("sh", {"-c", "umask"});
  open.umask = 0022;
  EXPECT_EQ(run(std::move(open)).output, "0022\n");
  remove_tree(directory);
}

TEST(File, AReplacedFileIsWholeAndPrivate) {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("visor-file-test-" + std::to_string(::getpid()));
  make_directories(directory / "a" / "b");
  const std::filesystem::path file = directory / "a" / "b" / "f";
  replace_file(file, "one");
  replace_file(file, "two");
  EXPECT_EQ(read_file(file), "two");
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1);
  EXPECT_EQ(read_tail(file, Bytes{1}), "o");
  EXPECT_THROW(read_file(file, Bytes{2}), Error);
  EXPECT_TRUE(FileLock::try_acquire(directory / "lock").has_value());
  const auto held = FileLock::try_acquire(directory / "lock");
  EXPECT_FALSE(FileLock::try_acquire(directory / "lock").has_value());
  remove_tree(directory);
  remove_tree(directory);
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace visor::os
