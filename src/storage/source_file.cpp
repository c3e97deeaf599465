#include "storage/source_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace visor::storage {
namespace {

constexpr std::size_t kReadSize = std::size_t{1} << 20U;

Error open_error(const std::string& name, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorKind::not_found, "image.source_not_found", fmt::format("There is no file {}.", name), "Check the path."};
    case EACCES:
    case EPERM:
      return {ErrorKind::forbidden, "image.source_unreadable",
              fmt::format("visord (user id {}) may not read {}.", ::geteuid(), name),
              "Give it the right to read the file and to enter its directories, or copy the file to where it may."};
    case ELOOP:
      return {ErrorKind::invalid, "image.source_not_a_file", fmt::format("{} is a symbolic link that leads in a circle.", name)};
    case ENAMETOOLONG: return {ErrorKind::invalid, "image.source_not_found", fmt::format("The name {} is too long.", name)};
    default: return system_error(fmt::format("open {}", name), error_number);
  }
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISBLK(mode)) return "a block device";
  return "a character device";
}

std::int64_t change_time(const struct stat& info) {
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

/// SHA-256 by OpenSSL, which uses the processor's instructions for it.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }
  void add(std::string_view bytes) { require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
    return text::hex({reinterpret_cast<const char*>(digest.data()), length});
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  static void require(bool good) {
    if (!good) throw Error(ErrorKind::internal, "host.sha256_failed", "OpenSSL cannot compute SHA-256.");
  }
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

SourceFile open_source(const std::filesystem::path& path, const std::string& name) {
  const std::string shown = text::printable(name);
  // A path with a zero byte would be cut there by the system call.
  if (path.native().find('\0') != std::string::npos) throw open_error(shown, ENOENT);
  // Opening a pipe waits for its writer and opening a device may do things: O_NONBLOCK avoids the first, fstat tells both.
  SourceFile source{os::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), name, {}, 0};
  if (!source.fd && errno == ENXIO)
    throw Error(ErrorKind::invalid, "image.source_not_a_file", fmt::format("{} is not a regular file.", shown));
  if (!source.fd) throw open_error(shown, errno);
  struct stat info {};
  if (::fstat(source.fd.get(), &info) != 0) throw system_error(fmt::format("stat {}", shown), errno);
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::invalid, "image.source_not_a_file", fmt::format("{} is {}, not a file.", shown, kind_of(info.st_mode)),
                "Name the image file itself.");
  }
  source.size = {static_cast<std::uint64_t>(info.st_size)};
  source.changed_at = change_time(info);
  return source;
}

void require_unchanged(const SourceFile& source) {
  struct stat info {};
  if (::fstat(source.fd.get(), &info) != 0) throw system_error(fmt::format("stat {}", source.name), errno);
  if (static_cast<std::uint64_t>(info.st_size) == source.size.count && change_time(info) == source.changed_at) return;
  throw Error(ErrorKind::conflict, "image.source_changed",
              fmt::format("{} was written to while it was read.", text::printable(source.name)),
              "Wait until it is complete and not in use, then import it again.");
}

std::string sha256_file(const SourceFile& source, Meter& meter) {
  Sha256 hash;
  std::vector<char> block(kReadSize);
  meter.total = source.size.count;
  off_t offset = 0;
  for (;;) {
    meter.check();
    const ssize_t got = ::pread(source.fd.get(), block.data(), block.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(fmt::format("read {}", text::printable(source.name)), errno);
    if (got == 0) return hash.hex();
    hash.add({block.data(), static_cast<std::size_t>(got)});
    offset += got;
    meter.done = static_cast<std::uint64_t>(offset);
  }
}

std::string sha256_text(const std::string& text) {
  Sha256 hash;
  hash.add(text);
  return hash.hex();
}

}  // namespace visor::storage
