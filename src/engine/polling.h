// When AWS is asked about a run in flight again, and when a run has run too long (TASK-7). Pure.
#pragma once

#include <optional>
#include <span>

#include "base/clock.h"
#include "model/task.h"

namespace polysync::engine {

// AWS is never asked more often than this about one run.
inline constexpr Millis shortest_poll_interval = std::chrono::seconds(1);
// So many of a task's newest successes say what is usual.
inline constexpr int remembered_durations = 20;

// What nine of ten of these durations take at least (their 10th percentile). None where there are fewer than
// three.
[[nodiscard]] std::optional<Millis> usual_duration(std::span<const Millis> durations);

// How old the status of a run of this task may get while its end is far off.
[[nodiscard]] Millis early_freshness(const Task& task);

struct PollFacts {
    Millis age{0};                      // since the submission; negative counts as none (clocks jump)
    std::optional<Millis> running_for;  // since AWS has begun it; none: it has not, as far as is known
    std::optional<Millis> usual;        // usual_duration() of the task
    Millis freshness = std::chrono::seconds(30);       // no status is older, but for
    Millis early_freshness = std::chrono::minutes(5);  // that of a run whose end is far off
    Millis execution_timeout = Millis::max();
    bool cancelling = false;
};

// How long until the next look.
struct NextLook {
    Millis wanted{0};       // by then the status may have changed
    Millis latest{0};       // what the freshness promises; from `wanted` to here a look may wait for others
    bool is_early = false;  // the run's end is far off
};

// A run's end is far off until it has run for four fifths of what is usual for its task: then one look is
// due, or as often as `early_freshness` says. Otherwise a look is worth it after a tenth of the run's age: a
// run of seconds is seen to end at once, one of hours costs little. It is due after the freshness (5 s where
// a cancel is under way), or when the timeout has passed.
[[nodiscard]] NextLook next_look(const PollFacts& facts);

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
