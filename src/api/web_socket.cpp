#include "api/web_socket.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>

#include <exception>

#include "base/error.h"
#include "base/log.h"

namespace visor::api {
namespace {

Awaitable<> run_quietly(std::function<Awaitable<>()> direction) {
  try {
    co_await direction();
  } catch (const Error& error) {
    log::debug("connection ended: {}", error.what());
  } catch (const boost::system::system_error& error) {
    log::debug("connection ended: {}", error.what());
  }
}

}  // namespace

Awaitable<> run_both(std::function<Awaitable<>()> outgoing, std::function<Awaitable<>()> incoming) {
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await (run_quietly(std::move(outgoing)) || run_quietly(std::move(incoming)));
}

}  // namespace visor::api
