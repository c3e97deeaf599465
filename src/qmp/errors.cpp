#include "qmp/errors.h"

#include <fmt/format.h>

#include <boost/json/value.hpp>

#include "base/text.h"

namespace visor::qmp {
namespace {

constexpr std::size_t kMessageLimit = 2048;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string_view string_member(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

ErrorKind kind_of(std::string_view snake) {
  if (snake == "device_not_found") return ErrorKind::not_found;
  if (snake == "device_not_active") return ErrorKind::conflict;
  if (snake == "command_not_found" || snake == "command_disabled" || snake == "kvm_missing_cap") return ErrorKind::unsupported;
  return ErrorKind::internal;
}

}  // namespace

std::string snake_class(std::string_view class_name) {
  std::string out;
  if (class_name.empty() || class_name.size() > 64) return "error";
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    if (!is_upper(c) && !is_lower(c)) return "error";
    // A word starts at a capital after a small letter, or at the last capital of a row of them ("KVMMissing").
    const bool after_small = i > 0 && is_lower(class_name[i - 1]);
    const bool before_small = i > 0 && i + 1 < class_name.size() && is_lower(class_name[i + 1]);
    if (is_upper(c) && (after_small || before_small)) out += '_';
    out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string printable_message(std::string_view message) {
  if (message.size() <= kMessageLimit) return text::printable(message);
  message = message.substr(0, kMessageLimit);
  // Not in the middle of a character.
  while (!message.empty() && !text::is_utf8(message) && (static_cast<unsigned char>(message.back()) & 0xC0U) == 0x80U) {
    message.remove_suffix(1);
  }
  if (!message.empty() && static_cast<unsigned char>(message.back()) >= 0xC0U) message.remove_suffix(1);
  return text::printable(message) + "...";
}

Error command_error(std::string_view prefix, const boost::json::object& error) {
  const std::string name = snake_class(string_member(error, "class"));
  const std::string_view sentence = string_member(error, "desc");
  return {kind_of(name), fmt::format("{}.{}", prefix, name),
          sentence.empty() ? "It refused without a reason." : printable_message(sentence)};
}

Error gone_error() { return {ErrorKind::unavailable, "qemu.gone", "QEMU has ended or closed its monitor."}; }

Error corrupt_error(std::string_view detail) {
  return {ErrorKind::internal, "qemu.corrupt", fmt::format("QEMU's monitor sent nonsense: {}.", printable_message(detail))};
}

Error cancelled_error() { return {ErrorKind::cancelled, "task.cancelled", "The work was cancelled."}; }

}  // namespace visor::qmp
