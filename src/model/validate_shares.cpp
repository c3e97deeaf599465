#include "model/validate_shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "model/settings.h"

namespace visor::model {
namespace {

constexpr std::size_t kMostShares = 8;
/// What 9p carries (qemu hw/9pfs/9p.h, MAX_TAG_LEN).
constexpr std::size_t kLongestTag = 31;
constexpr std::size_t kLongestPath = 4000;

/// A word that can be pasted into a mount command and into /etc/fstab as it is.
bool good_tag(const std::string& tag) {
  const bool length = !tag.empty() && tag.size() <= kLongestTag && std::isalnum(static_cast<unsigned char>(tag.front())) != 0;
  return length && std::all_of(tag.begin(), tag.end(), [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_');
         });
}

bool good_path(const std::string& path) {
  const bool control = std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return path.starts_with('/') && !control && path.size() <= kLongestPath && text::is_utf8(path);
}

void check_driver(const Share& share, const std::string& at, Validation& validation) {
  const Setting* setting = find_setting("shares[].driver");
  if (std::find(setting->values.begin(), setting->values.end(), share.driver) == setting->values.end()) {
    validation.refuse(
        at + ".driver", "enum",
        fmt::format("A folder is shared by 9p or virtiofs, not '{}'.", text::printable(share.driver.substr(0, 80))));
  }
  if (is_virtiofs(share) && share.owners == ShareOwners::mapped) {
    validation.refuse(at + ".owners", "combination",
                      "virtiofs makes real modes and links and keeps no notes beside files: set owners to plain.");
  }
}

}  // namespace

void check_shares(const std::vector<Share>& shares, const std::string& path, Validation& validation) {
  if (shares.size() > kMostShares) {
    validation.refuse(path, "range", fmt::format("A machine has at most {} shared folders.", kMostShares));
  }
  std::set<std::string> tags;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Share& share = shares[i];
    const std::string at = fmt::format("{}[{}]", path, i);
    if (!good_tag(share.tag)) {
      validation.refuse(at + ".tag", "name",
                        fmt::format("'{}' is no tag: use 1-{} of a-z A-Z 0-9 . - _, with a letter or digit first.",
                                    text::printable(share.tag.substr(0, 80)), kLongestTag));
    }
    if (!tags.insert(share.tag).second) {
      validation.refuse(at + ".tag", "duplicate", fmt::format("The tag '{}' is used twice.", text::printable(share.tag)));
    }
    if (!good_path(share.path)) {
      validation.refuse(at + ".path", "path",
                        fmt::format("'{}' must be the absolute path of a folder, without control characters.",
                                    text::printable(share.path.substr(0, 200))));
    }
    check_driver(share, at, validation);
  }
}

bool has_virtiofs(const MachineSpec& spec) { return std::any_of(spec.shares.begin(), spec.shares.end(), is_virtiofs); }

void check_virtiofs(const MachineSpec& spec, const std::string& path, Validation& validation) {
  if (!has_virtiofs(spec) || spec.on_host_shutdown.action != HostStopAction::save) return;
  validation.refuse(path + ".onHostShutdown.action", "combination",
                    "A machine that shares a folder by virtiofs cannot be saved to disk: choose shutdown, or share by 9p.");
}

}  // namespace visor::model
