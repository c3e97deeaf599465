#include "deploy/seed_copy.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "deploy/fat_volume.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::deploy {
namespace {

constexpr std::string_view kConfigMark = "#cloud-config\n";
constexpr Bytes kSeedLimit = 16_MiB;

Error unreadable() {
  return {ErrorKind::conflict, "seed.unreadable", "The cloud-init medium of the machine is damaged.",
          "The machine itself is well. Make a new one from its image, or restore seed.img in the machine's state directory."};
}

const std::string& content_of(const std::vector<FatFile>& files, std::string_view name) {
  static const std::string kNothing;
  const auto found = std::find_if(files.begin(), files.end(), [name](const FatFile& file) { return file.path == name; });
  return found == files.end() ? kNothing : found->content;
}

std::string unwrapped_base64(std::string_view lines) {
  std::string encoded(lines);
  std::erase(encoded, '\n');
  return text::base64_decode(encoded);
}

/// What stands behind the headers of a part.
std::string_view body_of(std::string_view part) {
  const std::size_t gap = part.find("\n\n");
  if (gap == std::string_view::npos) throw unreadable();
  return part.substr(gap + 2);
}

/// The user's own data and our configuration, from the message that cloud_init.cpp makes of both.
std::pair<std::string, std::string> split_message(std::string_view message) {
  const std::string border = fmt::format("--{}", kSeedBoundary);
  const std::size_t first = message.find("\n" + border + "\n");
  if (first == std::string_view::npos) throw unreadable();
  const std::size_t begin = first + border.size() + 2;
  const std::size_t second = message.find("\n" + border + "\n", begin);
  if (second == std::string_view::npos) throw unreadable();
  const std::string_view users = message.substr(begin, second - begin);
  const std::string_view rest = message.substr(second + border.size() + 2);
  const std::string_view ours = rest.substr(0, rest.find("\n" + border + "--"));
  // A multi-part message of the user was put in as it was; all other kinds were encoded.
  const bool encoded = users.substr(0, users.find("\n\n")).find("Content-Transfer-Encoding: base64") != std::string_view::npos &&
                       !users.starts_with("Content-Type: multipart/") && !users.starts_with("MIME-Version:");
  return {encoded ? unwrapped_base64(body_of(users)) : std::string(users), unwrapped_base64(body_of(ours))};
}

/// cloud_config() of cloud_init.cpp backwards.
void read_config(const std::string& config, SeedContent& content) {
  if (!config.starts_with(kConfigMark)) throw unreadable();
  const boost::json::value values = json::parse(std::string_view(config).substr(kConfigMark.size()));
  CloudInit& guest = content.guest;
  guest.hostname = boost::json::value_to<std::string>(values.at("hostname"));
  const boost::json::object& user = values.at("users").at(0).as_object();
  guest.user = boost::json::value_to<std::string>(user.at("name"));
  guest.ssh_keys = boost::json::value_to<std::vector<std::string>>(user.at("ssh_authorized_keys"));
  if (const auto* hash = user.if_contains("hashed_passwd")) content.password_hash = boost::json::value_to<std::string>(*hash);
  guest.renew_machine_id = values.as_object().contains("bootcmd");
}

bool has_key(std::string_view user_data, std::string_view key) {
  return user_data.starts_with(fmt::format("{}:", key)) || user_data.find(fmt::format("\n{}:", key)) != std::string_view::npos;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

SeedContent read_seed(std::string_view volume) {
  try {
    const std::vector<FatFile> files = read_fat_volume(volume);
    SeedContent content;
    const std::string& user_data = content_of(files, "user-data");
    if (user_data.starts_with(kConfigMark)) {
      read_config(user_data, content);
    } else {
      auto [users, ours] = split_message(user_data);
      content.guest.user_data = std::move(users);
      read_config(ours, content);
    }
    content.guest.instance_id = boost::json::value_to<std::string>(json::parse(content_of(files, "meta-data")).at("instance-id"));
    content.network_config = content_of(files, "network-config");
    return content;
  } catch (const Error&) {
    throw unreadable();
  } catch (const std::exception&) {  // Boost.JSON: a member that is not there, or is of another kind
    throw unreadable();
  }
}

FixedIdentity fixed_identity(const std::string& user_data) {
  return {.hostname = has_key(user_data, "hostname") || has_key(user_data, "fqdn"), .host_keys = has_key(user_data, "ssh_keys")};
}

Awaitable<FixedIdentity> copy_seed(std::filesystem::path from, std::filesystem::path to, GuestIdentity identity) {
  FixedIdentity fixed;
  const std::function<void()> work = [&] {
    SeedContent content = read_seed(os::read_file(from, kSeedLimit));
    fixed = fixed_identity(content.guest.user_data);
    content.guest.instance_id = identity.instance_id;
    content.guest.hostname = identity.hostname;
    content.guest.renew_machine_id = true;
    SeedDocuments documents = make_seed_documents(content.guest, content.password_hash);
    documents.network_config = std::move(content.network_config);
    for (const auto& [old_mac, new_mac] : identity.macs) replace_all(documents.network_config, old_mac, new_mac);
    os::replace_file(to, make_seed_volume(documents), 0600);
  };
  co_await loop::run_blocking(work);
  co_return fixed;
}

}  // namespace visor::deploy
