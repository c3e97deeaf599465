#include "qemu/energy_preferences.h"

#include <unistd.h>

#include <boost/describe.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/log.h"
#include "host/energy_preference.h"
#include "model/topology.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

constexpr const char* kNote = "energy.json";

/// One processor whose preference was changed.
struct ChangedProcessor {
  std::uint32_t processor = 0;
  std::string found;
  std::string given;
  std::string earlier;  ///< given before that: what is there when the daemon ends in the middle
};
BOOST_DESCRIBE_STRUCT(ChangedProcessor, (), (processor, found, given, earlier))

struct EnergyNote {
  std::vector<ChangedProcessor> changed;
};
BOOST_DESCRIBE_STRUCT(EnergyNote, (), (changed))

EnergyNote read_note(const std::filesystem::path& directory) {
  const auto content = os::read_file_if_any(directory / kNote);
  if (!content) return {};
  return json::from_json<EnergyNote>(json::parse(*content), "machine.record_invalid");
}

void write_note(const std::filesystem::path& directory, const EnergyNote& note) {
  if (note.changed.empty()) {
    ::unlink((directory / kNote).c_str());
  } else {
    os::replace_file(directory / kNote, json::to_text(note), 0600, os::Durable::no);
  }
}

void restore(const std::filesystem::path& root, const ChangedProcessor& one) {
  // What somebody else has chosen in the meantime is his.
  const std::string now = host::energy_preference(root, one.processor).value_or("");
  if (now == one.found || (now != one.given && now != one.earlier)) return;
  host::set_energy_preference(root, one.processor, one.found);
}

/// What the note says when the machine has what it wants.
EnergyNote wanted_note(const std::filesystem::path& root, const model::Cpu& cpu, const EnergyNote& before) {
  EnergyNote note;
  if (cpu.energy == model::Energy::auto_ || !cpu.pinning.exclusive) return note;
  for (const std::uint32_t processor : model::pinned_processors(cpu.pinning)) {
    const auto known = std::find_if(before.changed.begin(), before.changed.end(),
                                    [&](const ChangedProcessor& one) { return one.processor == processor; });
    const bool is_known = known != before.changed.end();
    const std::string found = is_known ? known->found : host::energy_preference(root, processor).value_or("");
    note.changed.push_back({processor, found, json::enum_name(cpu.energy), is_known ? known->given : found});
  }
  return note;
}

bool names(const EnergyNote& note, const ChangedProcessor& one) {
  return std::any_of(note.changed.begin(), note.changed.end(),
                     [&](const ChangedProcessor& other) { return other.processor == one.processor; });
}

/// `from` and `to` are both noted while it is done: whoever takes it back knows all that may have changed.
void change(const std::filesystem::path& root, const std::filesystem::path& directory, const EnergyNote& from,
            const EnergyNote& to) {
  EnergyNote both = to;
  for (const ChangedProcessor& one : from.changed) {
    if (!names(to, one)) both.changed.push_back(one);
  }
  write_note(directory, both);
  for (const ChangedProcessor& one : from.changed) {
    if (!names(to, one)) restore(root, one);
  }
  for (const ChangedProcessor& one : to.changed) {
    if (host::energy_preference(root, one.processor) != one.given) host::set_energy_preference(root, one.processor, one.given);
  }
  write_note(directory, to);
}

}  // namespace

void EnergyPreferences::set(const model::Cpu& cpu, const std::filesystem::path& runtime_directory) const {
  const EnergyNote before = read_note(runtime_directory);
  const EnergyNote wanted = wanted_note(root_, cpu, before);
  if (before.changed.empty() && wanted.changed.empty()) return;
  try {
    change(root_, runtime_directory, before, wanted);
  } catch (const Error&) {
    const std::exception_ptr failure = std::current_exception();
    try {
      change(root_, runtime_directory, wanted, before);
    } catch (const Error& second) {
      log::error("energy preferences cannot be taken back: {}", second.what());
    }
    std::rethrow_exception(failure);
  }
}

void EnergyPreferences::give_back(const std::filesystem::path& runtime_directory) const noexcept {
  try {
    for (const ChangedProcessor& one : read_note(runtime_directory).changed) {
      try {
        restore(root_, one);
      } catch (const Error& error) {
        log::warning("{}", error.what());
      }
    }
    write_note(runtime_directory, {});
  } catch (const std::exception& error) {
    log::warning("energy preferences cannot be given back: {}", error.what());
  }
}

}  // namespace visor::qemu
