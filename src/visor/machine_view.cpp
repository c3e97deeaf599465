#include "visor/machine_view.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "visor/assignment.h"
#include "visor/emit.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string exact(Bytes bytes) { return std::to_string(bytes.count); }

Cell memory_cell(const model::Machine& machine) {
  const std::string size = format_bytes(machine.spec.memory.size);
  if (!machine.metrics || !machine.metrics->memory_used) return {size, exact(machine.spec.memory.size)};
  return {fmt::format("{} / {}", format_size(machine.metrics->memory_used->count), size), exact(machine.spec.memory.size)};
}

bool is_up(const model::MachineState& state) {
  const bool off =
      state.status == model::Status::stopped || state.status == model::Status::saved || state.status == model::Status::crashed;
  return state.started_at.has_value() && !off;
}

std::chrono::seconds uptime_seconds(const model::Machine& machine, WallTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - machine.state.started_at.value_or(now));
}

std::string uptime(const model::Machine& machine, WallTime now) { return format_duration(uptime_seconds(machine, now)); }

std::string disk_text(const model::Disk& disk) {
  std::string text = fmt::format("{} ({}, {})", disk.id, json::enum_name(disk.device), json::enum_name(disk.bus));
  if (disk.size.count > 0) text += " " + format_bytes(disk.size);
  if (!disk.file.empty()) text += " " + disk.file;
  if (disk.read_only) text += ", read-only";
  return text;
}

std::string nic_text(const model::Nic& nic) {
  std::string text = fmt::format("{} ({}) {} on {}", nic.id, json::enum_name(nic.model), nic.mac, nic.switch_);
  if (!nic.link_up) text += ", cable unplugged";
  return text;
}

std::string forward_text(const model::PortForward& forward) {
  const std::string port = forward.host_port == 0 ? "auto" : std::to_string(forward.host_port);
  return fmt::format("{} {}:{} -> {}", json::enum_name(forward.protocol), forward.host_address, port, forward.guest_port);
}

void add_state(Details& details, const model::Machine& machine, WallTime now) {
  const model::MachineState& state = machine.state;
  details.add("State", status_cell(state));
  if (!state.reason.empty()) details.add("Reason", state.reason);
  details.add("Since", format_age(state.since, now));
  if (is_up(state)) details.add("Uptime", uptime(machine, now));
  if (!state.accelerator.empty()) {
    const std::string why = state.accelerator_reason.empty() ? "" : " (" + state.accelerator_reason + ")";
    details.add("Accelerator", state.accelerator + why);
  }
  if (is_up(state)) details.add("Guest agent", state.agent ? "answers" : "does not answer");
  if (!state.addresses.empty()) details.add("Addresses", joined(state.addresses));
  if (!state.guest_os.empty())
    details.add("Guest", state.guest_os + (state.guest_hostname.empty() ? "" : " on " + state.guest_hostname));
  if (state.process_id) details.add("QEMU process", std::to_string(*state.process_id));
  if (state.vsock_cid) details.add("Socket address", fmt::format("vsock {}", *state.vsock_cid));
  if (machine.task) details.add("Task", *machine.task);
}

/// "0: 12 %, 1: 100 %"
std::string vcpu_text(const std::vector<double>& percents) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < percents.size(); ++i) parts.push_back(fmt::format("{}: {:.0f} %", i, percents[i]));
  return joined(parts);
}

void add_metrics(Details& details, const model::Sample& sample) {
  details.add("CPU load", fmt::format("{:.0f} %", sample.cpu_percent));
  if (sample.vcpu_percent.size() > 1) details.add("Per vCPU", vcpu_text(sample.vcpu_percent));
  if (sample.memory_used) details.add("Memory used", format_size(sample.memory_used->count));
  if (sample.memory_assigned) details.add("Memory assigned", format_size(sample.memory_assigned->count));
  details.add("Host memory", format_size(sample.memory_resident.count));
  details.add("Disk",
              fmt::format("{} read, {} written", format_rate(sample.disk_read_rate), format_rate(sample.disk_write_rate)));
  if (sample.net_receive_rate && sample.net_transmit_rate) {
    details.add("Network", fmt::format("{} received, {} sent", format_rate(*sample.net_receive_rate),
                                       format_rate(*sample.net_transmit_rate)));
  }
}

