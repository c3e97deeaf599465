#include "base/json_text.h"

#include <gtest/gtest.h>

#include <boost/describe.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace visor::json {
namespace {

/// Equality of JSON values in which 1 and 1.0 are the same number.
bool same(const boost::json::value& a, const boost::json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  if (a.is_array() && b.is_array()) {
    const auto& x = a.get_array();
    const auto& y = b.get_array();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
  }
  if (a.is_object() && b.is_object()) {
    const auto& x = a.get_object();
    const auto& y = b.get_object();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& left, const auto& right) {
      return left.key() == right.key() && same(left.value(), right.value());
    });
  }
  return a == b;
}

struct Inner {
  Bytes size;
  std::optional<WallTime> at;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (size, at))

BOOST_DEFINE_ENUM_CLASS(Kind, plain, protected_)

struct Outer {
  std::string free_text;
  std::vector<std::string> tags;
  std::vector<Inner> inner;
  std::vector<double> numbers;
  std::optional<std::int64_t> nothing;
  boost::json::value any;
  Kind kind = Kind::protected_;
  bool yes = true;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (free_text, tags, inner, numbers, nothing, any, kind, yes))

TEST(JsonTextTest, TextIsTheSameAsTheDocuments) {
  Outer value;
  value.free_text = "quotes \" back\\slash\nline\ttab \x01 \u00e9 \u6c49";
  value.tags = {"a", ""};
  value.inner = {
      {Bytes{std::uint64_t{1} << 62U}, std::nullopt}, {Bytes{0}, std::chrono::system_clock::now()}, {Bytes{1}, WallTime{}}};
  value.numbers = {1e300, -0.5, 0, 12.5, 1.0 / 3};
  value.any = boost::json::object{{"x", nullptr}};
  EXPECT_TRUE(same(json::parse(to_text(value)), json::to_json(value))) << to_text(value);
  EXPECT_EQ(to_text(std::vector{write(value), write(value)}), "[" + to_text(value) + "," + to_text(value) + "]");
}

TEST(JsonTextTest, WhatAGuestCallsItselfCannotBreakTheJson) {
  for (const std::string& name :
       {std::string("\xff\xfe"), std::string("\"},{\""), std::string("\0\x1f", 2), std::string("\xed\xa0\x80")}) {
    EXPECT_TRUE(json::parse(to_text(name)).is_string());
  }
}

TEST(JsonTextTest, NumbersThatJsonDoesNotHaveBecomeNull) {
  EXPECT_EQ(to_text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(to_text(std::numeric_limits<double>::infinity()), "null");
}

}  // namespace
}  // namespace visor::json
