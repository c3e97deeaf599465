#include "qemu/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "model/encryption.h"
#include "qemu/argument_list.h"

namespace visor::qemu {
namespace {

constexpr std::string_view kSandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
/// How long the firmware's boot menu waits for a key.
constexpr std::chrono::milliseconds kMenuTime{5000};

std::string machine_value(const ArgumentInput& input) {
  std::string value = input.plan.choices.machine_type + ",usb=off,dump-guest-core=off";
  const model::Memory& memory = input.spec().memory;
  if (!memory.merge || model::is_encrypted(memory)) value += ",mem-merge=off";
  if (input.plan.choices.firmware && input.plan.choices.firmware->secure) value += ",smm=on";
  if (input.x86()) {
    value += ",vmport=off";
    // Windows prefers this timer, whose every reading leaves the guest.
    if (input.spec().os.family == model::OsFamily::windows) value += ",hpet=off";
  } else {
    // The default interrupt controller of `virt` ends at eight processors.
    value += ",gic-version=max";
  }
  value += encryption_options(memory);
  const std::string backend = memory_backend(input.spec());
  if (!backend.empty()) value += ",memory-backend=" + backend;
  if (input.plan.firmware) value += ",pflash0=firmware-code,pflash1=firmware-variables";
  return value;
}

bool any_boot_index(const model::MachineSpec& spec) {
  const auto has_place = [](const auto& device) { return device.boot_index >= 0; };
  return std::any_of(spec.disks.begin(), spec.disks.end(), has_place) ||
         std::any_of(spec.nics.begin(), spec.nics.end(), has_place);
}

std::string boot_value(const model::MachineSpec& spec) {
  const std::string menu = spec.boot.menu ? fmt::format("menu=on,splash-time={}", kMenuTime.count()) : "menu=off";
  return menu + (any_boot_index(spec) && spec.boot.kernel.empty() ? ",strict=on" : ",strict=off");
}

std::string clock_value(const model::MachineSpec& spec) {
  const bool windows = spec.os.family == model::OsFamily::windows;
  const bool local = spec.clock == model::Clock::localtime || (windows && spec.clock == model::Clock::auto_);
  std::string value = local ? "base=localtime" : "base=utc";
  // Windows counts ticks: those that were lost while it did not run are handed in later.
  if (windows && spec.arch == model::Arch::x86_64) value += ",driftfix=slew";
  return value;
}

void add_identity(const ArgumentInput& input, ArgumentList& list) {
  const std::string& name = input.definition.name;
  list.add("-name", fmt::format("guest={},debug-threads=on", escape_option(name)), "name");
  list.add("-nodefaults", "", "visor");
  list.add("-no-user-config", "", "visor");
  list.add("-S", "", "visor");
  list.add("-sandbox", std::string(kSandbox), "visor");
  list.add("-uuid", input.definition.id, "id");
}

void add_machine(const ArgumentInput& input, ArgumentList& list) {
  const model::MachineSpec& spec = input.spec();
  const std::string& accelerator = input.plan.choices.accelerator;
  list.add("-machine", machine_value(input), spec.machine_version.empty() ? "spec.chipset" : "spec.machineVersion",
           {"spec.memory.merge", "spec.memory.encryption", "spec.firmware", "spec.secureBoot", "spec.os.family"});
  list.add("-accel", accelerator == "tcg" ? "tcg,thread=multi" : accelerator, "spec.accelerator");
  add_encryption(input, list);
  add_processors(input, list);
  add_memory(input, list);
  list.add("-rtc", clock_value(spec), spec.clock == model::Clock::auto_ ? "spec.os.family" : "spec.clock", {"spec.os.family"});
  list.add("-boot", boot_value(spec), "spec.disks[].bootIndex", {"spec.nics[].bootIndex", "spec.boot.menu"});
  // A guest that switches itself off leaves QEMU waiting: so it is never mistaken for a crash, even if no daemon was there to see it.
  // A panic is reported; what follows is the guest's own choice (kernel.panic, crash dump).
  list.add("-action", "shutdown=pause,panic=none", "visor");
  if (model::has_secret_registers(spec.memory)) {
    list.add("-action", "reboot=shutdown", "spec.memory.encryption", {"spec.onReboot"});
  } else if (spec.on_reboot == model::RebootAction::shutdown) {
    list.add("-action", "reboot=shutdown", "spec.onReboot");
  }
}

void add_descriptors(const ArgumentInput& input, ArgumentList& list) {
  for (const PlannedFile& file : planned_files(input.plan)) {
    list.add("-add-fd", fmt::format("fd={},set={},opaque={}", file.descriptor, file.set, escape_option(file.label)),
             file.disk_id.empty() ? "visor" : "spec.disks[].volume");
  }
}

void add_kernel(const ArgumentInput& input, ArgumentList& list) {
  if (input.plan.kernel < 0) return;
  list.add("-kernel", fmt::format("/proc/self/fd/{}", input.plan.kernel), "spec.boot.kernel");
  if (input.plan.initrd >= 0) list.add("-initrd", fmt::format("/proc/self/fd/{}", input.plan.initrd), "spec.boot.initrd");
  if (!input.spec().boot.cmdline.empty()) list.add("-append", input.spec().boot.cmdline, "spec.boot.cmdline");
}

void add_monitor(const std::string& name, int descriptor, ArgumentList& list) {
  list.add("-chardev", fmt::format("socket,id={},fd={},server=on,wait=off", name, descriptor), "visor");
  list.add("-mon", fmt::format("chardev={},mode=control", name), "visor");
}

bool plain_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::string device_id(std::string_view prefix, const std::string& id) {
  return std::string(prefix) + (plain_id(id) ? "-" + id : "_x" + text::hex(id));
}

}  // namespace

void ArgumentList::add(std::string argument, std::string value, std::string setting, std::vector<std::string> also) {
  if (value.find('\0') != std::string::npos) {
    throw Error(ErrorKind::invalid, "machine.invalid_text", fmt::format("The setting {} contains a NUL byte.", setting),
                "Remove the NUL byte; texts end there for every program.");
  }
  list_.push_back({std::move(argument), std::move(value), std::move(setting), std::move(also), ""});
}

void ArgumentList::add_json(std::string argument, const boost::json::object& value, std::string setting) {
  add(std::move(argument), boost::json::serialize(value), std::move(setting));
}

std::string escape_option(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ',') escaped += ',';
    escaped += c;
  }
  return escaped;
}

