// A client made of plain sockets: it shares no code with the server, so that both cannot be wrong in the same way.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "os/fd.h"

namespace visor::api {

struct Reply {
  unsigned status = 0;
  std::multimap<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  boost::json::value json() const { return json::parse(body, 64_MiB); }
  std::string code() const { return std::string(json().at("code").as_string()); }
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// One connection. Every read gives up after ten seconds.
class Client {
 public:
  explicit Client(const std::filesystem::path& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof(address.sun_path) - 1);
    connect(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  explicit Client(std::uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), host_("127.0.0.1:" + std::to_string(port)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }

  const std::string& host() const { return host_; }
  int fd() const { return fd_.get(); }

  /// Sends bytes as they are; false when the other end has closed.
  bool send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                const HeaderList& headers = {}) {
    std::string text = method + " " + target + " HTTP/1.1\r\n";
    bool has_host = false;
    for (const auto& [name, value] : headers) {
      text += name + ": " + value + "\r\n";
      has_host = has_host || name == "Host";
    }
    if (!has_host) text += "Host: " + host_ + "\r\n";
    if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    send_raw(text + "\r\n" + body);
    return read_reply(method == "HEAD");
  }

  Reply read_reply(bool bodiless = false) {
    Reply reply = read_head();
    if (reply.status == 100) reply = read_head();
    if (bodiless || reply.status == 101 || reply.status == 204 || reply.status == 304) return reply;
    if (const std::string length = reply.header("content-length"); !length.empty()) {
      const std::size_t size = std::stoul(length);
      while (waiting_.size() < size) receive();
      reply.body = waiting_.substr(0, size);
      waiting_.erase(0, size);
    }
    return reply;
  }

  /// Bytes up to and including `mark`.
  std::string read_until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = waiting_.find(mark)) == std::string::npos) receive();
    std::string found = waiting_.substr(0, at + mark.size());
    waiting_.erase(0, found.size());
    return found;
  }
  std::string read_bytes(std::size_t count) {
    while (waiting_.size() < count) receive();
    std::string found = waiting_.substr(0, count);
    waiting_.erase(0, count);
    return found;
  }
  /// Whether the server closes within ten seconds.
  bool closed() {
    char byte = 0;
    ssize_t size = 0;
    while ((size = ::recv(fd_.get(), &byte, 1, 0)) > 0) {
    }
    return size == 0 || errno == ECONNRESET;
  }

 private:
  void connect(const sockaddr* address, socklen_t size) {
    const timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (::connect(fd_.get(), address, size) != 0) throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
  void receive() {
    std::string chunk(64 * 1024, '\0');
    const ssize_t size = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (size <= 0) throw std::runtime_error(size == 0 ? "the server closed" : std::string("recv: ") + std::strerror(errno));
    waiting_.append(chunk, 0, static_cast<std::size_t>(size));
  }
  Reply read_head() {
    Reply reply;
    const std::string head = read_until("\r\n\r\n");
    reply.status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
    std::size_t line = head.find("\r\n") + 2;
    while (line + 2 < head.size()) {
      const std::size_t end = head.find("\r\n", line);
      const std::size_t colon = head.find(':', line);
      std::string name = head.substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      reply.headers.emplace(name, std::string(text::trim(head.substr(colon + 1, end - colon - 1))));
      line = end + 2;
    }
    return reply;
  }

  os::Fd fd_;
  std::string host_ = "localhost";
  std::string waiting_;
};

/// The client's half of RFC 6455, as far as tests need it.
class WebSocketClient {
 public:
  /// Asks for the upgrade; `reply` is the server's answer (101 when it agreed).
  WebSocketClient(Client& client, const std::string& target, HeaderList headers = {}) : client_(client) {
    headers.insert(headers.end(), {{"Upgrade", "websocket"},
                                   {"Connection", "Upgrade"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                   {"Sec-WebSocket-Version", "13"}});
    reply = client.request("GET", target, "", headers);
  }

  struct Frame {
    unsigned opcode = 0;
    std::string payload;
  };
  void send(unsigned opcode, const std::string& payload) {
    ASSERT_LT(payload.size(), 126U);
    std::string frame{static_cast<char>(0x80U | opcode), static_cast<char>(0x80U | payload.size()), 1, 2, 3, 4};
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ static_cast<char>(1 + i % 4));
    client_.send_raw(frame);
  }
  Frame receive() {
    const std::string head = client_.read_bytes(2);
    std::size_t size = static_cast<unsigned char>(head[1]);
    if (size == 126) {
      const std::string more = client_.read_bytes(2);
      size = static_cast<std::size_t>(static_cast<unsigned char>(more[0])) << 8U | static_cast<unsigned char>(more[1]);
    } else if (size == 127) {
      size = 0;
      for (const char byte : client_.read_bytes(8)) size = size << 8U | static_cast<unsigned char>(byte);
    }
    return {static_cast<unsigned char>(head[0]) & 0x0FU, client_.read_bytes(size)};
  }

  Reply reply;

 private:
  Client& client_;
};

inline constexpr unsigned kText = 1;
inline constexpr unsigned kBinary = 2;
inline constexpr unsigned kClose = 8;

}  // namespace visor::api
