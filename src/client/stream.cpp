#include "client/stream.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/verb.hpp>

#include <fmt/format.h>

#include <cerrno>

#include "base/json.h"
#include "base/text.h"
#include "model/task.h"

namespace visor::client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kLongestUnixPath = 107;

Error connect_error(const boost::system::error_code& error, const Endpoint& endpoint) {
  if (error == asio::error::operation_aborted) return {ErrorKind::cancelled, "task.cancelled", "The work was cancelled."};
  if (error == boost::system::errc::permission_denied) {
    return {ErrorKind::forbidden, "client.no_permission",
            fmt::format("You may not use the daemon's socket {}.", text::printable(endpoint.text())),
            "Join the group `visor` (`sudo usermod -aG visor $USER`, then log in again), or run your own instance: `./run` or "
            "`visord`."};
  }
  return {ErrorKind::unavailable, "client.no_daemon",
          fmt::format("visord does not answer at {}: {}.", text::printable(endpoint.text()), error.message()),
          "Start it with `./run` or `visord`; --socket or VISOR_SOCKET name the socket of another instance."};
}

asio::generic::stream_protocol::endpoint local_endpoint(const Endpoint& endpoint) {
  const std::string& path = endpoint.socket.native();
  if (path.empty() || path.size() > kLongestUnixPath) {
    throw Error(ErrorKind::invalid, "client.bad_socket",
                fmt::format("'{}' cannot be a socket: a path has 1 to {} bytes.", text::printable(path), kLongestUnixPath));
  }
  return {asio::local::stream_protocol::endpoint(path)};
}

Awaitable<asio::generic::stream_protocol::endpoint> tcp_endpoint(const Endpoint& endpoint) {
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  boost::system::error_code error;
  std::string host = endpoint.host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto found =
      co_await resolver.async_resolve(host, std::to_string(endpoint.port), asio::redirect_error(asio::use_awaitable, error));
  if (error) throw connect_error(error, endpoint);
  co_return asio::generic::stream_protocol::endpoint(found.begin()->endpoint());
}

ErrorKind kind_of_status(unsigned status) {
  for (const ErrorKind kind : {ErrorKind::invalid, ErrorKind::validation, ErrorKind::unauthorized, ErrorKind::forbidden,
                               ErrorKind::not_found, ErrorKind::conflict, ErrorKind::precondition, ErrorKind::too_large,
                               ErrorKind::timeout, ErrorKind::unavailable, ErrorKind::unsupported, ErrorKind::no_space}) {
    if (http_status(kind) == status) return kind;
  }
  return status < 500 ? ErrorKind::invalid : ErrorKind::internal;
}

}  // namespace

Awaitable<> connect(Stream& stream, const Endpoint& endpoint, loop::Duration timeout) {
  asio::generic::stream_protocol::endpoint where;
  if (endpoint.is_local()) {
    where = local_endpoint(endpoint);
  } else {
    where = co_await tcp_endpoint(endpoint);
  }
  boost::system::error_code error;
  stream.expires_after(timeout);
  co_await stream.async_connect(where, asio::redirect_error(asio::use_awaitable, error));
  if (error) throw connect_error(error, endpoint);
}

HttpRequest make_request(const Endpoint& endpoint, const Request& request) {
  HttpRequest message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, endpoint.is_local() ? "localhost" : fmt::format("{}:{}", endpoint.host, endpoint.port));
  message.set(http::field::user_agent, "visor/" VISOR_VERSION);
  message.set(http::field::accept, "application/json, application/problem+json, */*");
  if (!endpoint.token.empty()) message.set(http::field::authorization, "Bearer " + endpoint.token);
  if (request.if_match) message.set(http::field::if_match, fmt::format("\"{}\"", *request.if_match));
  if (!request.body.empty()) {
    message.set(http::field::content_type, request.content_type);
    message.body() = request.body;
  }
  message.prepare_payload();
  return message;
}

Error transport_error(const boost::system::error_code& error, std::string_view what, loop::Duration timeout) {
  if (error == boost::beast::error::timeout) {
    return {ErrorKind::timeout, "client.timeout",
            fmt::format("visord did not answer {} within {:g} s.", what, std::chrono::duration<double>(timeout).count()),
            "`visor task list` shows what it is working on."};
  }
  if (error == asio::error::operation_aborted) return {ErrorKind::cancelled, "task.cancelled", "The work was cancelled."};
  if (error == http::error::body_limit) {
    return {ErrorKind::too_large, "client.answer_too_large", fmt::format("The answer to {} is larger than 64 MiB.", what)};
  }
  const bool closed = error == http::error::end_of_stream || error == http::error::partial_message || error == asio::error::eof ||
                      error == asio::error::connection_reset || error == asio::error::broken_pipe;
  if (closed) {
    return {ErrorKind::unavailable, "client.disconnected",
            fmt::format("visord closed the connection before it had answered {}.", what),
            "It may have been restarted; `visor task list` shows what became of the work."};
  }
  return {ErrorKind::internal, "client.bad_answer", fmt::format("The answer to {} cannot be read: {}.", what, error.message())};
}

Error answer_error(unsigned status, std::string_view content_type, std::string_view body) {
  if (content_type.starts_with("application/problem+json") || content_type.starts_with("application/json")) {
    try {
      // A newer daemon may say more than this client knows; only what is there and fits counts.
      model::Problem problem;
      problem.status = status;
      Validation ignored;
      json::read(json::parse(body), problem, "", ignored);
      if (!problem.detail.empty()) return model::from_problem(problem);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): told below by its status
    }
  }
  std::string message = fmt::format("visord refused with HTTP status {}", status);
  if (!body.empty() && body.size() < 500) message += ": " + text::printable(text::trim(body));
  return {kind_of_status(status), "client.refused", message + "."};
}

std::string describe(const Request& request) {
  return fmt::format("{} {}", request.method, request.target.substr(0, request.target.find('?')));
}

}  // namespace visor::client
