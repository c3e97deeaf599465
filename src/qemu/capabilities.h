// What a QEMU binary can do, asked from itself and remembered by the identity of the binary.
#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "qmp/client.h"

namespace visor::qemu {

struct MachineType {
  std::string name;   ///< "pc-q35-7.2"
  std::string alias;  ///< "q35" for the newest of its kind
  std::uint32_t max_cpus = 1;
};
BOOST_DESCRIBE_STRUCT(MachineType, (), (name, alias, max_cpus))

struct Capabilities {
  std::string version;  ///< "7.2.22"
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::vector<MachineType> machines;
  std::vector<std::string> cpu_models;
  std::vector<std::string> cpu_features;  ///< that can be switched on and off
  std::vector<std::string> types;         ///< every type that can be created: devices, accelerators ("kvm-accel"), back ends

  /// Why Visor cannot use this QEMU, or an empty text.
  std::string too_old() const;
  bool at_least(std::uint32_t wanted_major, std::uint32_t wanted_minor) const {
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
  }
  bool has_type(const std::string& name) const;
  bool has_cpu_model(const std::string& name) const;
  bool has_cpu_feature(const std::string& name) const;
  /// The machine type of this name or alias.
  const MachineType* find_machine(const std::string& name) const;
};
BOOST_DESCRIBE_STRUCT(Capabilities, (), (version, major, minor, machines, cpu_models, cpu_features, types))

/// How QEMU names a chipset ("i440fx" is its "pc").
std::string machine_alias(const std::string& chipset);
/// Whether a versioned machine type is of this chipset ("pc-q35-7.2" of "q35").
bool machine_is_chipset(const std::string& machine_type, const std::string& chipset);

/// The architectures that Visor knows machines of.
inline constexpr model::Arch kArchs[] = {model::Arch::x86_64, model::Arch::aarch64};
/// The binary of an architecture: "qemu-system-x86_64".
std::string program_name(model::Arch arch);
/// The Debian package that brings it.
std::string program_package(model::Arch arch);

/// What makes a program the same one as before: changes with every update.
std::string program_identity(const std::filesystem::path& program);

/// What QEMU says about itself: the answers of query-machines, query-cpu-definitions, qom-list-properties and
/// qom-list-types.
struct MonitorAnswers {
  qmp::Version version;
  boost::json::value machines;
  boost::json::value cpus;
  boost::json::value cpu_properties;  ///< of the model `max`
  boost::json::value types;
};

/// Reads the answers. Throws Error{internal, "qemu.corrupt"}.
Capabilities parse_capabilities(const MonitorAnswers& answers);

/// Asks QEMU once per binary; remembers in memory and as JSON below `cache_directory`.
class CapabilityCache {
 public:
  explicit CapabilityCache(std::filesystem::path cache_directory) : directory_(std::move(cache_directory)) {}
  /// Error{unavailable, "qemu.broken"} with QEMU's own message when it cannot be asked.
  Awaitable<Capabilities> get(std::filesystem::path program);

 private:
  std::optional<Capabilities> load(const std::filesystem::path& file) const;

  std::filesystem::path directory_;
  struct Failure {
    Error error;
    std::chrono::steady_clock::time_point until;
  };
  std::map<std::string, Capabilities> known_;  ///< by identity
  std::map<std::string, Failure> failures_;    ///< those that could not be asked a moment ago
};

}  // namespace visor::qemu
