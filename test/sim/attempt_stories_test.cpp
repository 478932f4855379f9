// Attempts: retries, losses, timeouts, cancels, and what AWS is told of them (TASK-6, TASK-7, spec 10).
#include <fmt/format.h>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

RetryPolicy attempts_of(int most) {
    return {.enabled = true, .max_attempts = most, .initial_delay = minutes(1), .jitter = false};
}

TEST_F(Story, LossesToInfrastructureHaveTwoRetriesOfTheirOwn) {  // TASK-6, spec 10
    task("load", "none");
    int losses = 0;
    script_ = [&](FakeRun& run) {
        run.infrastructure_loss = losses-- > 0;
        if (run.infrastructure_loss) run.end = PipelineRunStatus::failed;
    };
    begin();
    losses = 2;
    auto lucky = run_once("load");
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[0].state, RunState::succeeded);
    EXPECT_THAT(attempts(lucky), SizeIs(3));
    losses = 3;
    auto unlucky = run_once("load");
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[1].state, RunState::failed);
    EXPECT_EQ(runs("load")[1].message, "host terminated");
    EXPECT_THAT(attempts(unlucky), SizeIs(3));
}

TEST_F(Story, LossesToInfrastructureUseUpNoAttemptOfTheUsers) {  // TASK-6
    task("load", "none").retry = attempts_of(2);
    int started = 0;
    script_ = [&](FakeRun& run) {
        ++started;
        run.infrastructure_loss = started == 1 || started == 3;
        run.end = started < 4 ? PipelineRunStatus::failed : PipelineRunStatus::success;
    };
    begin();
    run_once("load");
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[0].state, RunState::succeeded);  // lost, failed, lost, succeeded
    EXPECT_EQ(runs("load")[0].attempt, 4);
}

TEST_F(Story, ACancelledRunIsNotRetriedWhoeverCancelledIt) {  // TASK-6, TASK-7
    auto& load = task("load", "none");
    load.retry = attempts_of(3);
    load.max_active = 2;
    begin();
    auto by_us = run_once("load");
    world_.run_for(minutes(2));
    ASSERT_TRUE(world_.call(world_.operations().cancel(by_us, "ada")));
    script_ = [](FakeRun& run) { run.end = PipelineRunStatus::cancelled; };  // in the console
    auto by_others = run_once("load");
    world_.run_for(hours(1));
    EXPECT_THAT(told("load"), SizeIs(2));
    for (const auto& run : runs("load")) EXPECT_EQ(run.state, RunState::cancelled) << run.message;
    EXPECT_THAT(runs("load")[0].message, HasSubstr("cancelled by ada"));
    EXPECT_THAT(runs("load")[1].message, HasSubstr("stopped at AWS"));
    EXPECT_THAT(attempts(by_us), SizeIs(1));
    EXPECT_THAT(attempts(by_others), SizeIs(1));
    EXPECT_THAT(aws().cancelled(), SizeIs(1));
}

TEST_F(Story, ACancelBetweenTwoAttemptsEndsTheRun) {  // TASK-6, TASK-7
    task("load", "none").retry = attempts_of(3);
    script_ = [](FakeRun& run) { run.end = PipelineRunStatus::failed; };
    begin();
    auto id = run_once("load");
    ASSERT_TRUE(world_.run_until([&] { return runs("load")[0].attempt == 2; }, hours(1)));
    ASSERT_TRUE(world_.call(world_.operations().cancel(id, "ada")));
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[0].state, RunState::cancelled);
    EXPECT_THAT(attempts(id), SizeIs(1));
}

