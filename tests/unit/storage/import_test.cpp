#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "http_server.h"
#include "loop/task_group.h"
#include "os/landlock.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/temporary_file.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

using model::DiskFormat;

class ImportTest : public StorageTest {
 protected:
  ImportTest() { ::setenv("no_proxy", "127.0.0.1,localhost", 1); }

  std::string digest(const std::filesystem::path& file) { return program("sha256sum", {"-b", file}).substr(0, 64); }

  /// Starts an import and cancels it at the first progress text that contains `moment`.
  Error cancel_at(const ImportSource& source, const std::string& moment) {
    Error outcome(ErrorKind::internal, "", "not cancelled");
    run([&]() -> Awaitable<> {
      loop::TaskGroup group(loop_.executor());
      bool reached = false;
      bool ended = false;
      const Progress progress = [&](double, const std::string& detail) {
        reached = reached || detail.find(moment) != std::string::npos;
      };
      group.spawn("import", [&]() -> Awaitable<> {
        try {
          co_await storage().import_image(source, dir("images") / "target", dir("downloads"), progress);
        } catch (const Error& error) {
          outcome = error;
        }
        ended = true;
      });
      while (!reached && !ended) co_await loop::sleep_for(std::chrono::milliseconds(1));
      co_await group.close();
    });
    return outcome;
  }
};

