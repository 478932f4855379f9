// Files of environment variables, for --env-file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace polysync::app {

using Variables = std::vector<std::pair<std::string, std::string>>;

// NAME=VALUE lines; empty ones and those that begin with '#' are skipped, one pair of quotes around a value
// is taken off. Pure. Errors: invalid_input with the line's number; values are not repeated.
[[nodiscard]] Result<Variables> parse_env_file(std::string_view text, std::string_view path);

// Sets the variables of the files in this process, later files over earlier ones, but not over what the
// environment had. Before the first thread. Errors: invalid_input.
[[nodiscard]] Status load_env_files(const std::vector<std::string>& paths);

}  // namespace polysync::app
