#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/id.h"
#include "base/text.h"
#include "os/file.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/guest_path.h"
#include "visor/progress.h"
#include "visor/terminal.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

namespace fs = std::filesystem;

/// A line on standard error that follows a transfer, on a terminal only.
client::TransferProgress make_progress(const Context& context) {
  if (!context.out.live() || context.out.quiet()) return {};
  return [](Bytes done, std::optional<Bytes> total) {
    std::string line = "\r\x1b[2K" + format_size(done.count);
    if (total && total->count > 0) {
      line += " " + progress_bar(static_cast<double>(done.count) / static_cast<double>(total->count), 24);
    }
    std::fputs(line.c_str(), stderr);
  };
}

void end_progress(const Context& context) {
  if (context.out.live() && !context.out.quiet()) std::fputs("\r\x1b[2K", stderr);
}

client::Source read_from(int fd) {
  return [fd](std::size_t limit) {
    std::string piece(limit, '\0');
    ssize_t got = 0;
    do {
      got = ::read(fd, piece.data(), piece.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw system_error("read", errno);
    piece.resize(static_cast<std::size_t>(got));
    return piece;
  };
}

Awaitable<> push_standard_input(Context& context, GuestPath target, std::string mode) {
  const auto all = std::make_shared<std::string>(read_standard_input(std::size_t{1} << 30U));
  const Bytes size{all->size()};
  client::Source source = [all, at = std::size_t{0}](std::size_t limit) mutable {
    std::string piece = all->substr(at, limit);
    at += piece.size();
    return piece;
  };
  co_await context.api().push(target.machine, {target.path, mode}, size, std::move(source), {});
}

Awaitable<> push_file(Context& context, std::string local, GuestPath target, std::string mode) {
  const os::Fd file = os::open_file(local, O_RDONLY);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_error("stat " + local, errno);
  if (!S_ISREG(status.st_mode)) {
    throw usage_error(fmt::format("{} is not a file; pack a directory with tar and push that.", text::printable(local)), "push");
  }
  if (target.path.ends_with('/')) target.path += fs::path(local).filename().native();
  const Bytes size{static_cast<std::uint64_t>(status.st_size)};
  co_await context.api().push(target.machine, {target.path, mode}, size, read_from(file.get()), make_progress(context));
  end_progress(context);
  context.out.say(fmt::format("{} -> {}:{} ({})", text::printable(local), target.machine, text::printable(target.path),
                              format_size(size.count)));
}

Awaitable<int> push(Context& context, const Arguments& arguments) {
  const std::string local = arguments.get("LOCAL");
  const std::string mode = arguments.get("mode");
  if (mode.find_first_not_of("01234567") != std::string::npos || mode.size() > 4) {
    throw usage_error(fmt::format("--mode must be octal like 0644, not '{}'.", text::printable(mode)), "push");
  }
  GuestPath target = parse_guest_path(arguments.get("NAME:PATH"), "push");
  if (local == "-") {
    co_await push_standard_input(context, std::move(target), mode);
  } else {
    co_await push_file(context, local, std::move(target), mode);
  }
  co_return kExitOk;
}

/// A file that appears under its name only when it is complete.
class Download {
 public:
  explicit Download(fs::path target) : target_(std::move(target)), part_(target_.native() + ".part-" + make_secret(4)) {
    file_ = os::open_file(part_, O_WRONLY | O_CREAT | O_EXCL, 0666);
  }
  ~Download() {
    if (!part_.empty()) ::unlink(part_.c_str());
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  void write(std::string_view bytes) { os::write_all(file_.get(), bytes); }
  void commit() {
    if (::rename(part_.c_str(), target_.c_str()) != 0) throw system_error("rename " + part_.native(), errno);
    part_.clear();
  }

 private:
  fs::path target_;
  fs::path part_;
  os::Fd file_;
};

Awaitable<int> pull(Context& context, const Arguments& arguments) {
  const GuestPath source = parse_guest_path(arguments.get("NAME:PATH"), "pull");
  fs::path local = arguments.get("LOCAL", ".");
  if (local == "-") {
    client::Sink sink = [](std::string_view bytes) { os::write_all(STDOUT_FILENO, bytes); };
    co_await context.api().pull(source.machine, source.path, std::move(sink), {});
    co_return kExitOk;
  }
  if (fs::is_directory(local)) local /= fs::path(source.path).filename();
  const auto download = std::make_shared<Download>(local);
  client::Sink sink = [download](std::string_view bytes) { download->write(bytes); };
  const Bytes size = co_await context.api().pull(source.machine, source.path, std::move(sink), make_progress(context));
  download->commit();
  end_progress(context);
  context.out.say(fmt::format("{}:{} -> {} ({})", source.machine, text::printable(source.path), text::printable(local.native()),
                              format_size(size.count)));
  co_return kExitOk;
}

}  // namespace

GuestPath parse_guest_path(std::string_view text, const std::string& command) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text.substr(colon + 1, 1) != "/") {
    throw usage_error(fmt::format("'{}' is not of the form NAME:/path.", text::printable(text)), command);
  }
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::vector<Command> files_commands() {
  return {
      {.name = "push",
       .group = "Enter a machine",
       .summary = "Copy a file into the guest through the guest agent.",
       .positionals = {{"LOCAL", "A file of this host; - is standard input.", Completes::files},
                       {"NAME:PATH", "Where to put it; a path that ends with / keeps the file's name.", Completes::machines}},
       .options = {{.names = "--mode",
                    .value = "MODE",
                    .help = "Permissions in the guest, like 0755 (default: what the guest agent gives)."}},
       .examples = {{"visor push notes.txt hello:/tmp/", "into a directory"},
                    {"tar c project | visor push - hello:/tmp/project.tar", "from a pipe"}},
       .run = push},
      {.name = "pull",
       .group = "Enter a machine",
       .summary = "Copy a file out of the guest through the guest agent.",
       .description = "The local file appears only when it is complete.",
       .positionals = {{"NAME:PATH", "A file of the guest.", Completes::machines},
                       {"LOCAL", "Where to put it (default: here); - is standard output.", Completes::files, false}},
       .examples = {{"visor pull hello:/var/log/syslog .", "into this directory"},
                    {"visor pull hello:/etc/os-release - | head -1", "into a pipe"}},
       .run = pull},
  };
}

}  // namespace visor::cli
