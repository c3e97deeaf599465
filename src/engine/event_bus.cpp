#include "engine/event_bus.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <utility>

namespace visor::engine {
namespace {

constexpr std::size_t kKept = 4096;

/// Numbers start at the wall clock's microseconds, so that those of a later run of the daemon are always higher than those
/// of an earlier one, without storing anything. They stay exact in JSON readers that use doubles (below 2^53).
std::uint64_t first_sequence() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

struct EventBus::State {
  explicit State(boost::asio::any_io_executor executor, std::uint64_t start) : first(start), published(std::move(executor)) {}

  std::uint64_t first;  ///< sequence of the event before the oldest kept one
  std::deque<std::shared_ptr<const Event>> kept;
  loop::Notifier published;
  std::size_t readers = 0;
};

class EventBus::Reader : public EventReader {
 public:
  Reader(std::shared_ptr<State> state, std::uint64_t position, bool lost)
      : state_(std::move(state)), position_(position), lost_(lost) {
    ++state_->readers;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() override { --state_->readers; }

  Awaitable<std::optional<Event>> next(std::chrono::milliseconds timeout) override {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
      if (std::optional<Event> event = take()) co_return event;
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= std::chrono::steady_clock::duration::zero()) co_return std::nullopt;
      co_await state_->published.wait(left);
    }
  }

 private:
  std::optional<Event> take() {
    const std::uint64_t last = state_->first + state_->kept.size();
    if (lost_ || position_ < state_->first) {
      lost_ = false;
      position_ = last;
      return Event{last, "resync", R"({"reason":"Events were missed; read the inventory again."})"};
    }
    if (position_ == last) return std::nullopt;
    return *state_->kept[position_++ - state_->first];
  }

  std::shared_ptr<State> state_;
  std::uint64_t position_;  ///< sequence of the last event that was delivered
  bool lost_;
};

EventBus::EventBus(boost::asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor), first_sequence())), last_(state_->first) {}

void EventBus::publish(std::string type, std::string data) {
  auto event = std::make_shared<Event>();
  event->sequence = ++last_;
  event->type = std::move(type);
  event->data = std::move(data);
  state_->kept.push_back(std::move(event));
  if (state_->kept.size() > kKept) {
    state_->kept.pop_front();
    ++state_->first;
  }
  state_->published.notify_all();
}

std::size_t EventBus::reader_count() const noexcept { return state_->readers; }

std::unique_ptr<EventReader> EventBus::reader(std::optional<std::uint64_t> since) {
  if (!since) return std::make_unique<Reader>(state_, last_, false);
  const bool unknown = *since < state_->first || *since > last_;
  return std::make_unique<Reader>(state_, unknown ? last_ : *since, unknown);
}

}  // namespace visor::engine
