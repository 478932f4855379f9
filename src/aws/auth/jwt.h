// What a web identity token says about itself, for messages and the connection test (aws-facts 13.2). Nothing
// is verified: that is AWS's part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

struct TokenClaims {
    std::string iss, sub, oid;
    std::vector<std::string> aud;
    std::string azp;    // the app that asked for it, in v2.0 tokens
    std::string appid;  // the same, in v1.0 tokens
    std::optional<SystemTime> exp;

    // "iss https://…, aud …, azp …, sub …"; never the token itself.
    [[nodiscard]] std::string describe() const;
};

// Errors: invalid_input where the text is no JWT, never quoting it.
[[nodiscard]] Result<TokenClaims> decode_jwt(std::string_view token);

}  // namespace polysync::aws
