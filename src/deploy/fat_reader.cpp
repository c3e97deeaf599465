// read_fat_volume: the way back from the bytes of a small FAT16 volume to the files at its top.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "deploy/fat_volume.h"

namespace visor::deploy {
namespace {

constexpr std::size_t kDirectoryEntry = 32;
constexpr std::uint8_t kLongNameAttribute = 0x0F;
constexpr std::uint8_t kNoFile = 0x08 | 0x10;  // a label or a directory
constexpr std::size_t kFirstCluster = 2;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {
    sector_ = number(11, 2);
    cluster_ = number(13, 1) * sector_;
    table_ = number(14, 2) * sector_;
    root_ = table_ + number(16, 1) * number(22, 2) * sector_;
    entries_ = number(17, 2);
    data_ = root_ + entries_ * kDirectoryEntry;
    if (cluster_ == 0 || piece(54, 8) != "FAT16   ") throw damaged();
  }

  std::vector<FatFile> files() const {
    std::vector<FatFile> all;
    std::string long_name;
    for (std::size_t i = 0; i < entries_; ++i) {
      const std::string_view entry = piece(root_ + i * kDirectoryEntry, kDirectoryEntry);
      if (entry[0] == '\0') break;
      const auto attributes = static_cast<std::uint8_t>(entry[11]);
      if (attributes == kLongNameAttribute) {
        long_name.insert(0, long_name_part(entry));
        continue;
      }
      const std::string name = long_name.empty() ? short_name_of(entry) : long_name;
      long_name.clear();
      if ((attributes & kNoFile) == 0) all.push_back({name, content(i)});
    }
    return all;
  }

 private:
  static Error damaged() { return {ErrorKind::invalid, "image.volume_invalid", "This is no FAT volume that Visor has made."}; }

  std::string_view piece(std::size_t at, std::size_t length) const {
    if (at > bytes_.size() || length > bytes_.size() - at) throw damaged();
    return bytes_.substr(at, length);
  }

  std::size_t number(std::size_t at, std::size_t length) const {
    std::size_t value = 0;
    const std::string_view digits = piece(at, length);
    for (std::size_t i = length; i > 0; --i) value = (value << 8U) | static_cast<std::uint8_t>(digits[i - 1]);
    return value;
  }

  static std::string long_name_part(std::string_view entry) {
    static constexpr std::array<std::size_t, 13> kLetters{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    std::string part;
    for (const std::size_t at : kLetters) {
      if (entry[at] == '\0') break;
      part += entry[at];
    }
    return part;
  }

  static std::string short_name_of(std::string_view entry) {
    std::string name(entry.substr(0, entry.substr(0, 8).find_last_not_of(' ') + 1));
    const std::string_view extension = entry.substr(8, 3);
    if (extension != "   ") name.append(".").append(extension.substr(0, extension.find_last_not_of(' ') + 1));
    return name;
  }

  std::string content(std::size_t index) const {
    const std::size_t entry = root_ + index * kDirectoryEntry;
    const std::size_t size = number(entry + 28, 4);
    if (size > bytes_.size()) throw damaged();
    std::string content;
    for (std::size_t cluster = number(entry + 26, 2); content.size() < size; cluster = number(table_ + cluster * 2, 2)) {
      if (cluster < kFirstCluster) throw damaged();
      content += piece(data_ + (cluster - kFirstCluster) * cluster_, std::min(cluster_, size - content.size()));
    }
    return content;
  }

  std::string_view bytes_;
  std::size_t sector_ = 0;
  std::size_t cluster_ = 0;  ///< in bytes, as all that follows
  std::size_t table_ = 0;
  std::size_t root_ = 0;
  std::size_t entries_ = 0;
  std::size_t data_ = 0;
};

}  // namespace

std::vector<FatFile> read_fat_volume(std::string_view bytes) { return Reader(bytes).files(); }

}  // namespace visor::deploy
