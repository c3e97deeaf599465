#include "deploy/cloud_init.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "deploy/fat_volume.h"
#include "deploy/password.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::deploy {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::size_t kUserDataLimit = std::size_t{512} << 10U;
/// Once per instance. Without systemd there is no machine id to care for. D-Bus may have a copy of its own.
constexpr std::string_view kRenewMachineId =
    "command -v systemd-machine-id-setup >/dev/null || exit 0; rm -f /etc/machine-id; "
    "[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id; systemd-machine-id-setup";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && is_lower_or_digit(name.front()) && is_lower_or_digit(name.back()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && name != "root" &&
         ((name.front() >= 'a' && name.front() <= 'z') || name.front() == '_') &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || c == '-' || c == '_'; });
}

bool is_ssh_key(std::string_view key) {
  static constexpr std::array<std::string_view, 5> kKinds{"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp",
                                                          "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"};
  const bool known = std::any_of(kKinds.begin(), kKinds.end(), [&](std::string_view kind) { return key.starts_with(kind); });
  const bool one_line = std::none_of(key.begin(), key.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  return known && one_line && key.find(' ') != std::string_view::npos && key.size() <= 16384;
}

/// The MIME type of a piece of user data, told from its first line as cloud-init does; empty when it is none that we pass on.
std::string_view mime_type(std::string_view user_data) {
  if (user_data.starts_with("#cloud-config")) return "text/cloud-config";
  if (user_data.starts_with("#!")) return "text/x-shellscript";
  if (user_data.starts_with("#cloud-boothook")) return "text/cloud-boothook";
  if (user_data.starts_with("#include")) return "text/x-include-url";
  if (user_data.starts_with("## template: jinja")) return "text/jinja2";
  if (user_data.starts_with("Content-Type: multipart/") || user_data.starts_with("MIME-Version:")) return "multipart/mixed";
  return {};
}

std::string cloud_config(const CloudInit& guest, const std::string& password_hash) {
  object user{
      {"name", guest.user}, {"shell", "/bin/bash"}, {"sudo", "ALL=(ALL) NOPASSWD:ALL"}, {"lock_passwd", password_hash.empty()}};
  if (!password_hash.empty()) user["hashed_passwd"] = password_hash;
  user["ssh_authorized_keys"] = json::to_json(guest.ssh_keys);
  object config{{"hostname", guest.hostname}, {"manage_etc_hosts", "localhost"}};
  config["users"] = array{std::move(user)};
  if (guest.renew_machine_id) {
    array commands;
    commands.push_back(array{"cloud-init-per", "instance", "visor-machine-id", "sh", "-c", kRenewMachineId});
    config["bootcmd"] = std::move(commands);
  }
  return "#cloud-config\n" + boost::json::serialize(config) + "\n";
}

std::string wrapped_base64(std::string_view bytes) {
  const std::string encoded = text::base64_encode(bytes);
  std::string lines;
  for (std::size_t at = 0; at < encoded.size(); at += 76) lines += encoded.substr(at, 76) + "\n";
  return lines;
}

std::string mime_part(std::string_view type, std::string_view content, std::string_view merge) {
  std::string headers =
      fmt::format("Content-Type: {}; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n", type);
  if (!merge.empty()) headers += fmt::format("Merge-Type: {}\n", merge);
  return fmt::format("--{}\n{}\n{}", kSeedBoundary, headers, wrapped_base64(content));
}

std::string user_data(const CloudInit& guest, const std::string& password_hash) {
  std::string own = cloud_config(guest, password_hash);
  if (guest.user_data.empty()) return own;
  const std::string_view type = mime_type(guest.user_data);
  std::string message = fmt::format("Content-Type: multipart/mixed; boundary=\"{}\"\nMIME-Version: 1.0\n\n", kSeedBoundary);
  if (type == "multipart/mixed") {
    // It brings its own headers: a multi-part message is a valid part of another one.
    message += fmt::format("--{}\n{}\n", kSeedBoundary, guest.user_data);
  } else {
    message += mime_part(type, guest.user_data, {});
  }
  // A later part is merged into the earlier ones. cloud-init joins lists only where it does not replace, so ours comes last:
  // what is there stays, and our user stands in front of the others.
  message += mime_part("text/cloud-config", own, "list(prepend)+dict(no_replace,recurse_list,recurse_dict)+str()");
  return message + fmt::format("--{}--\n", kSeedBoundary);
}

object interface_config(const GuestNic& nic) {
  object config{{"match", object{{"macaddress", nic.mac}}}, {"set-name", nic.name}, {"dhcp4", nic.dhcp}};
  if (!nic.addresses.empty()) config["addresses"] = json::to_json(nic.addresses);
  if (!nic.gateway.empty()) {
    const bool six = nic.gateway.find(':') != std::string::npos;
    config["routes"] = array{object{{"to", six ? "::/0" : "0.0.0.0/0"}, {"via", nic.gateway}}};
  }
  if (!nic.name_servers.empty()) config["nameservers"] = object{{"addresses", json::to_json(nic.name_servers)}};
  return config;
}

std::string network_config(const CloudInit& guest) {
  if (guest.nics.empty()) return {};
  object ethernets;
  for (const GuestNic& nic : guest.nics) ethernets[nic.name] = interface_config(nic);
  return boost::json::serialize(object{{"version", 2}, {"ethernets", std::move(ethernets)}}) + "\n";
}

void validate_user_data(const CloudInit& guest, Validation& validation) {
  const std::string& data = guest.user_data;
  if (data.empty()) return;
  if (data.size() > kUserDataLimit) {
    validation.refuse("userData", "too_large", fmt::format("User data may have {}.", format_bytes({kUserDataLimit})));
  }
  if (!text::is_utf8(data) || data.find('\0') != std::string::npos) {
    validation.refuse("userData", "invalid", "User data must be UTF-8 text.");
  }
  if (mime_type(data).empty()) {
    validation.refuse("userData", "unknown_kind",
                      "User data must begin with '#cloud-config', '#!' or 'Content-Type: multipart/mixed'.");
  }
  if (data.find(kSeedBoundary) != std::string::npos)
    validation.refuse("userData", "invalid", "User data contains a reserved line.");
}

}  // namespace

