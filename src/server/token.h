// The bearer token that every request needs: made at the first start, kept in a file that only its owner
// reads.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace polysync::server {

// Reads the token of the file, or makes the file (mode 0600) with a new one. Errors: invalid_input where
// others may read the file, or it holds no token; transient where it cannot be read or made.
[[nodiscard]] Result<Secret> load_or_create_token(const std::string& path, Random& random);

// True where the header is "Bearer <token>"; takes the same time wherever they differ.
[[nodiscard]] bool is_authorized(std::string_view authorization, const Secret& token);

}  // namespace polysync::server
