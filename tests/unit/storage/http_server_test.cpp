#include "http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace visor::storage::testing {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string header(const std::string& request, const std::string& name) {
  const std::string wanted = "\r\n" + name + ": ";
  const std::size_t begin = lower(request).find(wanted);
  if (begin == std::string::npos) return {};
  const std::size_t value = begin + wanted.size();
  return request.substr(value, request.find("\r\n", value) - value);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

HttpServer::HttpServer(std::function<Answer(const std::string&)> handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw system_error("listen", errno);
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

std::string HttpServer::url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }

std::vector<std::string> HttpServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  for (;;) {
    os::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return;
    answer(connection);
    const std::scoped_lock lock(mutex_);
    if (!held_.empty() && !held_.back()) held_.back() = std::move(connection);
  }
}

void HttpServer::answer(const os::Fd& connection) {
  std::string request;
  std::array<char, 4096> buffer;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    request.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const Answer reply = handler_(request);
  const std::scoped_lock lock(mutex_);
  requests_.push_back(lower(request));
  if (!send_all(connection.get(), reply.head + "Connection: close\r\n\r\n")) return;
  send_all(connection.get(), std::string_view(reply.body).substr(0, reply.send));
  if (reply.hold) held_.emplace_back();
}

Answer serve_file(const std::string& request, const std::string& content, const std::string& etag) {
  const std::string range = header(request, "range");
  const std::string condition = header(request, "if-range");
  std::size_t begin = 0;
  if (range.starts_with("bytes=") && (condition.empty() || condition == etag)) {
    std::from_chars(range.data() + 6, range.data() + range.size(), begin);
    if (begin >= content.size())
      return {fmt::format("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{}\r\n", content.size()), ""};
    return {fmt::format("HTTP/1.1 206 Partial Content\r\nETag: {}\r\nContent-Length: {}\r\nContent-Range: bytes {}-{}/{}\r\n",
                        etag, content.size() - begin, begin, content.size() - 1, content.size()),
            content.substr(begin)};
  }
  return {fmt::format("HTTP/1.1 200 OK\r\nETag: {}\r\nContent-Length: {}\r\n", etag, content.size()), content};
}

TEST(HttpServer, AnswersRangesAsTheDownloadTestsNeed) {
  const std::string request = "GET / HTTP/1.1\r\nRange: bytes=2-\r\nIf-Range: \"v1\"\r\n\r\n";
  EXPECT_EQ(serve_file(request, "abcd", "\"v1\"").body, "cd");
  EXPECT_EQ(serve_file(request, "abcd", "\"v2\"").body, "abcd");
  EXPECT_NE(serve_file(request, "ab", "\"v1\"").head.find("416"), std::string::npos);
}

}  // namespace visor::storage::testing
