// The input of an execution, from typed parameters (SFN-2). Pure.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "model/parameter.h"

namespace polysync::step_functions {

// In bytes of UTF-8 (StartExecution, aws-facts 5.1).
inline constexpr std::size_t input_limit_bytes = 262144;

// One JSON object: each Input and InputOutput parameter that has a value is a property, in the order given.
// Integers and numbers keep their text (an integer beyond 2^53 its digits), booleans are JSON booleans,
// `json` is embedded as it is, and so is a string whose text is a JSON object or array. "{}" without
// parameters. Errors: invalid_input for a value that is not of its type, malformed json, text that is not
// UTF-8, two parameters of one name, and input above the limit; the message names the parameter.
[[nodiscard]] Result<std::string> build_input(std::span<const ParameterValue> values);

// The JSON that one value becomes. Errors as above.
[[nodiscard]] Result<std::string> json_of(const Parameter& parameter, const std::string& value);

}  // namespace polysync::step_functions
