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
BOOST_DEFINE_ENUM_CLASS(SecureBoot, off, microsoft, own)
BOOST_DEFINE_ENUM_CLASS(OsFamily, linux_, windows, other)
BOOST_DEFINE_ENUM_CLASS(DiskDevice, disk, cdrom)
BOOST_DEFINE_ENUM_CLASS(DiskFormat, qcow2, raw, vmdk, vhdx, vdi)
BOOST_DEFINE_ENUM_CLASS(DiskBus, auto_, virtio, scsi, sata, ide, nvme, usb)
BOOST_DEFINE_ENUM_CLASS(DiskCache, auto_, writeback, none, writethrough, directsync, unsafe)
BOOST_DEFINE_ENUM_CLASS(DiskAio, auto_, threads, native, io_uring)
BOOST_DEFINE_ENUM_CLASS(NicModel, virtio, e1000e, e1000, rtl8139, pcnet)
BOOST_DEFINE_ENUM_CLASS(DisplayModel, virtio, std_, none)
BOOST_DEFINE_ENUM_CLASS(AudioModel, none, hda, ac97, virtio)
BOOST_DEFINE_ENUM_CLASS(Protocol, tcp, udp)
BOOST_DEFINE_ENUM_CLASS(Toggle, auto_, on, off)
BOOST_DEFINE_ENUM_CLASS(ApicMode, auto_, xapic, x2apic)
BOOST_DEFINE_ENUM_CLASS(Scheduling, fair, core, realtime)
BOOST_DEFINE_ENUM_CLASS(Frequency, auto_, high, low)
BOOST_DEFINE_ENUM_CLASS(Energy, auto_, performance, balance_performance, balance_power, power)
BOOST_DEFINE_ENUM_CLASS(Clock, auto_, utc, localtime)
BOOST_DEFINE_ENUM_CLASS(WatchdogModel, none, i6300esb)
BOOST_DEFINE_ENUM_CLASS(WatchdogAction, reset, shutdown, poweroff, pause, nmi, none)
BOOST_DEFINE_ENUM_CLASS(RebootAction, restart, shutdown)
BOOST_DEFINE_ENUM_CLASS(CrashAction, stay, restart)
BOOST_DEFINE_ENUM_CLASS(HostStopAction, shutdown, save, off)
BOOST_DEFINE_ENUM_CLASS(ShareOwners, mapped, plain)

struct Os {
  OsFamily family = OsFamily::linux_;
  std::string id;  ///< short id such as "debian12", empty if unknown
};
BOOST_DESCRIBE_STRUCT(Os, (), (family, id))

/// How the processors are arranged, as the guest sees it; 0: chosen so that the product fits.
struct CpuTopology {
  std::uint32_t sockets = 0;
  std::uint32_t dies = 0;
  std::uint32_t cores = 0;
  std::uint32_t threads = 0;
};
BOOST_DESCRIBE_STRUCT(CpuTopology, (), (sockets, dies, cores, threads))

/// Which processors of the host may run the machine, as lists like "0-3,8" (taskset(1)); an empty text means any.
struct Pinning {
  std::vector<std::string> vcpus;  ///< one list per virtual processor; those behind the end may run anywhere
  std::string emulator;            ///< for all other threads of QEMU
  bool exclusive = false;          ///< nothing else of the host runs on them (cgroup-v2.rst, cpuset.cpus.partition)
  std::string io;                  ///< for the threads that work for disks (Cpu::io_threads); empty: those of `emulator`
};
BOOST_DESCRIBE_STRUCT(Pinning, (), (vcpus, emulator, exclusive, io))

struct Cpu {
  std::uint32_t count = 2;
  std::uint32_t maximum = 0;   ///< up to this many can be added while it runs; 0: no more than `count`
  std::string model = "auto";  ///< auto (host under KVM, max under TCG), host, max or a name that QEMU knows
  CpuTopology topology;
  std::vector<std::string> features;  ///< "+name" and "-name" (qemu docs/system/i386/cpu.rst)
  Toggle nested = Toggle::auto_;
  bool hide_hypervisor = false;
  std::string brand;  ///< what the guest reads as the processor's name; empty: the model's
  Toggle pmu = Toggle::auto_;
  std::uint32_t physical_bits = 0;  ///< 0: the model's
  ApicMode apic = ApicMode::auto_;
  Toggle mitigations = Toggle::auto_;  ///< what guests need against attacks such as Spectre; auto: what the model has
  bool legacy_os = false;              ///< CPUID ends at leaf 2, as old systems expect
  std::uint32_t weight = 100;          ///< share of the host when it is short (cgroup-v2.rst, cpu.weight)
  std::uint32_t limit_percent = 100;   ///< of its own processors, never more than this (cpu.max); 100: no limit
  std::uint32_t reserve_percent = 0;   ///< of its own processors, always there for it
  Scheduling scheduling = Scheduling::fair;
  Frequency frequency = Frequency::auto_;  ///< a hint to the host (cgroup-v2.rst, cpu.uclamp.min and cpu.uclamp.max)
  Toggle hyperv = Toggle::auto_;           ///< what Hyper-V offers to Windows guests; auto: for Windows, where KVM does it
  std::uint32_t io_threads = 0;  ///< threads of QEMU for disks (qemu docs/devel/multiple-iothreads.txt); 0: its main one
  Pinning pinning;
  Energy energy = Energy::auto_;  ///< what its exclusive processors save (admin-guide/pm/intel_pstate.rst, EPP)
};
BOOST_DESCRIBE_STRUCT(Cpu, (),
                      (count, maximum, model, topology, features, nested, hide_hypervisor, brand, pmu, physical_bits, apic,
                       mitigations, legacy_os, weight, limit_percent, reserve_percent, scheduling, frequency, hyperv, io_threads,
                       pinning, energy))

