// The page, embedded in the program as a fixed table: there is no directory that a path could lead out of.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/http.h"

namespace visor::api {

/// One file of the page. All views live as long as the program.
struct EmbeddedFile {
  std::string_view path;  ///< "/index.html"
  std::string_view content_type;
  std::string_view etag;  ///< with its quotes
  std::string_view content;
  std::string_view gzip;  ///< the content compressed; empty when that would not be smaller
};

/// The files that were in VISOR_WEB_DIST at build time (cmake/web.cmake). Empty when the page was not built.
std::span<const EmbeddedFile> embedded_files();

/// Answers GET and HEAD of everything that is not the API: a file, index.html for the page's own URLs, or a plain page that
/// says how to build the real one. `path` is the target's path, `headers` the request's.
Response serve_static(std::span<const EmbeddedFile> files, std::string_view path, const Headers& headers);

}  // namespace visor::api
