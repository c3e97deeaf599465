// The edge between Asio's way to say "cancelled" and ours.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <type_traits>
#include <utility>

#include "base/error.h"
#include "loop/awaitable.h"

namespace visor::storage {

/// Awaits `work`; operation_aborted, which Asio throws in a cancelled coroutine at its next wait, becomes Error{cancelled}.
template <class T>
Awaitable<T> with_cancel_error(Awaitable<T> work) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
    } else {
      co_return co_await std::move(work);
    }
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) throw;
    throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
  }
}

}  // namespace visor::storage
