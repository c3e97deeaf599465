// Fetching a file by HTTP, resuming what an earlier try left behind. By libcurl: proxies, certificates, HTTP/2 and all the ways
// in which servers break a transfer are its daily work.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "storage/metered.h"

namespace visor::storage {

/// Whether `source` is an http or https address rather than a path.
bool is_url(const std::string& source);
/// The address as it may be shown and logged: without user, password, query and fragment.
std::string display_url(const std::string& url);

/// Files of one download below the downloads directory; named by a digest of the address.
struct DownloadFiles {
  std::filesystem::path part;  ///< the bytes so far
  std::filesystem::path note;  ///< JSON: which version of the file on the server they are from
};
DownloadFiles download_files(const std::string& url, const std::filesystem::path& directory);

/// Fetches `url` into download_files().part and returns it when it is complete. Blocks; for the pool. Only http and https, at most
/// five redirects and never from https to http; certificates are verified with the system's store (or SSL_CERT_FILE); the
/// environment's proxies are used. Ends after 30 s without a byte; broken transfers go on where they ended as long as they get
/// ahead. Whatever arrived stays for the next try. One caller per address at a time.
/// Errors: `image.download_failed`, `image.bad_url`, `host.no_space`, cancelled.
std::filesystem::path fetch(const std::string& url, const std::filesystem::path& directory, Meter& meter);

/// Deletes what was fetched from `url`.
void forget_download(const std::string& url, const std::filesystem::path& directory);
/// Deletes downloads that nobody has continued for `age`.
void expire_downloads(const std::filesystem::path& directory, std::chrono::hours age);

}  // namespace visor::storage
