// The life of real machines under the real QEMU.
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/json.h"
#include "loop/sync.h"
#include "loop/timeout.h"
#include "os/unix_socket.h"
#include "qemu/launcher.h"
#include "qemu/process_record.h"
#include "qemu/running_machine.h"
#include "qemu/test_configurations.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

using hypervisor::MachineEvent;
using hypervisor::RunningMachine;
using namespace std::chrono_literals;

/// Collects a machine's events and waits for one of a kind.
class Listener {
 public:
  Listener(loop::EventLoop& loop, RunningMachine& machine) : changed_(loop.executor()) {
    machine.on_event([this](const MachineEvent& event) {
      events.push_back(event);
      changed_.notify_all();
    });
  }
  Awaitable<MachineEvent> wait_for(MachineEvent::Kind kind) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    for (;;) {
      for (const MachineEvent& event : events) {
        if (event.kind == kind) co_return event;
      }
      if (std::chrono::steady_clock::now() > end) throw Error(ErrorKind::timeout, "test.event", "The event did not come.");
      co_await changed_.wait(end - std::chrono::steady_clock::now());
    }
  }
  int count(MachineEvent::Kind kind) const {
    int found = 0;
    for (const MachineEvent& event : events) found += event.kind == kind ? 1 : 0;
    return found;
  }
  std::vector<MachineEvent> events;

 private:
  loop::Notifier changed_;
};

class Machine : public ::testing::Test {
 protected:
  void TearDown() override { testing::end_machines(root_.path()); }
  void run(std::function<Awaitable<>()> body) { loop_.run_until_done(std::move(body)); }
  std::string code_of(std::function<Awaitable<>()> body) {
    try {
      run(std::move(body));
    } catch (const Error& error) {
      message_ = error.what();
      return error.code();
    }
    return "";
  }

  testing::TemporaryDirectory root_;
  loop::EventLoop loop_;
  QemuHypervisor hypervisor_{testing::test_options()};
  std::string message_;
};

TEST_F(Machine, StartPauseResumeResetAndQuitDoWhatTheySay) {
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    Listener listener(loop_, *machine);
    EXPECT_EQ(co_await machine->status(), model::Status::running);
    EXPECT_EQ(machine->accelerator(), "tcg");
    co_await machine->pause();
    EXPECT_EQ(co_await machine->status(), model::Status::paused);
    co_await machine->resume();
    EXPECT_EQ(co_await machine->status(), model::Status::running);
    co_await machine->reset();
    const hypervisor::Counters counters = co_await machine->counters();
    EXPECT_EQ(counters.vcpu_time.size(), 1U);
    EXPECT_GT(counters.resident.count, 1U << 20U);
    co_await machine->quit(5s);
    EXPECT_EQ(listener.count(MachineEvent::Kind::exited), 1);
    EXPECT_TRUE((co_await listener.wait_for(MachineEvent::Kind::exited)).expected);
    EXPECT_EQ(co_await machine->status(), model::Status::stopped);
  });
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "machines/tiny" / kControlSocket));
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "machines/tiny" / kRecordName));
}

TEST_F(Machine, TheScreenIsAPictureAndSpeaksRfb) {
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    const std::string png = co_await machine->screenshot_png();
    EXPECT_TRUE(png.starts_with("\x89PNG"));
    const os::Fd viewer = co_await machine->connect_screen();
    std::string greeting;
    for (int turn = 0; turn < 500 && greeting.size() < 12; ++turn) {
      std::array<char, 12> bytes{};
      const ssize_t got = ::read(viewer.get(), bytes.data(), bytes.size());
      if (got > 0) greeting.append(bytes.data(), static_cast<std::size_t>(got));
      if (got <= 0) co_await loop::sleep_for(10ms);
    }
    EXPECT_EQ(greeting, "RFB 003.008\n");
    co_await machine->quit(5s);
  });
}

TEST_F(Machine, AMachineWithoutScreenSaysSo) {
  EXPECT_EQ(code_of([&]() -> Awaitable<> {
              hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
              definition.spec.display.model = model::DisplayModel::none;
              const auto machine = co_await hypervisor_.start(definition);
              std::exception_ptr failure;
              try {
                co_await machine->screenshot_png();
              } catch (const Error&) {
                failure = std::current_exception();
              }
              co_await machine->quit(5s);
              if (failure) std::rethrow_exception(failure);
            }),
            "machine.no_display");
}

