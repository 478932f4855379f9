// What a web identity token says of itself (aws-facts 13.2). Never the token.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync {

struct TokenClaims {
    std::string issuer;
    std::vector<std::string> audience;
    std::string authorized_party;  // azp, or appid of an Entra v1.0 token
    std::string subject;
    std::string object_id;  // oid
};

struct TokenInspection {
    TokenClaims claims;
    std::optional<SystemTime> expires_at;
    std::string source;  // "token file /var/run/…", "Azure managed identity"
};

// Fetches the token that a platform would use and reads its claims, without asking STS.
using TokenInspector = std::function<Async<Result<TokenInspection>>()>;

}  // namespace polysync
