#include "model/schema.h"

#include <utility>

#include "model/settings.h"

namespace visor::model {
namespace {

constexpr std::string_view kPrefix = "#/components/schemas/";

/// The component that a schema refers to, or nothing.
std::optional<std::string> referred(const boost::json::object& schema) {
  const boost::json::value* ref = schema.if_contains("$ref");
  if (ref == nullptr) return std::nullopt;
  return std::string(std::string_view(ref->as_string()).substr(kPrefix.size()));
}

}  // namespace

namespace detail {

boost::json::object reference(const std::string& component) { return {{"$ref", std::string(kPrefix) + component}}; }

boost::json::object nullable(boost::json::object schema) {
  boost::json::value* type = schema.if_contains("type");
  if (type != nullptr && type->is_string()) {
    *type = boost::json::array{*type, "null"};
    return schema;
  }
  return {{"anyOf", boost::json::array{std::move(schema), boost::json::object{{"type", "null"}}}}};
}

}  // namespace detail

boost::json::object SchemaSet::add(const std::string& name, boost::json::object schema) {
  components_[name] = std::move(schema);
  return detail::reference(name);
}

boost::json::object* SchemaSet::find_property(const std::string& root, std::string_view key) {
  std::string at = root;
  boost::json::object* property = nullptr;
  for (std::string part : text::split(key, '.')) {
    const bool in_list = part.ends_with("[]");
    if (in_list) part.resize(part.size() - 2);
    boost::json::value* component = components_.if_contains(at);
    if (component == nullptr || !component->as_object().contains("properties")) return nullptr;
    boost::json::value* found = component->at("properties").as_object().if_contains(part);
    if (found == nullptr) return nullptr;
    property = &found->as_object();
    const boost::json::object& next = in_list ? property->at("items").as_object() : *property;
    at = referred(next).value_or("");
  }
  return property;
}

void SchemaSet::add_settings(const std::string& root, SchemaUse use) {
  for (const Setting& setting : settings()) {
    boost::json::object* property = find_property(root, setting.key);
    if (property == nullptr) continue;
    (*property)["title"] = setting.title;
    (*property)["description"] = setting.description;
    if (setting.read_only) (*property)["x-fixedAtCreation"] = true;
    if (setting.live) (*property)["x-live"] = true;
    if (use == SchemaUse::request && property->contains("type") && property->at("type") == "integer") {
      if (setting.minimum) (*property)["minimum"] = *setting.minimum;
      if (setting.maximum) (*property)["maximum"] = *setting.maximum;
    }
  }
}

}  // namespace visor::model
