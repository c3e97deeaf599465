#include "deploy/fat_volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace visor::deploy {
namespace {

constexpr std::uint64_t kFatSector = 512;
constexpr std::uint64_t kEntry = 32;
constexpr std::uint64_t kRootEntries = 512;
constexpr std::uint64_t kRootSectors = kRootEntries * kEntry / kFatSector;
constexpr std::uint64_t kReservedSectors = 1;
constexpr std::uint64_t kMinClusters = 4085;   // fewer would be FAT12
constexpr std::uint64_t kMaxClusters = 65524;  // more would be FAT32
constexpr std::uint16_t kEndOfChain = 0xFFFF;
constexpr std::uint16_t kDate = (0U << 9U) | (1U << 5U) | 1U;  // 1980-01-01: the bytes depend on the content only
constexpr std::uint8_t kReadWrite = 0x20;
constexpr std::uint8_t kDirectory = 0x10;
constexpr std::uint8_t kLabel = 0x08;
constexpr std::uint8_t kLongName = 0x0F;

Error invalid(const std::string& message) { return {ErrorKind::invalid, "image.volume_invalid", message}; }

void put16(std::string& bytes, std::size_t at, std::uint64_t value) {
  bytes[at] = static_cast<char>(value & 0xFFU);
  bytes[at + 1] = static_cast<char>((value >> 8U) & 0xFFU);
}

void put32(std::string& bytes, std::size_t at, std::uint64_t value) {
  put16(bytes, at, value & 0xFFFFU);
  put16(bytes, at + 2, value >> 16U);
}

struct Node {
  bool directory = true;
  std::string content;
  std::map<std::string, std::unique_ptr<Node>> children;
};

void check_name(std::string_view name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("\"*/:<>?\\|").find(c) == std::string_view::npos;
  });
  if (name.empty() || name.size() > 64 || name == "." || name == ".." || !printable) {
    throw invalid(fmt::format("'{}' cannot be a file name on this volume.", text::printable(name)));
  }
}

Node make_tree(const std::vector<FatFile>& files) {
  Node root;
  for (const FatFile& file : files) {
    Node* node = &root;
    for (const std::string& part : text::split(file.path, '/')) {
      check_name(part);
      if (!node->directory) throw invalid(fmt::format("'{}' is below a file.", file.path));
      auto& child = node->children[part];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
    if (!node->children.empty() || !node->directory) throw invalid(fmt::format("'{}' is there twice.", file.path));
    node->directory = false;
    node->content = file.content;
  }
  return root;
}

/// The eleven bytes of `name` when it is a plain upper-case 8.3 name, else nothing.
std::string short_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  const std::string_view base = name.substr(0, dot);
  const std::string_view extension = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  const auto plain = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(),
                       [](unsigned char c) { return std::isupper(c) || std::isdigit(c) || c == '_' || c == '-'; });
  };
  if (base.empty() || base.size() > 8 || extension.size() > 3 || !plain(base) || !plain(extension)) return {};
  return fmt::format("{:<8}{:<3}", base, extension);
}

