// Small parts: ports, firmware variables, sockets, counters, lock messages.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "qemu/disk_files.h"
#include "qemu/firmware.h"
#include "qemu/launcher.h"
#include "qemu/ports.h"
#include "qemu/process_counters.h"
#include "qemu/process_record.h"
#include "qemu/test_configurations.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

std::string code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST(QemuUser, ADeviceIsOpenToItsOwnerItsGroupOrToAll) {
  testing::TemporaryDirectory root;
  const std::filesystem::path device = root.path() / "sev";
  os::replace_file(device, "");
  struct stat made {};
  ASSERT_EQ(::stat(device.c_str(), &made), 0);
  const QemuUser owner{made.st_uid, made.st_gid + 1};
  const QemuUser member{made.st_uid + 1, made.st_gid};
  const QemuUser stranger{made.st_uid + 1, made.st_gid + 1};
  const auto with_mode = [&](mode_t mode, const QemuUser& user) {
    EXPECT_EQ(::chmod(device.c_str(), mode), 0);
    return may_open(device, user);
  };
  EXPECT_TRUE(with_mode(0660, member));
  EXPECT_FALSE(with_mode(0640, member)) << "it has to be written, too";
  EXPECT_FALSE(with_mode(0660, stranger));
  EXPECT_TRUE(with_mode(0666, stranger));
  EXPECT_FALSE(with_mode(0600, member));
  EXPECT_TRUE(with_mode(0600, {})) << "the daemon's own file";
  if (made.st_uid != 0) {
    EXPECT_FALSE(with_mode(0066, owner)) << "the first that fits decides";
  }
  EXPECT_FALSE(may_open(root.path() / "missing", member));
}

TEST(Roms, EncryptionWithoutFlashTakesTheFirmwareMadeForItFirst) {
  testing::TemporaryDirectory root;
  EXPECT_EQ(find_rom("tdx", root.path()), "");
  const std::filesystem::path plain = root.path() / "usr/share/ovmf/OVMF.fd";
  os::make_directories(plain.parent_path());
  os::replace_file(plain, "");
  EXPECT_EQ(find_rom("tdx", root.path()), plain);
  EXPECT_EQ(find_rom("sev-snp", root.path()), plain);
  EXPECT_EQ(find_rom("sev", root.path()), "") << "it has flash";
  os::replace_file(plain.parent_path() / "OVMF.inteltdx.fd", "");
  EXPECT_EQ(find_rom("tdx", root.path()), plain.parent_path() / "OVMF.inteltdx.fd");
  EXPECT_EQ(find_rom("sev-snp", root.path()), plain);
}

TEST(Ports, FreeOnesAreChosenAndNeverTwice) {
  std::vector<std::vector<model::PortForward>> forwards{
      {{model::Protocol::tcp, "127.0.0.1", 0, 22}, {model::Protocol::tcp, "127.0.0.1", 0, 80}}};
  choose_ports(forwards);
  EXPECT_NE(forwards[0][0].host_port, 0);
  EXPECT_NE(forwards[0][0].host_port, forwards[0][1].host_port);
}

TEST(Ports, AnOccupiedPortOrAForeignAddressIsNamed) {
  std::vector<std::vector<model::PortForward>> forwards{{{model::Protocol::tcp, "127.0.0.1", 0, 22}}};
  choose_ports(forwards);
  forwards[0].push_back(forwards[0][0]);
  EXPECT_EQ(code_of([&] { choose_ports(forwards); }), "nic.port_in_use");
  forwards = {{{model::Protocol::tcp, "8.8.8.8", 0, 22}}};
  EXPECT_EQ(code_of([&] { choose_ports(forwards); }), "nic.bad_address");
  forwards = {{{model::Protocol::tcp, "localhost,x=y", 0, 22}}};
  EXPECT_EQ(code_of([&] { choose_ports(forwards); }), "nic.bad_address");
}

TEST(Firmware, VariablesAreMadeOnceAndKeptAfterwards) {
  const testing::TemporaryDirectory root;
  const std::filesystem::path original = root.path() / "template";
  os::replace_file(original, std::string(1U << 20U, '\0') + "end");
  const std::filesystem::path variables = root.path() / "state/nvram.fd";
  ensure_variables(variables, original);
  EXPECT_EQ(os::read_file(variables), os::read_file(original));
  EXPECT_LT(os::allocated_size(variables), Bytes{1U << 19U}) << "holes were filled";
  std::string changed = os::read_file(variables);
  changed[0] = 'x';
  os::replace_file(variables, changed);
  ensure_variables(variables, original);
  EXPECT_EQ(os::read_file(variables), changed);
}

TEST(DiskFiles, AFifoOrADirectoryIsRefusedWithoutWaiting) {
  const testing::TemporaryDirectory root;
  PlannedFile file;
  file.path = root.path() / "fifo";
  ASSERT_EQ(::mkfifo(file.path.c_str(), 0600), 0);
  EXPECT_EQ(code_of([&] { open_planned(file); }), "disk.not_a_file");
  file.path = root.path();
  EXPECT_EQ(code_of([&] { open_planned(file); }), "disk.not_a_file");
}

TEST(DiskFiles, QemusComplaintAboutALockNamesTheDisk) {
  hypervisor::MachineDefinition definition = testing::base_definition();
  testing::add_disk(definition, testing::make_disk("data"), {{"/volumes/data.qcow2", model::DiskFormat::qcow2}});
  const Plan plan = make_plan(definition, {});
  const std::vector<std::string> log{"-blockdev {...}: Failed to get \"write\" lock",
                                     "Is another process using the image [" + plan.disks[0].layers[0].name() + "]?"};
  const auto error = lock_failure(log, plan);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "disk.in_use");
  EXPECT_NE(std::string(error->what()).find("/volumes/data.qcow2"), std::string::npos);
  EXPECT_FALSE(lock_failure({"something else"}, plan));
}

TEST(Counters, TheKernelsFilesAreReadWhateverTheProgramsName) {
  EXPECT_EQ(parse_schedstat("123456 789 3\n"), std::chrono::nanoseconds(123456));
  EXPECT_FALSE(parse_schedstat("x"));
  EXPECT_TRUE(parse_stat_time("1 (a) b) S 1 1 1 0 -1 1 1 1 1 1 10 20 0 0"));
  EXPECT_FALSE(parse_stat_time("1 (a"));
  EXPECT_GT(thread_time(::getpid(), ::getpid()).value_or(std::chrono::nanoseconds(0)).count(), 0);
  EXPECT_FALSE(thread_time(::getpid(), 1));
  EXPECT_GT(resident_memory(::getpid()).count, 0U);
}

TEST(ProcessRecord, ADamagedRecordIsNoRecord) {
  const testing::TemporaryDirectory root;
  EXPECT_FALSE(read_record(root.path()));
  os::replace_file(root.path() / kRecordName, "{\"pid\": \"many\"}");
  EXPECT_FALSE(read_record(root.path()));
  ProcessRecord record;
  record.machine_id = "id";
  record.pid = 7;
  write_record(root.path(), record);
  ASSERT_TRUE(read_record(root.path()));
  EXPECT_EQ(read_record(root.path())->pid, 7);
}

}  // namespace
}  // namespace visor::qemu
