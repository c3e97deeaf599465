#include "os/affinity.h"

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace visor::os {
namespace {

/// As many as parse_cpu_list() takes; the kernel answers EINVAL to a smaller set than its own.
constexpr std::size_t kProcessors = 8192;

/// A set of the C library for that many processors (CPU_SET(3), "Dynamically sized CPU sets").
class ProcessorSet {
 public:
  ProcessorSet() : words_(CPU_ALLOC_SIZE(kProcessors) / sizeof(cpu_set_t)) {}
  void add(std::uint32_t processor) { CPU_SET_S(processor, size(), words_.data()); }
  bool has(std::uint32_t processor) const { return CPU_ISSET_S(processor, size(), words_.data()); }
  std::size_t size() const { return words_.size() * sizeof(cpu_set_t); }
  cpu_set_t* data() { return words_.data(); }

 private:
  std::vector<cpu_set_t> words_;
};

}  // namespace

std::vector<std::uint32_t> affinity(pid_t thread) {
  ProcessorSet set;
  if (::sched_getaffinity(thread, set.size(), set.data()) != 0) {
    throw system_error(fmt::format("read the processors of thread {}", thread), errno);
  }
  std::vector<std::uint32_t> processors;
  for (std::uint32_t processor = 0; processor < kProcessors; ++processor) {
    if (set.has(processor)) processors.push_back(processor);
  }
  return processors;
}

void set_affinity(pid_t thread, const std::vector<std::uint32_t>& processors) {
  ProcessorSet set;
  for (const std::uint32_t processor : processors) {
    if (processor < kProcessors) set.add(processor);
  }
  if (::sched_setaffinity(thread, set.size(), set.data()) != 0) {
    throw system_error(fmt::format("set the processors of thread {}", thread), errno);
  }
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), error)) {
    const std::string name = entry.path().filename();
    pid_t thread = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), thread);
    if (bad == std::errc() && end == name.data() + name.size()) threads.push_back(thread);
  }
  return threads;
}

}  // namespace visor::os
