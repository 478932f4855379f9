#include "store/shared_time.h"

namespace polysync::store {
namespace {

// The way of an answer on a good day, and what a good clock loses in between.
constexpr Millis noise(25);

Millis since_zero(SteadyTime time) { return std::chrono::floor<Millis>(time.time_since_epoch()); }

}  // namespace

// By now the shared time has passed `told`, by no more than the answer may have been on its way. What is
// known holds where it lies between: an answer that was late says little. Where it does not, it was wrong (or
// their clock was set), and being behind does less harm than being ahead.
void SharedTime::note(SystemTime told, SteadyTime asked, SteadyTime answered) {
    auto known = at(answered);
    auto most = told + std::chrono::ceil<Millis>(answered - asked);
    if (known && *known >= told - noise && *known <= most + noise) return;
    zero_ms_ = (told - since_zero(answered)).time_since_epoch().count();
}

std::optional<SystemTime> SharedTime::at(SteadyTime now) const {
    auto zero = zero_ms_.load();
    if (zero == unknown) return std::nullopt;
    return SystemTime(Millis(zero)) + since_zero(now);
}

}  // namespace polysync::store