TEST_F(Story, ARequestThatCanNeverSucceedIsTriedOnce) {  // TASK-6
    auto& load = task("load", "none");
    load.retry = attempts_of(5);
    load.max_active = 2;
    begin();
    aws().refuses = make_error(ErrorKind::rejected, "ValidationException", "no such worker type");
    auto refused = run_once("load");
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[0].state, RunState::failed);
    EXPECT_EQ(runs("load")[0].code, "ValidationException");
    EXPECT_THAT(runs("load")[0].message, HasSubstr("no such worker type"));
    EXPECT_THAT(attempts(refused), SizeIs(1));
    aws().refuses = make_error(ErrorKind::access_denied, "AccessDeniedException", "not allowed to start");
    auto denied = run_once("load");  // somebody may mend that in the meantime
    world_.run_for(hours(1));
    EXPECT_EQ(runs("load")[1].state, RunState::failed);
    EXPECT_THAT(attempts(denied), SizeIs(5));
}

TEST_F(Story, NotNowLastsAsLongAsTheTaskAllowsAndCostsNoAttempt) {  // PLAT-8
    auto& patient = task("patient", "none");
    patient.max_active = 2;
    task("hasty", "none").queue_timeout = minutes(10);
    begin();
    aws().refuses = make_error(ErrorKind::contention, "ConcurrentRunsExceededException", "3 runs are active");
    run_once("patient");
    run_once("hasty");
    world_.run_for(minutes(9));
    EXPECT_EQ(runs("hasty")[0].state, RunState::queued);
    EXPECT_THAT(runs("hasty")[0].waiting_for, HasSubstr("3 runs are active"));
    world_.run_for(minutes(11));
    EXPECT_EQ(runs("hasty")[0].state, RunState::failed);
    EXPECT_EQ(runs("hasty")[0].code, "queue_timeout");
    EXPECT_THAT(runs("hasty")[0].message, HasSubstr("3 runs are active"));
    world_.run_for(hours(3));
    aws().refuses.reset();
    world_.run_for(minutes(15));
    EXPECT_EQ(runs("patient")[0].state, RunState::succeeded);
    EXPECT_EQ(runs("patient")[0].attempt, 1);
}

TEST_F(Story, WhatLacksAValueIsNeverSent) {  // TASK-1, TASK-6
    task("load", "none");
    auto& report = task("report", "none", {"load"});
    report.values["path"] = "${parents.load.outputs.path}";
    report.retry = attempts_of(3);
    begin();
    auto id = run_once("report");
    world_.run_for(hours(1));
    EXPECT_EQ(runs("report")[0].state, RunState::failed);
    EXPECT_THAT(runs("report")[0].message, HasSubstr("parents.load.outputs.path"));
    EXPECT_THAT(attempts(id), SizeIs(1));
    EXPECT_THAT(aws().runs(), IsEmpty());
}

TEST_F(Story, AnExecutionTimeoutCancelsAtAwsFailsWithThatReasonAndMayRetry) {  // TASK-7
    auto& load = task("load", "none");
    load.execution_timeout = minutes(30);
    load.retry = attempts_of(2);
    takes_["load"] = hours(5);
    begin();
    auto id = run_once("load");
    world_.run_for(minutes(29));
    EXPECT_THAT(aws().cancelled(), IsEmpty());
    world_.run_for(minutes(5));
    EXPECT_THAT(aws().cancelled(), ElementsAre("run-000001"));
    EXPECT_EQ(runs("load")[0].attempt, 2);
    world_.run_for(hours(1));
    EXPECT_THAT(aws().cancelled(), ElementsAre("run-000001", "run-000002"));
    EXPECT_EQ(runs("load")[0].state, RunState::failed);
    EXPECT_EQ(runs("load")[0].message, "execution timeout: cancelled at AWS");
    ASSERT_THAT(attempts(id), SizeIs(2));
    EXPECT_EQ(attempts(id)[0].message, "attempt 1 failed: execution timeout: cancelled at AWS");
}

TEST_F(Story, AnExecutionTimeoutStrikesARunThatAServerFoundAtItsStart) {  // TASK-7
    task("load", "none").execution_timeout = minutes(30);
    takes_["load"] = hours(5);
    begin();
    run_once("load");
    world_.run_for(minutes(10));
    world_.stay_down(minutes(40));
    world_.start();
    world_.run_for(minutes(5));
    EXPECT_EQ(runs("load")[0].state, RunState::failed);
    EXPECT_THAT(aws().cancelled(), SizeIs(1));
}

