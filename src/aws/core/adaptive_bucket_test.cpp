#include "aws/core/adaptive_bucket.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace polysync::aws {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

const SteadyTime begin{std::chrono::hours(5)};

// What AWS has on its side (aws-facts 5.4).
struct ServerBucket {
    double burst, per_s, tokens = burst;
    SteadyTime at = begin;

    bool take(SteadyTime now) {
        tokens = std::min(burst, tokens + std::chrono::duration<double>(now - at).count() * per_s);
        at = now;
        if (tokens < 1) return false;
        tokens -= 1;
        return true;
    }
};

TEST(AdaptiveBucket, BurstThenRate) {
    AdaptiveBucket bucket({10, 5}, begin);
    int burst = 0;
    while (bucket.take(begin)) ++burst;
    EXPECT_EQ(burst, 9);  // one is kept back
    SteadyTime next = bucket.next_token_at(begin);
    EXPECT_NEAR(std::chrono::duration<double>(next - begin).count(), 1 / (5 * 0.99), 1e-5);
    EXPECT_FALSE(bucket.take(next - microseconds(10)));
    EXPECT_TRUE(bucket.take(next));
}

TEST(AdaptiveBucket, ABucketOfOneStillServes) {
    AdaptiveBucket bucket({1, 0.1}, begin);
    EXPECT_TRUE(bucket.take(begin));
    EXPECT_FALSE(bucket.take(begin + seconds(9)));
    EXPECT_TRUE(bucket.take(begin + seconds(11)));
}

TEST(AdaptiveBucket, SlowsDownAndRecovers) {
    AdaptiveBucket bucket({100, 50}, begin);
    SteadyTime now = begin;
    for (int i = 0; i < 400; ++i, now += microseconds(20000)) (void)bucket.take(now);  // 50/s
    double before = bucket.rate_per_s();
    bucket.on_throttle(now);
    EXPECT_LT(bucket.tokens(now), 1);
    EXPECT_NEAR(bucket.rate_per_s(), before * 0.7, before * 0.1);
    double slowed = bucket.rate_per_s();
    now += microseconds(1000);
    bucket.on_throttle(now);  // of a call that was in flight with the first
    EXPECT_EQ(bucket.rate_per_s(), slowed);

    for (int i = 0; i < 20000 && bucket.rate_per_s() < bucket.max_rate_per_s(); ++i) {
        now = bucket.next_token_at(now);
        ASSERT_TRUE(bucket.take(now));
        double rate = bucket.rate_per_s();
        bucket.on_success(now);
        EXPECT_GE(bucket.rate_per_s(), rate);
    }
    EXPECT_EQ(bucket.rate_per_s(), bucket.max_rate_per_s());
}

TEST(AdaptiveBucket, NeverBelowHalfACallASecond) {
    AdaptiveBucket bucket({10, 5}, begin);
    SteadyTime now = begin;
    for (int i = 0; i < 50; ++i, now += seconds(1)) bucket.on_throttle(now);
    EXPECT_EQ(bucket.rate_per_s(), 0.5);
}

// PERF-9: demand above the quota, with a way to AWS of varying length: nearly all tokens used, nearly no call
// refused.
TEST(AdaptiveBucket, UsesAQuotaWithoutExceedingIt) {
    struct Quota {
        double burst, per_s;
    } quotas[] = {{10, 5}, {4, 2}, {20, 10}, {300, 15}, {100, 2}, {50, 50}, {1300, 300}};
    for (auto quota : quotas) {
        SCOPED_TRACE(quota.per_s);
        SeededRandom random(42);
        AdaptiveBucket bucket({quota.burst, quota.per_s}, begin);
        ServerBucket server{quota.burst, quota.per_s};
        SteadyTime now = begin, arrived = begin;
        const double duration_s = 1200;
        int calls = 0, refused = 0;
        while (std::chrono::duration<double>(now - begin).count() < duration_s) {
            now = bucket.next_token_at(now);
            ASSERT_TRUE(bucket.take(now));
            // 5 to 25 ms to AWS; calls do not overtake each other here.
            arrived = std::max(arrived, now + microseconds(5000 + random.next() % 20000));
            ++calls;
            if (server.take(arrived)) {
                bucket.on_success(now);
            } else {
                ++refused;
                bucket.on_throttle(now);
            }
        }
        double granted = quota.burst + quota.per_s * duration_s;
        EXPECT_GE(calls - refused, granted * 0.95);
        EXPECT_LE(refused, calls / 1000);
    }
}

// Another tool uses the account too: what it leaves is found, and what it gives back is taken.
TEST(AdaptiveBucket, SharesAnAccountWithOthers) {
    AdaptiveBucket bucket({20, 10}, begin);
    ServerBucket server{20, 10};
    SteadyTime now = begin, other = begin;
    int calls = 0, refused = 0;
    auto run_until = [&](SteadyTime end, bool others_call) {
        calls = refused = 0;
        while (now < end) {
            now = bucket.next_token_at(now);
            for (; others_call && other < now; other += std::chrono::milliseconds(200))
                (void)server.take(other);
            if (!bucket.take(now)) continue;
            ++calls;
            if (server.take(now)) {
                bucket.on_success(now);
            } else {
                ++refused;
                bucket.on_throttle(now);
            }
        }
    };
    run_until(begin + seconds(600), true);  // it takes 5 of 10 a second
    EXPECT_LE(refused, calls / 5);
    EXPECT_GE(calls - refused, 600 * 5 * 0.5);
    other = now + std::chrono::hours(100);
    run_until(now + seconds(120), false);  // it stops
    run_until(now + seconds(300), false);
    EXPECT_EQ(refused, 0);
    EXPECT_GE(calls, 300 * 10 * 0.9);
}

TEST(AdaptiveBucket, HoldsItsRateUnderRandomUse) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SeededRandom random(seed);
        double burst = 1 + double(random.next() % 100), per_s = 0.5 + double(random.next() % 100);
        AdaptiveBucket bucket({burst, per_s}, begin);
        SteadyTime now = begin;
        double taken = 0;
        for (int i = 0; i < 3000; ++i) {
            now += microseconds(random.next() % 300000);
            switch (random.next() % 8) {
                case 0:
                    bucket.on_throttle(now);
                    break;
                case 1:
                    bucket.on_success(now);
                    break;
                default:
                    taken += bucket.take(now) ? 1 : 0;
                    break;
            }
            double elapsed = std::chrono::duration<double>(now - begin).count();
            ASSERT_LE(taken, burst + per_s * elapsed + 1e-6) << "seed " << seed;
            ASSERT_GE(bucket.rate_per_s(), std::min(0.5, per_s * 0.99) - 1e-9);
            ASSERT_LE(bucket.rate_per_s(), per_s);
        }
    }
}

}  // namespace
}  // namespace polysync::aws
