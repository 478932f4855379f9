#include "engine/polling.h"

#include <algorithm>

namespace polysync::engine {
namespace {

constexpr Millis cancel_freshness = std::chrono::seconds(5);
constexpr Millis silence_patience = std::chrono::hours(1);

}  // namespace

Millis poll_interval(const PollFacts& facts) {
    auto age = std::max(Millis(0), facts.age);
    auto freshness = facts.cancelling ? std::min(facts.freshness, cancel_freshness) : facts.freshness;
    if (age < facts.execution_timeout) freshness = std::min(freshness, facts.execution_timeout - age);
    return std::clamp(age / 10, shortest_poll_interval, std::max(freshness, shortest_poll_interval));
}

bool has_timed_out(const TimeoutFacts& facts, SystemTime now) {
    auto deadline = facts.submitted_at + facts.execution_timeout;
    return now >= deadline && (facts.alive_at >= deadline || facts.silent_for >= silence_patience);
}

}  // namespace polysync::engine
