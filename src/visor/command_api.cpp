#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

constexpr std::size_t kLargestBody = std::size_t{4} << 20U;

std::string full_target(std::string path) {
  if (!path.starts_with('/')) path.insert(0, "/");
  if (path.starts_with("/api/") || path == "/metrics") return path;
  return "/api/v1" + path;
}

std::string checked_method(std::string method) {
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const char* known : {"GET", "POST", "PATCH", "PUT", "DELETE"}) {
    if (method == known) return method;
  }
  throw usage_error(fmt::format("'{}' is not one of GET, POST, PATCH, PUT, DELETE.", text::printable(method)), "api");
}

Awaitable<int> api(Context& context, const Arguments& arguments) {
  client::Request request;
  request.method = checked_method(arguments.get("METHOD"));
  request.target = full_target(arguments.get("PATH"));
  const bool spaces =
      std::any_of(request.target.begin(), request.target.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
  if (spaces) throw usage_error("The path must be percent-encoded: it holds a blank or a control character.", "api");
  std::string body = arguments.get("JSON");
  if (body == "-") body = read_standard_input(kLargestBody);
  if (!body.empty()) json::parse(body);
  request.body = std::move(body);
  request.timeout = context.globals.timeout.value_or(std::chrono::seconds(60));
  if (request.method == "PATCH") request.content_type = "application/merge-patch+json";
  const client::Response response = co_await context.api().connection().send(std::move(request));
  const bool is_json = response.content_type.find("json") != std::string::npos && !response.body.empty();
  if (is_json) {
    context.out.show(json::parse(response.body, Bytes{std::uint64_t{64} << 20U}));
  } else {
    write_standard_output(response.body);
  }
  co_return kExitOk;
}

}  // namespace

std::vector<Command> api_commands() {
  return {{.name = "api",
           .group = "Look inside",
           .summary = "Send a request to the API and show the answer.",
           .description = "PATH is below /api/v1. Errors are shown like those of other commands and have the same exit codes.",
           .positionals = {{"METHOD", "GET, POST, PATCH, PUT or DELETE."},
                           {"PATH", "Like /machines/hello."},
                           {"JSON", "The body; - is standard input.", Completes::nothing, false}},
           .examples = {{"visor api GET /host", "this host"},
                        {"visor api PATCH /machines/hello '{\"spec\":{\"cpu\":{\"count\":4}}}'", "a change"},
                        {"visor api GET /openapi.json", "what there is"}},
           .run = api}};
}

}  // namespace visor::cli