TEST_F(Story, WhatEndedWhileTheServerWasDownIsNotTakenForATimeout) {  // TASK-7, SAFE-2
    for (const char* name : {"bad", "good"}) task(name, "none").execution_timeout = hours(2);
    script_ = [](FakeRun& run) {
        if (run.task == "bad") run.end = PipelineRunStatus::failed;
    };
    begin();
    run_once("bad");
    run_once("good");
    world_.run_for(minutes(1));
    world_.stay_down(hours(30));
    world_.start();
    world_.run_for(minutes(5));
    EXPECT_EQ(runs("bad")[0].state, RunState::failed);
    EXPECT_EQ(runs("bad")[0].message, "exit code 1");
    EXPECT_EQ(runs("good")[0].state, RunState::succeeded);
    EXPECT_EQ(runs("good")[0].message, "");
    EXPECT_THAT(aws().cancelled(), IsEmpty());
}

TEST_F(Story, ATimeoutIsPromptHoweverSeldomARunIsLookedAt) {  // TASK-7
    auto& load = task("load", "none");
    load.execution_timeout = hours(3);
    load.freshness = hours(1);
    takes_["load"] = hours(9);
    begin();
    run_once("load");
    world_.run_for(hours(3) + minutes(2));
    EXPECT_THAT(aws().cancelled(), SizeIs(1));
}

TEST_F(Story, ARunOfWhichAwsTellsNothingIsCancelledAllTheSame) {  // TASK-7
    task("load", "none").execution_timeout = hours(3);
    takes_["load"] = hours(9);
    begin();
    run_once("load");
    world_.run_for(hours(1));
    aws().status_error = make_error(ErrorKind::access_denied, "AccessDeniedException", "no glue:GetJobRun");
    world_.run_for(hours(2) + minutes(5));
    EXPECT_THAT(aws().cancelled(), SizeIs(testing::Ge(1u)));
}

TEST_F(Story, ACancelThatMeetsAFinishedRunSaysSo) {  // TASK-7
    task("load", "none").freshness = hours(1);       // nobody looks while it ends
    task("report", "none", {"load"});
    takes_["load"] = minutes(59);
    begin();
    auto id = run_once("load", {.downstream = true});
    world_.run_for(minutes(60));
    ASSERT_EQ(runs("load")[0].state, RunState::running);
    ASSERT_TRUE(world_.call(world_.operations().cancel(id, "ada")));
    world_.run_for(minutes(20));
    EXPECT_EQ(runs("load")[0].state, RunState::succeeded);
    EXPECT_EQ(runs("load")[0].message, "the cancel met a run that had already succeeded");
    EXPECT_EQ(history(id).back().message, "the cancel met a run that had already succeeded");
    EXPECT_THAT(told("report"), SizeIs(1));  // it did succeed
    auto late = world_.call(world_.operations().cancel(id, "ada"));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::conflict);
    EXPECT_THAT(late.error().message, HasSubstr("is Succeeded"));
}

TEST_F(Story, OverlapQueueKeepsEveryKeyInOrder) {  // TASK-7, spec 10
    task("load", "hour").schedules = {at("5 * * * *")};
    takes_["load"] = minutes(90);
    begin();
    until("2026-09-14T06:30:00Z");
    EXPECT_EQ(aws().most_at_once("load"), 1);
    EXPECT_THAT(runs("load"), SizeIs(6));  // one an hour, none dropped
    until("2026-09-14T07:00:00Z");
    takes_["load"] = minutes(5);
    until("2026-09-14T12:00:00Z");
    std::vector<std::string> wanted;
    for (int hour = 0; hour <= 10; ++hour) wanted.push_back(fmt::format("load 2026-09-14T{:02}:00Z", hour));
    EXPECT_THAT(started(), testing::ElementsAreArray(wanted));
}

