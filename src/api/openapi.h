// The OpenAPI 3.1 document of a router.
#pragma once

#include <boost/json/object.hpp>

#include "api/router.h"

namespace visor::api {

/// Every route with parameters, bodies, answers and the schemas of the model.
boost::json::object openapi_document(const Router& router);

}  // namespace visor::api
