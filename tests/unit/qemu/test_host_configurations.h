// Machines whose settings speak of the host: memory, shares of processors, processor models, firmware with keys.
#pragma once

#include <fmt/format.h>

#include "qemu/test_configuration.h"

namespace visor::qemu::testing {

inline void add_memory_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("memory-dynamic", [](Definition& d) { d.spec.memory.dynamic.enabled = true; });
  all.x86("memory-dynamic-bounds", [](Definition& d) { d.spec.memory.dynamic = {true, 32_MiB, 256_MiB, 50}; });
  all.x86("memory-dynamic-off-with-bounds", [](Definition& d) { d.spec.memory.dynamic = {false, 32_MiB, 256_MiB, 50}; });
  all.x86("memory-locked", [](Definition& d) { d.spec.memory.locked = true; });
  for (const std::uint32_t nodes : {2U, 3U, 4U, 8U}) {
    const std::string name = std::to_string(nodes);
    const auto in_nodes = [nodes](Definition& d) {
      d.spec.cpu.count = nodes + 1;
      d.spec.memory.size = Bytes{(16_MiB).count * nodes};
      d.spec.memory.nodes = nodes;
    };
    all.x86("memory-nodes-" + name, in_nodes);
    all.arm("arm-memory-nodes-" + name, in_nodes);
  }
  all.x86("memory-room", [](Definition& d) { d.spec.memory.maximum = 256_MiB; });
  all.x86("memory-room-none-left", [](Definition& d) { d.spec.memory.maximum = d.spec.memory.size; });
  all.x86("memory-room-i440fx", [](Definition& d) {
    d.spec.chipset = "i440fx";
    d.spec.memory.maximum = 8_GiB;
  });
  all.x86("memory-room-host-node", [](Definition& d) {
    d.spec.memory.maximum = 256_MiB;
    d.spec.memory.merge = false;
    d.spec.memory.host_nodes = {"0"};
  });
  all.x86("memory-pages-fallback", [](Definition& d) {
    d.spec.memory.page_size = "2MiB";
    d.spec.memory.page_fallback = true;
  });
  all.x86("memory-nodes-maximum", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.cpu.maximum = 4;
    d.spec.memory.nodes = 2;
  });
  all.x86("memory-nodes-dynamic", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.memory.nodes = 2;
    d.spec.memory.dynamic = {true, {}, 128_MiB, 20};
  });
  all.x86("memory-nodes-i440fx", [](Definition& d) {
    d.spec.chipset = "i440fx";
    d.spec.cpu.count = 2;
    d.spec.memory.nodes = 2;
  });
  all.x86("memory-host-node", [](Definition& d) { d.spec.memory.host_nodes = {"0"}; });
  all.x86("memory-host-node-any", [](Definition& d) { d.spec.memory.host_nodes = {""}; });
  all.x86("memory-host-node-no-merge", [](Definition& d) {
    d.spec.memory.host_nodes = {"0"};
    d.spec.memory.merge = false;
  });
  all.x86("memory-host-nodes", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.memory.nodes = 2;
    d.spec.memory.host_nodes = {"0", "0"};
  });
  all.arm("arm-memory-host-node", [](Definition& d) { d.spec.memory.host_nodes = {"0"}; });
  for (const char* size : {"2MiB", "1GiB"}) {
    all.x86(std::string("memory-pages-") + size, [size](Definition& d) {
      d.spec.memory.size = 1_GiB;
      d.spec.memory.page_size = size;
    });
  }
  all.x86("memory-pages-nodes", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.memory.page_size = "2MiB";
    d.spec.memory.nodes = 2;
    d.spec.memory.host_nodes = {"0", "1"};
  });
  for (const std::uint64_t mebibytes : {16U, 100U, 1024U, 3072U}) {
    all.x86("memory-size-" + std::to_string(mebibytes), [mebibytes](Definition& d) { d.spec.memory.size = {mebibytes << 20U}; });
  }
}

/// On hosts that encrypt: there is KVM.
inline void add_encryption_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  const auto encrypted = [&](const std::string& name, const std::string& value, const Configurations::Change& change) {
    all.x86(
        name,
        [&](Definition& d) {
          d.spec.firmware = model::Firmware::uefi;
          d.spec.memory.encryption = value;
          change(d);
        },
        "kvm");
  };
  for (const char* value : {"sev", "sev-es", "sev-snp", "tdx"}) {
    encrypted(std::string("memory-encryption-") + value, value, [](Definition&) {});
  }
  encrypted("memory-encryption-sev-nodes", "sev", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.memory.nodes = 2;
    d.spec.memory.host_nodes = {"0", "0"};
  });
  encrypted("memory-encryption-sev-secure-boot", "sev", [](Definition& d) { d.spec.secure_boot = model::SecureBoot::own; });
  encrypted("memory-encryption-sev-es-reboot", "sev-es", [](Definition& d) { d.spec.on_reboot = model::RebootAction::shutdown; });
  encrypted("memory-encryption-sev-pages", "sev", [](Definition& d) { d.spec.memory.page_size = "2MiB"; });
  encrypted("memory-encryption-sev-devices", "sev", [](Definition& d) {
    d.spec.nics.push_back(make_nic("nic0"));
    d.spec.display.model = model::DisplayModel::virtio;
    add_disk(d, make_disk("root"), {{"/volumes/root.qcow2", model::DiskFormat::qcow2}});
  });
}

