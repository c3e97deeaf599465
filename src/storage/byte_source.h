// Random access to the bytes of a file, so that parsers of headers can be fed from a file or from a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace visor::storage {

/// Bytes that a parser of untrusted headers reads. Never fails because of an offset: what lies beyond the end is missing.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// The bytes of [offset, offset + length), fewer at the end of the file. Throws Error when reading fails.
  virtual std::string read(std::uint64_t offset, std::size_t length) const = 0;
};

/// An open file; the descriptor stays the caller's and its position is not used.
class FileBytes : public ByteSource {
 public:
  /// `name` is for messages only. Throws Error.
  FileBytes(int fd, std::string name);
  std::uint64_t size() const override { return size_; }
  std::string read(std::uint64_t offset, std::size_t length) const override;

 private:
  int fd_;
  std::string name_;
  std::uint64_t size_ = 0;
};

/// Bytes in memory, for tests and fuzzers; `bytes` outlives this object.
class MemoryBytes : public ByteSource {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::string read(std::uint64_t offset, std::size_t length) const override;

 private:
  std::string_view bytes_;
};

/// Unsigned integers at `offset`; 0 when `bytes` is too short.
std::uint64_t big_endian(std::string_view bytes, std::size_t offset, std::size_t width);
std::uint64_t little_endian(std::string_view bytes, std::size_t offset, std::size_t width);

}  // namespace visor::storage