void add_spec(Details& details, const model::MachineSpec& spec) {
  details.add("Processors", fmt::format("{} ({})", spec.cpu.count, spec.cpu.model));
  details.add("Memory", format_bytes(spec.memory.size));
  details.add("Platform", fmt::format("{}, {}, {}", json::enum_name(spec.arch), spec.chipset, json::enum_name(spec.firmware)));
  std::string label = "Disks";
  for (const model::Disk& disk : spec.disks) details.add(std::exchange(label, ""), disk_text(disk));
  label = "Network adapters";
  for (const model::Nic& nic : spec.nics) {
    details.add(std::exchange(label, ""), nic_text(nic));
    for (const model::PortForward& forward : nic.forwards) details.add("", "  " + forward_text(forward));
  }
  label = "Shared folders";
  for (const model::Share& share : spec.shares) {
    details.add(std::exchange(label, ""), fmt::format("{}: {}{}", share.tag, share.path, share.read_only ? " (read-only)" : ""));
  }
  if (spec.serial_ports > 1) details.add("Serial ports", std::to_string(spec.serial_ports));
  if (!spec.boot.kernel.empty()) details.add("Kernel", spec.boot.kernel);
  if (!spec.boot.initrd.empty()) details.add("Initial RAM disk", spec.boot.initrd);
  if (!spec.boot.cmdline.empty()) details.add("Kernel parameters", spec.boot.cmdline);
  if (spec.protection.delete_ || spec.protection.start) {
    details.add("Protected against", joined({spec.protection.delete_ ? "delete" : "", spec.protection.start ? "start" : ""}));
  }
}

Cell task_state_cell(model::TaskState state) {
  const std::string name = json::enum_name(state);
  switch (state) {
    case model::TaskState::running: return {name, Color::blue};
    case model::TaskState::succeeded: return {name, Color::green};
    case model::TaskState::failed: return {name, Color::red};
    default: return {name, Color::yellow};
  }
}

}  // namespace

Cell status_cell(const model::MachineState& state) {
  const std::string name = json::enum_name(state.status);
  switch (state.status) {
    case model::Status::running: return {name, state.ready ? Color::green : Color::blue};
    case model::Status::crashed: return {name, Color::red};
    case model::Status::starting:
    case model::Status::stopping: return {name, Color::blue};
    case model::Status::paused:
    case model::Status::saved: return {name, Color::yellow};
    case model::Status::stopped: return {name, Color::dim};
  }
  return {name};
}

Table machine_table(const std::vector<model::Machine>& machines, WallTime now) {
  Table table{{{"NAME"},
               {"STATE"},
               {"READY"},
               {"CPU", Align::right},
               {"LOAD", Align::right},
               {"MEMORY", Align::right},
               {"ADDRESS", Align::left, true},
               {"UPTIME", Align::right},
               {"DESCRIPTION", Align::left, true}},
              {}};
  for (const model::Machine& machine : machines) {
    Cell load;
    if (machine.metrics)
      load = {fmt::format("{:.0f} %", machine.metrics->cpu_percent), fmt::format("{:.1f}", machine.metrics->cpu_percent)};
    Cell up;
    if (is_up(machine.state)) up = {uptime(machine, now), std::to_string(uptime_seconds(machine, now).count())};
    table.rows.push_back({machine.name, status_cell(machine.state), machine.state.ready ? "yes" : "",
                          std::to_string(machine.spec.cpu.count), load, memory_cell(machine), joined(machine.state.addresses),
                          uptime(machine, now), machine.description});
  }
  return table;
}

Details machine_details(const model::Machine& machine, WallTime now) {
  Details details;
  details.add("Name", {machine.name, Color::bold});
  if (!machine.description.empty()) details.add("Description", machine.description);
  if (!machine.tags.empty()) details.add("Tags", joined(machine.tags));
  if (!machine.group.empty()) details.add("Group", machine.group);
  add_state(details, machine, now);
  if (machine.metrics) add_metrics(details, *machine.metrics);
  add_spec(details, machine.spec);
  std::string label = "At the next start";
  for (const model::PendingChange& change : machine.pending) {
    details.add(std::exchange(label, ""), fmt::format("{}: {} -> {}", change.field, setting_text(change.field, change.running),
                                                      setting_text(change.field, change.next)));
  }
  details.add("Created", format_time(machine.created));
  details.add("Id", machine.id);
  return details;
}

