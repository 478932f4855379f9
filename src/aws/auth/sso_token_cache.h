// The files under ~/.aws/sso/cache that `aws sso login` writes (aws-facts 9.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/config/environment.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

struct SsoToken {
    std::string access_token;
    SystemTime expires_at;
    // For a refresh; empty where the file has none.
    std::string refresh_token, client_id, client_secret;
    std::optional<SystemTime> registration_expires_at;
};

// "~/.aws/sso/cache/<sha1 of the session's name or start URL>.json"
[[nodiscard]] std::string sso_cache_path(std::string_view session_or_url);

// Its secrets are registered for redaction. Errors: not_found (no such file), credentials (unreadable).
[[nodiscard]] Result<SsoToken> read_sso_token(const Environment& environment, std::string_view path);

// Replaces access token, expiry and refresh token in the file, and leaves everything else in it as it is.
[[nodiscard]] Status store_sso_token(Environment& environment, std::string_view path, const SsoToken& token);

}  // namespace polysync::aws
