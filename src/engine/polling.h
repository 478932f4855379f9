// When AWS is asked about a run in flight again, and when a run has run too long (TASK-7). Pure.
#pragma once

#include "base/clock.h"

namespace polysync::engine {

// AWS is never asked more often than this about one run.
inline constexpr Millis shortest_poll_interval = std::chrono::seconds(1);

struct PollFacts {
    Millis age{0};  // since the submission; negative counts as none (clocks jump)
    Millis freshness = std::chrono::seconds(30);  // of the task: no status is older
    Millis execution_timeout = Millis::max();
    bool cancelling = false;
};

// Until the next look. A tenth of the run's age: a run of seconds is seen to end at once, one of hours costs
// little. Never longer than the freshness (5 s where a cancel is under way), nor much beyond the timeout.
[[nodiscard]] Millis poll_interval(const PollFacts& facts);

struct TimeoutFacts {
    SystemTime submitted_at{};
    Millis execution_timeout{0};
    SystemTime alive_at{};  // when AWS last said that the run had not ended
    Millis silent_for{0};   // since AWS last said anything of it
};

// A run that ended while nobody looked has not timed out, so AWS's word is waited for, but not for ever: an
// hour of silence counts as one.
[[nodiscard]] bool has_timed_out(const TimeoutFacts& facts, SystemTime now);

}  // namespace polysync::engine
