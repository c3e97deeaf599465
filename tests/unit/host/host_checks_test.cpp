#include "host/host_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "host/host_checks_parts.h"
#include "host/recorded_host.h"

namespace visor::host {
namespace {

using model::CheckState;
using model::HostCheck;
using ::testing::HasSubstr;

/// A server as people set it up for machines.
constexpr const char* kServer = R"(proc/cpuinfo = processor : 0
proc/cpuinfo = flags : fpu vme pse vmx pdpe1gb
proc/meminfo = MemTotal: 65536000 kB
proc/buddyinfo = Node 0, zone Normal 5 4 3 2 1 0 0 0 0 10 20
proc/sys/kernel/osrelease = 6.1.0-26-amd64
proc/self/status = Name: visord
proc/self/status = Seccomp: 0
proc/self/cgroup = 0::/user.slice/user-1000.slice/user@1000.service
proc/pressure/memory = some avg10=0.00
etc/passwd = root:x:0:0::/root:/bin/bash
etc/passwd = visor-qemu:x:998:998::/:/usr/sbin/nologin
sys/module/kvm_intel/parameters/nested = Y
sys/module/kvm_amd/parameters/sev = N
sys/module/vfio_pci/version = 1
sys/kernel/iommu_groups/{0-16}/type = DMA
sys/kernel/mm/ksm/run = 1
sys/kernel/mm/ksm/pages_shared = 1000
sys/kernel/mm/ksm/pages_sharing = 262144
sys/kernel/mm/transparent_hugepage/enabled = always [madvise] never
sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages = 2048
sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages = 1500
sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages = 4
sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages = 0
sys/fs/cgroup/cgroup.controllers = cpuset cpu io memory hugetlb pids
sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers = cpu memory pids
dev/kvm = device
dev/vhost-net = device
dev/vhost-vsock = device
dev/net/tun = device
)";

/// A board as it comes out of its box: everything is there, nothing is switched on.
constexpr const char* kFreshBoard = R"(proc/cpuinfo = flags : fpu svm
proc/meminfo = MemTotal: 16384000 kB
proc/buddyinfo = Node 0, zone DMA32 5 4 3 2 1 0 0 0 0 10 20
proc/buddyinfo = Node 0, zone Normal 1 1 1 1 1 1 1 1 1 1 1
proc/sys/kernel/osrelease = 6.1.0-26-amd64
etc/passwd = root:x:0:0::/root:/bin/bash
lib/modules/6.1.0-26-amd64/modules.dep = kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio.ko
lib/modules/6.1.0-26-amd64/modules.dep = kernel/drivers/vhost/vhost_net.ko.xz: kernel/drivers/vhost/vhost.ko.xz
lib/modules/6.1.0-26-amd64/modules.builtin = kernel/drivers/net/tun.ko
sys/firmware/acpi/tables/IVRS = table
sys/module/kvm_amd/parameters/nested = 0
sys/module/kvm_amd/parameters/sev_snp = N
sys/kernel/mm/ksm/run = 0
sys/kernel/mm/transparent_hugepage/enabled = always madvise [never]
sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages = 0
sys/fs/cgroup/unified/cgroup.controllers = hugetlb
dev/kvm = device
)";

Surroundings everything_allowed() {
  Surroundings all;
  all.landlock = 3;
  all.open_device = [](const std::filesystem::path&) { return 0; };
  all.may_write = [](const std::filesystem::path&) { return true; };
  all.find_program = [](const std::string& name) { return std::optional(std::filesystem::path("/usr/bin") / name); };
  return all;
}

class Report {
 public:
  Report(const std::string& manifest, const Surroundings& surroundings) {
    const RecordedHost recorded(manifest);
    for (HostCheck& check : HostChecks(recorded.root(), surroundings).read()) {
      order.push_back(check.feature);
      const std::string id = check.id;
      EXPECT_TRUE(checks.emplace(id, std::move(check)).second) << id << " twice";
    }
  }
  const HostCheck& at(const std::string& id) const {
    static const HostCheck kNone{.id = "nothing"};
    const auto found = checks.find(id);
    EXPECT_NE(found, checks.end()) << id;
    return found == checks.end() ? kNone : found->second;
  }
  std::set<std::string> in_state(CheckState state) const {
    std::set<std::string> ids;
    for (const auto& [id, check] : checks) {
      if (check.state == state) ids.insert(id);
    }
    return ids;
  }

  std::map<std::string, HostCheck> checks;
  std::vector<model::CheckFeature> order;
};

