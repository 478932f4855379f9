// The request rates that AWS grants (aws-facts 2.4, 3.4, 4.1, 5.4, 7.2), or that are prudent where it
// publishes none.
#pragma once

#include <string_view>

#include "aws/core/adaptive_bucket.h"

namespace polysync::aws {

// Of one account in `region`; `service` and `operation` as in Operation.
[[nodiscard]] CallRate default_call_rate(std::string_view service, std::string_view operation,
                                         std::string_view region);

}  // namespace polysync::aws
