#include "visor/event_text.h"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <optional>

#include "visor/units.h"

namespace visor::cli {
namespace {

std::string text_at(const boost::json::object& from, const char* key) {
  const boost::json::value* value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<double> number_at(const boost::json::object& from, const char* key) {
  const boost::json::value* value = from.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

const boost::json::object* object_at(const boost::json::object& from, std::string_view key) {
  const boost::json::value* value = from.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string machine_text(const boost::json::object& machine) {
  const boost::json::object* state = object_at(machine, "state");
  if (state == nullptr) return text_at(machine, "name") + " changed";
  const boost::json::value* ready = state->if_contains("ready");
  const std::string reason = text_at(*state, "reason");
  std::string text = text_at(machine, "name") + ": " + text_at(*state, "status");
  if (ready != nullptr && ready->is_bool() && ready->get_bool()) text += ", ready";
  return reason.empty() ? text : text + ", " + reason;
}

std::string task_text(const boost::json::object& task) {
  return fmt::format("{}: {} {:.0f} %", text_at(task, "title"), text_at(task, "state"),
                     number_at(task, "progress").value_or(0) * 100);
}

std::string metrics_text(const boost::json::object& event) {
  const boost::json::object* sample = object_at(event, "sample");
  if (sample == nullptr) return boost::json::serialize(event);
  std::string text = text_at(event, "machine") + ":";
  if (const auto load = number_at(*sample, "cpuPercent")) text += fmt::format(" CPU {:.0f} %", *load);
  if (const auto used = number_at(*sample, "memoryUsed")) text += ", memory " + format_size(static_cast<std::uint64_t>(*used));
  return text;
}

}  // namespace

std::string event_text(const std::string& type, const boost::json::value& data) {
  const boost::json::object* event = data.if_object();
  if (event == nullptr) return boost::json::serialize(data);
  if (type == "metrics") return metrics_text(*event);
  const boost::json::object* subject = object_at(*event, type);
  if (subject == nullptr) return boost::json::serialize(data);
  const std::string action = text_at(*event, "action");
  if (action == "deleted") return text_at(*subject, "name") + ": deleted";
  if (type == "machine") return machine_text(*subject);
  if (type == "task") return task_text(*subject);
  return fmt::format("{}: {}", text_at(*subject, "name"), action);
}

}  // namespace visor::cli
