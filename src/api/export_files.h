// Definitions as files that change nothing when they are applied again.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "api/plan.h"

namespace polysync::api {

// {files, environment, definitions_version}: those of the namespace and below it (empty: all), in a folder
// per namespace, or all in one file.
[[nodiscard]] boost::json::object export_files(const State& state, const std::string& name_space,
                                               bool one_file);

}  // namespace polysync::api
