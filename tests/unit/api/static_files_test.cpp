#include "api/static_files.h"

#include <gtest/gtest.h>

#include <array>

#include "base/error.h"

namespace visor::api {
namespace {

constexpr std::array<EmbeddedFile, 2> kFiles{
    {{"/index.html", "text/html; charset=utf-8", "\"aa\"", "<p>the page</p>", ""},
     {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "\"bb\"", "console.log('plain')", "GZIPPED"}}};

Headers with(const std::string& name, const std::string& value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

TEST(StaticFilesTest, UrlsOfThePageSurviveAReload) {
  for (const char* path : {"/", "/machines/hello", "/login", "/images/ubuntu/24.04"}) {
    EXPECT_EQ(serve_static(kFiles, path, {}).content(), "<p>the page</p>") << path;
  }
}

TEST(StaticFilesTest, MissingScriptIsNotAnsweredWithAPage) {
  EXPECT_THROW(serve_static(kFiles, "/assets/gone-9f.js", {}), Error);
}

TEST(StaticFilesTest, PathsCannotLeadOutOfTheTable) {
  for (const char* path : {"/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/index.html/../../etc/passwd"}) {
    EXPECT_EQ(serve_static(kFiles, path, {}).content(), "<p>the page</p>") << path;
  }
}

TEST(StaticFilesTest, ScriptsAreCachedForeverAndThePageIsAskedForAgain) {
  EXPECT_EQ(serve_static(kFiles, "/assets/app-1a2b.js", {}).headers.find("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(serve_static(kFiles, "/", {}).headers.find("Cache-Control"), "no-cache");
  const Response fresh = serve_static(kFiles, "/", with("If-None-Match", "\"aa\""));
  EXPECT_EQ(fresh.status, 304U);
  EXPECT_TRUE(fresh.content().empty());
  EXPECT_EQ(serve_static(kFiles, "/", with("If-None-Match", "\"old\"")).status, 200U);
}

TEST(StaticFilesTest, CompressedOnlyForThoseWhoUnderstand) {
  const Response packed = serve_static(kFiles, "/assets/app-1a2b.js", with("Accept-Encoding", "br, gzip;q=0.5"));
  EXPECT_EQ(packed.content(), "GZIPPED");
  EXPECT_EQ(packed.headers.find("Content-Encoding"), "gzip");
  EXPECT_EQ(serve_static(kFiles, "/assets/app-1a2b.js", {}).content(), "console.log('plain')");
  EXPECT_FALSE(serve_static(kFiles, "/", with("Accept-Encoding", "gzip")).headers.contains("Content-Encoding"));
}

TEST(StaticFilesTest, ForeignScriptsAndFramesAreForbidden) {
  const std::string policy(serve_static(kFiles, "/", {}).headers.find("Content-Security-Policy"));
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_NE(policy.find("connect-src 'self';"), std::string::npos);
}

TEST(StaticFilesTest, WithoutABuiltPageItIsSaidHowToBuildIt) {
  const Response response = serve_static({}, "/", {});
  EXPECT_EQ(response.status, 200U);
  EXPECT_NE(response.content().find("npm --prefix web run build"), std::string_view::npos);
}

}  // namespace
}  // namespace visor::api
