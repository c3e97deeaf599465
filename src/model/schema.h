// JSON Schema (2020-12) of described structs: the OpenAPI document is made of it, so that it cannot differ from the code.
#pragma once

#include <boost/json.hpp>

#include <concepts>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "base/json_text.h"

namespace visor::model {

/// What a struct is used for decides which of its members must be there.
enum class SchemaUse {
  answer,   ///< written by us: every member is always present
  request,  ///< read by us: members that are missing keep their default
};

namespace detail {

/// The name of T without its namespaces ("Machine"), taken from the compiler's spelling of this function.
template <class T>
std::string type_name() {
  const std::string_view spelled = __PRETTY_FUNCTION__;
  std::string_view name = spelled.substr(spelled.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return std::string(name);
}

boost::json::object reference(const std::string& component);
boost::json::object nullable(boost::json::object schema);

}  // namespace detail

/// Collects the schemas of types and of everything that they are made of. Structs and enumerations become components that
/// are referred to by `$ref`; the ones of requests that are nested in others are named with "Patch" behind ("CpuPatch").
class SchemaSet {
 public:
  /// The schema of T: a reference for structs and enumerations, the schema itself for all others.
  template <class T>
  boost::json::object answer() {
    return schema<T>(SchemaUse::answer, "");
  }
  /// The schema of a request body; of its members only those in `required` must be there.
  template <class T>
  boost::json::object request(const std::vector<std::string>& required = {}) {
    boost::json::object result = schema<T>(SchemaUse::request, "");
    if (!required.empty()) component(detail::type_name<T>())["required"] = json::to_json(required).as_array();
    return result;
  }
  /// As request(), under another name than the type's.
  template <class T>
  boost::json::object request_part() {
    return schema<T>(SchemaUse::request, "Patch");
  }

  /// A component that exists already (throws std::out_of_range otherwise), to add what types do not say.
  boost::json::object& component(std::string_view name) { return components_.at(name).as_object(); }
  /// Adds a component that has no type; returns the reference to it.
  boost::json::object add(const std::string& name, boost::json::object schema);
  const boost::json::object& components() const noexcept { return components_; }

  /// Adds the titles and descriptions of settings() to the components below `root` ("MachineSpec"), and their ranges when
  /// it describes requests: what we answer may lie outside (a disk without medium has no size).
  void add_settings(const std::string& root, SchemaUse use);

 private:
  template <class T>
  boost::json::object schema(SchemaUse use, const std::string& suffix);
  template <class T>
  boost::json::object struct_schema(SchemaUse use, const std::string& name);
  template <class T>
  static boost::json::object number_schema();
  /// The schema that `key` ("disks[].readOnly") leads to from component `root`, or nullptr.
  boost::json::object* find_property(const std::string& root, std::string_view key);

  boost::json::object components_;
};

template <class T>
boost::json::object SchemaSet::schema(SchemaUse use, const std::string& suffix) {
  const std::string inner = use == SchemaUse::request ? "Patch" : "";
  if constexpr (std::is_same_v<T, boost::json::value>) {
    return {};
  } else if constexpr (std::is_same_v<T, boost::json::object>) {
    return {{"type", "object"}};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number_schema<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}, {"description", "Bytes."}};
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return {{"type", "string"}, {"format", "date-time"}};
  } else if constexpr (json::detail::IsOptional<T>::value) {
    return detail::nullable(schema<typename T::value_type>(use, inner));
  } else if constexpr (json::detail::IsWritten<T>::value) {
    return schema<typename T::Value>(use, suffix);
  } else if constexpr (json::detail::IsVector<T>::value) {
    return {{"type", "array"}, {"items", schema<typename T::value_type>(use, inner)}};
  } else if constexpr (json::detail::DescribedEnum<T>) {
    const std::string name = detail::type_name<T>();
    components_.emplace(name, boost::json::object{{"type", "string"}, {"enum", json::to_json(json::enum_names<T>())}});
    return detail::reference(name);
  } else {
    return struct_schema<T>(use, detail::type_name<T>() + suffix);
  }
}

template <class T>
boost::json::object SchemaSet::struct_schema(SchemaUse use, const std::string& name) {
  static_assert(json::detail::Described<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
  if (components_.contains(name)) return detail::reference(name);
  components_.emplace(name, boost::json::object());  // its place in the order, and the end of recursion
  const T defaults{};
  boost::json::object properties;
  boost::json::array required;
  boost::mp11::mp_for_each<json::detail::Members<T>>([&](auto member) {
    using Member = std::remove_cvref_t<decltype(defaults.*member.pointer)>;
    const std::string key = text::to_camel(member.name);
    boost::json::object property = schema<Member>(use, use == SchemaUse::request ? "Patch" : "");
    if (use == SchemaUse::request && !property.contains("$ref")) {
      property.emplace("default", json::to_json(defaults.*member.pointer));
    }
    properties.emplace(key, std::move(property));
    required.emplace_back(key);
  });
  boost::json::object result{{"type", "object"}, {"properties", std::move(properties)}};
  if (use == SchemaUse::answer) result.emplace("required", std::move(required));
  if (use == SchemaUse::request) result.emplace("additionalProperties", false);
  components_[name] = std::move(result);
  return detail::reference(name);
}

template <class T>
boost::json::object SchemaSet::number_schema() {
  if constexpr (std::is_floating_point_v<T>) {
    return {{"type", "number"}};
  } else {
    boost::json::object result{{"type", "integer"}};
    if constexpr (sizeof(T) < 8) {
      result.emplace("minimum", std::numeric_limits<T>::min());
      result.emplace("maximum", std::numeric_limits<T>::max());
    } else {
      result.emplace("format", "int64");
      if constexpr (std::is_unsigned_v<T>) result.emplace("minimum", 0);
    }
    return result;
  }
}

}  // namespace visor::model
