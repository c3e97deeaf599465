#include "engine/topology_source.h"

#include <boost/asio/awaitable.hpp>

#include <gtest/gtest.h>

#include "host/recorded_host.h"
#include "loop/event_loop.h"

namespace visor::engine {
namespace {

constexpr const char* kTwo =
    "sys/devices/system/cpu/present = 0-1\nsys/devices/system/cpu/online = 0-1\nsys/devices/system/node/online = 0\n"
    "sys/devices/system/node/node0/cpulist = 0-1\nsys/devices/system/node/node0/meminfo = Node 0 MemFree: 4 kB\n"
    "proc/stat = cpu  1 0 0 1\nproc/stat = cpu0 1 0 0 1\nproc/stat = cpu1 1 0 0 1\n";

TEST(TopologySource, SwitchedOffProcessorAndUsedMemoryAreSeenAtOnce) {
  const host::RecordedHost recorded(kTwo);
  TopologySource source(recorded.root());
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    const model::HostTopology before = co_await source.read();
    EXPECT_EQ(before.cores.size(), 2U);
    EXPECT_EQ(before.nodes.at(0).memory_free, 4_KiB);
    os::replace_file(recorded.root() / "sys/devices/system/cpu/online", "0\n");
    os::replace_file(recorded.root() / "sys/devices/system/node/node0/meminfo", "Node 0 MemFree: 2 kB\n");
    const model::HostTopology after = co_await source.read();
    EXPECT_EQ(after.cores.size(), 1U);
    EXPECT_FALSE(after.processors.at(1).online);
    EXPECT_EQ(after.nodes.at(0).memory_free, 2_KiB);
  });
}

TEST(TopologySource, LoadIsOfTheMomentsInWhichItWasAsked) {
  const host::RecordedHost recorded(kTwo);
  TopologySource source(recorded.root());
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    // Nothing has passed between the two readings of a recorded host, so there is no load to tell; what was since boot is none.
    EXPECT_FALSE((co_await source.read()).processors.at(0).load_percent);
    os::replace_file(recorded.root() / "proc/stat", "cpu  9 0 0 9\ncpu0 31 0 0 71\ncpu1 1 0 0 101\n");
    co_await loop::sleep_for(host::ProcessorLoad::kShortest);
    const model::HostTopology busy = co_await source.read();
    EXPECT_DOUBLE_EQ(busy.processors.at(0).load_percent.value_or(-1), 30);
    EXPECT_DOUBLE_EQ(busy.processors.at(1).load_percent.value_or(-1), 0);
  });
}

}  // namespace
}  // namespace visor::engine
