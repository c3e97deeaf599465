#include "base/json.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "base/json_compact.h"

namespace visor {
namespace {

BOOST_DEFINE_ENUM_CLASS(Colour, red, auto_)

struct Inner {
  int limit_percent = 7;
  std::optional<Bytes> size;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (limit_percent, size))

struct Outer {
  std::string name = "x";
  Colour colour = Colour::red;
  std::vector<Inner> parts;
  bool delete_ = false;
  std::uint16_t port = 1;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (name, colour, parts, delete_, port))

TEST(Json, AStructSurvivesARoundTripWithCamelCaseKeys) {
  Outer value{"hello", Colour::auto_, {{3, Bytes{4096}}, {}}, true, 80};
  const std::string text = boost::json::serialize(json::to_json(value));
  EXPECT_EQ(
      text,
      R"({"name":"hello","colour":"auto","parts":[{"limitPercent":3,"size":4096},{"limitPercent":7,"size":null}],"delete":true,"port":80})");
  const auto back = json::from_json<Outer>(json::parse(text), "bad");
  EXPECT_EQ(boost::json::serialize(json::to_json(back)), text);
}

TEST(Json, OneAnswerNamesEveryWrongValue) {
  try {
    json::from_json<Outer>(json::parse(R"({"name":1,"colour":"blue","parts":[{"limitPercent":"x"}],"port":70000,"extra":1})"),
                           "bad");
    FAIL();
  } catch (const Error& error) {
    std::vector<std::string> fields;
    for (const FieldError& field : error.fields()) fields.push_back(field.field);
    EXPECT_EQ(fields, (std::vector<std::string>{"name", "colour", "parts[0].limitPercent", "port", "extra"}));
    EXPECT_EQ(error.code(), "bad");
  }
}

TEST(Json, SizesMayBeWrittenWithAUnit) {
  const auto inner = json::from_json<Inner>(json::parse(R"({"size":"2GiB"})"), "bad");
  EXPECT_EQ(inner.size, 2_GiB);
  EXPECT_THROW(json::from_json<Inner>(json::parse(R"({"size":"4 apples"})"), "bad"), Error);
  EXPECT_THROW(json::from_json<Inner>(json::parse(R"({"size":-1})"), "bad"), Error);
}

TEST(Json, HostileTextIsRefused) {
  EXPECT_THROW(json::parse(std::string(1000, '[')), Error);
  EXPECT_THROW(json::parse("{\"a\":\"\xff\"}"), Error);
  EXPECT_THROW(json::parse("{} {}"), Error);
  EXPECT_THROW(json::parse(""), Error);
  EXPECT_THROW(json::parse(std::string(5000, ' '), Bytes{4096}), Error);
}

TEST(Json, PartOfAnAnswerOutlivesTheRestOfIt) {
  const std::string text = R"({"return":{"list":[1,{"name":")" + std::string(5000, 'n') + R"("}]},"id":1})";
  std::optional<boost::json::value> part;
  {
    boost::json::value whole = json::parse_compact(text, Bytes{1U << 20U});
    EXPECT_EQ(whole, json::parse(text));
    part.emplace(std::move(whole.get_object().at("return")));
  }
  EXPECT_EQ(*part, json::parse(text).at("return"));
  EXPECT_THROW(json::parse_compact(text, Bytes{100}), Error);
  EXPECT_THROW(json::parse_compact(text.substr(0, 100), Bytes{1U << 20U}), Error);
}

TEST(Json, MergePatchFollowsRfc7396) {
  boost::json::value target = json::parse(R"({"a":"b","c":{"d":"e","f":"g"}})");
  json::merge_patch(target, json::parse(R"({"a":"z","c":{"f":null},"n":[1]})"));
  EXPECT_EQ(target, json::parse(R"({"a":"z","c":{"d":"e"},"n":[1]})"));
}

}  // namespace
}  // namespace visor