TEST_F(Machine, ASavedMachineGoesOnWhereItWas) {
  const std::filesystem::path file = root_.path() / "saved";
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    Listener listener(loop_, *machine);
    double last = 0;
    co_await machine->save(file, [&](double progress) { last = progress; });
    EXPECT_EQ(last, 1.0);
    EXPECT_TRUE((co_await listener.wait_for(MachineEvent::Kind::exited)).expected);
    EXPECT_EQ(std::filesystem::status(file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_FALSE(std::filesystem::exists(file.native() + ".partial"));

    hypervisor::MachineDefinition again = testing::tiny_machine(root_.path());
    again.restore_from = file;
    const auto restored = co_await hypervisor_.start(again);
    EXPECT_EQ(co_await restored->status(), model::Status::running);
    co_await restored->quit(5s);
  });
}

TEST_F(Machine, AFailedSaveLeavesTheMachineRunningAndNoFile) {
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    // A directory that is not empty takes the final name, so the last step fails: the rename.
    std::string code;
    const std::filesystem::path file = root_.path() / "saved";
    os::make_directories(file / "occupied");
    try {
      co_await machine->save(file, [](double) {});
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_FALSE(code.empty());
    EXPECT_EQ(co_await machine->status(), model::Status::running);
    EXPECT_FALSE(std::filesystem::exists(file.native() + ".partial"));
    co_await machine->quit(5s);
  });
}

TEST_F(Machine, ADamagedSavedStateIsAnErrorAndLeavesNothing) {
  os::replace_file(root_.path() / "saved", "this is no saved state");
  hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  definition.restore_from = root_.path() / "saved";
  EXPECT_EQ(code_of([&]() -> Awaitable<> { co_await hypervisor_.start(definition); }), "machine.restore_failed");
  EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory));
  EXPECT_TRUE(std::filesystem::exists(root_.path() / "saved"));
}

TEST_F(Machine, AKilledQemuIsReportedOnceAndAsUnexpected) {
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    Listener listener(loop_, *machine);
    ::kill(machine->process_id(), SIGKILL);
    const MachineEvent event = co_await listener.wait_for(MachineEvent::Kind::exited);
    EXPECT_FALSE(event.expected);
    EXPECT_NE(event.detail.find("killed by signal 9"), std::string::npos) << event.detail;
    co_await machine->quit(1s);
    EXPECT_EQ(listener.count(MachineEvent::Kind::exited), 1);
  });
}

TEST_F(Machine, AMachineSurvivesTheDaemonAndIsFoundAgain) {
  pid_t pid = -1;
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
    pid = machine->process_id();
    // An answer shows that the monitor's coroutine is through its start, so nothing is cut in the middle.
    co_await machine->status();
  });
  QemuHypervisor later(testing::test_options());
  run([&]() -> Awaitable<> {
    hypervisor::Hypervisor::Found found = co_await later.reattach(root_.path() / "machines");
    EXPECT_TRUE(found.crashed.empty());
    EXPECT_EQ(found.running.size(), 1U);
    if (found.running.empty()) co_return;
    RunningMachine& machine = *found.running.front();
    EXPECT_EQ(machine.process_id(), pid);
    EXPECT_TRUE(machine.running_spec().machine_version.starts_with("pc-q35-"));
    model::MachineSpec expected = testing::tiny_machine(root_.path()).spec;
    expected.machine_version = machine.running_spec().machine_version;
    EXPECT_EQ(json::to_json(machine.running_spec()), json::to_json(expected));
    EXPECT_EQ(co_await machine.status(), model::Status::running);
    co_await machine.quit(5s);
  });
}

TEST_F(Machine, ADeadMachineIsFoundAsCrashedAndItsSocketsAreGone) {
  const hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  run([&]() -> Awaitable<> {
    auto machine = co_await hypervisor_.start(definition);
    co_await machine->status();
    const pid_t pid = machine->process_id();
    std::optional<os::Process> process = os::Process::attach(pid, *os::process_start_time(pid));
    machine.reset();
    process->signal(SIGKILL);
    co_await loop::wait_exit(*process);
  });
  QemuHypervisor later(testing::test_options());
  run([&]() -> Awaitable<> {
    const hypervisor::Hypervisor::Found found = co_await later.reattach(root_.path() / "machines");
    EXPECT_TRUE(found.running.empty());
    EXPECT_EQ(found.crashed.size(), 1U);
    if (!found.crashed.empty()) EXPECT_EQ(found.crashed.front().id, definition.id);
  });
  EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory / kControlSocket));
  EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory / kRecordName));
}