/// A short name that stands for a long one; `number` makes it the only one in its directory.
std::string alias(std::string_view name, std::size_t number) {
  const std::size_t dot = name.rfind('.');
  const auto cleaned = [](std::string_view part, std::size_t length) {
    std::string out;
    for (const char c : part) {
      if (std::isalnum(static_cast<unsigned char>(c)) && out.size() < length)
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
  };
  const std::string tail = fmt::format("~{}", number);
  const std::string extension = dot == std::string_view::npos ? std::string() : cleaned(name.substr(dot + 1), 3);
  return fmt::format("{:<8}{:<3}", cleaned(name.substr(0, dot), 8 - tail.size()) + tail, extension);
}

std::string entry(std::string_view name11, std::uint8_t attributes, std::uint16_t cluster, std::uint64_t size) {
  std::string bytes(kEntry, '\0');
  std::copy(name11.begin(), name11.end(), bytes.begin());
  bytes[11] = static_cast<char>(attributes);
  put16(bytes, 16, kDate);
  put16(bytes, 18, kDate);
  put16(bytes, 24, kDate);
  put16(bytes, 26, cluster);
  put32(bytes, 28, size);
  return bytes;
}

/// The entries that carry a long name, in front of the entry of its alias.
std::string long_name_entries(std::string_view name, std::string_view name11) {
  static constexpr std::array<std::size_t, 13> kPlaces{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
  std::uint8_t checksum = 0;
  for (const char c : name11) {
    checksum = static_cast<std::uint8_t>(((checksum & 1U) << 7U) + (checksum >> 1U) + static_cast<std::uint8_t>(c));
  }
  const std::size_t count = (name.size() + kPlaces.size() - 1) / kPlaces.size();
  std::string bytes;
  for (std::size_t part = count; part > 0; --part) {
    std::string one(kEntry, '\0');
    one[0] = static_cast<char>(part | (part == count ? 0x40U : 0U));
    one[11] = static_cast<char>(kLongName);
    one[13] = static_cast<char>(checksum);
    for (std::size_t i = 0; i < kPlaces.size(); ++i) {
      const std::size_t at = (part - 1) * kPlaces.size() + i;
      const std::uint64_t letter = at < name.size() ? static_cast<unsigned char>(name[at]) : at == name.size() ? 0U : 0xFFFFU;
      put16(one, kPlaces[i], letter);
    }
    bytes += one;
  }
  return bytes;
}

/// Lays files and directories out, one after the other: nothing is ever deleted here, so no chain has a gap.
class Writer {
 public:
  explicit Writer(const FatVolume& volume) : volume_(volume) {
    if (volume.size < 4_MiB || volume.size > 1_GiB || volume.size.count % kFatSector != 0 || volume.label.size() > 11) {
      throw invalid("A FAT16 volume has 4 MiB to 1 GiB and a label of at most 11 characters.");
    }
    sectors_ = volume.size.count / kFatSector;
    while (sectors_ / cluster_sectors_ > kMaxClusters) cluster_sectors_ *= 2;
    fat_sectors_ = ((sectors_ / cluster_sectors_ + 2) * 2 + kFatSector - 1) / kFatSector;
    data_start_ = kReservedSectors + 2 * fat_sectors_ + kRootSectors;
    clusters_ = (sectors_ - data_start_) / cluster_sectors_;
    if (clusters_ < kMinClusters) throw invalid("The volume is too small for FAT16.");
    fat_ = {0xFFF8, kEndOfChain};
  }

  std::vector<FatPiece> write() {
    const Node root = make_tree(volume_.files);
    std::string entries = entry(fmt::format("{:<11}", volume_.label), kLabel, 0, 0) + directory_entries(root, 0);
    if (entries.size() > kRootEntries * kEntry) throw invalid("There are too many files at the top of the volume.");
    pieces_.push_back({0, boot_sector()});
    std::string fat(fat_.size() * 2, '\0');
    for (std::size_t i = 0; i < fat_.size(); ++i) put16(fat, i * 2, fat_[i]);
    pieces_.push_back({kReservedSectors * kFatSector, fat});
    pieces_.push_back({(kReservedSectors + fat_sectors_) * kFatSector, fat});
    pieces_.push_back({(kReservedSectors + 2 * fat_sectors_) * kFatSector, std::move(entries)});
    return std::move(pieces_);
  }

 private:
  std::uint64_t cluster_bytes() const { return cluster_sectors_ * kFatSector; }

  /// Takes the next clusters for `size` bytes; the first one, or 0 for an empty file.
  std::uint16_t reserve(std::uint64_t size) {
    const std::uint64_t count = (size + cluster_bytes() - 1) / cluster_bytes();
    if (count == 0) return 0;
    if (fat_.size() + count > clusters_ + 2) {
      throw Error(ErrorKind::no_space, "image.volume_too_small",
                  fmt::format("The files do not fit into a volume of {}.", format_bytes(volume_.size)));
    }
    const auto first = static_cast<std::uint16_t>(fat_.size());
    for (std::uint64_t i = 1; i < count; ++i) fat_.push_back(static_cast<std::uint16_t>(fat_.size() + 1));
    fat_.push_back(kEndOfChain);
    return first;
  }

  void fill(std::uint16_t cluster, std::string bytes) {
    if (bytes.empty()) return;
    pieces_.push_back({data_start_ * kFatSector + (cluster - 2U) * cluster_bytes(), std::move(bytes)});
  }

  /// Stores everything below `node` and answers its entries. `own` is its first cluster (0: the top).
  std::string directory_entries(const Node& node, std::uint16_t own) {
    std::string bytes;
    std::size_t number = 0;
    for (const auto& [name, child] : node.children) {
      const std::string plain = short_name(name);
      const std::string name11 = plain.empty() ? alias(name, ++number) : plain;
      if (plain.empty()) bytes += long_name_entries(name, name11);
      bytes += child->directory ? store_directory(*child, name11, own) : store_file(*child, name11);
    }
    return bytes;
  }

  std::string store_file(const Node& file, std::string_view name11) {
    const std::uint16_t cluster = reserve(file.content.size());
    fill(cluster, file.content);
    return entry(name11, kReadWrite, cluster, file.content.size());
  }

  std::string store_directory(const Node& directory, std::string_view name11, std::uint16_t parent) {
    std::uint64_t size = 2 * kEntry;
    for (const auto& [name, child] : directory.children) size += kEntry * (2 + name.size() / 13);
    const std::uint16_t cluster = reserve(size + kEntry);
    fill(cluster, entry(".          ", kDirectory, cluster, 0) + entry("..         ", kDirectory, parent, 0) +
                      directory_entries(directory, cluster));
    return entry(name11, kDirectory, cluster, 0);
  }

  std::string boot_sector() const {
    std::string bytes(kFatSector, '\0');
    bytes.replace(0, 11, std::string_view("\xEB\x3C\x90MSWIN4.1", 11));
    put16(bytes, 11, kFatSector);
    bytes[13] = static_cast<char>(cluster_sectors_);
    put16(bytes, 14, kReservedSectors);
    bytes[16] = 2;  // copies of the table
    put16(bytes, 17, kRootEntries);
    put16(bytes, 19, sectors_ < 65536 ? sectors_ : 0);
    bytes[21] = static_cast<char>(0xF8);  // a fixed disk
    put16(bytes, 22, fat_sectors_);
    put16(bytes, 24, 32);  // sectors per track and heads: nobody looks at them, zero would be invalid
    put16(bytes, 26, 64);
    put32(bytes, 32, sectors_ < 65536 ? 0 : sectors_);
    bytes[36] = static_cast<char>(0x80);
    bytes[38] = 0x29;
    put32(bytes, 39, volume_.id);
    bytes.replace(43, 11, fmt::format("{:<11}", volume_.label));
    bytes.replace(54, 8, "FAT16   ");
    bytes[510] = 0x55;
    bytes[511] = static_cast<char>(0xAA);
    return bytes;
  }

  const FatVolume& volume_;
  std::uint64_t sectors_ = 0;
  std::uint64_t cluster_sectors_ = 1;
  std::uint64_t fat_sectors_ = 0;
  std::uint64_t data_start_ = 0;
  std::uint64_t clusters_ = 0;
  std::vector<std::uint16_t> fat_;
  std::vector<FatPiece> pieces_;
};

}  // namespace

std::vector<FatPiece> make_fat_volume(const FatVolume& volume) { return Writer(volume).write(); }

std::string fat_uuid(std::uint32_t id) { return fmt::format("{:04X}-{:04X}", id >> 16U, id & 0xFFFFU); }

}  // namespace visor::deploy
