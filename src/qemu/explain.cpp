#include "qemu/explain.h"

#include <array>
#include <string>
#include <string_view>

#include "model/settings.h"

namespace visor::qemu {
namespace {

constexpr std::string_view kSpec = "spec.";

/// "spec.disks[0].bus" is described as "disks[].bus", and what has no row of its own as the section that it is in.
const model::Setting* setting_of(std::string_view name) {
  if (!name.starts_with(kSpec)) return nullptr;
  std::string key;
  bool inside = false;
  for (const char c : name.substr(kSpec.size())) {
    if (c == ']') inside = false;
    if (!inside) key += c;
    if (c == '[') inside = true;
  }
  while (!key.empty()) {
    if (const model::Setting* setting = model::find_setting(key)) return setting;
    if (key.ends_with("[]")) {
      key.resize(key.size() - 2);
      continue;
    }
    const std::size_t dot = key.rfind('.');
    key.resize(dot == std::string::npos ? 0 : dot);
  }
  return nullptr;
}

struct Sentence {
  std::string_view argument;
  std::string_view part;  ///< of the value; empty: any
  std::string_view why;
};

/// Arguments that no setting makes; the first that fits counts.
constexpr std::array<Sentence, 23> kSentences{{
    {"-name", "", "The name that `ps` and QEMU's messages show; its threads have names too."},
    {"-uuid", "", "The identity of the machine, which its guest can read."},
    {"-nodefaults", "", "Nothing is in the machine that was not asked for."},
    {"-no-user-config", "", "No configuration file of QEMU changes the machine."},
    {"-S", "", "The guest waits until everything around it is ready."},
    {"-sandbox", "", "The kernel refuses QEMU the system calls that a guest could do harm with (seccomp)."},
    {"-action", "shutdown", "A guest that switches itself off is never mistaken for a crash."},
    {"-chardev", "id=control", "The monitor through which Visor speaks to QEMU."},
    {"-mon", "chardev=control", "The monitor through which Visor speaks to QEMU."},
    {"-chardev", "id=people", "A second monitor, for people (`visor qmp`)."},
    {"-mon", "chardev=people", "A second monitor, for people (`visor qmp`)."},
    {"-chardev", "id=serial0", "The serial console, and the file that keeps what it printed."},
    {"-serial", "", "The serial console."},
    {"-device", "isa-serial", "The serial console."},
    {"-add-fd", "", "A file that Visor has opened: QEMU may not open files by name."},
    {"-display", "", "QEMU opens no window; viewers are handed to it one by one."},
    {"-device", "pcie-root-port", "An empty slot, for what is plugged in while the machine runs."},
    {"-device", "qemu-xhci", "The USB controller, for pointer and keyboard."},
    {"-device", "virtio-balloon", "Tells what memory the guest uses, gives back what it does not, and lets its size change."},
    {"-device", "pvpanic", "Through it the guest says that its kernel has crashed."},
    {"-incoming", "", "The guest continues from its saved state."},
    {"-blockdev", "seed", "What the guest is told at its first start (cloud-init)."},
    {"-device", "seed", "What the guest is told at its first start (cloud-init)."},
}};

std::string why(const std::string& argument, const std::string& value, const std::string& setting) {
  if (const model::Setting* known = setting_of(setting)) return known->title + ": " + known->description;
  for (const Sentence& sentence : kSentences) {
    if (sentence.argument == argument && value.find(sentence.part) != std::string::npos) return std::string(sentence.why);
  }
  return "";
}

}  // namespace

void explain(model::CommandLine& line) {
  for (model::ExplainedArgument& argument : line.arguments) {
    argument.why = why(argument.argument, argument.value, argument.setting);
  }
  for (model::ExplainedStep& step : line.steps) step.why = why(step.target, step.value, step.setting);
}

}  // namespace visor::qemu
