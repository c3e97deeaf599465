#include "host/host_reader.h"

#include <charconv>
#include <set>
#include <utility>

#include "base/cpu_list.h"
#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

/// The value behind "KEY<separator>" at the start of a line; nothing when there is no such line.
std::optional<std::string_view> value_of(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t at = line.find(separator);
    if (at != std::string_view::npos && text::trim(line.substr(0, at)) == key) return text::trim(line.substr(at + 1));
  }
  return std::nullopt;
}

template <class Number>
std::optional<Number> leading_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// The blank-separated numbers at the start of `text`.
template <class Number>
std::vector<Number> numbers_of(std::string_view text, std::size_t limit) {
  std::vector<Number> numbers;
  while (numbers.size() < limit) {
    text = text::trim(text);
    const std::optional<Number> number = leading_number<Number>(text);
    if (!number) break;
    numbers.push_back(*number);
    text.remove_prefix(std::min(text.size(), text.find_first_of(" \t\n")));
  }
  return numbers;
}

Bytes kibibytes(std::string_view meminfo, std::string_view key) {
  const std::uint64_t number = leading_number<std::uint64_t>(value_of(meminfo, key, ':').value_or("")).value_or(0);
  return Bytes{number > (std::uint64_t{1} << 50U) ? 0 : number << 10U};
}

}  // namespace

HostReader::HostReader(std::filesystem::path root) : root_(std::move(root)) {}

std::string HostReader::text_of(const char* path) const { return os::read_file_if_any(root_ / path).value_or(""); }

model::Host HostReader::read(const std::filesystem::path& storage_path) {
  model::Host host;
  host.hostname = text::printable(text::trim(text_of("proc/sys/kernel/hostname")));
  host.kernel = text::printable(text::trim(text_of("proc/sys/kernel/osrelease")));
  std::string release = text_of("etc/os-release");
  if (release.empty()) release = text_of("usr/lib/os-release");
  host.os = parse_os_release(release);
  host.uptime_seconds = parse_uptime(text_of("proc/uptime"));
  if (!cpu_) cpu_ = read_cpu();
  host.cpu = *cpu_;
  host.memory = parse_meminfo(text_of("proc/meminfo"));
  host.load = parse_loadavg(text_of("proc/loadavg"));
  const CpuTimes now = parse_cpu_times(text_of("proc/stat"));
  cpu_percent_ = cpu_percent(std::exchange(before_, now), now).value_or(cpu_percent_);
  host.cpu_percent = cpu_percent_;
  host.storage.path = storage_path.native();
  try {
    const os::Space space = os::file_system_space(storage_path);
    host.storage.total = space.total;
    host.storage.free = space.free;
  } catch (const Error&) {
    host.storage.total = host.storage.free = Bytes{};  // not there yet; the size says so
  }
  return host;
}

/// Processors that are switched on, counted by what sysfs says about each (Documentation/admin-guide/cputopology.rst).
model::HostCpu HostReader::read_cpu() const {
  model::HostCpu cpu;
  cpu.model = parse_cpu_model(text_of("proc/cpuinfo"));
  if (cpu.model.empty()) {
    std::string board = text_of("proc/device-tree/model");
    board.resize(board.find_last_not_of('\0') + 1);  // a C string with its end
    cpu.model = text::printable(text::trim(board));
  }
  std::set<std::string> cores;
  std::set<std::string> sockets;
  const std::string online(text::trim(text_of("sys/devices/system/cpu/online")));
  for (const std::uint32_t number : parse_cpu_list(online).value_or(std::vector<std::uint32_t>())) {
    ++cpu.threads;
    const std::string topology = "sys/devices/system/cpu/cpu" + std::to_string(number) + "/topology/";
    std::string core = text_of((topology + "core_cpus_list").c_str());
    if (core.empty()) core = text_of((topology + "thread_siblings_list").c_str());
    cores.insert(core.empty() ? std::to_string(number) : core);
    sockets.insert(text_of((topology + "physical_package_id").c_str()));
  }
  cpu.cores = static_cast<std::uint32_t>(cores.size());
  cpu.sockets = static_cast<std::uint32_t>(sockets.size());
  return cpu;
}

std::string parse_os_release(std::string_view text) {
  std::string_view name = value_of(text, "PRETTY_NAME", '=').value_or("");
  if (name.empty()) name = value_of(text, "NAME", '=').value_or("");
  if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front())
    name = name.substr(1, name.size() - 2);
  return name.empty() ? "Linux" : text::printable(name);
}

std::uint64_t parse_uptime(std::string_view text) { return leading_number<std::uint64_t>(text::trim(text)).value_or(0); }

model::HostMemory parse_meminfo(std::string_view text) { return {kibibytes(text, "MemTotal"), kibibytes(text, "MemAvailable")}; }

std::vector<double> parse_loadavg(std::string_view text) {
  std::vector<double> means = numbers_of<double>(text, 3);
  if (means.size() != 3) means.clear();
  return means;
}

CpuTimes parse_cpu_times(std::string_view text) {
  // "cpu  user nice system idle iowait irq softirq steal guest guest_nice" (proc(5)).
  if (!text.starts_with("cpu ")) return {};
  const std::vector<std::uint64_t> fields = numbers_of<std::uint64_t>(text.substr(4, text.find('\n') - 4), 8);
  CpuTimes times;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    times.total += fields[i];
    if (i != 3 && i != 4) times.busy += fields[i];
  }
  return times;
}

std::optional<double> cpu_percent(const CpuTimes& before, const CpuTimes& after) {
  // Idle and waiting time may be corrected downwards by the kernel (proc(5)), so both differences are checked.
  if (after.total <= before.total || after.busy < before.busy) return std::nullopt;
  const double share = static_cast<double>(after.busy - before.busy) / static_cast<double>(after.total - before.total);
  return std::min(100.0, share * 100);
}

std::string parse_cpu_model(std::string_view cpuinfo) {
  for (const char* key : {"model name", "Model", "Hardware", "uarch", "cpu model"}) {
    const std::string_view name = value_of(cpuinfo, key, ':').value_or("");
    if (!name.empty()) return text::printable(name);
  }
  return {};
}

}  // namespace visor::host
