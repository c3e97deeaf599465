#include "storage/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "storage/http_transfer.h"
#include "storage/source_file.h"

namespace visor::storage {
namespace {

constexpr int kMaxRedirects = 5;
/// Broken connections that each brought something; a server that drops every few bytes must not keep us for ever.
constexpr int kMaxContinuations = 100;
constexpr int kMaxRestarts = 2;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlPtr = std::unique_ptr<CURLU, FreeUrl>;

UrlPtr parse_url(const std::string& url) {
  UrlPtr parsed(curl_url());
  // A zero byte would end the address early for the C library below.
  const bool clean = url.find('\0') == std::string::npos;
  if (parsed && clean && curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) return parsed;
  return nullptr;
}

std::string url_part(const UrlPtr& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

Error bad_url(const std::string& url) {
  return {ErrorKind::invalid, "image.bad_url",
          fmt::format("'{}' is no address that can be fetched.", text::printable(display_url(url))),
          "Write an address such as https://example.org/disk.qcow2."};
}

Error download_failed(const std::string& url, const TransferResult& result) {
  return {result.permanent ? ErrorKind::invalid : ErrorKind::unavailable, "image.download_failed",
          fmt::format("{} could not be fetched: {}.", text::printable(display_url(url)), text::printable(result.failure)),
          result.permanent ? "Check the address." : "Try again: what has arrived is kept and continued."};
}

/// Follows redirects up to an answer that is none.
TransferResult follow(const std::string& url, const DownloadFiles& files, Meter& meter) {
  std::string current = url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    const UrlPtr parsed = parse_url(current);
    const std::string scheme = parsed ? url_part(parsed, CURLUPART_SCHEME) : "";
    if (scheme != "http" && scheme != "https") throw bad_url(current);
    TransferResult result = transfer(current, files.part, files.note, meter);
    if (result.redirect.empty()) return result;
    if (scheme == "https" && !result.redirect.starts_with("https://")) {
      return {.failure = "the server redirects from https to an unprotected address", .permanent = true};
    }
    current = result.redirect;
  }
  return {.failure = fmt::format("more than {} redirects", kMaxRedirects), .permanent = true};
}

void remove_quietly(const std::filesystem::path& path) {
  std::error_code ignored;  // what stays is deleted when it expires
  std::filesystem::remove(path, ignored);
}

}  // namespace

bool is_url(const std::string& source) { return source.starts_with("http://") || source.starts_with("https://"); }

std::string display_url(const std::string& url) {
  const UrlPtr parsed = parse_url(url);
  if (!parsed) return url.substr(0, url.find_first_of("?#@"));
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), part, nullptr, 0);
  }
  return url_part(parsed, CURLUPART_URL);
}

DownloadFiles download_files(const std::string& url, const std::filesystem::path& directory) {
  const std::string name = sha256_text(url).substr(0, 32);
  return {directory / (name + ".part"), directory / (name + ".json")};
}

std::filesystem::path fetch(const std::string& url, const std::filesystem::path& directory, Meter& meter) {
  os::make_directories(directory);
  const DownloadFiles files = download_files(url, directory);
  int continuations = 0;
  int restarts = 0;
  for (;;) {
    const TransferResult result = follow(url, files, meter);
    if (result.complete) break;
    if (result.restart && restarts++ < kMaxRestarts) {
      forget_download(url, directory);
      continue;
    }
    if (result.advanced && !result.permanent && continuations++ < kMaxContinuations) continue;
    throw download_failed(url, result);
  }
  const os::Fd part = os::open_file(files.part, O_RDONLY);
  if (::fsync(part.get()) != 0) throw system_error(fmt::format("fsync {}", files.part.native()), errno);
  return files.part;
}

void forget_download(const std::string& url, const std::filesystem::path& directory) {
  const DownloadFiles files = download_files(url, directory);
  remove_quietly(files.part);
  remove_quietly(files.note);
}

void expire_downloads(const std::filesystem::path& directory, std::chrono::hours age) {
  const auto oldest = std::filesystem::file_time_type::clock::now() - age;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::filesystem::path extension = entry.path().extension();
    if (extension != ".part" && extension != ".json") continue;
    const auto changed = std::filesystem::last_write_time(entry.path(), error);
    if (!error && changed < oldest) remove_quietly(entry.path());
  }
}

}  // namespace visor::storage
