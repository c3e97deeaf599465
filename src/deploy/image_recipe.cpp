#include "deploy/image_recipe.h"

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "deploy/fat_volume.h"

namespace visor::deploy {
namespace {

using boost::json::array;
using boost::json::object;

/// Screen and serial line; and no check of the timer: on a busy host an emulated one comes too late for it, and the kernel would
/// give up ("IO-APIC + timer doesn't work"). Nothing here may vouch for the TSC: such a host makes the kernel measure it wrong (337
/// instead of 2596 MHz were seen: a clock that ran seven times too fast), and only its watchdog finds that out.
constexpr std::string_view kKernelSettings = "console=tty0 console=ttyS0,115200 no_timer_check";

ImageRecipe debian_12() {
  ImageRecipe recipe;
  recipe.name = "debian/12";
  recipe.title = "Debian 12 (bookworm)";
  recipe.os = {model::OsFamily::linux_, "debian12"};
  recipe.codename = "bookworm";
  // The generic kernel, not the cloud one: that has no DRM, AHCI, USB or sound, so no resizable screen and no SATA disk.
  recipe.packages = {"linux-image-amd64",
                     "initramfs-tools",
                     "busybox",
                     "zstd",
                     "grub-efi-amd64",
                     "grub-efi-amd64-signed",
                     "shim-signed",
                     "dosfstools",
                     "systemd-sysv",
                     "systemd-resolved",
                     "systemd-timesyncd",
                     "libnss-resolve",
                     "libnss-myhostname",
                     "libpam-systemd",
                     "dbus",
                     "dbus-user-session",
                     "polkitd",
                     "udev",
                     "kmod",
                     "cloud-init",
                     "openssh-server",
                     "qemu-guest-agent",
                     "sudo",
                     "ca-certificates",
                     "iproute2",
                     "iputils-ping",
                     "netbase",
                     "curl",
                     "less",
                     "nano",
                     "vim-tiny",
                     "procps",
                     "psmisc",
                     "bash-completion",
                     "pciutils",
                     "usbutils"};
  recipe.enabled_units = {"systemd-networkd.service", "systemd-resolved.service", "systemd-timesyncd.service"};
  recipe.disabled_units = {"e2scrub_reap.service", "e2scrub_all.timer"};  // for LVM, which the image does not use
  recipe.disk_size = 3_GiB;
  return recipe;
}

array to_array(std::initializer_list<const char*> names) {
  array list;
  for (const char* name : names) list.emplace_back(name);
  return list;
}

/// cloud-init's modules without those for other clouds: each start of it imports all of them, which is slow under TCG.
std::string cloud_config() {
  object config;
  config["growpart"] = object{{"mode", "off"}};  // systemd-repart and systemd-growfs do it, without Python
  config["resize_rootfs"] = false;
  config["apt_preserve_sources_list"] = true;
  config["ssh_genkeytypes"] = to_array({"ed25519", "ecdsa"});  // making an RSA key takes seconds under TCG
  config["system_info"] = object{{"network", object{{"renderers", to_array({"networkd"})}}}};
  config["cloud_init_modules"] = to_array({"seed_random", "bootcmd", "write-files", "disk_setup", "mounts", "set_hostname",
                                           "update_hostname", "update_etc_hosts", "ca-certs", "users-groups", "ssh"});
  config["cloud_config_modules"] =
      to_array({"ssh-import-id", "locale", "set-passwords", "apt-configure", "ntp", "timezone", "runcmd"});
  config["cloud_final_modules"] =
      to_array({"package-update-upgrade-install", "write-files-deferred", "scripts-vendor", "scripts-per-once",
                "scripts-per-boot", "scripts-per-instance", "scripts-user", "phone-home", "final-message", "power-state-change"});
  return boost::json::serialize(config) + "\n";
}

/// The distribution's public mirror, whatever mirror the image was built from.
std::string sources(const ImageRecipe& recipe) {
  const auto entry = [](std::string_view archive, const std::string& suites) {
    return fmt::format(
        "Types: deb\nURIs: http://deb.debian.org/{}\nSuites: {}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
        archive, suites);
  };
  return entry("debian", fmt::format("{0} {0}-updates", recipe.codename)) + "\n" +
         entry("debian-security", recipe.codename + "-security");
}

std::string fstab(const DiskIdentity& identity) {
  return fmt::format(
      "UUID={} / ext4 defaults,noatime,errors=remount-ro,x-systemd.growfs 0 1\n"
      "UUID={} /boot/efi vfat umask=0077,noauto,x-systemd.automount,x-systemd.idle-timeout=60 0 2\n",
      identity.root_uuid, fat_uuid(identity.esp_id));
}

/// Used until the guest runs update-grub for the first time; the links /vmlinuz and /initrd.img follow kernel upgrades.
std::string grub_configuration(const DiskIdentity& identity) {
  return fmt::format("set timeout=0\nsearch --no-floppy --fs-uuid --set=root {0}\nlinux /vmlinuz {1}\ninitrd /initrd.img\nboot\n",
                     identity.root_uuid, kernel_command_line(identity));
}

std::vector<GuestFile> boot_files(const DiskIdentity& identity) {
  return {
      {"etc/fstab", fstab(identity)},
      {"boot/grub/grub.cfg", grub_configuration(identity)},
      {"etc/default/grub.d/50-visor.cfg",
       fmt::format(
           "GRUB_TIMEOUT=0\nGRUB_TERMINAL=\"console serial\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"\"\nGRUB_CMDLINE_LINUX=\"{}\"\n"
           "GRUB_DISABLE_OS_PROBER=true\n",
           kKernelSettings)},
      {"etc/repart.d/50-root.conf", "[Partition]\nType=root\n"},
  };
}

std::vector<GuestFile> network_files() {
  return {
      {"etc/hostname", "localhost\n"},
      {"etc/hosts",
       "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"},
      {"etc/systemd/network/80-ethernet-dhcp.network", "[Match]\nType=ether\nKind=!*\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n"},
      // A machine without a network must not wait two minutes for one.
      {"etc/systemd/system/systemd-networkd-wait-online.service.d/visor.conf",
       "[Service]\nExecStart=\nExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=15\n"},
      // Asking for wireless cards would load cfg80211 at every boot; real cards still load it by their driver.
      {"etc/modprobe.d/visor.conf", "alias net-pf-16-proto-16-family-nl80211 off\n"},
  };
}

std::vector<GuestFile> service_files() {
  return {
      {"etc/default/locale", "LANG=C.UTF-8\n"},
      {"etc/cloud/cloud.cfg.d/90_visor.cfg", cloud_config()},
      // ds-identify is a shell script that understands this one line of YAML only.
      {"etc/cloud/cloud.cfg.d/91_datasource.cfg", "datasource_list: [ NoCloud, None ]\n"},
      {"etc/cloud/ds-identify.cfg", "policy: search,found=first,maybe=none,notfound=disabled\n"},
      {"etc/ssh/sshd_config.d/60-visor.conf", "PasswordAuthentication no\n"},
      // The agent blocks in write(2) when the host hangs up in the middle of an answer.
      {"etc/systemd/system/qemu-guest-agent.service.d/visor.conf", "[Service]\nTimeoutStopSec=5\n"},
      {"etc/machine-id", ""},
  };
}

void append(std::vector<GuestFile>& to, std::vector<GuestFile> more) {
  for (GuestFile& file : more) to.push_back(std::move(file));
}

}  // namespace

const std::vector<ImageRecipe>& image_recipes() {
  static const std::vector<ImageRecipe> recipes{debian_12()};
  return recipes;
}

const ImageRecipe& find_recipe(std::string_view name, model::Arch architecture) {
  std::string known;
  for (const ImageRecipe& recipe : image_recipes()) {
    if (recipe.name == name && recipe.architecture == architecture) return recipe;
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", recipe.name, json::enum_name(recipe.architecture));
  }
  throw Error(ErrorKind::not_found, "image.unknown_recipe",
              fmt::format("There is no recipe for an image '{}' for {}.", text::printable(name.substr(0, 130)),
                          json::enum_name(architecture)),
              fmt::format("These can be built: {}.", known));
}

std::vector<GuestFile> early_guest_files() {
  // Every bus that a disk of a machine can be on, named instead of "most": a small initrd is quick to unpack.
  return {{"etc/initramfs-tools/modules",
           "virtio_pci\nvirtio_blk\nvirtio_scsi\nnvme\nahci\nata_piix\nsd_mod\nsr_mod\nxhci_pci\nusb_storage\nuas\next4\n"},
          {"etc/initramfs-tools/conf.d/visor", "MODULES=list\nCOMPRESS=zstd\nFSTYPE=ext4\nRESUME=none\n"}};
}

std::vector<GuestFile> guest_files(const ImageRecipe& recipe, const DiskIdentity& identity) {
  std::vector<GuestFile> files{{"etc/apt/sources.list.d/debian.sources", sources(recipe)}};
  append(files, boot_files(identity));
  append(files, network_files());
  append(files, service_files());
  return files;
}

std::vector<std::string> leftovers() {
  return {"etc/apt/apt.conf.d/99mmdebstrap",
          "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
          "etc/apt/sources.list",
          "etc/apt/sources.list.d/0000*",
          "etc/ssh/ssh_host_*",
          "etc/resolv.conf"};
}

std::string kernel_command_line(const DiskIdentity& identity) {
  return fmt::format("root=UUID={} ro {}", identity.root_uuid, kKernelSettings);
}

std::string esp_boot_configuration(const DiskIdentity& identity) {
  return fmt::format("search.fs_uuid {} root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n", identity.root_uuid);
}

}  // namespace visor::deploy
