#include "qemu/accelerator_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "os/file.h"
#include "qemu/probe_guest.h"

namespace visor::qemu {

std::string host_arch() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "other";
#endif
}

namespace {

constexpr int kGuestDescriptor = 10;

os::Fd guest_file(model::Arch arch) {
  os::Fd file(::memfd_create("probe-guest", MFD_CLOEXEC));
  if (!file) throw system_error("memfd_create", errno);
  os::write_all(file.get(), probe_guest(arch));
  // QEMU opens a read-only node from a descriptor that is read-only itself.
  return os::open_file(fmt::format("/proc/self/fd/{}", file.get()), O_RDONLY);
}

std::vector<std::string> guest_arguments(model::Arch arch, const std::string& accelerator) {
  const std::string cpu = accelerator == "kvm" ? "host" : "max";
  std::vector<std::string> arguments{"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m",           "32",
                                     "-accel",      accelerator,       "-cpu",     cpu,    "-sandbox",   "on,spawn=deny"};
  const auto add = [&](std::vector<std::string> more) { arguments.insert(arguments.end(), more.begin(), more.end()); };
  if (arch == model::Arch::aarch64) {
    add({"-machine", "virt,gic-version=max", "-serial", "stdio", "-kernel", fmt::format("/proc/self/fd/{}", kGuestDescriptor)});
  } else {
    add({"-machine", "q35", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"});
    add({"-add-fd", fmt::format("fd={},set=1", kGuestDescriptor)});
    add({"-blockdev", "driver=file,node-name=guest,filename=/dev/fdset/1,read-only=on,auto-read-only=off"});
    add({"-device", "virtio-blk-pci,drive=guest,bootindex=0"});
  }
  return arguments;
}

/// What the run told: the first line that explains a failure, and how it ended.
struct Run {
  bool ended = false;
  loop::CommandResult result;
  std::string complaint;
};

bool fatal_line(const std::string& line) { return line.find("KVM internal error") != std::string::npos; }

bool worth_telling(const std::string& line) { return !line.empty() && line.find("warning:") == std::string::npos; }

bool guest_succeeded(model::Arch arch, const loop::CommandResult& result) {
  if (result.status.signal != 0) return false;
  if (arch == model::Arch::aarch64) return result.status.code == 0 && result.output.find(kProbeMark) != std::string::npos;
  return result.status.code == kProbeExitCode;
}

/// QEMU prefixes its messages with its own name.
std::string without_program(std::string line, const std::filesystem::path& program) {
  for (const std::string& prefix : {program.native() + ": ", program.filename().native() + ": "}) {
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  }
  return line;
}

std::string explain(const Run& run, const std::string& accelerator, const std::filesystem::path& program,
                    loop::Duration deadline) {
  const std::string complaint = text::printable(without_program(run.complaint, program));
  if (run.ended) {
    return fmt::format("A test guest with {} ended ({}){}{}.", accelerator, run.result.status.text(),
                       complaint.empty() ? "" : ": ", complaint);
  }
  if (!complaint.empty()) return fmt::format("A test guest with {} did not run: {}.", accelerator, complaint);
  return fmt::format("A test guest with {} did not run within {:g} s.", accelerator,
                     std::chrono::duration<double>(deadline).count());
}

std::string read_boot_id(const std::filesystem::path& path) {
  return std::string(text::trim(os::read_file_if_any(path).value_or("unknown")));
}

}  // namespace

const model::AcceleratorState* AcceleratorReport::find(const std::string& name) const {
  for (const model::AcceleratorState& state : accelerators) {
    if (state.name == name) return &state;
  }
  return nullptr;
}

std::string AcceleratorReport::best() const {
  for (const model::AcceleratorState& state : accelerators) {
    if (state.usable) return state.name;
  }
  return {};
}

std::string AcceleratorReport::reason() const {
  const model::AcceleratorState* kvm = find("kvm");
  return kvm == nullptr || kvm->usable ? "" : kvm->reason;
}

Awaitable<model::AcceleratorState> run_probe_guest(model::Arch arch, std::filesystem::path program, std::string accelerator,
                                                   loop::Duration deadline, QemuUser user) {
  const os::Fd guest = guest_file(arch);
  Run run;
  loop::Notifier changed(co_await boost::asio::this_coro::executor);
  loop::TaskGroup group(co_await boost::asio::this_coro::executor);
  bool over = false;
  loop::CommandOptions options;
  options.timeout = deadline + std::chrono::seconds(1);
  options.output_limit = Bytes{65536};
  options.on_line = [&](const std::string& line) {
    if (run.complaint.empty() && worth_telling(line)) run.complaint = line;
    if (!fatal_line(line)) return;
    // The guest is stopped for good but QEMU stays: no need to wait for the deadline.
    over = true;
    changed.notify_all();
  };
  std::exception_ptr failure;
  group.spawn("accelerator probe", [&]() -> Awaitable<> {
    os::Command command;
    command.program = program;
    command.arguments = guest_arguments(arch, accelerator);
    command.descriptors = {{guest.get(), kGuestDescriptor}};
    command.box.uid = user.uid;
    command.box.gid = user.gid;
    try {
      run.result = co_await loop::run_command(std::move(command), options);
      run.ended = true;
    } catch (const Error&) {
      failure = std::current_exception();
    }
    over = true;
    changed.notify_all();
  });
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!over && co_await changed.wait(end - std::chrono::steady_clock::now())) {
  }
  const bool started = !failure;
  co_await group.close();
  if (!started) std::rethrow_exception(failure);
  const bool usable = run.ended && guest_succeeded(arch, run.result);
  co_return model::AcceleratorState{accelerator, usable, usable ? "" : explain(run, accelerator, program, deadline)};
}

namespace {

/// A program that the user of QEMU may not run is no reason to know nothing of it. `allowed` says whether he may.
Awaitable<model::AcceleratorState> try_accelerator(model::Arch arch, std::filesystem::path program, std::string accelerator,
                                                   loop::Duration deadline, QemuUser user, bool& allowed) {
  try {
    co_return co_await run_probe_guest(arch, program, accelerator, deadline, user);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::forbidden) throw;
  }
  allowed = false;
  co_return model::AcceleratorState{
      accelerator, false,
      fmt::format("The user of QEMU, number {}, may not run {}: it and the folders above it have to be open to him.",
                  user.uid.value_or(::geteuid()), program.native())};
}

}  // namespace

