#include "qemu/capabilities.h"

#include <gtest/gtest.h>

#include <csignal>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/json.h"
#include "os/process.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

TEST(Capabilities, TheRealQemuTellsItsMachinesAndModels) {
  const testing::TemporaryDirectory root;
  loop::EventLoop loop;
  loop.run_until_done([&]() -> Awaitable<> {
    const auto program = *os::find_program("qemu-system-x86_64");
    CapabilityCache cache(root.path());
    const Capabilities asked = co_await cache.get(program);
    EXPECT_TRUE(asked.at_least(7, 2));
    const MachineType* newest = asked.find_machine("q35");
    if (newest == nullptr) throw Error(ErrorKind::internal, "test", "no q35");
    EXPECT_TRUE(newest->name.starts_with("pc-q35-"));
    EXPECT_GE(newest->max_cpus, 255U);
    EXPECT_TRUE(asked.has_cpu_model("max"));
    EXPECT_TRUE(asked.has_type("virtio-blk-pci"));
    EXPECT_FALSE(asked.has_type("no-such-device"));
    EXPECT_TRUE(asked.has_cpu_feature("avx2"));
    EXPECT_FALSE(asked.has_cpu_feature("realized"));
    // A second daemon reads the same from the file, without starting QEMU.
    CapabilityCache later(root.path());
    const auto begin = std::chrono::steady_clock::now();
    const Capabilities remembered = co_await later.get(program);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
    EXPECT_EQ(json::to_json(remembered), json::to_json(asked));
  });
}

TEST(Capabilities, AProgramThatIsNoQemuIsNamed) {
  // As in the daemon: a program that ends without reading its input is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  const testing::TemporaryDirectory root;
  loop::EventLoop loop;
  CapabilityCache cache(root.path());
  try {
    loop.run_until_done([&]() -> Awaitable<> { co_await cache.get("/bin/false"); });
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "qemu.broken");
  }
}

TEST(Capabilities, NonsenseFromQemuIsAnErrorNotACrash) {
  const boost::json::array good_types{{{"name", "virtio-blk-pci"}}};
  const boost::json::array good_machines{{{"name", "pc-q35-7.2"}, {"cpu-max", 288}}};
  const boost::json::value bad[] = {nullptr,
                                    3,
                                    boost::json::object(),
                                    boost::json::array(),
                                    boost::json::array{3},
                                    boost::json::array{boost::json::object{{"name", 7}}}};
  for (const boost::json::value& value : bad) {
    const boost::json::array none;
    EXPECT_THROW(parse_capabilities({{}, value, none, none, good_types}), Error) << value;
    EXPECT_THROW(parse_capabilities({{}, good_machines, none, none, value}), Error) << value;
    if (value == boost::json::value(none)) continue;
    EXPECT_THROW(parse_capabilities({{}, good_machines, none, value, good_types}), Error) << value;
  }
}

TEST(Capabilities, AVersionedMachineBelongsToItsChipsetOnly) {
  EXPECT_TRUE(machine_is_chipset("pc-q35-7.2", "q35"));
  EXPECT_FALSE(machine_is_chipset("pc-q35-7.2", "i440fx"));
  EXPECT_TRUE(machine_is_chipset("pc-i440fx-7.2", "i440fx"));
  EXPECT_TRUE(machine_is_chipset("virt-7.2", "virt"));
  EXPECT_FALSE(machine_is_chipset("microvm", "q35"));
}

}  // namespace
}  // namespace visor::qemu
