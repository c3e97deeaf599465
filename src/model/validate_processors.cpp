#include "model/validate_processors.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/cpu_list.h"
#include "base/text.h"

namespace visor::model {
namespace {

/// The three leaves of CPUID that hold the name have room for this much (Intel SDM, CPUID leaf 80000002h).
constexpr std::size_t kBrandLength = 48;
constexpr std::size_t kMostFeatures = 64;
constexpr std::uint32_t kFewestPhysicalBits = 32;

void check_topology(const Cpu& cpu, const std::string& path, Validation& validation) {
  if (resolve_topology(cpu)) return;
  const CpuTopology& wanted = cpu.topology;
  const auto shown = [](std::uint32_t number) { return number == 0 ? std::string("auto") : std::to_string(number); };
  validation.refuse(path + ".topology", "combination",
                    fmt::format("{} sockets x {} dies x {} cores x {} threads do not make {} processors.", shown(wanted.sockets),
                                shown(wanted.dies), shown(wanted.cores), shown(wanted.threads), most_processors(cpu)));
}

bool good_feature(std::string_view feature) {
  if (feature.size() < 2 || feature.size() > 64 || (feature.front() != '+' && feature.front() != '-')) return false;
  return std::all_of(feature.begin() + 1, feature.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'; });
}

void check_features(const Cpu& cpu, const std::string& path, Validation& validation) {
  if (cpu.features.size() > kMostFeatures) {
    validation.refuse(path + ".features", "range", fmt::format("At most {} features can be listed.", kMostFeatures));
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < cpu.features.size(); ++i) {
    const std::string& feature = cpu.features[i];
    const std::string field = fmt::format("{}.features[{}]", path, i);
    if (!good_feature(feature)) {
      validation.refuse(field, "format", fmt::format("'{}' must be like +avx2 or -rdrand.", text::printable(feature)));
    } else if (!names.insert(feature.substr(1)).second) {
      validation.refuse(field, "duplicate", fmt::format("The feature '{}' is listed twice.", feature.substr(1)));
    }
  }
}

void check_brand(const std::string& brand, const std::string& field, Validation& validation) {
  // QEMU takes a comma here for the beginning of the next feature, however it is written (target/i386/cpu.c).
  const bool plain = std::all_of(brand.begin(), brand.end(), [](char c) { return c >= ' ' && c <= '~' && c != ','; });
  if (plain && brand.size() <= kBrandLength) return;
  validation.refuse(field, "characters",
                    fmt::format("The processor name must be at most {} plain ASCII characters without a comma.", kBrandLength));
}

void check_pinning(const Pinning& pinning, const std::string& path, Validation& validation) {
  const auto check = [&](const std::string& list, const std::string& field) {
    if (list.size() <= 256 && parse_cpu_list(list)) return;
    validation.refuse(field, "format",
                      fmt::format("'{}' is no list of processors such as 0-3,8.", text::printable(list.substr(0, 80))));
  };
  for (std::size_t i = 0; i < pinning.vcpus.size(); ++i) check(pinning.vcpus[i], fmt::format("{}.vcpus[{}]", path, i));
  check(pinning.emulator, path + ".emulator");
  check(pinning.io, path + ".io");
  const bool pinned = std::any_of(pinning.vcpus.begin(), pinning.vcpus.end(), [](const auto& list) { return !list.empty(); });
  if (pinning.exclusive && !pinned) {
    validation.refuse(path + ".exclusive", "combination", "Exclusive processors have to be named: set cpu.pinning.vcpus.");
  }
}

/// On processors that it shares, a machine would choose for the others as well.
void check_energy(const Cpu& cpu, const std::string& path, Validation& validation) {
  if (cpu.energy == Energy::auto_ || cpu.pinning.exclusive) return;
  validation.refuse(path + ".energy", "combination",
                    "It would change processors that others use, too: set cpu.pinning.exclusive, or leave it at auto.");
}

}  // namespace

std::uint32_t most_processors(const Cpu& cpu) { return std::max(cpu.count, cpu.maximum); }

std::optional<CpuTopology> resolve_topology(const Cpu& cpu) {
  CpuTopology full = cpu.topology;
  const std::uint64_t wanted = most_processors(cpu);
  if (full.sockets == 0 && full.cores != 0 && full.dies == 0) {
    // Only cores or threads are wished for: as many sockets as that takes.
    const std::uint64_t each = std::uint64_t{full.cores} * std::max(full.threads, 1U);
    full.sockets = wanted % each == 0 ? static_cast<std::uint32_t>(wanted / each) : 1;
  }
  full.sockets = std::max(full.sockets, 1U);
  full.dies = std::max(full.dies, 1U);
  full.threads = std::max(full.threads, 1U);
  const std::uint64_t without_cores = std::uint64_t{full.sockets} * full.dies * full.threads;
  if (full.cores == 0) full.cores = static_cast<std::uint32_t>(wanted / without_cores);
  if (full.cores == 0 || without_cores * full.cores != wanted) return std::nullopt;
  return full;
}

void check_processors(const MachineSpec& spec, const std::string& path, Validation& validation) {
  const Cpu& cpu = spec.cpu;
  if (cpu.maximum != 0 && cpu.maximum < cpu.count) {
    validation.refuse(
        path + ".maximum", "combination",
        fmt::format("The most processors ({}) must not be fewer than the machine has ({}).", cpu.maximum, cpu.count));
  }
  check_topology(cpu, path, validation);
  check_features(cpu, path, validation);
  check_brand(cpu.brand, path + ".brand", validation);
  if (cpu.physical_bits != 0 && cpu.physical_bits < kFewestPhysicalBits) {
    validation.refuse(path + ".physicalBits", "range",
                      fmt::format("A processor addresses at least {} bits; 0 takes those of the model.", kFewestPhysicalBits));
  }
  check_pinning(cpu.pinning, path + ".pinning", validation);
  check_energy(cpu, path, validation);
  if (cpu.limit_percent < cpu.reserve_percent) {
    validation.refuse(
        path + ".reservePercent", "combination",
        fmt::format("A machine that is limited to {} % cannot have {} % reserved.", cpu.limit_percent, cpu.reserve_percent));
  }
}

}  // namespace visor::model