std::string disk_device_id(const std::string& disk_id) { return device_id("disk", disk_id); }
std::string nic_device_id(const std::string& nic_id) { return device_id("nic", nic_id); }
std::string netdev_id(const std::string& nic_id) { return device_id("net", nic_id); }

std::vector<model::ExplainedArgument> make_arguments(const hypervisor::MachineDefinition& definition, const Plan& plan) {
  const ArgumentInput input{definition, plan, resolve_chipset(definition.spec)};
  ArgumentList list;
  add_identity(input, list);
  add_machine(input, list);
  add_monitor("control", plan.control_socket, list);
  add_monitor("people", plan.people_socket, list);
  add_descriptors(input, list);
  add_firmware(input, list);
  add_kernel(input, list);
  PciPorts ports(input, list);
  ports.add_slots();
  add_channels(input, list);
  add_usb_controller(input, list);
  add_disks(input, ports, list);
  add_seed(input, ports, list);
  add_nics(input, ports, list);
  add_display(input, list);
  add_audio(input, list);
  add_shares(input, list);
  add_tpm(input, list);
  add_helpers(input, list);
  if (definition.restore_from) list.add("-incoming", "defer", "visor");
  return list.take();
}

std::vector<std::string> to_argv(const std::vector<model::ExplainedArgument>& arguments) {
  std::vector<std::string> argv;
  for (const model::ExplainedArgument& argument : arguments) {
    argv.push_back(argument.argument);
    if (!argument.value.empty()) argv.push_back(argument.value);
  }
  return argv;
}

}  // namespace visor::qemu
