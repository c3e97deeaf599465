#include "engine/clone_identity.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/mac_address.h"

namespace visor::engine {

CloneRecord clone_record(const MachineRecord& source, const std::string& name, const std::optional<std::string>& description) {
  CloneRecord clone;
  MachineRecord& record = clone.record;
  record.id = make_uuid();
  record.name = name;
  record.description = description.value_or(source.description);
  record.tags = source.tags;
  record.group = source.group;
  record.created = std::chrono::system_clock::now();
  record.rest_since = record.created;
  record.spec = source.spec;
  record.image = source.image;
  record.ssh_user = source.ssh_user;
  record.spec.protection = {};
  for (model::Disk& disk : record.spec.disks) {
    if (!disk.volume.empty()) disk.volume = fmt::format("{}-{}.{}", record.id, disk.id, json::enum_name(disk.format));
    // No two disks of the world have the same one.
    disk.wwn.clear();
  }
  for (model::Nic& nic : record.spec.nics) {
    const std::string mac = random_mac();
    if (!nic.mac.empty()) clone.macs.emplace_back(nic.mac, mac);
    nic.mac = mac;
    for (model::PortForward& forward : nic.forwards) forward.host_port = 0;
  }
  return clone;
}

std::vector<std::string> clone_notes(const MachineRecord& source) {
  std::vector<std::string> notes;
  for (const model::Nic& nic : source.spec.nics) {
    for (const model::PortForward& forward : nic.forwards) {
      if (forward.host_port == 0) continue;
      notes.push_back(fmt::format("Port {} of this host stays with {}: a free port leads to port {} of the clone.",
                                  forward.host_port, source.name, forward.guest_port));
    }
  }
  if (source.spec.protection.delete_ || source.spec.protection.start)
    notes.push_back(fmt::format("The protection of {} is not that of the clone.", source.name));
  if (source.spec.tpm.enabled)
    notes.emplace_back("The TPM is a new one: keys that the guest has sealed in the old one have to be entered or made again.");
  if (source.spec.cpu.pinning.exclusive)
    notes.push_back(fmt::format("It has the same processors for itself as {}: only one of them can run at a time.", source.name));
  if (source.ssh_user.empty())
    notes.push_back(
        fmt::format("The guest is not set up by cloud-init: it keeps host name, SSH host keys, machine id and fixed "
                    "addresses of {} until they are changed in it.",
                    source.name));
  return notes;
}

void require_copyable(const MachineRecord& source) {
  for (const model::Disk& disk : source.spec.disks) {
    if (disk.file.empty() || disk.read_only || disk.device == model::DiskDevice::cdrom) continue;
    throw Error(ErrorKind::conflict, "clone.user_file",
                fmt::format("The disk '{}' of {} is your file {}, which two machines cannot both write to.", disk.id, source.name,
                            text::printable(disk.file)),
                fmt::format("Make it read-only, take it out of {}, or import it as an image and use that.", source.name));
  }
}

}  // namespace visor::engine
