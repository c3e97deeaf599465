#include "visor/topology_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "visor/units.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

using model::CoreKind;
using Id = std::optional<std::uint32_t>;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kLevelIndent = 2;
constexpr std::size_t kColumnGap = 2;
constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();  ///< the place of what has no number

const char* mark_of(CoreKind kind) {
  switch (kind) {
    case CoreKind::plain: return "";
    case CoreKind::performance: return "P";
    case CoreKind::efficiency: return "E";
    case CoreKind::lowPower: return "LP";
  }
  return "";
}

const char* words_of(CoreKind kind) {
  switch (kind) {
    case CoreKind::plain: return "";
    case CoreKind::performance: return "performance core";
    case CoreKind::efficiency: return "efficiency core";
    case CoreKind::lowPower: return "low power core";
  }
  return "";
}

Color color_of(double percent) {
  if (percent >= 75) return Color::red;
  return percent >= 25 ? Color::yellow : Color::none;
}

std::string bar_of(double percent) {
  static constexpr std::array kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  return kBars.at(std::min<std::size_t>(static_cast<std::size_t>(std::max(percent, 0.0) / 12.5), kBars.size() - 1));
}

/// "0-2, 5"
std::string ranges(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", numbers[i]);
    if (last > i) out += fmt::format("-{}", numbers[last]);
    i = last + 1;
  }
  return out;
}

/// A, B, ... Z, AA, ...: the mark of the n-th owner, by which it is found in the picture.
std::string owner_mark(std::size_t n) {
  std::string mark;
  for (++n; n > 0; n = (n - 1) / 26) mark.insert(mark.begin(), static_cast<char>('A' + (n - 1) % 26));
  return mark;
}

/// "vCPU 0 on 2-3, QEMU on 0, exclusive"
std::string owner_words(const model::ProcessorOwner& owner) {
  std::string words;
  const auto add = [&words](const std::string& part) { words += (words.empty() ? "" : ", ") + part; };
  for (std::size_t i = 0; i < owner.pinning.vcpus.size(); ++i) {
    if (!owner.pinning.vcpus[i].empty()) add(fmt::format("vCPU {} on {}", i, text::printable(owner.pinning.vcpus[i])));
  }
  if (!owner.pinning.emulator.empty()) add("QEMU on " + text::printable(owner.pinning.emulator));
  if (!owner.pinning.io.empty()) add("disk threads on " + text::printable(owner.pinning.io));
  if (owner.pinning.exclusive) add("exclusive");
  if (!owner.running) add("not running");
  return words;
}

/// Draws one topology.
class Picture {
 public:
  Picture(const model::HostTopology& topology, const Canvas& canvas) : topology_(topology), canvas_(canvas) {
    if (canvas_.width == 0) canvas_.width = kWidth;
    if (!topology_.processors.empty()) id_width_ = std::to_string(topology_.processors.back().id).size();
    for (std::size_t i = 0; i < topology_.owners.size(); ++i) {
      for (const std::uint32_t id : topology_.owners[i].processors) owners_[id].push_back(owner_mark(i));
    }
    for (const auto& [id, marks] : owners_) owner_width_ = std::max(owner_width_, owners_of(id).size());
    for (const model::HostCore& core : topology_.cores) {
      mark_width_ = std::max(mark_width_, std::string_view(mark_of(core.kind)).size());
    }
  }

  std::string draw() {
    if (!topology_.model.empty())
      out_ = paint(shorten(text::printable(topology_.model), canvas_.width), Color::bold, canvas_.color) + "\n";
    out_ += counts() + "\n";
    draw_cores();
    draw_rest();
    return std::move(out_);
  }

 private:
  using Level = std::pair<Id, std::string>;  ///< a group and its line
  struct Box {
    std::string text;
    std::size_t width = 0;  ///< without colours
  };

  std::string counts() const;
  std::vector<Level> levels_of(const model::HostCore& core) const;
  std::string package_line(std::uint32_t id) const;
  std::string node_line(const model::HostNumaNode& node) const;
  void draw_cores();
  void draw_boxes(const std::vector<const model::HostCore*>& cores, std::size_t depth);
  Box box(const model::HostCore& core, std::size_t indent) const;
  std::string thread(std::uint32_t id) const;
  void draw_rest();
  void draw_owners();
  std::string owners_of(std::uint32_t id) const;
  std::string load_of(const std::vector<std::uint32_t>& processors) const;

  std::size_t thread_width() const { return id_width_ + 7 + owner_width_; }
  const model::HostProcessor* find(std::uint32_t id) const {
    const auto found = std::ranges::lower_bound(topology_.processors, id, {}, &model::HostProcessor::id);
    return found == topology_.processors.end() || found->id != id ? nullptr : &*found;
  }

