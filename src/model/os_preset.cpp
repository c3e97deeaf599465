#include "model/os_preset.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/json.h"
#include "model/settings.h"

namespace visor::model {
namespace {

constexpr Bytes kDefaultMemory{std::uint64_t{1} << 30U};
constexpr std::uint32_t kDefaultCpus = 2;

class Choices {
 public:
  void add(std::string setting, boost::json::value value, std::string reason) {
    list_.push_back({std::move(setting), std::move(value), std::move(reason)});
  }
  std::vector<PresetChoice> take() { return std::move(list_); }

 private:
  std::vector<PresetChoice> list_;
};

bool has(const OperatingSystem& system, GuestDriver driver) {
  return std::find(system.drivers.begin(), system.drivers.end(), driver) != system.drivers.end();
}

bool is_dos(const OperatingSystem& system) { return system.kind == "msdos" || system.kind == "win16" || system.kind == "win9x"; }

/// "5.1" of Windows XP is 5.1; 0 where there is no number.
double version_of(const OperatingSystem& system) {
  double version = 0;
  double digit = 1;
  bool fraction = false;
  for (const char c : system.version) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      version = fraction ? version + (digit /= 10) * (c - '0') : version * 10 + (c - '0');
    } else {
      break;
    }
  }
  return version;
}

bool windows_before(const OperatingSystem& system, double version) {
  return system.kind == "winnt" && version_of(system) < version;
}

bool released_before(const OperatingSystem& system, const char* day) { return !system.released.empty() && system.released < day; }

/// Systems without drivers for AHCI and PCI Express: from before Windows Vista, or Linux from before 2008.
bool needs_old_board(const OperatingSystem& system) {
  constexpr double kVista = 6.0;
  if (has(system, GuestDriver::q35)) return false;
  return is_dos(system) || windows_before(system, kVista) || released_before(system, "2008");
}

void choose_sizes(const OperatingSystem& system, Choices& choices) {
  const std::uint32_t cpus = std::max(system.recommended.cpus, system.minimum.cpus);
  if (is_dos(system)) {
    choices.add("cpu.count", 1, "It uses one processor only.");
  } else if (cpus > kDefaultCpus) {
    choices.add("cpu.count", cpus, "Its maker recommends as many.");
  }
  const Bytes memory = std::max(system.recommended.memory, system.minimum.memory);
  constexpr Bytes kMostForDos{std::uint64_t{256} << 20U};
  if (is_dos(system)) {
    choices.add("memory.size", kMostForDos.count, "More memory makes it fail at its start.");
  } else if (memory > kDefaultMemory) {
    choices.add("memory.size", memory.count, "Its maker recommends as much.");
  }
  const Bytes disk = std::max(system.recommended.disk, system.minimum.disk);
  if (disk.count > 0) choices.add("diskSize", disk.count, "Its maker recommends as much.");
}

void choose_platform(const OperatingSystem& system, Choices& choices) {
  if (system.family == OsFamily::windows) {
    choices.add("os.family", "windows", "The clock, the timers and Hyper-V's enlightenments follow it.");
  } else if (system.family == OsFamily::other) {
    choices.add("os.family", "other", "It is neither Linux nor Windows.");
  }
  constexpr double kWindows8 = 6.2;
  const bool old_board = needs_old_board(system);
  if (old_board) choices.add("chipset", "i440fx", "It has no drivers for PCI Express and AHCI.");
  const bool bios =
      !system.uefi && system.bios && (old_board || windows_before(system, kWindows8) || released_before(system, "2012"));
  if (bios) choices.add("firmware", "bios", "It is older than UEFI, or does not start with it reliably.");
  if (is_dos(system)) {
    choices.add("cpu.model", "pentium3", "It was made for processors of its time.");
  } else if (old_board && system.family == OsFamily::windows) {
    choices.add("cpu.model", "core2duo", "It was made before current processors and stumbles over some of their features.");
  }
  if (system.kind == "msdos") choices.add("clock", "localtime", "It takes the board's clock for local time.");
  if (system.kind == "winnt" && version_of(system) < 5.0)
    choices.add("cpu.legacyOs", true, "Its setup stops at newer CPUID leaves.");
}

void choose_devices(const OperatingSystem& system, Choices& choices) {
  const bool old_board = needs_old_board(system);
  if (!has(system, GuestDriver::virtio_disk)) {
    choices.add("disks[].bus", old_board ? "ide" : "sata",
                "It has no virtio driver of its own; the disk is there from the start.");
  }
  constexpr std::pair<GuestDriver, const char*> kCards[] = {{GuestDriver::e1000e, "e1000e"},
                                                            {GuestDriver::e1000, "e1000"},
                                                            {GuestDriver::rtl8139, "rtl8139"},
                                                            {GuestDriver::pcnet, "pcnet"}};
  if (!has(system, GuestDriver::virtio_net)) {
    const auto card = std::find_if(std::begin(kCards), std::end(kCards), [&](const auto& one) { return has(system, one.first); });
    const char* fallback = is_dos(system) ? "pcnet" : old_board ? "rtl8139" : "e1000e";
    choices.add("nics[].model", card == std::end(kCards) ? fallback : card->second,
                "It has no virtio driver of its own; the network is there from the start.");
  }
  const bool modern_linux = system.family == OsFamily::linux_ && !released_before(system, "2015");
  if (!has(system, GuestDriver::virtio_gpu) && !modern_linux) {
    choices.add("display.model", "std", "It has a driver for plain VGA, not for virtio.");
  }
  if (!has(system, GuestDriver::usb_tablet) && old_board) {
    choices.add("display.tablet", false, "It knows no USB tablet; the mouse is caught by the screen.");
  }
  if (old_board) {
    choices.add("guestAgent", false, "There is no driver for the agent's port.");
    choices.add("rng", false, "There is no driver for it.");
  }
}

/// The one place for what a system wants of Secure Boot and the TPM. Left out while there is no such setting.
void choose_security(const OperatingSystem& system, Choices& choices) {
  constexpr double kWindows11 = 11.0;
  if (system.kind != "winnt" || version_of(system) < kWindows11) return;
  choices.add("tpm.enabled", true, "Its setup refuses computers without a TPM 2.0.");
  choices.add("secureBoot", "microsoft", "Its setup refuses computers without Secure Boot.");
}

bool is_known(const std::string& setting) { return setting == "diskSize" || find_setting(setting) != nullptr; }

}  // namespace

std::vector<PresetChoice> preset_for(const OperatingSystem& system, Arch arch) {
  Choices choices;
  choose_sizes(system, choices);
  if (arch == Arch::x86_64) {
    choose_platform(system, choices);
    choose_devices(system, choices);
    choose_security(system, choices);
  }
  std::vector<PresetChoice> list = choices.take();
  std::erase_if(list, [](const PresetChoice& choice) { return !is_known(choice.setting); });
  return list;
}

}  // namespace visor::model
