#include "storage/qcow2_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace visor::storage {
namespace {

constexpr std::string_view kMagic = "QFI\xfb";
constexpr std::size_t kVersion2Length = 72;
constexpr std::size_t kVersion3Length = 104;
constexpr std::size_t kFirstRead = 65536;
constexpr std::size_t kMaxBackingName = 1023;
constexpr std::uint64_t kLargestQcow2 = std::numeric_limits<std::int64_t>::max();

constexpr std::uint32_t kExtensionEnd = 0;
constexpr std::uint32_t kExtensionBackingFormat = 0xE2792ACA;
constexpr std::uint32_t kExtensionDataFile = 0x44415441;

constexpr std::uint64_t kIncompatibleCorrupt = 1U << 1U;
constexpr std::uint64_t kIncompatibleDataFile = 1U << 2U;
/// Dirty, corrupt, data file, compression type, extended L2 entries: what QEMU 7.2 knows.
constexpr std::uint64_t kIncompatibleKnown = 0x1F;

/// One file's header area while it is taken apart.
struct Parser {
  std::string bytes;  ///< the first cluster, or what there is of it
  std::string name;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::invalid, "image.not_an_image", fmt::format("{} is not a sound qcow2 file: {}.", name, why));
  }
  [[noreturn]] void truncated() const {
    throw Error(ErrorKind::invalid, "image.truncated", fmt::format("{} is cut off: it ends within its qcow2 header.", name),
                "Copy or download it again.");
  }
  std::uint64_t number(std::size_t offset, std::size_t width) const {
    if (offset + width > bytes.size()) truncated();
    return big_endian(bytes, offset, width);
  }
  std::string slice(std::size_t offset, std::size_t length) const {
    if (offset + length > bytes.size()) truncated();
    return bytes.substr(offset, length);
  }
  /// A name inside the header: what QEMU would open must be what we compare and show.
  std::string text(std::size_t offset, std::size_t length, std::string_view what) const {
    std::string value = slice(offset, length);
    if (value.find('\0') != std::string::npos) refuse(fmt::format("the {} contains a zero byte", what));
    return value;
  }
};

std::uint32_t read_cluster_bits(const Parser& parser) {
  const auto bits = static_cast<std::uint32_t>(parser.number(20, 4));
  if (bits < 9 || bits > 21) parser.refuse(fmt::format("cluster size 2^{}", bits));
  return bits;
}

std::size_t read_header_length(const Parser& parser, std::uint32_t version, std::size_t cluster_size) {
  if (version == 2) return kVersion2Length;
  const std::uint64_t length = parser.number(100, 4);
  if (length < kVersion3Length || length > cluster_size || length % 8 != 0)
    parser.refuse(fmt::format("header length {}", length));
  return static_cast<std::size_t>(length);
}

void read_features(const Parser& parser, Qcow2Header& header) {
  if (header.version == 2) return;
  const std::uint64_t incompatible = parser.number(72, 8);
  if ((incompatible & ~kIncompatibleKnown) != 0)
    parser.refuse(fmt::format("it needs unknown features {:#x}", incompatible & ~kIncompatibleKnown));
  header.corrupt = (incompatible & kIncompatibleCorrupt) != 0;
  header.has_data_file = (incompatible & kIncompatibleDataFile) != 0;
}

void read_extensions(const Parser& parser, std::size_t offset, std::size_t end, Qcow2Header& header) {
  while (offset + 8 <= end) {
    const std::uint64_t type = parser.number(offset, 4);
    const std::size_t length = static_cast<std::size_t>(parser.number(offset + 4, 4));
    offset += 8;
    if (type == kExtensionEnd) return;
    if (length > end - offset) parser.refuse(fmt::format("header extension {:#x} is too long ({} bytes)", type, length));
    if (type == kExtensionBackingFormat) header.backing_format = parser.text(offset, length, "backing format");
    if (type == kExtensionDataFile) header.data_file = parser.text(offset, length, "data file's name");
    offset += (length + 7) / 8 * 8;
  }
}

/// Returns where the header extensions must end.
std::size_t read_backing_file(const Parser& parser, std::size_t header_length, std::size_t cluster_size, Qcow2Header& header) {
  const std::uint64_t offset = parser.number(8, 8);
  const std::uint64_t length = parser.number(16, 4);
  if (offset == 0) return cluster_size;
  if (offset < header_length || offset > cluster_size) parser.refuse(fmt::format("its backing file's name lies at {}", offset));
  if (length > std::min<std::uint64_t>(kMaxBackingName, cluster_size - offset)) {
    parser.refuse(fmt::format("its backing file's name has {} bytes", length));
  }
  // A backing file with an empty name is none: QEMU says the same.
  if (length > 0)
    header.backing_file = parser.text(static_cast<std::size_t>(offset), static_cast<std::size_t>(length), "backing file's name");
  return static_cast<std::size_t>(offset);
}

}  // namespace

bool has_qcow2_magic(const ByteSource& bytes) { return bytes.read(0, kMagic.size()) == kMagic; }

Qcow2Header read_qcow2_header(const ByteSource& bytes, const std::string& name) {
  Parser parser{bytes.read(0, kFirstRead), text::printable(name)};
  if (!parser.bytes.starts_with(kMagic)) parser.refuse("its first bytes are not those of qcow2");
  Qcow2Header header;
  header.version = static_cast<std::uint32_t>(parser.number(4, 4));
  if (header.version != 2 && header.version != 3) parser.refuse(fmt::format("version {}, known are 2 and 3", header.version));
  const std::size_t cluster_size = std::size_t{1} << read_cluster_bits(parser);
  // Only files with clusters above 64 KiB can have header data beyond the first read.
  if (cluster_size > kFirstRead) parser.bytes = bytes.read(0, cluster_size);
  header.cluster_size = {cluster_size};
  header.virtual_size = {parser.number(24, 8)};
  if (header.virtual_size.count > kLargestQcow2) parser.refuse("its virtual size is beyond 2^63 bytes");
  header.encrypted = parser.number(32, 4) != 0;
  const std::size_t header_length = read_header_length(parser, header.version, cluster_size);
  read_features(parser, header);
  const std::size_t extensions_end = read_backing_file(parser, header_length, cluster_size, header);
  read_extensions(parser, header_length, extensions_end, header);
  return header;
}

}  // namespace visor::storage
