#include "visor/create_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "visor/exit_code.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

constexpr std::size_t kLargestUserData = std::size_t{1} << 20U;

std::uint16_t parse_port(std::string_view text, std::string_view whole) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw usage_error(
        fmt::format("'{}' in the forward '{}' is not a port (0 to 65535).", text::printable(text), text::printable(whole)),
        "create");
  }
  return port;
}

Bytes parse_size(const Arguments& arguments, const std::string& option) {
  try {
    return parse_bytes(arguments.get(option));
  } catch (const Error& error) {
    throw usage_error(fmt::format("--{}: {}", option, error.what()), "create");
  }
}

std::int64_t parse_count(const std::string& text, const std::string& option) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    throw usage_error(fmt::format("--{} must be a whole number, not '{}'.", option, text::printable(text)), "create");
  }
  return count;
}

boost::json::object make_spec(const Arguments& arguments) {
  boost::json::object spec;
  if (arguments.has("arch")) spec["arch"] = arguments.get("arch");
  if (arguments.has("firmware")) spec["firmware"] = arguments.get("firmware");
  if (arguments.has("cpus")) spec["cpu"] = {{"count", parse_count(arguments.get("cpus"), "cpus")}};
  if (arguments.has("memory")) spec["memory"] = {{"size", parse_size(arguments, "memory").count}};
  boost::json::object boot;
  if (arguments.has("kernel")) boot["kernel"] = absolute_path(arguments.get("kernel"));
  if (arguments.has("initrd")) boot["initrd"] = absolute_path(arguments.get("initrd"));
  if (arguments.has("cmdline")) boot["cmdline"] = arguments.get("cmdline");
  if (!boot.empty()) spec["boot"] = std::move(boot);
  return spec;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

model::PortForward parse_forward(std::string_view text) {
  model::PortForward forward;
  std::vector<std::string> parts = text::split(text, ':');
  if (parts.front() == "tcp" || parts.front() == "udp") {
    forward.protocol = *json::enum_from_name<model::Protocol>(parts.front());
    parts.erase(parts.begin());
  }
  if (parts.size() < 2 || parts.size() > 3) {
    throw usage_error(fmt::format("'{}' is not a forward like 8080:80 or tcp:127.0.0.1:8080:80.", text::printable(text)),
                      "create");
  }
  if (parts.size() == 3) {
    if (!parts.front().empty()) forward.host_address = parts.front();
    parts.erase(parts.begin());
  }
  forward.host_port = parse_port(parts[0], text);
  forward.guest_port = parse_port(parts[1], text);
  return forward;
}

std::string read_ssh_key(const std::string& text_or_file) {
  const auto looks_like_key = [](std::string_view text) {
    return text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-");
  };
  if (looks_like_key(text_or_file) && text_or_file.find(' ') != std::string::npos) return text_or_file;
  const std::string content = os::read_file(text_or_file, Bytes{65536});
  if (content.find("PRIVATE KEY") != std::string::npos) {
    throw usage_error(fmt::format("{} is a private key; give the public one, {}.pub.", text::printable(text_or_file),
                                  text::printable(text_or_file)),
                      "create");
  }
  std::string key(text::trim(first_line(content)));
  if (!looks_like_key(key))
    throw usage_error(fmt::format("{} holds no SSH public key.", text::printable(text_or_file)), "create");
  return key;
}

std::string absolute_path(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().native(); }

std::string name_from_image(std::string_view image) {
  std::string name;
  for (const char c : image) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.resize(std::min<std::size_t>(name.size(), 50));
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "machine" : name;
}

model::CreateRequest make_request(const Arguments& arguments) {
  model::CreateRequest request;
  request.name = arguments.get("NAME");
  request.description = arguments.get("description");
  request.tags = arguments.all("tag");
  request.group = arguments.get("group");
  request.image = arguments.get("image");
  if (arguments.has("iso")) request.iso = absolute_path(arguments.get("iso"));
  if (arguments.has("disk")) request.disk_size = parse_size(arguments, "disk");
  if (arguments.has("user")) request.user = arguments.get("user");
  for (const std::string& key : arguments.all("ssh-key")) request.ssh_keys.push_back(read_ssh_key(key));
  if (arguments.has("password-stdin")) {
    request.password = first_line(read_standard_input(4096));
    if (request.password.empty()) throw usage_error("--password-stdin: standard input holds no password.", "create");
  }
  if (arguments.has("user-data")) {
    if (arguments.has("password-stdin") && arguments.get("user-data") == "-") {
      throw usage_error("--password-stdin and --user-data - cannot both read standard input.", "create");
    }
    request.user_data = read_input_file(arguments.get("user-data"), kLargestUserData);
  }
  boost::json::object spec = make_spec(arguments);
  if (!spec.empty()) request.spec = std::move(spec);
  return request;
}

}  // namespace visor::cli
