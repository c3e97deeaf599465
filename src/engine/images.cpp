#include "engine/images.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "base/json_text.h"
#include "deploy/debian_builder.h"
#include "model/validate.h"
#include "os/file.h"

namespace visor::engine {
namespace {

/// Data of the events that this file publishes.
struct ImageNews {
  std::string action;
  model::Image image;
};
BOOST_DESCRIBE_STRUCT(ImageNews, (), (action, image))

void check_name(const std::string& name) {
  Validation validation;
  model::check_image_name(name, "name", validation);
  validation.throw_if_failed("image.invalid");
}

}  // namespace

ImageCatalogue::ImageCatalogue(Context& context) : context_(context) {}

void ImageCatalogue::load() {
  for (const store::Document& document : context_.store.load("image")) {
    auto image = json::from_json<model::Image>(json::parse(document.text), "store.corrupt");
    images_[image.name] = std::move(image);
  }
}

std::vector<std::string> ImageCatalogue::users_of(const std::string& name) {
  std::vector<std::string> users;
  for (const MachineEntry* entry : context_.machines.all()) {
    if (entry->record.image == name) users.push_back(entry->record.name);
  }
  return users;
}

std::vector<model::Image> ImageCatalogue::list() {
  std::vector<model::Image> all;
  all.reserve(images_.size());
  for (const auto& [name, image] : images_) all.push_back(get(name));
  return all;
}

std::vector<model::BuildableImage> ImageCatalogue::buildable() const { return deploy::buildable_images(); }

model::Image ImageCatalogue::get(const std::string& name) {
  const auto found = images_.find(name);
  if (found == images_.end()) {
    throw Error(ErrorKind::not_found, "image.not_found",
                fmt::format("There is no image named '{}'.", text::printable(name.substr(0, 130))),
                "`visor image list` shows all images; `visor image build debian/12` makes one.");
  }
  model::Image image = found->second;
  image.used_by = users_of(name);
  return image;
}

void ImageCatalogue::require_free_name(const std::string& name) const {
  if (!images_.contains(name)) return;
  throw Error(ErrorKind::conflict, "image.exists", fmt::format("There is already an image named '{}'.", name),
              fmt::format("Choose another name, or delete it with `visor image delete {}`.", name));
}

void ImageCatalogue::publish(const char* action, const model::Image& image) {
  context_.events.publish("image", json::to_text(ImageNews{action, image}));
}

TaskDescription ImageCatalogue::describe(const std::string& verb, const std::string& name, std::vector<std::string> steps) const {
  TaskDescription description;
  description.kind = "image." + verb;
  std::string title = verb;
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  description.title = fmt::format("{} image {}", title, name);
  description.subject = {"image", name};
  description.steps = std::move(steps);
  description.queue = "image " + name;
  return description;
}

model::Image& ImageCatalogue::add(model::Image image) {
  const std::filesystem::path file = disk_file(image);
  image.file_size = os::allocated_size(file);
  image.created = std::chrono::system_clock::now();
  context_.store.put("image", image.id, json::to_text(image));
  model::Image& added = images_[image.name] = std::move(image);
  publish("created", added);
  return added;
}

// --- build and import ---------------------------------------------------------------------------------------------------------

model::Task ImageCatalogue::build(model::BuildRequest request) {
  const std::vector<model::BuildableImage> known = buildable();
  const bool found =
      std::any_of(known.begin(), known.end(), [&](const model::BuildableImage& image) { return image.name == request.name; });
  if (!found) {
    throw Error(ErrorKind::not_found, "image.unknown_recipe",
                fmt::format("There is no recipe for an image '{}'.", text::printable(request.name.substr(0, 130))),
                "`visor image list` names the images that can be built.");
  }
  require_free_name(request.name);
  TaskDescription description = describe("build", request.name, deploy::build_steps());
  return context_.tasks.start(std::move(description), [this, request](TaskRun& run) -> Awaitable<boost::json::object> {
    co_await build_now(run, request);
    co_return boost::json::object{{"image", request.name}};
  });
}

Awaitable<> ImageCatalogue::build_now(TaskRun& run, model::BuildRequest request) {
  require_free_name(request.name);
  model::Image image;
  image.id = make_uuid();
  image.name = request.name;
  image.architecture = request.architecture;
  image.source = model::ImageSource::built;
  image.cloud_init = true;
  run.undo("remove_build", directory(image).native());
  os::make_directories(directory(image));
  deploy::BuildObserver observer;
  observer.step = [&run](const std::string& title) { run.step(title); };
  observer.progress = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
  observer.log = [&run](const std::string& line) { run.log(line); };
  const deploy::BuiltImage built = co_await deploy::build_image(request.name, request.architecture, directory(image), observer);
  if (built.disk != disk_file(image)) std::filesystem::rename(built.disk, disk_file(image));
  image.virtual_size = built.virtual_size;
  image.os = built.os;
  require_free_name(request.name);
  add(std::move(image));
}

model::Task ImageCatalogue::import(model::ImportRequest request) {
  check_name(request.name);
  require_free_name(request.name);
  const bool url = request.source.starts_with("http://") || request.source.starts_with("https://");
  if (!url && !request.source.starts_with('/')) {
    throw Error(
        ErrorKind::invalid, "image.bad_source",
        fmt::format("'{}' is neither an absolute path nor an http(s) URL.", text::printable(request.source.substr(0, 200))));
  }
  const bool hex = request.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!request.sha256.empty() && (request.sha256.size() != 64 || !hex)) {
    throw Error(ErrorKind::invalid, "image.bad_checksum", "A SHA-256 checksum has 64 digits of 0-9 a-f.");
  }
  TaskDescription description = describe("import", request.name, {"Fetch, check and convert"});
  return context_.tasks.start(std::move(description), [this, request](TaskRun& run) -> Awaitable<boost::json::object> {
    co_await import_now(run, request);
    co_return boost::json::object{{"image", request.name}};
  });
}

