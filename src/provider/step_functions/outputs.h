// Output parameters, from the output of an execution (SFN-6). Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "model/parameter.h"

namespace polysync::step_functions {

struct FilledOutputs {
    std::map<std::string, boost::json::value> values;  // by parameter name as declared
    std::string note;                                  // why parameters stayed empty, for people
};

// A root object's top-level properties fill the Output and InputOutput parameters whose names match: the
// exact name first, else the one property that matches ignoring (ASCII) case; where two others match, none.
// Any other root, or no output, fills none, and the note says why.
[[nodiscard]] FilledOutputs fill_outputs(std::span<const Parameter> parameters,
                                         std::optional<std::string_view> output);

}  // namespace polysync::step_functions
