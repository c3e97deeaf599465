#include "api/json_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/service.h"

namespace visor::api {
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

TEST(JsonTextTest, TextIsTheSameAsTheDocuments) {
  engine::Inventory inventory;
  model::Machine& machine = inventory.machines.emplace_back();
  machine.name = "hello";
  machine.description = "quotes \" back\\slash\nline\ttab \x01 \u00e9 \u6c49";
  machine.tags = {"a", "b"};
  machine.spec.disks.push_back({.id = "disk0", .size = Bytes{std::uint64_t{1} << 62U}});
  machine.spec.nics.emplace_back().forwards.emplace_back();
  machine.pending.push_back({"cpu.count", 2, boost::json::object{{"x", nullptr}}});
  machine.metrics = model::Sample{.cpu_percent = 12.5, .vcpu_percent = {0, 1.0 / 3}};
  inventory.host.load = {1e300, -0.5, 0};
  inventory.images.emplace_back();
  inventory.tasks.emplace_back().error = model::Problem{};
  const boost::json::value parsed = json::parse(json_text(inventory));
  EXPECT_TRUE(same(parsed, json::to_json(inventory))) << json_text(inventory);
}

TEST(JsonTextTest, WhatAGuestCallsItselfCannotBreakTheJson) {
  for (const std::string& name :
       {std::string("\xff\xfe"), std::string("\"},{\""), std::string("\0\x1f", 2), std::string("\xed\xa0\x80")}) {
    EXPECT_TRUE(json::parse(json_text(name)).is_string());
  }
}

TEST(JsonTextTest, NumbersThatJsonDoesNotHaveBecomeNull) {
  EXPECT_EQ(json_text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
}

}  // namespace
}  // namespace visor::api
