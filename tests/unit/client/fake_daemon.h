// A small HTTP server on a unix socket that answers with prepared bytes: for what a real daemon does only in bad moments.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.h"

namespace visor::testing {

/// Takes one connection after the other. For each request on it the next prepared answer is sent as it is; an answer that
/// ends with kCloses closes the connection afterwards.
class FakeDaemon {
 public:
  static constexpr const char* kCloses = "\x01";

  explicit FakeDaemon(std::vector<std::string> answers) : answers_(std::move(answers)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "visor-fake-XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
    listener_ = os::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 8) != 0) {
      std::abort();
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeDaemon() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    std::filesystem::remove_all(directory_);
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  std::filesystem::path socket() const { return directory_ / "s"; }
  /// Heads and bodies that came, in order.
  std::vector<std::string> requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  int connections() const { return connections_; }
  /// How many connections the daemon has closed.
  int closed() const { return closed_; }

 private:
  void serve() {
    while (next_ < answers_.size()) {
      os::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      ++connections_;
      while (next_ < answers_.size() && answer(connection.get())) {
      }
      connection.reset();
      ++closed_;
    }
  }

  bool answer(int fd) {
    const std::string request = receive(fd);
    if (request.empty()) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    std::string bytes = answers_[next_++];
    const bool closes = bytes.ends_with(kCloses);
    if (closes) bytes.pop_back();
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return !closes;
  }

  static std::string receive(int fd) {
    std::string request;
    std::size_t wanted = std::string::npos;
    while (wanted == std::string::npos || request.size() < wanted) {
      char buffer[4096];
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      request.append(buffer, static_cast<std::size_t>(got));
      const std::size_t head = request.find("\r\n\r\n");
      if (head == std::string::npos || wanted != std::string::npos) continue;
      const std::size_t length = request.find("Content-Length: ");
      wanted = head + 4 + (length < head ? std::stoul(request.substr(length + 16)) : 0);
    }
    return request;
  }

  std::vector<std::string> answers_;
  std::filesystem::path directory_;
  os::Fd listener_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> closed_ = 0;
};

inline std::string http_answer(const std::string& status, const std::string& type, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace visor::testing
