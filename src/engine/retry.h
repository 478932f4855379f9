// When a failed attempt is tried again (TASK-6).
#pragma once

#include <optional>

#include "base/random.h"
#include "model/task.h"

namespace polysync::engine {

// How one attempt ended, as far as retries care.
enum class AttemptEnd {
    failed,               // the work failed: counts against max_attempts
    infrastructure_loss,  // Spot reclaim, Glue internal error: has retries of its own
    hopeless,             // the request can never succeed: not retried
    cancelled,            // not retried
    outcome_unknown,      // may have run: not retried by itself (SAFE-1)
    timed_out,            // the execution timeout struck: counts like a failure (TASK-7)
};

struct AttemptCounts {
    int attempts = 0;               // ended attempts, this one included
    int infrastructure_losses = 0;  // of them, lost to infrastructure, this one included
};

// The delay before the next attempt, or nothing where there is none. Losses to infrastructure do not use up
// max_attempts.
[[nodiscard]] std::optional<Millis> next_attempt_delay(const RetryPolicy& policy, AttemptEnd end,
                                                       AttemptCounts counts, Random& random);

// Before retry `number` (1 is the first): Fixed d, Linear d·n, Exponential d·2^(n-1), each at most max_delay;
// with jitter a random part between half of it and all of it.
[[nodiscard]] Millis backoff_delay(const RetryPolicy& policy, int number, Random& random);

}  // namespace polysync::engine
