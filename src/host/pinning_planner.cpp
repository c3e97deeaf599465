#include "host/pinning_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace visor::host {
namespace {

using model::CoreKind;
using model::HostCore;
using Cores = std::vector<const HostCore*>;
using Id = std::optional<std::uint32_t>;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// What a core must be to be taken, strictest first.
struct Rule {
  std::set<CoreKind> kinds;
  bool whole_cores = false;  ///< one vCPU per core
  bool taken_too = false;    ///< also cores of other machines
};

const std::set<CoreKind> kFast{CoreKind::plain, CoreKind::performance};
const std::set<CoreKind> kEconomical{CoreKind::plain, CoreKind::efficiency};
const std::set<CoreKind> kAny{CoreKind::plain, CoreKind::performance, CoreKind::efficiency, CoreKind::lowPower};

std::vector<Rule> rules_of(const PinningWish& wish) {
  switch (wish.goal) {
    case PinningGoal::fastest:
      if (wish.threads > 1) break;
      return {{kFast, true, false}, {kFast, false, false}, {kAny, false, false}, {kAny, false, true}};
    case PinningGoal::balanced: break;
    case PinningGoal::quiet:
      return {{kEconomical, false, false},
              {{CoreKind::plain, CoreKind::efficiency, CoreKind::lowPower}, false, false},
              {kAny, false, false},
              {kAny, false, true}};
  }
  return {{kFast, false, false}, {kAny, false, false}, {kAny, false, true}};
}

/// Within what the processors should be together, narrowest first.
using Domain = std::function<std::uint32_t(const HostCore&)>;

std::vector<Domain> domains_of(PinningGoal goal) {
  std::vector<Domain> domains;
  // Cores that share an L2 cache slow each other down, but then the others can sleep.
  if (goal == PinningGoal::quiet) domains.emplace_back([](const HostCore& core) { return core.cluster.value_or(kNone); });
  domains.emplace_back([](const HostCore& core) { return core.l3.value_or(kNone); });
  domains.emplace_back([](const HostCore& core) { return core.node.value_or(kNone); });
  domains.emplace_back([](const HostCore& core) { return core.package; });
  domains.emplace_back([](const HostCore&) { return std::uint32_t{0}; });
  return domains;
}

/// Plans for one machine.
class Planner {
 public:
  Planner(const model::HostTopology& topology, const std::vector<PinningClaim>& claims, const PinningWish& wish)
      : topology_(topology), wish_(wish) {
    for (const PinningClaim& claim : claims) {
      for (const HostCore& core : topology_.cores) {
        if (std::ranges::find_first_of(core.processors, claim.processors) != core.processors.end())
          owners_[core.id].insert(claim.machine);
      }
    }
    for (const model::HostProcessor& processor : topology_.processors) loads_[processor.id] = processor.load_percent.value_or(0);
  }

  PinningPlan plan();

 private:
  bool fits(const HostCore& core, const Rule& rule) const {
    return rule.kinds.contains(core.kind) && (rule.taken_too || !owners_.contains(core.id));
  }
  /// The threads of a core that vCPUs get; none when sibling vCPUs would have no siblings there.
  std::vector<std::uint32_t> threads_of(const HostCore& core, const Rule& rule) const;
  std::size_t room_of(const Cores& cores, const Rule& rule) const;
  double load_of(const Cores& cores) const;
  Cores choose(const Rule& rule) const;
  void order(Cores& cores, const Rule& rule) const;
  bool assign(const Rule& rule);
  void assign_overcommitted();
  void explain(const Rule& rule);
  void explain_place();
  void explain_neighbours();
  const HostCore& core_of(std::uint32_t processor) const;

