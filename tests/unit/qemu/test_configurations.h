// One machine per setting and value that changes QEMU's command line.
#pragma once

#include "qemu/test_configuration.h"
#include "qemu/test_host_configurations.h"

namespace visor::qemu::testing {

inline void add_processor_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("minimal", [](Definition&) {});
  all.x86(
      "kvm", [](Definition&) {}, "kvm");
  all.x86(
      "kvm-named-cpu", [](Definition& d) { d.spec.cpu.model = "Skylake-Client"; }, "kvm");
  all.x86("cpu-qemu64", [](Definition& d) { d.spec.cpu.model = "qemu64"; });
  all.x86("cpus-4", [](Definition& d) { d.spec.cpu.count = 4; });
  all.x86("memory-odd", [](Definition& d) { d.spec.memory.size = Bytes{(64ULL << 20U) + 8192}; });
  all.x86("memory-512", [](Definition& d) { d.spec.memory.size = 512_MiB; });
  all.x86("i440fx", [](Definition& d) { d.spec.chipset = "i440fx"; });
  all.x86("machine-version", [](Definition& d) { d.spec.machine_version = "pc-q35-7.2"; });
  all.x86("windows-clock", [](Definition& d) { d.spec.os.family = model::OsFamily::windows; });
  all.x86(
      "windows-kvm", [](Definition& d) { d.spec.os.family = model::OsFamily::windows; }, "kvm");
  all.x86("windows-utc", [](Definition& d) {
    d.spec.os.family = model::OsFamily::windows;
    d.spec.clock = model::Clock::utc;
  });
  all.x86(
      "windows-kvm-hyperv-off",
      [](Definition& d) {
        d.spec.os.family = model::OsFamily::windows;
        d.spec.cpu.hyperv = model::Toggle::off;
      },
      "kvm");
  all.x86(
      "hyperv-kvm", [](Definition& d) { d.spec.cpu.hyperv = model::Toggle::on; }, "kvm");
  for (const model::Toggle toggle : {model::Toggle::on, model::Toggle::off}) {
    all.x86(
        "kvm-mitigations-" + json::enum_name(toggle), [toggle](Definition& d) { d.spec.cpu.mitigations = toggle; }, "kvm");
  }
  all.x86(
      "kvm-cpu-level", [](Definition& d) { d.spec.cpu.model = "x86-64-v4"; }, "kvm");
  all.x86("hyperv-emulated", [](Definition& d) { d.spec.cpu.hyperv = model::Toggle::on; });
  all.x86("no-agent", [](Definition& d) { d.spec.guest_agent = false; });
  all.x86("no-rng", [](Definition& d) { d.spec.rng = false; });
  all.x86("uefi", [](Definition& d) { d.spec.firmware = model::Firmware::uefi; });
  all.x86("incoming", [](Definition& d) { d.restore_from = "/state/machines/hello/saved"; });
  all.arm("arm-uefi", [](Definition&) {});
  all.arm("arm-cpu-named", [](Definition& d) { d.spec.cpu.model = "cortex-a57"; });
  all.arm("arm-16-cpus", [](Definition& d) { d.spec.cpu.count = 16; });
}

