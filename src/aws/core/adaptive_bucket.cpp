#include "aws/core/adaptive_bucket.h"

#include <algorithm>
#include <cmath>

namespace polysync::aws {
namespace {

constexpr double min_rate = 0.5;
constexpr double slow_down = 0.7;
constexpr double cubic_scale = 0.4;
constexpr double smoothing = 0.8;
constexpr double window_s = 0.5;
constexpr double rate_margin = 0.99;
// Sums of fractions come out a hair below whole numbers.
constexpr double whole = 1 - 1e-9;

double seconds(SteadyTime from, SteadyTime to) { return std::chrono::duration<double>(to - from).count(); }

}  // namespace

AdaptiveBucket::AdaptiveBucket(CallRate limit, SteadyTime now)
    : burst_(std::max(1.0, limit.burst - 1)),
      max_rate_(std::max(limit.per_s * rate_margin, 0.01)),
      rate_(max_rate_),
      tokens_(burst_),
      refilled_at_(now),
      throttled_at_(now),
      window_begin_(now) {}

void AdaptiveBucket::set_limit(CallRate limit, SteadyTime now) {
    refill(now);
    AdaptiveBucket fresh(limit, now);
    double ratio = fresh.max_rate_ / max_rate_;
    rate_ *= ratio;
    rate_before_ *= ratio;
    max_rate_ = fresh.max_rate_;
    burst_ = fresh.burst_;
    tokens_ = std::min(tokens_, burst_);
}

void AdaptiveBucket::refill(SteadyTime now) {
    if (now <= refilled_at_) return;
    tokens_ = std::min(burst_, tokens_ + seconds(refilled_at_, now) * rate_);
    refilled_at_ = now;
}

void AdaptiveBucket::measure(SteadyTime now, int calls) {
    window_calls_ += calls;
    double length = seconds(window_begin_, now);
    if (length < window_s) return;
    measured_ = window_calls_ / length * smoothing + measured_ * (1 - smoothing);
    window_calls_ = 0;
    window_begin_ = now;
}

bool AdaptiveBucket::take(SteadyTime now) {
    refill(now);
    if (tokens_ < whole) return false;
    tokens_ -= 1;
    measure(now, 1);
    return true;
}

SteadyTime AdaptiveBucket::next_token_at(SteadyTime now) {
    refill(now);
    if (tokens_ >= whole) return now;
    auto wait = std::chrono::duration<double>((1 - tokens_) / rate_);
    // Rounded up to the clock's tick and the timer's: waking early would only mean to wait again.
    return now + std::chrono::ceil<std::chrono::microseconds>(wait);
}

double AdaptiveBucket::tokens(SteadyTime now) {
    refill(now);
    return tokens_;
}

void AdaptiveBucket::on_throttle(SteadyTime now) {
    refill(now);
    measure(now, 0);
    tokens_ = std::min(tokens_, 0.0);
    if (slowed_ && seconds(throttled_at_, now) < window_s) return;
    rate_before_ = measured_ > 0 ? std::min(measured_, rate_) : rate_;
    curve_s_ = std::cbrt(rate_before_ * (1 - slow_down) / cubic_scale);
    rate_ = std::min(max_rate_, std::max(min_rate, rate_before_ * slow_down));
    throttled_at_ = now;
    slowed_ = true;
}

void AdaptiveBucket::on_success(SteadyTime now) {
    if (!slowed_) return;
    refill(now);
    measure(now, 0);
    double since = seconds(throttled_at_, now) - curve_s_;
    double curve = cubic_scale * since * since * since + rate_before_;
    double target = std::min(curve, 2 * measured_);
    // Never down: only a throttled call says that less is possible.
    rate_ = std::min(max_rate_, std::max({rate_, target, min_rate}));
    if (rate_ >= max_rate_) slowed_ = false;
}

}  // namespace polysync::aws