/// No processor here encrypts: the record says so of a plain machine.
TEST_F(Machine, AnEncryptedMachineIsNeitherStoppedForASaveNorSwitchedOffByAReset) {
  const hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(definition);
    co_await machine->status();
  });
  ProcessRecord record = read_record(definition.runtime_directory).value();
  record.spec.memory.encryption = "sev-es";
  write_record(definition.runtime_directory, record);
  QemuHypervisor later(testing::test_options());
  run([&]() -> Awaitable<> {
    const hypervisor::Hypervisor::Found found = co_await later.reattach(root_.path() / "machines");
    EXPECT_EQ(found.running.size(), 1U);
    if (found.running.empty()) co_return;
    RunningMachine& machine = *found.running.front();
    std::string codes;
    try {
      co_await machine.reset();
    } catch (const Error& error) {
      codes = error.code();
    }
    try {
      co_await machine.save(root_.path() / "saved", nullptr);
    } catch (const Error& error) {
      codes += " " + error.code();
    }
    EXPECT_EQ(codes, "machine.registers_encrypted machine.memory_encrypted");
    EXPECT_EQ(co_await machine.status(), model::Status::running);
    EXPECT_FALSE(std::filesystem::exists(root_.path() / "saved.partial"));
    model::MachineSpec smaller = machine.running_spec();
    smaller.memory.size = Bytes{smaller.memory.size.count / 2};
    EXPECT_NE(machine.keeps_waiting("memory.size", smaller).value_or("").find("Encrypted"), std::string::npos);
    co_await machine.quit(5s);
  });
}

TEST_F(Machine, AMuteQemuIsStillFoundWithinSeconds) {
  const hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  pid_t pid = -1;
  run([&]() -> Awaitable<> {
    const auto machine = co_await hypervisor_.start(definition);
    pid = machine->process_id();
    co_await machine->status();
  });
  ::kill(pid, SIGSTOP);
  QemuHypervisor later(testing::test_options());
  run([&]() -> Awaitable<> {
    const auto begin = std::chrono::steady_clock::now();
    const hypervisor::Hypervisor::Found found = co_await later.reattach(root_.path() / "machines");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(found.running.size(), 1U);
    if (found.running.empty()) co_return;
    std::string code;
    try {
      co_await found.running.front()->pause();
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_EQ(code, "machine.unresponsive");
    co_await found.running.front()->quit(1s);
  });
}

TEST_F(Machine, TwoMachinesNeverWriteOneDisk) {
  const auto with_disk = [&](const std::string& name) {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path(), name);
    testing::add_disk(definition, testing::make_disk("root"), {{root_.path() / "disk.qcow2", model::DiskFormat::qcow2}});
    return definition;
  };
  run([&]() -> Awaitable<> {
    co_await testing::make_image(root_.path() / "disk.qcow2", "qcow2");
    const auto first = co_await hypervisor_.start(with_disk("first"));
    std::string code;
    std::string message;
    try {
      co_await hypervisor_.start(with_disk("second"));
    } catch (const Error& error) {
      code = error.code();
      message = error.what();
    }
    EXPECT_EQ(code, "disk.in_use");
    EXPECT_NE(message.find("root"), std::string::npos) << message;
    EXPECT_NE(message.find("disk.qcow2"), std::string::npos) << message;
    EXPECT_FALSE(std::filesystem::exists(root_.path() / "machines/second"));
    co_await first->quit(5s);
  });
}

