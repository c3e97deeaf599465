// Huge pages and page merging.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "host/host_checks_parts.h"
#include "host/huge_pages.h"
#include "os/file.h"

namespace visor::host {
namespace {

using model::CheckFeature;
using model::CheckState;
using model::HostCheck;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

void check_huge_pages(CheckList& list, Bytes page) {
  const std::uint64_t size = page.count;
  const std::uint64_t kibibytes = size / 1024;
  const std::string name = format_bytes(page);
  const std::string folder = fmt::format("sys/kernel/mm/hugepages/hugepages-{}kB", kibibytes);
  const auto [reserved, free] = count_huge_pages(list.root, {page, std::nullopt}).value_or(HugePageCount());
  HostCheck check{.id = fmt::format("hugepages.{}", kibibytes),
                  .feature = CheckFeature::memory,
                  .title = fmt::format("Huge pages of {}", name)};
  if (reserved > 0) {
    check.state = free > 0 ? CheckState::ok : CheckState::limited;
    check.reason = fmt::format("{} of {} reserved pages are free, says /{}.", free, reserved, folder);
    if (free > 0) return list.add(std::move(check));
    check.fix = "All are in use: reserve more.";
  } else {
    check.state = CheckState::off;
    const std::string buddies = os::read_file_if_any(list.root / "proc/buddyinfo").value_or("");
    const std::uint64_t largest = list.surroundings.page_size << 10U;  // the kernel knows no larger block of free memory
    const std::uint64_t possible = free_in_blocks(buddies, size, list.surroundings.page_size) / size;
    check.reason = size > largest || buddies.empty()
                       ? fmt::format("None are reserved, says /{}.", folder)
                       : fmt::format("None are reserved, says /{}; free memory has room for {} as it is.", folder, possible);
    check.fix = size >= kGiB
                    ? "Reserve as many as machines need; after the start of the host memory is often too scattered for it, then "
                      "use the kernel parameters hugepagesz=1G hugepages=COUNT."
                    : "Reserve as many as machines need.";
  }
  const std::uint64_t wanted = reserved + (size >= kGiB ? 4 : 1024);
  check.command = fmt::format("echo {} | sudo tee /{}/nr_hugepages", wanted, folder);
  list.add(std::move(check));
}

/// The word in brackets of a file such as "always [madvise] never".
std::string chosen_word(const std::string& text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open == std::string::npos ? 0 : open);
  return open == std::string::npos || close == std::string::npos ? "" : text.substr(open + 1, close - open - 1);
}

void check_transparent(CheckList& list) {
  const char* file = "sys/kernel/mm/transparent_hugepage/enabled";
  const std::optional<std::string> content = list.text_of(file);
  const std::string word = chosen_word(content.value_or(""));
  HostCheck check{.id = "hugepages.transparent", .feature = CheckFeature::memory, .title = "Transparent huge pages"};
  if (word == "always" || word == "madvise") {
    check.reason = fmt::format("/{} is {}: the kernel gives machines huge pages where it can.", file, word);
  } else if (content) {
    check.state = CheckState::off;
    check.reason = fmt::format("/{} is {}: machines get small pages only.", file, word);
    check.fix = "Let programs ask for them.";
    check.command = fmt::format("echo madvise | sudo tee /{}", file);
  } else {
    check.state = CheckState::missing;
    check.reason = fmt::format("There is no /{}: this kernel was built without them.", file);
  }
  list.add(std::move(check));
}

void check_merging(CheckList& list) {
  HostCheck check{.id = "ksm", .feature = CheckFeature::memory, .title = "Merging of equal pages (KSM)"};
  const std::optional<std::uint64_t> run = list.number_of("sys/kernel/mm/ksm/run");
  if (!run) {
    check.state = CheckState::missing;
    check.reason = "There is no /sys/kernel/mm/ksm: this kernel was built without KSM.";
  } else if (*run == 1) {
    const std::uint64_t shared = list.number_of("sys/kernel/mm/ksm/pages_shared").value_or(0);
    const std::uint64_t saved = list.number_of("sys/kernel/mm/ksm/pages_sharing").value_or(0);
    check.reason = fmt::format("/sys/kernel/mm/ksm/run is 1; {} pages are shared, which saves {}.", shared,
                               format_bytes(Bytes{saved * list.surroundings.page_size}));
  } else {
    check.state = CheckState::off;
    check.reason = fmt::format("/sys/kernel/mm/ksm/run is {}: the kernel does not look for equal pages.", *run);
    check.fix = "Switch it on; it costs processor time, and machines can tell from timing which pages others hold.";
    check.command = "echo 1 | sudo tee /sys/kernel/mm/ksm/run";
  }
  list.add(std::move(check));
}

}  // namespace

std::uint64_t free_in_blocks(std::string_view buddyinfo, std::uint64_t block, std::uint64_t page_size) {
  // "Node 0, zone   Normal   4381   1093 ...": free blocks of 1, 2, 4 ... pages (proc(5)).
  std::uint64_t bytes = 0;
  for (const std::string& line : text::split(buddyinfo, '\n')) {
    std::vector<std::string> words;
    for (std::string& word : text::split(line, ' ')) {
      if (!word.empty()) words.push_back(std::move(word));
    }
    std::uint64_t size = page_size;
    for (std::size_t i = 4; i < words.size(); ++i, size *= 2) {
      std::uint64_t count = 0;
      std::from_chars(words[i].data(), words[i].data() + words[i].size(), count);
      if (size >= block) bytes += count * size;
    }
  }
  return bytes;
}

void check_memory(CheckList& list) {
  const std::vector<Bytes> sizes = huge_page_sizes(list.root);
  for (const Bytes size : sizes) check_huge_pages(list, size);
  if (sizes.empty()) {
    list.add({.id = "hugepages",
              .feature = CheckFeature::memory,
              .title = "Huge pages",
              .state = CheckState::missing,
              .reason = "There is nothing below /sys/kernel/mm/hugepages: this kernel was built without them."});
  }
  check_transparent(list);
  check_merging(list);
}

}  // namespace visor::host
