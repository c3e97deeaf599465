// What the storage tests share: a directory that goes away, the event loop, the real qemu-img.
#pragma once

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "loop/event_loop.h"
#include "loop/process.h"
#include "os/file.h"
#include "storage/storage.h"

namespace visor::storage::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "visor-storage-XXXXXX").native();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { os::remove_tree(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::size_t entries(const std::filesystem::path& directory) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

/// A state directory with images and volumes, and one loop.
class StorageTest : public ::testing::Test {
 protected:
  StorageTest() {
    for (const auto* name : {"images", "volumes", "downloads", "user"}) std::filesystem::create_directory(dir(name));
    storage_.emplace(dir("images"), dir("volumes"));
  }

  std::filesystem::path dir(const std::string& name) const { return directory_.path() / name; }
  Storage& storage() { return *storage_; }

  void run(std::function<Awaitable<>()> work) { loop_.run_until_done(std::move(work)); }

  template <class T>
  T get(std::function<Awaitable<T>()> work) {
    std::optional<T> result;
    run([&]() -> Awaitable<> { result.emplace(co_await work()); });
    return std::move(*result);
  }

  /// The error that `work` ends with; its code is empty when it ends well.
  Error failure(std::function<Awaitable<>()> work) {
    try {
      run(std::move(work));
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::internal, "", "no error"};
  }

  /// Runs a program and returns its output.
  std::string program(const std::string& name, std::vector<std::string> arguments) {
    return get<std::string>([&]() -> Awaitable<std::string> {
      os::Command command;
      command.program = name;
      command.arguments = std::move(arguments);
      co_return (co_await loop::run_checked(std::move(command), {}, "test.program")).output;
    });
  }

  /// A disk of `format` with 3 MiB of data in 8 MiB.
  std::filesystem::path make_disk(const std::string& name, const std::string& format) {
    const std::filesystem::path raw = dir("user") / (name + ".data");
    std::string data;
    for (unsigned i = 0; i < 3U << 20U; ++i) data.push_back(static_cast<char>(i * 2654435761U >> 13U));
    data[510] = '\x55';
    data[511] = '\xaa';
    write_file(raw, data);
    std::filesystem::resize_file(raw, 8U << 20U);
    const std::filesystem::path file = dir("user") / name;
    program("qemu-img", {"convert", "-f", "raw", "-O", format, raw.native(), file.native()});
    return file;
  }

  DiskFileInfo inspect(const std::filesystem::path& file, std::optional<model::DiskFormat> format = std::nullopt) {
    return get<DiskFileInfo>([&] { return storage().inspect(file, format); });
  }
  Error inspect_failure(const std::filesystem::path& file, std::optional<model::DiskFormat> format = std::nullopt) {
    return failure([&]() -> Awaitable<> { co_await storage().inspect(file, format); });
  }
  ImportedImage import(ImportSource source, const std::string& target, Progress progress = {}) {
    return get<ImportedImage>([&] { return storage().import_image(source, dir("images") / target, dir("downloads"), progress); });
  }
  Error import_failure(ImportSource source, const std::string& target = "target") {
    return failure(
        [&]() -> Awaitable<> { co_await storage().import_image(source, dir("images") / target, dir("downloads"), {}); });
  }

  TemporaryDirectory directory_;
  loop::EventLoop loop_;
  std::optional<Storage> storage_;
};

}  // namespace visor::storage::testing
