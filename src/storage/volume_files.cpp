#include "storage/volume_files.h"

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "os/file.h"
#include "storage/qcow2_header.h"
#include "storage/source_file.h"

namespace visor::storage {
namespace {

/// A backing file is never opened here: it is a name to show and to compare.
std::string next_of(const std::filesystem::path& directory, const std::string& backing) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::weakly_canonical(directory / backing, error);
  return error ? backing : path.native();
}

void read_header_into(VolumeFile& volume, const std::filesystem::path& file, bool stated) {
  const SourceFile source = open_source(file, volume.name);
  const FileBytes bytes(source.fd.get(), source.name);
  volume.virtual_size = source.size;
  if (!stated) volume.format = has_qcow2_magic(bytes) ? model::DiskFormat::qcow2 : model::DiskFormat::raw;
  if (volume.format != model::DiskFormat::qcow2) return;
  const Qcow2Header header = read_qcow2_header(bytes, volume.name);
  volume.virtual_size = header.virtual_size;
  if (header.backing_file) volume.stands_on = next_of(file.parent_path(), *header.backing_file);
}

VolumeFile read_volume_file(const std::filesystem::path& file, const std::map<std::string, model::DiskFormat>& formats) {
  VolumeFile volume;
  volume.name = file.filename().native();
  const auto stated = formats.find(volume.name);
  if (stated != formats.end()) volume.format = stated->second;
  try {
    volume.used = os::allocated_size(file);
    read_header_into(volume, file, stated != formats.end());
  } catch (const Error& error) {
    volume.problem = error.what();
  }
  return volume;
}

}  // namespace

std::vector<VolumeFile> read_volume_files(const std::filesystem::path& directory,
                                          const std::map<std::string, model::DiskFormat>& formats) {
  std::vector<VolumeFile> volumes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.symlink_status(error).type() == std::filesystem::file_type::regular)
      volumes.push_back(read_volume_file(entry.path(), formats));
  }
  std::sort(volumes.begin(), volumes.end(), [](const VolumeFile& a, const VolumeFile& b) { return a.name < b.name; });
  return volumes;
}

}  // namespace visor::storage
