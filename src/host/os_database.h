// The database of guest systems that the package osinfo-db brings (https://libosinfo.org): names, needs, drivers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/operating_system.h"

namespace visor::host {

/// Eight hundred small XML files, read at once. Blocks for some tens of milliseconds: too long for the event loop.
class OsDatabase {
 public:
  explicit OsDatabase(const std::filesystem::path& root = "/");

  /// All systems, by name; empty when the database is not installed. What cannot be read is left out.
  std::vector<model::OperatingSystem> read() const;

 private:
  std::filesystem::path folder_;
};

/// The system with this id. An unknown one of a known series ("debian12" when the database ends at "debian11") is answered by the
/// newest of the series that is not newer; nothing when there is none.
std::optional<model::OperatingSystem> find_system(const std::vector<model::OperatingSystem>& systems, const std::string& id);

}  // namespace visor::host