  const model::HostTopology& topology_;
  Canvas canvas_;
  std::size_t id_width_ = 1;
  std::size_t mark_width_ = 0;
  std::map<std::uint32_t, std::vector<std::string>> owners_;  ///< the marks of each processor's
  std::size_t owner_width_ = 0;
  std::string out_;
};

std::string count_of(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string Picture::counts() const {
  const auto online = static_cast<std::size_t>(std::ranges::count(topology_.processors, true, &model::HostProcessor::online));
  return fmt::format("{} · {} · {}", count_of(topology_.packages.size(), "package", "packages"),
                     count_of(topology_.cores.size(), "core", "cores"), count_of(online, "processor", "processors"));
}

/// " · 12 %": the mean of those that have one.
std::string Picture::load_of(const std::vector<std::uint32_t>& processors) const {
  double sum = 0;
  int known = 0;
  for (const std::uint32_t id : processors) {
    const model::HostProcessor* processor = find(id);
    if (processor == nullptr || !processor->load_percent) continue;
    sum += *processor->load_percent;
    ++known;
  }
  return known == 0 ? "" : fmt::format(" · {:.0f} % busy", sum / known);
}

std::string Picture::package_line(std::uint32_t id) const {
  const auto found = std::ranges::find(topology_.packages, id, &model::HostPackage::id);
  return fmt::format("Package {}", id) + (found == topology_.packages.end() ? "" : load_of(found->processors));
}

std::string Picture::node_line(const model::HostNumaNode& node) const {
  return fmt::format("Node {} · {} of {} free{}", node.id, format_size(node.memory_free.count),
                     format_size(node.memory_total.count), load_of(node.processors));
}

std::string cache_line(const char* level, const model::HostCacheGroup& group) {
  return group.size.count == 0 ? level : fmt::format("{} {}", level, format_size(group.size.count));
}

/// The groups around a core, outermost first. A level that this host does not have at all is left out.
std::vector<Picture::Level> Picture::levels_of(const model::HostCore& core) const {
  std::vector<Level> levels{{core.package, package_line(core.package)}};
  if (!topology_.nodes.empty()) {
    const auto node =
        std::ranges::find_if(topology_.nodes, [&core](const model::HostNumaNode& one) { return one.id == core.node; });
    levels.emplace_back(core.node, node == topology_.nodes.end() ? "No node" : node_line(*node));
  }
  if (core.l3 && *core.l3 < topology_.l3_groups.size()) {
    const model::HostCacheGroup& group = topology_.l3_groups[*core.l3];
    levels.emplace_back(core.l3, cache_line(fmt::format("L3 #{}", *core.l3).c_str(), group) + load_of(group.processors));
  } else if (!topology_.l3_groups.empty()) {
    levels.emplace_back(std::nullopt, "No L3 cache");
  }
  if (core.cluster && *core.cluster < topology_.clusters.size())
    levels.emplace_back(core.cluster, cache_line("Shared L2", topology_.clusters[*core.cluster]));
  return levels;
}

void Picture::draw_cores() {
  std::vector<const model::HostCore*> cores;
  cores.reserve(topology_.cores.size());
  for (const model::HostCore& core : topology_.cores) cores.push_back(&core);
  std::ranges::stable_sort(cores, {}, [](const model::HostCore* core) {
    return std::tuple(core->package, core->node.value_or(kLast), core->l3.value_or(kLast), core->cluster, core->id);
  });
  std::vector<Level> before;
  std::vector<const model::HostCore*> row;
  const auto flush = [&] {
    draw_boxes(row, before.size());
    row.clear();
  };
  for (const model::HostCore* core : cores) {
    const std::vector<Level> levels = levels_of(*core);
    if (levels != before) {
      flush();
      const auto differs = static_cast<std::size_t>(std::ranges::mismatch(levels, before).in1 - levels.begin());
      for (std::size_t depth = differs; depth < levels.size(); ++depth) {
        out_ +=
            std::string(depth * kLevelIndent, ' ') + shorten(levels[depth].second, canvas_.width - depth * kLevelIndent) + "\n";
      }
      before = levels;
    }
    row.push_back(core);
  }
  flush();
}

/// " A,B": whose it is, with as many as stand beside each other without a crowd.
std::string Picture::owners_of(std::uint32_t id) const {
  constexpr std::size_t kMost = 3;
  const auto found = owners_.find(id);
  if (found == owners_.end()) return "";
  const std::vector<std::string>& marks = found->second;
  std::string text;
  for (std::size_t i = 0; i < std::min(marks.size(), kMost); ++i) text += (text.empty() ? " " : ",") + marks[i];
  return marks.size() > kMost ? text + fmt::format("+{}", marks.size() - kMost) : text;
}

/// "0 ▁   3% A": what thread_width() is the width of.
std::string Picture::thread(std::uint32_t id) const {
  const model::HostProcessor* processor = find(id);
  const std::string number = fmt::format("{:>{}} ", id, id_width_);
  const std::string owners = fmt::format("{:<{}}", owners_of(id), owner_width_);
  if (processor == nullptr || !processor->load_percent) return number + "     ?" + owners;
  const double percent = *processor->load_percent;
  return number + paint(fmt::format("{} {:>3.0f}%", bar_of(percent), percent), color_of(percent), canvas_.color) + owners;
}

/// "P[0 ▁   3%, 1 ▁   0%]"; threads that do not fit beside each other stand below each other.
Picture::Box Picture::box(const model::HostCore& core, std::size_t indent) const {
  const std::size_t frame = mark_width_ + 2;
  const std::size_t width = frame + core.processors.size() * (thread_width() + kColumnGap) - kColumnGap;
  const bool fits = width + indent <= canvas_.width;
  const std::string between = fits ? ", " : ",\n" + std::string(indent + frame - 1, ' ');
  std::string text = fmt::format("{:>{}}[", mark_of(core.kind), mark_width_);
  for (const std::uint32_t id : core.processors) text += (id == core.processors.front() ? "" : between) + thread(id);
  return {text + "]", fits ? width : canvas_.width};
}

void Picture::draw_boxes(const std::vector<const model::HostCore*>& cores, std::size_t depth) {
  const std::size_t indent = depth * kLevelIndent;
  std::size_t column = 0;
  for (const model::HostCore* core : cores) {
    const Box next = box(*core, indent);
    const bool begins = column == 0 || column + kColumnGap + next.width > canvas_.width;
    if (begins && column > 0) out_ += "\n";
    out_ += std::string(begins ? indent : kColumnGap, ' ') + next.text;
    column = (begins ? indent : column + kColumnGap) + next.width;
  }
  if (column > 0) out_ += "\n";
}

void Picture::draw_rest() {
  for (const model::HostNumaNode& node : topology_.nodes) {
    if (node.processors.empty()) out_ += node_line(node) + " · memory only\n";
  }
  std::vector<std::uint32_t> off;
  for (const model::HostProcessor& processor : topology_.processors) {
    if (!processor.online) off.push_back(processor.id);
  }
  if (!off.empty()) out_ += fmt::format("Switched off: {}\n", ranges(off));
  std::string legend;
  for (const CoreKind kind : {CoreKind::performance, CoreKind::efficiency, CoreKind::lowPower}) {
    if (std::ranges::count(topology_.cores, kind, &model::HostCore::kind) == 0) continue;
    legend += fmt::format("{}{} {}", legend.empty() ? "" : ", ", mark_of(kind), words_of(kind));
  }
  if (!legend.empty()) out_ += paint(legend, Color::dim, canvas_.color) + "\n";
  draw_owners();
}

void Picture::draw_owners() {
  for (std::size_t i = 0; i < topology_.owners.size(); ++i) {
    const model::ProcessorOwner& owner = topology_.owners[i];
    const std::string line = fmt::format("{} {}: {}", owner_mark(i), text::printable(owner.machine), owner_words(owner));
    out_ += wrap(line, kLevelIndent, canvas_.width) + "\n";
  }
}

std::string owner_names(const model::HostTopology& topology, std::uint32_t processor) {
  std::string names;
  for (const model::ProcessorOwner& owner : topology.owners) {
    if (std::ranges::count(owner.processors, processor) > 0) names += (names.empty() ? "" : " ") + owner.machine;
  }
  return names;
}

std::string text_of(Id id) { return id ? std::to_string(*id) : ""; }

}  // namespace

std::string topology_picture(const model::HostTopology& topology, const Canvas& canvas) {
  return Picture(topology, canvas).draw();
}

Table topology_table(const model::HostTopology& topology) {
  Table table{{{"PROCESSOR"},
               {"ONLINE"},
               {"PACKAGE"},
               {"NODE"},
               {"L3"},
               {"CLUSTER"},
               {"CORE"},
               {"KIND"},
               {"MAXMHZ"},
               {"LOAD"},
               {"OWNERS"}},
              {}};
  for (const model::HostProcessor& processor : topology.processors) {
    model::HostCore core;
    const bool known = processor.core && *processor.core < topology.cores.size();
    if (known) core = topology.cores[*processor.core];
    table.rows.push_back({std::to_string(processor.id), processor.online ? "yes" : "no",
                          known ? std::to_string(core.package) : "", text_of(core.node), text_of(core.l3), text_of(core.cluster),
                          text_of(processor.core), known ? json::enum_name(core.kind) : "", text_of(processor.max_mhz),
                          processor.load_percent ? fmt::format("{:.1f}", *processor.load_percent) : "",
                          owner_names(topology, processor.id)});
  }
  return table;
}

}  // namespace visor::cli
