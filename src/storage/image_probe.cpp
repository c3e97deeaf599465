#include "storage/image_probe.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "storage/qcow2_header.h"
#include "storage/vmdk_probe.h"

namespace visor::storage {
namespace {

using model::DiskFormat;

constexpr std::uint64_t kSector = 512;
constexpr std::string_view kVhdxMagic = "vhdxfile";
constexpr std::uint64_t kVdiSignature = 0xbeda107f;
constexpr const char* kStateFormat = "If it is a raw disk nevertheless, state the format raw.";

/// Files that people try to import and that have a name better than "unknown".
struct KnownFile {
  std::string_view magic;
  std::size_t offset;
  std::string_view what;
  std::string_view hint;
};
using namespace std::string_view_literals;
constexpr std::array kKnownFiles{
    KnownFile{"\xfd"
              "7zXZ\0"sv,
              0, "an xz archive", "Unpack it first: `unxz FILE`."},
    KnownFile{"\x1f\x8b"sv, 0, "a gzip archive", "Unpack it first: `gunzip FILE`."},
    KnownFile{"BZh"sv, 0, "a bzip2 archive", "Unpack it first: `bunzip2 FILE`."},
    KnownFile{"\x28\xb5\x2f\xfd"sv, 0, "a zstd archive", "Unpack it first: `unzstd FILE`."},
    KnownFile{"PK\x03\x04"sv, 0, "a zip archive", "Unpack it and import the disk in it."},
    KnownFile{"7z\xbc\xaf\x27\x1c"sv, 0, "a 7-zip archive", "Unpack it and import the disk in it."},
    KnownFile{"ustar"sv, 257, "a tar or OVA archive", "Unpack it with `tar -xf FILE` and import the disk in it."},
    KnownFile{"conectix"sv, 0, "a VHD (not VHDX) disk", "Convert it first: `qemu-img convert -f vpc -O qcow2 FILE NEW`."},
    KnownFile{"QED\0"sv, 0, "a QED disk", "Convert it first: `qemu-img convert -f qed -O qcow2 FILE NEW`."},
    KnownFile{"LUKS\xba\xbe"sv, 0, "a LUKS-encrypted disk", kStateFormat},
    KnownFile{"<!DOCTYPE"sv, 0, "a web page", "The address leads to a page; use the address of the file itself."},
    KnownFile{"<html"sv, 0, "a web page", "The address leads to a page; use the address of the file itself."},
};

bool is_vdi(const ByteSource& bytes) { return little_endian(bytes.read(0x40, 4), 0, 4) == kVdiSignature; }
bool is_vhdx(const ByteSource& bytes) { return bytes.read(0, kVhdxMagic.size()) == kVhdxMagic; }
bool is_iso(const ByteSource& bytes) { return bytes.read(0x8001, 5) == "CD001"; }
bool is_gpt(const ByteSource& bytes) { return bytes.read(kSector, 8) == "EFI PART"; }
bool has_boot_signature(const ByteSource& bytes) { return bytes.read(510, 2) == "\x55\xaa"; }

std::optional<DiskFormat> format_by_magic(const ByteSource& bytes) {
  if (has_qcow2_magic(bytes)) return DiskFormat::qcow2;
  if (is_vmdk(bytes)) return DiskFormat::vmdk;
  if (is_vhdx(bytes)) return DiskFormat::vhdx;
  if (is_vdi(bytes)) return DiskFormat::vdi;
  return std::nullopt;
}

ProbedImage check_qcow2(const ByteSource& bytes, const std::string& name) {
  const Qcow2Header header = read_qcow2_header(bytes, name);
  if (header.has_data_file) throw has_backing_file(name, header.data_file.empty() ? "its data file" : header.data_file);
  if (header.encrypted) {
    throw Error(ErrorKind::unsupported, "image.encrypted", fmt::format("{} is encrypted.", text::printable(name)),
                "Decrypt it first with `qemu-img convert`.");
  }
  return {DiskFormat::qcow2, header.backing_file, header.backing_format};
}

/// VDI header as in VirtualBox's VDICore.h: all blocks that it counts must be there.
void check_vdi(const ByteSource& bytes, const std::string& name) {
  const std::string header = bytes.read(0, kSector);
  if (header.size() < kSector) throw truncated_image(name, "it ends within its VDI header");
  if (std::string_view(header).substr(0x1a8, 16).find_first_not_of('\0') != std::string_view::npos) {
    throw has_backing_file(name, "the disk with UUID " + text::hex(std::string_view(header).substr(0x1a8, 16)));
  }
  const std::uint64_t data = little_endian(header, 0x158, 4);
  const std::uint64_t needed = data + little_endian(header, 0x178, 4) * little_endian(header, 0x184, 4);
  if (needed > bytes.size()) {
    throw truncated_image(name, fmt::format("its header counts {} bytes, the file has {}", needed, bytes.size()));
  }
}

/// A partition table knows where the disk ends.
void check_raw(const ByteSource& bytes, const std::string& name) {
  if (is_iso(bytes)) {
    // ECMA-119 8.4.8: volume space size in logical blocks. Writers may leave out up to 150 sectors of padding.
    const std::uint64_t wanted = little_endian(bytes.read(0x8050, 4), 0, 4) * 2048;
    if (wanted > bytes.size() + std::uint64_t{150} * 2048) {
      throw truncated_image(name, fmt::format("its ISO 9660 file system has {} bytes, the file {}", wanted, bytes.size()));
    }
    return;
  }
  if (!is_gpt(bytes)) return;
  // UEFI specification 5.3.2: the alternate header is in the last sector of the disk.
  const std::uint64_t last = little_endian(bytes.read(kSector + 32, 8), 0, 8);
  if (last >= bytes.size() / kSector) {
    throw truncated_image(name,
                          fmt::format("its partition table ends at sector {}, the file has {}", last, bytes.size() / kSector));
  }
}

void require_raw_disk(const ByteSource& bytes, const std::string& name) {
  for (const KnownFile& known : kKnownFiles) {
    if (bytes.read(known.offset, known.magic.size()) == known.magic) {
      throw not_an_image(name, fmt::format("it is {}", known.what), std::string(known.hint));
    }
  }
  const bool disk = has_boot_signature(bytes) || is_gpt(bytes) || bytes.read(4096, 8) == "EFI PART" || is_iso(bytes);
  if (!disk) {
    throw not_an_image(name,
                       "it has no header of qcow2, vmdk, vhdx or vdi and no partition table, boot sector or ISO 9660 file system",
                       kStateFormat);
  }
  if (bytes.size() % kSector != 0) {
    throw not_an_image(name, fmt::format("its {} bytes are no multiple of 512", bytes.size()), kStateFormat);
  }
}

}  // namespace

Error not_an_image(const std::string& name, const std::string& why, const std::string& hint) {
  return {ErrorKind::invalid, "image.not_an_image", fmt::format("{} is not a disk image: {}.", text::printable(name), why), hint};
}

Error truncated_image(const std::string& name, const std::string& why) {
  return {ErrorKind::invalid, "image.truncated", fmt::format("{} is cut off: {}.", text::printable(name), why),
          "Copy or download it again."};
}

Error has_backing_file(const std::string& name, const std::string& other) {
  return {ErrorKind::invalid, "image.has_backing_file",
          fmt::format("{} is not whole: it needs another file ('{}').", text::printable(name), text::printable(other)),
          "Make it stand alone where that file is: `qemu-img convert -O qcow2 FILE NEW`."};
}

ProbedImage probe_image(const ByteSource& bytes, const std::string& name, std::optional<DiskFormat> stated) {
  if (bytes.size() == 0) throw not_an_image(name, "it is empty", "Copy or download it again.");
  const std::optional<DiskFormat> found = format_by_magic(bytes);
  if (stated && *stated != DiskFormat::raw && found != stated) {
    throw not_an_image(
        name, fmt::format("its header is not that of {}", json::enum_name(*stated)),
        found ? fmt::format("It looks like {}.", json::enum_name(*found)) : "Leave the format out to have it detected.");
  }
  if (!stated && !found) require_raw_disk(bytes, name);
  ProbedImage probed{stated.value_or(found.value_or(DiskFormat::raw)), std::nullopt, std::nullopt};
  switch (probed.format) {
    case DiskFormat::qcow2: return check_qcow2(bytes, name);
    case DiskFormat::vmdk: check_vmdk(bytes, name); break;
    case DiskFormat::vdi: check_vdi(bytes, name); break;
    case DiskFormat::raw: check_raw(bytes, name); break;
    case DiskFormat::vhdx: break;  // qemu-img refuses what has a parent and checks the size
  }
  return probed;
}

}  // namespace visor::storage
