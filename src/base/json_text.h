// Described values as JSON text without a document in between: the same mapping as json::to_json (base/json.h), an order of
// magnitude faster. An inventory of a thousand machines is about a megabyte of text.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/json.h"

namespace visor::json {

/// Appends `text` as a JSON string. Bytes that are not UTF-8 (a guest's host name can be anything) become escapes.
void append_string(std::string_view text, std::string& out);

template <class T>
void append_text(const T& value, std::string& out);

namespace detail {

/// `"limitPercent":` of a member, made once.
template <class Member>
const std::string& key_text() {
  static const std::string text = "\"" + text::to_camel(Member::name) + "\":";
  return text;
}

template <class T>
void append_number(T number, std::string& out) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(number)) {
      out += "null";
      return;
    }
  }
  std::array<char, 32> buffer{};
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

template <class T>
void append_struct(const T& value, std::string& out) {
  char separator = '{';
  boost::mp11::mp_for_each<detail::Members<T>>([&]<class Member>(Member) {
    out += separator;
    separator = ',';
    out += key_text<Member>();
    append_text(value.*Member::pointer, out);
  });
  out += separator == '{' ? "{}" : "}";
}

}  // namespace detail

/// Appends `value` as JSON to `out`.
template <class T>
void append_text(const T& value, std::string& out) {
  if constexpr (std::is_same_v<T, boost::json::value> || std::is_same_v<T, boost::json::object>) {
    out += boost::json::serialize(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T>) {
    detail::append_number(value, out);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    append_string(value, out);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    detail::append_number(value.count, out);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    append_string(format_time(value), out);
  } else if constexpr (detail::IsWritten<T>::value) {
    out += *value.text;
  } else if constexpr (detail::IsOptional<T>::value) {
    value ? append_text(*value, out) : void(out += "null");
  } else if constexpr (detail::IsVector<T>::value) {
    char separator = '[';
    for (const auto& element : value) {
      out += separator;
      separator = ',';
      append_text(element, out);
    }
    out += separator == '[' ? "[]" : "]";
  } else if constexpr (detail::DescribedEnum<T>) {
    std::string_view name = boost::describe::enum_to_string(value, "");
    if (name.ends_with('_')) name.remove_suffix(1);
    append_string(name, out);
  } else {
    static_assert(detail::Described<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
    detail::append_struct(value, out);
  }
}

/// `value` as JSON.
template <class T>
std::string to_text(const T& value) {
  std::string out;
  append_text(value, out);
  return out;
}

/// `value` as JSON that is kept.
template <class T>
Written<T> write(const T& value) {
  return {std::make_shared<const std::string>(to_text(value))};
}

}  // namespace visor::json
