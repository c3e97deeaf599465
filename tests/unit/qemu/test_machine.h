// Small real machines for the tests: a place for their files and a hypervisor object.
#pragma once

#include <gtest/gtest.h>

#include <stdlib.h>  // NOLINT: mkdtemp

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "hypervisor/hypervisor.h"
#include "loop/event_loop.h"
#include "loop/process.h"
#include "os/file.h"
#include "os/process.h"
#include "qemu/process_record.h"
#include "qemu/qemu_hypervisor.h"

namespace visor::qemu::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "visor-qemu-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What was found out about this host is shared by all test programs of one build; it holds until QEMU or the boot changes.
inline std::filesystem::path shared_cache() { return std::filesystem::temp_directory_path() / "visor-qemu-tests-cache"; }

inline QemuOptions test_options() {
  QemuOptions options;
  options.cache_directory = shared_cache();
  return options;
}

/// A disk file made by the real qemu-img.
inline Awaitable<> make_image(std::filesystem::path file, std::string format, std::vector<std::string> options = {}) {
  os::Command command;
  command.program = "qemu-img";
  command.arguments = {"create", "-q", "-f", std::move(format)};
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  command.arguments.insert(command.arguments.end(), {file.native(), "1M"});
  co_await loop::run_checked(std::move(command), {}, "test.qemu_img");
}

inline hypervisor::MachineDefinition tiny_machine(const std::filesystem::path& root, const std::string& name = "tiny") {
  hypervisor::MachineDefinition definition;
  definition.id = "6f1c1c52-0f3a-4d5e-9b1a-2f7c3c1d9e01";
  definition.name = name;
  definition.state_directory = root / "state" / name;
  definition.runtime_directory = root / "machines" / name;
  definition.spec.memory.size = 64_MiB;
  definition.spec.cpu.count = 1;
  definition.spec.firmware = model::Firmware::bios;
  definition.spec.accelerator = model::Accelerator::tcg;
  return definition;
}

/// A failed test must not leave its machines behind: they outlive whoever started them.
inline void end_machines(const std::filesystem::path& root) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root / "machines", ignored)) {
    const auto record = read_record(entry.path());
    if (!record) continue;
    std::optional<os::Process> process = os::Process::attach(static_cast<pid_t>(record->pid), record->start_time);
    if (process) process->signal(SIGKILL);
  }
}

}  // namespace visor::qemu::testing
