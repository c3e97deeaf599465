#include "qmp/wire.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "qmp/errors.h"

namespace visor::qmp {

ssize_t send_part(int socket, const Outgoing& message) {
  iovec part{const_cast<char*>(message.bytes.data()) + message.sent, message.bytes.size() - message.sent};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (message.descriptor) {
    const int number = message.descriptor.get();
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &number, sizeof(number));
  }
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

WallTime event_time(const boost::json::object& message) {
  const boost::json::value* stamp = message.if_contains("timestamp");
  if (stamp == nullptr || !stamp->is_object()) return std::chrono::system_clock::now();
  const auto part = [&](std::string_view key) -> std::int64_t {
    const boost::json::value* value = stamp->get_object().if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : -1;
  };
  // QEMU says -1 when its host has no time; anything beyond the year 2200 is as good as none.
  constexpr std::int64_t kLatest = 7258118400;
  const std::int64_t seconds = part("seconds");
  const std::int64_t micros = part("microseconds");
  if (seconds < 0 || seconds > kLatest || micros < 0 || micros >= 1000000) return std::chrono::system_clock::now();
  return WallTime(
      std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(seconds) + std::chrono::microseconds(micros)));
}

Version read_version(const boost::json::object& greeting) {
  Version version;
  const boost::json::value root(greeting);
  boost::system::error_code error;
  const auto number = [&](const char* pointer) -> unsigned {
    const boost::json::value* value = root.find_pointer(pointer, error);
    return value != nullptr && value->is_int64() && value->get_int64() >= 0 && value->get_int64() < 100000
               ? static_cast<unsigned>(value->get_int64())
               : 0;
  };
  version.major = number("/version/qemu/major");
  version.minor = number("/version/qemu/minor");
  version.micro = number("/version/qemu/micro");
  const boost::json::value* package = root.find_pointer("/version/package", error);
  if (package != nullptr && package->is_string()) version.package = printable_message(package->get_string());
  return version;
}

bool offers_oob(const boost::json::object& greeting) {
  const boost::json::value* capabilities = greeting.if_contains("capabilities");
  if (capabilities == nullptr || !capabilities->is_array()) return false;
  return std::ranges::any_of(capabilities->get_array(), [](const auto& item) { return item == boost::json::value("oob"); });
}

}  // namespace visor::qmp
