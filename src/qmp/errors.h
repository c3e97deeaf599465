// Errors of the conversations with QEMU and the guest agent.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

#include "base/error.h"

namespace visor::qmp {

/// "DeviceNotFound" -> "device_not_found", "KVMMissingCap" -> "kvm_missing_cap"; "error" for what is no such word.
std::string snake_class(std::string_view class_name);
/// A sentence of the other side: printable and at most 2048 bytes.
std::string printable_message(std::string_view message);
/// The error object of an answer ({"class", "desc"}) as Error `PREFIX.<class>`. Whatever its members are.
Error command_error(std::string_view prefix, const boost::json::object& error);
/// Error{unavailable, "qemu.gone"}.
Error gone_error();
/// Error{internal, "qemu.corrupt"}: what QEMU said makes no sense.
Error corrupt_error(std::string_view detail);
/// Error{cancelled, "task.cancelled"}.
Error cancelled_error();

}  // namespace visor::qmp
