// Filling back days that were missed (TASK-10), and runs that a person asks for (TASK-9).
#include <algorithm>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class BackfillStory : public Story {
  protected:
    // The 9th to the 13th ran: the 10th failed, the 12th was skipped; the 7th and 8th are missing.
    void begin_with_a_past() {
        task("load", "day").schedules = {at("0 2 * * *")};
        task("report", "day", {"load"});
        fails_ = {"load 2026-09-10"};
        begin_at("2026-09-10T01:00:00Z");
        begin();
        until("2026-09-13T01:59:00Z");
        pause("load");
        until("2026-09-13T02:01:00Z");
        ask_to_skip();
        until("2026-09-14T12:00:00Z");
        fails_.clear();
        ASSERT_THAT(told("load"),
                    ElementsAre("2026-09-09 Succeeded", "2026-09-10 Failed", "2026-09-11 Succeeded",
                                "2026-09-12 Skipped", "2026-09-13 Succeeded"));
        before_ = started().size();
    }
    std::vector<std::string> started_since() {
        auto all = started();
        all.erase(all.begin(), all.begin() + std::ptrdiff_t(before_));
        return all;
    }
    store::Backfill kept(std::int64_t id) {
        store::Backfill out;
        world_.in_store([&](store::Transaction& transaction) -> Status {
            POLYSYNC_TRY(auto all, transaction.backfills(std::nullopt));
            for (const auto& one : all)
                if (one.id == id) out = one;
            return success();
        });
        return out;
    }
    bool change(std::int64_t id, store::BackfillState state) {
        return bool(world_.call(world_.operations().set_backfill_state(id, state, "ada")));
    }

  private:
    // On resume the key is queued behind the pause of everything, where it can be skipped by hand.
    void ask_to_skip() {
        profile("none", ProfileType::concurrency);
        task("hog", "none");
        define();
        run_once("hog");
        world_.run_for(std::chrono::seconds(10));
        resume("load", true);
        ASSERT_TRUE(world_.call(world_.operations().skip(run("load", "2026-09-12").id, "by hand", "ada")));
        world_.run_for(minutes(10));
        input_.profiles.clear();
        define();
    }
    std::size_t before_ = 0;
};

TEST_F(BackfillStory, MissingTakesWhatNeverRanOrWasSkipped) {
    begin_with_a_past();
    auto plan = backfill("load", "2026-09-07", "2026-09-13", {.dry_run = true});
    EXPECT_THAT(plan.keys, ElementsAre("2026-09-07", "2026-09-08", "2026-09-12"));
    EXPECT_EQ(plan.skipped, 4u);
    world_.run_for(hours(2));
    EXPECT_THAT(started_since(), IsEmpty());  // a dry run
    EXPECT_EQ(plan.id, 0);
    auto made = backfill("load", "2026-09-07", "2026-09-13");
    EXPECT_EQ(made.keys, plan.keys);
    world_.run_for(hours(2));
    EXPECT_THAT(started_since(), ElementsAre("load 2026-09-07", "load 2026-09-08", "load 2026-09-12"));
    EXPECT_EQ(kept(made.id).state, store::BackfillState::done);
    EXPECT_EQ(kept(made.id).planned, 3);
    EXPECT_THAT(backfill("load", "2026-09-07", "2026-09-13", {.dry_run = true}).keys, IsEmpty());
}

TEST_F(BackfillStory, FailedTakesWhatFailedAndAllTakesEverything) {
    begin_with_a_past();
    backfill("load", "2026-09-07", "2026-09-13", {.selection = "failed"});
    world_.run_for(hours(1));
    EXPECT_THAT(started_since(), ElementsAre("load 2026-09-10"));
    // It has succeeded, though not in the live lane: it counts as repaired.
    EXPECT_THAT(backfill("load", "2026-09-07", "2026-09-13", {.selection = "failed", .dry_run = true}).keys,
                IsEmpty());
    EXPECT_THAT(backfill("load", "2026-09-07", "2026-09-13", {.selection = "all", .dry_run = true}).keys,
                SizeIs(7));
}

