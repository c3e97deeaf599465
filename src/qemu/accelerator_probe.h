// /dev/kvm may open although no stock guest can run, so an accelerator is believed only after a guest has run with it.
#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "model/host.h"
#include "qemu/capabilities.h"
#include "qemu/launcher.h"

namespace visor::qemu {

/// The architecture of this host, named as in model::Arch; "other" when it has none of them.
std::string host_arch();

/// What was found for one QEMU binary. `accelerators`: kvm first, then tcg.
struct AcceleratorReport {
  std::vector<model::AcceleratorState> accelerators;

  const model::AcceleratorState* find(const std::string& name) const;
  /// What `auto` means: the first usable one, "" when nothing works.
  std::string best() const;
  /// Why the best thinkable one (kvm) is not used; empty when it is.
  std::string reason() const;
};
BOOST_DESCRIBE_STRUCT(AcceleratorReport, (), (accelerators))

struct ProbeOptions {
  std::filesystem::path kvm_device = "/dev/kvm";
  std::filesystem::path boot_id = "/proc/sys/kernel/random/boot_id";
  loop::Duration deadline = std::chrono::seconds(3);            ///< at least, for a guest under KVM, which needs 0.1 s
  loop::Duration emulated_deadline = std::chrono::seconds(15);  ///< under TCG on a busy host
};

/// Runs a guest of a few instructions under each accelerator (probe_guest.h) as the user that runs machines; the answer holds until
/// the next boot of the host or the next change of the binary, of that user or of who may open the device, kept as JSON below `cache_directory`.
class AcceleratorProbe {
 public:
  explicit AcceleratorProbe(std::filesystem::path cache_directory, ProbeOptions options = {});
  Awaitable<AcceleratorReport> get(model::Arch arch, std::filesystem::path program, Capabilities capabilities);

 private:
  Awaitable<model::AcceleratorState> probe_kvm(model::Arch arch, std::filesystem::path program, const Capabilities& capabilities,
                                               loop::Duration deadline, bool& allowed);
  /// Why KVM cannot work, when that is known without trying.
  std::string kvm_obstacle(model::Arch arch, const Capabilities& capabilities, const QemuUser& user) const;
  std::string identity(const std::filesystem::path& program, const QemuUser& user) const;

  std::filesystem::path directory_;
  ProbeOptions options_;
  std::map<std::string, AcceleratorReport> known_;  ///< by identity and boot
};

/// Runs the probe guest once. Public for tests: an accelerator that does not exist must be found unusable.
Awaitable<model::AcceleratorState> run_probe_guest(model::Arch arch, std::filesystem::path program, std::string accelerator,
                                                   loop::Duration deadline, QemuUser user);

}  // namespace visor::qemu
