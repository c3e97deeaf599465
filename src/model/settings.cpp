#include "model/settings.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "model/machine_spec.h"
#include "model/setting_value.h"

namespace visor::model {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;
constexpr std::int64_t kTiB = std::int64_t{1} << 40U;

Setting make(std::string key, std::string type, std::string title, std::string description) {
  Setting setting;
  setting.key = std::move(key);
  setting.type = std::move(type);
  setting.title = std::move(title);
  setting.description = std::move(description);
  return setting;
}

Setting number(std::string key, std::string type, std::int64_t minimum, std::int64_t maximum, std::string title,
               std::string description) {
  Setting setting = make(std::move(key), std::move(type), std::move(title), std::move(description));
  setting.minimum = minimum;
  setting.maximum = maximum;
  if (setting.type == "bytes") setting.unit = "bytes";
  return setting;
}

Setting choice(std::string key, std::vector<std::string> values, std::string title, std::string description) {
  Setting setting = make(std::move(key), "enum", std::move(title), std::move(description));
  setting.values = std::move(values);
  return setting;
}

Setting fixed(Setting setting) {
  setting.read_only = true;
  return setting;
}

Setting live(Setting setting) {
  setting.live = true;
  return setting;
}

/// The default of a setting is what a new MachineSpec (or an element of its lists) holds.
boost::json::value default_of(const std::string& key) {
  boost::json::value at;
  std::string rest = key;
  if (key.starts_with("disks[].")) {
    at = json::to_json(Disk{});
    rest = key.substr(8);
  } else if (key.starts_with("nics[].")) {
    at = json::to_json(Nic{});
    rest = key.substr(7);
  } else if (key.starts_with("shares[].")) {
    at = json::to_json(Share{});
    rest = key.substr(9);
  } else {
    at = json::to_json(MachineSpec{});
  }
  return setting_value(at, rest);
}

Setting live_if_possible(Setting setting) {
  setting.live_if_possible = true;
  return setting;
}

Setting in(std::string unit, Setting setting) {
  setting.unit = std::move(unit);
  return setting;
}

std::vector<Setting> processors() {
  return {
      in("vCPU", live_if_possible(number("cpu.count", "integer", 1, 288, "Processors",
                                         "How many virtual processors the machine has. Up to the maximum they can be added and "
                                         "removed while it runs."))),
      in("vCPU", number("cpu.maximum", "integer", 0, 288, "Most processors",
                        "How many processors it can be given while it runs. 0: as many as it starts with.")),
      make("cpu.model", "string", "Processor model",
           "What the guest sees: auto (the host's own with KVM, every feature QEMU can emulate without), host, max, a level that "
           "hosts of every make have (x86-64-v2, x86-64-v3, x86-64-v4), or a named model."),
      number("cpu.topology.sockets", "integer", 0, 64, "Sockets", "Into how many packages the processors are put. 0: one."),
      number("cpu.topology.dies", "integer", 0, 16, "Dies", "Dies per socket. 0: one."),
      number("cpu.topology.cores", "integer", 0, 288, "Cores", "Cores per die. 0: as many as are needed."),
      number("cpu.topology.threads", "integer", 0, 8, "Threads",
             "Threads per core: 2 shows the guest sibling threads (SMT). 0: one."),
      make("cpu.features", "list", "Processor features", "Features to add (+avx2) or to take away (-rdrand) from the model."),
      choice("cpu.nested", json::enum_names<Toggle>(), "Nested virtualization",
             "Whether the guest can run virtual machines itself. auto: what the model has; off under emulation."),
      make("cpu.hideHypervisor", "boolean", "Hide the hypervisor", "The guest does not see that it runs in a virtual machine."),
      make("cpu.brand", "string", "Processor name",
           "What the guest shows as the name of its processor, at most 48 characters. Empty: that of the model."),
      choice("cpu.pmu", json::enum_names<Toggle>(), "Performance counters",
             "The performance monitoring unit, for profilers in the guest. auto: what the model has."),
      in("bits", number("cpu.physicalBits", "integer", 0, 52, "Physical address bits",
                        "How much memory the processor could address; a machine moves only to hosts with as many. 0: that of the "
                        "model.")),
      choice("cpu.apic", json::enum_names<ApicMode>(), "Interrupt controller",
             "x2apic is faster and needs KVM; xapic is for systems that do not know it."),
      choice(
          "cpu.mitigations", json::enum_names<Toggle>(), "Mitigations",
          "What guests need against attacks by speculation (Spectre and others). off: faster with some systems, only for guests "
          "that are trusted. auto: what the model has."),
      make("cpu.legacyOs", "boolean", "Old operating systems", "Ends CPUID at leaf 2: systems such as Windows NT 4 need it."),
      choice("cpu.hyperv", json::enum_names<Toggle>(), "Hyper-V enlightenments",
             "Lets Windows wait, time and interrupt without costly detours. auto: for Windows guests under KVM."),
      live(number("cpu.weight", "integer", 1, 10000, "Share",
                  "Of the host's processors when they are short: 200 gets twice as much as 100.")),
      in("%", live(number("cpu.limitPercent", "integer", 1, 100, "Limit",
                          "How much of its own processors the machine may use at most. 100: all of them, without a limit."))),
      in("%", live(number("cpu.reservePercent", "integer", 0, 100, "Reservation",
                          "How much of its own processors the machine gets however busy the host is. A machine does not start "
                          "when more would be promised than the host has."))),
      live(choice(
          "cpu.scheduling", json::enum_names<Scheduling>(), "Scheduling",
          "fair; core: nothing else ever runs beside it on a core, so that nobody can listen there; realtime: its processors run "
          "before all else of the host, which keeps a twentieth for itself.")),
      live(choice("cpu.frequency", json::enum_names<Frequency>(), "Frequency",
                  "high: the host runs its processors at full speed while the machine works; low: at half of it at most.")),
      live(
          choice("cpu.energy", json::enum_names<Energy>(), "Energy preference",
                 "What the machine's exclusive processors rather save while it runs: performance saves time, power saves energy. "
                 "auto: the host's choice.")),
      number(
          "cpu.ioThreads", "integer", 0, 16, "Disk threads",
          "Threads that work for disks on the buses virtio and scsi, so that busy disks do not hold up the rest. Each disk gets "
          "one, in turn. 0: QEMU's main thread."),
      live(make("cpu.pinning.vcpus", "list", "Processors of the host",
                "For each virtual processor the processors of the host that may run it, such as 0-3. Empty: any.")),
      live(make("cpu.pinning.emulator", "string", "Processors for QEMU itself",
                "The processors of the host that may run all other work of the machine: disks, network, screen. Empty: any.")),
      live(make("cpu.pinning.io", "string", "Processors for disk threads",
                "The processors of the host that may run the disk threads. Empty: those for QEMU itself.")),
      live(make("cpu.pinning.exclusive", "boolean", "Exclusive processors",
                "Everything else is moved off the processors named here while the machine runs, and back when it has stopped.")),
  };
}

std::vector<Setting> memory() {
  return {
      live_if_possible(number("memory.size", "bytes", 16 * kMiB, 16 * kTiB, "Memory",
                              "How much memory the guest has. Up to the maximum it can be added and given back while it runs.")),
      number("memory.maximum", "bytes", 0, 16 * kTiB, "Most memory to add",
             "How much memory the machine can be given while it runs, by a guest with virtio-mem. 0: what it starts with."),
      live(make("memory.dynamic.enabled", "boolean", "Dynamic memory",
                "Gives the guest what it needs and the host the rest, between minimum and maximum.")),
      live(number("memory.dynamic.minimum", "bytes", 0, 16 * kTiB, "Least memory",
                  "It is never left with less than this. 0: half of its memory.")),
      live_if_possible(number("memory.dynamic.maximum", "bytes", 0, 16 * kTiB, "Most memory",
                              "It never gets more than this. 0: its memory and no more.")),
      in("%", live(number("memory.dynamic.bufferPercent", "integer", 0, 200, "Buffer",
                          "How much it gets on top of what it uses, for caches and sudden needs."))),
      live(number("memory.weight", "integer", 1, 10000, "Share of memory",
                  "Among machines with dynamic memory when the host is short: 200 keeps twice as much of its buffer as 100.")),
      choice("memory.pageSize", {"4KiB", "2MiB", "1GiB"}, "Page size",
             "Huge pages make large machines faster. They are reserved at the start and given back after the stop."),
      make("memory.pageFallback", "boolean", "Start without huge pages",
           "When the host has too few of them the machine starts with pages of 4 KiB and says so. Off: it does not start."),
      make("memory.locked", "boolean", "Locked",
           "All of its memory is taken at the start and never swapped out, for steady response times."),
      make("memory.merge", "boolean", "Merge equal pages",
           "The host may keep equal pages of machines only once (KSM). Off: no guest can find out what others hold."),
      number("memory.nodes", "integer", 1, 16, "Memory nodes",
             "NUMA nodes that the guest sees; its processors and memory are shared out evenly among them."),
      make("memory.hostNodes", "list", "Memory nodes of the host",
           "For each memory node of the machine the nodes of the host that hold it, such as 0 or 0-1. Empty: any."),
      choice(
          "memory.encryption", {"none", "sev", "sev-es", "sev-snp", "tdx"}, "Memory encryption",
          "The processor keeps the guest's memory secret from the host: sev, sev-es (its registers, too) and sev-snp (which also "
          "keeps it from being changed) of AMD, tdx of Intel. The guest's system has to know it."),
  };
}

std::vector<Setting> platform() {
  return {
      fixed(choice("arch", json::enum_names<Arch>(), "Architecture", "The processor architecture; a foreign one is emulated.")),
      choice("accelerator", json::enum_names<Accelerator>(), "Accelerator",
             "auto uses KVM when a probe has shown that guests really run with it, and emulation (TCG) otherwise."),
      fixed(choice("chipset", {"auto", "q35", "i440fx", "virt"}, "Chipset",
                   "The board: q35 for modern systems, i440fx for old ones, virt for aarch64.")),
      make("machineVersion", "string", "Machine version",
           "The versioned QEMU machine type. Pinned at the first start, so that an update of QEMU changes nothing in the guest. "
           "newest: that of this QEMU from the next start on."),
      fixed(choice("firmware", json::enum_names<Firmware>(), "Firmware",
                   "UEFI for modern systems, BIOS for old ones. Not used with a direct kernel.")),
      choice(
          "secureBoot", json::enum_names<SecureBoot>(), "Secure Boot",
          "The firmware starts only what is signed. microsoft: by the keys that Windows and most Linux systems are signed with; "
          "own: by keys that you enroll in the firmware. Each choice keeps firmware variables of its own."),
      make("tpm.enabled", "boolean", "TPM 2.0",
           "A security chip (swtpm) that keeps keys and measures the start, as Windows 11 wants it. What it holds stays with the "
           "machine, also while it is switched off."),
      make("os.id", "string", "Operating system", "Short id of the guest system such as debian12; only shown."),
      choice("os.family", json::enum_names<OsFamily>(), "System family", "Which kind of system the guest is."),
  };
}

std::vector<Setting> disks() {
  return {
      live_if_possible(make("disks", "list", "Disks", "Disks and CD drives.")),
      make("disks[].id", "string", "Name", "Name of the disk within the machine."),
      choice("disks[].device", json::enum_names<DiskDevice>(), "Device", "A disk or a CD drive."),
      make("disks[].volume", "string", "Volume", "The volume that Visor keeps for this disk."),
      live_if_possible(make("disks[].file", "string", "File",
                            "An image or ISO file of yours. Visor never changes its owner or mode and never deletes it.")),
      number("disks[].size", "bytes", kMiB, 64 * kTiB, "Size", "Virtual size of the disk."),
      choice("disks[].format", json::enum_names<DiskFormat>(), "Format", "Format of the file."),
      choice("disks[].bus", json::enum_names<DiskBus>(), "Bus", "How the guest reaches the disk; auto takes virtio for disks."),
      make("disks[].readOnly", "boolean", "Read-only", "The guest cannot write to it."),
      live_if_possible(number("disks[].bootIndex", "integer", -1, 999, "Boot order",
                              "Lowest first; -1: never booted from. It counts from the guest's next restart on.")),
      number("disks[].slot", "integer", 0, kDiskSlots, "Slot",
             "A place of its own for a disk that is added while the machine runs. 0: where it falls at the next start."),
      choice("disks[].cache", json::enum_names<DiskCache>(), "Cache",
             "writeback: the host's memory helps. none: it does not, which suits databases and fast disks. writethrough and "
             "directsync: each write waits for the disk. unsafe: a crash of the host may cost the whole disk. auto: writeback."),
      choice(
          "disks[].aio", json::enum_names<DiskAio>(), "Input and output",
          "How QEMU reaches the file: threads works everywhere, native needs a cache of none or directsync, io_uring a host that "
          "allows it. auto: threads."),
      make("disks[].discard", "boolean", "Give back freed space", "What the guest trims becomes free space of the host again."),
      make(
          "disks[].ssd", "boolean", "Show as SSD",
          "The guest is told that nothing rotates, on the buses scsi, sata and ide; virtio and NVMe disks always count as such."),
      make("disks[].serial", "string", "Serial number",
           "What the guest reads as the serial number, at most 20 characters. Empty: the name of the disk."),
      make("disks[].wwn", "string", "World Wide Name",
           "A name that is the same nowhere else, 16 hexadecimal digits, on the buses scsi, sata and ide. Empty: none."),
      in("bytes", number("disks[].logicalSectorSize", "integer", 0, 4096, "Logical sector size",
                         "The smallest piece that the guest can read: 512 or 4096. 0: 512.")),
      in("bytes", number("disks[].physicalSectorSize", "integer", 0, 4096, "Physical sector size",
                         "The piece that the guest should write at once: 512 or 4096. 0: 512.")),
      number("disks[].queues", "integer", 0, 64, "Queues",
             "How many processors of the guest can talk to a virtio disk at once. 0: all."),
      make("disks[].shareable", "boolean", "Shareable",
           "Other machines may use it at the same time. Only for raw files, and for guests with a cluster file system."),
      live(number("disks[].limits.read", "bytes", 0, kTiB, "Read limit", "Bytes per second. 0: no limit.")),
      live(number("disks[].limits.write", "bytes", 0, kTiB, "Write limit", "Bytes per second. 0: no limit.")),
      live(number("disks[].limits.readOperations", "integer", 0, 10000000, "Limit of reads", "Reads per second. 0: no limit.")),
      live(
          number("disks[].limits.writeOperations", "integer", 0, 10000000, "Limit of writes", "Writes per second. 0: no limit.")),
      in("%", live(number("disks[].limits.burstPercent", "integer", 100, 10000, "Burst",
                          "How much of each limit is allowed for a while after a time with less. 100: no more than the limit."))),
      in("s", live(number("disks[].limits.burstSeconds", "integer", 1, 3600, "Length of a burst", "How long a burst may last."))),
  };
}

std::vector<Setting> network() {
  return {
      make("nics", "list", "Network adapters", "Network adapters."),
      make("nics[].id", "string", "Name", "Name of the adapter within the machine."),
      choice("nics[].switch", {"user"}, "Switch",
             "user: a private network in user space with access to the outside; needs no rights."),
      choice("nics[].model", json::enum_names<NicModel>(), "Model",
             "virtio is fastest; e1000e and rtl8139 work without drivers."),
      make("nics[].mac", "string", "MAC address", "Chosen when the machine is created, unless given."),
      live(make("nics[].linkUp", "boolean", "Cable", "Whether the virtual cable is plugged in.")),
      live_if_possible(number("nics[].bootIndex", "integer", -1, 999, "Boot order",
                              "Place of a start from the network among the disks, lowest first; -1: never.")),
      make("nics[].forwards", "list", "Port forwards", "Ports of the host that lead into the guest."),
  };
}

std::vector<Setting> shares() {
  return {
      make("shares", "list", "Shared folders", "Folders of the host that the guest can mount, by 9p or virtiofs."),
      make("shares[].tag", "string", "Tag", "The name by which the guest mounts the folder."),
      make("shares[].path", "string", "Folder",
           "A folder of the host. What links in it lead to outside of it stays out of the guest's reach."),
      make("shares[].readOnly", "boolean", "Read-only", "The guest cannot change anything in it."),
      choice(
          "shares[].owners", json::enum_names<ShareOwners>(), "Owners and links",
          "mapped: owners, modes and links that the guest makes are noted beside the files and mean nothing to the host. plain: "
          "files are made with the guest's mode, links are real, and every file belongs to the user of QEMU. By virtiofs files "
          "of the guest's users other than root belong to numbers that nobody on the host has."),
      choice(
          "shares[].driver", {"9p", "virtiofs"}, "Served by",
          "9p: QEMU serves the folder, any guest can mount it. virtiofs: faster; a process of its own (virtiofsd) serves it and "
          "shares the machine's memory, which cannot be merged, and the machine cannot be saved to disk."),
  };
}

std::vector<Setting> other() {
  return {
      choice("display.model", json::enum_names<DisplayModel>(), "Graphics",
             "virtio for modern guests, std for every guest, none for servers."),
      number("display.width", "integer", 0, 7680, "Width",
             "Width of the screen in pixels that the guest is offered. 0: default."),
      number("display.height", "integer", 0, 4320, "Height",
             "Height of the screen in pixels that the guest is offered. 0: default."),
      make("display.tablet", "boolean", "Exact pointer",
           "The pointer is where yours is (a USB tablet). Off: a mouse, for systems without USB."),
      number("display.videoMemory", "bytes", 0, 512 * kMiB, "Video memory",
             "Memory of the graphics card, a power of two: large screens and several of them need more. 0: default."),
      choice("audio.model", json::enum_names<AudioModel>(), "Sound card",
             "hda for every current system, ac97 for old ones, virtio for the newest. Programs find a card; what it plays cannot "
             "be heard yet."),
      number("serialPorts", "integer", 1, 4, "Serial ports",
             "The first is the console (ttyS0, COM1). Each further one is a line of its own for debuggers and old programs."),
      make("vsock.enabled", "boolean", "Socket to the host",
           "A line between guest and host without a network (vsock). The machine gets an address that no other one of the host "
           "has."),
      make("boot.menu", "boolean", "Boot menu", "The firmware offers a menu and waits for five seconds."),
      make("boot.kernel", "string", "Kernel", "Boot this kernel file directly, without firmware."),
      make("boot.initrd", "string", "Initial RAM disk", "File of the initial RAM disk for the direct kernel."),
      make("boot.cmdline", "string", "Kernel command line", "Parameters for the direct kernel."),
      choice("clock", json::enum_names<Clock>(), "Clock",
             "What the clock of the board shows. auto: local time for Windows, else UTC."),
      make("guestAgent", "boolean", "Guest agent",
           "The port through which the agent in the guest answers: addresses, commands, files, clean shutdown."),
      make("rng", "boolean", "Random numbers", "Feeds the guest's random generator from the host."),
      choice("watchdog.model", json::enum_names<WatchdogModel>(), "Watchdog",
             "A clock that the guest has to wind; when it does not, the guest hangs."),
      live(choice("watchdog.action", json::enum_names<WatchdogAction>(), "When the watchdog runs out",
                  "What is done then: reset, ask to shut down, power off, pause, an interrupt to the guest, or nothing.")),
      live(choice("onReboot", json::enum_names<RebootAction>(), "When the guest restarts",
                  "restart, or shutdown: the machine is off then.")),
      live(choice("onCrash", json::enum_names<CrashAction>(), "When the machine crashes",
                  "stay as it is, or restart: again after 1, 2, 4, 8 and 16 seconds; if it crashes once more it stays off.")),
      live(make("autostart.enabled", "boolean", "Start with the host", "Starts the machine when the host has started.")),
      live(number("autostart.order", "integer", -1000, 1000, "Place in the start order", "Lower ones start first.")),
      live(in("s", number("autostart.delay", "integer", 0, 3600, "Delay", "How long to wait before this machine is started."))),
      live(choice(
          "onHostShutdown.action", json::enum_names<HostStopAction>(), "When the host shuts down",
          "shutdown: the guest is asked to. save: its state is kept, and its next start continues there. off: it is turned "
          "off at once.")),
      live(in("s", number("onHostShutdown.timeLimit", "integer", 1, 3600, "Time limit",
                          "How long that may take; then the machine is turned off."))),
      live(make("protection.delete", "boolean", "Protect from deletion", "Deleting the machine is refused while this is on.")),
      live(make("protection.start", "boolean", "Protect from start", "Starting the machine is refused while this is on.")),
  };
}

std::vector<Setting> make_all() {
  std::vector<Setting> all;
  for (std::vector<Setting> part : {processors(), memory(), platform(), disks(), network(), shares(), other()}) {
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  for (Setting& setting : all) setting.default_ = default_of(setting.key);
  return all;
}

const std::vector<Setting>& table() {
  static const std::vector<Setting> all = make_all();
  return all;
}

}  // namespace

std::span<const Setting> settings() { return table(); }

const Setting* find_setting(std::string_view key) {
  const auto found = std::find_if(table().begin(), table().end(), [&](const Setting& setting) { return setting.key == key; });
  return found == table().end() ? nullptr : &*found;
}

}  // namespace visor::model
