#include "deploy/debian_builder.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/id.h"
#include "deploy/apt_config.h"
#include "deploy/disk_layout.h"
#include "deploy/image_recipe.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::deploy {
namespace {

constexpr Bytes kNeededSpace = 4_GiB;
constexpr auto kInstallTime = std::chrono::minutes(60);
constexpr auto kStepTime = std::chrono::minutes(10);
constexpr const char* kFailed = "image.build_failed";

struct Tool {
  const char* program;
  const char* package;
};

/// Runs programs as the root of a user namespace of our own (or as root, when we are root): file owners come out right, nothing
/// outside can be touched, and all of it ends with us.
class Namespace {
 public:
  explicit Namespace(std::filesystem::path directory) : directory_(std::move(directory)) {}

  os::Command command(const std::string& program, std::vector<std::string> arguments) const {
    os::Command command = plain("unshare", {"--mount", "--pid", "--fork", "--kill-child"});
    if (::geteuid() != 0) command.arguments.insert(command.arguments.begin(), {"--map-root-user", "--map-auto"});
    command.arguments.push_back("--");
    command.arguments.push_back(program);
    for (std::string& argument : arguments) command.arguments.push_back(std::move(argument));
    command.box.no_new_privileges = false;  // newuidmap is set-uid: it checks /etc/subuid for us
    return command;
  }

  os::Command plain(const std::string& program, std::vector<std::string> arguments) const {
    os::Command command;
    command.umask = 0022;  // what packages make in the guest's tree must be readable there
    command.program = program;
    command.arguments = std::move(arguments);
    command.directory = directory_;
    command.inherit_environment = true;  // proxies and certificates
    command.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                           {"TMPDIR", directory_.native()},
                           {"LC_ALL", "C.UTF-8"}};
    return command;
  }

 private:
  std::filesystem::path directory_;
};

/// Everything one build knows.
struct Build {
  const ImageRecipe& recipe;
  std::filesystem::path directory;
  BuildObserver observer;
  DiskIdentity identity;
  std::filesystem::path work = directory / "work";
  std::filesystem::path tree = work / "tree";
  std::filesystem::path raw = work / "disk.raw";
  Namespace space{work};

  loop::CommandOptions options(loop::Duration timeout) const {
    loop::CommandOptions options;
    options.timeout = timeout;
    options.on_line = [this](const std::string& line) {
      if (observer.log) observer.log(line);
    };
    return options;
  }
  void step(std::size_t number) const {
    if (observer.step) observer.step(build_steps().at(number));
  }
};

Awaitable<loop::CommandResult> run_tool(os::Command command, loop::CommandOptions options) {
  return loop::run_checked(std::move(command), std::move(options), kFailed);
}

// --- what the host must have ------------------------------------------------------------------------------------------------------

void check_tools() {
  static constexpr std::array<Tool, 9> kTools{{{"apt-get", "apt"},
                                               {"mmdebstrap", "mmdebstrap"},
                                               {"unshare", "util-linux"},
                                               {"newuidmap", "uidmap"},
                                               {"chroot", "coreutils"},
                                               {"tar", "tar"},
                                               {"sfdisk", "fdisk"},
                                               {"mke2fs", "e2fsprogs"},
                                               {"qemu-img", "qemu-utils"}}};
  std::string programs;
  std::string packages;
  for (const Tool& tool : kTools) {
    const bool needed = tool.program != std::string_view("newuidmap") || ::geteuid() != 0;
    if (!needed || os::find_program(tool.program)) continue;
    programs += fmt::format("{}{}", programs.empty() ? "" : ", ", tool.program);
    packages += fmt::format(" {}", tool.package);
  }
  if (programs.empty()) return;
  throw Error(ErrorKind::unsupported, "image.build_tool_missing",
              fmt::format("To build an image these programs are needed: {}.", programs),
              fmt::format("sudo apt-get install --no-install-recommends{}", packages));
}

void check_space(const std::filesystem::path& directory) {
  const Bytes free = os::file_system_space(directory).free;
  if (free >= kNeededSpace) return;
  throw Error(ErrorKind::no_space, "host.no_space",
              fmt::format("Building an image needs {} in {}, but only {} are free.", format_bytes(kNeededSpace),
                          directory.native(), format_bytes(free)),
              "Delete what is not needed any more, or move Visor's state directory to a larger disk.");
}

Awaitable<> check_namespace(const Build& build) {
  loop::CommandResult result = co_await loop::run_command(build.space.command("true", {}), build.options(kStepTime));
  if (result.status.success()) co_return;
  throw Error(ErrorKind::unsupported, "image.build_tool_missing",
              fmt::format("This user cannot make a user namespace, which building without root needs: {}", result.error),
              "Give the user a range of ids: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER");
}

