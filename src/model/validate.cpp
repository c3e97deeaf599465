#include "model/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "model/encryption.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate_disks.h"
#include "model/validate_memory.h"
#include "model/validate_processors.h"
#include "model/validate_shares.h"
#include "model/validate_values.h"

namespace visor::model {
namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool good_image_part(std::string_view part) {
  if (part.empty() || !is_lower_alnum(part.front())) return false;
  return std::all_of(part.begin(), part.end(), [](char c) { return is_lower_alnum(c) || c == '.' || c == '_' || c == '-'; }) &&
         part.find("..") == std::string_view::npos;
}

/// Holds a number against the range in the settings table, so that ranges stand in one place.
void check_range(std::uint64_t value, std::string_view key, const std::string& field, Validation& validation) {
  check_range(*find_setting(key), value > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(value), field, validation);
}

/// Every number of the settings table that stands in the spec itself; those in lists are checked with their element.
void check_ranges(const MachineSpec& spec, const std::string& path, Validation& validation) {
  const boost::json::value root = json::to_json(spec);
  for (const Setting& setting : settings()) {
    if (!setting.minimum || setting.key.find("[]") != std::string::npos) continue;
    const boost::json::value& value = setting_value(root, setting.key);
    const bool huge = value.is_uint64() && value.get_uint64() > INT64_MAX;
    check_range(setting, huge ? INT64_MAX : value.to_number<std::int64_t>(), path + "." + setting.key, validation);
  }
}

void check_choice(const std::string& value, std::string_view key, const std::string& field, Validation& validation) {
  const Setting* setting = find_setting(key);
  if (std::find(setting->values.begin(), setting->values.end(), value) != setting->values.end()) return;
  validation.refuse(
      field, "enum",
      fmt::format("{} must be one of {}, not '{}'.", setting->title, fmt::join(setting->values, ", "), text::printable(value)));
}

/// A word that becomes part of a QEMU option: letters, digits, dot, dash, underscore.
void check_word(std::string_view value, const std::string& field, Validation& validation) {
  const bool good = value.size() <= 64 && std::all_of(value.begin(), value.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                    });
  if (!good)
    validation.refuse(field, "characters",
                      fmt::format("'{}' may contain only letters, digits, '.', '-' and '_'.", text::printable(value)));
}

void check_id(const std::string& id, const std::string& field, std::set<std::string>& seen, Validation& validation) {
  const bool good = !id.empty() && id.size() <= 32 && id.front() >= 'a' && id.front() <= 'z' &&
                    std::all_of(id.begin(), id.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
  if (!good)
    validation.refuse(field, "name", fmt::format("'{}' must be 1-32 of a-z 0-9 - and start with a letter.", text::printable(id)));
  if (!seen.insert(id).second)
    validation.refuse(field, "duplicate", fmt::format("The id '{}' is used twice.", text::printable(id)));
}

void check_screen(const Display& display, const std::string& path, Validation& validation) {
  if ((display.width == 0) != (display.height == 0)) {
    validation.refuse(path + ".width", "combination", "Width and height of the screen are set together, or both are 0.");
  }
  const bool small = display.width != 0 && display.height != 0 && (display.width < 200 || display.height < 200);
  if (small) validation.refuse(path + ".width", "range", "A screen has at least 200 x 200 pixels.");
  const std::uint64_t video = display.video_memory.count;
  if (video != 0 && (video < (1U << 20U) || !std::has_single_bit(video))) {
    validation.refuse(path + ".videoMemory", "multiple", "The video memory is a power of two: 16 MiB, 32 MiB, 64 MiB and so on.");
  }
}

bool good_mac(const std::string& mac) {
  if (mac.size() != 17) return false;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? mac[i] != ':' : std::isxdigit(static_cast<unsigned char>(mac[i])) == 0) return false;
  }
  const int first = std::stoi(mac.substr(0, 2), nullptr, 16);
  return (first & 1) == 0;
}