inline void add_processor_detail_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  using model::ApicMode;
  using model::Toggle;
  all.x86("cpu-maximum", [](Definition& d) { d.spec.cpu.maximum = 4; });
  all.x86("cpu-sockets", [](Definition& d) {
    d.spec.cpu.count = 4;
    d.spec.cpu.topology.sockets = 2;
  });
  all.x86("cpu-dies", [](Definition& d) {
    d.spec.cpu.count = 8;
    d.spec.cpu.topology = {1, 2, 2, 2};
  });
  all.x86("cpu-cores", [](Definition& d) {
    d.spec.cpu.count = 8;
    d.spec.cpu.topology.cores = 4;
  });
  all.x86("cpu-threads", [](Definition& d) {
    d.spec.cpu.count = 4;
    d.spec.cpu.maximum = 8;
    d.spec.cpu.topology.threads = 2;
  });
  all.x86("cpu-features", [](Definition& d) { d.spec.cpu.features = {"+rdrand", "-avx2", "-sse4.1"}; });
  for (const Toggle toggle : {Toggle::on, Toggle::off}) {
    all.x86("cpu-nested-" + json::enum_name(toggle), [toggle](Definition& d) { d.spec.cpu.nested = toggle; });
    all.x86("cpu-pmu-" + json::enum_name(toggle), [toggle](Definition& d) { d.spec.cpu.pmu = toggle; });
  }
  all.x86("cpu-hide-hypervisor", [](Definition& d) { d.spec.cpu.hide_hypervisor = true; });
  all.x86("cpu-brand", [](Definition& d) { d.spec.cpu.brand = "Visor (R) = @ 3.00GHz"; });
  all.x86("cpu-physical-bits", [](Definition& d) { d.spec.cpu.physical_bits = 40; });
  for (const ApicMode mode : {ApicMode::xapic, ApicMode::x2apic}) {
    all.x86("cpu-apic-" + json::enum_name(mode), [mode](Definition& d) { d.spec.cpu.apic = mode; });
  }
  all.x86("cpu-legacy-os", [](Definition& d) { d.spec.cpu.legacy_os = true; });
  all.x86("cpu-everything", [](Definition& d) {
    d.spec.cpu = {2,
                  8,
                  "qemu64",
                  {2, 1, 2, 2},
                  {"+popcnt"},
                  Toggle::on,
                  true,
                  "Z80",
                  Toggle::off,
                  39,
                  ApicMode::xapic,
                  Toggle::off,
                  true,
                  100,
                  100,
                  0,
                  model::Scheduling::fair,
                  model::Frequency::auto_,
                  model::Toggle::auto_,
                  0,
                  {}};
  });
  all.arm("arm-sockets", [](Definition& d) {
    d.spec.cpu.count = 4;
    d.spec.cpu.topology.sockets = 2;
  });
  all.arm("arm-pmu-off", [](Definition& d) { d.spec.cpu.pmu = Toggle::off; });
}

inline void add_behaviour_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("memory-no-merge", [](Definition& d) { d.spec.memory.merge = false; });
  all.x86("boot-menu", [](Definition& d) { d.spec.boot.menu = true; });
  all.x86("clock-utc", [](Definition& d) {
    d.spec.os.family = model::OsFamily::windows;
    d.spec.clock = model::Clock::utc;
  });
  all.x86("clock-localtime", [](Definition& d) { d.spec.clock = model::Clock::localtime; });
  all.x86("reboot-shutdown", [](Definition& d) { d.spec.on_reboot = model::RebootAction::shutdown; });
  for (const std::string& name : json::enum_names<model::WatchdogAction>()) {
    all.x86("watchdog-" + name, [name](Definition& d) {
      d.spec.watchdog = {model::WatchdogModel::i6300esb, json::enum_from_name<model::WatchdogAction>(name).value()};
    });
  }
  for (const model::DisplayModel display : {model::DisplayModel::virtio, model::DisplayModel::std_}) {
    all.x86("screen-size-" + json::enum_name(display), [display](Definition& d) {
      d.spec.display = {display, 1600, 900, true, {}};
    });
  }
  all.x86("screen-mouse", [](Definition& d) { d.spec.display = {model::DisplayModel::virtio, 0, 0, false, {}}; });
  for (const model::DisplayModel display : {model::DisplayModel::virtio, model::DisplayModel::std_}) {
    all.x86("video-memory-" + json::enum_name(display), [display](Definition& d) {
      d.spec.display = {display, 0, 0, true, 64_MiB};
    });
  }
  for (const model::AudioModel audio : {model::AudioModel::hda, model::AudioModel::ac97}) {
    all.x86("sound-" + json::enum_name(audio), [audio](Definition& d) { d.spec.audio.model = audio; });
  }
  all.arm("arm-sound", [](Definition& d) { d.spec.audio.model = model::AudioModel::hda; });
  all.arm("arm-video-memory", [](Definition& d) { d.spec.display = {model::DisplayModel::virtio, 0, 0, true, 64_MiB}; });
  all.arm("arm-watchdog", [](Definition& d) { d.spec.watchdog.model = model::WatchdogModel::i6300esb; });
}

