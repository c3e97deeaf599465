// Changing settings: applied now, waiting for the next start, or refused with the reason.
#pragma once

#include <boost/json/object.hpp>

#include <functional>
#include <string>

#include "engine/context.h"

namespace visor::engine {

/// Lays `patch` (description, tags, group, spec) over the machine. All values are checked together; when one is refused,
/// nothing at all is changed. Errors: `machine.changed` (If-Match), `machine.invalid`.
Awaitable<model::ChangeResult> change_machine(Context& context, std::string name, boost::json::object patch,
                                              ChangeOptions options);

/// For tasks: edits the spec in the store and brings what can change to the running machine; all or nothing. `edit` may be called
/// twice, when another change came in between.
Awaitable<> change_spec(Context& context, std::string id, std::function<void(model::MachineSpec&)> edit);

}  // namespace visor::engine
