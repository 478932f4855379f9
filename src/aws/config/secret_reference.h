// Secret attributes as a user writes them: env://NAME, file://PATH, vault://vault/secret, or clear text
// (PLAT-2).
#pragma once

#include <string_view>

#include "aws/config/environment.h"
#include "base/result.h"
#include "base/secret.h"

namespace polysync::aws {

// The clear text, registered for redaction; a file's is trimmed. `attribute` names the place in messages,
// which never quote a value. Errors: invalid_input (variable not set, file missing or empty, vault:// without
// a vault).
[[nodiscard]] Result<Secret> resolve_secret(std::string_view reference, std::string_view attribute,
                                            const Environment& environment);

}  // namespace polysync::aws
