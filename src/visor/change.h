// Changing a machine's settings, for `set` and `config`.
#pragma once

#include <boost/json/object.hpp>

#include "loop/awaitable.h"
#include "model/machine.h"

namespace visor::cli {

struct Context;

/// What of a machine may be changed: description, tags, group and spec.
boost::json::object editable(const model::Machine& machine);

/// What became of each field. Exit code 1 when something was refused.
int show_change(const Context& context, const model::ChangeResult& result);

/// Sends the merge patch unless somebody changed the machine since `machine` was read, and shows what became of each field.
/// Exit code 1 when something was refused.
Awaitable<int> send_change(Context& context, model::Machine machine, boost::json::object patch);

}  // namespace visor::cli
