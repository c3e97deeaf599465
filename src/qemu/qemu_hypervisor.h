// QEMU behind the hypervisor port.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "qemu/accelerator_probe.h"
#include "qemu/capabilities.h"
#include "qemu/folder_server.h"
#include "qemu/host_resources.h"
#include "qemu/plan.h"
#include "qemu/spec_check.h"

namespace visor::qemu {

struct QemuOptions {
  std::filesystem::path cache_directory;  ///< what was asked and probed is remembered here
  std::filesystem::path root = "/";       ///< where firmware is looked for; for tests
  ProbeOptions probe;
  SharePolicy shares;  ///< which folders machines may share
};

class QemuHypervisor final : public hypervisor::Hypervisor {
 public:
  explicit QemuHypervisor(QemuOptions options);

  /// One entry per architecture that has a QEMU. Error{unsupported, "qemu.missing"} when there is none at all.
  Awaitable<std::vector<model::QemuInfo>> probe() override;
  Awaitable<std::vector<model::HostCheck>> checks() override;
  /// Error{validation, "machine.unsupported"} with all fields.
  Awaitable<> check(const model::MachineSpec& spec) override;
  Awaitable<std::map<std::string, std::string>> unavailable(model::MachineSpec spec) override;
  Awaitable<model::CommandLine> command_line(hypervisor::MachineDefinition definition) override;
  Awaitable<model::ProcessorReport> processor(hypervisor::MachineDefinition definition) override;
  std::vector<std::string> guest_state() const override;
  Awaitable<std::unique_ptr<hypervisor::RunningMachine>> start(hypervisor::MachineDefinition definition) override;
  Awaitable<Found> reattach(std::filesystem::path machines_directory) override;

 private:
  Awaitable<HostFacts> facts(model::Arch arch, std::filesystem::path program);
  /// Checks the spec and decides what is left open in it.
  Awaitable<Choices> choose(model::MachineSpec spec);

  QemuOptions options_;
  std::shared_ptr<HostResources> resources_;
  CapabilityCache capabilities_;
  AcceleratorProbe accelerators_;
  FolderServers folder_servers_;
};

}  // namespace visor::qemu