  const model::HostTopology& topology_;
  const PinningWish& wish_;
  std::map<std::uint32_t, std::set<std::string>> owners_;  ///< by core
  std::map<std::uint32_t, double> loads_;
  PinningPlan plan_;
};

std::vector<std::uint32_t> Planner::threads_of(const HostCore& core, const Rule& rule) const {
  std::vector<std::uint32_t> threads = core.processors;
  if (wish_.threads > 1) threads.resize(threads.size() < wish_.threads ? 0 : wish_.threads);
  if (rule.whole_cores) threads.resize(1);
  return threads;
}

std::size_t Planner::room_of(const Cores& cores, const Rule& rule) const {
  std::size_t room = 0;
  for (const HostCore* core : cores) room += threads_of(*core, rule).size();
  return room;
}

double Planner::load_of(const Cores& cores) const {
  double sum = 0;
  std::size_t count = 0;
  for (const HostCore* core : cores) {
    for (const std::uint32_t thread : core->processors) sum += loads_.contains(thread) ? loads_.at(thread) : 0;
    count += core->processors.size();
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

bool holds_first(const Cores& cores) {
  return std::ranges::any_of(cores, [](const HostCore* core) { return core->processors.front() == 0; });
}

/// The best place of the narrowest domain with enough room. A load counts in steps of a quarter: less is noise.
Cores Planner::choose(const Rule& rule) const {
  for (const Domain& domain : domains_of(wish_.goal)) {
    std::map<std::uint32_t, Cores> places;
    for (const HostCore& core : topology_.cores) {
      if (fits(core, rule)) places[domain(core)].push_back(&core);
    }
    places.erase(kNone);
    Cores best;
    auto best_rank = std::tuple(std::numeric_limits<int>::max(), true, std::numeric_limits<std::size_t>::max());
    for (auto& [id, cores] : places) {
      const std::size_t room = room_of(cores, rule);
      if (room < wish_.vcpus) continue;
      // Of equally idle places the tightest, so that the larger stay whole for larger machines.
      const auto rank = std::tuple(static_cast<int>(load_of(cores) / 25), holds_first(cores), room);
      if (rank < best_rank) {
        best_rank = rank;
        best = cores;
      }
    }
    if (!best.empty()) return best;
  }
  return {};
}

/// Nodes one after the other and in them caches, those with most room first: the fewest pieces. The core of processor 0 comes last
/// within its cache.
void Planner::order(Cores& cores, const Rule& rule) const {
  std::map<Id, std::size_t> node_room;
  std::map<Id, std::size_t> cache_room;
  for (const HostCore* core : cores) {
    const std::size_t room = threads_of(*core, rule).size();
    node_room[core->node] += room;
    cache_room[core->l3] += room;
  }
  std::ranges::stable_sort(cores, {}, [&](const HostCore* core) {
    return std::tuple(kNone - node_room[core->node], core->node, kNone - cache_room[core->l3], core->l3.value_or(kNone),
                      core->processors.front() == 0, core->cluster, core->id);
  });
}

bool Planner::assign(const Rule& rule) {
  Cores cores = choose(rule);
  if (cores.empty()) return false;
  order(cores, rule);
  for (const HostCore* core : cores) {
    for (const std::uint32_t thread : threads_of(*core, rule)) {
      if (plan_.processors.size() < wish_.vcpus) plan_.processors.push_back(thread);
    }
  }
  return true;
}

/// More vCPUs than processors: each processor gets several.
void Planner::assign_overcommitted() {
  std::vector<std::uint32_t> all;
  for (const HostCore& core : topology_.cores) all.insert(all.end(), core.processors.begin(), core.processors.end());
  for (std::uint32_t vcpu = 0; vcpu < wish_.vcpus; ++vcpu) plan_.processors.push_back(all[vcpu % all.size()]);
  plan_.warnings.push_back(fmt::format(
      "The machine has {} vCPUs and the host {} processors: several vCPUs share one, and the machine gets slower, not faster.",
      wish_.vcpus, all.size()));
}

const HostCore& Planner::core_of(std::uint32_t processor) const {
  return *std::ranges::find_if(topology_.cores, [processor](const HostCore& core) {
    return std::ranges::find(core.processors, processor) != core.processors.end();
  });
}

void Planner::explain_place() {
  std::set<Id> caches;
  std::set<Id> nodes;
  for (const std::uint32_t processor : plan_.processors) {
    caches.insert(core_of(processor).l3);
    nodes.insert(core_of(processor).node);
  }
  if (caches.size() == 1 && *caches.begin()) {
    plan_.reasons.push_back(fmt::format("All vCPUs share the L3 cache #{}.", **caches.begin()));
  } else if (caches.size() > 1) {
    plan_.warnings.push_back(fmt::format("The vCPUs are spread over {} L3 caches: no single one has room.", caches.size()));
  }
  if (nodes.size() == 1) {
    plan_.node = *nodes.begin();
    if (plan_.node && topology_.nodes.size() > 1)
      plan_.reasons.push_back(
          fmt::format("All are near to the memory of node {}; that of the machine should be there.", *plan_.node));
  } else if (nodes.size() > 1) {
    plan_.warnings.push_back(
        fmt::format("The vCPUs are spread over {} NUMA nodes: part of the memory is far from each.", nodes.size()));
  }
}

void Planner::explain_neighbours() {
  std::set<std::string> neighbours;
  std::set<std::uint32_t> used;
  for (const std::uint32_t processor : plan_.processors) {
    const HostCore& core = core_of(processor);
    used.insert(core.id);
    if (const auto owners = owners_.find(core.id); owners != owners_.end())
      neighbours.insert(owners->second.begin(), owners->second.end());
  }
  if (!neighbours.empty()) {
    std::string names;
    for (const std::string& name : neighbours) names += (names.empty() ? "'" : ", '") + name + "'";
    plan_.warnings.push_back(fmt::format("Cores are shared with {}: there are not enough free ones.", names));
  } else if (!owners_.empty()) {
    plan_.reasons.emplace_back("No core belongs to another machine.");
  }
  if (used.size() == topology_.cores.size())
    plan_.warnings.emplace_back("No core is left for the host itself, which then works in between.");
}

void Planner::explain(const Rule& rule) {
  std::set<CoreKind> kinds;
  bool has_idle_siblings = false;
  for (const std::uint32_t processor : plan_.processors) {
    const HostCore& core = core_of(processor);
    kinds.insert(core.kind);
    has_idle_siblings = has_idle_siblings || core.processors.size() > 1;
  }
  if (kinds == std::set{CoreKind::performance}) plan_.reasons.emplace_back("Only performance cores are used.");
  if (!kinds.contains(CoreKind::performance) && !kinds.contains(CoreKind::plain))
    plan_.reasons.emplace_back("Only economical cores are used; the fast ones stay free.");
  if (kinds.size() > 1) plan_.warnings.emplace_back("Cores of different speed are mixed: equal vCPUs are not equally fast.");
  if (rule.whole_cores && has_idle_siblings)
    plan_.reasons.emplace_back("Each vCPU has a core for itself; its second thread stays idle.");
  if (wish_.threads > 1) plan_.reasons.emplace_back("Sibling vCPUs are siblings on the host.");
  explain_place();
  explain_neighbours();
}

PinningPlan Planner::plan() {
  if (topology_.cores.empty() || wish_.vcpus == 0) return {};
  for (const Rule& rule : rules_of(wish_)) {
    if (!assign(rule)) continue;
    explain(rule);
    return std::move(plan_);
  }
  if (wish_.threads > 1) {
    // Without enough siblings the guest's idea of them is wrong, but it runs.
    const PinningWish single{wish_.vcpus, 1, wish_.goal};
    std::vector<PinningClaim> claims;
    for (const auto& [core, machines] : owners_) {
      for (const std::string& machine : machines) claims.push_back({machine, topology_.cores.at(core).processors});
    }
    PinningPlan plan = plan_pinning(topology_, claims, single);
    plan.warnings.emplace_back(
        "The guest's sibling threads are not siblings on the host: it has not enough cores with as many threads.");
    return plan;
  }
  assign_overcommitted();
  explain_place();
  explain_neighbours();
  return std::move(plan_);
}

}  // namespace

PinningPlan plan_pinning(const model::HostTopology& topology, const std::vector<PinningClaim>& claims, const PinningWish& wish) {
  return Planner(topology, claims, wish).plan();
}

}  // namespace visor::host
