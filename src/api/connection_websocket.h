// The WebSocket side of a connection. Private to the connection: includes Beast.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "api/http.h"

namespace visor::api {

/// The one stream type of the API: TCP and unix sockets alike.
using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

/// Upgrades `stream` for `request` and runs `run` on it; returns when the connection is over.
Awaitable<> serve_websocket(Stream& stream, const boost::beast::http::request<boost::beast::http::string_body>& request,
                            const WebSocketRun& run);

}  // namespace visor::api
