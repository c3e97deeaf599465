// The table of all routes. Dispatch and the OpenAPI document both come from it.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/schema.h"

namespace visor::api {

/// Who may use a route.
enum class Access {
  everyone,   ///< also without credentials
  signed_in,  ///< every principal
  local,      ///< only by the unix socket: the answer is of use on this host only
};

/// A value behind the "?" of a URL. Undeclared and malformed ones are refused: a misspelt dryRun must not act.
struct QueryParameter {
  enum class Type { text, flag, number };
  std::string name;
  Type type = Type::text;
  std::string description;
  bool required = false;
  std::int64_t minimum = 0;  ///< of a number
  std::int64_t maximum = 0;
  std::vector<std::string> values;  ///< of a text, when only these are allowed
};

struct RequestBody {
  boost::json::object schema;  ///< empty: raw bytes
  bool required = true;
  std::string content_type = "application/json";
};

struct Answer {
  unsigned status = 200;
  std::string description;
  boost::json::object schema;  ///< empty: not JSON, see content_type
  std::string content_type = "application/json";
};

struct Route {
  Method method = Method::get;
  std::string pattern;  ///< "/api/v1/machines/{name}"
  std::string id;       ///< operationId, "getMachine"
  std::string tag;      ///< section of the document
  std::string summary;
  Access access = Access::signed_in;
  std::vector<QueryParameter> query = {};
  std::optional<RequestBody> body = {};
  std::vector<Answer> answers = {};
  Bytes body_limit = Bytes{std::uint64_t{4} << 20U};
  std::string ticket_kind = {};  ///< "screen", "serial": a WebSocket that a one-time ticket opens
  Handler handler = {};
  StreamHandler stream = {};
  WebSocketHandler websocket = {};
};

/// Path and query of a request target, still encoded.
struct Target {
  std::string_view path;
  std::string_view query;
};
/// Throws Error `request.target` unless it starts with "/" and has no control characters.
Target split_target(std::string_view target);

class Router {
 public:
  /// Adds a route. Throws std::logic_error for one that is there already.
  void add(Route route);
  std::span<const Route> routes() const noexcept { return routes_; }
  model::SchemaSet& schemas() noexcept { return schemas_; }
  const model::SchemaSet& schemas() const noexcept { return schemas_; }

  struct Match {
    const Route* route = nullptr;  ///< nullptr: see `allowed`
    std::map<std::string, std::string> parameters;
    std::vector<Method> allowed;  ///< the path exists with these methods only; empty: it does not exist
  };
  /// Throws Error `request.path` for broken percent-encoding.
  Match match(Method method, std::string_view path) const;

 private:
  struct Entry {
    std::vector<std::string> segments;
  };
  std::vector<Route> routes_;
  std::vector<Entry> entries_;
  model::SchemaSet schemas_;
};

/// Reads "a=1&b=2" against the declaration. Throws Error{validation, "request.query"} that lists all that is wrong.
std::map<std::string, std::string> parse_query(std::string_view query, const std::vector<QueryParameter>& declared);

}  // namespace visor::api
