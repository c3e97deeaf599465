#include "visor/exit_code.h"

#include <fmt/format.h>

#include "base/text.h"
#include "visor/table.h"

namespace visor::cli {
namespace {

constexpr std::string_view kUsageCode = "usage";

}  // namespace

int exit_code(const Error& error) {
  if (error.code() == "cli.interrupted") return kExitInterrupted;
  if (error.code() == kUsageCode || error.code() == "duration.invalid" || error.code() == "bytes.invalid") return kExitUsage;
  switch (error.kind()) {
    case ErrorKind::not_found: return kExitNotFound;
    case ErrorKind::conflict:
    case ErrorKind::precondition: return kExitConflict;
    case ErrorKind::timeout: return kExitTimeout;
    default: return kExitError;
  }
}

Error usage_error(const std::string& message, const std::string& command) {
  const std::string name = command.empty() ? "visor" : "visor " + command;
  return {ErrorKind::invalid, std::string(kUsageCode), message, fmt::format("`{} --help` shows how it is used.", name)};
}

std::string format_error(const Error& error, bool color) {
  std::string out = paint("visor:", Color::red, color) + " " + text::printable(error.what()) + "\n";
  // One refused value is the message itself.
  if (error.fields().size() > 1) {
    for (const FieldError& field : error.fields()) {
      out += fmt::format("  {}: {}\n", text::printable(field.field), text::printable(field.message));
    }
  }
  if (!error.hint().empty()) out += paint("hint:", Color::yellow, color) + " " + text::printable(error.hint()) + "\n";
  return out;
}

}  // namespace visor::cli
