// Images.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kImagesTag = "images";

void add_make_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/images/actions/build",
              .id = "buildImage",
              .tag = kImagesTag,
              .summary = "Builds an image from the distribution's own packages",
              .body = RequestBody{router.schemas().request<model::BuildRequest>({"name"})},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.build_image(read_body<model::BuildRequest>(request)));
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/images/actions/import",
              .id = "importImage",
              .tag = kImagesTag,
              .summary = "Imports a disk image from a file of this host or a URL",
              .body = RequestBody{router.schemas().request<model::ImportRequest>({"name", "source"})},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.import_image(read_body<model::ImportRequest>(request)));
              }});
}

}  // namespace

void add_image_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/images",
              .id = "listImages",
              .tag = kImagesTag,
              .summary = "All images, and those that can be built",
              .answers = {ok<ImageList>(router, "The images.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(ImageList{context.service.images(), context.service.buildable_images()});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/images/{name}",
              .id = "getImage",
              .tag = kImagesTag,
              .summary = "One image; a '/' in its name is written %2F",
              .answers = {ok<model::Image>(router, "The image.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.image(request.parameter("name")));
              }});
  add_make_routes(router, context);
  router.add({.method = Method::delete_,
              .pattern = kBase + "/images/{name}",
              .id = "deleteImage",
              .tag = kImagesTag,
              .summary = "Deletes an image that no machine uses",
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.remove_image(request.parameter("name")));
              }});
}

}  // namespace visor::api
