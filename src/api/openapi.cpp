#include "api/openapi.h"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

#include "api/cookies.h"
#include "api/routes.h"

namespace visor::api {
namespace {

boost::json::object content(const std::string& type, const boost::json::object& schema) {
  return {{type, {{"schema", schema.empty() ? boost::json::object{{"type", "string"}, {"format", "binary"}} : schema}}}};
}

boost::json::object schema_of(const QueryParameter& parameter) {
  if (parameter.type == QueryParameter::Type::flag) return {{"type", "boolean"}};
  if (parameter.type == QueryParameter::Type::number) {
    return {{"type", "integer"}, {"minimum", parameter.minimum}, {"maximum", parameter.maximum}};
  }
  boost::json::object schema{{"type", "string"}};
  if (!parameter.values.empty()) schema.emplace("enum", json::to_json(parameter.values));
  return schema;
}

boost::json::array parameters_of(const Route& route) {
  boost::json::array list;
  for (const std::string& segment : text::split(route.pattern, '/')) {
    if (!segment.starts_with('{')) continue;
    list.push_back(
        {{"name", segment.substr(1, segment.size() - 2)}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  for (const QueryParameter& parameter : route.query) {
    list.push_back({{"name", parameter.name},
                    {"in", "query"},
                    {"required", parameter.required},
                    {"description", parameter.description},
                    {"schema", schema_of(parameter)}});
  }
  if (route.method == Method::patch) {
    list.push_back({{"name", "If-Match"},
                    {"in", "header"},
                    {"required", false},
                    {"description", "The ETag that the change is based on; another one is refused with 412."},
                    {"schema", {{"type", "string"}}}});
  }
  return list;
}

boost::json::object responses_of(const Route& route) {
  boost::json::object responses;
  for (const Answer& answer : route.answers) {
    boost::json::object response{{"description", answer.description}};
    if (answer.status == 202) {
      response.emplace("headers",
                       boost::json::object{{"Location", {{"description", "The task."}, {"schema", {{"type", "string"}}}}}});
    }
    if (!answer.content_type.empty()) response.emplace("content", content(answer.content_type, answer.schema));
    responses.emplace(std::to_string(answer.status), std::move(response));
  }
  responses.emplace("default", boost::json::object{{"$ref", "#/components/responses/Problem"}});
  return responses;
}

boost::json::object operation_of(const Route& route) {
  boost::json::object operation{{"operationId", route.id},
                                {"summary", route.summary},
                                {"tags", boost::json::array{boost::json::string(route.tag)}},
                                {"parameters", parameters_of(route)},
                                {"responses", responses_of(route)}};
  if (route.body) {
    operation.emplace("requestBody", boost::json::object{{"required", route.body->required},
                                                         {"content", content(route.body->content_type, route.body->schema)}});
  }
  if (route.access == Access::everyone) operation.emplace("security", boost::json::array());
  if (route.websocket) operation.emplace("x-websocket", true);
  return operation;
}

std::string method_key(Method method) {
  std::string key(to_string(method));
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return key;
}

boost::json::object security_schemes() {
  return {{"token", {{"type", "http"}, {"scheme", "bearer"}}},
          {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", kSessionCookie}}}};
}

}  // namespace

boost::json::object openapi_document(const Router& router) {
  boost::json::object paths;
  for (const Route& route : router.routes()) {
    if (!paths.contains(route.pattern)) paths.emplace(route.pattern, boost::json::object());
    paths[route.pattern].as_object().emplace(method_key(route.method), operation_of(route));
  }
  boost::json::object problem{{"description", "A refusal or failure (RFC 9457)."},
                              {"content", content("application/problem+json", model::detail::reference("Problem"))}};
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Visor"}, {"version", VISOR_VERSION}, {"description", "Virtual machines of this host."}}},
          {"security", boost::json::array{boost::json::object{{"token", boost::json::array()}},
                                          boost::json::object{{"session", boost::json::array()}}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", router.schemas().components()},
            {"responses", {{"Problem", std::move(problem)}}},
            {"securitySchemes", security_schemes()}}}};
}

void add_openapi_routes(Router& router) {
  router.schemas().answer<model::Problem>();
  for (const auto& [pattern, id] :
       {std::pair{kBase + "/openapi.json", "getOpenApi"}, std::pair{std::string("/openapi.json"), "getOpenApiAtRoot"}}) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .id = id,
                .tag = "host",
                .summary = "This document",
                .answers = {{200, "The OpenAPI 3.1 document.", {{"type", "object"}}}},
                .handler = [&router](const Request&) -> Awaitable<Response> {
                  Response response;
                  response.body = boost::json::serialize(openapi_document(router));
                  co_return response;
                }});
  }
}

}  // namespace visor::api
