// A guest system as the database of systems describes it, and what a machine for it is preset to.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::model {

/// Drivers that a system comes with, as far as they decide what a machine is made of.
BOOST_DEFINE_ENUM_CLASS(GuestDriver, virtio_disk, virtio_net, virtio_gpu, virtio_rng, virtio_serial, e1000e, e1000, rtl8139,
                        pcnet, usb_tablet, q35)

struct OsResources {
  std::uint32_t cpus = 0;  ///< 0: nothing is said
  Bytes memory;
  Bytes disk;
};
BOOST_DESCRIBE_STRUCT(OsResources, (), (cpus, memory, disk))

struct OperatingSystem {
  std::string id;  ///< "win11", "debian11"
  std::string name;
  OsFamily family = OsFamily::other;
  std::string kind;  ///< the database's own word: linux, winnt, win9x, msdos, freebsd...
  std::string version;
  std::string released;  ///< "2021-10-05", or empty
  OsResources minimum;
  OsResources recommended;
  bool uefi = false;  ///< the database says so; silence is false
  bool bios = true;   ///< false when the database says that it is not supported
  std::vector<GuestDriver> drivers;
};
BOOST_DESCRIBE_STRUCT(OperatingSystem, (), (id, name, family, kind, version, released, minimum, recommended, uefi, bios, drivers))

/// One thing that a system's preset decides.
struct PresetChoice {
  std::string setting;  ///< "cpu.count", "nics[].model" (of every adapter), "diskSize" (of the request)
  boost::json::value value;
  std::string reason;  ///< one sentence
};
BOOST_DESCRIBE_STRUCT(PresetChoice, (), (setting, value, reason))

}  // namespace visor::model