/// Memory that follows what the guest needs.
struct DynamicMemory {
  bool enabled = false;
  Bytes minimum;                      ///< 0: half of the size
  Bytes maximum;                      ///< 0: the size
  std::uint32_t buffer_percent = 20;  ///< on top of what the guest uses
};
BOOST_DESCRIBE_STRUCT(DynamicMemory, (), (enabled, minimum, maximum, buffer_percent))

struct Memory {
  Bytes size{std::uint64_t{1} << 30U};
  Bytes maximum;  ///< up to this much can be added while it runs (virtio-mem); 0: no more than `size`
  DynamicMemory dynamic;
  std::uint32_t weight = 100;           ///< share of the host's memory among dynamic machines when it is short
  std::string page_size = "4KiB";       ///< 4KiB, 2MiB or 1GiB pages of the host hold it
  bool page_fallback = false;           ///< it starts with 4KiB when the host has too few huge pages
  bool locked = false;                  ///< never swapped out: all of it is taken at the start (mlockall(2))
  bool merge = true;                    ///< lets the host keep equal pages once (KSM, when the host has it switched on)
  std::uint32_t nodes = 1;              ///< NUMA nodes that the guest sees; processors and memory are shared out evenly
  std::vector<std::string> host_nodes;  ///< per node of the guest the host's nodes that hold its memory ("0" or "0-1")
  std::string encryption = "none";      ///< against the host: none, sev, sev-es, sev-snp or tdx (model/encryption.h)
};
BOOST_DESCRIBE_STRUCT(Memory, (),
                      (size, maximum, dynamic, weight, page_size, page_fallback, locked, merge, nodes, host_nodes, encryption))

/// How much a disk may do per second; 0: no limit (qemu docs/throttle.txt).
struct DiskLimits {
  Bytes read;                          ///< per second
  Bytes write;                         ///< per second
  std::uint32_t read_operations = 0;   ///< per second
  std::uint32_t write_operations = 0;  ///< per second
  std::uint32_t burst_percent = 100;   ///< of each limit, for `burst_seconds` after a time with less; 100: no bursts
  std::uint32_t burst_seconds = 10;
};
BOOST_DESCRIBE_STRUCT(DiskLimits, (), (read, write, read_operations, write_operations, burst_percent, burst_seconds))

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
  std::uint32_t slot = 0;        ///< its place among those for disks that come and go (kDiskSlots); 0: where it falls
  DiskCache cache = DiskCache::auto_;
  DiskAio aio = DiskAio::auto_;
  bool discard = true;                     ///< what the guest trims is given back to the host
  bool ssd = false;                        ///< the guest is told that nothing rotates
  std::string serial;                      ///< what the guest reads as its serial number; empty: its id
  std::string wwn;                         ///< World Wide Name, 16 hex digits; empty: none
  std::uint32_t logical_sector_size = 0;   ///< bytes; 0: 512
  std::uint32_t physical_sector_size = 0;  ///< bytes; 0: 512
  std::uint32_t queues = 0;                ///< of a virtio disk; 0: QEMU's choice, one per processor
  bool shareable = false;                  ///< other machines may use it at the same time
  DiskLimits limits;
};
BOOST_DESCRIBE_STRUCT(Disk, (),
                      (id, device, volume, file, size, format, bus, read_only, boot_index, slot, cache, aio, discard, ssd, serial,
                       wwn, logical_sector_size, physical_sector_size, queues, shareable, limits))

/// Disks that can be added while a machine runs.
inline constexpr std::uint32_t kDiskSlots = 8;

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
  std::int32_t boot_index = -1;  ///< place in the boot order (network boot), lowest first; -1: not booted from
};
BOOST_DESCRIBE_STRUCT(Nic, (), (id, switch_, model, mac, link_up, forwards, boot_index))

