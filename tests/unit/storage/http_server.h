// A small HTTP server for tests: what it answers is decided per request, also to break off in the middle.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.h"

namespace visor::storage::testing {

struct Answer {
  std::string head;  ///< status line and header lines, each with its \r\n
  std::string body;
  std::size_t send = std::string::npos;  ///< bytes of the body before the connection is closed
  bool hold = false;                     ///< keeps the connection open afterwards until the server ends
};

/// Listens on 127.0.0.1 until destruction; answers one connection after the other.
class HttpServer {
 public:
  explicit HttpServer(std::function<Answer(const std::string& request)> handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path) const;
  /// Heads of the requests so far, in lower case.
  std::vector<std::string> requests() const;

 private:
  void serve();
  void answer(const os::Fd& connection);

  std::function<Answer(const std::string&)> handler_;
  os::Fd listener_;
  unsigned port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<os::Fd> held_;
  std::thread thread_;
};

/// What a well-behaved server of a static file answers, with ranges and ETag.
Answer serve_file(const std::string& request, const std::string& content, const std::string& etag);

}  // namespace visor::storage::testing