// --- the steps --------------------------------------------------------------------------------------------------------------------

void write_guest_files(const std::filesystem::path& root, const std::vector<GuestFile>& files) {
  for (const GuestFile& file : files) {
    os::make_directories((root / file.path).parent_path(), 0755);
    os::replace_file(root / file.path, file.content, file.mode);
  }
}

/// The host's own sources as a file, if it has any for this release; without one mmdebstrap uses the public mirrors.
std::optional<std::filesystem::path> write_sources(const Build& build) {
  const std::string text = format_sources(sources_for(read_host_sources("/etc/apt"), build.recipe.codename));
  if (text.empty()) return std::nullopt;
  std::filesystem::path path = build.work / "host.sources";
  os::replace_file(path, text);
  return path;
}

Awaitable<std::filesystem::path> write_apt_settings(const Build& build) {
  loop::CommandOptions quiet;
  const loop::CommandResult dump = co_await run_tool(build.space.plain("apt-config", {"dump"}), std::move(quiet));
  std::string settings = download_settings(dump.output) + "Acquire::Languages \"none\";\n";
  std::filesystem::path path = build.work / "apt.conf";
  os::replace_file(path, settings);
  co_return path;
}

std::string joined(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ",")); }

/// How far the installation is, told from the headings that mmdebstrap prints.
std::optional<double> install_progress(std::string_view line) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> kMarks{{{"running apt-get update", 0.02},
                                                                              {"downloading packages", 0.1},
                                                                              {"extracting archives", 0.25},
                                                                              {"installing essential", 0.3},
                                                                              {"installing remaining", 0.4},
                                                                              {"cleaning package lists", 0.95},
                                                                              {"success", 1.0}}};
  if (!line.starts_with("I: ")) return std::nullopt;
  for (const auto& [mark, fraction] : kMarks) {
    if (line.substr(3).starts_with(mark)) return fraction;
  }
  return std::nullopt;
}

Awaitable<> install_packages(const Build& build) {
  write_guest_files(build.work / "early", early_guest_files());
  const std::filesystem::path settings = co_await write_apt_settings(build);
  std::vector<std::string> arguments{"--mode=root",
                                     "--variant=minbase",
                                     "--format=directory",
                                     "--architectures=amd64",
                                     "--include=" + joined(build.recipe.packages),
                                     "--aptopt=" + settings.native(),
                                     "--dpkgopt=force-unsafe-io",
                                     "--essential-hook=copy-in early/etc /",
                                     build.recipe.codename,
                                     "tree"};
  if (const auto sources = write_sources(build)) arguments.push_back(sources->native());
  loop::CommandOptions options = build.options(kInstallTime);
  options.on_line = [&build](const std::string& line) {
    if (build.observer.log) build.observer.log(line);
    const auto fraction = install_progress(line);
    if (fraction && build.observer.progress) build.observer.progress(*fraction, line.substr(3));
  };
  co_await run_tool(build.space.command("mmdebstrap", std::move(arguments)), std::move(options));
}

void remove_leftovers(const std::filesystem::path& tree) {
  for (const std::string& pattern : leftovers()) {
    if (!pattern.ends_with('*')) {
      std::filesystem::remove(tree / pattern);
      continue;
    }
    const std::filesystem::path directory = (tree / pattern).parent_path();
    std::string start = std::filesystem::path(pattern).filename().native();
    start.pop_back();
    std::vector<std::filesystem::path> doomed;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().filename().native().starts_with(start)) doomed.push_back(entry.path());
    }
    for (const std::filesystem::path& path : doomed) std::filesystem::remove(path);
  }
}

Awaitable<> set_guest_up(const Build& build) {
  const std::function<void()> write = [&build] {
    remove_leftovers(build.tree);
    write_guest_files(build.tree, guest_files(build.recipe, build.identity));
    std::filesystem::create_symlink("../run/systemd/resolve/stub-resolv.conf", build.tree / "etc/resolv.conf");
  };
  co_await loop::run_blocking(write);
  for (const auto& [verb, units] :
       {std::pair{"enable", &build.recipe.enabled_units}, std::pair{"disable", &build.recipe.disabled_units}}) {
    std::vector<std::string> arguments{build.tree.native(), "/bin/systemctl", "--quiet", verb};
    arguments.insert(arguments.end(), units->begin(), units->end());
    co_await run_tool(build.space.command("chroot", std::move(arguments)), build.options(kStepTime));
  }
}

