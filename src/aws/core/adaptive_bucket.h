// A token bucket that slows down when AWS throttles and recovers afterwards (aws-facts 12.3). Pure: time is
// handed in.
#pragma once

#include "base/clock.h"

namespace polysync::aws {

// What AWS allows: so many calls at once, then so many a second.
struct CallRate {
    double burst = 1;
    double per_s = 1;
};

class AdaptiveBucket {
  public:
    // Starts full. The bucket keeps a little below `limit` (one token, and 1 % of the rate), so that the way
    // to AWS, which is not equally long for each call, does not make AWS count more calls in a moment than
    // this side did.
    AdaptiveBucket(CallRate limit, SteadyTime now);

    // Takes a token; false where there is none.
    [[nodiscard]] bool take(SteadyTime now);
    // When the next token is there; `now` or earlier where it is there already.
    [[nodiscard]] SteadyTime next_token_at(SteadyTime now);

    // Another limit from now on; what was learned stays in proportion. It gives no tokens.
    void set_limit(CallRate limit, SteadyTime now);

    // AWS refused a call: the bucket is empty over there, so it is here, and the rate falls to 0.7 of what
    // was really sent (or of the current rate, if that is lower), at least 0.5/s; once in half a second,
    // since the refusals of calls in flight come together.
    void on_throttle(SteadyTime now);
    // The rate goes up again along a cubic curve, at most to twice what is really sent, up to the limit.
    void on_success(SteadyTime now);

    [[nodiscard]] double rate_per_s() const { return rate_; }
    [[nodiscard]] double tokens(SteadyTime now);
    [[nodiscard]] double max_rate_per_s() const { return max_rate_; }

  private:
    void refill(SteadyTime now);
    void measure(SteadyTime now, int calls);

    double burst_, max_rate_, rate_, tokens_;
    SteadyTime refilled_at_;
    bool slowed_ = false;
    double rate_before_ = 0;  // when it was throttled last
    double curve_s_ = 0;      // until the curve is back there
    SteadyTime throttled_at_;
    double measured_ = 0;  // calls per second, smoothed
    SteadyTime window_begin_;
    int window_calls_ = 0;
};

}  // namespace polysync::aws
