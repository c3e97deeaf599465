#include "storage/download.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "http_server.h"
#include "os/process.h"
#include "storage/http_transfer.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

class DownloadTest : public StorageTest {
 protected:
  DownloadTest() {
    ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    for (std::size_t i = 0; i < 300000; ++i) content_.push_back(static_cast<char>(i * 7919 >> 8U));
  }

  std::string fetched(const std::string& url) {
    Meter meter;
    return os::read_file(fetch(url, dir("downloads"), meter));
  }
  Error fetch_failure(const std::string& url) {
    Meter meter;
    try {
      fetch(url, dir("downloads"), meter);
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::internal, "", "no error"};
  }
  std::string part(const std::string& url) { return os::read_file(download_files(url, dir("downloads")).part); }

  std::string content_;
};

TEST_F(DownloadTest, WholeFileArrives) {
  HttpServer server([&](const std::string& request) { return serve_file(request, content_, "\"v1\""); });
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(DownloadTest, BrokenTransferGoesOnWhereItEnded) {
  std::atomic<int> turn{0};
  HttpServer server([&](const std::string& request) {
    Answer answer = serve_file(request, content_, "\"v1\"");
    if (turn++ < 2) answer.send = 100000;
    return answer;
  });
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_NE(requests[1].find("range: bytes=100000-"), std::string::npos);
  EXPECT_NE(requests[1].find("if-range: \"v1\""), std::string::npos);
  EXPECT_NE(requests[2].find("range: bytes=200000-"), std::string::npos);
}

TEST_F(DownloadTest, LaterTryContinuesWhatAnEarlierLeft) {
  std::atomic<int> turn{0};
  HttpServer server([&](const std::string& request) {
    const int now = turn++;
    if (now == 1) return Answer{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n", ""};
    Answer answer = serve_file(request, content_, "\"v1\"");
    if (now == 0) answer.send = 123456;
    return answer;
  });
  EXPECT_EQ(fetch_failure(server.url("/disk")).code(), "image.download_failed");
  EXPECT_EQ(part(server.url("/disk")).size(), 123456U);
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  EXPECT_NE(server.requests().back().find("range: bytes=123456-"), std::string::npos);
}

TEST_F(DownloadTest, CompleteFileIsNotFetchedTwice) {
  HttpServer server([&](const std::string& request) { return serve_file(request, content_, "\"v1\""); });
  fetched(server.url("/disk"));
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  EXPECT_NE(server.requests().back().find("range: bytes=300000-"), std::string::npos);
}

TEST_F(DownloadTest, NewVersionOnTheServerIsNeverMixedWithTheOld) {
  std::string now = content_;
  std::string etag = "\"v1\"";
  std::atomic<int> turn{0};
  HttpServer server([&](const std::string& request) {
    if (turn == 1) {
      now = std::string(250000, 'n');
      etag = "\"v2\"";
    }
    Answer answer = serve_file(request, now, etag);
    if (turn++ == 0) answer.send = 100000;
    return answer;
  });
  EXPECT_EQ(fetched(server.url("/disk")), std::string(250000, 'n'));
}

TEST_F(DownloadTest, ServerThatIgnoresIfRangeIsCaughtByTheSize) {
  std::atomic<int> turn{0};
  const std::string other(400000, 'o');
  HttpServer server([&](const std::string& request) {
    const int now = turn++;
    if (now == 0) {
      Answer answer = serve_file(request, content_, "\"v1\"");
      answer.send = 100000;
      return answer;
    }
    return serve_file(request, other, "\"v1\"");  // another file under the old tag
  });
  EXPECT_EQ(fetched(server.url("/disk")), other);
}

TEST_F(DownloadTest, WithoutAValidatorItBeginsAgain) {
  std::atomic<int> turn{0};
  HttpServer server([&](const std::string&) {
    Answer answer{fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: W/\"weak\"\r\n", content_.size()), content_};
    if (turn++ == 0) answer.send = 5000;
    return answer;
  });
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  EXPECT_EQ(server.requests().back().find("range:"), std::string::npos);
}

TEST_F(DownloadTest, RefusalsOfTheServerAreTold) {
  HttpServer server([&](const std::string&) { return Answer{"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n", "not there"}; });
  const Error error = fetch_failure(server.url("/disk?token=secret"));
  EXPECT_EQ(error.code(), "image.download_failed");
  EXPECT_NE(std::string(error.what()).find("404"), std::string::npos);
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(DownloadTest, RedirectsAreFollowedFiveTimes) {
  std::atomic<int> hops{5};
  HttpServer server([&](const std::string& request) {
    if (hops-- > 0) return Answer{"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 4\r\n", "moved"};
    return serve_file(request, content_, "\"v1\"");
  });
  EXPECT_EQ(fetched(server.url("/disk")), content_);
  hops = 6;
  EXPECT_EQ(fetch_failure(server.url("/other")).code(), "image.download_failed");
}

TEST_F(DownloadTest, RedirectsToOtherProtocolsAreRefused) {
  for (const char* target : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x"}) {
    HttpServer server([&](const std::string&) {
      return Answer{fmt::format("HTTP/1.1 301 Moved\r\nLocation: {}\r\n", target), ""};
    });
    EXPECT_EQ(fetch_failure(server.url("/disk")).code(), "image.bad_url") << target;
  }
}

TEST_F(DownloadTest, NobodyThereIsToldAtOnce) {
  std::string url;
  {
    HttpServer server([&](const std::string&) { return Answer{}; });
    url = server.url("/disk");
  }
  const Error error = fetch_failure(url);
  EXPECT_EQ(error.code(), "image.download_failed");
  EXPECT_EQ(error.kind(), ErrorKind::unavailable);
}

TEST_F(DownloadTest, FileThatCannotFitIsRefusedBeforeItIsFetched) {
  HttpServer server([&](const std::string&) {
    return Answer{"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4611686018427387904\r\n", "begin"};
  });
  EXPECT_EQ(fetch_failure(server.url("/disk")).code(), "host.no_space");
}

TEST_F(DownloadTest, HostileHeadersAreIgnored) {
  ResponseHead head;
  head.take("HTTP/1.1 206 x\r\n");
  head.take("Content-Range: bytes -5-9/abc\r\n");
  head.take("ETag: " + std::string(100000, 'x') + "\r\n");
  head.take("no colon\r\n");
  head.take("\r\n");
  EXPECT_FALSE(head.range_start);
  EXPECT_EQ(head.note.total, 0U);
  EXPECT_EQ(head.note.etag, "");
  head.take("HTTP/2 \xff\xff\r\n");
  EXPECT_EQ(head.status, 0);
}

TEST_F(DownloadTest, PasswordsAreNotShown) {
  EXPECT_EQ(display_url("https://me:secret@example.org/a.img?sig=secret#secret"), "https://example.org/a.img");
  EXPECT_FALSE(is_url("file:///etc/passwd"));
  EXPECT_EQ(fetch_failure("http://").code(), "image.bad_url");
}

TEST_F(DownloadTest, ForgottenDownloadsExpire) {
  const DownloadFiles old = download_files("http://example.org/old", dir("downloads"));
  const DownloadFiles fresh = download_files("http://example.org/new", dir("downloads"));
  for (const auto& file : {old.part, old.note, fresh.part, fresh.note}) write_file(file, "x");
  for (const auto& file : {old.part, old.note}) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(49));
  }
  expire_downloads(dir("downloads"), std::chrono::hours(48));
  EXPECT_EQ(entries(dir("downloads")), 2U);
  EXPECT_TRUE(std::filesystem::exists(fresh.part));
}

