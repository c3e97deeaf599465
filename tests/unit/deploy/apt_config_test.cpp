#include "deploy/apt_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visor::deploy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AptConfig, one_line_sources_are_read_with_their_options) {
  const auto sources = parse_source_list(
      "# a comment\n"
      "deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg trusted=yes] http://mirror.test/debian bookworm main contrib # local\n"
      "deb-src http://mirror.test/debian bookworm main\n"
      "deb http://mirror.test/flat ./\n"
      "deb\thttp://other.test/debian\tbookworm-updates  main\n");
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_THAT(sources[0].uris, ElementsAre("http://mirror.test/debian"));
  EXPECT_THAT(sources[0].components, ElementsAre("main", "contrib"));
  EXPECT_EQ(sources[0].signed_by, "/usr/share/keyrings/k.gpg");
  EXPECT_TRUE(sources[0].trusted);
  EXPECT_THAT(sources[1].suites, ElementsAre("bookworm-updates"));
  EXPECT_FALSE(sources[1].trusted);
}

TEST(AptConfig, deb822_sources_keep_a_key_of_several_lines) {
  const auto sources = parse_deb822_sources(
      "Types: deb deb-src\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
      "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
      "# the next one is off\nEnabled: no\nTypes: deb\nURIs: http://off.test\nSuites: bookworm\nComponents: main\n");
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_THAT(sources[0].suites, ElementsAre("bookworm", "bookworm-updates"));
  EXPECT_EQ(sources[0].signed_by, "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc");
  EXPECT_EQ(format_sources(sources),
            "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
            "Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n");
}

TEST(AptConfig, an_image_gets_only_its_own_release) {
  const std::vector<AptSource> all{
      {.uris = {"http://a.test"},
       .suites = {"bookworm", "bookworm-backports", "trixie"},
       .components = {"main", "non-free"},
       .signed_by = {}},
      {.uris = {"http://tools.test"}, .suites = {"bookworm"}, .components = {"stable"}, .signed_by = {}},
      {.uris = {"http://b.test"}, .suites = {"trixie"}, .components = {"main"}, .signed_by = {}},
      {.uris = {"http://c.test"}, .suites = {"bookworm-security"}, .components = {"main"}, .signed_by = {}}};
  const auto chosen = sources_for(all, "bookworm");
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_THAT(chosen[0].suites, ElementsAre("bookworm"));
  EXPECT_THAT(chosen[0].components, ElementsAre("main"));
  EXPECT_THAT(chosen[1].uris, ElementsAre("http://c.test"));
  EXPECT_THAT(sources_for(all, "sid"), IsEmpty());
}

TEST(AptConfig, proxies_and_certificates_of_the_host_are_used_and_nothing_else) {
  EXPECT_EQ(download_settings("APT::Architecture \"amd64\";\n"
                              "Acquire::http::Proxy \"http://proxy.test:3142\";\n"
                              "Acquire::https::CaInfo \"/etc/ssl/own.pem\";\n"
                              "Acquire::http::Proxy::mirror.test \"DIRECT\";\n"
                              "Acquire::http \"\";\n"
                              "Acquire::Check-Valid-Until \"false\";\n"
                              "Acquire::GzipIndexes \"true\";\n"
                              "DPkg::Post-Invoke \"\";\n"),
            "Acquire::http::Proxy \"http://proxy.test:3142\";\n"
            "Acquire::https::CaInfo \"/etc/ssl/own.pem\";\n"
            "Acquire::http::Proxy::mirror.test \"DIRECT\";\n"
            "Acquire::Check-Valid-Until \"false\";\n");
}

TEST(AptConfig, a_host_without_apt_has_no_sources) { EXPECT_THAT(read_host_sources("/nonexistent/etc/apt"), IsEmpty()); }

}  // namespace
}  // namespace visor::deploy