TEST_F(BackfillStory, NewestFirstAndAsManyAtOnceAsAsked) {
    task("load", "day").max_active = 10;
    takes_["load"] = minutes(30);
    begin();
    backfill("load", "2026-09-01", "2026-09-06", {.max_active = 2, .newest_first = true});
    world_.run_for(hours(3));
    auto all = started();
    ASSERT_THAT(all, SizeIs(6));
    for (auto pair = all.begin(); pair != all.end(); pair += 2) std::sort(pair, pair + 2);
    EXPECT_THAT(all, ElementsAre("load 2026-09-05", "load 2026-09-06", "load 2026-09-03", "load 2026-09-04",
                                 "load 2026-09-01", "load 2026-09-02"));
    EXPECT_EQ(aws().most_at_once(), 2);
}

TEST_F(BackfillStory, OneAtATimeOldestFirstByDefault) {  // spec 10
    task("load", "day").max_active = 10;
    begin();
    backfill("load", "2026-09-01", "2026-09-03");
    world_.run_for(hours(1));
    EXPECT_THAT(started(), ElementsAre("load 2026-09-01", "load 2026-09-02", "load 2026-09-03"));
    EXPECT_EQ(aws().most_at_once(), 1);
}

TEST_F(BackfillStory, BesideLiveRunsItHasALaneOfItsOwnAndThePoorerPriority) {
    profile("slots", ProfileType::concurrency);
    task("load", "day").schedules = {at("0 2 * * *")};
    task("other", "day").schedules = {at("0 2 * * *")};
    task_named("load").max_active = 10;
    takes_["load"] = minutes(20);
    begin();
    until("2026-09-14T01:50:00Z");
    auto made = backfill("load", "2026-09-01", "2026-09-03", {.max_active = 3});
    until("2026-09-14T06:00:00Z");
    // One was running when the live ones came up; these passed the rest.
    auto all = started();
    ASSERT_THAT(all, SizeIs(5));
    std::sort(all.begin() + 1, all.begin() + 3);
    EXPECT_THAT(all, ElementsAre("load 2026-09-01", "load 2026-09-13", "other 2026-09-13", "load 2026-09-02",
                                 "load 2026-09-03"));
    auto lane = "backfill:" + std::to_string(made.id);
    EXPECT_EQ(run("load", "2026-09-01", lane).priority, -10);
    EXPECT_EQ(last_.trigger, Trigger::backfill);
    EXPECT_EQ(state("load", "2026-09-01"), "-");
}

TEST_F(BackfillStory, DownstreamFollowsOnlyWhereAsked) {
    task("load", "day");
    task("report", "day", {"load"});
    begin();
    backfill("load", "2026-09-01", "2026-09-02");
    world_.run_for(hours(1));
    EXPECT_THAT(runs("report"), IsEmpty());
    auto second = backfill("load", "2026-09-01", "2026-09-02", {.selection = "all", .downstream = true});
    world_.run_for(hours(1));
    EXPECT_THAT(told("report"), ElementsAre("2026-09-01 Succeeded", "2026-09-02 Succeeded"));
    for (const auto& one : runs("report")) {
        EXPECT_EQ(one.key.lane, "backfill:" + std::to_string(second.id));
        EXPECT_EQ(one.priority, -10);
    }
}

TEST_F(BackfillStory, PausedItStartsNoMoreAndResumedItGoesOnWhereItWas) {
    task("load", "day");
    takes_["load"] = minutes(30);
    begin();
    auto id = backfill("load", "2026-09-01", "2026-09-04").id;
    world_.run_for(minutes(45));
    ASSERT_TRUE(change(id, store::BackfillState::paused));
    world_.run_for(hours(5));
    EXPECT_THAT(told("load"), ElementsAre("2026-09-01 Succeeded", "2026-09-02 Succeeded"));
    down_until("2026-09-14T08:00:00Z");  // durable
    ASSERT_TRUE(change(id, store::BackfillState::active));
    world_.run_for(hours(2));
    EXPECT_THAT(told("load"), SizeIs(4));
    EXPECT_EQ(kept(id).state, store::BackfillState::done);
}