inline void add_boot_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("kernel", [](Definition& d) { d.spec.boot.kernel = "/boot/vmlinuz"; });
  all.x86("kernel-initrd-cmdline", [](Definition& d) {
    d.spec.boot = {false, "/boot/vmlinuz", "/boot/initrd", "console=ttyS0,115200 quiet"};
    d.spec.firmware = model::Firmware::uefi;
  });
  all.x86("kernel-with-boot-disk", [](Definition& d) {
    d.spec.boot.kernel = "/boot/vmlinuz";
    model::Disk disk = make_disk("root");
    disk.boot_index = 0;
    add_disk(d, disk, {{"/volumes/root.qcow2", model::DiskFormat::qcow2}});
  });
  all.arm("arm-kernel", [](Definition& d) { d.spec.boot = {false, "/boot/vmlinuz", "/boot/initrd", "console=ttyAMA0"}; });
}

inline void add_disk_option_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  using model::DiskBus;
  const auto one = [&](const std::string& name, DiskBus bus, const std::function<void(model::Disk&)>& edit) {
    all.x86("disk-" + name, [bus, edit](Definition& d) {
      model::Disk disk = make_disk("data", bus);
      disk.format = model::DiskFormat::raw;
      edit(disk);
      add_disk(d, disk, {{"/volumes/a.raw", model::DiskFormat::raw}});
    });
  };
  for (const model::DiskCache cache : {model::DiskCache::writeback, model::DiskCache::none, model::DiskCache::writethrough,
                                       model::DiskCache::directsync, model::DiskCache::unsafe}) {
    one("cache-" + json::enum_name(cache), DiskBus::virtio, [cache](model::Disk& disk) { disk.cache = cache; });
  }
  one("aio-threads", DiskBus::virtio, [](model::Disk& disk) { disk.aio = model::DiskAio::threads; });
  one("aio-io_uring", DiskBus::virtio, [](model::Disk& disk) { disk.aio = model::DiskAio::io_uring; });
  one("aio-native", DiskBus::virtio, [](model::Disk& disk) {
    disk.aio = model::DiskAio::native;
    disk.cache = model::DiskCache::none;
  });
  one("no-discard", DiskBus::virtio, [](model::Disk& disk) { disk.discard = false; });
  one("queues", DiskBus::virtio, [](model::Disk& disk) { disk.queues = 2; });
  one("shareable", DiskBus::virtio, [](model::Disk& disk) { disk.shareable = true; });
  one("limits", DiskBus::virtio, [](model::Disk& disk) { disk.limits.read = 10_MiB; });
  for (const DiskBus bus : {DiskBus::virtio, DiskBus::scsi, DiskBus::sata, DiskBus::nvme, DiskBus::usb}) {
    one("serial-" + json::enum_name(bus), bus, [](model::Disk& disk) { disk.serial = "S3Z8NB0K-1"; });
    one("sectors-" + json::enum_name(bus), bus, [bus](model::Disk& disk) {
      if (bus != DiskBus::sata) disk.logical_sector_size = 4096;
      disk.physical_sector_size = 4096;
    });
  }
  for (const DiskBus bus : {DiskBus::scsi, DiskBus::sata}) {
    one("wwn-" + json::enum_name(bus), bus, [](model::Disk& disk) { disk.wwn = "5000c50015ea71ac"; });
    one("ssd-" + json::enum_name(bus), bus, [](model::Disk& disk) { disk.ssd = true; });
  }
  for (const DiskBus bus : {DiskBus::virtio, DiskBus::scsi, DiskBus::nvme}) {
    one("slot-" + json::enum_name(bus), bus, [](model::Disk& disk) { disk.slot = model::kDiskSlots; });
  }
  all.x86("disk-slot-i440fx", [](Definition& d) {
    d.spec.chipset = "i440fx";
    model::Disk disk = make_disk("data");
    disk.slot = model::kDiskSlots;
    add_disk(d, disk, {{"/volumes/a.qcow2", model::DiskFormat::qcow2}});
  });
}

