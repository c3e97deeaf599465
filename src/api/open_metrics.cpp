#include "api/open_metrics.h"

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>

#include "base/json.h"

namespace visor::api {
namespace {

/// A label value: backslash, quote and line feed are escaped.
std::string escape(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class Writer {
 public:
  void family(std::string_view name, std::string_view unit, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# TYPE {} gauge\n", name);
    if (!unit.empty()) fmt::format_to(std::back_inserter(text_), "# UNIT {} {}\n", name, unit);
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n", name, help);
  }
  void value(double number) { fmt::format_to(std::back_inserter(text_), "{} {}\n", name_, number); }
  void value(std::string_view label, std::string_view label_value, double number) {
    fmt::format_to(std::back_inserter(text_), "{}{{{}=\"{}\"}} {}\n", name_, label, escape(label_value), number);
  }
  void value(std::string_view machine, std::size_t vcpu, double number) {
    fmt::format_to(std::back_inserter(text_), "{}{{machine=\"{}\",vcpu=\"{}\"}} {}\n", name_, escape(machine), vcpu, number);
  }
  std::string finish() && { return std::move(text_) + "# EOF\n"; }

 private:
  std::string name_;
  std::string text_;
};

template <class E, class List, class Get>
void count_by(Writer& writer, std::string_view label, const List& list, Get get) {
  std::map<std::string, unsigned> counts;
  for (const std::string& name : json::enum_names<E>()) counts[name] = 0;
  for (const auto& element : list) ++counts[json::enum_name(get(element))];
  for (const auto& [name, count] : counts) writer.value(label, name, count);
}

void per_machine(Writer& writer, const std::vector<model::Machine>& machines,
                 const std::function<std::optional<double>(const model::Sample&)>& get) {
  for (const model::Machine& machine : machines) {
    if (!machine.metrics) continue;
    if (const std::optional<double> number = get(*machine.metrics)) writer.value("machine", machine.name, *number);
  }
}

double as_double(Bytes bytes) { return static_cast<double>(bytes.count); }

void write_machines(Writer& writer, const std::vector<model::Machine>& machines) {
  using model::Sample;
  writer.family("visor_machines", "", "Machines by status.");
  count_by<model::Status>(writer, "status", machines, [](const model::Machine& machine) { return machine.state.status; });
  writer.family("visor_machine_cpu_ratio", "ratio", "Use of all virtual processors together.");
  per_machine(writer, machines, [](const Sample& sample) { return sample.cpu_percent / 100; });
  writer.family("visor_machine_vcpu_ratio", "ratio", "Use of each virtual processor.");
  for (const model::Machine& machine : machines) {
    if (!machine.metrics) continue;
    const std::vector<double>& percents = machine.metrics->vcpu_percent;
    for (std::size_t i = 0; i < percents.size(); ++i) writer.value(machine.name, i, percents[i] / 100);
  }
  writer.family("visor_machine_memory_resident_bytes", "bytes", "Host memory of the QEMU process.");
  per_machine(writer, machines, [](const Sample& sample) { return as_double(sample.memory_resident); });
  writer.family("visor_machine_memory_used_bytes", "bytes", "Memory in use as the guest sees it.");
  per_machine(writer, machines, [](const Sample& sample) -> std::optional<double> {
    if (!sample.memory_used) return std::nullopt;
    return as_double(*sample.memory_used);
  });
  writer.family("visor_machine_memory_assigned_bytes", "bytes", "Memory that the guest may use.");
  per_machine(writer, machines, [](const Sample& sample) -> std::optional<double> {
    if (!sample.memory_assigned) return std::nullopt;
    return as_double(*sample.memory_assigned);
  });
  writer.family("visor_machine_disk_read_bytes_per_second", "", "Bytes read from all disks.");
  per_machine(writer, machines, [](const Sample& sample) { return sample.disk_read_rate; });
  writer.family("visor_machine_disk_write_bytes_per_second", "", "Bytes written to all disks.");
  per_machine(writer, machines, [](const Sample& sample) { return sample.disk_write_rate; });
  writer.family("visor_machine_net_receive_bytes_per_second", "", "Bytes received by the guest.");
  per_machine(writer, machines, [](const Sample& sample) { return sample.net_receive_rate; });
  writer.family("visor_machine_net_transmit_bytes_per_second", "", "Bytes sent by the guest.");
  per_machine(writer, machines, [](const Sample& sample) { return sample.net_transmit_rate; });
}

void write_host(Writer& writer, const model::Host& host) {
  writer.family("visor_host_cpu_ratio", "ratio", "Use of all processors of the host.");
  writer.value(host.cpu_percent / 100);
  writer.family("visor_host_memory_total_bytes", "bytes", "Memory of the host.");
  writer.value(as_double(host.memory.total));
  writer.family("visor_host_memory_available_bytes", "bytes", "Memory that the host could still give.");
  writer.value(as_double(host.memory.available));
  writer.family("visor_host_storage_total_bytes", "bytes", "Size of the file system with the machines' disks.");
  writer.value(as_double(host.storage.total));
  writer.family("visor_host_storage_free_bytes", "bytes", "Free space of the file system with the machines' disks.");
  writer.value(as_double(host.storage.free));
}

}  // namespace

std::string open_metrics(const engine::Inventory& inventory, const std::vector<model::Machine>& machines) {
  Writer writer;
  write_machines(writer, machines);
  writer.family("visor_images", "", "Images.");
  writer.value(static_cast<double>(inventory.images.size()));
  writer.family("visor_tasks", "", "Tasks that are remembered, by state.");
  count_by<model::TaskState>(writer, "state", inventory.tasks, [](const model::Task& task) { return task.state; });
  write_host(writer, inventory.host);
  return std::move(writer).finish();
}

}  // namespace visor::api
