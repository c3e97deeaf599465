#include "host/topology_reader.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "base/cpu_list.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Members = std::map<std::uint32_t, std::uint32_t>;  ///< processor -> id of its group

constexpr std::uint32_t kProcessorLimit = 8192;  // the most that Linux can be built for
constexpr std::uint32_t kNodeLimit = 1024;
constexpr int kCacheLimit = 10;
const std::string kProcessors = "sys/devices/system/cpu/";
const std::string kNodes = "sys/devices/system/node/";

std::optional<std::uint64_t> number_of(std::string_view text) {
  text = text::trim(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// A list of sysfs, ascending, each number once and below `limit`.
Numbers sorted_list(std::string_view text, std::uint32_t limit) {
  Numbers numbers = parse_cpu_list(text::trim(text)).value_or(Numbers());
  std::erase_if(numbers, [limit](std::uint32_t number) { return number >= limit; });
  return numbers;
}

Numbers united(const Numbers& a, const Numbers& b) {
  Numbers all;
  std::ranges::set_union(a, b, std::back_inserter(all));
  return all;
}

bool contains(const Numbers& sorted, std::uint32_t number) { return std::ranges::binary_search(sorted, number); }

/// The group of each processor, by what it says of itself: those that share something with it, or nothing when it shares nothing.
/// Kernels agree with themselves; where a file does not, the lowest processor's word counts.
std::vector<Numbers> partition(const Numbers& processors, const std::function<std::optional<Numbers>(std::uint32_t)>& sharers) {
  std::vector<Numbers> groups;
  std::set<std::uint32_t> free(processors.begin(), processors.end());
  for (const std::uint32_t processor : processors) {
    if (!free.contains(processor)) continue;
    const std::optional<Numbers> named = sharers(processor);
    if (!named) continue;
    Numbers group;
    for (const std::uint32_t other : united(*named, {processor})) {
      if (free.erase(other) > 0) group.push_back(other);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::optional<std::uint32_t> group_of(const Members& members, std::uint32_t processor) {
  const auto found = members.find(processor);
  return found == members.end() ? std::nullopt : std::optional(found->second);
}

/// One cache of a processor.
struct Cache {
  std::uint64_t level = 0;
  Bytes size;
  Numbers sharers;
};

/// Builds the topology from the files below one root.
class Builder {
 public:
  explicit Builder(std::function<std::string(const std::string&)> text_of) : text_of_(std::move(text_of)) {}

  void find_processors(const Numbers& counted);
  void find_caches();
  void find_nodes();
  void find_cores();
  void find_clusters();
  void mark_kinds();
  model::HostTopology take() { return std::move(topology_); }

 private:
  std::string of(std::uint32_t processor, const char* file) const {
    return text_of_(kProcessors + "cpu" + std::to_string(processor) + "/" + file);
  }
  Numbers list(const std::string& path) const { return sorted_list(text_of_(path), kProcessorLimit); }
  /// What the kernel has no number for is -1, or 65535 where it keeps it in sixteen bits; both count as the only one there is.
  std::uint32_t id(std::uint32_t processor, const char* file) const {
    const std::uint64_t number = number_of(of(processor, file)).value_or(0);
    return number == 65535 || number > std::numeric_limits<std::int32_t>::max() ? 0 : static_cast<std::uint32_t>(number);
  }
  std::vector<Cache> caches_of(std::uint32_t processor) const;
  std::optional<Numbers> cluster_of(std::uint32_t processor) const;
  void mark_by_capacity();

  std::function<std::string(const std::string&)> text_of_;
  model::HostTopology topology_;
  Numbers online_;
  std::map<std::uint32_t, Numbers> l2_;  ///< by processor: those that share its L2 cache
  Members l3_;
  Members node_;
};

void Builder::find_processors(const Numbers& counted) {
  const Numbers present = list(kProcessors + "present");
  online_ = list(kProcessors + "online");
  if (online_.empty()) online_ = counted;
  for (const std::uint32_t number : united(present, online_)) {
    model::HostProcessor processor{.id = number, .online = contains(online_, number)};
    const auto kilohertz = number_of(of(number, "cpufreq/cpuinfo_max_freq"));
    if (kilohertz && *kilohertz / 1000 <= std::numeric_limits<std::uint32_t>::max())
      processor.max_mhz = static_cast<std::uint32_t>(*kilohertz / 1000);
    topology_.processors.push_back(processor);
  }
}

std::vector<Cache> Builder::caches_of(std::uint32_t processor) const {
  std::vector<Cache> caches;
  for (int index = 0; index < kCacheLimit; ++index) {
    const std::string folder = "cache/index" + std::to_string(index) + "/";
    const auto level = number_of(of(processor, (folder + "level").c_str()));
    if (!level) break;
    if (*level < 2 || text::trim(of(processor, (folder + "type").c_str())) == "Instruction") continue;
    caches.push_back({*level, parse_cache_size(text::trim(of(processor, (folder + "size").c_str()))),
                      sorted_list(of(processor, (folder + "shared_cpu_list").c_str()), kProcessorLimit)});
  }
  return caches;
}

void Builder::find_caches() {
  std::map<std::uint32_t, Cache> l3;
  for (const std::uint32_t processor : online_) {
    for (Cache& cache : caches_of(processor)) {
      if (cache.level == 2) l2_[processor] = std::move(cache.sharers);
      if (cache.level == 3) l3[processor] = std::move(cache);
    }
  }
  const std::vector<Numbers> groups = partition(online_, [&l3](std::uint32_t processor) {
    return l3.contains(processor) ? std::optional(l3.at(processor).sharers) : std::nullopt;
  });
  for (const Numbers& group : groups) {
    const auto number = static_cast<std::uint32_t>(topology_.l3_groups.size());
    topology_.l3_groups.push_back({number, l3.at(group.front()).size, group});
    for (const std::uint32_t processor : group) l3_[processor] = number;
  }
}

void Builder::find_nodes() {
  const Numbers numbers = sorted_list(text_of_(kNodes + "online"), kNodeLimit);
  for (const std::uint32_t number : numbers) {
    const std::string folder = kNodes + "node" + std::to_string(number) + "/";
    model::HostNumaNode node{.id = number};
    for (const std::uint32_t processor : list(folder + "cpulist")) {
      if (contains(online_, processor) && node_.emplace(processor, number).second) node.processors.push_back(processor);
    }
    for (const std::string& word : text::split(text::trim(text_of_(folder + "distance")), ' ')) {
      const auto distance = number_of(word);
      if (!distance || *distance > 255 || node.distances.size() == numbers.size()) break;
      node.distances.push_back(static_cast<std::uint32_t>(*distance));
    }
    topology_.nodes.push_back(std::move(node));
  }
}

void Builder::find_cores() {
  std::map<std::uint32_t, Numbers> packages;
  const std::vector<Numbers> cores = partition(online_, [this](std::uint32_t processor) -> std::optional<Numbers> {
    const std::string siblings = of(processor, "topology/core_cpus_list");
    return sorted_list(siblings.empty() ? of(processor, "topology/thread_siblings_list") : siblings, kProcessorLimit);
  });
  for (const Numbers& threads : cores) {
    model::HostCore core{.id = static_cast<std::uint32_t>(topology_.cores.size()), .processors = threads};
    core.package = id(threads.front(), "topology/physical_package_id");
    core.die = id(threads.front(), "topology/die_id");
    core.l3 = group_of(l3_, threads.front());
    core.node = group_of(node_, threads.front());
    for (const std::uint32_t thread : threads) {
      const auto processor = std::ranges::lower_bound(topology_.processors, thread, {}, &model::HostProcessor::id);
      processor->core = core.id;
      packages[core.package].push_back(thread);
    }
    topology_.cores.push_back(std::move(core));
  }
  for (auto& [number, processors] : packages) {
    std::ranges::sort(processors);
    topology_.packages.push_back({number, std::move(processors)});
  }
}

/// Those that share an L2 cache; where the host hides its caches, what the kernel calls a cluster.
std::optional<Numbers> Builder::cluster_of(std::uint32_t processor) const {
  if (const auto found = l2_.find(processor); found != l2_.end()) return found->second;
  Numbers listed = sorted_list(of(processor, "topology/cluster_cpus_list"), kProcessorLimit);
  return listed.empty() ? std::nullopt : std::optional(std::move(listed));
}

void Builder::find_clusters() {
  for (const Numbers& group : partition(online_, [this](std::uint32_t processor) { return cluster_of(processor); })) {
    std::vector<model::HostCore*> cores;
    for (model::HostCore& core : topology_.cores) {
      if (contains(group, core.processors.front())) cores.push_back(&core);
    }
    if (cores.size() < 2) continue;
    const auto number = static_cast<std::uint32_t>(topology_.clusters.size());
    for (model::HostCore* core : cores) core->cluster = number;
    topology_.clusters.push_back({number, Bytes{}, group});
  }
  for (model::HostCacheGroup& cluster : topology_.clusters) {
    for (const Cache& cache : caches_of(cluster.processors.front())) {
      if (cache.level == 2) cluster.size = cache.size;
    }
  }
}

/// Intel's kernels tell the kinds by the counters that each has, others by what a core can do.
void Builder::mark_kinds() {
  const Numbers fast = list("sys/devices/cpu_core/cpus");
  const Numbers economical = list("sys/devices/cpu_atom/cpus");
  const Numbers quiet = list("sys/devices/cpu_lowpower/cpus");
  if (fast.empty() || (economical.empty() && quiet.empty())) return mark_by_capacity();
  const bool fast_have_l3 =
      std::ranges::any_of(fast, [this](std::uint32_t processor) { return group_of(l3_, processor).has_value(); });
  for (model::HostCore& core : topology_.cores) {
    const std::uint32_t thread = core.processors.front();
    if (contains(fast, thread)) core.kind = model::CoreKind::performance;
    // Until there were counters of their own, the cores outside of the L3 cache were counted with the economical ones.
    if (contains(economical, thread))
      core.kind = fast_have_l3 && !core.l3 ? model::CoreKind::lowPower : model::CoreKind::efficiency;
    if (contains(quiet, thread)) core.kind = model::CoreKind::lowPower;
  }
}

/// A core that can do less than half of what the best can is economical. Best cores of a batch differ by a few percent.
void Builder::mark_by_capacity() {
  std::map<std::uint32_t, std::uint64_t> capacities;
  std::uint64_t best = 0;
  for (const model::HostCore& core : topology_.cores) {
    const std::uint64_t capacity = number_of(of(core.processors.front(), "cpu_capacity")).value_or(0);
    if (capacity > 0 && capacity <= 1U << 20U) best = std::max(best, capacities[core.id] = capacity);
  }
  const auto is_economical = [best](const auto& item) { return item.second * 2 < best; };
  if (std::ranges::none_of(capacities, is_economical)) return;
  for (const auto& item : capacities) {
    topology_.cores.at(item.first).kind = is_economical(item) ? model::CoreKind::efficiency : model::CoreKind::performance;
  }
}

}  // namespace

TopologyReader::TopologyReader(std::filesystem::path root) : root_(std::move(root)) {}

std::string TopologyReader::text_of(const std::string& path) const { return os::read_file_if_any(root_ / path).value_or(""); }

model::HostTopology TopologyReader::read() const {
  Builder builder([this](const std::string& path) { return text_of(path); });
  Numbers counted;
  for (const auto& [number, times] : processor_times()) counted.push_back(number);
  builder.find_processors(counted);
  builder.find_caches();
  builder.find_nodes();
  builder.find_cores();
  builder.find_clusters();
  builder.mark_kinds();
  model::HostTopology topology = builder.take();
  topology.model = parse_cpu_model(text_of("proc/cpuinfo"));
  refresh_memory(topology.nodes);
  return topology;
}

std::string TopologyReader::online() const { return text_of(kProcessors + "online"); }

std::map<std::uint32_t, CpuTimes> TopologyReader::processor_times() const { return parse_processor_times(text_of("proc/stat")); }

void TopologyReader::refresh_memory(std::vector<model::HostNumaNode>& nodes) const {
  for (model::HostNumaNode& node : nodes) {
    const std::string meminfo = text_of(kNodes + "node" + std::to_string(node.id) + "/meminfo");
    node.memory_total = parse_node_memory(meminfo, "MemTotal");
    node.memory_free = parse_node_memory(meminfo, "MemFree");
  }
}

std::map<std::uint32_t, CpuTimes> parse_processor_times(std::string_view stat) {
  std::map<std::uint32_t, CpuTimes> all;
  while (stat.starts_with("cpu")) {
    const std::string_view line = stat.substr(0, stat.find('\n'));
    stat.remove_prefix(std::min(stat.size(), line.size() + 1));
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto number = number_of(line.substr(3, blank - 3));
    if (!number || *number >= kProcessorLimit) continue;
    all[static_cast<std::uint32_t>(*number)] = parse_cpu_times("cpu" + std::string(line.substr(blank)));
  }
  return all;
}

Bytes parse_cache_size(std::string_view text) {
  unsigned shift = 0;
  if (text.ends_with('K')) shift = 10;
  if (text.ends_with('M')) shift = 20;
  if (shift > 0) text.remove_suffix(1);
  const std::uint64_t number = number_of(text).value_or(0);
  return Bytes{number > (std::uint64_t{1} << 40U) ? 0 : number << shift};
}

Bytes parse_node_memory(std::string_view meminfo, std::string_view key) {
  // "Node 0 MemTotal:       22374616 kB"
  for (const std::string& line : text::split(meminfo, '\n')) {
    const std::size_t at = line.find(" " + std::string(key) + ":");
    if (at == std::string::npos || !line.ends_with(" kB")) continue;
    const std::size_t from = at + key.size() + 2;
    const std::uint64_t number = number_of(std::string_view(line).substr(from, line.size() - 3 - from)).value_or(0);
    return Bytes{number > (std::uint64_t{1} << 50U) ? 0 : number << 10U};
  }
  return {};
}

}  // namespace visor::host
