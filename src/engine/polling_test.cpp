#include "engine/polling.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Polling, AYoungRunIsLookedAtOftenAnOldOneSeldom) {
    EXPECT_EQ(poll_interval({.age = seconds(0)}), seconds(1));
    EXPECT_EQ(poll_interval({.age = seconds(40)}), seconds(4));
    EXPECT_EQ(poll_interval({.age = hours(3)}), seconds(30));
    EXPECT_EQ(poll_interval({.age = hours(3), .freshness = minutes(5)}), minutes(5));
    EXPECT_EQ(poll_interval({.age = minutes(20), .freshness = minutes(5)}), minutes(2));
    EXPECT_EQ(poll_interval({.age = hours(3), .freshness = Millis(0)}), seconds(1));
    EXPECT_EQ(poll_interval({.age = -hours(1)}), seconds(1));  // the calendar went back
}

TEST(Polling, ACancelAndATimeoutAreSeenSoon) {  // TASK-7
    EXPECT_EQ(poll_interval({.age = hours(3), .cancelling = true}), seconds(5));
    EXPECT_EQ(poll_interval({.age = hours(3), .freshness = seconds(2), .cancelling = true}), seconds(2));
    PollFacts near{.age = hours(1), .execution_timeout = hours(1) + seconds(7)};
    EXPECT_EQ(poll_interval(near), seconds(7));
    near.execution_timeout = hours(1) + Millis(10);
    EXPECT_EQ(poll_interval(near), seconds(1));
    near.execution_timeout = minutes(59);  // over: as before
    EXPECT_EQ(poll_interval(near), seconds(30));
}

TEST(Timeouts, StrikeWhereAWSSaysThatTheRunIsStillThere) {  // TASK-7
    auto start = parse_iso8601("2026-09-14T01:00:00Z").value();
    TimeoutFacts facts{.submitted_at = start, .execution_timeout = hours(1), .alive_at = start + minutes(59)};
    EXPECT_FALSE(has_timed_out(facts, start + minutes(59)));
    EXPECT_FALSE(has_timed_out(facts, start + minutes(70)));  // it may have ended since
    facts.alive_at = start + minutes(61);
    EXPECT_TRUE(has_timed_out(facts, start + minutes(61)));
    EXPECT_FALSE(has_timed_out(facts, start + minutes(59)));
    facts.alive_at = start;
    facts.silent_for = hours(1);
    EXPECT_TRUE(has_timed_out(facts, start + hours(2)));
    EXPECT_FALSE(has_timed_out(facts, start + minutes(30)));
}

}  // namespace
}  // namespace polysync::engine
