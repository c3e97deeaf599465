// Tasks: every operation that may take longer than a moment.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace visor::model {

BOOST_DEFINE_ENUM_CLASS(TaskState, running, succeeded, failed, cancelled, undone)
BOOST_DEFINE_ENUM_CLASS(StepState, waiting, running, done, failed, undone)

/// RFC 9457 problem details with Visor's stable code, hint and refused fields.
struct ProblemField {
  std::string field;
  std::string code;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(ProblemField, (), (field, code, detail))

struct Problem {
  std::string type = "about:blank";
  std::string title;
  unsigned status = 500;
  std::string code;
  std::string detail;
  std::string hint;
  std::vector<ProblemField> fields;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (type, title, status, code, detail, hint, fields))

/// The one translation of an Error to what clients see, and back (for the client library).
Problem to_problem(const Error& error);
Error from_problem(const Problem& problem);

struct Subject {
  std::string kind;  ///< "machine" or "image"
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Subject, (), (kind, name))

struct Step {
  std::string title;
  StepState state = StepState::waiting;
  std::optional<WallTime> started;
  std::optional<WallTime> ended;
  std::string detail;  ///< "12 of 100 MiB"
};
BOOST_DESCRIBE_STRUCT(Step, (), (title, state, started, ended, detail))

struct Task {
  std::string id;
  std::string kind;   ///< "machine.start"
  std::string title;  ///< "Start hello"
  Subject subject;
  TaskState state = TaskState::running;
  double progress = 0;  ///< 0 to 1
  bool cancellable = true;
  WallTime created;
  std::optional<WallTime> ended;
  std::vector<Step> steps;
  std::string waits_for;
  std::optional<std::uint32_t> timeout_seconds;  ///< how long its last step may take
  std::vector<std::string> log;
  std::optional<Problem> error;
  std::optional<boost::json::object> result;
};
BOOST_DESCRIBE_STRUCT(Task, (),
                      (id, kind, title, subject, state, progress, cancellable, created, ended, steps, waits_for, timeout_seconds,
                       log, error, result))

}  // namespace visor::model