TEST_F(Machine, ManyMachinesShareOneBaseImageButNobodyMayWriteIt) {
  const auto on_base = [&](const std::string& name) {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path(), name);
    testing::add_disk(
        definition, testing::make_disk("root"),
        {{root_.path() / (name + ".qcow2"), model::DiskFormat::qcow2}, {root_.path() / "base.qcow2", model::DiskFormat::qcow2}});
    return definition;
  };
  run([&]() -> Awaitable<> {
    const std::string base = (root_.path() / "base.qcow2").native();
    co_await testing::make_image(base, "qcow2");
    for (const char* name : {"one", "two"}) {
      co_await testing::make_image(root_.path() / (std::string(name) + ".qcow2"), "qcow2", {"-b", base, "-F", "qcow2"});
    }
    const auto one = co_await hypervisor_.start(on_base("one"));
    const auto two = co_await hypervisor_.start(on_base("two"));
    std::string code;
    try {
      hypervisor::MachineDefinition writer = testing::tiny_machine(root_.path(), "writer");
      testing::add_disk(writer, testing::make_disk("root"), {{base, model::DiskFormat::qcow2}});
      co_await hypervisor_.start(writer);
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_EQ(code, "disk.in_use");
    co_await one->quit(5s);
    co_await two->quit(5s);
  });
}

TEST_F(Machine, AForwardWithoutPortGetsAFreeOneThatIsReallyOpen) {
  run([&]() -> Awaitable<> {
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    model::Nic nic = testing::make_nic("nic0");
    nic.forwards = {{model::Protocol::tcp, "127.0.0.1", 0, 22}};
    definition.spec.nics = {nic};
    const auto machine = co_await hypervisor_.start(definition);
    const std::vector<model::PortForward> forwards = co_await machine->forwards();
    EXPECT_EQ(forwards.size(), 1U);
    if (!forwards.empty()) {
      EXPECT_GT(forwards.front().host_port, 0);
      EXPECT_EQ(forwards.front().guest_port, 22);
      // The port is taken: a second machine that wants it is refused by name.
      nic.forwards.front().host_port = forwards.front().host_port;
      hypervisor::MachineDefinition second = testing::tiny_machine(root_.path(), "second");
      second.spec.nics = {nic};
      std::string code;
      try {
        co_await hypervisor_.start(second);
      } catch (const Error& error) {
        code = error.code();
      }
      EXPECT_EQ(code, "nic.port_in_use");
    }
    definition.spec.nics.front().link_up = false;
    co_await machine->apply(definition.spec, {}, false);
    EXPECT_FALSE(machine->running_spec().nics.front().link_up);
    co_await machine->quit(5s);
  });
}

TEST_F(Machine, AGuestThatSwitchesItselfOffEndsAsExpected) {
  run([&]() -> Awaitable<> {
    // Boot code for the built-in BIOS: the q35 chipset's power management (port 0x604) set to soft-off.
    std::string sector("\xba\x04\x06\xb8\x00\x20\xef\xf4\xeb\xfd", 10);
    sector.resize(510, '\0');
    sector += "\x55\xaa";
    sector.resize(1U << 20U, '\0');
    os::replace_file(root_.path() / "off.raw", sector);
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    testing::add_disk(definition, testing::make_disk("root"), {{root_.path() / "off.raw", model::DiskFormat::raw}});
    const auto machine = co_await hypervisor_.start(definition);
    Listener listener(loop_, *machine);
    const MachineEvent off = co_await listener.wait_for(MachineEvent::Kind::shutdown);
    EXPECT_EQ(off.detail, "guest-shutdown");
    EXPECT_TRUE((co_await listener.wait_for(MachineEvent::Kind::exited)).expected);
  });
}

TEST_F(Machine, ThePowerButtonReachesTheGuest) {
  run([&]() -> Awaitable<> {
    // Boot code that enables the power button (port 0x602, bit 8), prints R on the serial port, waits for the button's bit in the
    // chipset's status register (port 0x600, bit 8) and switches itself off.
    std::string sector(
        "\xba\x02\x06\xb8\x00\x01\xef\xba\xf8\x03\xb0\x52\xee\xba\x00\x06\xed\xf6\xc4\x01\x74\xfa\xba\x04\x06\xb8\x00"
        "\x20\xef\xf4\xeb\xfd",
        32);
    sector.resize(510, '\0');
    sector += "\x55\xaa";
    sector.resize(1U << 20U, '\0');
    os::replace_file(root_.path() / "wait.raw", sector);
    hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    testing::add_disk(definition, testing::make_disk("root"), {{root_.path() / "wait.raw", model::DiskFormat::raw}});
    const auto machine = co_await hypervisor_.start(definition);
    Listener listener(loop_, *machine);
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!os::read_tail(machine->serial_log(0), 1_KiB).ends_with('R') && std::chrono::steady_clock::now() < end) {
      co_await loop::sleep_for(10ms);
    }
    co_await machine->press_power_button();
    EXPECT_EQ((co_await listener.wait_for(MachineEvent::Kind::shutdown)).detail, "guest-shutdown");
    EXPECT_TRUE((co_await listener.wait_for(MachineEvent::Kind::exited)).expected);
  });
}