AcceleratorProbe::AcceleratorProbe(std::filesystem::path cache_directory, ProbeOptions options)
    : directory_(std::move(cache_directory)), options_(std::move(options)) {}

std::string AcceleratorProbe::kvm_obstacle(model::Arch arch, const Capabilities& capabilities, const QemuUser& user) const {
  const std::string wanted = json::enum_name(arch);
  const std::string device = options_.kvm_device.native();
  if (wanted != host_arch()) return fmt::format("KVM runs guests of the host's own architecture only, which is {}.", host_arch());
  if (!capabilities.has_type("kvm-accel")) return "This QEMU was built without KVM.";
  const os::Fd opened(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (opened) {
    if (may_open(options_.kvm_device, user)) return {};
    return fmt::format(
        "The user of QEMU, number {}, may not open {}: run `echo 'KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\"' | sudo tee "
        "/etc/udev/rules.d/60-visor-kvm.rules`, then `sudo udevadm trigger /dev/kvm`.",
        user.uid.value_or(::geteuid()), device);
  }
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
    return fmt::format(
        "There is no {}: the processor's virtualization is off in the firmware setup, or this host is itself a virtual "
        "machine without nested virtualization.",
        device);
  }
  if (errno == EACCES || errno == EPERM) {
    return fmt::format("No permission to open {}: add the user to the group kvm (`sudo usermod -aG kvm USER`) and log in again.",
                       device);
  }
  return fmt::format("{} cannot be opened (error {}).", device, errno);
}

Awaitable<model::AcceleratorState> AcceleratorProbe::probe_kvm(model::Arch arch, std::filesystem::path program,
                                                               const Capabilities& capabilities, loop::Duration deadline,
                                                               bool& allowed) {
  const QemuUser user = choose_user(true, options_.kvm_device);
  const std::string obstacle = kvm_obstacle(arch, capabilities, user);
  if (!obstacle.empty()) co_return model::AcceleratorState{"kvm", false, obstacle};
  co_return co_await try_accelerator(arch, std::move(program), "kvm", deadline, user, allowed);
}

std::string AcceleratorProbe::identity(const std::filesystem::path& program, const QemuUser& user) const {
  struct stat device {};
  // Not there: all zero, which no device is.
  if (::stat(options_.kvm_device.c_str(), &device) != 0) device = {};
  return fmt::format("{}|{}|{}|{:o}:{}:{}|{}:{}", program_identity(program), read_boot_id(options_.boot_id),
                     options_.kvm_device.native(), device.st_mode, device.st_uid, device.st_gid, user.uid.value_or(::geteuid()),
                     user.gid.value_or(::getegid()));
}

Awaitable<AcceleratorReport> AcceleratorProbe::get(model::Arch arch, std::filesystem::path program, Capabilities capabilities) {
  const std::string identity = this->identity(program, choose_user(true, options_.kvm_device));
  if (const auto found = known_.find(identity); found != known_.end()) co_return found->second;
  const std::filesystem::path file = directory_ / fmt::format("accelerators-{}.json", json::enum_name(arch));
  if (const auto content = os::read_file_if_any(file)) {
    try {
      const boost::json::value stored = json::parse(*content);
      if (stored.is_object() && stored.as_object().contains("identity") &&
          stored.at("identity") == boost::json::string_view(identity)) {
        co_return known_[identity] = json::from_json<AcceleratorReport>(stored.at("report"), "qemu.cache");
      }
    } catch (const std::exception& error) {  // any damage of the file: probe again
      log::info("probing the accelerators again, what was remembered cannot be read: {}", error.what());
    }
  }
  AcceleratorReport report;
  bool allowed = true;
  const auto begin = std::chrono::steady_clock::now();
  model::AcceleratorState tcg =
      co_await try_accelerator(arch, program, "tcg", options_.emulated_deadline, choose_user(false), allowed);
  // How slow this host is shows in the time that the same guest needs without KVM: on one that is busy, or itself a virtual machine,
  // QEMU's own start alone may take seconds.
  const loop::Duration deadline = std::max<loop::Duration>(options_.deadline, 2 * (std::chrono::steady_clock::now() - begin));
  report.accelerators.push_back(co_await probe_kvm(arch, program, capabilities, deadline, allowed));
  report.accelerators.push_back(std::move(tcg));
  // Folders may be opened at any time, and to find that out costs nothing.
  if (!allowed) co_return report;
  os::make_directories(directory_);
  os::replace_file(file, boost::json::serialize(boost::json::object{{"identity", identity}, {"report", json::to_json(report)}}));
  known_[identity] = report;
  co_return report;
}

}  // namespace visor::qemu
