// The catalogue of images that can be built, and what goes into them. Pure data and text: nothing here touches the host.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/image.h"

namespace visor::deploy {

/// How to build one image.
struct ImageRecipe {
  std::string name;  ///< "debian/12"
  std::string title;
  model::Os os;
  model::Arch architecture = model::Arch::x86_64;
  std::string codename;  ///< of the release, as apt knows it
  std::vector<std::string> packages;
  std::vector<std::string> enabled_units;
  std::vector<std::string> disabled_units;
  Bytes disk_size;  ///< virtual; machines get a bigger one and the guest grows into it
};

const std::vector<ImageRecipe>& image_recipes();

/// Throws Error `image.unknown_recipe`.
const ImageRecipe& find_recipe(std::string_view name, model::Arch architecture);

/// The random parts of one disk.
struct DiskIdentity {
  std::string root_uuid;
  std::uint32_t esp_id = 0;
};

/// A file of the guest, owned by its root.
struct GuestFile {
  std::filesystem::path path;  ///< relative to the guest's root
  std::string content;
  unsigned mode = 0644;
};

/// Files that must be there before the kernel's package makes its initrd.
std::vector<GuestFile> early_guest_files();

/// Files laid over the installed packages.
std::vector<GuestFile> guest_files(const ImageRecipe& recipe, const DiskIdentity& identity);

/// What the installation leaves behind and the image must not have (host keys, the builder's apt settings): paths relative to
/// the guest's root. `*` at the end stands for any ending.
std::vector<std::string> leftovers();

/// Kernel arguments for a direct boot.
std::string kernel_command_line(const DiskIdentity& identity);

/// The boot loader's first configuration, on the EFI system partition: it hands over to the one on the root file system, which
/// the guest keeps up to date by itself when it upgrades its kernel.
std::string esp_boot_configuration(const DiskIdentity& identity);

}  // namespace visor::deploy
