#include "engine/retry.h"

#include <algorithm>

namespace polysync::engine {

Millis backoff_delay(const RetryPolicy& policy, int number, Random& random) {
    Millis delay = policy.initial_delay;
    Millis cap = policy.max_delay;
    switch (policy.backoff) {
        case Backoff::fixed:
            break;
        case Backoff::linear:
            delay *= number;
            break;
        case Backoff::exponential:
            for (int i = 1; i < number && delay < cap; ++i) delay *= 2;
            break;
    }
    delay = std::min(delay, cap);
    if (!policy.jitter) return delay;
    return Millis(std::int64_t(double(delay.count()) * (0.5 + 0.5 * random.unit())));
}

std::optional<Millis> next_attempt_delay(const RetryPolicy& policy, AttemptEnd end, AttemptCounts counts,
                                         Random& random) {
    int own = counts.attempts - counts.infrastructure_losses;  // attempts that failed by themselves
    switch (end) {
        case AttemptEnd::hopeless:
        case AttemptEnd::cancelled:
        case AttemptEnd::outcome_unknown:
            return std::nullopt;
        case AttemptEnd::infrastructure_loss:
            if (counts.infrastructure_losses > policy.infrastructure_retries) return std::nullopt;
            return backoff_delay(policy, counts.infrastructure_losses, random);
        case AttemptEnd::failed:
        case AttemptEnd::timed_out:
            if (!policy.enabled || own >= policy.max_attempts) return std::nullopt;
            return backoff_delay(policy, own, random);
    }
    return std::nullopt;
}

}  // namespace polysync::engine