TEST_F(BackfillStory, CancelledItEndsWhatRunsAndStartsNoMore) {
    auto& load = task("load", "day");
    load.max_active = 10;
    takes_["load"] = hours(1);
    begin();
    auto id = backfill("load", "2026-09-01", "2026-09-09", {.max_active = 2}).id;
    world_.run_for(minutes(90));
    ASSERT_TRUE(change(id, store::BackfillState::cancelled));
    world_.run_for(hours(3));
    EXPECT_THAT(told("load"), ElementsAre("2026-09-01 Succeeded", "2026-09-02 Succeeded",
                                          "2026-09-03 Cancelled", "2026-09-04 Cancelled"));
    EXPECT_THAT(aws().cancelled(), SizeIs(2));
    EXPECT_FALSE(change(id, store::BackfillState::active));
}

TEST_F(BackfillStory, OneOfATaskIsActiveAtATime) {
    task("load", "day");
    takes_["load"] = minutes(30);
    begin();
    auto first = backfill("load", "2026-09-01", "2026-09-04").id;
    ASSERT_TRUE(change(first, store::BackfillState::paused));
    auto second = backfill("load", "2026-08-01", "2026-08-02").id;
    auto resumed =
        world_.call(world_.operations().set_backfill_state(first, store::BackfillState::active, "ada"));
    ASSERT_FALSE(resumed);
    EXPECT_EQ(resumed.error().code, "backfill_active");
    world_.run_for(hours(2));
    EXPECT_EQ(kept(second).state, store::BackfillState::done);
    EXPECT_TRUE(change(first, store::BackfillState::active));
    world_.run_for(hours(3));
    EXPECT_EQ(kept(first).state, store::BackfillState::done);
}

TEST_F(BackfillStory, AFailedKeyHoldsUpNoOther) {
    task("load", "day");
    fails_ = {"load 2026-09-02"};
    begin();
    auto id = backfill("load", "2026-09-01", "2026-09-03").id;
    world_.run_for(hours(1));
    EXPECT_THAT(told("load"),
                ElementsAre("2026-09-01 Succeeded", "2026-09-02 Failed", "2026-09-03 Succeeded"));
    EXPECT_EQ(kept(id).state, store::BackfillState::done);
}

TEST_F(BackfillStory, AJoinReadsTheParentThatIsNotFilledBackFromItsLiveRuns) {
    task("orders", "day");
    task("customers", "day").schedules = {at("0 2 * * *")};
    auto& join = task("join", "day", {"orders", "customers"});
    join.values["path"] = "${parents.customers.outputs.path}";
    outputs_["customers 2026-09-13"] = {{"path", "live"}};
    begin();
    until("2026-09-14T03:00:00Z");
    backfill("orders", "2026-09-13", "2026-09-13", {.downstream = true});
    world_.run_for(hours(1));
    ASSERT_EQ(runs("join").size(), 1u);
    EXPECT_EQ(runs("join")[0].state, RunState::succeeded);
    EXPECT_EQ(text_at(aws().runs().rbegin()->second.parameters, "path"), "live");
}

TEST_F(Story, RunOnceRunsOneTaskAndOnDemandWhatIsBehindIt) {  // TASK-9, spec 10
    auto& load = task("load", "day");
    load.values["rows"] = "10";
    task("report", "day", {"load"});
    begin();
    run_once("load", {.values = {{"rows", "99"}}, .key = "2026-09-01"});
    world_.run_for(hours(1));
    EXPECT_THAT(told("load"), ElementsAre("2026-09-01 Succeeded"));
    EXPECT_EQ(text_at(aws().runs().begin()->second.parameters, "rows"), "99");
    EXPECT_THAT(runs("report"), IsEmpty());
    run_once("load", {.key = "2026-09-01", .downstream = true});
    world_.run_for(hours(1));
    EXPECT_THAT(told("load"), SizeIs(2));  // a key as often as one asks
    ASSERT_THAT(runs("report"), SizeIs(1));
    EXPECT_THAT(runs("report")[0].key.lane, testing::StartsWith("manual:"));
    EXPECT_EQ(runs("report")[0].key.lane, runs("load")[1].key.lane);
    EXPECT_EQ(state("load", "2026-09-01"), "-");  // the live lane knows nothing of it
}

}  // namespace
}  // namespace polysync::sim
