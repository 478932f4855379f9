// Which runs one sweep asks AWS about, and what that costs in calls (architecture, idea 4). Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "model/platform.h"

namespace polysync::engine {

// How a service answers for many runs at once.
struct PollShape {
    bool by_job = false;         // a list of one job's newest runs; else any runs by their ids
    std::size_t most_calls = 1;  // of one sweep: two seconds of the rate that the service grants, so that one
                                 // beyond it still tells what it knows every few seconds
    std::size_t page = 1;        // runs that one such call covers
    std::string_view many, one;  // the operations
};
[[nodiscard]] PollShape poll_shape(PlatformType type);

// A sweep that takes longer waits for a rate limit, perhaps for that of another operation than the next
// one's: then the next one begins beside it.
inline constexpr Millis patience_with_sweep = std::chrono::seconds(2);
inline constexpr int most_sweeps_at_once = 3;
// Of one job's runs, which come from the same pages and so are best read together.
inline constexpr std::size_t most_runs_of_job = 20'000;

// What is due so soon after the first run of a sweep goes along.
inline constexpr Millis looked_at_together = std::chrono::milliseconds(500);

// Whether it is worth something that a run which is not due yet goes along: its look is half due. So runs
// looked at at different times come to be looked at together.
[[nodiscard]] bool rides_along(Millis since_last_look, Millis wanted);

// How many of a job's runs are to be read, and how many it has in flight, all of which its list shows.
struct JobLooks {
    std::size_t due = 0, riding = 0, in_flight = 0;
};
// Whether a job's runs are read from its list, where the service has one: its pages must be no more than the
// calls that they save, of which a run that rides counts for half. Then the list answers for all of them.
// Else each run that is due is asked for by itself, and none rides.
[[nodiscard]] bool is_listed(const PollShape& shape, const JobLooks& looks);
[[nodiscard]] std::size_t calls_for_job(const PollShape& shape, const JobLooks& looks);
// The list's pages, where so many of the job's runs are in flight.
[[nodiscard]] std::size_t calls_for_list(const PollShape& shape, std::size_t in_flight);
// The calls for runs by their ids.
[[nodiscard]] std::size_t calls_for_ids(const PollShape& shape, std::size_t runs);
// How many more runs the last of those calls has room for.
[[nodiscard]] std::size_t room_in_last_call(const PollShape& shape, std::size_t runs);

// What a sweep was, in hindsight.
struct SweepYield {
    std::size_t calls = 0;
    std::size_t answers = 0;
    std::size_t news = 0;  // of these: what was not known yet
};
// For so long after a sweep no look begins that could still wait: looks at young runs, which no promise is
// behind, take at most two calls in three seconds of a platform as long as they tell nothing new, and are
// made together. Where each brings news, as with many runs of seconds, they go on.
[[nodiscard]] Millis pause_after(const SweepYield& sweep);

}  // namespace polysync::engine
