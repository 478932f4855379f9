// What somebody must hear of, once: late keys, long waits (TASK-12, spec 10).
#include <fmt/format.h>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Deadline by(minutes time, std::string zone = "UTC") { return {time, std::move(zone)}; }
constexpr minutes half_past_seven = hours(7) + minutes(30);

TEST_F(Story, ALateRunIsToldOnceForItsKey) {  // TASK-12
    auto& load = task("load", "day");
    load.schedules = {at("0 2 * * *")};
    load.deadline = by(half_past_seven);
    takes_["load 2026-09-13"] = hours(7);
    begin();
    until("2026-09-14T07:29:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    until("2026-09-14T07:31:00Z");
    ASSERT_THAT(alerts("deadline"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("deadline")[0], "key"), "2026-09-13");
    EXPECT_EQ(text_at(alerts("deadline")[0], "due"), "2026-09-14T07:30:00Z");
    EXPECT_THAT(alert_text("deadline"), HasSubstr("is Running"));
    until("2026-09-16T12:00:00Z");  // the next days are in time, and nothing is said twice
    EXPECT_EQ(state("load", "2026-09-14"), "Succeeded");
    EXPECT_THAT(alerts("deadline"), SizeIs(1));
}

TEST_F(Story, AKeyThatNeverStartedIsLateToo) {  // TASK-12
    task("upstream", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"upstream"}).deadline = by(half_past_seven);
    takes_["upstream"] = hours(20);
    begin();
    until("2026-09-14T07:31:00Z");
    ASSERT_THAT(alerts("deadline"), SizeIs(1));
    EXPECT_THAT(alert_text("deadline"), HasSubstr("it never started"));
}

