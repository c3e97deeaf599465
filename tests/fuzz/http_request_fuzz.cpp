// Whatever a client writes into target, Host, Origin, Cookie and body, the answer is a value or an Error.
//   clang++-16 -std=c++20 -g -fsanitize=fuzzer,address,undefined -Isrc tests/fuzz/http_request_fuzz.cpp \
//     src/api/{http,router}.cpp src/auth/origin.cpp src/base/*.cpp -lfmt -lspdlog -lboost_json
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/http.h"
#include "api/router.h"
#include "auth/origin.h"
#include "base/json.h"
#include "base/text.h"

namespace {

using visor::api::Method;
using visor::api::QueryParameter;

/// Stops the fuzzer when a promise of the parsers is broken.
void promise(bool kept) {
  if (!kept) std::abort();
}

visor::api::Router make_router() {
  visor::api::Router router;
  router.add({.method = Method::get, .pattern = "/api/v1/machines/{name}", .id = "machine"});
  router.add({.method = Method::post, .pattern = "/api/v1/machines/{name}/actions/start", .id = "start"});
  router.add({.method = Method::get, .pattern = "/api/v1/images/{name}", .id = "image"});
  return router;
}

void read_target(std::string_view text) {
  static const visor::api::Router router = make_router();
  static const std::vector<QueryParameter> declared{
      {.name = "since", .type = QueryParameter::Type::number, .minimum = 0, .maximum = 100}, {.name = "path"}};
  const visor::api::Target target = visor::api::split_target(text);
  for (const auto& [name, value] : router.match(Method::get, target.path).parameters) {
    promise(!value.empty() && visor::text::is_utf8(value) && value.find('\n') == std::string::npos);
  }
  for (const auto& [name, value] : visor::api::parse_query(target.query, declared)) promise(name == "since" || name == "path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read_target(text);
  } catch (const visor::Error&) {  // refusing is a right answer
  }
  try {
    visor::json::parse(text);
  } catch (const visor::Error&) {  // refusing is a right answer
  }
  visor::api::find_cookie(text, "visor_session");
  visor::api::has_token(text, "gzip");
  const std::size_t half = size / 2;
  visor::auth::host_allowed(text, {"lab.example"}, "10.0.0.1");
  if (visor::auth::origin_matches(text.substr(0, half), text.substr(half))) {
    promise(visor::auth::parse_authority(text.substr(half)).has_value());
  }
  return 0;
}
