// The discs that Visor keeps, and writing them with what is in a folder.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "model/iso.h"

namespace visor::engine {

class Isos {
 public:
  explicit Isos(Context& context) : context_(context) {}

  /// Clears their folder of what a killed daemon left half written.
  void open();
  Awaitable<std::vector<model::Iso>> list();
  /// Errors: `iso.exists`, `iso.no_folder`, those of a drive when one is named, and those of storage::write_iso().
  Awaitable<model::Task> build(model::IsoRequest request);
  /// Errors: `iso.not_found`, `iso.in_use` with who has it.
  Awaitable<> remove(std::string name);

 private:
  std::filesystem::path file(const std::string& name) const { return context_.paths.isos() / (name + ".iso"); }
  bool is_taken(const std::string& name) const;
  std::string free_name(const std::filesystem::path& folder) const;
  std::vector<std::string> users_of(const std::filesystem::path& file) const;
  TaskDescription description_of(const model::IsoRequest& request);
  Awaitable<boost::json::object> build_now(TaskRun& run, model::IsoRequest request, std::string machine_id);

  Context& context_;
  std::map<std::string, std::weak_ptr<int>> being_written_;  ///< names of discs whose tasks hold them
};

}  // namespace visor::engine
