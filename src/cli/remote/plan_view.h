// A plan of the server's, for people.
#pragma once

#include <boost/json/object.hpp>

#include "cli/output.h"

namespace polysync::cli {

// One line per object, one per changed field under it, and a summary. `done`: it was carried out.
void print_plan(Output& output, const boost::json::object& plan, bool done);

[[nodiscard]] bool plan_is_empty(const boost::json::object& plan);

// A value as one short text.
[[nodiscard]] std::string short_value(const boost::json::value& value);

}  // namespace polysync::cli
