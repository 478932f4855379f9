#include "engine/retry.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

using std::chrono::seconds;

TEST(Retry, DelaysFollowThePolicy) {  // TASK-6
    SeededRandom random(1);
    RetryPolicy policy{.enabled = true,
                       .max_attempts = 9,
                       .initial_delay = seconds(60),
                       .max_delay = seconds(900),
                       .jitter = false};
    auto delays = [&](Backoff backoff) {
        policy.backoff = backoff;
        std::vector<long long> out;
        for (int n = 1; n <= 6; ++n) out.push_back(backoff_delay(policy, n, random).count() / 1000);
        return out;
    };
    EXPECT_EQ(delays(Backoff::fixed), (std::vector<long long>{60, 60, 60, 60, 60, 60}));
    EXPECT_EQ(delays(Backoff::linear), (std::vector<long long>{60, 120, 180, 240, 300, 360}));
    EXPECT_EQ(delays(Backoff::exponential), (std::vector<long long>{60, 120, 240, 480, 900, 900}));
    EXPECT_EQ(backoff_delay(policy, 1'000'000, random), seconds(900));  // no overflow
    policy.jitter = true;
    for (int i = 0; i < 1000; ++i) {
        auto delay = backoff_delay(policy, 5, random);
        EXPECT_GE(delay, seconds(450));
        EXPECT_LE(delay, seconds(900));
    }
}

TEST(Retry, CountsAttemptsAndLossesApart) {  // TASK-6, TASK-7
    SeededRandom random(1);
    RetryPolicy policy{.enabled = true, .max_attempts = 3, .infrastructure_retries = 2, .jitter = false};
    struct Row {
        AttemptEnd end;
        AttemptCounts counts;
        bool again;
    } rows[] = {{AttemptEnd::failed, {1, 0}, true},
                {AttemptEnd::failed, {2, 0}, true},
                {AttemptEnd::failed, {3, 0}, false},
                {AttemptEnd::failed, {4, 2}, true},  // two of the four were lost to infrastructure
                {AttemptEnd::failed, {5, 2}, false},
                {AttemptEnd::timed_out, {1, 0}, true},
                {AttemptEnd::infrastructure_loss, {1, 1}, true},
                {AttemptEnd::infrastructure_loss, {2, 2}, true},
                {AttemptEnd::infrastructure_loss, {3, 3}, false},
                {AttemptEnd::hopeless, {1, 0}, false},
                {AttemptEnd::cancelled, {1, 0}, false},
                {AttemptEnd::outcome_unknown, {1, 0}, false}};
    for (const auto& row : rows)
        EXPECT_EQ(next_attempt_delay(policy, row.end, row.counts, random).has_value(), row.again)
            << int(row.end) << " " << row.counts.attempts;
    policy.enabled = false;
    EXPECT_FALSE(next_attempt_delay(policy, AttemptEnd::failed, {1, 0}, random));
    EXPECT_TRUE(next_attempt_delay(policy, AttemptEnd::infrastructure_loss, {1, 1}, random));  // also without
                                                                                               // retries
}

}  // namespace
}  // namespace polysync::engine
