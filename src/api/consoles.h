// What moves the bytes between a console of a machine and a WebSocket.
#pragma once

#include <memory>

#include "api/http.h"
#include "engine/service.h"
#include "os/fd.h"

namespace visor::api {

/// `screen` is a connected socket that speaks RFB; bytes are passed on as they are, both ways.
WebSocketRun screen_run(os::Fd screen);
WebSocketRun serial_run(std::unique_ptr<engine::SerialSession> session);

}  // namespace visor::api
