// What processor a machine's guest sees, and on which kinds of hosts that processor is to be had.
#pragma once

#include <boost/describe.hpp>

#include <string>
#include <vector>

namespace visor::model {

/// Whether a kind of host has all that the guest was shown.
struct HostTypeFit {
  std::string type;                  ///< a processor model that QEMU knows, or a level such as "x86-64-v3"
  std::string maker;                 ///< "GenuineIntel", "AuthenticAMD"; empty: of every maker
  bool fits = false;                 ///< nothing is missing
  std::vector<std::string> missing;  ///< features that the guest sees and such a host lacks
};
BOOST_DESCRIBE_STRUCT(HostTypeFit, (), (type, maker, fits, missing))

/// Answer of GET /machines/{name}/processor.
struct ProcessorReport {
  std::string model;                  ///< as QEMU is told
  std::string maker;                  ///< what the guest reads as the maker
  bool emulated = false;              ///< by QEMU: every host with the same QEMU has it
  bool running = false;               ///< that of the running guest; else that of the next start
  std::vector<std::string> features;  ///< that the guest sees
  std::vector<HostTypeFit> hosts;     ///< levels first, then by name
};
BOOST_DESCRIBE_STRUCT(ProcessorReport, (), (model, maker, emulated, running, features, hosts))

}  // namespace visor::model
