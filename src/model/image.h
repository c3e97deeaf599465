// Images: read-only disks that machines start from.
#pragma once

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/machine_spec.h"

namespace visor::model {

BOOST_DEFINE_ENUM_CLASS(ImageSource, built, imported, published)

struct Image {
  std::string id;
  std::string name;  ///< like "debian/12": parts as in machine names, with dots, joined by "/"
  std::string description;
  Arch architecture = Arch::x86_64;
  DiskFormat format = DiskFormat::qcow2;
  Bytes virtual_size;
  Bytes file_size;
  std::string sha256;  ///< of what was imported
  ImageSource source = ImageSource::imported;
  WallTime created;
  Os os;
  bool cloud_init = false;
  std::vector<std::string> used_by;  ///< names of machines whose disks start from it
};
BOOST_DESCRIBE_STRUCT(Image, (),
                      (id, name, description, architecture, format, virtual_size, file_size, sha256, source, created, os,
                       cloud_init, used_by))

struct BuildableImage {
  std::string name;
  std::string title;
};
BOOST_DESCRIBE_STRUCT(BuildableImage, (), (name, title))

struct BuildRequest {
  std::string name;
  Arch architecture = Arch::x86_64;
};
BOOST_DESCRIBE_STRUCT(BuildRequest, (), (name, architecture))

struct ImportRequest {
  std::string name;
  std::string source;  ///< absolute path, or http(s) URL
  std::optional<DiskFormat> format;
  std::string sha256;
  std::string description;
  Arch architecture = Arch::x86_64;
};
BOOST_DESCRIBE_STRUCT(ImportRequest, (), (name, source, format, sha256, description, architecture))

}  // namespace visor::model
