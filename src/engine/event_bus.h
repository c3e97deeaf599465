// Events: what happened, numbered, with the last ones kept so that a client can resume after a break.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/service.h"
#include "loop/sync.h"

namespace visor::engine {

/// Keeps the last events and hands them to any number of readers. A reader that falls behind what is kept, or that asks for
/// numbers of an earlier run of the daemon which are gone, gets one `resync` event and goes on from the present.
class EventBus {
 public:
  explicit EventBus(boost::asio::any_io_executor executor);

  /// Publishes an event of `type`; `data` is JSON text.
  void publish(std::string type, std::string data);
  std::uint64_t last_sequence() const noexcept { return last_; }
  std::size_t reader_count() const noexcept;
  std::unique_ptr<EventReader> reader(std::optional<std::uint64_t> since);

 private:
  struct State;
  class Reader;
  std::shared_ptr<State> state_;
  std::uint64_t last_;
};

}  // namespace visor::engine
