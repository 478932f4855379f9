// Test connection (PLAT-4): who the caller is, and that the service answers.
#pragma once

#include <functional>
#include <string>

#include "base/async.h"
#include "base/result.h"
#include "provider/parts.h"
#include "provider/policy.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync {

// The service's smallest list call: "states:ListStateMachines".
struct ServiceProbe {
    std::string permission;
    std::function<Async<Result<void>>()> call;  // a plain function object, never a coroutine lambda with
                                                // captures
};

// The checks in order: credentials (which source won), for web_identity the token's claims and what IAM must
// hold for them, the identity (GetCallerIdentity, which tells the connection its account), the service, the
// clock. A check that fails says in plain words what is missing; what depends on it is not tried. Never holds
// a secret or a token.
[[nodiscard]] Async<ConnectionReport> check_connection(ProviderParts parts, ServiceProbe probe);

// What the claims of a web identity token say about the IAM provider and the trust policy that they need, as
// one check. `now` judges exp. Pure.
[[nodiscard]] ConnectionCheck check_token(const Platform& platform, const TokenInspection& token,
                                          SystemTime now);

// The clock's offset as a check: fails from 4 minutes on, where AWS begins to refuse. Pure.
[[nodiscard]] ConnectionCheck check_clock(Millis offset);

}  // namespace polysync
