#include "api/static_files.h"

#include <algorithm>

#include "base/error.h"

namespace visor::api {
namespace {

/// Scripts only from ourselves and never inline. 'self' covers the page's own WebSockets.
constexpr const char* kContentPolicy =
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

constexpr std::string_view kNoPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Visor</title></head>
<body style="font-family: sans-serif; max-width: 40em; margin: 4em auto">
<h1>Visor runs; its page was not built</h1>
<p>The API and the command line work. To get the page, build it and then the daemon:</p>
<pre>npm --prefix web ci
npm --prefix web run build
./run</pre>
</body></html>
)";

const EmbeddedFile* find(std::span<const EmbeddedFile> files, std::string_view path) {
  const auto found = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

/// Vite names these files after their content: a name never changes its meaning.
bool is_hashed(std::string_view path) { return path.starts_with("/assets/"); }

void add_page_headers(Response& response) {
  response.headers.add("Content-Security-Policy", kContentPolicy);
  response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.add("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
}

}  // namespace

Response serve_static(std::span<const EmbeddedFile> files, std::string_view path, const Headers& headers) {
  Response response;
  add_page_headers(response);
  const EmbeddedFile* file = find(files, path);
  if (file == nullptr && is_hashed(path)) {
    throw Error(ErrorKind::not_found, "page.not_found", "There is no such file of the page.",
                "Reload the page: Visor was updated.");
  }
  if (file == nullptr) file = find(files, "/index.html");
  if (file == nullptr) {
    response.content_type = "text/html; charset=utf-8";
    response.embedded = kNoPage;
    response.headers.add("Cache-Control", "no-store");
    return response;
  }
  response.content_type = std::string(file->content_type);
  response.headers.add("ETag", std::string(file->etag));
  response.headers.add("Vary", "Accept-Encoding");
  response.headers.add("Cache-Control", is_hashed(file->path) ? "public, max-age=31536000, immutable" : "no-cache");
  if (has_token(headers.find("If-None-Match"), file->etag)) {
    response.status = 304;
    return response;
  }
  const bool compressed = !file->gzip.empty() && has_token(headers.find("Accept-Encoding"), "gzip");
  if (compressed) response.headers.add("Content-Encoding", "gzip");
  response.embedded = compressed ? file->gzip : file->content;
  return response;
}

}  // namespace visor::api
