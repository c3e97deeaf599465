// What the client's source files share; private to src/client.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>
#include <string_view>

#include "base/error.h"
#include "client/connection.h"

namespace visor::client {

/// One type for unix sockets and TCP.
using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// Connects `stream` within `timeout`. Throws Error `client.no_daemon`, `client.no_permission`.
Awaitable<> connect(Stream& stream, const Endpoint& endpoint, loop::Duration timeout);

/// A request's head with host, token and body (if any) set.
HttpRequest make_request(const Endpoint& endpoint, const Request& request);

/// The Error for a failed read or write; `what` names the request ("GET /api/v1/host").
Error transport_error(const boost::system::error_code& error, std::string_view what, loop::Duration timeout);

/// The Error for an answer of 400 or more: its problem object, or one made of the status.
Error answer_error(unsigned status, std::string_view content_type, std::string_view body);

/// "METHOD path" without the query, which may hold a ticket.
std::string describe(const Request& request);

}  // namespace visor::client
