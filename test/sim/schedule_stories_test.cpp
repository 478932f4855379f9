// Schedules that were missed, changed or held back (TASK-3, TASK-5, TASK-11).
#include <fmt/format.h>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(Story, AfterDowntimeOnlyTheLatestKeyFiresAndTheOthersAreNamed) {  // TASK-3, TASK-11
    task("load", "day").schedules = {at("0 2 * * *")};
    begin();
    until("2026-09-14T12:00:00Z");
    down_until("2026-09-18T12:00:00Z");
    until("2026-09-18T13:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded", "2026-09-17 Succeeded"));
    for (const auto& text : {why("load"), why("load", "2026-09-15")})
        EXPECT_THAT(text, HasSubstr("3 fires from 2026-09-15T02:00:00Z to 2026-09-17T02:00:00Z were left out "
                                    "at 2026-09-18T12:00:00Z (misfire: fire_once)"));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("its fire was left out"));
    EXPECT_THAT(why("load", "2026-09-10"), HasSubstr("its schedule has not fired for 2026-09-10"));
}

TEST_F(Story, SkipLeavesOutEveryMissedKey) {  // TASK-3, TASK-11
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::skip;
    begin();
    until("2026-09-14T12:00:00Z");
    down_until("2026-09-16T12:00:00Z");
    until("2026-09-17T03:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded", "2026-09-16 Succeeded"));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("(misfire: skip)"));
}

TEST_F(Story, ARestartOfSecondsIsNoMisfire) {  // TASK-3
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::skip;
    begin();
    until("2026-09-14T01:59:50Z");
    down_until("2026-09-14T02:00:20Z");
    until("2026-09-14T03:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded"));
    EXPECT_THAT(why("load"), Not(HasSubstr("misfire")));
}

TEST_F(Story, CatchUpFiresEveryMissedKeyOldestFirst) {  // TASK-3
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::catch_up;
    begin();
    until("2026-09-14T12:00:00Z");
    down_until("2026-09-18T12:00:00Z");
    until("2026-09-18T13:00:00Z");
    EXPECT_THAT(started(), ElementsAre("load 2026-09-13", "load 2026-09-14", "load 2026-09-15",
                                       "load 2026-09-16", "load 2026-09-17"));
    EXPECT_THAT(why("load"), Not(HasSubstr("misfire")));
}

TEST_F(Story, CatchUpEndsAtAHundredKeysAndNamesTheRest) {  // TASK-3, TASK-11
    auto& load = task("load", "hour");
    load.schedules = {at("5 * * * *")};
    load.schedules[0].misfire = Misfire::catch_up;
    load.max_active = 200;
    begin();
    down_until("2026-09-19T00:30:00Z");  // 120 hours
    until("2026-09-19T01:00:00Z");
    auto all = runs("load");
    ASSERT_THAT(all, SizeIs(100));
    EXPECT_EQ(all.front().key.key, "2026-09-14T20:00Z");
    EXPECT_EQ(all.back().key.key, "2026-09-18T23:00Z");
    EXPECT_THAT(why("load"), HasSubstr("20 fires from 2026-09-14T01:05:00Z to 2026-09-14T20:05:00Z"));
}

TEST_F(Story, AScheduleThatIsNewFiresOnlyFromNowOn) {  // TASK-3, spec 10
    begin_at("2026-09-14T12:00:00Z");
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::catch_up;
    begin();
    until("2026-09-15T01:59:00Z");
    EXPECT_THAT(runs("load"), IsEmpty());
    until("2026-09-15T03:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-14 Succeeded"));
}

TEST_F(Story, AScheduleThatChangesStartsAnew) {  // TASK-3
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::catch_up;
    begin();
    until("2026-09-14T01:00:00Z");
    world_.stop();  // changed by a deployment that takes two days
    world_.stay_down(hours(48));
    task_named("load").schedules[0].cron = "0 6 * * *";
    define();
    world_.start();
    until("2026-09-16T05:59:00Z");
    EXPECT_THAT(runs("load"), IsEmpty());
    until("2026-09-16T07:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-15 Succeeded"));
}

