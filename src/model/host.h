// What a host is, as it is shown.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/machine_spec.h"

namespace visor::model {

struct HostCpu {
  std::string model;
  std::uint32_t threads = 0;
  std::uint32_t cores = 0;
  std::uint32_t sockets = 0;
};
BOOST_DESCRIBE_STRUCT(HostCpu, (), (model, threads, cores, sockets))

struct HostMemory {
  Bytes total;
  Bytes available;
};
BOOST_DESCRIBE_STRUCT(HostMemory, (), (total, available))

struct HostStorage {
  std::string path;
  Bytes total;
  Bytes free;
};
BOOST_DESCRIBE_STRUCT(HostStorage, (), (path, total, free))

/// One accelerator and whether a guest really ran with it (probed, never guessed).
struct AcceleratorState {
  std::string name;
  bool usable = false;
  std::string reason;  ///< why it is not usable
};
BOOST_DESCRIBE_STRUCT(AcceleratorState, (), (name, usable, reason))

struct QemuInfo {
  Arch arch = Arch::x86_64;
  std::string path;
  std::string version;
  std::string accelerator;  ///< what `auto` chooses
  std::vector<AcceleratorState> accelerators;
  std::string problem;  ///< why it cannot be used; empty when it can
};
BOOST_DESCRIBE_STRUCT(QemuInfo, (), (arch, path, version, accelerator, accelerators, problem))

struct Instance {
  std::string mode;  ///< "user" (rootless) or "system"
  std::string state_directory;
  std::string runtime_directory;
  std::string version;
  WallTime started_at;
};
BOOST_DESCRIBE_STRUCT(Instance, (), (mode, state_directory, runtime_directory, version, started_at))

struct Host {
  std::string hostname;
  std::string os;
  std::string kernel;
  std::uint64_t uptime_seconds = 0;
  HostCpu cpu;
  HostMemory memory;
  std::vector<double> load;
  double cpu_percent = 0;
  HostStorage storage;
  std::vector<QemuInfo> qemu;
  Instance instance;
};
BOOST_DESCRIBE_STRUCT(Host, (), (hostname, os, kernel, uptime_seconds, cpu, memory, load, cpu_percent, storage, qemu, instance))

}  // namespace visor::model
