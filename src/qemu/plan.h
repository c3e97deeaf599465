// What the launcher hands to QEMU as open descriptors, decided before anything is opened: the arguments are a pure function
// of the definition and this plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "model/machine_spec.h"
#include "qemu/share_policy.h"

namespace visor::qemu {

/// The program that serves folders by virtiofs (folder_server.h).
struct FolderServer {
  enum class Kind { none, c, rust };
  std::filesystem::path program;  ///< empty: there is none
  Kind kind = Kind::none;
  bool read_only = false;  ///< it has an option for that
};

/// What was found out about the host before the arguments are made.
struct Choices {
  std::filesystem::path program;   ///< the QEMU binary
  std::string accelerator;         ///< "kvm" or "tcg"
  std::string accelerator_reason;  ///< why not the better one
  std::string machine_type;        ///< versioned: "pc-q35-7.2"
  /// Firmware image in flash; nothing: the machine's built-in BIOS, or none.
  struct Firmware {
    std::filesystem::path code;
    std::filesystem::path variables_template;
    bool secure = false;  ///< guards its variables by system management mode: Secure Boot
  };
  std::optional<Firmware> firmware;
  std::filesystem::path tpm_program;   ///< empty: the machine has no TPM
  FolderServer folder_server;          ///< set when the machine shares a folder by virtiofs
  SharePolicy shares;                  ///< which folders may be shared
  std::string nested_feature = "svm";  ///< what nested virtualization is on this host: "vmx" or "svm"
  /// Firmware that is loaded into memory, where encryption leaves no flash; empty: `firmware` is what counts.
  std::filesystem::path rom;
  std::uint32_t encryption_bit = 0;  ///< of page tables, on a host of AMD
  std::uint32_t reduced_bits = 0;    ///< address bits that an encrypted guest loses there
};

/// A file that QEMU gets as a descriptor.
struct PlannedFile {
  std::filesystem::path path;
  bool writable = false;
  int descriptor = -1;  ///< its number inside QEMU
  int set = -1;         ///< number of its descriptor set: "/dev/fdset/SET" is its name for QEMU
  std::string label;    ///< "disk0.0": shown by query-fdsets and used to explain errors; never a text of the user
  std::string disk_id;  ///< the disk it belongs to, empty for others

  std::string name() const { return "/dev/fdset/" + std::to_string(set); }
};

/// The layers of one disk in the order of the definition (the top one first).
struct PlannedDisk {
  std::string disk_id;
  std::vector<PlannedFile> layers;
};

struct PlannedFirmware {
  PlannedFile code;
  PlannedFile variables;
};

/// By 9p: a folder that QEMU gets as a descriptor, and opens by "/proc/self/fd/N": it needs no rights to the folders above.
/// By virtiofs: the connection to its server.
struct PlannedShare {
  model::Share share;
  int descriptor = -1;
};

/// A serial port behind the console.
struct PlannedSerial {
  int socket = -1;  ///< listening
  PlannedFile log;
};

/// Every descriptor and every decision of one start.
struct Plan {
  Choices choices;
  int control_socket = -1;  ///< listening sockets
  int people_socket = -1;
  int serial_socket = -1;
  int agent_socket = -1;  ///< -1: no agent port
  PlannedFile serial_log;
  std::vector<PlannedDisk> disks;
  std::optional<PlannedFile> seed;
  std::optional<PlannedFirmware> firmware;
  int kernel = -1;  ///< opened read-only; QEMU reads /proc/self/fd/N
  int initrd = -1;
  int tpm_socket = -1;    ///< QEMU's end of the pair, -1: no TPM
  std::string page_note;  ///< why the machine gets other pages than wanted; empty: it does not
  std::vector<PlannedShare> shares;
  std::vector<PlannedSerial> more_serials;                ///< those behind the console
  int vsock = -1;                                         ///< the kernel's end of the line to the host, -1: none
  std::uint32_t vsock_cid = 0;                            ///< its address, which launch() takes or the next free one
  std::vector<std::vector<model::PortForward>> forwards;  ///< per nic of the spec, with the host ports really used
};

/// The chipset that `auto` means for this architecture.
std::string resolve_chipset(const model::MachineSpec& spec);
/// The CPU model that `auto` means with this accelerator.
std::string resolve_cpu_model(const model::MachineSpec& spec, const std::string& accelerator);

/// What the file of the firmware variables is called in a machine's state directory.
std::string variables_name(model::SecureBoot secure_boot);
/// Where the firmware variables of a machine are kept.
std::filesystem::path variables_file(const hypervisor::MachineDefinition& definition);

/// Numbers every descriptor. Pure: opens nothing; forwards keep the spec's host ports.
Plan make_plan(const hypervisor::MachineDefinition& definition, Choices choices);

/// All block files of a plan (disks, seed, firmware, serial log): what is opened and given as descriptor sets.
std::vector<PlannedFile> planned_files(const Plan& plan);

}  // namespace visor::qemu
