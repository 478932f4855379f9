// Credentials and where they come from.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace polysync::aws {

struct Credentials {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token;                  // empty for long-lived keys
    std::optional<SystemTime> expiration;  // none: they do not expire
    std::string source;  // for people: "environment", "profile etl (assume role …)", "EC2 instance role x"
};

// Shared by all that use one identity; all calls on one executor. Implementations that talk to a server are
// wrapped in CachedCredentials, which refreshes once, ahead of expiry, for all callers (PLAT-3).
class CredentialsProvider {
  public:
    virtual ~CredentialsProvider() = default;
    // Valid credentials, or why there are none (ErrorKind::credentials, transient, access_denied,
    // invalid_input). ErrorKind::not_found means "not configured": a chain goes on to its next source.
    [[nodiscard]] virtual Async<Result<std::shared_ptr<const Credentials>>> get() = 0;
    // AWS refused these (ExpiredToken…): the next get() fetches anew if they are still the current ones.
    virtual void invalidate(const Credentials& refused) = 0;
};

}  // namespace polysync::aws