/// Who may use the host's processors how much: nothing of it is an argument, all of it is a step.
inline void add_share_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("cpu-weight", [](Definition& d) { d.spec.cpu.weight = 400; });
  all.x86("cpu-limit", [](Definition& d) { d.spec.cpu.limit_percent = 30; });
  all.x86("cpu-limit-of-four", [](Definition& d) {
    d.spec.cpu.count = 4;
    d.spec.cpu.limit_percent = 25;
  });
  all.x86("cpu-reserve", [](Definition& d) { d.spec.cpu.reserve_percent = 50; });
  all.x86("cpu-share-limit-reserve", [](Definition& d) {
    d.spec.cpu.count = 2;
    d.spec.cpu.weight = 200;
    d.spec.cpu.limit_percent = 75;
    d.spec.cpu.reserve_percent = 25;
  });
  all.x86("cpu-realtime-pinned", [](Definition& d) {
    d.spec.cpu.scheduling = model::Scheduling::realtime;
    d.spec.cpu.pinning = {{"0"}, "1", false, ""};
  });
  all.arm("arm-cpu-limit", [](Definition& d) { d.spec.cpu.limit_percent = 50; });
  all.x86("cpu-pinned", [](Definition& d) { d.spec.cpu.pinning = {{"0"}, "", false, ""}; });
  all.x86("cpu-pinned-disk-threads", [](Definition& d) {
    d.spec.cpu.io_threads = 2;
    d.spec.cpu.pinning.io = "1";
    for (const auto& [id, bus] : {std::pair{"a", model::DiskBus::virtio},
                                  {"b", model::DiskBus::virtio},
                                  {"c", model::DiskBus::scsi},
                                  {"d", model::DiskBus::sata}}) {
      add_disk(d, make_disk(id, bus), {{std::string("/volumes/") + id + ".qcow2", model::DiskFormat::qcow2}});
    }
  });
  all.x86("cpu-pinned-emulator", [](Definition& d) { d.spec.cpu.pinning = {{}, "0", false, ""}; });
  all.x86("cpu-pinned-exclusive", [](Definition& d) { d.spec.cpu.pinning = {{"1"}, "2-3", true, ""}; });
  all.x86("cpu-realtime", [](Definition& d) { d.spec.cpu.scheduling = model::Scheduling::realtime; });
  all.x86("cpu-own-cores", [](Definition& d) { d.spec.cpu.scheduling = model::Scheduling::core; });
  for (const model::Frequency frequency : {model::Frequency::high, model::Frequency::low}) {
    all.x86("cpu-frequency-" + json::enum_name(frequency), [frequency](Definition& d) { d.spec.cpu.frequency = frequency; });
  }
  for (const model::Energy energy : {model::Energy::performance, model::Energy::balance_power}) {
    all.x86("cpu-energy-" + json::enum_name(energy), [energy](Definition& d) {
      d.spec.cpu.pinning = {{"1"}, "2-3", true, ""};
      d.spec.cpu.energy = energy;
    });
  }
  all.x86("nic-unplugged", [](Definition& d) {
    d.spec.nics.push_back(make_nic("nic0"));
    d.spec.nics[0].link_up = false;
  });
}

