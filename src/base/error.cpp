#include "base/error.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace visor {

Error::Error(ErrorKind kind, std::string code, const std::string& message, std::string hint)
    : std::runtime_error(message), kind_(kind), code_(std::move(code)), hint_(std::move(hint)) {}

Error Error::with_fields(std::vector<FieldError> fields) && {
  fields_ = std::move(fields);
  return std::move(*this);
}

void Validation::refuse(std::string field, std::string code, std::string message) {
  fields_.push_back({std::move(field), std::move(code), std::move(message)});
}

void Validation::throw_if_failed(std::string code) const {
  if (fields_.empty()) return;
  std::string message = fields_.front().message;
  if (fields_.size() > 1) message += " (and " + std::to_string(fields_.size() - 1) + " more)";
  throw Error(ErrorKind::validation, std::move(code), message).with_fields(fields_);
}

unsigned http_status(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid: return 400;
    case ErrorKind::validation: return 422;
    case ErrorKind::unauthorized: return 401;
    case ErrorKind::forbidden: return 403;
    case ErrorKind::not_found: return 404;
    case ErrorKind::conflict: return 409;
    case ErrorKind::precondition: return 412;
    case ErrorKind::too_large: return 413;
    case ErrorKind::timeout: return 504;
    case ErrorKind::cancelled: return 409;
    case ErrorKind::unavailable: return 503;
    case ErrorKind::unsupported: return 501;
    case ErrorKind::no_space: return 507;
    case ErrorKind::internal: return 500;
  }
  return 500;
}

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::validation: return "validation";
    case ErrorKind::unauthorized: return "unauthorized";
    case ErrorKind::forbidden: return "forbidden";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::precondition: return "precondition";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::no_space: return "no_space";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

Error system_error(std::string_view what, int error_number) {
  std::string message = std::string(what) + ": " + std::generic_category().message(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT: return {ErrorKind::no_space, "host.no_space", message, "Free some space on that file system and try again."};
    case EACCES:
    case EPERM:
      return {ErrorKind::forbidden, "host.no_permission", message, "The user that runs visord lacks the right to do this."};
    case ENOENT: return {ErrorKind::not_found, "host.no_such_file", message};
    default: return {ErrorKind::internal, "host.system_call", message};
  }
}

}  // namespace visor
