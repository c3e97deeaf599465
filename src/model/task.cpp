#include "model/task.h"

#include <array>
#include <utility>

namespace visor::model {
namespace {

constexpr std::array kKinds{
    ErrorKind::invalid,     ErrorKind::validation,   ErrorKind::unauthorized, ErrorKind::forbidden, ErrorKind::not_found,
    ErrorKind::conflict,    ErrorKind::precondition, ErrorKind::too_large,    ErrorKind::timeout,   ErrorKind::unavailable,
    ErrorKind::unsupported, ErrorKind::no_space,     ErrorKind::internal,
};

std::string title_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return "Bad Request";
    case ErrorKind::validation: return "Invalid Values";
    case ErrorKind::unauthorized: return "Login Required";
    case ErrorKind::forbidden: return "Forbidden";
    case ErrorKind::not_found: return "Not Found";
    case ErrorKind::conflict: return "Conflict";
    case ErrorKind::precondition: return "Changed Meanwhile";
    case ErrorKind::too_large: return "Too Large";
    case ErrorKind::timeout: return "Timed Out";
    case ErrorKind::cancelled: return "Cancelled";
    case ErrorKind::unavailable: return "Not Available Now";
    case ErrorKind::unsupported: return "Not Supported Here";
    case ErrorKind::no_space: return "No Space Left";
    case ErrorKind::internal: return "Internal Error";
  }
  return "Internal Error";
}

}  // namespace

Problem to_problem(const Error& error) {
  Problem problem;
  problem.title = title_of(error.kind());
  problem.status = http_status(error.kind());
  problem.code = error.code();
  problem.detail = error.what();
  problem.hint = error.hint();
  for (const FieldError& field : error.fields()) problem.fields.push_back({field.field, field.code, field.message});
  return problem;
}

Error from_problem(const Problem& problem) {
  ErrorKind kind = ErrorKind::internal;
  for (const ErrorKind candidate : kKinds) {
    if (http_status(candidate) == problem.status && kind == ErrorKind::internal) kind = candidate;
  }
  if (problem.code == "task.cancelled") kind = ErrorKind::cancelled;
  std::vector<FieldError> fields;
  fields.reserve(problem.fields.size());
  for (const ProblemField& field : problem.fields) fields.push_back({field.field, field.code, field.detail});
  return Error(kind, problem.code, problem.detail, problem.hint).with_fields(std::move(fields));
}

}  // namespace visor::model