inline void add_processor_model_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  for (const char* model :
       {"max", "qemu32", "kvm64", "Nehalem", "Westmere", "SandyBridge", "IvyBridge", "Haswell", "Broadwell", "Skylake-Client",
        "Skylake-Server", "Icelake-Server", "Opteron_G3", "Opteron_G5", "EPYC", "EPYC-Rome", "EPYC-Milan"}) {
    all.x86(std::string("cpu-model-") + model, [model](Definition& d) { d.spec.cpu.model = model; });
  }
  for (const char* level : {"x86-64-v2", "x86-64-v3"}) {
    all.x86(std::string("cpu-level-") + level, [level](Definition& d) { d.spec.cpu.model = level; });
  }
  all.x86("cpu-level-nested", [](Definition& d) {
    d.spec.cpu.model = "x86-64-v2";
    d.spec.cpu.nested = model::Toggle::on;
  });
  all.x86("cpu-level-topology", [](Definition& d) {
    d.spec.cpu.model = "x86-64-v3";
    d.spec.cpu.count = 4;
    d.spec.cpu.topology = {2, 1, 2, 1};
  });
  for (const char* model : {"max", "cortex-a53", "cortex-a72", "cortex-a76", "neoverse-n1"}) {
    all.arm(std::string("arm-cpu-model-") + model, [model](Definition& d) { d.spec.cpu.model = model; });
  }
  for (const char* feature : {"aes", "avx", "bmi1", "fma", "hypervisor", "invtsc", "pcid", "smap", "smep", "vaes", "xsave"}) {
    all.x86(std::string("cpu-without-") + feature,
            [feature](Definition& d) { d.spec.cpu.features = {std::string("-") + feature}; });
  }
  for (const std::uint32_t count : {3U, 6U, 8U, 16U}) {
    all.x86("cpus-" + std::to_string(count), [count](Definition& d) { d.spec.cpu.count = count; });
    all.arm("arm-cpus-" + std::to_string(count), [count](Definition& d) { d.spec.cpu.count = count; });
  }
  for (const std::uint32_t bits : {32U, 36U, 39U, 46U, 52U}) {
    all.x86("cpu-physical-bits-" + std::to_string(bits), [bits](Definition& d) { d.spec.cpu.physical_bits = bits; });
  }
}

inline void add_security_configurations(Configurations& all) {
  using Definition = hypervisor::MachineDefinition;
  all.x86("tpm", [](Definition& d) { d.spec.tpm.enabled = true; });
  all.x86("tpm-i440fx", [](Definition& d) {
    d.spec.chipset = "i440fx";
    d.spec.tpm.enabled = true;
  });
  all.x86("tpm-uefi", [](Definition& d) {
    d.spec.firmware = model::Firmware::uefi;
    d.spec.tpm.enabled = true;
  });
  for (const model::SecureBoot keys : {model::SecureBoot::microsoft, model::SecureBoot::own}) {
    all.x86("secure-boot-" + json::enum_name(keys), [keys](Definition& d) {
      d.spec.firmware = model::Firmware::uefi;
      d.spec.secure_boot = keys;
    });
  }
  all.x86("secure-boot-tpm", [](Definition& d) {
    d.spec.firmware = model::Firmware::uefi;
    d.spec.secure_boot = model::SecureBoot::microsoft;
    d.spec.tpm.enabled = true;
  });
  const auto share = [](const std::string& path, bool read_only, model::ShareOwners owners) {
    return model::Share{"src", path, read_only, owners};
  };
  using model::ShareOwners;
  all.x86("share", [&](Definition& d) { d.spec.shares = {share("/srv/a folder, with commas", false, ShareOwners::mapped)}; });
  all.x86("share-read-only", [&](Definition& d) { d.spec.shares = {share("/srv/films", true, ShareOwners::mapped)}; });
  all.x86("share-plain", [&](Definition& d) { d.spec.shares = {share("/srv/src", false, ShareOwners::plain)}; });
  all.x86("share-i440fx", [&](Definition& d) {
    d.spec.chipset = "i440fx";
    d.spec.shares = {share("/srv/src", false, ShareOwners::mapped), {"films", "/srv/films", true, ShareOwners::plain}};
  });
  all.arm("arm-share", [&](Definition& d) { d.spec.shares = {share("/srv/src", false, ShareOwners::mapped)}; });
  const model::Share served{"src", "/srv/src", false, ShareOwners::plain, "virtiofs"};
  all.x86("share-virtiofs", [&](Definition& d) { d.spec.shares = {served}; });
  all.x86("share-virtiofs-beside-9p", [&](Definition& d) {
    d.spec.shares = {share("/srv/films", true, ShareOwners::mapped), served};
    d.spec.shares[0].tag = "films";
    d.spec.memory.maximum = 512_MiB;
  });
  all.x86("share-virtiofs-nodes", [&](Definition& d) {
    d.spec.shares = {served};
    d.spec.shares[0].read_only = true;
    d.spec.cpu.count = 2;
    d.spec.memory.nodes = 2;
  });
  all.x86("share-virtiofs-huge-pages", [&](Definition& d) {
    d.spec.shares = {served};
    d.spec.memory.page_size = "2MiB";
  });
  all.arm("arm-share-virtiofs", [&](Definition& d) { d.spec.shares = {served}; });
  for (const std::uint32_t ports : {2U, 4U}) {
    all.x86(fmt::format("serial-ports-{}", ports), [ports](Definition& d) { d.spec.serial_ports = ports; });
  }
  all.x86("vsock", [](Definition& d) { d.spec.vsock.enabled = true; });
  all.arm("arm-tpm", [](Definition& d) { d.spec.tpm.enabled = true; });
}

}  // namespace visor::qemu::testing
