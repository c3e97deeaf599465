// The bytes and objects of the QEMU Machine Protocol, without a conversation.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>

#include "base/time.h"
#include "os/fd.h"
#include "qmp/client.h"

namespace visor::qmp {

/// A message that the socket has not taken whole.
struct Outgoing {
  std::string bytes;
  std::size_t sent = 0;
  os::Fd descriptor;  ///< goes with the first byte
};

/// sendmsg(2) of the rest of a message, without waiting, with its descriptor if there is one. -1 with errno as sendmsg(2).
ssize_t send_part(int socket, const Outgoing& message);

/// When an event happened; now, when it does not say so credibly.
WallTime event_time(const boost::json::object& message);
/// The version in a greeting; zeros for what is missing.
Version read_version(const boost::json::object& greeting);
/// Whether a greeting offers out-of-band execution.
bool offers_oob(const boost::json::object& greeting);

}  // namespace visor::qmp
