#include "qemu/capabilities.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "os/file.h"
#include "qemu/question.h"

namespace visor::qemu {
namespace {

/// One that could not be asked is left alone for this long: everybody who looks at the host would have to wait for it.
constexpr std::chrono::seconds kFailureTime{60};
constexpr std::uint32_t kOldestMajor = 7;
constexpr std::uint32_t kOldestMinor = 2;

Error corrupt(const std::string& what) {
  return {ErrorKind::internal, "qemu.corrupt", fmt::format("QEMU answered nonsense about its abilities: {}", what)};
}

void read_machines(const boost::json::array& machines, Capabilities& into) {
  for (const boost::json::value& entry : machines) {
    MachineType machine;
    machine.name = std::string(entry.at("name").as_string());
    if (const auto* alias = entry.as_object().if_contains("alias")) machine.alias = std::string(alias->as_string());
    machine.max_cpus = entry.at("cpu-max").to_number<std::uint32_t>();
    into.machines.push_back(std::move(machine));
  }
}

void read_names(const boost::json::array& entries, std::vector<std::string>& into) {
  for (const boost::json::value& entry : entries) into.emplace_back(entry.at("name").as_string());
  std::sort(into.begin(), into.end());
}

/// Properties that are no features but states of every device.
constexpr std::array<std::string_view, 3> kStates{"realized", "hotplugged", "hotpluggable"};

void read_features(const boost::json::array& properties, std::vector<std::string>& into) {
  for (const boost::json::value& entry : properties) {
    const std::string name(entry.at("name").as_string());
    const bool state = std::find(kStates.begin(), kStates.end(), name) != kStates.end();
    if (entry.at("type").as_string() == "bool" && !state) into.push_back(name);
  }
  std::sort(into.begin(), into.end());
}

Awaitable<MonitorAnswers> ask_abilities(std::filesystem::path program) {
  MonitorAnswers answers;
  const std::string_view max_cpu = program.filename().native().ends_with("x86_64") ? "max-x86_64-cpu" : "max-arm-cpu";
  co_await ask_program(program, {}, [&answers, max_cpu](qmp::Client& client) -> Awaitable<> {
    answers.version = client.version();
    answers.machines = co_await client.execute("query-machines");
    answers.cpus = co_await client.execute("query-cpu-definitions");
    answers.types = co_await client.execute("qom-list-types", {{"abstract", false}});
    answers.cpu_properties = co_await client.execute("qom-list-properties", {{"typename", max_cpu}});
  });
  co_return answers;
}

}  // namespace

std::string Capabilities::too_old() const {
  if (at_least(kOldestMajor, kOldestMinor)) return {};
  return fmt::format("QEMU {} is too old; {}.{} is needed at least.", version, kOldestMajor, kOldestMinor);
}

bool Capabilities::has_type(const std::string& name) const { return std::binary_search(types.begin(), types.end(), name); }

bool Capabilities::has_cpu_feature(const std::string& name) const {
  return std::binary_search(cpu_features.begin(), cpu_features.end(), name);
}

bool Capabilities::has_cpu_model(const std::string& name) const {
  return std::binary_search(cpu_models.begin(), cpu_models.end(), name);
}

const MachineType* Capabilities::find_machine(const std::string& name) const {
  for (const MachineType& machine : machines) {
    if (machine.name == name || machine.alias == name) return &machine;
  }
  return nullptr;
}

std::string machine_alias(const std::string& chipset) { return chipset == "i440fx" ? "pc" : chipset; }

bool machine_is_chipset(const std::string& machine_type, const std::string& chipset) {
  if (chipset == "q35") return machine_type == "q35" || machine_type.starts_with("pc-q35-");
  if (chipset == "i440fx") return machine_type == "pc" || machine_type.starts_with("pc-i440fx-");
  return machine_type == chipset || machine_type.starts_with(chipset + "-");
}

std::string program_name(model::Arch arch) { return "qemu-system-" + json::enum_name(arch); }

std::string program_package(model::Arch arch) { return arch == model::Arch::aarch64 ? "qemu-system-arm" : "qemu-system-x86"; }

std::string program_identity(const std::filesystem::path& program) {
  struct stat info {};
  if (::stat(program.c_str(), &info) != 0) throw system_error(fmt::format("look at {}", program.native()), errno);
  return fmt::format("{}|{}|{}.{}", program.native(), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

Capabilities parse_capabilities(const MonitorAnswers& answers) {
  Capabilities capabilities;
  capabilities.major = answers.version.major;
  capabilities.minor = answers.version.minor;
  capabilities.version = fmt::format("{}.{}.{}", answers.version.major, answers.version.minor, answers.version.micro);
  try {
    read_machines(answers.machines.as_array(), capabilities);
    read_names(answers.cpus.as_array(), capabilities.cpu_models);
    read_names(answers.types.as_array(), capabilities.types);
    read_features(answers.cpu_properties.as_array(), capabilities.cpu_features);
  } catch (const std::exception& error) {  // Boost.JSON's accessors, for an answer of another shape
    throw corrupt(error.what());
  }
  if (capabilities.machines.empty() || capabilities.types.empty()) throw corrupt("some answers are missing");
  return capabilities;
}

std::optional<Capabilities> CapabilityCache::load(const std::filesystem::path& file) const {
  // A cache that cannot be read is no error: QEMU is asked again.
  const std::optional<std::string> content = os::read_file_if_any(file);
  if (!content) return std::nullopt;
  try {
    return json::from_json<Capabilities>(json::parse(*content), "qemu.cache");
  } catch (const Error& error) {
    log::info("asking QEMU again, its remembered abilities cannot be read: {}", error.what());
    return std::nullopt;
  }
}

Awaitable<Capabilities> CapabilityCache::get(std::filesystem::path program) {
  const std::string identity = program_identity(program);
  if (const auto found = known_.find(identity); found != known_.end()) co_return found->second;
  const std::filesystem::path file = directory_ / fmt::format("abilities2-{}.json", text::hex(identity));
  if (std::optional<Capabilities> stored = load(file)) co_return known_[identity] = std::move(*stored);

  const auto failed = failures_.find(identity);
  if (failed != failures_.end() && std::chrono::steady_clock::now() < failed->second.until) throw Error(failed->second.error);
  std::optional<Error> failure;
  Capabilities capabilities;
  try {
    capabilities = parse_capabilities(co_await ask_abilities(program));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    failure = error;
  }
  if (failure) {
    failures_.insert_or_assign(identity, Failure{*failure, std::chrono::steady_clock::now() + kFailureTime});
    throw Error(std::move(*failure));
  }
  os::make_directories(directory_);
  os::replace_file(file, boost::json::serialize(json::to_json(capabilities)));
  known_[identity] = capabilities;
  co_return capabilities;
}

}  // namespace visor::qemu