TEST_F(Story, APausedTaskKeepsItsKeysAndDropsThemOnResumeUnlessAsked) {  // TASK-5, TASK-11
    task("load", "day").schedules = {at("0 2 * * *")};
    begin();
    until("2026-09-14T12:00:00Z");
    pause("load", "schema change");
    until("2026-09-17T12:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded"));
    EXPECT_THAT(waiting_keys("load"), ElementsAre("2026-09-14", "2026-09-15", "2026-09-16"));
    EXPECT_THAT(why("load", "2026-09-15"),
                testing::StartsWith("load: 2026-09-15 is kept: the task is paused by ada since"));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("! pause: the task is paused by ada"));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("  schedule: its schedule has fired for 2026-09-15"));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("schema change"));
    resume("load", false);
    until("2026-09-18T12:00:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded", "2026-09-17 Succeeded"));
    for (const auto& text : {why("load"), why("load", "2026-09-15")})
        EXPECT_THAT(text,
                    HasSubstr("3 kept keys from 2026-09-14 to 2026-09-16 were dropped when ada resumed it "
                              "at 2026-09-17T12:00:00Z"));
}

TEST_F(Story, OnResumeAPausedTaskRunsTheKeysThatItKeptWhereAsked) {  // TASK-5
    task("load", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"load"});
    begin();
    pause("load");
    until("2026-09-16T12:00:00Z");
    EXPECT_THAT(runs("load"), IsEmpty());
    resume("load", true);
    until("2026-09-16T13:00:00Z");
    EXPECT_THAT(told("load"),
                ElementsAre("2026-09-13 Succeeded", "2026-09-14 Succeeded", "2026-09-15 Succeeded"));
    EXPECT_THAT(told("report"), SizeIs(3));
}

TEST_F(Story, KeptKeysThatAPersonAsksForAreNotSkippedForEachOther) {  // TASK-5, TASK-7
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").overlap = Overlap::skip;
    begin();
    pause("load");
    until("2026-09-16T12:00:00Z");
    resume("load", true);
    until("2026-09-16T13:00:00Z");
    EXPECT_THAT(told("load"),
                ElementsAre("2026-09-13 Succeeded", "2026-09-14 Succeeded", "2026-09-15 Succeeded"));
    EXPECT_EQ(aws().most_at_once("load"), 1);
}

// Only keys that would have run in the pause are kept for the decision: the others wait as they would have.
TEST_F(Story, AKeyThatIsHalfThereOnResumeStillWaitsForTheOtherHalf) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 4 * * *")};
    task("join", "day", {"orders", "customers"});
    begin();
    until("2026-09-14T01:00:00Z");
    pause("join");
    until("2026-09-15T03:00:00Z");  // all of the 13th, half of the 14th
    EXPECT_THAT(why("join", "2026-09-13"),
                testing::StartsWith("join: 2026-09-13 is kept: the task is paused"));
    EXPECT_THAT(why("join", "2026-09-14"), testing::StartsWith("join: waits for customers"));
    resume("join", false);
    until("2026-09-15T06:00:00Z");
    EXPECT_THAT(told("join"), ElementsAre("2026-09-14 Succeeded"));
    EXPECT_THAT(why("join", "2026-09-13"), HasSubstr("1 kept key, 2026-09-13, was dropped when ada resumed"));
}

