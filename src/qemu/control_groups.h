// The control groups that the machines of this host run in: shares, limits, reservations and processors of their own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/machine.h"
#include "os/cgroup.h"
#include "os/fd.h"

namespace visor::qemu {

/// What a machine asks for, in processors of the host.
struct ProcessorClaim {
  std::uint32_t weight = 100;
  std::uint32_t processors = 1;  ///< virtual ones
  double reserved = 0;
};

/// The kernel's weights (1-10000, cgroup-v2.rst) under which each machine gets what it has reserved of `processors`, and the rest is
/// shared out by weight.
std::vector<std::uint32_t> effective_weights(const std::vector<ProcessorClaim>& claims, double processors);

/// The weight of the group of all machines under which each of their virtual processors gets what is reserved for it on a processor
/// of the host that everyone else, of the weight `others`, wants as well. `effective`: as above.
std::uint32_t weight_of_all(const std::vector<ProcessorClaim>& claims, const std::vector<std::uint32_t>& effective,
                            double others);

/// How many processors of the host a machine has reserved.
double reserved_processors(const model::Cpu& cpu);

/// What is written to its group for a machine, beside cpu.weight, which depends on the others.
std::vector<model::ExplainedStep> control_group_steps(const model::Cpu& cpu);

/// All on the loop's thread. Everything that throws leaves the machine's group as it was.
class ControlGroups {
 public:
  /// `processors`: those of the host that machines may use.
  ControlGroups(os::CgroupHome home, std::vector<std::uint32_t> processors);

  /// Why machines have no groups here, as a sentence; empty when they have.
  const std::string& reason() const noexcept { return home_.reason; }
  /// Whether processors can be set apart.
  bool can_set_apart() const noexcept { return home_.at_root; }
  /// The processors of the host, those that are set apart for machines among them.
  const std::vector<std::uint32_t>& processors() const noexcept { return processors_; }

  /// Makes the group of a machine that is about to start; the process has to be born in the directory that is returned (none
  /// without groups). Error{conflict}: "machine.processors_reserved", "machine.processors_taken", "machine.control_group".
  os::Fd enter(const std::string& id, const std::string& name, const model::Cpu& cpu);
  /// Called when processors were set apart for another machine or given back: the kernel has then forgotten which ones threads
  /// were pinned to (before Linux 6.2).
  void on_processors_moved(const std::string& id, std::function<void()> handler);
  /// Takes note of a machine that was found running.
  void know(const std::string& id, const std::string& name, const model::Cpu& cpu);
  /// Gives a running machine what `cpu` says. Errors as enter().
  void change(const std::string& id, pid_t process, const model::Cpu& cpu);
  /// The machine has ended; what was set apart for it is everyone's again.
  void release(const std::string& id) noexcept;

 private:
  struct Member {
    std::string name;
    model::Cpu cpu;
    std::function<void()> moved;
  };

  os::Cgroup group_of(const std::string& id, const model::Cpu& cpu) const;
  void admit(const std::string& id, const std::string& name, const model::Cpu& cpu) const;
  void prepare(const os::Cgroup& group, const model::Cpu& cpu) const;
  void share_out() const;
  void tell_moved(const std::string& except) const;

  os::CgroupHome home_;
  std::vector<std::uint32_t> processors_;
  std::map<std::string, Member> members_;
};

}  // namespace visor::qemu