TEST_F(ImportTest, EveryFormatBecomesTheSameStandAloneDisk) {
  const auto raw = make_disk("raw", "raw");
  for (const char* format : {"raw", "qcow2", "vmdk", "vhdx", "vdi"}) {
    const auto source = make_disk(std::string("source-") + format, format);
    std::vector<double> fractions;
    const ImportedImage image = import({source, std::nullopt, digest(source)}, format,
                                       [&](double fraction, const std::string&) { fractions.push_back(fraction); });
    const auto target = dir("images") / format;
    EXPECT_EQ(image.virtual_size, 8_MiB);
    EXPECT_EQ(json::enum_name(image.source_format), format);
    EXPECT_EQ(image.sha256, digest(source));
    EXPECT_EQ(image.file_size, os::allocated_size(target));
    EXPECT_EQ(program("qemu-img", {"compare", "-f", "raw", "-F", "qcow2", raw, target}), "Images are identical.\n");
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    struct stat info {};
    ASSERT_EQ(::stat(target.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0400U);
  }
  EXPECT_EQ(entries(dir("images")), 5U);
}

TEST_F(ImportTest, WrongChecksumLeavesNothing) {
  const auto source = make_disk("a", "qcow2");
  const Error error = import_failure({source, std::nullopt, std::string(64, '0')});
  EXPECT_EQ(error.code(), "image.checksum_mismatch");
  EXPECT_NE(std::string(error.what()).find(digest(source)), std::string::npos);
  EXPECT_EQ(entries(dir("images")), 0U);
  EXPECT_EQ(import_failure({source, std::nullopt, "beef"}).code(), "image.bad_checksum");
}

TEST_F(ImportTest, ChecksumInCapitalsIsTheSame) {
  const auto source = make_disk("a", "qcow2");
  std::string sum = digest(source);
  for (char& c : sum) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(import({source, std::nullopt, sum}, "a").virtual_size, 8_MiB);
}

TEST_F(ImportTest, BadSourcesAreNamed) {
  EXPECT_EQ(import_failure({"relative/path", std::nullopt, ""}).code(), "image.bad_source");
  EXPECT_EQ(import_failure({"ftp://example.org/x", std::nullopt, ""}).code(), "image.bad_source");
  EXPECT_EQ(import_failure({"", std::nullopt, ""}).code(), "image.bad_source");
  EXPECT_EQ(import_failure({dir("user") / "missing", std::nullopt, ""}).code(), "image.source_not_found");
  EXPECT_EQ(entries(dir("images")), 0U);
}

TEST_F(ImportTest, ExistingImageIsNeverReplaced) {
  write_file(dir("images") / "target", "precious");
  EXPECT_EQ(import_failure({make_disk("a", "qcow2"), std::nullopt, ""}).code(), "volume.exists");
  EXPECT_EQ(os::read_file(dir("images") / "target"), "precious");
}

TEST_F(ImportTest, DownloadIsVerifiedConvertedAndForgotten) {
  const auto file = make_disk("a", "qcow2");
  const std::string content = os::read_file(file);
  HttpServer server([&](const std::string& request) { return serve_file(request, content, "\"v1\""); });
  EXPECT_EQ(import_failure({server.url("/a"), std::nullopt, std::string(64, 'a')}).code(), "image.checksum_mismatch");
  EXPECT_EQ(entries(dir("downloads")), 0U);
  const ImportedImage image = import({server.url("/a"), std::nullopt, digest(file)}, "target");
  EXPECT_EQ(image.source_format, DiskFormat::qcow2);
  EXPECT_EQ(entries(dir("downloads")), 0U);
  EXPECT_EQ(program("qemu-img", {"compare", "-f", "qcow2", "-F", "qcow2", file, dir("images") / "target"}),
            "Images are identical.\n");
}

TEST_F(ImportTest, CancelledDownloadEndsSoonKeepsItsBytesAndLeavesNoImage) {
  const std::string content = os::read_file(make_disk("a", "qcow2"));
  std::atomic<bool> whole{false};
  HttpServer server([&](const std::string& request) {
    Answer answer = serve_file(request, content, "\"v1\"");
    if (!whole) answer.send = 1U << 20U;
    answer.hold = !whole;
    return answer;
  });
  EXPECT_EQ(cancel_at({server.url("/a"), std::nullopt, ""}, "1 MiB of").code(), "task.cancelled");
  EXPECT_EQ(entries(dir("images")), 0U);
  whole = true;
  import({server.url("/a"), std::nullopt, ""}, "target");
  EXPECT_NE(server.requests().back().find("range: bytes=1048576-"), std::string::npos);
}

TEST_F(ImportTest, CancelledConversionLeavesNoTemporaryFile) {
  const auto file = dir("user") / "big";
  program("qemu-img", {"create", "-f", "raw", file, "2G"});
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string block(std::size_t{1} << 20U, 'x');
  for (int i = 0; i < 300; ++i) bytes.write(block.data(), static_cast<std::streamsize>(block.size()));
  bytes.close();
  EXPECT_EQ(cancel_at({file, DiskFormat::raw, ""}, "Verifying").code(), "task.cancelled");
  EXPECT_EQ(entries(dir("images")), 0U);
  EXPECT_EQ(cancel_at({file, DiskFormat::raw, ""}, "Converting").code(), "task.cancelled");
  EXPECT_EQ(entries(dir("images")), 0U);
}

TEST_F(ImportTest, HostileSizeIsRefused) {
  const auto file = dir("user") / "huge";
  program("qemu-img", {"create", "-f", "qcow2", file, "100T"});
  EXPECT_EQ(import_failure({file, std::nullopt, ""}).code(), "image.too_large");
  EXPECT_EQ(entries(dir("images")), 0U);
}

TEST_F(ImportTest, ConversionNeverWritesMoreThanItMay) {
  const auto file = make_disk("a", "qcow2");
  const SourceFile source = open_source(file, "a");
  const Error error = failure([&]() -> Awaitable<> {
    TemporaryFile target(dir("images") / "target");
    co_await qemu_img_convert({source.fd.get(), "a", DiskFormat::qcow2}, {.path = target.path(), .size = 8_MiB}, 1_MiB, {});
  });
  EXPECT_EQ(error.code(), "host.no_space");
  EXPECT_EQ(entries(dir("images")), 0U);
}

TEST_F(ImportTest, BoxedProgramCannotWriteBesideItsDirectory) {
  const auto file = make_disk("a", "qcow2");
  const SourceFile source = open_source(file, "a");
  std::filesystem::create_directory(dir("user") / "box");
  const auto escape = dir("user") / "box" / ".." / "escape";
  const Error allowed = failure([&]() -> Awaitable<> {
    co_await qemu_img_convert({source.fd.get(), "a", DiskFormat::qcow2}, {.path = dir("user") / "box" / "disk", .size = 8_MiB},
                              64_MiB, {});
  });
  EXPECT_EQ(allowed.code(), "") << allowed.what();
  if (os::landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  os::Command command;
  command.program = "qemu-img";
  command.arguments = {"create", "-f", "raw", escape.native(), "1M"};
  command.box.landlock = true;
  command.box.readable = {"/usr", "/lib", "/lib64", "/etc/ld.so.cache"};
  command.box.writable = {dir("user") / "box"};
  const auto result = get<loop::CommandResult>(
      [&]() -> Awaitable<loop::CommandResult> { co_return co_await loop::run_command(std::move(command), {}); });
  EXPECT_FALSE(result.status.success());
  EXPECT_FALSE(std::filesystem::exists(escape));
}

TEST_F(ImportTest, FileThatChangesMeanwhileIsNotTrusted) {
  const auto file = make_disk("a", "raw");
  const SourceFile source = open_source(file, "a");
  require_unchanged(source);
  std::ofstream(file, std::ios::app) << "more";
  try {
    require_unchanged(source);
    FAIL() << "the change was not seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "image.source_changed");
  }
}

TEST_F(ImportTest, TwoImportsOfOneAddressFetchItOneAfterTheOther) {
  const std::string content = os::read_file(make_disk("a", "qcow2"));
  HttpServer server([&](const std::string& request) { return serve_file(request, content, "\"v1\""); });
  run([&]() -> Awaitable<> {
    loop::TaskGroup group(loop_.executor());
    int done = 0;
    for (const char* name : {"one", "two"}) {
      group.spawn(name, [&, name]() -> Awaitable<> {
        co_await storage().import_image({server.url("/a"), std::nullopt, ""}, dir("images") / name, dir("downloads"), {});
        ++done;
      });
    }
    while (group.size() > 0) co_await loop::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(done, 2);
  });
  EXPECT_EQ(entries(dir("images")), 2U);
}

}  // namespace
}  // namespace visor::storage::testing
