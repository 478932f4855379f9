#include "aws/core/retry.h"

#include <gtest/gtest.h>

namespace polysync::aws {
namespace {

// Random numbers as the test wants them.
class FixedRandom final : public Random {
  public:
    explicit FixedRandom(double unit) : bits_(std::uint64_t(unit * 9007199254740992.0) << 11) {}
    std::uint64_t next() override { return bits_; }

  private:
    std::uint64_t bits_;
};

TEST(StandardRetryPolicy, DecidesByClassAndRepeatSafety) {
    StandardRetryPolicy policy({});
    using enum RetryAction;
    struct Case {
        RetryClass retry;
        RepeatSafety repeat;
        int attempt;
        RetryAction action;
    } cases[] = {
        {RetryClass::never, RepeatSafety::read, 1, give_up},
        {RetryClass::transient, RepeatSafety::read, 1, back_off},
        {RetryClass::transient, RepeatSafety::idempotent, 2, back_off},
        {RetryClass::transient, RepeatSafety::start, 1, give_up},
        {RetryClass::throttled, RepeatSafety::start, 1, back_off},
        {RetryClass::not_sent, RepeatSafety::start, 2, back_off},
        {RetryClass::throttled, RepeatSafety::read, 3, give_up},
        {RetryClass::transient, RepeatSafety::read, 3, give_up},
        {RetryClass::unknown_credentials, RepeatSafety::read, 1, give_up},
        {RetryClass::expired_credentials, RepeatSafety::start, 3, refresh_credentials},
    };
    for (auto& c : cases) {
        FailedAttempt failed;
        failed.retry = c.retry;
        failed.repeat = c.repeat;
        failed.attempt = c.attempt;
        EXPECT_EQ(policy.decide(failed), c.action);
    }
}

TEST(StandardRetryPolicy, RefreshesOnceAndCorrectsTheClockOnce) {
    StandardRetryPolicy policy({});
    FailedAttempt failed;
    failed.retry = RetryClass::unknown_credentials;
    failed.temporary_credentials = true;
    EXPECT_EQ(policy.decide(failed), RetryAction::refresh_credentials);
    failed.refreshed_before = true;
    EXPECT_EQ(policy.decide(failed), RetryAction::give_up);

    FailedAttempt skewed;
    skewed.skew_found = true;
    EXPECT_EQ(policy.decide(skewed), RetryAction::at_once);
    skewed.skew_corrected_before = true;
    EXPECT_EQ(policy.decide(skewed), RetryAction::give_up);
    skewed.skew_corrected_before = false;
    skewed.attempt = 3;  // it counts as an attempt
    EXPECT_EQ(policy.decide(skewed), RetryAction::give_up);
    skewed.attempt = 1;
    EXPECT_EQ(StandardRetryPolicy({.max_attempts = 3, .correct_clock_skew = false}).decide(skewed),
              RetryAction::give_up);
}

// aws-facts 12.1: the figures of 2026
TEST(StandardBackoff, Delays) {
    FixedRandom half(0.5), almost_one(0.9999999);
    StandardBackoff backoff(half);
    EXPECT_EQ(backoff.delay(0, false, {}), Millis(25));
    EXPECT_EQ(backoff.delay(1, false, {}), Millis(50));
    EXPECT_EQ(backoff.delay(3, false, {}), Millis(200));
    EXPECT_EQ(backoff.delay(0, true, {}), Millis(500));
    EXPECT_EQ(backoff.delay(2, true, {}), Millis(2000));
    EXPECT_EQ(backoff.delay(100, true, {}), Millis(10000));
    EXPECT_EQ(StandardBackoff(almost_one).delay(9, false, {}), Millis(19999));

    EXPECT_EQ(backoff.delay(0, false, Millis(10)), Millis(25));  // a hint never shortens
    EXPECT_EQ(backoff.delay(0, false, Millis(700)), Millis(700));
    EXPECT_EQ(backoff.delay(0, false, Millis(60000)), Millis(5025));  // and lengthens by 5 s at most
}

TEST(RetryQuota, CostsAndRefunds) {
    RetryQuota quota;
    EXPECT_EQ(quota.tokens(), 500);
    quota.on_success(std::nullopt);
    EXPECT_EQ(quota.tokens(), 500);
    EXPECT_EQ(quota.take(false), 14);
    EXPECT_EQ(quota.take(true), 5);
    EXPECT_EQ(quota.tokens(), 481);
    quota.on_success(5);
    EXPECT_EQ(quota.tokens(), 486);
    quota.on_success(std::nullopt);
    EXPECT_EQ(quota.tokens(), 487);
    int retries = 0;
    while (quota.take(false)) ++retries;
    EXPECT_EQ(retries, 34);
    EXPECT_EQ(quota.tokens(), 11);
    EXPECT_TRUE(quota.take(true));
}

TEST(RetrySettings, FromEnvironmentAndProfile) {
    EXPECT_EQ(read_retry_settings("", "", "").value().max_attempts, 3);
    EXPECT_EQ(read_retry_settings("standard", "7", "").value().max_attempts, 7);
    EXPECT_EQ(read_retry_settings("legacy", "", "").value().max_attempts, 5);
    EXPECT_FALSE(read_retry_settings("adaptive", "1", "true").value().correct_clock_skew);
    for (const char* wrong : {"0", "-1", "x", "3x", "101"}) {
        auto settings = read_retry_settings("", wrong, "");
        ASSERT_FALSE(settings) << wrong;
        EXPECT_EQ(settings.error().kind, ErrorKind::invalid_input);
    }
    auto mode = read_retry_settings("standart", "", "");
    ASSERT_FALSE(mode);
    EXPECT_NE(mode.error().remedy.find("standard"), std::string::npos);
}

}  // namespace
}  // namespace polysync::aws
