// The values of ${env.X} (TASK-1), as the store's setting "environment" keeps what was applied last.
#pragma once

#include <map>
#include <string>

namespace polysync::runtime {

struct Environment {
    std::string name;  // as `apply --env` gave it
    std::map<std::string, std::string> values;
    bool operator==(const Environment&) const = default;
};

inline constexpr auto environment_setting = "environment";

// {"name", "values": {name: text}}; what cannot be read is left out.
[[nodiscard]] Environment read_environment(const std::string& text);
[[nodiscard]] std::string write_environment(const Environment& environment);

}  // namespace polysync::runtime
