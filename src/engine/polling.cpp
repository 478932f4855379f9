#include "engine/polling.h"

#include <algorithm>
#include <vector>

namespace polysync::engine {
namespace {

constexpr Millis cancel_freshness = std::chrono::seconds(5);
constexpr Millis silence_patience = std::chrono::hours(1);
constexpr std::size_t fewest_durations = 3;  // fewer may be chance
constexpr Millis longest_early_freshness = std::chrono::minutes(5);

}  // namespace

std::optional<Millis> usual_duration(std::span<const Millis> durations) {
    if (durations.size() < fewest_durations) return std::nullopt;
    std::vector<Millis> sorted(durations.begin(), durations.end());
    auto tenth = sorted.begin() + std::ptrdiff_t((sorted.size() - 1) / 10);
    std::nth_element(sorted.begin(), tenth, sorted.end());
    return *tenth;
}

Millis early_freshness(const Task& task) {
    Millis freshness = task.freshness;
    Millis early = task.early_freshness ? Millis(*task.early_freshness)
                                        : std::min<Millis>(10 * freshness, longest_early_freshness);
    return std::max(early, freshness);
}

NextLook next_look(const PollFacts& facts) {
    auto age = std::max(Millis(0), facts.age);
    NextLook look{.wanted = age / 10,
                  .latest = facts.cancelling ? std::min(facts.freshness, cancel_freshness) : facts.freshness};
    if (!facts.cancelling && facts.running_for && facts.usual) {
        auto left = *facts.usual / 5 * 4 - std::max(Millis(0), *facts.running_for);
        if (left > Millis(0)) {
            look = {.wanted = left, .latest = std::max(left, facts.freshness), .is_early = true};
            look.latest = std::min(look.latest, std::max(facts.early_freshness, facts.freshness));
        }
    }
    if (age < facts.execution_timeout) look.latest = std::min(look.latest, facts.execution_timeout - age);
    look.latest = std::max(look.latest, shortest_poll_interval);
    look.wanted = std::clamp(look.wanted, shortest_poll_interval, look.latest);
    return look;
}

bool has_timed_out(const TimeoutFacts& facts, SystemTime now) {
    auto deadline = facts.submitted_at + facts.execution_timeout;
    return now >= deadline && (facts.alive_at >= deadline || facts.silent_for >= silence_patience);
}

}  // namespace polysync::engine
