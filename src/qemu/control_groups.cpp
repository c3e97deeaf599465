#include "qemu/control_groups.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>
#include <system_error>

#include "base/cpu_list.h"
#include "base/error.h"
#include "base/log.h"
#include "model/topology.h"
#include "os/file.h"
#include "qemu/pinning.h"

namespace visor::qemu {
namespace {

constexpr std::uint32_t kMostWeight = 10000;
constexpr std::uint32_t kUsualWeight = 100;
/// The kernel's arithmetic of shares is coarse, and a reservation is a promise.
constexpr double kMargin = 1.2;
/// Half of what the processors can do.
constexpr const char* kLowFrequency = "50.00";
/// The kernel's usual period for cpu.max.
constexpr std::chrono::microseconds kPeriod{100000};

/// cpu.max: how long all threads of the machine together may run in each period.
std::string limit_text(const model::Cpu& cpu) {
  if (cpu.limit_percent >= 100) return fmt::format("max {}", kPeriod.count());
  const auto quota = kPeriod.count() * cpu.count * cpu.limit_percent / 100;
  return fmt::format("{} {}", std::max<std::int64_t>(quota, 1000), kPeriod.count());
}

/// How busy the host is to take the machine's threads for when it chooses the frequency of a processor (percent, "max": 100).
std::array<std::pair<const char*, const char*>, 2> frequency_hints(model::Frequency frequency) {
  switch (frequency) {
    case model::Frequency::auto_: break;
    case model::Frequency::high: return {{{"cpu.uclamp.min", "max"}, {"cpu.uclamp.max", "max"}}};
    case model::Frequency::low: return {{{"cpu.uclamp.min", "0.00"}, {"cpu.uclamp.max", kLowFrequency}}};
  }
  return {{{"cpu.uclamp.min", "0.00"}, {"cpu.uclamp.max", "max"}}};
}

/// What may compete with the machines on one processor: a process in the root group, and one of every group beside ours.
double weight_of_others(const os::Cgroup& group) {
  double others = kUsualWeight;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(group.path().parent_path(), error)) {
    if (!entry.is_directory(error) || entry.path() == group.path()) continue;
    const std::string weight = os::Cgroup(entry.path()).read("cpu.weight").value_or("");
    std::uint32_t number = 0;
    std::from_chars(weight.data(), weight.data() + weight.size(), number);
    others += number;
  }
  return others;
}

/// Removes a group. Its processors are everyone's at once then, not at some time after the removal as the kernel does it.
bool dissolve(const os::Cgroup& group) {
  if (group.read("cpuset.cpus.partition").value_or("member") != "member") group.write("cpuset.cpus.partition", "member");
  return group.remove();
}

Error control_group_error(const std::string& what) {
  return {ErrorKind::conflict, "machine.control_group",
          fmt::format("The control group of the machine cannot be set up: {}", what),
          "Only one program should manage this part of /sys/fs/cgroup; `visor explain NAME` shows what Visor writes there."};
}

bool overlap(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  return std::any_of(a.begin(), a.end(), [&](std::uint32_t one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

}  // namespace

std::vector<std::uint32_t> effective_weights(const std::vector<ProcessorClaim>& claims, double processors) {
  double reserved = 0;
  double weights = 0;
  for (const ProcessorClaim& claim : claims) {
    reserved += claim.reserved;
    weights += claim.weight;
  }
  std::vector<std::uint32_t> effective;
  for (const ProcessorClaim& claim : claims) {
    if (reserved <= 0) {
      effective.push_back(claim.weight);
      continue;
    }
    const double rest = std::max(0.0, 1 - reserved / processors);
    const double share = claim.reserved / processors + rest * claim.weight / weights;
    // Up rather than down: a reservation is a promise.
    effective.push_back(std::clamp(static_cast<std::uint32_t>(std::ceil(share * kMostWeight)), 1U, kMostWeight));
  }
  return effective;
}

std::uint32_t weight_of_all(const std::vector<ProcessorClaim>& claims, const std::vector<std::uint32_t>& effective,
                            double others) {
  const double all = std::accumulate(effective.begin(), effective.end(), 0.0);
  double wanted = kUsualWeight;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const double part = claims[i].reserved / claims[i].processors;
    if (part <= 0) continue;
    if (part >= 1) return kMostWeight;
    // The kernel divides the group's weight among the virtual processors that want to run, here all of them.
    const double of_each = effective[i] / all / claims[i].processors;
    wanted = std::max(wanted, kMargin * others * part / (1 - part) / of_each);
  }
  return static_cast<std::uint32_t>(std::min(std::ceil(wanted), double{kMostWeight}));
}

double reserved_processors(const model::Cpu& cpu) { return cpu.count * cpu.reserve_percent / 100.0; }

std::vector<model::ExplainedStep> control_group_steps(const model::Cpu& cpu) {
  std::vector<model::ExplainedStep> steps;
  const auto add = [&](const char* file, std::string value, const char* setting) {
    steps.push_back({"cgroup", file, std::move(value), setting, ""});
  };
  if (cpu.weight != kUsualWeight) add("cpu.weight", std::to_string(cpu.weight), "spec.cpu.weight");
  if (cpu.reserve_percent > 0) {
    add("cpu.weight", fmt::format("{} % of {} processors reserved", cpu.reserve_percent, cpu.count), "spec.cpu.reservePercent");
  }
  if (cpu.frequency != model::Frequency::auto_) {
    for (const auto& [file, value] : frequency_hints(cpu.frequency)) add(file, value, "spec.cpu.frequency");
  }
  if (cpu.limit_percent < 100) add("cpu.max", limit_text(cpu), "spec.cpu.limitPercent");
  if (!cpu.pinning.exclusive) return steps;
  add("cpuset.cpus", to_cpu_list(model::pinned_processors(cpu.pinning)), "spec.cpu.pinning.exclusive");
  add("cpuset.cpus.partition", "root", "spec.cpu.pinning.exclusive");
  return steps;
}

ControlGroups::ControlGroups(os::CgroupHome home, std::vector<std::uint32_t> processors)
    : home_(std::move(home)), processors_(std::move(processors)) {}

os::Cgroup ControlGroups::group_of(const std::string& id, const model::Cpu& cpu) const {
  // A partition must lie below the root group, whose processors it takes (cgroup-v2.rst, cpuset.cpus.partition).
  if (cpu.pinning.exclusive) return os::Cgroup(home_.group->path().native() + "-" + id);
  return os::Cgroup(home_.group->path() / id);
}

void ControlGroups::admit(const std::string& id, const std::string& name, const model::Cpu& cpu) const {
  const std::vector<std::uint32_t> wanted = model::pinned_processors(cpu.pinning);
  double reserved = cpu.pinning.exclusive ? 0 : reserved_processors(cpu);
  std::size_t apart = cpu.pinning.exclusive ? wanted.size() : 0;
  std::string holders;
  for (const auto& [other_id, other] : members_) {
    if (other_id == id) continue;
    const std::vector<std::uint32_t> theirs = model::pinned_processors(other.cpu.pinning);
    if ((cpu.pinning.exclusive || other.cpu.pinning.exclusive) && overlap(wanted, theirs)) {
      throw Error(ErrorKind::conflict, "machine.processors_taken",
                  fmt::format("The machine {} runs on some of the processors {} and one of the two wants them for itself alone.",
                              other.name, to_cpu_list(wanted)),
                  "Choose other processors (`visor pin NAME`), or stop that machine first.");
    }
    if (other.cpu.pinning.exclusive) apart += theirs.size();
    if (other.cpu.pinning.exclusive || other.cpu.reserve_percent == 0) continue;
    reserved += reserved_processors(other.cpu);
    holders += fmt::format("{}{} {:.4g}", holders.empty() ? "" : ", ", other.name, reserved_processors(other.cpu));
  }
  if (apart >= processors_.size()) {
    throw Error(ErrorKind::conflict, "machine.processors_taken",
                fmt::format("No processor of the host would be left for anything but machines with exclusive ones."),
                "Leave at least one processor of the host to the host itself.");
  }
  const auto left = static_cast<double>(processors_.size() - apart);
  if (reserved <= left) return;
  throw Error(ErrorKind::conflict, "machine.processors_reserved",
              fmt::format("The machine {} reserves {:.4g} processors; the host has {:.4g} to promise, of which are promised: {}.",
                          name, reserved_processors(cpu), left, holders.empty() ? "none" : holders),
              "Reserve less (cpu.reservePercent), or stop one of those machines.");
}

void ControlGroups::prepare(const os::Cgroup& group, const model::Cpu& cpu) const {
  const os::Cgroup top(home_.group->path().parent_path());
  top.enable_below({"cpu", "cpuset"});
  home_.group->create();
  home_.group->enable_below({"cpu"});
  group.create();
  group.write("cpu.max", limit_text(cpu));
  for (const auto& [file, value] : frequency_hints(cpu.frequency)) {
    // Kernels that cannot do it have no such files, and there nothing else than the usual is asked for.
    if (group.read(file)) group.write(file, value);
  }
  if (!cpu.pinning.exclusive) return;
  group.write("cpuset.cpus", to_cpu_list(model::pinned_processors(cpu.pinning)));
  group.write("cpuset.cpus.partition", "root");
  const std::string state = group.read("cpuset.cpus.partition").value_or("");
  if (state != "root") throw control_group_error(fmt::format("the kernel says '{}'.", state));
}

void ControlGroups::share_out() const {
  std::vector<ProcessorClaim> claims;
  std::vector<os::Cgroup> groups;
  double processors = static_cast<double>(processors_.size());
  for (const auto& [id, member] : members_) {
    if (member.cpu.pinning.exclusive) {
      processors -= static_cast<double>(model::pinned_processors(member.cpu.pinning).size());
      continue;
    }
    claims.push_back({member.cpu.weight, member.cpu.count, reserved_processors(member.cpu)});
    groups.push_back(group_of(id, member.cpu));
  }
  const std::vector<std::uint32_t> weights = effective_weights(claims, processors);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    // One that has just ended may have lost its group already.
    if (groups[i].exists()) groups[i].write("cpu.weight", std::to_string(weights[i]));
  }
  if (!home_.group->exists()) return;
  home_.group->write("cpu.weight", std::to_string(weight_of_all(claims, weights, weight_of_others(*home_.group))));
}

os::Fd ControlGroups::enter(const std::string& id, const std::string& name, const model::Cpu& cpu) {
  if (!home_.group) return {};
  admit(id, name, cpu);
  const os::Cgroup group = group_of(id, cpu);
  try {
    prepare(group, cpu);
    members_[id] = {name, cpu, nullptr};
    share_out();
    if (cpu.pinning.exclusive) tell_moved(id);
    return os::open_file(group.path(), O_RDONLY | O_DIRECTORY);
  } catch (const Error& error) {
    release(id);
    if (error.code() == "machine.control_group") throw;
    throw control_group_error(error.what());
  }
}

void ControlGroups::know(const std::string& id, const std::string& name, const model::Cpu& cpu) {
  if (!home_.group) return;
  members_[id] = {name, cpu, nullptr};
  if (!cpu.pinning.exclusive) return;
  // We cannot run there ourselves, so the daemon did not see them when it was started.
  std::set<std::uint32_t> all(processors_.begin(), processors_.end());
  for (const std::uint32_t processor : model::pinned_processors(cpu.pinning)) all.insert(processor);
  processors_.assign(all.begin(), all.end());
}

void ControlGroups::on_processors_moved(const std::string& id, std::function<void()> handler) {
  const auto member = members_.find(id);
  if (member != members_.end()) member->second.moved = std::move(handler);
}

void ControlGroups::tell_moved(const std::string& except) const {
  for (const auto& [id, member] : members_) {
    if (id != except && member.moved) member.moved();
  }
}

void ControlGroups::change(const std::string& id, pid_t process, const model::Cpu& cpu) {
  if (!home_.group || !members_.contains(id)) return;
  const Member before = members_[id];
  admit(id, before.name, cpu);
  const os::Cgroup from = group_of(id, before.cpu);
  const os::Cgroup to = group_of(id, cpu);
  try {
    prepare(to, cpu);
    // Also when it is there already by our books: a daemon may have ended in the middle.
    to.take(process);
    if (from.path() != to.path()) {
      to.take_all(from);
      dissolve(from);
    }
    members_[id].cpu = cpu;
    share_out();
    if (cpu.pinning.exclusive || before.cpu.pinning.exclusive) tell_moved(id);
  } catch (const Error& error) {
    members_[id] = before;
    try {
      prepare(from, before.cpu);
      from.take(process);
      if (from.path() != to.path()) {
        from.take_all(to);
        dissolve(to);
      }
      share_out();
    } catch (const Error& second) {
      log::error("the control group of the machine {} cannot be taken back: {}", before.name, second.what());
    }
    if (error.code() == "machine.control_group") throw;
    throw control_group_error(error.what());
  }
}

void ControlGroups::release(const std::string& id) noexcept {
  if (!home_.group) return;
  const auto member = members_.find(id);
  const bool apart = member != members_.end() && member->second.cpu.pinning.exclusive;
  if (member != members_.end()) members_.erase(member);
  try {
    model::Cpu cpu;
    for (const bool exclusive : {false, true}) {
      cpu.pinning.exclusive = exclusive;
      const os::Cgroup group = group_of(id, cpu);
      if (group.exists() && !dissolve(group)) log::warning("the control group {} cannot be removed", group.path().native());
    }
    share_out();
    if (apart) tell_moved(id);
  } catch (const std::exception& error) {
    log::warning("the shares of the processors cannot be written: {}", error.what());
  }
}

}  // namespace visor::qemu
