#include "host/memory_state.h"

#include <charconv>
#include <string>
#include <string_view>

#include "host/host_reader.h"
#include "os/file.h"

namespace visor::host {
namespace {

/// Kernel Documentation/accounting/psi.rst: "some avg10=0.12 avg60=... total=...".
double some_avg10(std::string_view pressure) {
  constexpr std::string_view kStart = "some avg10=";
  if (!pressure.starts_with(kStart)) return 0;
  double value = 0;
  const std::string_view digits = pressure.substr(kStart.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() ? value : 0;
}

}  // namespace

MemoryState read_memory_state(const std::filesystem::path& root) {
  const model::HostMemory memory = parse_meminfo(os::read_file_if_any(root / "proc/meminfo").value_or(""));
  return {memory.total, memory.available, some_avg10(os::read_file_if_any(root / "proc/pressure/memory").value_or(""))};
}

}  // namespace visor::host
