// The platforms of the definition file, for commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "model/platform.h"

namespace polysync::cli {

// Reads the file; prints its warnings, and its errors. Nothing where there are errors: exit_bad_input is
// next.
[[nodiscard]] std::optional<std::vector<Platform>> load_platforms(const std::string& file, Output& output);

// The platform of that name; errors are printed (the nearest name is told).
[[nodiscard]] std::optional<Platform> find_platform(const std::string& file, const std::string& name,
                                                    Output& output);

}  // namespace polysync::cli