inline void add_disk_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  using model::DiskBus;
  using model::DiskFormat;
  for (const DiskBus bus : {DiskBus::auto_, DiskBus::virtio, DiskBus::scsi, DiskBus::sata, DiskBus::nvme, DiskBus::usb}) {
    all.x86("disk-bus-" + json::enum_name(bus), [bus](Definition& d) {
      add_disk(d, make_disk("root", bus), {{"/volumes/a.qcow2", DiskFormat::qcow2}});
    });
  }
  all.x86("disk-bus-ide", [](Definition& d) {
    d.spec.chipset = "i440fx";
    for (const char* id : {"a", "b", "c"}) {
      add_disk(d, make_disk(id, DiskBus::ide), {{std::string("/volumes/") + id + ".qcow2", DiskFormat::qcow2}});
    }
  });
  for (const DiskFormat format : {DiskFormat::raw, DiskFormat::vmdk, DiskFormat::vhdx, DiskFormat::vdi}) {
    all.x86("disk-format-" + json::enum_name(format), [format](Definition& d) {
      add_disk(d, make_disk("root"), {{"/volumes/a." + json::enum_name(format), format}});
    });
  }
  all.x86("disk-chain", [](Definition& d) {
    add_disk(d, make_disk("root"),
             {{"/volumes/top.qcow2", DiskFormat::qcow2},
              {"/images/middle.qcow2", DiskFormat::qcow2},
              {"/images/base.raw", DiskFormat::raw}});
  });
  all.x86("disk-read-only", [](Definition& d) {
    model::Disk disk = make_disk("data");
    disk.read_only = true;
    add_disk(d, disk, {{"/volumes/a.qcow2", DiskFormat::qcow2}});
  });
  all.x86("boot-order", [](Definition& d) {
    model::Disk first = make_disk("first");
    first.boot_index = 1;
    model::Disk second = make_disk("second");
    second.boot_index = 0;
    add_disk(d, first, {{"/volumes/a.qcow2", DiskFormat::qcow2}});
    add_disk(d, second, {{"/volumes/b.qcow2", DiskFormat::qcow2}});
  });
  all.x86("sata-eight", [](Definition& d) {
    for (int i = 0; i < 8; ++i) {
      add_disk(d, make_disk("d" + std::to_string(i), DiskBus::sata),
               {{"/volumes/s" + std::to_string(i) + ".raw", DiskFormat::raw}});
    }
  });
  all.x86("scsi-three", [](Definition& d) {
    for (int i = 0; i < 3; ++i) {
      add_disk(d, make_disk("d" + std::to_string(i), DiskBus::scsi),
               {{"/volumes/s" + std::to_string(i) + ".raw", DiskFormat::raw}});
    }
  });
  all.x86("seed", [](Definition& d) { d.seed = "/state/machines/hello/seed.img"; });
  all.x86("seed-windows", [](Definition& d) {
    d.seed = "/state/machines/hello/seed.img";
    d.spec.os.family = model::OsFamily::windows;
  });
  all.arm("arm-disk", [](Definition& d) { add_disk(d, make_disk("root"), {{"/volumes/a.qcow2", DiskFormat::qcow2}}); });
}

