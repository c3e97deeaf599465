// Storage::import_image: fetch, hash, inspect, convert, publish.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "os/file.h"
#include "storage/cancelled.h"
#include "storage/download.h"
#include "storage/image_probe.h"
#include "storage/metered.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/storage.h"
#include "storage/temporary_file.h"

namespace visor::storage {
namespace {

using model::DiskFormat;

constexpr mode_t kImageMode = 0400;
constexpr Bytes kMaxVirtualSize = 64_TiB;
constexpr Bytes kConvertMargin = 64_MiB;
constexpr std::chrono::hours kDownloadAge(24 * 7);
/// Shares of the whole work, for the progress bar.
constexpr double kFetched = 0.6;
constexpr double kHashed = 0.7;

/// A progress that covers [begin, end] of the whole.
std::function<void(const Meter&)> report_part(const Progress& progress, double begin, double end, std::string what) {
  if (!progress) return {};
  return [progress, begin, end, what = std::move(what), rate = RateText()](const Meter& meter) mutable {
    const std::uint64_t total = meter.total;
    const std::uint64_t done = meter.done;
    const double fraction = total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0.0;
    progress(begin + (end - begin) * fraction, what + ": " + rate.text(done, total));
  };
}

std::string checked_digest(std::string sha256) {
  for (char& c : sha256) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool hex = sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (sha256.empty() || (sha256.size() == 64 && hex)) return sha256;
  throw Error(ErrorKind::invalid, "image.bad_checksum", fmt::format("'{}' is no SHA-256 checksum.", text::printable(sha256)),
              "Give 64 hexadecimal digits, as `sha256sum` prints them.");
}

Error checksum_mismatch(const std::string& name, const std::string& wanted, const std::string& got) {
  return {ErrorKind::invalid, "image.checksum_mismatch",
          fmt::format("{} has the SHA-256 checksum {}, not {}.", text::printable(name), got, wanted),
          "The file is damaged or another one; get it again, or check the checksum."};
}

/// Two at once: the pool that they run on serves others too.
std::string free_slot(const loop::KeyedQueue& queue) { return queue.busy("slot 0") ? "slot 1" : "slot 0"; }

OpenDisk open_disk(const SourceFile& file, std::optional<DiskFormat> stated) {
  const ProbedImage probed = probe_image(FileBytes(file.fd.get(), file.name), file.name, stated);
  if (probed.backing_file) throw has_backing_file(file.name, *probed.backing_file);
  return {file.fd.get(), file.name, probed.format};
}

/// The size of a disk that is sound.
Awaitable<Bytes> accepted_size(OpenDisk disk) {
  const Bytes size = co_await qemu_img_virtual_size(disk);
  if (size > kMaxVirtualSize) {
    throw Error(ErrorKind::too_large, "image.too_large",
                fmt::format("{} is a disk of {}; at most {} are accepted.", text::printable(disk.name), format_bytes(size),
                            format_bytes(kMaxVirtualSize)));
  }
  co_await qemu_img_check(disk);
  co_return size;
}

}  // namespace

/// The source as a local file, and what to forget when it has been used or is wrong.
struct Storage::Source {
  SourceFile file;
  std::string url;
};

Awaitable<Storage::Source> Storage::obtain(ImportSource wanted, std::filesystem::path downloads, Progress progress) {
  if (!is_url(wanted.source)) {
    if (wanted.source.starts_with('/')) co_return Source{open_source(wanted.source, wanted.source), {}};
    throw Error(ErrorKind::invalid, "image.bad_source",
                fmt::format("'{}' is neither an absolute path nor an http or https address.", text::printable(wanted.source)));
  }
  const std::string name = display_url(wanted.source);
  if (progress && transfers_->busy(free_slot(*transfers_))) progress(0, "Waiting for another download");
  const loop::KeyedQueue::Lease slot = co_await transfers_->acquire(free_slot(*transfers_));
  os::make_directories(downloads);
  expire_downloads(downloads, kDownloadAge);
  std::filesystem::path file;
  std::function<void(Meter&)> work = [&](Meter& meter) { file = fetch(wanted.source, downloads, meter); };
  co_await run_metered("download", work, report_part(progress, 0, kFetched, "Downloading"));
  co_return Source{open_source(file, name), wanted.source};
}

Awaitable<ImportedImage> Storage::import_image(ImportSource wanted, std::filesystem::path target, std::filesystem::path downloads,
                                               Progress progress) {
  co_return co_await with_cancel_error(
      do_import(std::move(wanted), std::move(target), std::move(downloads), std::move(progress)));
}

Awaitable<ImportedImage> Storage::do_import(ImportSource wanted, std::filesystem::path target, std::filesystem::path downloads,
                                            Progress progress) {
  wanted.sha256 = checked_digest(std::move(wanted.sha256));
  if (!transfers_) transfers_ = std::make_unique<loop::KeyedQueue>(co_await boost::asio::this_coro::executor);
  // Whoever imports an address has it alone until its bytes are used up.
  const loop::KeyedQueue::Lease alone = co_await transfers_->acquire("source " + wanted.source);
  TemporaryFile file(target);
  const Source source = co_await obtain(wanted, downloads, progress);

  ImportedImage image;
  const double hash_begin = source.url.empty() ? 0 : kFetched;
  const double hash_end = source.url.empty() ? 1 - kFetched : kHashed;
  std::function<void(Meter&)> hash = [&](Meter& meter) { image.sha256 = sha256_file(source.file, meter); };
  co_await run_metered("checksum", hash, report_part(progress, hash_begin, hash_end, "Verifying"));
  if (!wanted.sha256.empty() && image.sha256 != wanted.sha256) {
    if (!source.url.empty()) forget_download(source.url, downloads);
    throw checksum_mismatch(source.file.name, wanted.sha256, image.sha256);
  }

  const OpenDisk disk = open_disk(source.file, wanted.format);
  image.source_format = disk.format;
  image.virtual_size = co_await accepted_size(disk);
  const Bytes needed = co_await qemu_img_required(disk);
  require_space(target.parent_path(), needed);

  NewDisk converted{.path = file.path(), .size = image.virtual_size};
  std::function<void(double)> converting = [&](double fraction) {
    if (progress) progress(hash_end + (1 - hash_end) * fraction, fmt::format("Converting: {:.0f} %", fraction * 100));
  };
  co_await qemu_img_convert(disk, converted, needed + kConvertMargin, converting);
  require_unchanged(source.file);
  image.file_size = os::allocated_size(file.path());
  std::function<void()> publish = [&file] { file.publish(kImageMode); };
  co_await loop::run_blocking(publish);
  if (!source.url.empty()) forget_download(source.url, downloads);
  co_return image;
}

}  // namespace visor::storage
