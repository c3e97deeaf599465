// Every command line of the golden tests is taken by the real QEMU.
#include <gtest/gtest.h>

#include <map>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/json.h"
#include "loop/process.h"
#include "model/encryption.h"
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
  for (model::Share& share : definition.spec.shares) {
    share.path = (root / std::filesystem::path(share.path).filename()).native();
    std::filesystem::create_directories(share.path);
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
    // Huge pages, locked memory, exclusive processors and vsock need a host that has them.
    const model::MachineSpec& spec = configuration.definition.spec;
    if (spec.memory.page_size != "4KiB" || spec.cpu.pinning.exclusive || spec.memory.locked || spec.vsock.enabled) continue;
    // Debian's kernels cannot do it: tests/nested has one that can.
    if (spec.cpu.scheduling == model::Scheduling::core) continue;
    // QEMU's own virtiofsd, which works for root alone.
    if (model::has_virtiofs(spec) && (::geteuid() != 0 || !std::filesystem::exists(configuration.choices.folder_server.program)))
      continue;
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
        for (Helper& helper : launched.helpers) co_await loop::wait_exit(*helper.process);
      });
    } catch (const Error& error) {
      ADD_FAILURE() << configuration.name << ": " << error.what();
    }
  }
}

/// No processor here encrypts anything. Without KVM, which would ask it, QEMU 7.2 makes the object and every device, and ends only
/// behind them: nothing has made the guest confidential. sev-snp-guest and tdx-guest are not in this QEMU.
TEST(AcceptedEncryption, QemuTakesAllOfItUpToTheProcessorThatIsNotThere) {
  std::size_t tested = 0;
  for (Configuration& configuration : testing::configurations()) {
    const model::Memory& memory = configuration.definition.spec.memory;
    if (!model::has_pinned_memory(memory) || memory.page_size != "4KiB") continue;
    SCOPED_TRACE(configuration.name);
    configuration.choices.accelerator = "tcg";
    testing::TemporaryDirectory root;
    loop::EventLoop loop;
    const auto resources =
        std::make_shared<HostResources>(HostResources{ControlGroups(os::find_cgroup_home("/", ::geteuid()), {}), HugePages("/")});
    std::string words;
    try {
      loop.run_until_done([&]() -> Awaitable<> {
        co_await make_real(configuration, root.path());
        co_await launch(configuration.definition, configuration.choices, resources);
      });
    } catch (const Error& error) {
      words = error.what();
    }
    EXPECT_NE(words.find("Assertion `machine->cgs->ready' failed"), std::string::npos) << words;
    EXPECT_EQ(words.find('\n'), std::string::npos) << words;
    ++tested;
  }
  EXPECT_GE(tested, 6U);
}

/// A virtio device that old guests can use as well cannot have iommu_platform: QEMU refuses it, and says so.
TEST(AcceptedEncryption, VirtioDevicesAskTheGuestForMemoryWithoutBeingToldTo) {
  for (const bool encrypted : {false, true}) {
    os::Command command;
    command.program = "qemu-system-x86_64";
    // Without it ends by itself: the last option is wrong.
    command.arguments = {"-nodefaults",
                         "-display",
                         "none",
                         "-machine",
                         std::string("q35") + (encrypted ? ",confidential-guest-support=encryption" : ""),
                         "-object",
                         R"({"qom-type":"sev-guest","id":"encryption","cbitpos":51,"reduced-phys-bits":1})",
                         "-device",
                         "virtio-rng-pci,disable-legacy=off",
                         "-device",
                         "no-such-device"};
    loop::EventLoop loop;
    std::string words;
    loop.run_until_done([&]() -> Awaitable<> { words = (co_await loop::run_command(std::move(command), {})).error; });
    EXPECT_EQ(words.find("VIRTIO_F_IOMMU_PLATFORM was supported by neither") != std::string::npos, encrypted) << words;
    EXPECT_EQ(words.find("no-such-device") != std::string::npos, !encrypted) << words;
  }
}

INSTANTIATE_TEST_SUITE_P(Configurations, Accepted, ::testing::Range(0, kGroups));

}  // namespace
}  // namespace visor::qemu