void validate(const CloudInit& guest) {
  Validation validation;
  if (guest.instance_id.empty()) validation.refuse("instanceId", "required", "An instance id is needed.");
  if (!is_host_name(guest.hostname)) {
    validation.refuse("name", "invalid", fmt::format("'{}' is not a host name.", text::printable(guest.hostname)));
  }
  if (!is_user_name(guest.user)) {
    validation.refuse(
        "user", "invalid",
        fmt::format("'{}' cannot be the user: 1 to 32 of a-z, 0-9, '_' and '-', not 'root'.", text::printable(guest.user)));
  }
  for (std::size_t i = 0; i < guest.ssh_keys.size(); ++i) {
    if (is_ssh_key(guest.ssh_keys[i])) continue;
    validation.refuse(fmt::format("sshKeys[{}]", i), "invalid",
                      "This is not a public SSH key in one line ('ssh-ed25519 AAAA... name').");
  }
  if (guest.password.find('\0') != std::string::npos || guest.password.size() > 256) {
    validation.refuse("password", "invalid", "A password has at most 256 bytes.");
  }
  validate_user_data(guest, validation);
  validation.throw_if_failed("cloud_init.invalid");
}

SeedDocuments make_seed_documents(const CloudInit& guest, const std::string& password_hash) {
  SeedDocuments documents;
  documents.user_data = user_data(guest, password_hash);
  documents.meta_data =
      boost::json::serialize(object{{"instance-id", guest.instance_id}, {"local-hostname", guest.hostname}}) + "\n";
  documents.network_config = network_config(guest);
  return documents;
}

std::string make_seed_volume(const SeedDocuments& documents) {
  FatVolume volume{.label = "CIDATA", .id = 0x5EED0001, .size = 4_MiB, .files = {}};
  volume.files = {{"user-data", documents.user_data}, {"meta-data", documents.meta_data}};
  if (!documents.network_config.empty()) volume.files.push_back({"network-config", documents.network_config});
  std::string bytes(volume.size.count, '\0');
  for (const FatPiece& piece : make_fat_volume(volume)) bytes.replace(piece.offset, piece.bytes.size(), piece.bytes);
  return bytes;
}

Awaitable<> write_seed(CloudInit guest, std::filesystem::path path) {
  validate(guest);
  const std::function<void()> work = [&guest, &path] {
    const std::string hash = guest.password.empty() ? std::string() : hash_password(guest.password);
    os::replace_file(path, make_seed_volume(make_seed_documents(guest, hash)), 0600);
  };
  co_await loop::run_blocking(work);
}

}  // namespace visor::deploy