bool good_ipv4(const std::string& address) {
  const std::vector<std::string> parts = text::split(address, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           const bool digits = !part.empty() && part.size() <= 3 &&
                               std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
           return digits && std::stoi(part) <= 255;
         });
}

void check_nic(const Nic& nic, const std::string& path, Validation& validation) {
  check_choice(nic.switch_, "nics[].switch", path + ".switch", validation);
  if (!nic.mac.empty() && !good_mac(nic.mac)) {
    validation.refuse(path + ".mac", "format",
                      fmt::format("'{}' is not a unicast MAC address like 52:54:00:12:34:56.", text::printable(nic.mac)));
  }
  if (nic.boot_index < -1 || nic.boot_index > 999) {
    validation.refuse(path + ".bootIndex", "range", "The place in the boot order must be between -1 (not bootable) and 999.");
  }
  std::set<std::pair<Protocol, std::uint16_t>> ports;
  for (std::size_t i = 0; i < nic.forwards.size(); ++i) {
    const PortForward& forward = nic.forwards[i];
    const std::string at = fmt::format("{}.forwards[{}]", path, i);
    if (forward.guest_port == 0) validation.refuse(at + ".guestPort", "range", "The guest's port must be between 1 and 65535.");
    if (!good_ipv4(forward.host_address)) {
      validation.refuse(at + ".hostAddress", "format",
                        fmt::format("'{}' is not an IPv4 address.", text::printable(forward.host_address)));
    }
    if (forward.host_port != 0 && !ports.insert({forward.protocol, forward.host_port}).second) {
      validation.refuse(at + ".hostPort", "duplicate", fmt::format("Port {} is forwarded twice.", forward.host_port));
    }
  }
}

void check_boot(const MachineSpec& spec, const std::string& path, Validation& validation) {
  const Boot& boot = spec.boot;
  check_absolute_path(boot.kernel, path + ".boot.kernel", validation);
  check_absolute_path(boot.initrd, path + ".boot.initrd", validation);
  check_text(boot.cmdline, 4096, path + ".boot.cmdline", validation);
  if (boot.kernel.empty() && (!boot.initrd.empty() || !boot.cmdline.empty())) {
    validation.refuse(path + ".boot.kernel", "combination", "An initrd or a kernel command line needs a kernel.");
  }
}

void check_platform(const MachineSpec& spec, const std::string& path, Validation& validation) {
  check_choice(spec.chipset, "chipset", path + ".chipset", validation);
  check_choice(spec.memory.page_size, "memory.pageSize", path + ".memory.pageSize", validation);
  check_choice(spec.memory.encryption, "memory.encryption", path + ".memory.encryption", validation);
  check_word(spec.machine_version, path + ".machineVersion", validation);
  check_word(spec.cpu.model, path + ".cpu.model", validation);
  check_screen(spec.display, path + ".display", validation);
  check_word(spec.os.id, path + ".os.id", validation);
  const bool arm = spec.arch == Arch::aarch64;
  if (arm && spec.firmware == Firmware::bios && spec.boot.kernel.empty()) {
    validation.refuse(path + ".firmware", "combination", "aarch64 machines have no BIOS; use uefi.");
  }
  const bool x86_chipset = spec.chipset == "q35" || spec.chipset == "i440fx";
  if ((arm && x86_chipset) || (!arm && spec.chipset == "virt")) {
    validation.refuse(path + ".chipset", "combination",
                      fmt::format("Chipset {} does not exist for {}.", spec.chipset, json::enum_name(spec.arch)));
  }
}

}  // namespace