TEST_F(Story, AKeyThatWasDueBeforeItsTaskWasDefinedIsNotLate) {  // TASK-12
    begin_at("2026-09-14T09:00:00Z");
    auto& load = task("load", "day");
    load.schedules = {at("0 2 * * *")};
    load.deadline = by(half_past_seven);
    begin();
    until("2026-09-15T07:00:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    EXPECT_EQ(state("load", "2026-09-14"), "Succeeded");
}

TEST_F(Story, AKeyWhoseFireWasBeforeItsTaskWasDefinedIsNotLate) {  // TASK-12, TASK-3
    begin_at("2026-09-14T05:00:00Z");
    auto& load = task("load", "day");
    load.schedules = {at("0 2 * * *")};  // first fires tomorrow
    load.deadline = by(half_past_seven);
    begin();
    until("2026-09-14T12:00:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    pause("load");
    until("2026-09-15T12:00:00Z");
    EXPECT_THAT(alerts("deadline"), SizeIs(1));
}

TEST_F(Story, ADeadlineThatIsNewSaysNothingOfKeysThatWereDue) {  // TASK-12
    task("load", "day").schedules = {at("0 10 * * *")};
    begin();
    until("2026-09-15T12:00:00Z");
    task_named("load").deadline = by(half_past_seven);
    define();
    until("2026-09-16T07:00:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    until("2026-09-16T07:31:00Z");
    EXPECT_THAT(alerts("deadline"), SizeIs(1));
}

TEST_F(Story, DeadlinesFollowTheClockOnTheWallAcrossDaylightSaving) {  // TASK-12
    begin_at("2026-03-28T12:00:00Z");
    for (const char* name : {"early", "at-night"}) task(name, "day").partition.time_zone = "Europe/Vienna";
    task_named("early").deadline = by(half_past_seven, "Europe/Vienna");
    task_named("at-night").deadline = by(hours(2) + minutes(30), "Europe/Vienna");  // not on Sunday
    begin();
    until("2026-03-29T00:59:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    until("2026-03-29T01:01:00Z");
    EXPECT_THAT(alert_text("deadline"), HasSubstr("2026-03-29T01:00:00Z"));
    until("2026-03-29T05:29:00Z");
    EXPECT_THAT(alerts("deadline"), SizeIs(1));
    until("2026-03-29T05:31:00Z");  // 06:30 in winter
    EXPECT_THAT(alerts("deadline"), SizeIs(2));
    EXPECT_THAT(alert_text("deadline"), HasSubstr("2026-03-29T05:30:00Z"));
}

TEST_F(Story, WhereAReadingComesTwiceTheFirstIsTheDeadline) {  // TASK-12
    begin_at("2026-10-24T12:00:00Z");
    auto& load = task("load", "day");
    load.partition.time_zone = "Europe/Vienna";
    load.deadline = by(hours(2) + minutes(30), "Europe/Vienna");
    begin();
    until("2026-10-25T00:29:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    until("2026-10-25T02:00:00Z");
    ASSERT_THAT(alerts("deadline"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("deadline")[0], "due"), "2026-10-25T00:30:00Z");
}

TEST_F(Story, EveryHourOfADayHasADeadline) {  // TASK-12
    auto& hourly = task("hourly", "hour");
    hourly.schedules = {at("5 * * * *")};
    hourly.deadline = by(half_past_seven);
    fails_ = {"hourly 2026-09-14T01:00Z", "hourly 2026-09-14T05:00Z"};
    begin();
    until("2026-09-14T07:31:00Z");
    EXPECT_THAT(alert_text("deadline"), HasSubstr("2026-09-14T01:00Z"));
    EXPECT_THAT(alert_text("deadline"), HasSubstr("2026-09-14T05:00Z"));
    EXPECT_THAT(alerts("deadline"), SizeIs(2));
}

TEST_F(Story, ADeadlineInAnotherZoneThanTheDaysIsTheFirstOneAfterTheDay) {  // TASK-12
    task("load", "day").deadline = by(half_past_seven, "America/New_York");
    begin();
    until("2026-09-14T11:29:00Z");
    EXPECT_THAT(alerts("deadline"), IsEmpty());
    until("2026-09-14T11:31:00Z");
    ASSERT_THAT(alerts("deadline"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("deadline")[0], "key"), "2026-09-13");
}

TEST_F(Story, ADeadlineThatPassesWhileTheServerIsDownIsToldAtItsStart) {  // TASK-12
    task("load", "day").deadline = by(half_past_seven);
    begin();
    until("2026-09-14T07:00:00Z");
    down_until("2026-09-15T06:00:00Z");
    until("2026-09-15T06:01:00Z");
    ASSERT_THAT(alerts("deadline"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("deadline")[0], "key"), "2026-09-13");
}

TEST_F(Story, ARunThatIsQueuedTooLongIsDiagnosedThenToldWithTheLimitInItsWay) {  // spec 10
    profile("slots", ProfileType::concurrency);
    task("hog", "none");
    task("load", "none");
    takes_["hog"] = hours(2);
    begin();
    run_once("hog");
    world_.run_for(minutes(1));
    run_once("load");
    auto waiting_for = [this] { return runs("load").front().waiting_for; };
    world_.run_for(minutes(14));
    EXPECT_EQ(waiting_for(), "");
    world_.run_for(minutes(2));
    EXPECT_EQ(waiting_for(), "contention profile slots: all 1 slots are taken");
    world_.run_for(minutes(13));
    EXPECT_THAT(alerts("queued_too_long"), IsEmpty());
    world_.run_for(minutes(2));
    ASSERT_THAT(alerts("queued_too_long"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("queued_too_long")[0], "task"), "load");
    EXPECT_EQ(text_at(alerts("queued_too_long")[0], "waiting_for"), waiting_for());
    world_.run_for(minutes(45));
    EXPECT_THAT(alerts("queued_too_long"), SizeIs(1));
}

TEST_F(Story, ARunBehindItsOwnTaskSaysSo) {  // spec 10
    task("load", "none");
    takes_["load"] = hours(1);
    begin();
    run_once("load");
    run_once("load");
    world_.run_for(minutes(31));
    EXPECT_THAT(alert_text("queued_too_long"), HasSubstr("its task has 1 of 1 runs active"));
}

TEST_F(Story, ARunBehindManyMoreImportantOnesIsToldToo) {  // spec 10
    profile("slots", ProfileType::concurrency);
    task("hog", "none");
    task("humble", "none").priority = -10;
    for (int i = 0; i < 300; ++i) task(fmt::format("busy-{}", i), "none").priority = 5;
    takes_["hog"] = hours(2);
    begin();
    run_once("hog");
    world_.run_for(minutes(1));
    run_once("humble");
    world_.run_for(minutes(20));
    for (int i = 0; i < 300; ++i) run_once(fmt::format("busy-{}", i));
    world_.run_for(minutes(11));
    ASSERT_THAT(alerts("queued_too_long"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("queued_too_long")[0], "task"), "humble");
}

TEST_F(Story, APlatformThatTakesNothingIsNamedByTheRunsThatWait) {  // spec 10
    task("load", "none").max_active = 100;
    begin();
    aws().is_out = true;
    for (int i = 0; i < 12; ++i) run_once("load");
    world_.run_for(minutes(35));
    EXPECT_THAT(alerts("queued_too_long"), SizeIs(testing::Ge(8u)));  // heads stand for the rest
    for (const auto& alert : alerts("queued_too_long"))
        EXPECT_THAT(text_at(alert, "waiting_for"), HasSubstr("connect_failed"));
}

TEST_F(Story, TheDelayBeforeARetryIsNoWait) {  // spec 10, TASK-6
    profile("slots", ProfileType::concurrency).queue_timeout = minutes(10);
    auto& load = task("load", "none");
    load.retry = {.enabled = true,
                  .max_attempts = 2,
                  .backoff = Backoff::fixed,
                  .initial_delay = hours(1),
                  .max_delay = hours(1),
                  .jitter = false};
    task("hog", "none");
    takes_["hog"] = minutes(66);
    script_ = [](FakeRun& run) {
        if (run.task == "load") run.end = PipelineRunStatus::failed;
    };
    begin();
    auto id = run_once("load");
    world_.run_for(minutes(6));
    ASSERT_THAT(attempts(id), SizeIs(1));
    run_once("hog");  // until some minutes after the second attempt may start
    world_.run_for(minutes(62));
    EXPECT_THAT(alerts("queued_too_long"), IsEmpty());
    EXPECT_EQ(runs("load").front().state, RunState::queued);  // has ten minutes for itself
    world_.run_for(minutes(12));
    EXPECT_THAT(attempts(id), SizeIs(2));
}

TEST_F(Story, ARunThatAwsDoesNotBeginIsToldWithWhatAwsSays) {  // spec 10, PLAT-6
    task("train", "none").retry = {.enabled = true, .max_attempts = 2, .jitter = false};
    script_ = [](FakeRun& run) {
        run.shows = {{Millis(0), "RUNNABLE"}, {hours(2), "RUNNING"}};
        run.message = "the compute environment has no instances of that size";
        run.ends = run.started + hours(3);
    };
    begin();
    run_once("train");
    world_.run_for(minutes(29));
    EXPECT_THAT(alerts("waiting_at_aws"), IsEmpty());
    down_until("2026-09-14T01:02:00Z");  // waits on while nobody looks
    world_.run_for(minutes(2));
    ASSERT_THAT(alerts("waiting_at_aws"), SizeIs(1));
    EXPECT_EQ(text_at(alerts("waiting_at_aws")[0], "aws_status"), "RUNNABLE");
    EXPECT_THAT(alert_text("waiting_at_aws"), HasSubstr("no instances of that size"));
    world_.run_for(hours(1));
    EXPECT_THAT(alerts("waiting_at_aws"), SizeIs(1));
}

TEST_F(Story, AnArrayJobIsPendingWhileItsChildrenRunAndThatIsNoWait) {  // spec 10, BATCH-8
    task("train", "none");
    script_ = [](FakeRun& run) {
        run.shows = {{Millis(0), "PENDING"}};
        run.ends = run.started + hours(3);
    };
    begin();
    run_once("train");
    world_.run_for(hours(4));
    EXPECT_EQ(runs("train")[0].state, RunState::succeeded);
    EXPECT_THAT(alerts("waiting_at_aws"), IsEmpty());
}

TEST_F(Story, AWaitBetweenTwoAttemptsOfBatchsOwnIsCountedFromItsBegin) {  // spec 10
    task("train", "none").max_active = 2;
    bool is_stuck = false;
    script_ = [&](FakeRun& run) {
        run.shows = {{Millis(0), "RUNNABLE"}, {minutes(1), "RUNNING"}, {minutes(60), "RUNNABLE"}};
        if (!is_stuck) run.shows.emplace_back(minutes(70), "RUNNING");
        run.ends = run.started + hours(2);
    };
    begin();
    run_once("train");
    world_.run_for(minutes(65));
    is_stuck = true;
    auto stuck = run_once("train");
    world_.run_for(minutes(85));
    EXPECT_THAT(alerts("waiting_at_aws"), IsEmpty());
    world_.run_for(minutes(10));
    ASSERT_THAT(alerts("waiting_at_aws"), SizeIs(1));
    EXPECT_EQ(alerts("waiting_at_aws")[0].at("run"), number(stuck));
}

TEST_F(Story, AGlueRunThatWaitsForCapacityIsToldThoughGlueSaysWhenItStarted) {  // spec 10
    task("load", "none");
    script_ = [](FakeRun& run) {
        run.shows = {{Millis(0), "WAITING"}};
        run.starts_at_once = true;
        run.ends = run.started + hours(2);
    };
    begin();
    run_once("load");
    world_.run_for(minutes(31));
    EXPECT_THAT(alerts("waiting_at_aws"), SizeIs(1));
}

}  // namespace
}  // namespace polysync::sim
