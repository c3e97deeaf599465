#include "visor/ssh.h"

#include <fmt/format.h>

namespace visor::cli {
namespace {

/// ssh expands %-tokens in file names (ssh_config(5), TOKENS).
std::string without_tokens(const std::string& path) {
  std::string out;
  for (const char c : path) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

}  // namespace

std::vector<std::string> ssh_arguments(const model::SshAccess& access, const SshOptions& options) {
  std::vector<std::string> words = {"ssh"};
  const auto option = [&](const std::string& text) {
    words.emplace_back("-o");
    words.push_back(text);
  };
  if (!access.identity_file.empty()) {
    words.emplace_back("-i");
    words.push_back(without_tokens(access.identity_file));
    option("IdentitiesOnly=yes");
  }
  if (!access.known_hosts_file.empty()) option(fmt::format("UserKnownHostsFile=\"{}\"", without_tokens(access.known_hosts_file)));
  // The way there is a forward on this very host; the first key seen is kept, another one is refused afterwards.
  option("StrictHostKeyChecking=accept-new");
  option("GlobalKnownHostsFile=/dev/null");
  option("LogLevel=ERROR");
  for (const std::string& extra : options.extra) option(extra);
  words.emplace_back("-p");
  words.push_back(std::to_string(access.port));
  words.emplace_back("-l");
  words.push_back(options.user.empty() ? access.user : options.user);
  if (options.terminal && !options.command.empty()) words.emplace_back("-t");
  words.emplace_back("--");
  words.push_back(access.host);
  // ssh joins the words with blanks for the guest's shell; quoting keeps each one whole. A single word is left as it is,
  // so that it may be a line of shell.
  if (options.command.size() == 1) words.push_back(options.command.front());
  if (options.command.size() > 1) words.push_back(shell_quoted(options.command));
  return words;
}

std::string shell_quoted(const std::vector<std::string>& words) {
  constexpr std::string_view kHarmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,@%+";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kHarmless) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace visor::cli