/// The one file of a directory whose name begins with `start`: the installation is fresh, so there is one kernel.
std::filesystem::path only_file(const std::filesystem::path& directory, std::string_view start) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().native().starts_with(start)) return entry.path();
  }
  throw Error(ErrorKind::internal, kFailed,
              fmt::format("The installation has no {}* in {}.", start, directory.filename().native()));
}

Awaitable<> make_disk(const Build& build) {
  const DiskLayout layout = make_disk_layout(build.recipe.disk_size);
  const os::Fd raw = os::open_file(build.raw, O_RDWR | O_CREAT | O_EXCL);
  if (::ftruncate(raw.get(), static_cast<off_t>(layout.disk.count)) != 0) throw system_error("grow the disk file", errno);
  loop::CommandOptions options = build.options(kStepTime);
  options.input = partition_script(layout);
  co_await run_tool(build.space.plain("sfdisk", {"--quiet", build.raw.native()}), std::move(options));
  const std::function<void()> write = [&build, &layout] {
    BootLoader loader{.shim = os::read_file(build.tree / "usr/lib/shim/shimx64.efi.signed"),
                      .grub = os::read_file(build.tree / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed")};
    write_esp(build.raw, layout, build.identity, std::move(loader));
    std::filesystem::copy_file(only_file(build.tree / "boot", "vmlinuz-"), build.directory / "vmlinuz");
    std::filesystem::copy_file(only_file(build.tree / "boot", "initrd.img-"), build.directory / "initrd.img");
  };
  co_await loop::run_blocking(write);
  std::vector<std::string> arguments = root_file_system_arguments(layout, build.identity, build.tree, build.raw);
  co_await run_tool(build.space.command("mke2fs", std::move(arguments)), build.options(kStepTime));
}

Awaitable<> convert_disk(const Build& build) {
  co_await run_tool(build.space.plain("qemu-img", {"convert", "-f", "raw", "-O", "qcow2", build.raw.native(),
                                                   (build.directory / "disk.qcow2").native()}),
                    build.options(kStepTime));
}

/// Removes the work directory; its files belong to ids of the namespace, so only its root may.
Awaitable<> remove_work(const Build& build) {
  loop::CommandOptions options;
  options.timeout = kStepTime;
  if (std::filesystem::exists(build.tree)) {
    co_await run_tool(build.space.command("rm", {"--recursive", "--force", "--one-file-system", "--", build.tree.native()}),
                      std::move(options));
  }
  os::remove_tree(build.work);
}

Awaitable<> run_steps(const Build& build) {
  build.step(0);
  check_tools();
  check_space(build.directory);
  os::make_directories(build.work, 0755);
  co_await check_namespace(build);
  build.step(1);
  co_await install_packages(build);
  build.step(2);
  co_await set_guest_up(build);
  build.step(3);
  co_await make_disk(build);
  build.step(4);
  co_await convert_disk(build);
}

std::uint32_t random_id() {
  const std::string digits = make_secret(4);
  std::uint32_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  return id;
}

}  // namespace

std::vector<model::BuildableImage> buildable_images() {
  std::vector<model::BuildableImage> images;
  for (const ImageRecipe& recipe : image_recipes()) images.push_back({recipe.name, recipe.title});
  return images;
}

Awaitable<> remove_unfinished_build(std::filesystem::path directory) {
  const Build build{.recipe = image_recipes().front(), .directory = directory, .observer = {}, .identity = {}};
  co_await remove_work(build);
  os::remove_tree(directory);
}

std::vector<std::string> build_steps() {
  return {"Look at the host", "Install the packages", "Set the guest up", "Make the disk", "Convert to qcow2"};
}

Awaitable<BuiltImage> build_image(std::string name, model::Arch architecture, std::filesystem::path directory,
                                  BuildObserver observer) {
  const Build build{.recipe = find_recipe(name, architecture),
                    .directory = std::move(directory),
                    .observer = std::move(observer),
                    .identity = {make_uuid(), random_id()}};
  std::exception_ptr failure;
  try {
    co_await run_steps(build);
  } catch (...) {
    failure = std::current_exception();
  }
  // Also a cancelled build must not leave files behind that its user cannot delete.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await remove_work(build);
  if (failure) std::rethrow_exception(failure);
  BuiltImage built;
  built.disk = build.directory / "disk.qcow2";
  built.kernel = build.directory / "vmlinuz";
  built.initrd = build.directory / "initrd.img";
  built.virtual_size = build.recipe.disk_size;
  built.os = build.recipe.os;
  co_return built;
}

}  // namespace visor::deploy
