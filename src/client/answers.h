// How requests of the API are made and its answers read.
#pragma once

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "client/connection.h"
#include "client/endpoint.h"
#include "loop/event_loop.h"

namespace visor::client {

/// An answer as a struct; members that this client does not know are ignored.
template <class T>
T decode(const boost::json::value& from) {
  T value{};
  Validation validation;
  json::read(from, value, "", validation);
  for (const FieldError& field : validation.fields()) {
    if (field.code == "unknown") continue;
    throw Error(ErrorKind::internal, "client.bad_answer", "The daemon's answer does not fit: " + field.message,
                "The daemon and this program may be of different versions; `visor version` shows both.");
  }
  return value;
}

/// The member `key` of an answer such as {"machines":[...]}.
template <class T>
T decode_member(const boost::json::value& from, std::string_view key) {
  const boost::json::object* object = from.if_object();
  const boost::json::value* member = object != nullptr ? object->if_contains(key) : nullptr;
  if (member == nullptr) {
    throw Error(ErrorKind::internal, "client.bad_answer", fmt::format("The daemon's answer lacks '{}'.", key));
  }
  return decode<T>(*member);
}

/// `body`: null for none.
Request make_request(std::string method, std::string path, const boost::json::value& body, loop::Duration timeout);

}  // namespace visor::client
