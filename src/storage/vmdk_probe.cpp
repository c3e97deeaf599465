#include "storage/vmdk_probe.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/text.h"
#include "storage/image_probe.h"

namespace visor::storage {
namespace {

constexpr std::string_view kSparseMagic = "KDMV";
constexpr std::string_view kEsxMagic = "COWD";
constexpr std::string_view kDescriptorMagic = "# Disk DescriptorFile";
constexpr std::size_t kVmdkSector = 512;
/// Where QEMU looks for the embedded descriptor, whatever the header says (block/vmdk.c: desc_offset, DESC_SIZE).
constexpr std::size_t kDescriptorOffset = 0x200;
constexpr std::size_t kDescriptorSize = 20 * kVmdkSector;
constexpr std::size_t kMaxDescriptor = 65536;

/// The text in the first pair of quotes of `line`, or the whole line.
std::string in_quotes(std::string_view line) {
  const std::size_t begin = line.find('"');
  if (begin == std::string_view::npos) return std::string(text::trim(line));
  const std::size_t end = line.find('"', begin + 1);
  return std::string(line.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1));
}

std::string line_at(std::string_view descriptor, std::size_t position) {
  return std::string(descriptor.substr(position, descriptor.find_first_of("\n\r\0", position) - position));
}

/// QEMU searches for this text anywhere in the descriptor, so a stricter reading here would miss what it follows.
void refuse_parent(std::string_view descriptor, const std::string& name) {
  const std::size_t parent = descriptor.find("parentFileNameHint");
  if (parent != std::string_view::npos) throw has_backing_file(name, in_quotes(line_at(descriptor, parent)));
}

/// The file of the first extent line: ACCESS SECTORS TYPE "FILE" [OFFSET].
std::string first_extent(std::string_view descriptor) {
  for (const std::string& line : text::split(descriptor, '\n')) {
    const std::string_view trimmed = text::trim(line);
    const bool extent = trimmed.starts_with("RW ") || trimmed.starts_with("RDONLY ") || trimmed.starts_with("NOACCESS ");
    if (extent && trimmed.find('"') != std::string_view::npos) return in_quotes(trimmed);
  }
  return "its extent files";
}

}  // namespace

bool is_vmdk(const ByteSource& bytes) {
  const std::string start = bytes.read(0, kDescriptorMagic.size());
  return start.starts_with(kSparseMagic) || start.starts_with(kEsxMagic) || start == kDescriptorMagic;
}

void check_vmdk(const ByteSource& bytes, const std::string& name) {
  const std::string header = bytes.read(0, kVmdkSector);
  if (header.starts_with(kEsxMagic)) {
    throw not_an_image(name, "it is an ESX extent without its descriptor",
                       "Convert it on its own host, for example with `vmkfstools -i -d thin`.");
  }
  if (!header.starts_with(kSparseMagic)) {
    const std::string descriptor = bytes.read(0, kMaxDescriptor);
    refuse_parent(descriptor, name);
    throw has_backing_file(name, first_extent(descriptor));
  }
  if (header.size() < kVmdkSector) throw truncated_image(name, "it ends within its VMDK header");
  const std::uint64_t capacity = little_endian(header, 12, 8);
  const std::uint64_t sector = little_endian(header, 28, 8);
  const std::uint64_t sectors = std::min<std::uint64_t>(little_endian(header, 36, 8), kMaxDescriptor / kVmdkSector);
  const std::string usual = bytes.read(kDescriptorOffset, kDescriptorSize);
  refuse_parent(usual, name);
  std::string stated;
  if (sector > 0 && sector < bytes.size() / kVmdkSector)
    stated = bytes.read(sector * kVmdkSector, std::max<std::size_t>(sectors * kVmdkSector, kDescriptorSize));
  refuse_parent(stated, name);
  // A sparse header of capacity 0 only carries a descriptor; QEMU then opens the extents which that names.
  if (capacity == 0) throw has_backing_file(name, first_extent(stated.empty() ? usual : stated));
}

}  // namespace visor::storage
