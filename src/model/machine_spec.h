// What the user wants a machine to be. The described structs here are the source of the JSON form, the validation, the
// OpenAPI document and the settings reference; titles, ranges and texts of each member are in model/settings.cpp.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace visor::model {

BOOST_DEFINE_ENUM_CLASS(Arch, x86_64, aarch64)
BOOST_DEFINE_ENUM_CLASS(Accelerator, auto_, kvm, tcg)
BOOST_DEFINE_ENUM_CLASS(Firmware, uefi, bios)
BOOST_DEFINE_ENUM_CLASS(OsFamily, linux_, windows, other)
BOOST_DEFINE_ENUM_CLASS(DiskDevice, disk, cdrom)
BOOST_DEFINE_ENUM_CLASS(DiskFormat, qcow2, raw, vmdk, vhdx, vdi)
BOOST_DEFINE_ENUM_CLASS(DiskBus, auto_, virtio, scsi, sata, ide, nvme, usb)
BOOST_DEFINE_ENUM_CLASS(NicModel, virtio, e1000e, rtl8139)
BOOST_DEFINE_ENUM_CLASS(DisplayModel, virtio, std_, none)
BOOST_DEFINE_ENUM_CLASS(Protocol, tcp, udp)

struct Os {
  OsFamily family = OsFamily::linux_;
  std::string id;  ///< short id such as "debian12", empty if unknown
};
BOOST_DESCRIBE_STRUCT(Os, (), (family, id))

struct Cpu {
  std::uint32_t count = 2;
  std::string model = "auto";  ///< auto (host under KVM, max under TCG), host, max or a name that QEMU knows
};
BOOST_DESCRIBE_STRUCT(Cpu, (), (count, model))

struct Memory {
  Bytes size{std::uint64_t{1} << 30U};
};
BOOST_DESCRIBE_STRUCT(Memory, (), (size))

/// A disk is backed by a volume that Visor owns, by a file of the user, or (a cdrom) by nothing.
struct Disk {
  std::string id;
  DiskDevice device = DiskDevice::disk;
  std::string volume;  ///< file name below the volumes directory; Visor creates and deletes it
  std::string file;    ///< absolute path of a file of the user; never created, deleted or re-owned
  Bytes size;          ///< virtual size of a volume
  DiskFormat format = DiskFormat::qcow2;
  DiskBus bus = DiskBus::auto_;
  bool read_only = false;
  std::int32_t boot_index = -1;  ///< place in the boot order, lowest first; -1: not bootable
};
BOOST_DESCRIBE_STRUCT(Disk, (), (id, device, volume, file, size, format, bus, read_only, boot_index))

struct PortForward {
  Protocol protocol = Protocol::tcp;
  std::string host_address = "127.0.0.1";
  std::uint16_t host_port = 0;  ///< 0: a free port is chosen at start
  std::uint16_t guest_port = 0;
};
BOOST_DESCRIBE_STRUCT(PortForward, (), (protocol, host_address, host_port, guest_port))

struct Nic {
  std::string id;
  std::string switch_ = "user";  ///< "user": a private NAT network in user space, no rights needed
  NicModel model = NicModel::virtio;
  std::string mac;
  bool link_up = true;
  std::vector<PortForward> forwards;
};
BOOST_DESCRIBE_STRUCT(Nic, (), (id, switch_, model, mac, link_up, forwards))

struct Display {
  DisplayModel model = DisplayModel::virtio;
};
BOOST_DESCRIBE_STRUCT(Display, (), (model))

/// Direct kernel boot; all empty: the firmware boots from a disk.
struct Boot {
  std::string kernel;
  std::string initrd;
  std::string cmdline;
};
BOOST_DESCRIBE_STRUCT(Boot, (), (kernel, initrd, cmdline))

struct Protection {
  bool delete_ = false;  ///< refuses to delete the machine
  bool start = false;    ///< refuses to start it
};
BOOST_DESCRIBE_STRUCT(Protection, (), (delete_, start))

struct MachineSpec {
  Arch arch = Arch::x86_64;
  Accelerator accelerator = Accelerator::auto_;
  std::string chipset = "auto";  ///< auto (q35 on x86_64, virt on aarch64), q35, i440fx, virt
  std::string machine_version;   ///< versioned QEMU machine type, pinned at the first start ("pc-q35-7.2")
  Firmware firmware = Firmware::uefi;
  Os os;
  Cpu cpu;
  Memory memory;
  std::vector<Disk> disks;
  std::vector<Nic> nics;
  Display display;
  Boot boot;
  bool guest_agent = true;
  bool rng = true;
  Protection protection;
};
BOOST_DESCRIBE_STRUCT(MachineSpec, (),
                      (arch, accelerator, chipset, machine_version, firmware, os, cpu, memory, disks, nics, display, boot,
                       guest_agent, rng, protection))

}  // namespace visor::model
