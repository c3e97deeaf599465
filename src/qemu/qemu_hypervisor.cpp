#include "qemu/qemu_hypervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/json.h"
#include "host/energy_preference.h"
#include "host/huge_pages.h"
#include "host/memory_encryption.h"
#include "loop/process.h"
#include "model/encryption.h"
#include "model/validate_shares.h"
#include "os/affinity.h"
#include "os/file.h"
#include "os/limits.h"
#include "os/process.h"
#include "os/scheduling.h"
#include "qemu/arguments.h"
#include "qemu/explain.h"
#include "qemu/firmware.h"
#include "qemu/folder_server.h"
#include "qemu/host_checks.h"
#include "qemu/launcher.h"
#include "qemu/live_settings.h"
#include "qemu/processor_report.h"
#include "qemu/reattach.h"
#include "qemu/running_machine.h"
#include "qemu/setting_needs.h"
#include "qemu/shares.h"
#include "qemu/tpm.h"
#include "qemu/vsock.h"

namespace visor::qemu {
namespace {

std::filesystem::path require_program(model::Arch arch) {
  if (const auto program = os::find_program(program_name(arch))) return *program;
  Validation validation;
  validation.refuse("spec.arch", "unsupported",
                    fmt::format("There is no {} on this host: install the package {} (`sudo apt install {}`).",
                                program_name(arch), program_package(arch), program_package(arch)));
  validation.throw_if_failed("machine.unsupported");
  return {};
}

/// What KVM offers to guests (Documentation/virt/kvm/x86/running-nested-guests.rst): "vmx", "svm" or nothing.
std::string nested_feature(const std::filesystem::path& root) {
  for (const auto& [module, feature] : {std::pair{"kvm_intel", "vmx"}, std::pair{"kvm_amd", "svm"}}) {
    const auto value = os::read_file_if_any(root / "sys/module" / module / "parameters/nested");
    if (value && (value->starts_with('1') || value->starts_with('Y'))) return feature;
  }
  return "";
}

}  // namespace

QemuHypervisor::QemuHypervisor(QemuOptions options)
    : options_(std::move(options)),
      resources_(std::make_shared<HostResources>(
          HostResources{ControlGroups(os::find_cgroup_home(options_.root, ::geteuid()), os::affinity(0)),
                        HugePages(options_.root), EnergyPreferences(options_.root)})),
      capabilities_(options_.cache_directory),
      accelerators_(options_.cache_directory, options_.probe) {}

Awaitable<HostFacts> QemuHypervisor::facts(model::Arch arch, std::filesystem::path program) {
  HostFacts facts;
  facts.capabilities = co_await capabilities_.get(program);
  facts.accelerators = co_await accelerators_.get(arch, program, facts.capabilities);
  facts.has_firmware = find_firmware(arch, model::SecureBoot::off, options_.root).has_value();
  facts.has_secure_firmware = find_firmware(arch, model::SecureBoot::microsoft, options_.root) &&
                              find_firmware(arch, model::SecureBoot::own, options_.root);
  facts.has_network_boot = has_network_boot(options_.root);
  facts.has_tpm_program = os::find_program(kTpmProgram).has_value();
  facts.nested_feature = nested_feature(options_.root);
  facts.processors = resources_->groups.processors();
  facts.no_control_groups = resources_->groups.reason();
  facts.can_set_apart = resources_->groups.can_set_apart();
  facts.no_core_scheduling = os::no_core_scheduling_reason();
  if (!os::has_frequency_hints(options_.root)) {
    facts.no_frequency_hints =
        "The kernel of this host takes no hints about the frequency of processors (CONFIG_UCLAMP_TASK_GROUP).";
  }
  const std::uint32_t first = facts.processors.empty() ? 0 : facts.processors.front();
  facts.energy_values = host::energy_preferences(options_.root, first);
  if (facts.energy_values.empty()) {
    facts.no_energy = fmt::format(
        "The processors of this host take no energy preference: there is no "
        "/sys/devices/system/cpu/cpu{}/cpufreq/energy_performance_preference.",
        first);
  }
  facts.no_realtime = os::no_realtime_reason(options_.root);
  facts.huge_page_sizes = host::huge_page_sizes(options_.root);
  facts.memory_nodes = host::memory_nodes(options_.root);
  facts.lockable = os::lockable_memory();
  facts.no_shares = no_shares_reason(options_.shares);
  const FolderServer server = co_await folder_servers_.get();
  facts.no_virtiofs = folder_server_problem(server, ::geteuid() == 0);
  facts.no_virtiofs_read_only = no_read_only_reason(server, ::geteuid() == 0);
  facts.no_vsock = no_vsock_reason(options_.root);
  facts.encryption =
      host::read_memory_encryption(options_.root, host::encryption_leaf(),
                                   [](const std::filesystem::path& device) { return may_open(device, choose_user(true)); });
  for (const host::EncryptionKind& kind : host::encryption_kinds()) {
    if (!find_rom(kind.value, options_.root).empty()) facts.roms.emplace_back(kind.value);
  }
  co_return facts;
}

Awaitable<std::vector<model::QemuInfo>> QemuHypervisor::probe() {
  std::vector<model::QemuInfo> list;
  for (const model::Arch arch : kArchs) {
    const auto program = os::find_program(program_name(arch));
    if (!program) continue;
    model::QemuInfo info{arch, program->native(), "", "", {}, ""};
    try {
      const HostFacts facts = co_await this->facts(arch, *program);
      info.version = facts.capabilities.version;
      info.accelerator = facts.accelerators.best();
      info.accelerators = facts.accelerators.accelerators;
      info.problem = facts.capabilities.too_old();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      info.problem = error.what();
    }
    list.push_back(std::move(info));
  }
  if (list.empty()) {
    throw Error(ErrorKind::unsupported, "qemu.missing", "There is no QEMU on this host.",
                "Install it: `sudo apt install qemu-system-x86 qemu-utils ovmf`.");
  }
  co_return list;
}

Awaitable<std::vector<model::HostCheck>> QemuHypervisor::checks() {
  std::vector<model::QemuInfo> found;
  try {
    found = co_await probe();
  } catch (const Error& error) {
    // A host without any QEMU is what the checks are there to tell.
    if (error.kind() != ErrorKind::unsupported) throw;
  }
  co_return qemu_checks(found, options_.root);
}

Awaitable<> QemuHypervisor::check(const model::MachineSpec& spec) {
  const model::MachineSpec wanted = spec;
  const HostFacts facts = co_await this->facts(wanted.arch, require_program(wanted.arch));
  Validation validation;
  check_for_qemu(wanted, facts, validation);
  co_await loop::run_blocking([&] { check_shared_folders(wanted.shares, options_.shares, validation); });
  validation.throw_if_failed("machine.unsupported");
}

Awaitable<std::map<std::string, std::string>> QemuHypervisor::unavailable(model::MachineSpec spec) {
  const HostFacts facts = co_await this->facts(spec.arch, require_program(spec.arch));
  co_return unavailable_settings(spec, facts);
}

Awaitable<Choices> QemuHypervisor::choose(model::MachineSpec spec) {
  const std::filesystem::path program = require_program(spec.arch);
  const HostFacts facts = co_await this->facts(spec.arch, program);
  Validation validation;
  check_for_qemu(spec, facts, validation);
  co_await loop::run_blocking([&] { check_shared_folders(spec.shares, options_.shares, validation); });
  validation.throw_if_failed("machine.unsupported");
  Choices choices;
  choices.program = program;
  choices.accelerator = resolve_accelerator(spec, facts.accelerators);
  if (choices.accelerator != "kvm") {
    choices.accelerator_reason =
        spec.accelerator == model::Accelerator::auto_ ? facts.accelerators.reason() : "The machine's settings ask for it.";
  }
  choices.machine_type = resolve_machine(spec, facts.capabilities)->name;
  if (choices.accelerator == "kvm" && !facts.nested_feature.empty()) choices.nested_feature = facts.nested_feature;
  // Private memory cannot be mapped read-only, which flash is: its firmware is copied into memory instead.
  if (model::has_private_memory(spec.memory)) {
    choices.rom = find_rom(spec.memory.encryption, options_.root);
  } else if (wants_firmware(spec)) {
    choices.firmware = find_firmware(spec.arch, spec.secure_boot, options_.root);
  }
  choices.encryption_bit = facts.encryption.c_bit;
  choices.reduced_bits = facts.encryption.reduced_bits;
  if (spec.tpm.enabled) choices.tpm_program = os::find_program(kTpmProgram).value_or(kTpmProgram);
  choices.shares = options_.shares;
  if (model::has_virtiofs(spec)) choices.folder_server = co_await folder_servers_.get();
  co_return choices;
}

Awaitable<model::CommandLine> QemuHypervisor::command_line(hypervisor::MachineDefinition definition) {
  Choices choices = co_await choose(definition.spec);
  const std::string program = choices.program.native();
  const Plan plan = make_plan(definition, std::move(choices));
  model::CommandLine line{program, make_arguments(definition, plan), tpm_steps(definition.spec), {}};
  for (model::ExplainedStep& step : folder_server_steps(definition.spec, plan)) line.steps.push_back(std::move(step));
  for (model::ExplainedStep& step : preparing_steps(definition.spec)) line.steps.push_back(std::move(step));
  explain(line);
  co_return line;
}

Awaitable<model::ProcessorReport> QemuHypervisor::processor(hypervisor::MachineDefinition definition) {
  if (definition.spec.arch != model::Arch::x86_64) {
    throw Error(ErrorKind::unsupported, "machine.no_processor_report",
                "QEMU tells what a processor has for the architecture x86_64 only.");
  }
  Choices choices = co_await choose(definition.spec);
  const std::filesystem::path program = choices.program;
  const std::string accelerator = choices.accelerator;
  const std::vector<std::string> arguments = to_argv(make_arguments(definition, make_plan(definition, std::move(choices))));
  const auto option = std::find(arguments.begin(), arguments.end(), "-cpu");
  co_return co_await processor_report(program, accelerator, *std::next(option));
}

std::vector<std::string> QemuHypervisor::guest_state() const {
  std::vector<std::string> names{kTpmFolder};
  for (const model::SecureBoot kind : {model::SecureBoot::off, model::SecureBoot::microsoft, model::SecureBoot::own}) {
    names.push_back(variables_name(kind));
  }
  return names;
}

Awaitable<std::unique_ptr<hypervisor::RunningMachine>> QemuHypervisor::start(hypervisor::MachineDefinition definition) {
  const std::filesystem::path directory = definition.runtime_directory;
  Choices choices = co_await choose(definition.spec);
  // Pinned from the first start on: an update of QEMU must not change the board under an installed guest.
  definition.spec.machine_version = choices.machine_type;
  Launched launched = co_await launch(std::move(definition), std::move(choices), resources_);
  const auto executor = co_await boost::asio::this_coro::executor;
  co_return std::make_unique<QemuMachine>(executor, std::move(launched.record), directory, std::move(launched.process),
                                          std::move(launched.client), std::move(launched.helpers), resources_);
}

Awaitable<hypervisor::Hypervisor::Found> QemuHypervisor::reattach(std::filesystem::path machines_directory) {
  co_return co_await reattach_all(std::move(machines_directory), resources_);
}

}  // namespace visor::qemu
