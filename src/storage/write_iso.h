// Discs written with what is in a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "storage/metered.h"
#include "storage/storage.h"

namespace visor::storage {

/// What is in a folder, as far as a disc minds.
struct FolderContent {
  std::uint64_t entries = 0;  ///< files, folders and links below it
  Bytes size;                 ///< of its files, each rounded up to whole sectors
  Bytes largest;              ///< of one file
};

/// Looks at everything in `folder`; links are not followed. Blocks; for run_metered(). Errors: `iso.no_folder`,
/// `iso.unreadable`, `iso.bad_name` (a name that is no UTF-8), `iso.too_many_files`.
FolderContent read_folder(const std::filesystem::path& folder, Meter& meter);

struct IsoWrite {
  std::filesystem::path folder;
  std::filesystem::path target;  ///< does not exist yet
  std::string label;             ///< at most 32 characters of ASCII
  FolderContent content;
};

/// Whether a disc needs UDF: ISO 9660 and Joliet have 32 bits for the size of a file. Linux takes UDF first where it is, and it does
/// not know who may execute a file or where a link leads; hence only then.
bool needs_udf(const FolderContent& content);

/// The fraction that a line of genisoimage tells of; nothing when it tells none.
std::optional<double> parse_iso_progress(const std::string& line);

/// Writes an ISO 9660 file system with Joliet (Windows) and Rock Ridge (Linux: long names, links, what may be executed; all is
/// root's, may be read by everyone and written by nobody) and, where a file needs it, UDF. Returns the size of the file, which is
/// read-only (mode 0444). genisoimage(1) in a box does the work: it can read the folder and write the target, nothing else. Errors:
/// `iso.contains_itself`, `iso.write_failed`, `volume.exists`, `host.no_space`, `host.program_missing`.
Awaitable<Bytes> write_iso(IsoWrite wanted, Progress progress);

}  // namespace visor::storage
