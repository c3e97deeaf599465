// The files of another host, made from a manifest (data/topologies/README) in a folder that goes away again.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/cpu_list.h"
#include "base/text.h"
#include "host/host_reader.h"
#include "os/file.h"

namespace visor::host {

class RecordedHost {
 public:
  explicit RecordedHost(const std::string& manifest) {
    // Thousands of small files: in memory where there is such a place, as a disk may take seconds for them.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern = ((has_memory ? memory : std::filesystem::temp_directory_path()) / "visor-recorded-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for a recorded host");
    root_ = pattern;
    std::map<std::string, std::string> files;
    for (const std::string& line : text::split(manifest, '\n')) {
      if (!line.empty() && !line.starts_with('#')) add_line(line, files);
    }
    for (const auto& [path, content] : files) {
      std::filesystem::create_directories((root_ / path).parent_path());
      std::ofstream file(root_ / path, std::ios::binary);
      if (!(file << content).flush()) throw std::runtime_error("cannot write " + path);
    }
  }
  ~RecordedHost() { os::remove_tree(root_); }
  RecordedHost(const RecordedHost&) = delete;
  RecordedHost& operator=(const RecordedHost&) = delete;

  static std::string manifest(const std::string& name) {
    return os::read_file(std::filesystem::path(VISOR_TEST_DATA) / "topologies" / (name + ".txt"));
  }

  const std::filesystem::path& root() const { return root_; }

 private:
  static void add_line(const std::string& line, std::map<std::string, std::string>& files) {
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos) throw std::runtime_error("no ' = ' in the manifest's line: " + line);
    const std::string path = line.substr(0, equals);
    const std::string content = line.substr(equals + 3) + "\n";
    const std::size_t open = path.find('{');
    if (open == std::string::npos) {
      files[path] += content;
      return;
    }
    const std::size_t close = path.find('}', open);
    const auto numbers = parse_cpu_list(path.substr(open + 1, close - open - 1)).value_or(std::vector<std::uint32_t>());
    if (close == std::string::npos || numbers.empty()) throw std::runtime_error("no list in the manifest's line: " + line);
    for (const std::uint32_t number : numbers) {
      files[path.substr(0, open) + std::to_string(number) + path.substr(close + 1)] += with_number(content, number);
    }
  }

  /// `content` with {n}, {n+K} and {n-K} replaced.
  static std::string with_number(std::string content, std::uint32_t number) {
    for (std::size_t open = content.find("{n"); open != std::string::npos; open = content.find("{n")) {
      const std::size_t close = content.find('}', open);
      const std::string shift = content.substr(open + 2, close - open - 2);
      const long value = static_cast<long>(number) + (shift.empty() ? 0 : std::stol(shift));
      content.replace(open, close - open + 1, std::to_string(value));
    }
    return content;
  }

  std::filesystem::path root_;
};

}  // namespace visor::host