TEST_F(Machine, QemuIsBoxedAndOwnsNothing) {
  run([&]() -> Awaitable<> {
    const hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    const auto machine = co_await hypervisor_.start(definition);
    const std::string status = os::read_file("/proc/" + std::to_string(machine->process_id()) + "/status");
    EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
    EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos);
    if (::geteuid() == 0) EXPECT_EQ(status.find("Uid:\t0\t"), std::string::npos) << "QEMU runs as root";
    EXPECT_EQ(std::filesystem::status(definition.runtime_directory).permissions(), std::filesystem::perms::owner_all);
    co_await machine->quit(5s);
  });
}

TEST_F(Machine, AMissingDiskOrKernelIsNamedAndLeavesNothing) {
  hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  testing::add_disk(definition, testing::make_disk("root"), {{root_.path() / "absent.qcow2", model::DiskFormat::qcow2}});
  EXPECT_EQ(code_of([&]() -> Awaitable<> { co_await hypervisor_.start(definition); }), "disk.missing");
  EXPECT_NE(message_.find("absent.qcow2"), std::string::npos);
  hypervisor::MachineDefinition direct = testing::tiny_machine(root_.path());
  direct.spec.boot.kernel = (root_.path() / "no-kernel").native();
  EXPECT_EQ(code_of([&]() -> Awaitable<> { co_await hypervisor_.start(direct); }), "boot.unreadable");
  EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory));
}

TEST_F(Machine, AQemuThatRefusesToStartGivesItsOwnReason) {
  os::replace_file(root_.path() / "broken.qcow2", "this is no qcow2 file at all");
  hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
  testing::add_disk(definition, testing::make_disk("root"), {{root_.path() / "broken.qcow2", model::DiskFormat::qcow2}});
  EXPECT_EQ(code_of([&]() -> Awaitable<> { co_await hypervisor_.start(definition); }), "machine.start_failed");
  EXPECT_NE(message_.find("qcow2"), std::string::npos) << message_;
  EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory));
}

TEST_F(Machine, AStartThatIsCancelledAnywhereLeavesNothing) {
  run([&]() -> Awaitable<> { co_await hypervisor_.probe(); });
  for (const auto patience : {1ms, 10ms, 40ms, 80ms}) {
    const hypervisor::MachineDefinition definition = testing::tiny_machine(root_.path());
    std::unique_ptr<RunningMachine> machine;
    const std::string code = code_of([&]() -> Awaitable<> {
      std::function<Awaitable<>()> start = [&]() -> Awaitable<> { machine = co_await hypervisor_.start(definition); };
      co_await loop::with_timeout<void>(patience, "The start", start);
    });
    if (machine) {
      run([&]() -> Awaitable<> { co_await machine->quit(5s); });
      continue;
    }
    EXPECT_EQ(code, "host.timeout");
    EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory / kControlSocket));
    EXPECT_FALSE(std::filesystem::exists(definition.runtime_directory / kRecordName));
  }
}

TEST_F(Machine, TheSameMachineIsNotStartedTwice) {
  EXPECT_EQ(code_of([&]() -> Awaitable<> {
              const auto machine = co_await hypervisor_.start(testing::tiny_machine(root_.path()));
              std::exception_ptr failure;
              try {
                co_await hypervisor_.start(testing::tiny_machine(root_.path()));
              } catch (const Error&) {
                failure = std::current_exception();
              }
              EXPECT_EQ(co_await machine->status(), model::Status::running);
              co_await machine->quit(5s);
              if (failure) std::rethrow_exception(failure);
            }),
            "machine.already_running");
}

}  // namespace
}  // namespace visor::qemu
