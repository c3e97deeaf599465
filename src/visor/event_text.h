// Events as one line for people.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace visor::cli {

/// "hello: running, ready" for a machine, "Start hello: running 40 %" for a task.
std::string event_text(const std::string& type, const boost::json::value& data);

}  // namespace visor::cli
