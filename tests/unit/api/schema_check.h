// A small validator of JSON Schema 2020-12: the keywords that our documents use, and a complaint about any other.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace visor::api {

class SchemaCheck {
 public:
  explicit SchemaCheck(boost::json::value document) : document_(std::move(document)) {}

  /// What is wrong with `value`; empty when it fits.
  std::vector<std::string> check(const boost::json::value& schema, const boost::json::value& value) {
    problems_.clear();
    walk(schema, value, "$");
    return problems_;
  }
  const boost::json::value& document() const { return document_; }
  /// The schema that a "#/..." reference points to, or nullptr.
  const boost::json::value* resolve(std::string_view reference) const {
    const boost::json::value* at = &document_;
    if (!reference.starts_with("#/")) return nullptr;
    for (const std::string& part : text::split(reference.substr(2), '/')) {
      at = at->is_object() ? at->as_object().if_contains(part) : nullptr;
      if (at == nullptr) return nullptr;
    }
    return at;
  }

 private:
  static bool has_type(const boost::json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "number") return value.is_number();
    return type == "integer" && (value.is_int64() || value.is_uint64());
  }
  void complain(const std::string& path, const std::string& what) { problems_.push_back(path + ": " + what); }

  void walk(const boost::json::value& schema, const boost::json::value& value, const std::string& path) {
    static const std::set<std::string> known{"$ref",
                                             "type",
                                             "properties",
                                             "required",
                                             "additionalProperties",
                                             "items",
                                             "enum",
                                             "anyOf",
                                             "minimum",
                                             "maximum",
                                             "format",
                                             "title",
                                             "default",
                                             "description",
                                             "x-live",
                                             "x-fixedAtCreation",
                                             "writeOnly"};
    for (const auto& [keyword, argument] : schema.as_object()) {
      const std::string name(keyword);
      if (!known.contains(name)) complain(path, "unknown keyword " + name);
      apply(name, argument, schema, value, path);
    }
  }

  void apply(const std::string& keyword, const boost::json::value& argument, const boost::json::value& schema,
             const boost::json::value& value, const std::string& path) {
    if (keyword == "$ref") {
      const boost::json::value* target = resolve(argument.as_string());
      if (target == nullptr) return complain(path, "dangling reference");
      walk(*target, value, path);
    } else if (keyword == "type") {
      const boost::json::array types = argument.is_array() ? argument.as_array() : boost::json::array{argument};
      if (std::none_of(types.begin(), types.end(), [&](const auto& type) { return has_type(value, type.as_string()); })) {
        complain(path, "is not " + boost::json::serialize(argument) + ": " + boost::json::serialize(value));
      }
    } else if (keyword == "enum") {
      const auto& allowed = argument.as_array();
      if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) complain(path, "is not in the enumeration");
    } else if (keyword == "anyOf") {
      any_of(argument.as_array(), value, path);
    } else if (keyword == "items" && value.is_array()) {
      for (std::size_t i = 0; i < value.as_array().size(); ++i)
        walk(argument, value.as_array()[i], path + "[" + std::to_string(i) + "]");
    } else if (keyword == "required" && value.is_object()) {
      for (const auto& name : argument.as_array()) {
        if (!value.as_object().contains(name.as_string())) complain(path, "lacks " + std::string(name.as_string()));
      }
    } else if (keyword == "properties" && value.is_object()) {
      object(argument.as_object(), value.as_object(), path);
    } else if (keyword == "minimum" && value.is_number() && value.to_number<double>() < argument.to_number<double>()) {
      complain(path, "is below the minimum");
    } else if (keyword == "maximum" && value.is_number() && value.to_number<double>() > argument.to_number<double>()) {
      complain(path, "is above the maximum");
    } else if (keyword == "format" && argument == "date-time" && value.is_string()) {
      parse_time(value.as_string());
    }
    (void)schema;
  }

  void any_of(const boost::json::array& choices, const boost::json::value& value, const std::string& path) {
    for (const auto& choice : choices) {
      SchemaCheck inner(document_);
      if (inner.check(choice, value).empty()) return;
    }
    complain(path, "fits none of the choices");
  }

  /// Answers say everything that they hold: an undocumented member is a fault too.
  void object(const boost::json::object& properties, const boost::json::object& value, const std::string& path) {
    for (const auto& [key, member] : value) {
      const boost::json::value* schema = properties.if_contains(key);
      if (schema == nullptr) {
        complain(path, "has the undocumented member " + std::string(key));
      } else {
        walk(*schema, member, path + "." + std::string(key));
      }
    }
  }

  boost::json::value document_;
  std::vector<std::string> problems_;
};

}  // namespace visor::api
