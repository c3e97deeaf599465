// The one mapping between described structs and JSON (Boost.JSON and Boost.Describe).
//
// A member `limit_percent` is the JSON key "limitPercent". Enumerators are written as their names, Bytes as integers,
// times as RFC 3339, an empty optional as null. Reading is strict: unknown keys, wrong types and out-of-range numbers are
// collected into a Validation with the path of the value, so that one answer lists all problems. Missing keys keep the
// value that the target already has, which is what defaults and merge patches need.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

namespace visor::json {

/// A T that is kept as its JSON text, written once and shared by all who send it. A schema describes it as the T.
template <class T>
struct Written {
  using Value = T;
  std::shared_ptr<const std::string> text;
};

namespace detail {

template <class T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
struct IsWritten : std::false_type {};
template <class T>
struct IsWritten<Written<T>> : std::true_type {};

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

std::string join(std::string_view path, std::string_view key);
/// Name of the JSON type of `value` for messages ("a string").
std::string_view type_name(const boost::json::value& value);
void refuse_type(Validation& validation, std::string_view path, std::string_view wanted, const boost::json::value& got);
void refuse_unknown(Validation& validation, std::string_view path, std::string_view key);
void refuse_value(Validation& validation, std::string_view path, const boost::json::value& got, const std::string& allowed);

}  // namespace detail

/// The name of an enumerator, as it is written in JSON. A trailing `_` (for names that are C++ keywords) is dropped.
template <detail::DescribedEnum E>
std::string enum_name(E value) {
  std::string_view name = boost::describe::enum_to_string(value, "");
  if (name.ends_with('_')) name.remove_suffix(1);
  return std::string(name);
}

/// All names of an enumeration, in the order of their declaration.
template <detail::DescribedEnum E>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto descriptor) { names.push_back(enum_name(descriptor.value)); });
  return names;
}

/// The enumerator with this JSON name, if there is one.
template <detail::DescribedEnum E>
std::optional<E> enum_from_name(std::string_view name) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto descriptor) {
    if (enum_name(descriptor.value) == name) found = descriptor.value;
  });
  return found;
}

/// Any described value as JSON.
template <class T>
boost::json::value to_json(const T& value) {
  if constexpr (std::is_same_v<T, boost::json::value> || std::is_same_v<T, boost::json::object> || std::is_same_v<T, bool> ||
                std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return boost::json::string(std::string_view(value));
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return value.count;
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return boost::json::string(format_time(value));
  } else if constexpr (detail::IsWritten<T>::value) {
    return boost::json::parse(*value.text);
  } else if constexpr (detail::IsOptional<T>::value) {
    return value ? to_json(*value) : boost::json::value(nullptr);
  } else if constexpr (detail::IsVector<T>::value) {
    boost::json::array array;
    array.reserve(value.size());
    for (const auto& element : value) array.push_back(to_json(element));
    return array;
  } else if constexpr (detail::DescribedEnum<T>) {
    return boost::json::string(enum_name(value));
  } else {
    static_assert(detail::Described<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
    boost::json::object object;
    boost::mp11::mp_for_each<detail::Members<T>>(
        [&](auto member) { object.emplace(text::to_camel(member.name), to_json(value.*member.pointer)); });
    return object;
  }
}

template <class T>
void read(const boost::json::value& from, T& into, std::string_view path, Validation& validation);

namespace detail {

template <class T>
void read_number(const boost::json::value& from, T& into, std::string_view path, Validation& validation) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!from.is_number()) return refuse_type(validation, path, "a number", from);
    into = from.to_number<T>();
  } else {
    boost::system::error_code error;
    if (!from.is_number()) return refuse_type(validation, path, "a whole number", from);
    const T number = from.to_number<T>(error);
    if (error) return refuse_type(validation, path, "a whole number in range", from);
    into = number;
  }
}

template <class T>
void read_struct(const boost::json::value& from, T& into, std::string_view path, Validation& validation) {
  if (!from.is_object()) return refuse_type(validation, path, "an object", from);
  for (const auto& [key, value] : from.get_object()) {
    bool known = false;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      if (text::to_camel(member.name) != key) return;
      known = true;
      read(value, into.*member.pointer, join(path, key), validation);
    });
    if (!known) refuse_unknown(validation, path, key);
  }
}

}  // namespace detail

/// Reads `from` into `into`; what does not fit is noted in `validation` under `path` and left as it was.
template <class T>
void read(const boost::json::value& from, T& into, std::string_view path, Validation& validation) {
  if constexpr (std::is_same_v<T, boost::json::value>) {
    into = from;
  } else if constexpr (std::is_same_v<T, boost::json::object>) {
    if (!from.is_object()) return detail::refuse_type(validation, path, "an object", from);
    into = from.get_object();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) return detail::refuse_type(validation, path, "true or false", from);
    into = from.get_bool();
  } else if constexpr (std::is_arithmetic_v<T>) {
    detail::read_number(from, into, path, validation);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return detail::refuse_type(validation, path, "a string", from);
    into = std::string(from.get_string());
  } else if constexpr (std::is_same_v<T, Bytes>) {
    if (from.is_string()) {
      try {
        into = parse_bytes(from.get_string());
      } catch (const Error& error) {
        validation.refuse(std::string(path), error.code(), error.what());
      }
      return;
    }
    detail::read_number(from, into.count, path, validation);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    if (!from.is_string()) return detail::refuse_type(validation, path, "a time", from);
    try {
      into = parse_time(from.get_string());
    } catch (const Error& error) {
      validation.refuse(std::string(path), error.code(), error.what());
    }
  } else if constexpr (detail::IsOptional<T>::value) {
    if (from.is_null()) {
      into.reset();
      return;
    }
    typename T::value_type value = into.value_or(typename T::value_type{});
    read(from, value, path, validation);
    into = std::move(value);
  } else if constexpr (detail::IsVector<T>::value) {
    if (!from.is_array()) return detail::refuse_type(validation, path, "a list", from);
    T list;
    for (std::size_t i = 0; i < from.get_array().size(); ++i) {
      list.emplace_back();
      read(from.get_array()[i], list.back(), std::string(path) + "[" + std::to_string(i) + "]", validation);
    }
    into = std::move(list);
  } else if constexpr (detail::DescribedEnum<T>) {
    std::optional<T> found;
    if (from.is_string()) found = enum_from_name<T>(from.get_string());
    if (found) {
      into = *found;
      return;
    }
    std::string allowed;
    for (const std::string& name : enum_names<T>()) allowed += (allowed.empty() ? "" : ", ") + name;
    detail::refuse_value(validation, path, from, allowed);
  } else {
    static_assert(detail::Described<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
    detail::read_struct(from, into, path, validation);
  }
}

/// Reads a whole value of type T; throws Error{validation, code} that lists everything that does not fit.
template <class T>
T from_json(const boost::json::value& from, const std::string& code, T defaults = {}) {
  Validation validation;
  read(from, defaults, "", validation);
  validation.throw_if_failed(code);
  return defaults;
}

/// Parses JSON text from outside: at most `max_bytes`, at most 64 levels, valid UTF-8.
/// Throws Error `json.invalid` (or `json.too_large`) that says where.
boost::json::value parse(std::string_view text, Bytes max_bytes = {std::uint64_t{4} << 20U});

/// RFC 7396: `patch` laid over `target`; null removes a key.
void merge_patch(boost::json::value& target, const boost::json::value& patch);

/// Indented text for people.
std::string pretty(const boost::json::value& value);

}  // namespace visor::json
