#include "auth/origin.h"

#include <gtest/gtest.h>

namespace visor::auth {
namespace {

TEST(HostTest, LoopbackNamesAndAddressesAreOursOnAnyPort) {
  for (const char* host : {"localhost", "LOCALHOST:7077", "localhost.:7077", "visor.localhost:1", "127.0.0.1:7077", "127.1.2.3",
                           "[::1]", "[::1]:7077", "[0:0:0:0:0:0:0:1]:80"}) {
    EXPECT_TRUE(host_allowed(host, {}, "127.0.0.1")) << host;
  }
}

TEST(HostTest, ReboundNamesAreRefused) {
  for (const char* host : {"evil.example", "evil.example:7077", "localhost.evil.example", "127.0.0.1.evil.example:7077",
                           "10.0.0.5:7077", "[::2]:7077", "0.0.0.0:7077"}) {
    EXPECT_FALSE(host_allowed(host, {}, "127.0.0.1")) << host;
  }
}

TEST(HostTest, MalformedHostsAreRefused) {
  for (const char* host :
       {"", ":", ":80", "a b", "localhost:", "localhost:0", "localhost:65536", "localhost:80:80", "localhost/", "x@localhost",
        "[::1", "::1", "[localhost]", "[::1]x", "localhost:8 0", "local\thost", "127.0.0.1,localhost"}) {
    EXPECT_FALSE(host_allowed(host, {}, "127.0.0.1")) << host;
  }
}

TEST(HostTest, ConfiguredNamesAndTheAddressThatWasConnectedToAreOurs) {
  EXPECT_TRUE(host_allowed("lab.example:7077", {"lab.example"}, "10.0.0.5"));
  EXPECT_TRUE(host_allowed("10.0.0.5:7077", {}, "10.0.0.5"));
  EXPECT_TRUE(host_allowed("[fd00:0::5]:7077", {}, "fd00::5"));
  EXPECT_FALSE(host_allowed("10.0.0.6:7077", {}, "10.0.0.5"));
}

TEST(HostTest, NamesOfTheUserAreTakenInAnySpellingThatABrowserMaySend) {
  EXPECT_EQ(parse_host("Lab.Example."), "lab.example");
  EXPECT_EQ(parse_host("10.0.0.5"), "10.0.0.5");
  EXPECT_EQ(parse_host("FD00:0::5"), "fd00::5");
  EXPECT_EQ(parse_host("[fd00::5]"), "fd00::5");
  EXPECT_TRUE(host_allowed("[fd00:0::5]:80", {*parse_host("fd00::5")}, "127.0.0.1"));
}

TEST(HostTest, WhatIsNoNameIsNotTaken) {
  for (const char* host : {"", "*", "lab.example:80", "http://lab.example", "lab.example/", "a b", "[fd00::5]:80", "fd00::5::"}) {
    EXPECT_FALSE(parse_host(host)) << host;
  }
}

TEST(OriginTest, OwnPageMayWrite) {
  EXPECT_TRUE(origin_matches("http://localhost:7077", "localhost:7077"));
  EXPECT_TRUE(origin_matches("http://127.0.0.1:7077", "127.0.0.1:7077"));
  EXPECT_TRUE(origin_matches("http://[::1]:7077", "[::1]:7077"));
  EXPECT_TRUE(origin_matches("http://localhost", "localhost:80"));
  EXPECT_TRUE(origin_matches("https://lab.example", "lab.example"));
  EXPECT_TRUE(origin_matches("https://lab.example:443", "lab.example"));
}

TEST(OriginTest, OtherPagesMayNot) {
  EXPECT_FALSE(origin_matches("null", "localhost:7077"));
  EXPECT_FALSE(origin_matches("", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://localhost:7078", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://localhost", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://127.0.0.1:7077", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://evil.example:7077", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://localhost:7077.evil.example", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://localhost:7077@evil.example", "localhost:7077"));
  EXPECT_FALSE(origin_matches("file://localhost:7077", "localhost:7077"));
  EXPECT_FALSE(origin_matches("http://localhost:7077/", "localhost:7077"));
  EXPECT_FALSE(origin_matches("HTTP", "HTTP"));
}

}  // namespace
}  // namespace visor::auth
