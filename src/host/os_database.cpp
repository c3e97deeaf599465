#include "host/os_database.h"

#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

using model::GuestDriver;

constexpr Bytes kLargestFile{std::uint64_t{1} << 20U};
/// Chains of "derives from" are some ten long; a loop in the data ends here.
constexpr int kDeepest = 64;

/// What the files say of one system; several files may add to it.
struct Entry {
  model::OperatingSystem system;
  std::vector<std::string> parents;
  std::map<std::string, bool> devices;
};

using Entries = std::map<std::string, Entry>;

constexpr std::array<std::pair<std::string_view, GuestDriver>, 17> kDevices{{
    {"pci/1af4/1001", GuestDriver::virtio_disk},
    {"pci/1af4/1042", GuestDriver::virtio_disk},
    {"pci/1af4/1000", GuestDriver::virtio_net},
    {"pci/1af4/1041", GuestDriver::virtio_net},
    {"pci/1af4/1050", GuestDriver::virtio_gpu},
    {"pci/1af4/1005", GuestDriver::virtio_rng},
    {"pci/1af4/1044", GuestDriver::virtio_rng},
    {"pci/1af4/1003", GuestDriver::virtio_serial},
    {"pci/1af4/1043", GuestDriver::virtio_serial},
    {"pci/8086/10d3", GuestDriver::e1000e},
    {"pci/8086/100e", GuestDriver::e1000},
    {"pci/10ec/8139", GuestDriver::rtl8139},
    {"pci/1022/2000", GuestDriver::pcnet},
    {"usb/80ee/0021", GuestDriver::usb_tablet},
    {"usb/0627/0001", GuestDriver::usb_tablet},
    {"chipset/x86/q35", GuestDriver::q35},
    {"chipset/x86_64/q35", GuestDriver::q35},
}};

std::string words_of(const pugi::xml_node& node, const char* name) {
  // The first one is English; translations carry xml:lang.
  return text::printable(text::trim(node.child_value(name)));
}

model::OsFamily family_of(const std::string& kind) {
  if (kind == "linux") return model::OsFamily::linux_;
  return kind.starts_with("win") ? model::OsFamily::windows : model::OsFamily::other;
}

/// The most demanding of the architectures: "all" and x86_64 describe today's machines.
void add_resources(const pugi::xml_node& node, model::OsResources& into) {
  into.cpus = std::max(into.cpus, node.child("n-cpus").text().as_uint());
  into.memory.count = std::max<std::uint64_t>(into.memory.count, node.child("ram").text().as_ullong());
  into.disk.count = std::max<std::uint64_t>(into.disk.count, node.child("storage").text().as_ullong());
}

void set_once(std::string& into, std::string value) {
  if (into.empty()) into = std::move(value);
}

void add_system(const pugi::xml_node& node, Entries& entries) {
  Entry& entry = entries[node.attribute("id").as_string()];
  model::OperatingSystem& system = entry.system;
  set_once(system.id, words_of(node, "short-id"));
  set_once(system.name, words_of(node, "name"));
  set_once(system.kind, words_of(node, "family"));
  set_once(system.version, words_of(node, "version"));
  set_once(system.released, words_of(node, "release-date"));
  system.family = family_of(system.kind);
  for (const char* relation : {"derives-from", "clones"}) {
    for (const pugi::xml_node& parent : node.children(relation)) entry.parents.emplace_back(parent.attribute("id").as_string());
  }
  for (const pugi::xml_node& firmware : node.children("firmware")) {
    const bool supported = firmware.attribute("supported").as_bool(true);
    const std::string_view type = firmware.attribute("type").as_string();
    if (type.starts_with("efi")) system.uefi = system.uefi || supported;
    if (type == "bios") system.bios = supported;
  }
  for (const pugi::xml_node& resources : node.children("resources")) {
    add_resources(resources.child("minimum"), system.minimum);
    add_resources(resources.child("recommended"), system.recommended);
  }
  for (const pugi::xml_node& device : node.child("devices").children("device")) {
    entry.devices[device.attribute("id").as_string()] = device.attribute("supported").as_bool(true);
  }
}

void read_file(const std::filesystem::path& path, Entries& entries) {
  std::string content;
  try {
    content = os::read_file(path, kLargestFile);
  } catch (const Error& error) {
    return log::warning("left out of the database of systems: {}", error.what());
  }
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_buffer_inplace(content.data(), content.size());
  if (!result) return log::warning("left out of the database of systems: {}: {}", path.native(), result.description());
  for (const pugi::xml_node& node : document.child("libosinfo").children("os")) add_system(node, entries);
}

/// What a system has, and what it has from those it derives from where it says nothing itself.
std::map<std::string, bool> devices_of(const Entries& entries, const std::string& id, int depth) {
  std::map<std::string, bool> devices;
  const auto entry = entries.find(id);
  if (entry == entries.end() || depth > kDeepest) return devices;
  devices = entry->second.devices;
  for (const std::string& parent : entry->second.parents) devices.merge(devices_of(entries, parent, depth + 1));
  return devices;
}

std::vector<GuestDriver> drivers_of(const Entries& entries, const std::string& id) {
  std::set<GuestDriver> drivers;
  for (const auto& [device, supported] : devices_of(entries, id, 0)) {
    for (const auto& [name, driver] : kDevices) {
      if (supported && device.ends_with(name)) drivers.insert(driver);
    }
  }
  return {drivers.begin(), drivers.end()};
}

/// "debian" and 12 of "debian12".
std::pair<std::string, double> series_of(const std::string& id) {
  const std::size_t digit = id.find_first_of("0123456789");
  if (digit == std::string::npos) return {id, 0};
  char* end = nullptr;
  const double number = std::strtod(id.c_str() + digit, &end);
  return *end == '\0' ? std::pair(id.substr(0, digit), number) : std::pair(id, 0.0);
}

}  // namespace

OsDatabase::OsDatabase(const std::filesystem::path& root) : folder_(root / "usr/share/osinfo/os") {}

std::vector<model::OperatingSystem> OsDatabase::read() const {
  Entries entries;
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::recursive_directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() == ".xml") files.push_back(file->path());
  }
  // Files in NAME.d add to NAME.xml, which comes first by name.
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) read_file(file, entries);
  std::vector<model::OperatingSystem> systems;
  for (auto& [id, entry] : entries) {
    if (entry.system.id.empty() || entry.system.name.empty()) continue;
    entry.system.drivers = drivers_of(entries, id);
    systems.push_back(entry.system);
  }
  std::sort(systems.begin(), systems.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return systems;
}

std::optional<model::OperatingSystem> find_system(const std::vector<model::OperatingSystem>& systems, const std::string& id) {
  const auto [series, number] = series_of(id);
  const model::OperatingSystem* best = nullptr;
  double best_number = 0;
  for (const model::OperatingSystem& system : systems) {
    if (system.id == id) return system;
    const auto [other, other_number] = series_of(system.id);
    if (other != series || other_number <= best_number || other_number > number) continue;
    best = &system;
    best_number = other_number;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

}  // namespace visor::host
