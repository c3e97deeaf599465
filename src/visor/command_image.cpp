#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/create_request.h"
#include "visor/machine_view.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

model::Arch architecture(const Arguments& arguments) {
  if (arguments.has("arch")) return *json::enum_from_name<model::Arch>(arguments.get("arch"));
  utsname host{};
  ::uname(&host);
  return json::enum_from_name<model::Arch>(host.machine).value_or(model::Arch::x86_64);
}

Awaitable<int> image_list(Context& context, const Arguments& /*arguments*/) {
  const client::Images images = co_await context.api().images();
  if (!context.out.is_table()) {
    const Table table = image_table(images.images, std::chrono::system_clock::now());
    context.out.show(json::to_json(images.images), table);
    co_return kExitOk;
  }
  if (images.images.empty()) context.out.note("There is no image yet.");
  if (!images.images.empty())
    context.out.print(render(image_table(images.images, std::chrono::system_clock::now()), context.out.canvas()));
  std::string buildable;
  for (const model::BuildableImage& image : images.buildable) buildable += (buildable.empty() ? "" : ", ") + image.name;
  if (!buildable.empty()) context.out.note(fmt::format("`visor image build` can build: {}.", text::printable(buildable)));
  co_return kExitOk;
}

Awaitable<int> image_info(Context& context, const Arguments& arguments) {
  const model::Image image = co_await context.api().image(arguments.get("IMAGE"));
  context.out.show(json::to_json(image), image_details(image, std::chrono::system_clock::now()));
  co_return kExitOk;
}

Awaitable<int> build(Context& context, const Arguments& arguments) {
  const model::BuildRequest request = {.name = arguments.get("IMAGE"), .architecture = architecture(arguments)};
  model::Task task = co_await context.api().build_image(request);
  Finish finish = {.done = fmt::format("The image {0} is built; `visor launch {0}` makes a machine from it.", request.name)};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

bool is_url(const std::string& text) { return text.starts_with("https://") || text.starts_with("http://"); }

Awaitable<int> import(Context& context, const Arguments& arguments) {
  model::ImportRequest request;
  const std::string source = arguments.get("FILE|URL");
  request.source = is_url(source) ? source : absolute_path(source);
  std::string file = source.substr(0, source.find_first_of("?#"));
  file = file.substr(file.rfind('/') + 1);
  request.name = arguments.get("name", name_from_image(file.substr(0, file.rfind('.'))));
  if (arguments.has("image-format")) request.format = json::enum_from_name<model::DiskFormat>(arguments.get("image-format"));
  request.sha256 = arguments.get("sha256");
  request.description = arguments.get("description");
  request.architecture = architecture(arguments);
  model::Task task = co_await context.api().import_image(request);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("The image {} is there.", request.name)});
}

Awaitable<int> image_remove(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("IMAGE");
  if (!context.globals.yes) {
    const model::Image image = co_await context.api().image(name);
    if (!is_terminal(STDIN_FILENO))
      throw usage_error("`visor image delete` needs --yes when nobody can be asked.", "image delete");
    if (!confirm(fmt::format("Delete the image {}?", text::printable(image.name)))) {
      throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was deleted.");
    }
  }
  model::Task task = co_await context.api().remove_image(name);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("The image {} is deleted.", name)});
}

OptionSpec arch_option() {
  return {.names = "--arch",
          .value = "ARCH",
          .help = "Architecture (default: this host's).",
          .choices = json::enum_names<model::Arch>()};
}

Command import_command() {
  return {.name = "image import",
          .group = "Images",
          .summary = "Take a disk image from a file or a URL.",
          .description =
              "Any cloud image with cloud-init works. Downloads go on where they broke off and are checked before first use.",
          .positionals = {{"FILE|URL", "raw, qcow2, vmdk, vhdx or vdi.", Completes::files}},
          .options = {{.names = "--name", .value = "NAME", .help = "Name of the image (default: from the file)."},
                      {.names = "--sha256", .value = "HEX", .help = "What the file must hash to."},
                      {.names = "--image-format",
                       .value = "FORMAT",
                       .help = "Format of the file (default: detected).",
                       .choices = json::enum_names<model::DiskFormat>()},
                      {.names = "--description", .value = "TEXT", .help = "A note for people."},
                      arch_option()},
          .examples = {{"visor image import disk.vmdk --name old/server", "a disk of another hypervisor"},
                       {"visor image import https://example.org/cloud.qcow2 --name cloud/12", "a cloud image"}},
          .run = import};
}

}  // namespace

std::vector<Command> image_commands() {
  return {
      {.name = "image list",
       .group = "Images",
       .summary = "List the images.",
       .examples = {{"visor image list", "with the machines that use them"}},
       .run = image_list},
      {.name = "image info",
       .group = "Images",
       .summary = "Show everything about an image.",
       .positionals = {{"IMAGE", "The image.", Completes::images}},
       .examples = {{"visor image info debian/12", "size, format, users"}},
       .run = image_info},
      {.name = "image build",
       .group = "Images",
       .summary = "Build an image from the packages of this host's own sources.",
       .positionals = {{"IMAGE", "What to build; `visor image list` names what can be built.", Completes::buildable_images}},
       .options = {arch_option()},
       .examples = {{"visor image build debian/12", "takes some minutes"},
                    {"visor image build debian/12 --no-wait", "in the background"}},
       .run = build},
      import_command(),
      {.name = "image delete",
       .group = "Images",
       .summary = "Delete an image that no machine uses.",
       .positionals = {{"IMAGE", "The image.", Completes::images}},
       .examples = {{"visor image delete old/server", "asks"}, {"visor image delete old/server --yes", "does not ask"}},
       .run = image_remove},
  };
}

}  // namespace visor::cli
