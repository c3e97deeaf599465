// How a Connection opens its long-lived siblings; private to src/client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/endpoint.h"
#include "client/event_stream.h"
#include "client/websocket.h"
#include "loop/awaitable.h"

namespace visor::client {

Awaitable<std::unique_ptr<EventStream>> open_events(Endpoint endpoint, std::optional<std::uint64_t> since);
Awaitable<std::unique_ptr<WebSocket>> open_socket(Endpoint endpoint, std::string target);

}  // namespace visor::client
