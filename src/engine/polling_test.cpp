#include "engine/polling.h"

#include <vector>

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Millis wanted(const PollFacts& facts) { return next_look(facts).wanted; }
Millis latest(const PollFacts& facts) { return next_look(facts).latest; }

TEST(Polling, AYoungRunIsLookedAtOftenAnOldOneSeldom) {  // PERF-11
    EXPECT_EQ(wanted({.age = seconds(0)}), seconds(1));
    EXPECT_EQ(wanted({.age = seconds(40)}), seconds(4));
    EXPECT_EQ(wanted({.age = hours(3)}), seconds(30));
    EXPECT_EQ(wanted({.age = hours(3), .freshness = minutes(5)}), minutes(5));
    EXPECT_EQ(wanted({.age = minutes(20), .freshness = minutes(5)}), minutes(2));
    EXPECT_EQ(wanted({.age = hours(3), .freshness = Millis(0)}), seconds(1));
    EXPECT_EQ(wanted({.age = -hours(1)}), seconds(1));  // the calendar went back
}

// PERF-11: a look that is only worth it may wait for others, up to what the freshness promises.
TEST(Polling, TheFreshnessIsThePromise) {
    for (auto age : {Millis(0), Millis(seconds(40)), Millis(hours(3))}) {
        EXPECT_EQ(latest({.age = age}), seconds(30));
        EXPECT_EQ(latest({.age = age, .freshness = minutes(5)}), minutes(5));
    }
}

TEST(Polling, ACancelAndATimeoutAreSeenSoon) {  // TASK-7
    PollFacts long_ago{.age = hours(3), .cancelling = true};
    EXPECT_EQ(latest(long_ago), seconds(5));
    long_ago.freshness = seconds(2);
    EXPECT_EQ(latest(long_ago), seconds(2));
    // Nor does history loosen that.
    long_ago = {.age = minutes(1), .running_for = minutes(1), .usual = hours(3), .cancelling = true};
    EXPECT_EQ(latest(long_ago), seconds(5));
    PollFacts near{.age = hours(1), .execution_timeout = hours(1) + seconds(7)};
    EXPECT_EQ(latest(near), seconds(7));
    EXPECT_EQ(wanted(near), seconds(7));
    near.running_for = near.age;
    near.usual = hours(9);
    EXPECT_EQ(latest(near), seconds(7));
    near.execution_timeout = hours(1) + Millis(10);
    EXPECT_EQ(latest(near), seconds(1));
    near.execution_timeout = minutes(59);  // over: as before
    near.usual.reset();
    EXPECT_EQ(latest(near), seconds(30));
}

// PERF-11: a run of three hours is not asked about every 30 s, one that is about to end is.
TEST(Polling, ExpectedDurationDecidesWhenALookIsWorthIt) {
    auto look = [](Millis age, Millis usual) {
        return next_look({.age = age, .running_for = age, .usual = usual});
    };
    auto early = look(minutes(1), hours(3));
    EXPECT_TRUE(early.is_early);
    EXPECT_EQ(early.wanted, minutes(5));
    EXPECT_EQ(early.latest, minutes(5));
    // The last early look falls on four fifths, where the freshness holds again.
    EXPECT_EQ(look(minutes(144) - minutes(2), hours(3)).latest, minutes(2));
    auto near_end = look(minutes(144), hours(3));
    EXPECT_FALSE(near_end.is_early);
    EXPECT_EQ(near_end.wanted, seconds(30));
    EXPECT_EQ(near_end.latest, seconds(30));
    EXPECT_EQ(look(hours(9), hours(3)).latest, seconds(30));
    // A task of seconds is looked at when it may have ended, not before.
    auto of_seconds = look(Millis(500), seconds(10));
    EXPECT_EQ(of_seconds.wanted, Millis(7500));
    EXPECT_EQ(of_seconds.latest, seconds(30));
    EXPECT_EQ(look(seconds(8), seconds(10)).wanted, seconds(1));
}

// PERF-11: until AWS has begun a run, nothing is known of its end.
TEST(Polling, ARunThatHasNotBegunIsLookedAtUntilItHas) {
    EXPECT_EQ(latest({.age = minutes(20), .usual = hours(3)}), seconds(30));
    EXPECT_EQ(wanted({.age = seconds(20), .usual = hours(3)}), seconds(2));
    // It counts from its begin, not from its submission.
    PollFacts queued_long{.age = hours(4), .running_for = minutes(1), .usual = hours(3)};
    EXPECT_EQ(latest(queued_long), minutes(5));
}

TEST(Polling, HowOldAnEarlyStatusMayGetIsASettingOfTheTask) {  // PERF-11
    Task task;
    EXPECT_EQ(early_freshness(task), minutes(5));
    task.freshness = seconds(5);
    EXPECT_EQ(early_freshness(task), seconds(50));
    task.freshness = hours(1);
    EXPECT_EQ(early_freshness(task), hours(1));
    task.freshness = seconds(30);
    task.early_freshness = seconds(30);
    EXPECT_EQ(early_freshness(task), seconds(30));
    PollFacts strict{.age = minutes(1), .running_for = minutes(1), .usual = hours(3)};
    strict.early_freshness = seconds(30);
    EXPECT_EQ(latest(strict), seconds(30));
    strict.early_freshness = hours(1);
    EXPECT_EQ(latest(strict), hours(1));
}

TEST(Polling, WhatIsUsualIsTheShortestTenthOfRecentSuccesses) {  // PERF-11
    std::vector<Millis> durations{seconds(9), seconds(7)};
    EXPECT_FALSE(usual_duration(durations)) << "two may be chance";
    durations.push_back(seconds(8));
    EXPECT_EQ(usual_duration(durations), seconds(7));
    durations.clear();
    for (int i = 20; i > 0; --i) durations.push_back(minutes(i));
    EXPECT_EQ(usual_duration(durations), minutes(2)) << "one that was odd does not count";
    EXPECT_FALSE(usual_duration({}));
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
