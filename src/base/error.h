// The one error type of Visor.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace visor {

/// What kind of answer an error is. The API maps each to one HTTP status, the command line to one exit code.
enum class ErrorKind {
  invalid,       ///< the request is wrong whatever the state (HTTP 400)
  validation,    ///< well-formed but some values are refused; see Error::fields (422)
  unauthorized,  ///< nobody is logged in (401)
  forbidden,     ///< logged in, but may not (403)
  not_found,     ///< no such thing (404)
  conflict,      ///< not in this state, or in use by someone else (409)
  precondition,  ///< changed since it was read (412)
  too_large,     ///< more bytes than are accepted (413)
  timeout,       ///< did not happen in time (504)
  cancelled,     ///< somebody asked to stop (409)
  unavailable,   ///< cannot be done just now (503)
  unsupported,   ///< this host, QEMU or build cannot do it (501)
  no_space,      ///< a disk is full (507)
  internal,      ///< a defect of Visor or an unexpected failure of the host (500)
};

/// One refused value: `field` is the path in the request (`spec.memory.size`), `message` a full sentence.
struct FieldError {
  std::string field;
  std::string code;
  std::string message;
};

/// Thrown where the failure is known and translated once, at the border (API, command line).
/// `code` is a stable slug (`machine.not_found`), `what()` a sentence with the values in it, `hint` how to fix it.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string code, const std::string& message, std::string hint = {});

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::vector<FieldError>& fields() const noexcept { return fields_; }

  /// The same error with the refused values attached.
  Error with_fields(std::vector<FieldError> fields) &&;

 private:
  ErrorKind kind_;
  std::string code_;
  std::string hint_;
  std::vector<FieldError> fields_;
};

/// Collects all refused values of one request and throws them together.
class Validation {
 public:
  /// Notes a refused value. Does nothing else: validation always runs to its end.
  void refuse(std::string field, std::string code, std::string message);
  bool ok() const noexcept { return fields_.empty(); }
  const std::vector<FieldError>& fields() const noexcept { return fields_; }
  /// Throws Error{validation, code} with every refused value when there is one.
  void throw_if_failed(std::string code) const;

 private:
  std::vector<FieldError> fields_;
};

/// The HTTP status of a kind of error.
unsigned http_status(ErrorKind kind) noexcept;
/// The name of a kind as it is written in logs ("not_found").
std::string_view to_string(ErrorKind kind) noexcept;

/// An Error of kind internal (or no_space, forbidden, not_found where errno says so) for a failed system call:
/// `what` names the call and its object, e.g. "open /etc/x". `error_number` is an errno value.
Error system_error(std::string_view what, int error_number);

}  // namespace visor