Table image_table(const std::vector<model::Image>& images, WallTime now) {
  Table table{{{"NAME"},
               {"ARCH"},
               {"SIZE", Align::right},
               {"ON DISK", Align::right},
               {"CREATED"},
               {"USED BY", Align::left, true},
               {"DESCRIPTION", Align::left, true}},
              {}};
  for (const model::Image& image : images) {
    table.rows.push_back(
        {image.name, json::enum_name(image.architecture), Cell(format_size(image.virtual_size.count), exact(image.virtual_size)),
         Cell(format_size(image.file_size.count), exact(image.file_size)),
         Cell(format_age(image.created, now), format_time(image.created)), joined(image.used_by), image.description});
  }
  return table;
}

Details image_details(const model::Image& image, WallTime now) {
  Details details;
  details.add("Name", {image.name, Color::bold});
  if (!image.description.empty()) details.add("Description", image.description);
  details.add("Architecture", json::enum_name(image.architecture));
  details.add("System", json::enum_name(image.os.family) + (image.os.id.empty() ? "" : ", " + image.os.id));
  details.add("Virtual size", format_size(image.virtual_size.count));
  details.add("On disk", format_size(image.file_size.count));
  details.add("Format", json::enum_name(image.format));
  details.add("cloud-init", image.cloud_init ? "yes" : "no");
  details.add("Source", json::enum_name(image.source));
  if (!image.sha256.empty()) details.add("SHA-256", image.sha256);
  details.add("Created", fmt::format("{} ({})", format_time(image.created), format_age(image.created, now)));
  details.add("Used by", image.used_by.empty() ? "no machine" : joined(image.used_by));
  return details;
}

Table task_table(const std::vector<model::Task>& tasks, WallTime now) {
  Table table{
      {{"ID"}, {"TASK", Align::left, true}, {"STATE"}, {"PROGRESS", Align::right}, {"STARTED"}, {"ERROR", Align::left, true}},
      {}};
  for (const model::Task& task : tasks) {
    table.rows.push_back({task.id, task.title, task_state_cell(task.state), fmt::format("{:.0f} %", task.progress * 100),
                          Cell(format_age(task.created, now), format_time(task.created)), task.error ? task.error->detail : ""});
  }
  return table;
}

Details task_details(const model::Task& task, WallTime now) {
  Details details;
  details.add("Task", {task.title, Color::bold});
  details.add("Id", task.id);
  details.add("State", task_state_cell(task.state));
  details.add("Subject", task.subject.kind + " " + task.subject.name);
  details.add("Started", fmt::format("{} ({})", format_time(task.created), format_age(task.created, now)));
  if (task.ended) {
    details.add("Took", format_elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(*task.ended - task.created)));
  }
  if (!task.waits_for.empty()) details.add("Waits for", task.waits_for);
  std::string label = "Steps";
  for (const model::Step& step : task.steps) {
    std::string text = fmt::format("{}: {}", step.title, json::enum_name(step.state));
    if (step.started) {
      text +=
          " " + format_elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(step.ended.value_or(now) - *step.started));
    }
    if (!step.detail.empty()) text += ", " + step.detail;
    details.add(std::exchange(label, ""), text);
  }
  label = "Log";
  for (const std::string& line : task.log) details.add(std::exchange(label, ""), line);
  if (task.error) details.add("Error", {task.error->detail, Color::red});
  if (task.error && !task.error->hint.empty()) details.add("Hint", task.error->hint);
  return details;
}

std::string setting_text(std::string field, const boost::json::value& value) {
  if (field.starts_with("spec.")) field.erase(0, 5);
  const model::Setting* setting = find_setting(model::settings(), field);
  const bool bytes = setting != nullptr && setting->type == "bytes" && value.is_number();
  if (!bytes) return plain(value);
  boost::system::error_code error;
  const auto count = value.to_number<std::uint64_t>(error);
  return error ? plain(value) : format_bytes(Bytes{count});
}

Table change_table(const model::ChangeResult& result) {
  Table table{{{"SETTING"}, {"FROM", Align::left, true}, {"TO", Align::left, true}, {"RESULT"}, {"REASON", Align::left, true}},
              {}};
  const auto add = [&](const std::vector<model::FieldChange>& changes, const Cell& outcome) {
    for (const model::FieldChange& change : changes) {
      const auto cell = [&](const boost::json::value& value) { return Cell(setting_text(change.field, value), plain(value)); };
      table.rows.push_back({change.field, cell(change.from), cell(change.to), outcome, change.reason});
    }
  };
  add(result.applied, {"applied", Color::green});
  add(result.pending, {"at the next start", Color::yellow});
  add(result.rejected, {"refused", Color::red});
  return table;
}

}  // namespace visor::cli
