// How calls are repeated (AWS_RETRY_MODE, AWS_MAX_ATTEMPTS, AWS_DISABLE_CLOCK_SKEW_CORRECTION;
// aws-facts 9.1, 12.1).
#pragma once

#include <string_view>

#include "base/result.h"

namespace polysync::aws {

struct RetrySettings {
    int max_attempts = 3;  // the first one included
    bool correct_clock_skew = true;
};

// From the settings as the environment or a profile has them; empty texts mean "not set". Modes: standard,
// adaptive (this program's limiter always adapts) and legacy (five attempts unless set). Errors:
// invalid_input for another mode, or attempts that are not 1 to 100.
[[nodiscard]] Result<RetrySettings> read_retry_settings(std::string_view mode, std::string_view max_attempts,
                                                        std::string_view disable_clock_skew_correction);

}  // namespace polysync::aws
