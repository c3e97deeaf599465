// ImageCatalogue::publish: an image made of the disk of a machine.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "engine/disk_rules.h"
#include "engine/images.h"
#include "engine/occupied.h"
#include "model/validate.h"
#include "os/file.h"
#include "storage/write_disk.h"

namespace visor::engine {
namespace {

constexpr const char* kWriteImageStep = "Write the image";
constexpr std::size_t kImageTextLimit = 4096;

/// What a machine starts from.
const model::Disk& first_disk(const MachineRecord& record) {
  const auto found = std::find_if(record.spec.disks.begin(), record.spec.disks.end(),
                                  [](const model::Disk& disk) { return disk.device == model::DiskDevice::disk; });
  if (found != record.spec.disks.end()) return *found;
  throw Error(ErrorKind::conflict, "image.no_disk", fmt::format("The machine '{}' has no disk.", record.name),
              "An image is made of the first disk of a machine.");
}

}  // namespace

model::Task ImageCatalogue::publish(const std::string& machine, model::PublishRequest request) {
  const MachineEntry& entry = context_.machines.by_name(machine);
  Validation validation;
  model::check_image_name(request.name, "name", validation);
  model::check_text(request.description, kImageTextLimit, "description", validation);
  validation.throw_if_failed("image.invalid");
  require_allowed(entry, model::Action::publish);
  first_disk(entry.record);
  require_free_name(request.name);
  TaskDescription description;
  description.kind = "image.publish";
  description.title = fmt::format("Publish {} as image {}", machine, request.name);
  description.subject = {"image", request.name};
  description.steps = {kWriteImageStep};
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  return context_.tasks.start(std::move(description), [this, id, request](TaskRun& run) -> Awaitable<boost::json::object> {
    co_await publish_now(run, id, request);
    co_return boost::json::object{{"image", request.name}};
  });
}

Awaitable<> ImageCatalogue::publish_now(TaskRun& run, std::string machine_id, model::PublishRequest request) {
  run.step(kWriteImageStep);
  const Occupied occupied(context_, machine_id, run.id());
  const MachineEntry& entry = require_machine(context_, machine_id);
  require_allowed(entry, model::Action::publish);
  require_free_name(request.name);
  const MachineRecord source = entry.record;
  const model::Disk& disk = first_disk(source);
  model::Image image;
  image.id = make_uuid();
  image.name = request.name;
  image.description = request.description;
  image.architecture = source.spec.arch;
  image.source = model::ImageSource::published;
  image.os = source.spec.os;
  image.cloud_init = !source.ssh_user.empty();
  run.undo("remove_path", directory(image).native());
  os::make_directories(directory(image));
  const std::filesystem::path file = file_of(context_, disk);
  storage::DiskWrite wanted{
      .disk = file, .format = disk.format, .target = disk_file(image), .compress = request.compress, .mode = storage::kImageMode};
  storage::Progress progress = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
  image.virtual_size = co_await storage::write_disk(context_.storage, wanted, progress);
  if (!image.cloud_init) {
    run.log(
        "The guest is not set up by cloud-init: machines of this image have the same host name, SSH host keys and machine id.");
  }
  require_free_name(request.name);
  add(std::move(image));
}

}  // namespace visor::engine