struct Display {
  DisplayModel model = DisplayModel::virtio;
  std::uint32_t width = 0;  ///< resolution that the screen offers first; 0: QEMU's
  std::uint32_t height = 0;
  bool tablet = true;  ///< the pointer is where the viewer's is; without: a mouse that has to be caught
  Bytes video_memory;  ///< of the graphics card; 0: QEMU's
};
BOOST_DESCRIBE_STRUCT(Display, (), (model, width, height, tablet, video_memory))

/// A sound card; what it plays is not heard anywhere yet.
struct Audio {
  AudioModel model = AudioModel::none;
};
BOOST_DESCRIBE_STRUCT(Audio, (), (model))

/// A folder of the host that the guest can mount.
struct Share {
  std::string tag;   ///< by which the guest names it
  std::string path;  ///< absolute path of a folder of the host
  bool read_only = false;
  ShareOwners owners = ShareOwners::mapped;
  std::string driver = "9p";  ///< "9p": QEMU serves it; "virtiofs": a process of its own does
};
BOOST_DESCRIBE_STRUCT(Share, (), (tag, path, read_only, owners, driver))

inline bool is_virtiofs(const Share& share) { return share.driver == "virtiofs"; }

/// The firmware's menu, and direct kernel boot (all empty: the firmware boots from a disk).
struct Boot {
  bool menu = false;
  std::string kernel;
  std::string initrd;
  std::string cmdline;
};
BOOST_DESCRIBE_STRUCT(Boot, (), (menu, kernel, initrd, cmdline))

/// A security chip of its own (TPM 2.0), played by swtpm.
struct Tpm {
  bool enabled = false;
};
BOOST_DESCRIBE_STRUCT(Tpm, (), (enabled))

/// A clock that the guest has to wind; when it stops winding, `action` is done.
struct Watchdog {
  WatchdogModel model = WatchdogModel::none;
  WatchdogAction action = WatchdogAction::reset;
};
BOOST_DESCRIBE_STRUCT(Watchdog, (), (model, action))

/// Whether the machine starts with its host.
struct Autostart {
  bool enabled = false;
  std::int32_t order = 0;   ///< lower first
  std::uint32_t delay = 0;  ///< seconds after the one before it
};
BOOST_DESCRIBE_STRUCT(Autostart, (), (enabled, order, delay))

/// A line between guest and host without a network (vsock(7)).
struct Vsock {
  bool enabled = false;
};
BOOST_DESCRIBE_STRUCT(Vsock, (), (enabled))

/// What becomes of a running machine when its host shuts down.
struct HostStop {
  HostStopAction action = HostStopAction::shutdown;
  std::uint32_t time_limit = 120;  ///< seconds for the action; then it is turned off
};
BOOST_DESCRIBE_STRUCT(HostStop, (), (action, time_limit))

struct Protection {
  bool delete_ = false;  ///< refuses to delete the machine
  bool start = false;    ///< refuses to start it
};
BOOST_DESCRIBE_STRUCT(Protection, (), (delete_, start))

/// The machine version that stands for the newest one of QEMU.
inline constexpr const char* kNewestVersion = "newest";

struct MachineSpec {
  Arch arch = Arch::x86_64;
  Accelerator accelerator = Accelerator::auto_;
  std::string chipset = "auto";  ///< auto (q35 on x86_64, virt on aarch64), q35, i440fx, virt
  std::string machine_version;   ///< versioned QEMU machine type ("pc-q35-7.2"); empty or "newest": pinned at the next start
  Firmware firmware = Firmware::uefi;
  SecureBoot secure_boot = SecureBoot::off;
  Tpm tpm;
  Os os;
  Cpu cpu;
  Memory memory;
  std::vector<Disk> disks;
  std::vector<Nic> nics;
  Display display;
  Audio audio;
  std::vector<Share> shares;
  std::uint32_t serial_ports = 1;  ///< the first one is the console
  Vsock vsock;
  Boot boot;
  Clock clock = Clock::auto_;
  bool guest_agent = true;
  bool rng = true;
  Watchdog watchdog;
  Autostart autostart;
  HostStop on_host_shutdown;
  RebootAction on_reboot = RebootAction::restart;
  CrashAction on_crash = CrashAction::stay;
  Protection protection;
};
BOOST_DESCRIBE_STRUCT(MachineSpec, (),
                      (arch, accelerator, chipset, machine_version, firmware, secure_boot, tpm, os, cpu, memory, disks, nics,
                       display, audio, shares, serial_ports, vsock, boot, clock, guest_agent, rng, watchdog, autostart,
                       on_host_shutdown, on_reboot, on_crash, protection))

}  // namespace visor::model
