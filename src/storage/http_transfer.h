// One HTTP request whose answer goes into a file.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "os/fd.h"
#include "storage/metered.h"

namespace visor::storage {

/// Which version of the server's file the bytes on disk are from.
struct DownloadNote {
  std::string etag;           ///< strong validator, as sent
  std::string last_modified;  ///< used when there is no strong ETag
  std::uint64_t total = 0;    ///< size of the whole file, 0 if unknown

  /// What If-Range may carry; empty: the transfer cannot be resumed safely.
  const std::string& validator() const { return etag.empty() ? last_modified : etag; }
};
BOOST_DESCRIBE_STRUCT(DownloadNote, (), (etag, last_modified, total))

/// How a request ended, when no exception says otherwise.
struct TransferResult {
  bool complete = false;   ///< the file is whole
  bool restart = false;    ///< what is on disk belongs to another version: begin again
  bool advanced = false;   ///< at least one byte was added
  std::string redirect;    ///< the address to ask instead
  std::string failure;     ///< why it is not complete
  bool permanent = false;  ///< trying again would not help
};

/// The header fields of the last answer that matter here.
struct ResponseHead {
  long status = 0;
  DownloadNote note;
  std::optional<std::uint64_t> range_start;

  /// Takes one header line, as it comes from the network.
  void take(std::string_view line);
};

/// Asks for `url` from the end of `part` on when `note` allows, and appends to it. Writes `note_path` before the first byte, so that
/// a later try knows what it continues. Throws Error{cancelled}, `host.no_space`, or what the file system says.
TransferResult transfer(const std::string& url, const std::filesystem::path& part, const std::filesystem::path& note_path,
                        Meter& meter);

}  // namespace visor::storage
