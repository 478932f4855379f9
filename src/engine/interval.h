// Data intervals and their keys (TASK-3): what a fire works on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/time_zone.h"

namespace polysync::engine {

enum class Grain { none, hour, day, week, month };
[[nodiscard]] std::string_view to_string(Grain grain);
[[nodiscard]] std::optional<Grain> parse_grain(std::string_view word);

// How a task cuts time into intervals. `offset` moves every boundary on: a day with an offset of 6 h runs
// from 06:00 to 06:00.
struct Partition {
    Grain grain = Grain::none;
    TimeZone zone = TimeZone::utc();
    Millis offset{0};
};

// Half open: start <= t < end. The key is the start: a local date ("2026-09-14") for day, week (its Monday)
// and month (its first); for hours the instant in UTC ("2026-09-14T03:00Z"), so that no key repeats when
// clocks go back.
struct Interval {
    SystemTime start;
    SystemTime end;
    std::string key;
    bool operator==(const Interval&) const = default;
};

// The interval that holds `time`. Precondition of this and all below: grain is not none.
[[nodiscard]] Interval interval_at(const Partition& partition, SystemTime time);
// The newest interval that has ended at or before `fire`: what a fire works on.
[[nodiscard]] Interval interval_before(const Partition& partition, SystemTime fire);
[[nodiscard]] Interval next_interval(const Partition& partition, const Interval& interval);

// Errors: invalid_input, where the text is no key of that grain.
[[nodiscard]] Result<Interval> parse_key(const Partition& partition, std::string_view key);

// The finer intervals that start inside the coarser one, in order (23 hours on a spring-forward day).
[[nodiscard]] std::vector<Interval> intervals_inside(const Partition& finer, const Interval& coarser);

}  // namespace polysync::engine