TEST(HostChecks, AServerThatIsSetUpIsToldSoAndNothingIsLeftToDo) {
  const Report report(kServer, everything_allowed());
  EXPECT_THAT(report.in_state(CheckState::missing), ::testing::IsEmpty());
  EXPECT_THAT(report.in_state(CheckState::off), ::testing::ElementsAre("memory.encryption"));
  EXPECT_THAT(report.in_state(CheckState::limited), ::testing::ElementsAre("hugepages.1048576"));
  EXPECT_THAT(report.at("iommu").reason, HasSubstr("17 groups"));
  EXPECT_THAT(report.at("hugepages.2048").reason, HasSubstr("1500 of 2048"));
  EXPECT_EQ(report.at("hugepages.2048").command, "");
  EXPECT_EQ(report.at("hugepages.1048576").command,
            "echo 8 | sudo tee /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
  EXPECT_THAT(report.at("ksm").reason, HasSubstr("1000 pages are shared, which saves 1 GiB"));
  EXPECT_THAT(report.at("cpu.virtualization").reason, HasSubstr("vmx"));
  EXPECT_TRUE(std::is_sorted(report.order.begin(), report.order.end()));
}

TEST(HostChecks, AFreshBoardGetsTheCommandThatSwitchesEachThingOn) {
  const Report report(kFreshBoard, everything_allowed());
  EXPECT_THAT(report.in_state(CheckState::off),
              ::testing::ElementsAre("cpu.nested", "device.vhost-net", "hugepages.2048", "hugepages.transparent", "iommu", "ksm",
                                     "memory.encryption", "vfio"));
  EXPECT_THAT(report.at("iommu").fix, HasSubstr("amd_iommu=on"));
  EXPECT_EQ(report.at("vfio").command, "sudo modprobe vfio_pci");
  EXPECT_EQ(report.at("device.vhost-net").command, "sudo modprobe vhost_net");
  EXPECT_EQ(report.at("device.vhost-vsock").command, "") << "no module, no command";
  EXPECT_EQ(report.at("ksm").command, "echo 1 | sudo tee /sys/kernel/mm/ksm/run");
  EXPECT_THAT(report.at("cpu.nested").command, HasSubstr("options kvm_amd nested=1"));
  EXPECT_THAT(report.at("hugepages.2048").reason, HasSubstr("room for 53"));  // 11 blocks of 2 MiB, 21 of 4 MiB
  EXPECT_EQ(report.at("cgroup").state, CheckState::limited);
  EXPECT_EQ(report.at("cgroup.controllers").state, CheckState::missing);
  EXPECT_EQ(report.at("qemu.user").state, CheckState::limited);
}

TEST(HostChecks, AHostThatHidesEverythingIsNoErrorAndClaimsNothing) {
  Surroundings nothing = everything_allowed();
  nothing.landlock = 0;
  nothing.find_program = [](const std::string&) { return std::nullopt; };
  const Report report("etc/hostname = empty\n", nothing);
  const std::set<std::string> ok = report.in_state(CheckState::ok);
  EXPECT_THAT(ok, ::testing::ElementsAre("limit.descriptors", "limit.memlock"));
  EXPECT_FALSE(report.checks.contains("cpu.virtualization")) << "without flags nobody knows";
  EXPECT_TRUE(report.at("program.qemu-img").needed);
  EXPECT_EQ(report.at("program.qemu-img").command, "sudo apt install qemu-utils");
}

TEST(HostChecks, AUserWithoutRightsLearnsWhichGroupHelps) {
  Surroundings user = everything_allowed();
  user.user = 1000;
  user.descriptors = 1024;
  user.locked_memory = std::uint64_t{8} << 20U;
  user.open_device = [](const std::filesystem::path& path) { return path.filename() == "kvm" ? EACCES : 0; };
  const Report report(kServer, user);
  EXPECT_EQ(report.at("device.kvm").state, CheckState::limited);
  EXPECT_EQ(report.at("device.kvm").command, "sudo usermod -aG kvm \"$USER\"");
  EXPECT_EQ(report.at("device.tun").state, CheckState::ok);
  EXPECT_THAT(report.at("cgroup.controllers").reason, HasSubstr("lacks cpuset, io"));
  EXPECT_THAT(report.at("cgroup.controllers").command, HasSubstr("Delegate=cpu cpuset io memory pids"));
  EXPECT_EQ(report.at("limit.descriptors").state, CheckState::limited);
  EXPECT_THAT(report.at("limit.memlock").reason, HasSubstr("8 MiB"));
  EXPECT_TRUE(report.checks.contains("program.newuidmap"));
}

TEST(HostChecks, GroupsThatMayNotBeMadeAreMissingWhateverTheControllers) {
  Surroundings user = everything_allowed();
  user.user = 1000;
  user.may_write = [](const std::filesystem::path&) { return false; };
  const Report report(kServer, user);
  EXPECT_EQ(report.at("cgroup.controllers").state, CheckState::missing);
  EXPECT_THAT(report.at("cgroup.controllers").reason, HasSubstr("may not make groups"));
}

TEST(HostChecks, AVirtualMachineWithoutNestingIsSentToItsOwnHost) {
  const Report report("proc/cpuinfo = flags : fpu hypervisor\n", everything_allowed());
  EXPECT_EQ(report.at("cpu.virtualization").state, CheckState::missing);
  EXPECT_THAT(report.at("cpu.virtualization").fix, HasSubstr("on its own host"));
}

TEST(HostChecks, ThisHostIsReadWithoutAnError) {
  std::set<std::string> ids;
  for (const HostCheck& check : HostChecks().read()) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id;
    EXPECT_FALSE(check.reason.empty()) << check.id;
    EXPECT_FALSE(check.title.empty()) << check.id;
    if (check.state == CheckState::ok) EXPECT_EQ(check.fix + check.command, "") << check.id;
  }
  EXPECT_GE(ids.size(), 20U);
}

TEST(HostCheckParsing, FlagsAreWholeWordsOfTheLineOfFlags) {
  EXPECT_EQ(has_cpu_flag("flags : fpu vmx\nvmx flags : svm\n", "vmx"), true);
  EXPECT_EQ(has_cpu_flag("model : x\nflags\t\t: fpu vmxx\nbugs : vmx\n", "vmx"), false);
  EXPECT_EQ(has_cpu_flag("Features : fp asimd\n", "vmx"), std::nullopt);
  EXPECT_EQ(has_cpu_flag("", "vmx"), std::nullopt);
}

TEST(HostCheckParsing, OnlyBlocksThatAreLargeEnoughCount) {
  const char* text = "Node 0, zone Normal 100 0 0 0 0 0 0 0 0 1 2\nNode 1, zone Normal many\n";
  EXPECT_EQ(free_in_blocks(text, std::uint64_t{2} << 20U, 4096), (std::uint64_t{2} << 20U) + 2 * (std::uint64_t{4} << 20U));
  EXPECT_EQ(free_in_blocks("", 4096, 4096), 0U);
}

}  // namespace
}  // namespace visor::host
