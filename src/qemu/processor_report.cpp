#include "qemu/processor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/text.h"
#include "qemu/processor_levels.h"
#include "qemu/question.h"

namespace visor::qemu {
namespace {

using boost::json::object;

/// KVM does these itself, or QEMU with it, on every processor (kernel Documentation/virt/kvm/api.rst, KVM_GET_SUPPORTED_CPUID;
/// QEMU target/i386/kvm/kvm.c, kvm_arch_get_supported_cpuid).
constexpr std::array<std::string_view, 5> kEverywhere{"arat", "hypervisor", "tsc-adjust", "tsc-deadline", "x2apic"};

bool is_everywhere(const std::string& feature, const ProcessorFeatures& host) {
  // Nested virtualization is a switch of the host's KVM; Intel's models leave it out, AMD's list it.
  if (feature.starts_with("vmx")) return host.maker == "GenuineIntel";
  return feature.starts_with("kvm") || std::find(kEverywhere.begin(), kEverywhere.end(), feature) != kEverywhere.end();
}

/// Pairs behind the model's name.
std::vector<std::pair<std::string, std::string>> options_of(const std::string& cpu_value) {
  std::vector<std::pair<std::string, std::string>> options;
  for (const std::string& part : text::split(cpu_value, ',')) {
    const std::size_t equals = part.find('=');
    if (equals != std::string::npos) options.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return options;
}

Awaitable<ProcessorFeatures> expand(qmp::Client& client, std::string name, object properties) {
  object model{{"name", std::move(name)}};
  if (!properties.empty()) model["props"] = std::move(properties);
  object arguments{{"type", "static"}, {"model", std::move(model)}};
  co_return parse_expansion(co_await client.execute("query-cpu-model-expansion", std::move(arguments)));
}

/// Types of hosts worth a line: of 64 bits, real ones, and each version under one name.
std::vector<std::string> host_types(const boost::json::value& definitions) {
  std::set<std::string> names;
  std::set<std::string> aliased;
  try {
    for (const boost::json::value& definition : definitions.as_array()) {
      const std::string name(definition.at("name").as_string());
      // Makers of QEMU's own, not of processors.
      if (name == "max" || name == "host" || name == "base" || name.starts_with("qemu") || name.starts_with("kvm")) continue;
      names.insert(name);
      if (const auto* target = definition.as_object().if_contains("alias-of")) aliased.emplace(target->as_string());
    }
  } catch (const std::exception& error) {  // Boost.JSON's accessors, for an answer of another shape
    throw Error(ErrorKind::internal, "qemu.corrupt",
                fmt::format("QEMU answered nonsense about its processor models: {}", error.what()));
  }
  std::vector<std::string> types;
  std::set_difference(names.begin(), names.end(), aliased.begin(), aliased.end(), std::back_inserter(types));
  return types;
}

/// A level is what every maker has to offer at least.
Awaitable<ProcessorFeatures> expand_level(qmp::Client& client, const ProcessorLevel& level) {
  object properties = switched_properties(std::string(kLevelBase) + level.features);
  properties["svm"] = false;
  ProcessorFeatures features = co_await expand(client, kLevelBase, std::move(properties));
  features.maker.clear();
  co_return features;
}

}  // namespace

std::string model_name(const std::string& cpu_value) { return cpu_value.substr(0, cpu_value.find(',')); }

object switched_properties(const std::string& cpu_value) {
  object properties;
  for (const auto& [name, value] : options_of(cpu_value)) {
    if (value == "on" || value == "off") properties[name] = value == "on";
  }
  return properties;
}

ProcessorFeatures parse_expansion(const boost::json::value& answer) {
  ProcessorFeatures features;
  try {
    for (const auto& [name, value] : answer.at("model").at("props").as_object()) {
      if (name == "vendor") features.maker = value.as_string();
      if (value.is_bool() && value.get_bool()) features.names.emplace(name);
    }
  } catch (const std::exception& error) {  // Boost.JSON's accessors, for an answer of another shape
    throw Error(ErrorKind::internal, "qemu.corrupt", fmt::format("QEMU answered nonsense about a processor: {}", error.what()));
  }
  return features;
}

model::HostTypeFit compare(const ProcessorFeatures& guest, const std::string& type, const ProcessorFeatures& host) {
  model::HostTypeFit fit{type, host.maker, false, {}};
  for (const std::string& feature : guest.names) {
    if (!host.names.contains(feature) && !is_everywhere(feature, host)) fit.missing.push_back(feature);
  }
  fit.fits = fit.missing.empty() && (host.maker.empty() || host.maker == guest.maker);
  return fit;
}

Awaitable<model::ProcessorReport> processor_report(std::filesystem::path program, std::string accelerator,
                                                   std::string cpu_value) {
  model::ProcessorReport report{model_name(cpu_value), "", accelerator != "kvm", false, {}, {}};
  co_await ask_program(program, {"-accel", accelerator}, [&report, &cpu_value](qmp::Client& client) -> Awaitable<> {
    const ProcessorFeatures guest = co_await expand(client, report.model, switched_properties(cpu_value));
    report.maker = guest.maker;
    report.features.assign(guest.names.begin(), guest.names.end());
    for (const ProcessorLevel& level : processor_levels()) {
      report.hosts.push_back(compare(guest, level.name, co_await expand_level(client, level)));
    }
    for (const std::string& type : host_types(co_await client.execute("query-cpu-definitions"))) {
      const ProcessorFeatures host = co_await expand(client, type, {});
      if (host.names.contains("lm")) report.hosts.push_back(compare(guest, type, host));
    }
  });
  if (report.emulated) {
    // Each of these hosts emulates what its own processor lacks.
    for (model::HostTypeFit& host : report.hosts) host = {host.type, host.maker, true, {}};
  }
  co_return report;
}

}  // namespace visor::qemu
