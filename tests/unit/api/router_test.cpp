#include "api/router.h"

#include <gtest/gtest.h>

namespace visor::api {
namespace {

Router small_router() {
  Router router;
  router.add({.method = Method::get, .pattern = "/api/v1/machines", .id = "list"});
  router.add({.method = Method::get, .pattern = "/api/v1/machines/{name}", .id = "get"});
  router.add({.method = Method::patch, .pattern = "/api/v1/machines/{name}", .id = "change"});
  router.add({.method = Method::get, .pattern = "/api/v1/images/{name}", .id = "image"});
  router.add({.method = Method::post, .pattern = "/api/v1/images/actions/build", .id = "build"});
  return router;
}

std::string error_code(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST(RouterTest, FindsTheRouteAndItsParameters) {
  const Router router = small_router();
  const Router::Match match = router.match(Method::patch, "/api/v1/machines/hello");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->id, "change");
  EXPECT_EQ(match.parameters.at("name"), "hello");
  EXPECT_EQ(router.match(Method::get, "/api/v1/machines/").route->id, "list");
}

TEST(RouterTest, SlashInAnImageNameTravelsPercentEncoded) {
  const Router router = small_router();
  EXPECT_EQ(router.match(Method::get, "/api/v1/images/debian%2F12").parameters.at("name"), "debian/12");
  EXPECT_EQ(router.match(Method::get, "/api/v1/images/debian/12").route, nullptr);
}

TEST(RouterTest, WrongMethodIsToldFromWrongPath) {
  const Router router = small_router();
  EXPECT_EQ(router.match(Method::delete_, "/api/v1/machines/hello").allowed.size(), 2U);
  EXPECT_TRUE(router.match(Method::get, "/api/v1/nothing").allowed.empty());
  EXPECT_TRUE(router.match(Method::get, "/api/v1/machines//").route == nullptr ||
              router.match(Method::get, "/api/v1/machines//").route->id == "list");
}

TEST(RouterTest, BrokenEscapesAndControlCharactersAreRefused) {
  const Router router = small_router();
  for (const char* path : {"/api/v1/machines/%", "/api/v1/machines/%2", "/api/v1/machines/%zz", "/api/v1/machines/%00",
                           "/api/v1/machines/a%0ab", "/api/v1/machines/%ff", "/api/v1/machines/%c0%af"}) {
    EXPECT_EQ(error_code([&] { router.match(Method::get, path); }), "request.path") << path;
  }
}

TEST(RouterTest, EncodedDotsStayAnOrdinaryName) {
  EXPECT_EQ(small_router().match(Method::get, "/api/v1/machines/%2e%2e").parameters.at("name"), "..");
}

TEST(RouterTest, TargetMustBeAPath) {
  for (const char* target : {"", "*", "http://evil.example/", "api", "/a b", "/a\r\nX: y"}) {
    EXPECT_EQ(error_code([&] { split_target(target); }), "request.target") << target;
  }
  EXPECT_EQ(split_target("/a?b=c#d").path, "/a");
  EXPECT_EQ(split_target("/a?b=c#d").query, "b=c");
}

TEST(RouterTest, MisspeltDryRunDoesNotAct) {
  const std::vector<QueryParameter> declared{{.name = "dryRun", .type = QueryParameter::Type::flag}};
  EXPECT_EQ(parse_query("dryRun=true", declared).at("dryRun"), "true");
  for (const char* query : {"dryrun=true", "dryRun=yes", "dryRun", "dryRun=true&dryRun=false", "dryRun=true&x", "%=1"}) {
    EXPECT_EQ(error_code([&] { parse_query(query, declared); }), "request.query") << query;
  }
}

TEST(RouterTest, QueryNumbersAndChoicesAreChecked) {
  const std::vector<QueryParameter> declared{{.name = "n", .type = QueryParameter::Type::number, .minimum = 1, .maximum = 5},
                                             {.name = "c", .values = {"a", "b"}},
                                             {.name = "p", .required = true}};
  const auto values = parse_query("n=5&c=b&p=%2Fetc%2Fx+y", declared);
  EXPECT_EQ(values.at("p"), "/etc/x y");
  for (const char* query : {"p=1&n=6", "p=1&n=0", "p=1&n=x", "p=1&n=", "p=1&n=99999999999999999999", "p=1&c=c", "n=1"}) {
    EXPECT_EQ(error_code([&] { parse_query(query, declared); }), "request.query") << query;
  }
}

TEST(HttpTest, CookieIsFoundByItsWholeNameOnly) {
  EXPECT_EQ(find_cookie("a=1; visor_session=xyz; b=2", "visor_session"), "xyz");
  EXPECT_EQ(find_cookie("xvisor_session=evil", "visor_session"), "");
  EXPECT_EQ(find_cookie("", "visor_session"), "");
}

TEST(HttpTest, HeaderNamesCompareWithoutCase) {
  Headers headers;
  headers.add("If-Match", "\"1\"");
  EXPECT_EQ(headers.find("if-match"), "\"1\"");
  EXPECT_EQ(headers.count("IF-MATCH"), 1U);
  EXPECT_FALSE(headers.contains("If"));
}

}  // namespace
}  // namespace visor::api
