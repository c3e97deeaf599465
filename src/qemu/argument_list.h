// The list under construction: what the parts of arguments*.cpp share.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "model/machine.h"
#include "qemu/arguments.h"

namespace visor::qemu {

class ArgumentList {
 public:
  void add(std::string argument, std::string value, std::string setting, std::vector<std::string> also = {});
  /// An argument whose value is a JSON object (-blockdev, -device, -object, -netdev).
  void add_json(std::string argument, const boost::json::object& value, std::string setting);
  std::vector<model::ExplainedArgument> take() { return std::move(list_); }

 private:
  std::vector<model::ExplainedArgument> list_;
};

/// The definition with its plan, as the parts read it.
struct ArgumentInput {
  const hypervisor::MachineDefinition& definition;
  const Plan& plan;
  std::string chipset;  ///< resolved

  const model::MachineSpec& spec() const { return definition.spec; }
  bool x86() const { return definition.spec.arch == model::Arch::x86_64; }
  bool pcie() const { return chipset != "i440fx"; }
};

/// Gives removable cards a PCIe port of their own and counts the ports. On i440fx there are none: the bus itself takes them.
class PciPorts {
 public:
  PciPorts(const ArgumentInput& input, ArgumentList& list) : input_(input), list_(list) {}
  /// The "bus" of a new device that can be unplugged later: adds a port for it, or names nothing on i440fx. `slot`: one of those
  /// that are always there (add_slots), 0: none.
  void attach(boost::json::object& device, const std::string& setting, std::uint32_t slot = 0);
  /// Adds the ports for disks that are plugged in while the machine runs.
  void add_slots();

 private:
  std::string add_port(const std::string& setting);
  void add_root_port(const std::string& id, int number, int slot, int function, const std::string& setting);

  const ArgumentInput& input_;
  ArgumentList& list_;
  int count_ = 0;
};

/// The controller of all disks on the bus scsi.
inline constexpr const char* kScsiController = "scsi";
/// The id of a disk thread.
std::string disk_thread_id(std::uint32_t thread);
void add_disks(const ArgumentInput& input, PciPorts& ports, ArgumentList& list);
void add_seed(const ArgumentInput& input, PciPorts& ports, ArgumentList& list);
void add_nics(const ArgumentInput& input, PciPorts& ports, ArgumentList& list);
void add_display(const ArgumentInput& input, ArgumentList& list);
/// The sound card, whose sound goes nowhere.
void add_audio(const ArgumentInput& input, ArgumentList& list);
void add_channels(const ArgumentInput& input, ArgumentList& list);
/// Shared folders, by 9p or virtiofs.
void add_shares(const ArgumentInput& input, ArgumentList& list);
/// Front and back end of the TPM; swtpm itself is started beside QEMU.
void add_tpm(const ArgumentInput& input, ArgumentList& list);
void add_helpers(const ArgumentInput& input, ArgumentList& list);
/// Whether the machine's memory is held by huge pages.
bool has_huge_pages(const model::Memory& memory);
/// The object that holds all memory of a guest with one node; empty when QEMU makes it by itself.
std::string memory_backend(const model::MachineSpec& spec);
/// -m and what belongs to it.
void add_memory(const ArgumentInput& input, ArgumentList& list);
/// The object that encrypts the guest's memory; -machine names it.
void add_encryption(const ArgumentInput& input, ArgumentList& list);
/// What -machine says of it.
std::string encryption_options(const model::Memory& memory);
/// -cpu and -smp.
void add_processors(const ArgumentInput& input, ArgumentList& list);
/// Flash nodes of the firmware; -machine names them.
void add_firmware(const ArgumentInput& input, ArgumentList& list);
/// Where a disk really goes when its bus is `auto`.
model::DiskBus resolve_bus(const model::Disk& disk, const std::string& chipset);
/// QEMU's name of a sound card.
std::string sound_driver(model::AudioModel model);
/// The USB controller, when something needs it; comes before the devices on it.
void add_usb_controller(const ArgumentInput& input, ArgumentList& list);

}  // namespace visor::qemu
