// What `task why` answers (TASK-11).
#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string sunday = "2026-09-13";

class WhyStory : public Story {
  protected:
    void join_of_two() {
        task("orders", "day").schedules = {at("0 2 * * *")};
        task("customers", "day").schedules = {at("0 3 * * *")};
        task("join", "day", {"orders", "customers"});
    }
};

TEST_F(WhyStory, EachEdgeIsHeldOrMissingWithTheParentsState) {
    join_of_two();
    takes_["customers"] = hours(2);
    begin();
    until("2026-09-14T02:30:00Z");
    auto text = why("join", sunday);
    EXPECT_THAT(text, HasSubstr("  edge orders: orders holds 2026-09-13\n"));
    EXPECT_THAT(text, HasSubstr("! edge customers: waits for customers, which has not run for 2026-09-13\n"));
    until("2026-09-14T03:30:00Z");
    EXPECT_THAT(why("join", sunday), StartsWith("join: waits for customers, which has run 2, Running for"));
    EXPECT_THAT(why("join"), HasSubstr("run 2, Running"));  // the key of the newest token is meant
    until("2026-09-14T06:00:00Z");
    EXPECT_THAT(why("join", sunday), StartsWith("join: run 3 of 2026-09-13 is Succeeded"));
}

TEST_F(WhyStory, ASkippedKeySaysWhatItLacked) {
    join_of_two();
    fails_ = {"orders 2026-09-13"};
    begin();
    until("2026-09-14T04:00:00Z");
    EXPECT_THAT(why("join", sunday), HasSubstr("is Skipped: orders ended as failure for 2026-09-13"));
}

TEST_F(WhyStory, AQueuedRunNamesTheLimitInItsWay) {
    profile("slots", ProfileType::concurrency);
    task("hog", "none");
    task("load", "day").schedules = {at("0 2 * * *")};
    takes_["hog"] = hours(5);
    begin();
    run_once("hog");
    until("2026-09-14T02:01:00Z");
    EXPECT_THAT(why("load", sunday), StartsWith("load: run 2 waits: contention profile slots: all 1 slots"));
    EXPECT_THAT(why("load", sunday), HasSubstr("! limits: contention profile slots"));
}

TEST_F(WhyStory, PausesOfTaskPlatformAndEverythingAreNamed) {
    task("load", "day").schedules = {at("0 2 * * *")};
    begin();
    until("2026-09-14T01:00:00Z");
    auto platform = QualifiedName("etl");
    ASSERT_TRUE(
        world_.call(world_.operations().pause(store::ObjectKind::platform, platform, "quota", "bob")));
    until("2026-09-14T02:01:00Z");
    EXPECT_THAT(why("load", sunday), HasSubstr("! pause: its platform is paused by bob since "
                                               "2026-09-14T01:00:00Z: quota"));
    EXPECT_THAT(why("load", sunday), StartsWith("load: run 1 waits: its platform is paused"));
    pause_everything();
    EXPECT_THAT(why("load", sunday), HasSubstr("! pause: everything is paused by ada"));
}

TEST_F(WhyStory, WhatAwsSaidWhenItRefusedForNow) {  // PLAT-8
    task("load", "day").schedules = {at("0 2 * * *")};
    begin();
    aws().refuses = make_error(ErrorKind::contention, "ConcurrentRunsExceededException", "3 runs are active");
    until("2026-09-14T02:10:00Z");
    EXPECT_THAT(why("load", sunday), HasSubstr("3 runs are active"));
    EXPECT_THAT(why("load", sunday), HasSubstr("; not before 2026-09-14T02:1"));
}

