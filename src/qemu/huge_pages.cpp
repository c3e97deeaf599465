#include "qemu/huge_pages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/describe.hpp>

#include <algorithm>

#include "base/cpu_list.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/log.h"
#include "model/validate_memory.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

constexpr const char* kPagesNote = "huge-pages.json";

/// What was asked of the kernel for one machine.
struct TakenPages {
  Bytes page;
  std::optional<std::uint32_t> node;
  std::uint64_t before = 0;  ///< pages of the pool, used or free, before
  std::uint64_t added = 0;
};
BOOST_DESCRIBE_STRUCT(TakenPages, (), (page, node, before, added))

struct TakenNote {
  std::vector<TakenPages> taken;
};
BOOST_DESCRIBE_STRUCT(TakenNote, (), (taken))

bool same(const host::HugePagePool& a, const host::HugePagePool& b) { return a.page == b.page && a.node == b.node; }

std::string place(const host::HugePagePool& pool) {
  return pool.node ? fmt::format("node {} of the host", *pool.node) : std::string("the host");
}

Error missing_pages(const host::HugePagePool& pool, std::uint64_t wanted, std::uint64_t there, const std::string& why) {
  const std::string file = pool.node
                               ? fmt::format("/sys/devices/system/node/node{}/hugepages/hugepages-{}kB/nr_hugepages", *pool.node,
                                             pool.page.count / 1024)
                               : fmt::format("/sys/kernel/mm/hugepages/hugepages-{}kB/nr_hugepages", pool.page.count / 1024);
  return {ErrorKind::conflict, "host.huge_pages_missing",
          fmt::format("The machine needs {} pages of {} and {} has {} free{}.", wanted, format_bytes(pool.page), place(pool),
                      there, why),
          fmt::format("Free memory, or reserve them early after the host has started: write their number to {} as root.", file)};
}

void give_back(const std::filesystem::path& root, const TakenPages& taken) {
  const host::HugePagePool pool{taken.page, taken.node};
  const auto now = host::count_huge_pages(root, pool);
  // Not more there than before: it was never taken, or somebody else has taken it away.
  if (!now || now->total <= taken.before) return;
  const std::uint64_t unused = std::min({taken.added, now->free, now->total - taken.before});
  if (unused > 0) host::set_huge_pages(root, pool, now->total - unused);
}

}  // namespace

std::vector<HugePageNeed> huge_page_needs(const model::Memory& memory) {
  std::vector<HugePageNeed> needs;
  if (memory.page_size == "4KiB") return needs;
  const Bytes page = model::page_bytes(memory.page_size);
  const std::uint64_t pages = model::memory_at_start(memory).count / memory.nodes / page.count;
  for (std::uint32_t node = 0; node < memory.nodes; ++node) {
    host::HugePagePool pool{page, std::nullopt};
    if (node < memory.host_nodes.size()) {
      const auto list = parse_cpu_list(memory.host_nodes[node]);
      if (list && list->size() == 1) pool.node = list->front();
    }
    const auto known = std::find_if(needs.begin(), needs.end(), [&](const HugePageNeed& need) { return same(need.pool, pool); });
    if (known != needs.end()) {
      known->pages += pages;
    } else {
      needs.push_back({pool, pages});
    }
  }
  return needs;
}

std::uint64_t HugePages::promised(const host::HugePagePool& pool) const {
  std::uint64_t pages = 0;
  for (const auto& [id, needs] : starting_) {
    for (const HugePageNeed& need : needs) pages += same(need.pool, pool) ? need.pages : 0;
  }
  return pages;
}

void HugePages::take(const std::string& id, const model::Memory& memory, const std::filesystem::path& runtime_directory) {
  const std::vector<HugePageNeed> needs = huge_page_needs(memory);
  TakenNote note;
  for (const HugePageNeed& need : needs) {
    const auto count = host::count_huge_pages(root_, need.pool);
    if (!count) throw missing_pages(need.pool, need.pages, 0, "; this processor or kernel has none of this size");
    const std::uint64_t promised = this->promised(need.pool);
    const std::uint64_t free = count->free - std::min(count->free, promised);
    if (free < need.pages) note.taken.push_back({need.pool.page, need.pool.node, count->total, need.pages - free});
  }
  if (!note.taken.empty()) {
    os::replace_file(runtime_directory / kPagesNote, json::to_text(note), 0600, os::Durable::no);
    try {
      for (const TakenPages& taken : note.taken) {
        const host::HugePagePool pool{taken.page, taken.node};
        const std::uint64_t wanted = taken.before + taken.added;
        const std::uint64_t now = host::set_huge_pages(root_, pool, wanted);
        const auto free = host::count_huge_pages(root_, pool).value_or(host::HugePageCount()).free;
        if (now < wanted) throw missing_pages(pool, free + wanted - now, free, ", and the kernel found no more");
      }
    } catch (const Error& error) {
      give_back(runtime_directory);
      if (error.code() == "host.huge_pages_missing") throw;
      const TakenPages& first = note.taken.front();
      const auto free = host::count_huge_pages(root_, {first.page, first.node}).value_or(host::HugePageCount()).free;
      throw missing_pages({first.page, first.node}, first.added + free, free, ", and visord may not reserve more without root");
    }
  }
  if (!needs.empty()) starting_[id] = needs;
}

void HugePages::give_back(const std::filesystem::path& runtime_directory) noexcept {
  try {
    const auto content = os::read_file_if_any(runtime_directory / kPagesNote);
    if (!content) return;
    const auto note = json::from_json<TakenNote>(json::parse(*content), "machine.record_invalid");
    for (const TakenPages& taken : note.taken) qemu::give_back(root_, taken);
    ::unlink((runtime_directory / kPagesNote).c_str());
  } catch (const std::exception& error) {
    log::warning("huge pages cannot be given back: {}", error.what());
  }
}

}  // namespace visor::qemu