void check_machine_name(std::string_view name, std::string_view field, Validation& validation) {
  const bool length = !name.empty() && name.size() <= 63;
  const bool characters = std::all_of(name.begin(), name.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
  const bool ends = length && name.front() != '-' && name.back() != '-';
  if (length && characters && ends) return;
  const std::string shown = text::printable(name.substr(0, 80));
  validation.refuse(
      std::string(field), "name",
      fmt::format("'{}' is not a machine name: use 1-63 of a-z, 0-9 and '-', with a letter or digit at both ends.", shown));
}

void check_image_name(std::string_view name, std::string_view field, Validation& validation) {
  const std::vector<std::string> parts = text::split(name, '/');
  const bool good = name.size() <= 128 && parts.size() <= 4 && std::all_of(parts.begin(), parts.end(), good_image_part);
  if (good) return;
  validation.refuse(std::string(field), "name",
                    fmt::format("'{}' is not an image name: use up to four parts of a-z 0-9 . _ - joined by '/', like debian/12.",
                                text::printable(name.substr(0, 80))));
}

void check_text(std::string_view text, std::size_t limit, std::string_view field, Validation& validation) {
  if (text.size() > limit) {
    validation.refuse(std::string(field), "length", fmt::format("The text is longer than {} bytes.", limit));
    return;
  }
  const bool control =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F; });
  if (control || !text::is_utf8(text)) {
    validation.refuse(std::string(field), "characters", "The text must be UTF-8 without control characters.");
  }
}

void check_spec(const MachineSpec& spec, std::string_view path_view, Validation& validation) {
  const std::string path(path_view);
  check_ranges(spec, path, validation);
  check_processors(spec, path + ".cpu", validation);
  check_memory(spec, path + ".memory", validation);
  check_encryption(spec, path, validation);
  check_platform(spec, path, validation);
  check_boot(spec, path, validation);
  check_shares(spec.shares, path + ".shares", validation);
  check_virtiofs(spec, path, validation);
  if (spec.disks.size() > 24) validation.refuse(path + ".disks", "range", "A machine has at most 24 disks.");
  if (spec.nics.size() > 8) validation.refuse(path + ".nics", "range", "A machine has at most 8 network adapters.");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < spec.disks.size(); ++i) {
    const std::string at = fmt::format("{}.disks[{}]", path, i);
    check_id(spec.disks[i].id, at + ".id", ids, validation);
    check_disk(spec.disks[i], at, validation);
  }
  check_slots(spec.disks, path + ".disks", validation);
  for (std::size_t i = 0; i < spec.nics.size(); ++i) {
    const std::string at = fmt::format("{}.nics[{}]", path, i);
    check_id(spec.nics[i].id, at + ".id", ids, validation);
    check_nic(spec.nics[i], at, validation);
  }
}

void check_create_request(const CreateRequest& request, Validation& validation) {
  check_machine_name(request.name, "name", validation);
  check_text(request.description, 4096, "description", validation);
  check_text(request.group, 128, "group", validation);
  for (const std::string& tag : request.tags) check_text(tag, 64, "tags", validation);
  if (!request.image.empty()) check_image_name(request.image, "image", validation);
  check_absolute_path(request.iso, "iso", validation);
  if (request.disk_size) check_range(request.disk_size->count, "disks[].size", "diskSize", validation);
  const bool good_user =
      !request.user.empty() && request.user.size() <= 32 && request.user.front() >= 'a' && request.user.front() <= 'z' &&
      std::all_of(request.user.begin(), request.user.end(), [](char c) { return is_lower_alnum(c) || c == '-' || c == '_'; });
  if (!good_user) validation.refuse("user", "name", "The user name must be 1-32 of a-z 0-9 - _ and start with a letter.");
  for (std::size_t i = 0; i < request.ssh_keys.size(); ++i) {
    const std::string& key = request.ssh_keys[i];
    const std::string field = fmt::format("sshKeys[{}]", i);
    const std::size_t before = validation.fields().size();
    check_text(key, 16384, field, validation);
    if (before == validation.fields().size() && (key.find('\n') != std::string::npos || key.find(' ') == std::string::npos)) {
      validation.refuse(field, "format", "An SSH key is one line like 'ssh-ed25519 AAAA... comment'.");
    }
  }
  check_text(request.password, 256, "password", validation);
  check_text(request.user_data, 65536, "userData", validation);
  if (request.wait != "running" && request.wait != "ready") {
    validation.refuse("wait", "enum", "wait must be running or ready.");
  }
}

}  // namespace visor::model
