#include "qemu/capabilities.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

constexpr std::chrono::seconds kAskTimeout{20};
/// Spoken on standard input to a QEMU without a machine. The answers carry the ids.
constexpr std::string_view kQuestions = R"({"execute":"qmp_capabilities","id":"hello"})"
                                        "\n"
                                        R"({"execute":"query-machines","id":"machines"})"
                                        "\n"
                                        R"({"execute":"query-cpu-definitions","id":"cpus"})"
                                        "\n"
                                        R"({"execute":"qom-list-types","arguments":{"abstract":false},"id":"types"})"
                                        "\n"
                                        R"({"execute":"quit","id":"quit"})"
                                        "\n";

Error corrupt(const std::string& what) {
  return {ErrorKind::internal, "qemu.corrupt", fmt::format("QEMU answered nonsense about its abilities: {}", what)};
}

void read_greeting(const boost::json::value& greeting, Capabilities& into) {
  const boost::json::object& version = greeting.at("version").at("qemu").as_object();
  into.major = version.at("major").to_number<std::uint32_t>();
  into.minor = version.at("minor").to_number<std::uint32_t>();
  into.version = fmt::format("{}.{}.{}", into.major, into.minor, version.at("micro").to_number<std::uint32_t>());
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

void read_line(std::string_view line, Capabilities& into) {
  const boost::json::value message = json::parse(line);
  const boost::json::object& object = message.as_object();
  if (const auto* greeting = object.if_contains("QMP")) return read_greeting(*greeting, into);
  const auto* id = object.if_contains("id");
  const auto* answer = object.if_contains("return");
  if (id == nullptr || answer == nullptr) return;
  if (*id == "machines") read_machines(answer->as_array(), into);
  if (*id == "cpus") read_names(answer->as_array(), into.cpu_models);
  if (*id == "types") read_names(answer->as_array(), into.types);
}

os::Command question(const std::filesystem::path& program) {
  os::Command command;
  command.program = program;
  command.arguments = {"-nodefaults", "-no-user-config", "-machine", "none", "-S", "-display", "none", "-qmp", "stdio"};
  return command;
}

}  // namespace

bool Capabilities::has_type(const std::string& name) const { return std::binary_search(types.begin(), types.end(), name); }

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

Capabilities parse_capabilities(const std::string& monitor_output) {
  Capabilities capabilities;
  try {
    for (const std::string& line : text::split(monitor_output, '\n')) {
      if (!text::trim(line).empty()) read_line(text::trim(line), capabilities);
    }
  } catch (const Error& error) {
    throw corrupt(error.what());
  } catch (const std::exception& error) {  // Boost.JSON's accessors, for an answer of another shape
    throw corrupt(error.what());
  }
  if (capabilities.version.empty() || capabilities.machines.empty() || capabilities.types.empty())
    throw corrupt("some answers are missing");
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
  const std::filesystem::path file = directory_ / fmt::format("abilities-{}.json", text::hex(identity));
  if (std::optional<Capabilities> stored = load(file)) co_return known_[identity] = std::move(*stored);

  loop::CommandOptions options;
  options.timeout = kAskTimeout;
  options.input = kQuestions;
  const loop::CommandResult result = co_await loop::run_command(question(program), std::move(options));
  if (!result.status.success()) {
    throw Error(ErrorKind::unavailable, "qemu.broken",
                fmt::format("{} does not run ({}): {}", program.native(), result.status.text(),
                            text::printable(text::trim(result.error))),
                "Reinstall the package of QEMU.");
  }
  const Capabilities capabilities = parse_capabilities(result.output);
  os::make_directories(directory_);
  os::replace_file(file, boost::json::serialize(json::to_json(capabilities)));
  known_[identity] = capabilities;
  co_return capabilities;
}

}  // namespace visor::qemu