/// The real `openssl s_server` with a certificate that nobody but SSL_CERT_FILE vouches for.
class TlsServer {
 public:
  TlsServer(const std::filesystem::path& directory, const std::filesystem::path& certificate, const std::filesystem::path& key) {
    os::Pipe output = os::make_pipe();
    os::Command command;
    command.program = "openssl";
    command.arguments = {"s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-WWW", "-naccept", "8"};
    command.directory = directory;
    command.output = std::move(output.write);
    process_ = os::Process::spawn(command);
    command.output.reset();
    std::string line;
    for (char c = 0; ::read(output.read.get(), &c, 1) == 1;) {
      line += c;
      if (c != '\n') continue;
      if (line.starts_with("ACCEPT ")) break;
      line.clear();
    }
    port_ = line.empty() ? "" : line.substr(line.rfind(':') + 1, line.size() - line.rfind(':') - 2);
    output_ = std::move(output.read);
  }
  ~TlsServer() {
    process_.signal(SIGKILL);
    process_.reap();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  std::string url(const std::string& path) const { return "https://127.0.0.1:" + port_ + path; }

 private:
  os::Process process_;
  os::Fd output_;
  std::string port_;
};

TEST_F(DownloadTest, OnlyATrustedCertificateIsAccepted) {
  const auto key = dir("user") / "key.pem";
  const auto certificate = dir("user") / "certificate.pem";
  program("openssl", {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                      "-out", certificate, "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"});
  write_file(dir("user") / "disk", "content");
  const TlsServer server(dir("user"), certificate, key);
  const Error error = fetch_failure(server.url("/disk"));
  EXPECT_EQ(error.code(), "image.download_failed");
  EXPECT_NE(std::string(error.what()).find("certificate"), std::string::npos) << error.what();
  ::setenv("SSL_CERT_FILE", certificate.c_str(), 1);
  EXPECT_EQ(fetched(server.url("/disk")), "content");
  ::unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace visor::storage::testing
