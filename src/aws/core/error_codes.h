// What AWS's error codes mean for a caller (aws-facts 1.5, 12.2): one table for all services.
#pragma once

#include <string_view>

#include "base/error.h"

namespace polysync::aws {

// Whether, and after what, a call could be made once more. Whether it may be is for the retry policy
// (SAFE-1).
enum class RetryClass {
    never,
    throttled,            // nothing happened; wait long
    transient,            // the service or the way to it failed; what happened is not known
    not_sent,             // the request certainly did not reach AWS
    expired_credentials,  // fetch new credentials, then once more
    unknown_credentials,  // the same, where the credentials are temporary
};

struct ErrorTraits {
    ErrorKind kind = ErrorKind::rejected;
    RetryClass retry = RetryClass::never;
};

// Decides by code; the status counts only where the code says nothing. Never ErrorKind::unclear: that depends
// on the call.
[[nodiscard]] ErrorTraits classify_error(std::string_view code, std::string_view message, int http_status);

}  // namespace polysync::aws
