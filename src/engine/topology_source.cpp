#include "engine/topology_source.h"

#include <boost/asio/awaitable.hpp>

#include <utility>

#include "loop/event_loop.h"
#include "loop/process.h"

namespace visor::engine {
namespace {

using std::chrono::steady_clock;

/// How long the shape is believed while the same processors are online: firmware settings need a restart of the host anyway, and a
/// changed limit of the frequency may be seen a little later.
constexpr std::chrono::minutes kKnown{1};

}  // namespace

Awaitable<> TopologySource::sample() {
  // The threads of the pool get copies and fill what is this frame's; members change on the loop only.
  std::string online = online_;
  std::optional<model::HostTopology> known = known_;
  const bool outdated = !known || steady_clock::now() - read_at_ > kKnown;
  bool read = false;
  host::ProcessorLoad::Times times;
  co_await loop::run_blocking([&] {
    std::string online_now = reader_.online();
    read = outdated || online_now != online;
    online = std::move(online_now);
    if (read) {
      known = reader_.read();
    } else {
      reader_.refresh_memory(known->nodes);
    }
    times = reader_.processor_times();
  });
  const auto now = steady_clock::now();
  load_.add(times, now);
  known_ = std::move(known);
  online_ = std::move(online);
  if (read) read_at_ = now;
}

Awaitable<model::HostTopology> TopologySource::read() {
  co_await sample();
  if (!load_.is_fresh(steady_clock::now())) {
    co_await loop::sleep_for(host::ProcessorLoad::kShortest);
    co_await sample();
  }
  model::HostTopology topology = *known_;
  for (model::HostProcessor& processor : topology.processors) {
    if (processor.online) processor.load_percent = load_.percent(processor.id);
  }
  co_return topology;
}

}  // namespace visor::engine
