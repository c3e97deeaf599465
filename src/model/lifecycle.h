// What may be done with a machine in which state: one pure function, asked by the engine, the API and the page.
#pragma once

#include <optional>
#include <string>

#include "model/machine.h"

namespace visor::model {

BOOST_DEFINE_ENUM_CLASS(Action, start, stop, restart, reset, pause, resume, save, rename, remove, screenshot, exec, clone,
                        publish)

/// Nothing when `action` is allowed in `status`, else the reason as a sentence.
std::optional<std::string> refusal(Action action, Status status);

}  // namespace visor::model
