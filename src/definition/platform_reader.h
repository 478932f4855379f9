// One platform entry of a definition file, after for_each was expanded.
#pragma once

#include <optional>

#include "definition/codec.h"

namespace polysync::definition {

// Nothing where the entry has an error; then `findings` says which, all of them.
[[nodiscard]] std::optional<PlatformDefinition> read_platform(const Node& entry, const Scope& scope);

// The `auth` of a platform. `mark`: the platform's place, for missing keys.
[[nodiscard]] AuthConfig read_auth(const Node& node, Findings& findings);

}  // namespace polysync::definition
