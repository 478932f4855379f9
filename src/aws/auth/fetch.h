// Small HTTP requests of credential sources, tried again as each endpoint's rules say.
#pragma once

#include <string>
#include <string_view>

#include "aws/auth/auth_environment.h"
#include "base/result.h"
#include "http/http_client.h"

namespace polysync::aws {

struct FetchRules {
    int attempts = 1;
    Millis first_delay{1000};
    bool doubling = false;                       // each delay twice the one before
    bool (*is_temporary)(int status) = nullptr;  // null: 429 and 5xx
};

// The last answer, whatever its status, or the last transport error (always transient: keys may be asked for
// twice). A server's Retry-After (seconds) lengthens a delay, up to half a minute.
[[nodiscard]] Async<Result<http::Response>> fetch(AuthEnvironment& auth, http::Request request,
                                                  FetchRules rules);

// RFC 3986, also fit for form bodies.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace polysync::aws
