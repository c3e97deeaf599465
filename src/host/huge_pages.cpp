#include "host/huge_pages.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/cpu_list.h"
#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

std::filesystem::path pool_path(const std::filesystem::path& root, const HugePagePool& pool) {
  const std::filesystem::path base =
      pool.node ? root / fmt::format("sys/devices/system/node/node{}/hugepages", *pool.node) : root / "sys/kernel/mm/hugepages";
  return base / fmt::format("hugepages-{}kB", pool.page.count / 1024);
}

std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  const auto content = os::read_file_if_any(path);
  if (!content) return std::nullopt;
  const std::string_view digits = text::trim(*content);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

void write_number(const std::filesystem::path& path, std::uint64_t number) {
  const os::Fd fd = os::open_file(path, O_WRONLY);
  os::write_all(fd.get(), std::to_string(number));
}

}  // namespace

std::vector<Bytes> huge_page_sizes(const std::filesystem::path& root) {
  std::vector<Bytes> sizes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root / "sys/kernel/mm/hugepages", error)) {
    const std::string name = entry.path().filename();
    std::uint64_t kib = 0;
    if (!name.starts_with("hugepages-")) continue;
    std::from_chars(name.data() + 10, name.data() + name.size(), kib);
    sizes.push_back({kib * 1024});
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

std::vector<std::uint32_t> memory_nodes(const std::filesystem::path& root) {
  const auto list = os::read_file_if_any(root / "sys/devices/system/node/has_memory");
  const auto nodes = list ? parse_cpu_list(text::trim(*list)) : std::nullopt;
  return nodes && !nodes->empty() ? *nodes : std::vector<std::uint32_t>{0};
}

std::optional<HugePageCount> count_huge_pages(const std::filesystem::path& root, const HugePagePool& pool) {
  const std::filesystem::path path = pool_path(root, pool);
  const auto total = number_in(path / "nr_hugepages");
  const auto free = number_in(path / "free_hugepages");
  if (!total || !free) return std::nullopt;
  // Promises are known for the whole host alone.
  const std::uint64_t promised = number_in(path / "resv_hugepages").value_or(0);
  return HugePageCount{*total, *free - std::min(*free, promised)};
}

std::uint64_t set_huge_pages(const std::filesystem::path& root, const HugePagePool& pool, std::uint64_t total) {
  const std::filesystem::path file = pool_path(root, pool) / "nr_hugepages";
  write_number(file, total);
  std::uint64_t now = number_in(file).value_or(0);
  if (now >= total) return now;
  try {
    write_number(root / "proc/sys/vm/compact_memory", 1);
  } catch (const Error&) {  // a kernel without compaction has what it has
    return now;
  }
  write_number(file, total);
  return number_in(file).value_or(now);
}

}  // namespace visor::host
