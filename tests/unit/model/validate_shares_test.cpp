#include "model/validate_shares.h"

#include <gtest/gtest.h>

#include "model/settings.h"

namespace visor::model {
namespace {

std::vector<std::string> refused_shares(const std::vector<Share>& shares) {
  Validation validation;
  check_shares(shares, "spec.shares", validation);
  std::vector<std::string> fields;
  for (const FieldError& field : validation.fields()) fields.push_back(field.field);
  return fields;
}

Share share_of(const std::string& tag, const std::string& path) { return {tag, path, false, ShareOwners::mapped}; }

TEST(Shares, TagIsAWordThatAMountCommandCanHold) {
  for (const char* good : {"src", "My.Files-2_x", "0", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}) {
    EXPECT_TRUE(refused_shares({share_of(good, "/srv")}).empty()) << good;
  }
  const std::string null_inside("a\0b", 3);
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a,b"), std::string("-a"), std::string("a;b"),
                                 std::string("ä"), std::string("$a"), null_inside, std::string(32, 'x')}) {
    EXPECT_EQ(refused_shares({share_of(bad, "/srv")}), (std::vector<std::string>{"spec.shares[0].tag"})) << bad;
  }
}

TEST(Shares, PathMayHoldWhatFoldersAreCalledButNoControlCharacters) {
  for (const char* good : {"/", "/srv/a folder, with commas=1", "/srv/\xC3\xA4"}) {
    EXPECT_TRUE(refused_shares({share_of("src", good)}).empty()) << good;
  }
  for (const std::string& bad : {std::string(), std::string("srv"), std::string("./srv"), std::string("/a\nb"),
                                 std::string("/a\0b", 4), std::string("/\xFF"), "/" + std::string(4000, 'x')}) {
    EXPECT_EQ(refused_shares({share_of("src", bad)}), (std::vector<std::string>{"spec.shares[0].path"})) << bad;
  }
}

TEST(Shares, SameTagTwiceWouldHideOneFolder) {
  const auto fields = refused_shares({share_of("src", "/a"), share_of("other", "/a"), share_of("src", "/b")});
  EXPECT_EQ(fields, (std::vector<std::string>{"spec.shares[2].tag"}));
}

TEST(Shares, VirtiofsIsAskedForNothingThatItCannotDo) {
  Share share = share_of("src", "/srv");
  share.driver = "virtiofs";
  EXPECT_EQ(refused_shares({share}), (std::vector<std::string>{"spec.shares[0].owners"}));
  share.owners = ShareOwners::plain;
  EXPECT_TRUE(refused_shares({share}).empty());
  MachineSpec spec;
  spec.shares = {share_of("other", "/srv"), share};
  spec.on_host_shutdown.action = HostStopAction::save;
  Validation validation;
  check_virtiofs(spec, "spec", validation);
  ASSERT_EQ(validation.fields().size(), 1U);
  EXPECT_EQ(validation.fields()[0].field, "spec.onHostShutdown.action");
  share.driver = "nfs";
  EXPECT_EQ(refused_shares({share}), (std::vector<std::string>{"spec.shares[0].driver"}));
}

TEST(Shares, ThereAreNotEndlesslyMany) {
  std::vector<Share> shares;
  for (int i = 0; i < 9; ++i) shares.push_back(share_of("s" + std::to_string(i), "/srv"));
  EXPECT_EQ(refused_shares(shares), (std::vector<std::string>{"spec.shares"}));
}

TEST(Shares, EveryMemberHasItsRowAndDefault) {
  for (const char* key : {"shares", "shares[].tag", "shares[].path", "shares[].readOnly", "shares[].owners", "shares[].driver"}) {
    ASSERT_NE(find_setting(key), nullptr) << key;
  }
  EXPECT_EQ(find_setting("shares[].owners")->default_, "mapped");
  EXPECT_EQ(find_setting("shares[].driver")->default_, "9p");
  EXPECT_EQ(find_setting("onHostShutdown.action")->default_, "shutdown");
}

}  // namespace
}  // namespace visor::model
