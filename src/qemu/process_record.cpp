#include "qemu/process_record.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

constexpr Bytes kLogTail{std::uint64_t{128} << 10U};
constexpr std::size_t kLastWords = 5;

}  // namespace

std::string current_boot_id() {
  return std::string(text::trim(os::read_file_if_any("/proc/sys/kernel/random/boot_id").value_or("")));
}

void write_record(const std::filesystem::path& runtime_directory, const ProcessRecord& record) {
  // Void after a reboot, and the start of a machine need not wait for a disk.
  os::replace_file(runtime_directory / kRecordName, json::to_text(record), 0600, os::Durable::no);
}

std::optional<ProcessRecord> read_record(const std::filesystem::path& runtime_directory) {
  const auto content = os::read_file_if_any(runtime_directory / kRecordName);
  if (!content) return std::nullopt;
  try {
    auto record = json::from_json<ProcessRecord>(json::parse(*content), "machine.record_invalid");
    // Of a daemon that did not know it yet.
    if (record.memory_at_start.count == 0) record.memory_at_start = record.spec.memory.size;
    if (record.assigned.count == 0) record.assigned = record.spec.memory.size;
    return record;
  } catch (const Error& error) {
    log::warning("the record {} cannot be read: {}", (runtime_directory / kRecordName).native(), error.what());
    return std::nullopt;
  }
}

std::string serial_socket_name(std::uint32_t port) {
  return port == 0 ? std::string(kSerialSocket) : fmt::format("serial{}.sock", port);
}

std::string serial_log_name(std::uint32_t port) {
  return port == 0 ? std::string(kSerialLog) : fmt::format("serial{}.log", port);
}

void remove_leftovers(const std::filesystem::path& runtime_directory) {
  for (const char* name : {kControlSocket, kPeopleSocket, kAgentSocket, kFolderServerSocket, kRecordName}) {
    ::unlink((runtime_directory / name).c_str());
  }
  for (std::uint32_t port = 0; port < kMostSerialPorts; ++port) {
    ::unlink((runtime_directory / serial_socket_name(port)).c_str());
  }
}

std::vector<std::string> log_lines(const std::filesystem::path& runtime_directory, std::size_t count) {
  std::string tail = os::read_tail(runtime_directory / kQemuLog, kLogTail);
  if (tail.ends_with('\n')) tail.pop_back();
  if (tail.empty()) return {};
  std::vector<std::string> lines = text::last_lines(tail, count);
  for (std::string& line : lines) line = text::printable(line);
  return lines;
}

std::string last_words(const std::filesystem::path& runtime_directory) {
  std::string words;
  for (const std::string& line : log_lines(runtime_directory, kLastWords)) words += (words.empty() ? "" : "\n") + line;
  return words.empty() ? "QEMU left no message." : words;
}

}  // namespace visor::qemu