TEST_F(WhyStory, AQueuedBackfillRunOfTheKeyIsMentioned) {  // TASK-10
    task("load", "day").schedules = {at("0 2 * * *")};
    takes_["load"] = hours(1);
    begin();
    until("2026-09-14T02:10:00Z");
    backfill("load", "2026-09-01", "2026-09-02", {.max_active = 2});
    world_.run_for(minutes(1));
    auto text = why("load", "2026-09-01");
    EXPECT_THAT(text, StartsWith("load: run 2 (backfill 1) waits: its task has 1 of 1 runs active"));
    EXPECT_THAT(text, HasSubstr("run 2: run 2 (backfill 1) of 2026-09-01 is Queued"));
    EXPECT_THAT(text, HasSubstr("! limits: its task has 1 of 1 runs active"));
    EXPECT_THAT(text, HasSubstr("its schedule has not fired for 2026-09-01"));  // live, that is
    until("2026-09-14T06:00:00Z");
    EXPECT_THAT(why("load", "2026-09-01"), HasSubstr("run 2 (backfill 1) of 2026-09-01 is Succeeded"));
}

TEST_F(WhyStory, AManualRunOfTheKeyIsMentionedBesideTheLiveOne) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    takes_["load"] = hours(1);
    begin();
    until("2026-09-14T02:10:00Z");
    run_once("load", {.key = sunday});
    world_.run_for(minutes(1));
    auto text = why("load", sunday);
    EXPECT_THAT(text, StartsWith("load: run 1 of 2026-09-13 is Running"));
    EXPECT_THAT(text, HasSubstr("run 2: run 2 (manual) of 2026-09-13 is Queued"));
    EXPECT_THAT(text, HasSubstr("! limits: its task has 1 of 1 runs active"));
}

TEST_F(WhyStory, AManualRunOfATaskWithoutAGrainIsFoundWithoutAKey) {  // TASK-9
    profile("slots", ProfileType::concurrency);
    task("hog", "none");
    task("load", "none");
    takes_["hog"] = hours(5);
    begin();
    EXPECT_THAT(why("load"), HasSubstr("run it with `polysync task run`"));
    run_once("hog");
    world_.run_for(minutes(1));
    run_once("load");
    world_.run_for(minutes(1));
    EXPECT_THAT(why("load"), StartsWith("load: run 2 (manual) waits: contention profile slots"));
}

TEST_F(WhyStory, ATaskThatNothingStartsSaysSo) {
    task("load", "day");
    begin();
    EXPECT_THAT(why("load", sunday), HasSubstr("nothing starts it by itself"));
    EXPECT_THAT(why("load", sunday), HasSubstr("polysync task run"));
}

TEST_F(WhyStory, AScheduleIsAskedAboutBesideALatestEdge) {
    task("staff", "none").schedules = {at("0 1 * * *")};
    auto& load = task("load", "day", {"staff"});
    load.schedules = {at("0 2 * * *")};
    load.dependencies[0].match = Match::latest;
    begin();
    until("2026-09-14T01:30:00Z");
    EXPECT_THAT(why("load", sunday), StartsWith("load: its schedule has not fired for 2026-09-13"));
    EXPECT_THAT(why("load", sunday), HasSubstr("  edge staff: staff last succeeded"));
}

TEST_F(WhyStory, AKeyThatIsNoneOfTheTasksIsRefused) {  // SAFE-5
    task("load", "day");
    begin();
    auto answer = world_.call(world_.operations().why(QualifiedName("load"), "yesterday"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "invalid_key");
}

TEST_F(WhyStory, ALatestEdgeWhoseConditionDoesNotHoldIsMissing) {
    task("staff", "none").schedules = {at("0 1 * * *")};
    auto& load = task("load", "day", {"staff"});
    load.schedules = {at("0 2 * * *")};
    load.dependencies[0].match = Match::latest;
    load.dependencies[0].when = Condition{"rows", Comparison::greater, 0};
    outputs_["staff "] = {{"rows", 0}};
    begin();
    until("2026-09-14T03:00:00Z");
    EXPECT_EQ(state("load", sunday), "-");
    EXPECT_THAT(why("load", sunday), HasSubstr("! edge staff: "));
    EXPECT_THAT(why("load", sunday), HasSubstr("output 'rows'"));
    EXPECT_THAT(why("load", sunday), Not(HasSubstr("nothing is in the way")));
}

}  // namespace
}  // namespace polysync::sim
