// The OpenAPI 3.1 document, made from the table of routes and the component schemas.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "api/route.h"

namespace polysync::api {

[[nodiscard]] std::string openapi_document(const std::vector<Route>& routes, const std::string& version);

// JSON Schema (2020-12) of every body, by name.
[[nodiscard]] boost::json::object component_schemas();

}  // namespace polysync::api
