#include "host/energy_preference.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

std::filesystem::path folder(const std::filesystem::path& root, std::uint32_t processor) {
  return root / fmt::format("sys/devices/system/cpu/cpu{}/cpufreq", processor);
}

constexpr const char* kFile = "energy_performance_preference";

Error refused(std::uint32_t processor, const std::string& preference, const std::string& why) {
  return {ErrorKind::conflict, "host.energy_refused",
          fmt::format("The energy preference of processor {} cannot be set to {}: {}", processor, preference, why),
          "With the frequency governor `performance` the kernel takes no other preference: choose powersave (`cpupower "
          "frequency-set -g powersave`)."};
}

}  // namespace

std::optional<std::string> energy_preference(const std::filesystem::path& root, std::uint32_t processor) {
  const auto content = os::read_file_if_any(folder(root, processor) / kFile);
  return content ? std::optional(text::printable(text::trim(*content))) : std::nullopt;
}

std::vector<std::string> energy_preferences(const std::filesystem::path& root, std::uint32_t processor) {
  const auto content = os::read_file_if_any(folder(root, processor) / "energy_performance_available_preferences");
  std::vector<std::string> list;
  for (const std::string& word : text::split(std::string(text::trim(content.value_or(""))), ' ')) {
    if (!word.empty()) list.push_back(word);
  }
  return list;
}

void set_energy_preference(const std::filesystem::path& root, std::uint32_t processor, const std::string& preference) {
  try {
    const os::Fd file = os::open_file(folder(root, processor) / kFile, O_WRONLY | O_TRUNC);
    os::write_all(file.get(), preference + "\n");
  } catch (const Error& error) {
    throw refused(processor, preference, error.what());
  }
  const std::string now = energy_preference(root, processor).value_or("");
  if (now != preference) throw refused(processor, preference, fmt::format("the kernel says '{}'.", now));
}

}  // namespace visor::host
