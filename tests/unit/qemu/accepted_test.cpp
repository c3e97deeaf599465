// Every command line of the golden tests is taken by the real QEMU.
#include <gtest/gtest.h>

#include <map>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/json.h"
#include "loop/process.h"
#include "qemu/launcher.h"
#include "qemu/test_configurations.h"
#include "qemu/test_machine.h"
#include "qmp/commands.h"

namespace visor::qemu {
namespace {

using testing::Configuration;

/// The header of a Linux kernel with nothing behind it (Documentation/arch/x86/boot.rst): enough for QEMU's loader.
std::string empty_kernel() {
  std::string kernel(16384, '\0');
  kernel[0x1f1] = 4;                             // setup sectors
  kernel.replace(0x202, 4, "HdrS");              // magic
  kernel.replace(0x206, 2, "\x0c\x02");          // boot protocol 2.12
  kernel[0x211] = 1;                             // loaded high
  kernel.replace(0x22c, 4, "\xff\xff\xff\x7f");  // highest address of the initial RAM disk
  return kernel;
}

/// Puts real files behind the names of a configuration.
Awaitable<> make_real(Configuration& configuration, std::filesystem::path root) {
  hypervisor::MachineDefinition& definition = configuration.definition;
  definition.state_directory = root / "state";
  definition.runtime_directory = root / "run";
  for (hypervisor::ResolvedDisk& disk : definition.disks) {
    std::filesystem::path below;
    for (std::size_t i = disk.layers.size(); i-- > 0;) {
      hypervisor::DiskLayer& layer = disk.layers[i];
      const std::string format = json::enum_name(layer.format);
      layer.path = root / layer.path.filename();
      std::vector<std::string> options;
      if (!below.empty()) options = {"-b", below.native(), "-F", json::enum_name(disk.layers[i + 1].format)};
      co_await testing::make_image(layer.path, format, options);
      below = layer.path;
    }
  }
  if (definition.seed) {
    definition.seed = root / "seed.img";
    os::replace_file(*definition.seed, std::string(65536, '\0'));
  }
  for (std::string* file : {&definition.spec.boot.kernel, &definition.spec.boot.initrd}) {
    if (file->empty()) continue;
    *file = (root / std::filesystem::path(*file).filename()).native();
    os::replace_file(*file, empty_kernel(), 0644);
  }
}

class Accepted : public ::testing::TestWithParam<int> {};

/// Split in groups, so that they run in parallel under ctest.
constexpr int kGroups = 4;

TEST_P(Accepted, ByTheRealQemu) {
  const std::vector<Configuration> all = testing::configurations();
  for (std::size_t i = static_cast<std::size_t>(GetParam()); i < all.size(); i += kGroups) {
    Configuration configuration = all[i];
    // KVM may not work here, and saved states have a test of their own.
    if (configuration.choices.accelerator == "kvm" || configuration.definition.restore_from) continue;
    // Huge pages, locked memory and exclusive processors need a host that has them: tests/nested.
    const model::MachineSpec& spec = configuration.definition.spec;
    if (spec.memory.page_size != "4KiB" || spec.cpu.pinning.exclusive || spec.memory.locked) continue;
    SCOPED_TRACE(configuration.name);
    testing::TemporaryDirectory root;
    loop::EventLoop loop;
    const auto resources =
        std::make_shared<HostResources>(HostResources{ControlGroups(os::find_cgroup_home("/", ::geteuid()), {}), HugePages("/")});
    try {
      loop.run_until_done([&]() -> Awaitable<> {
        co_await make_real(configuration, root.path());
        Launched launched = co_await launch(configuration.definition, configuration.choices, resources);
        EXPECT_TRUE((co_await qmp::query_status(*launched.client)).running);
        co_await qmp::quit(*launched.client);
        co_await loop::wait_exit(launched.process);
      });
    } catch (const Error& error) {
      ADD_FAILURE() << configuration.name << ": " << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Configurations, Accepted, ::testing::Range(0, kGroups));

}  // namespace
}  // namespace visor::qemu