Awaitable<> ImageCatalogue::import_now(TaskRun& run, model::ImportRequest request) {
  run.step("Fetch, check and convert");
  require_free_name(request.name);
  model::Image image;
  image.id = make_uuid();
  image.name = request.name;
  image.description = request.description;
  image.architecture = request.architecture;
  // Whether a foreign image has cloud-init cannot be seen from outside; a seed medium does no harm when it has not.
  image.cloud_init = true;
  run.undo("remove_path", directory(image).native());
  os::make_directories(directory(image));
  const std::filesystem::path downloads = context_.paths.state_directory / "downloads";
  os::make_directories(downloads);
  storage::Progress progress = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
  storage::ImportSource source{request.source, request.format, request.sha256};
  const storage::ImportedImage imported = co_await context_.storage.import_image(source, disk_file(image), downloads, progress);
  image.virtual_size = imported.virtual_size;
  image.sha256 = imported.sha256;
  require_free_name(request.name);
  add(std::move(image));
}

// --- remove -------------------------------------------------------------------------------------------------------------------

model::Task ImageCatalogue::remove(const std::string& name) {
  const model::Image image = get(name);
  if (!image.used_by.empty()) {
    throw Error(ErrorKind::conflict, "image.in_use",
                fmt::format("The image '{}' is the base of the disks of {}.", name, fmt::join(image.used_by, ", ")),
                "Delete these machines first.");
  }
  TaskDescription description = describe("delete", name, {});
  description.cancellable = false;
  return context_.tasks.start(std::move(description), [this, name](TaskRun& run) -> Awaitable<boost::json::object> {
    co_await remove_now(run, name);
    co_return boost::json::object{};
  });
}

Awaitable<> ImageCatalogue::remove_now(TaskRun& run, std::string name) {
  const model::Image image = get(name);
  if (!image.used_by.empty()) {
    throw Error(ErrorKind::conflict, "image.in_use",
                fmt::format("The image '{}' is in use by {}.", name, fmt::join(image.used_by, ", ")));
  }
  // From the journal on, nobody may start from it any more; the files go last.
  run.undo("remove_path", directory(image).native());
  context_.store.erase("image", image.id);
  images_.erase(name);
  publish("deleted", image);
  os::remove_tree(directory(image));
  co_return;
}

void ImageCatalogue::register_recovery() {
  context_.tasks.on_undo("remove_build", "Undone: the unfinished build in {} was removed.",
                         [](std::string path) -> Awaitable<> { return deploy::remove_unfinished_build(std::move(path)); });
  context_.tasks.on_recover("image.delete", [this](model::Task task) -> Awaitable<TaskEngine::Recovery> {
    for (const store::Undo& entry : context_.store.undo_of(task.id)) {
      if (entry.action == "remove_path") os::remove_tree(entry.argument);
    }
    const auto found = images_.find(task.subject.name);
    if (found != images_.end()) {
      context_.store.erase("image", found->second.id);
      images_.erase(found);
    }
    co_return TaskEngine::Recovery{"The removal was finished after a restart of visord."};
  });
}

}  // namespace visor::engine
