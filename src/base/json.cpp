#include "base/json.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json_compact.h"

namespace visor::json {
namespace detail {

std::string join(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, text::printable(key));
}

std::string_view type_name(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "a truth value";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_: return "a number";
    case boost::json::kind::string: return "a string";
    case boost::json::kind::array: return "a list";
    case boost::json::kind::object: return "an object";
  }
  return "something else";
}

void refuse_type(Validation& validation, std::string_view path, std::string_view wanted, const boost::json::value& got) {
  validation.refuse(std::string(path), "type",
                    fmt::format("{} must be {}, not {}.", path.empty() ? "The value" : path, wanted, type_name(got)));
}

void refuse_unknown(Validation& validation, std::string_view path, std::string_view key) {
  const std::string field = join(path, key);
  validation.refuse(field, "unknown", fmt::format("'{}' is not known.", field));
}

void refuse_value(Validation& validation, std::string_view path, const boost::json::value& got, const std::string& allowed) {
  const std::string shown = got.is_string() ? text::printable(got.get_string()) : std::string(type_name(got));
  validation.refuse(std::string(path), "enum", fmt::format("{} must be one of {}, not '{}'.", path, allowed, shown));
}

}  // namespace detail

namespace {

boost::json::value parse_into(boost::json::storage_ptr storage, std::string_view text, Bytes max_bytes) {
  if (text.size() > max_bytes.count) {
    throw Error(ErrorKind::too_large, "json.too_large", fmt::format("The JSON text is larger than {}.", format_bytes(max_bytes)));
  }
  boost::json::parse_options options;
  options.max_depth = 64;
  std::array<unsigned char, 4096> scratch;  // enough for most texts, so that the parser asks for no memory of its own
  boost::json::stream_parser parser({}, options, scratch.data(), scratch.size());
  parser.reset(std::move(storage));
  boost::system::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (!error && used != text.size()) error = boost::json::error::extra_data;
  if (error) {
    throw Error(ErrorKind::invalid, "json.invalid", fmt::format("Not valid JSON near byte {}: {}.", used, error.message()));
  }
  return parser.release();
}

}  // namespace

boost::json::value parse(std::string_view text, Bytes max_bytes) { return parse_into({}, text, max_bytes); }

boost::json::value parse_compact(std::string_view text, Bytes max_bytes) {
  // Four bytes for each of the text hold most values in the first piece.
  return parse_into(boost::json::make_shared_resource<boost::json::monotonic_resource>(text.size() * 4), text, max_bytes);
}

void merge_patch(boost::json::value& target, const boost::json::value& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = boost::json::object();
  boost::json::object& object = target.get_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (value.is_null()) {
      object.erase(key);
    } else {
      merge_patch(object[key], value);
    }
  }
}

namespace {

void write_pretty(const boost::json::value& value, const std::string& indent, std::string& out) {
  const std::string inner = indent + "  ";
  if (value.is_object() && !value.get_object().empty()) {
    const char* separator = "{\n";
    for (const auto& [key, element] : value.get_object()) {
      out += separator + inner + boost::json::serialize(boost::json::string(key)) + ": ";
      write_pretty(element, inner, out);
      separator = ",\n";
    }
    out += "\n" + indent + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    const char* separator = "[\n";
    for (const auto& element : value.get_array()) {
      out += separator + inner;
      write_pretty(element, inner, out);
      separator = ",\n";
    }
    out += "\n" + indent + "]";
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string pretty(const boost::json::value& value) {
  std::string out;
  write_pretty(value, "", out);
  return out;
}

}  // namespace visor::json
