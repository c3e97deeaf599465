// The catalogue of images: building, importing, removing.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/context.h"
#include "model/clone.h"
#include "model/image.h"

namespace visor::engine {

class ImageCatalogue {
 public:
  explicit ImageCatalogue(Context& context);

  void load();
  std::vector<model::Image> list();
  std::vector<model::BuildableImage> buildable() const;
  /// Error `image.not_found`.
  model::Image get(const std::string& name);
  /// The qcow2 file that disks stand on.
  std::filesystem::path disk_file(const model::Image& image) const { return directory(image) / "disk.qcow2"; }

  model::Task build(model::BuildRequest request);
  model::Task import(model::ImportRequest request);
  /// Makes an image of the first disk of a machine that is off.
  model::Task publish(const std::string& machine, model::PublishRequest request);
  model::Task remove(const std::string& name);
  void register_recovery();

 private:
  std::filesystem::path directory(const model::Image& image) const { return context_.paths.images() / image.id; }
  void require_free_name(const std::string& name) const;
  std::vector<std::string> users_of(const std::string& name);
  void publish(const char* action, const model::Image& image);
  Awaitable<> publish_now(TaskRun& run, std::string machine_id, model::PublishRequest request);
  Awaitable<> build_now(TaskRun& run, model::BuildRequest request);
  Awaitable<> import_now(TaskRun& run, model::ImportRequest request);
  Awaitable<> remove_now(TaskRun& run, std::string name);
  model::Image& add(model::Image image);
  TaskDescription describe(const std::string& verb, const std::string& name, std::vector<std::string> steps) const;

  Context& context_;
  std::map<std::string, model::Image> images_;  ///< by name
};

}  // namespace visor::engine