TEST_F(Story, ATokenThatWaitsLongerThanAWeekEndsAsASkipWithAnAlert) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day");
    task("join", "day", {"orders", "customers"});
    task("report", "day", {"join"});
    begin();
    until("2026-09-14T12:00:00Z");
    task_named("orders").schedules.clear();
    define();
    until("2026-09-21T02:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "-");
    until("2026-09-21T02:10:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "Skipped");
    EXPECT_THAT(last_.message, HasSubstr("7 days"));
    EXPECT_EQ(state("report", "2026-09-13"), "Skipped");
    ASSERT_THAT(alerts("token_expired"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("token_expired")[0], "key"), "2026-09-13");
}

TEST_F(Story, TokensOfAPausedTaskDoNotAge) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day");
    task("join", "day", {"orders", "customers"});
    begin();
    until("2026-09-14T12:00:00Z");
    task_named("orders").schedules.clear();
    define();
    pause("join");
    until("2026-09-30T12:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "-");
    resume("join", true);
    until("2026-10-06T12:00:00Z");  // has waited for less than a week without the pause
    EXPECT_EQ(state("join", "2026-09-13"), "-");
    until("2026-10-07T12:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "Skipped");
    EXPECT_THAT(alerts("token_expired"), SizeIs(1));
}

TEST_F(Story, AMonthOfDaysIsNotTooLongAWait) {  // TASK-5
    begin_at("2026-09-01T00:30:00Z");
    task("daily", "day").schedules = {at("0 2 * * *")};
    task("monthly", "month", {"daily"}).dependencies[0].match = Match::all_in_interval;
    task("others", "month");  // does not come
    task("late", "month", {"daily", "others"}).dependencies[0].match = Match::all_in_interval;
    world_.pace.housekeeping = minutes(10);
    begin();
    until("2026-10-01T01:00:00Z");
    EXPECT_THAT(told("monthly"), ElementsAre("2026-08-01 Skipped"));  // its days before the first are missing
    until("2026-10-01T03:00:00Z");
    EXPECT_THAT(told("monthly"), ElementsAre("2026-08-01 Skipped", "2026-09-01 Succeeded"));
    EXPECT_EQ(state("late", "2026-09-01"), "-");
    until("2026-10-08T03:00:00Z");  // a week after the month's end it is
    EXPECT_EQ(state("late", "2026-09-01"), "Skipped");
}

// What a restored store does: everything is paused, and its schedules are behind.
TEST_F(Story, AfterARestoreNoFireHappensAndTheKeysAreDroppedOnResume) {  // SAFE-1, TASK-5
    task("load", "day").schedules = {at("0 2 * * *")};
    task("frequent", "none").schedules = {at("0 */6 * * *")};
    task("join", "day", {"load"}).schedules = {at("0 3 * * *")};
    begin();
    until("2026-09-14T12:30:00Z");
    pause_everything();
    down_until("2026-09-16T12:30:00Z");
    until("2026-09-17T12:30:00Z");
    EXPECT_THAT(runs("load"), SizeIs(1));
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("! pause: everything is paused by ada"));
    // The latest of the keys that came up before the start, by its misfire policy, and that of the 17th.
    EXPECT_THAT(waiting_keys("load"), ElementsAre("2026-09-15", "2026-09-16"));
    resume_everything(false);
    until("2026-09-17T13:30:00Z");
    EXPECT_THAT(runs("load"), SizeIs(1));
    EXPECT_THAT(waiting_keys("load"), IsEmpty());
    EXPECT_THAT(why("load"), HasSubstr("2 kept keys from 2026-09-15 to 2026-09-16 were dropped when ada "
                                       "resumed everything at 2026-09-17T12:30:00Z"));
    EXPECT_THAT(why("load"), HasSubstr("1 fire of 2026-09-15T02:00:00Z was left out"));
    EXPECT_THAT(why("frequent"), HasSubstr("were dropped when ada resumed everything"));
    until("2026-09-18T13:30:00Z");
    EXPECT_EQ(state("load", "2026-09-17"), "Succeeded");
    EXPECT_EQ(state("join", "2026-09-17"), "Succeeded");
}

TEST_F(Story, AfterARestoreTheKeysRunOnResumeWhereAsked) {  // SAFE-1, TASK-5
    task("load", "day").schedules = {at("0 2 * * *")};
    task_named("load").schedules[0].misfire = Misfire::catch_up;
    task("held", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"load"});
    begin();
    until("2026-09-14T12:30:00Z");
    pause("held");
    pause_everything();
    down_until("2026-09-16T12:30:00Z");
    until("2026-09-17T12:30:00Z");
    EXPECT_THAT(runs("load"), SizeIs(1));
    resume_everything(true);
    until("2026-09-17T13:30:00Z");
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded", "2026-09-14 Succeeded",
                                          "2026-09-15 Succeeded", "2026-09-16 Succeeded"));
    EXPECT_THAT(told("report"), SizeIs(4));
    EXPECT_THAT(runs("held"), SizeIs(1));  // paused for itself, with its keys
    EXPECT_THAT(waiting_keys("held"), ElementsAre("2026-09-15", "2026-09-16"));
}

TEST_F(Story, NothingAgesWhileEverythingIsPaused) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day");
    task("join", "day", {"orders", "customers"});
    begin();
    until("2026-09-14T12:00:00Z");
    task_named("orders").schedules.clear();
    define();
    pause_everything();
    until("2026-09-30T12:00:00Z");
    resume_everything(false);
    until("2026-10-06T12:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "-");
    until("2026-10-07T12:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "Skipped");
}

}  // namespace
}  // namespace polysync::sim