TEST_F(Story, OverlapSkipLeavesOutWhatMeetsARunAndSaysSo) {  // TASK-7, TASK-11
    auto& load = task("load", "hour");
    load.schedules = {at("5 * * * *")};
    load.overlap = Overlap::skip;
    task("report", "hour", {"load"});
    takes_["load"] = minutes(90);
    begin();
    until("2026-09-14T06:00:00Z");
    EXPECT_EQ(aws().most_at_once("load"), 1);
    EXPECT_THAT(told("load"), ElementsAre("2026-09-14T00:00Z Succeeded", "2026-09-14T01:00Z Skipped",
                                          "2026-09-14T02:00Z Succeeded", "2026-09-14T03:00Z Skipped",
                                          "2026-09-14T04:00Z Running"));
    EXPECT_EQ(state("report", "2026-09-14T01:00Z"), "Skipped");
    EXPECT_THAT(why("load", "2026-09-14T01:00Z"), HasSubstr("1 runs are active already (overlap: skip)"));
}

TEST_F(Story, WhatAPersonAskedForIsNotSkippedAndKeepsNoFireAway) {  // TASK-7
    auto& load = task("load", "hour");
    load.schedules = {at("5 * * * *")};
    load.overlap = Overlap::skip;
    takes_["load"] = minutes(30);
    begin();
    until("2026-09-14T01:03:00Z");
    run_once("load", {.key = "2026-09-13T12:00Z"});
    until("2026-09-14T01:20:00Z");
    EXPECT_EQ(state("load", "2026-09-14T00:00Z"), "Queued");
    until("2026-09-14T02:00:00Z");
    EXPECT_THAT(started(), ElementsAre("load 2026-09-13T12:00Z", "load 2026-09-14T00:00Z"));
}

TEST_F(Story, BatchRunsCarryTagsThatSayWhoseTheyAre) {  // spec 10
    add_platform("batch", PlatformType::aws_batch);
    auto& load = task("sales/emea/load", "day");
    load.schedules = {at("0 2 * * *")};
    load.meta.owner = "data platform <dp@example.com>";
    load.attributes["tags"] = {{"cost-centre", "4711"}, {"polysync:task", "my own name for it"}};
    put_on("sales/emea/load", "batch");
    task("glue", "none");
    begin();
    auto id = run_once("glue");
    until("2026-09-14T03:00:00Z");
    ASSERT_THAT(aws("batch").runs(), SizeIs(1));
    const auto& tags = aws("batch").runs().begin()->second.attributes.at("tags").as_object();
    auto run = runs("sales/emea/load")[0];
    EXPECT_EQ(text_at(tags, "polysync:namespace"), "sales/emea");
    EXPECT_EQ(text_at(tags, "polysync:run"), std::to_string(number(run.id)));
    EXPECT_EQ(text_at(tags, "polysync:chain"), world_.catalog().chain_id(run.key));
    EXPECT_EQ(text_at(tags, "polysync:owner"), "data platform _dp@example.com_");  // AWS takes no < and >
    EXPECT_EQ(text_at(tags, "cost-centre"), "4711");
    EXPECT_EQ(text_at(tags, "polysync:task"), "my own name for it");
    EXPECT_FALSE(aws().runs().begin()->second.attributes.contains("tags"));  // only Batch takes them
    EXPECT_THAT(attempts(id), SizeIs(1));
}

TEST_F(Story, TwoManualRunsWithTheSameShortNameAreTwo) {  // TASK-3
    task("load", "none").max_active = 10;
    begin();
    auto dice = world_.random;
    auto first = run_once("load");
    world_.random = dice;  // the same name is drawn again
    auto second = run_once("load");
    EXPECT_GT(number(second), number(first));
    world_.run_for(minutes(10));
    EXPECT_THAT(started(), SizeIs(2));
    auto all = runs("load");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_NE(all[0].key.lane, all[1].key.lane);
    EXPECT_EQ(all[1].state, RunState::succeeded);
}

}  // namespace
}  // namespace polysync::sim