inline void add_cdrom_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  const auto cdrom = [](Definition& d, model::DiskBus bus, bool medium) {
    model::Disk disk = make_disk("cd", bus);
    disk.device = model::DiskDevice::cdrom;
    disk.boot_index = 0;
    if (medium) return add_disk(d, disk, {{"/isos/install.iso", model::DiskFormat::raw}});
    add_disk(d, disk, {});
  };
  all.x86("cdrom", [&](Definition& d) { cdrom(d, model::DiskBus::auto_, true); });
  all.x86("cdrom-empty", [&](Definition& d) { cdrom(d, model::DiskBus::auto_, false); });
  all.x86("cdrom-scsi", [&](Definition& d) { cdrom(d, model::DiskBus::scsi, true); });
  all.x86("cdrom-usb", [&](Definition& d) { cdrom(d, model::DiskBus::usb, true); });
  all.x86("cdrom-i440fx", [&](Definition& d) {
    d.spec.chipset = "i440fx";
    cdrom(d, model::DiskBus::auto_, true);
  });
  all.arm("arm-cdrom", [&](Definition& d) { cdrom(d, model::DiskBus::auto_, true); });
}

inline void add_card_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  using model::NicModel;
  for (const NicModel model : {NicModel::virtio, NicModel::e1000e, NicModel::e1000, NicModel::rtl8139, NicModel::pcnet}) {
    all.x86("nic-" + json::enum_name(model), [model](Definition& d) { d.spec.nics.push_back(make_nic("nic0", model)); });
  }
  all.x86("nic-forwards", [](Definition& d) {
    model::Nic nic = make_nic("nic0");
    nic.forwards = {{model::Protocol::tcp, "127.0.0.1", 40022, 22}, {model::Protocol::udp, "127.0.0.1", 40053, 53}};
    d.spec.nics.push_back(nic);
  });
  all.x86("nic-two", [](Definition& d) {
    d.spec.nics.push_back(make_nic("nic0"));
    d.spec.nics.push_back(make_nic("nic1"));
    d.spec.nics[1].mac = "52:54:00:12:34:57";
  });
  all.x86("nic-i440fx", [](Definition& d) {
    d.spec.chipset = "i440fx";
    d.spec.nics.push_back(make_nic("nic0"));
  });
  for (const NicModel model : {NicModel::virtio, NicModel::e1000e, NicModel::rtl8139}) {
    all.x86("network-boot-" + json::enum_name(model), [model](Definition& d) {
      d.spec.nics.push_back(make_nic("nic0", model));
      d.spec.nics[0].boot_index = 0;
    });
  }
  all.x86("network-boot-after-disk", [](Definition& d) {
    model::Disk disk = make_disk("root");
    disk.boot_index = 0;
    add_disk(d, disk, {{"/volumes/a.qcow2", model::DiskFormat::qcow2}});
    d.spec.nics.push_back(make_nic("nic0"));
    d.spec.nics[0].boot_index = 1;
  });
  all.x86("network-boot-direct-kernel", [](Definition& d) {
    d.spec.boot.kernel = "/boot/vmlinuz";
    d.spec.nics.push_back(make_nic("nic0"));
    d.spec.nics[0].boot_index = 0;
  });
  all.x86("display-virtio", [](Definition& d) { d.spec.display.model = model::DisplayModel::virtio; });
  all.x86("display-std", [](Definition& d) { d.spec.display.model = model::DisplayModel::std_; });
  all.arm("arm-display", [](Definition& d) { d.spec.display.model = model::DisplayModel::virtio; });
  all.arm("arm-display-std", [](Definition& d) { d.spec.display.model = model::DisplayModel::std_; });
  all.arm("arm-nic", [](Definition& d) { d.spec.nics.push_back(make_nic("nic0")); });
}

inline std::vector<Configuration> configurations() {
  Configurations all;
  add_processor_configurations(all);
  add_processor_detail_configurations(all);
  add_behaviour_configurations(all);
  add_memory_configurations(all);
  add_encryption_configurations(all);
  add_share_configurations(all);
  add_processor_model_configurations(all);
  add_boot_configurations(all);
  add_security_configurations(all);
  add_disk_configurations(all);
  add_disk_option_configurations(all);
  add_cdrom_configurations(all);
  add_card_configurations(all);
  return std::move(all.list);
}

}  // namespace visor::qemu::testing
