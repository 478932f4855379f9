// Days in the life of a data engineer, told on a runtime in virtual time (TASK-5, TASK-9, TASK-10).
#include <gtest/gtest.h>

#include "base/log.h"
#include "test/sim/world.h"

namespace polysync::sim {
namespace {

const ObjectId platform{1};

class Story : public testing::Test {
  protected:
    Story() : world_(1, parse_iso8601("2026-09-14T00:30:00Z").value()) {
        log::set_level(log::Level::off);
        Platform etl;
        etl.name = "etl";
        input_.platforms.push_back({platform, QualifiedName("etl"), etl});
    }

    Task& task(const std::string& name, const std::string& grain, std::vector<std::string> parents = {}) {
        JobDefinition job;
        job.meta.name = QualifiedName(name + "-job");
        job.platform = QualifiedName("etl");
        job.external_id = name;
        input_.jobs.push_back({ObjectId{200 + std::int64_t(input_.jobs.size())}, 1, job});
        Task made;
        made.meta.name = QualifiedName(name);
        made.job = job.meta.name;
        made.partition.grain = grain;
        if (grain != "none") made.values["key"] = "${interval.key}";
        for (auto& parent : parents)
            made.dependencies.push_back({.parent = QualifiedName(std::move(parent))});
        input_.tasks.push_back({ObjectId{100 + std::int64_t(input_.tasks.size())}, 1, std::move(made)});
        return input_.tasks.back().task;
    }
    static Schedule at(std::string cron, std::string zone = "UTC") {
        return {.cron = std::move(cron), .time_zone = std::move(zone)};
    }
    void begin() {
        world_.define(input_);
        world_.aws.at(platform)->script = [this](FakeRun& run) {
            run.ends = run.started + std::chrono::minutes(5);
            if (fails_.contains(run.task + " " + run.key)) run.end = PipelineRunStatus::failed;
        };
        world_.start();
    }
    // "Succeeded", or "-" where there is no run; of the newest rerun.
    std::string state(const std::string& name, const std::string& key, const std::string& lane = "live") {
        std::string out = "-";
        world_.in_store([&](store::Transaction& transaction) -> Status {
            auto id = world_.catalog().task(QualifiedName(name))->id;
            POLYSYNC_TRY(auto runs, transaction.runs_of_key(id, lane, key));
            if (!runs.empty()) out = to_string(runs.back().state), last_ = runs.back();
            return success();
        });
        return out;
    }

    World world_;
    engine::CatalogInput input_;
    std::set<std::string> fails_;  // "task key"
    TaskRun last_;                 // what state() looked at
};

TEST_F(Story, ABranchASkipThatPropagatesAndTheRepair) {
    task("load", "day").schedules = {at("0 2 * * *")};
    task("clean", "day", {"load"});
    task("report", "day", {"clean"});
    task("alarm", "day", {"load"}).dependencies[0].on = {Outcome::failure};
    fails_ = {"load 2026-09-13"};
    begin();
    world_.run_for(std::chrono::hours(3));
    EXPECT_EQ(state("alarm", "2026-09-13"), "Succeeded");
    EXPECT_EQ(state("clean", "2026-09-13"), "Skipped");
    EXPECT_EQ(state("report", "2026-09-13"), "Skipped");
    EXPECT_EQ(state("load", "2026-09-13"), "Failed");
    fails_.clear();
    runtime::RerunRequest again;
    again.run = last_.id;
    again.scope = runtime::RerunScope::downstream;
    ASSERT_TRUE(world_.call(world_.operations().rerun(again, "ada")));
    world_.run_for(std::chrono::hours(1));
    EXPECT_EQ(state("load", "2026-09-13"), "Succeeded");
    EXPECT_EQ(state("clean", "2026-09-13"), "Succeeded");
    EXPECT_EQ(state("report", "2026-09-13"), "Succeeded");
}

TEST_F(Story, ALostDayHoldsBackNoOtherAndMondayIsRerunOnWednesday) {
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 3 * * *")};
    task("join", "day", {"orders", "customers"});
    fails_ = {"orders 2026-09-14"};
    begin();
    world_.run_for(std::chrono::hours(58));  // Wednesday morning
    EXPECT_EQ(state("join", "2026-09-13"), "Succeeded");
    EXPECT_EQ(state("join", "2026-09-14"), "Skipped");
    EXPECT_EQ(state("join", "2026-09-15"), "Succeeded");
    EXPECT_EQ(state("orders", "2026-09-14"), "Failed");
    fails_.clear();
    runtime::RerunRequest again;
    again.run = last_.id;
    again.scope = runtime::RerunScope::downstream;
    ASSERT_TRUE(world_.call(world_.operations().rerun(again, "ada")));
    world_.run_for(std::chrono::hours(1));
    EXPECT_EQ(state("join", "2026-09-14"), "Succeeded");
    EXPECT_EQ(state("join", "2026-09-15"), "Succeeded");
    EXPECT_EQ(last_.key.rerun, 0);  // Monday's token never stood for another day
}

TEST_F(Story, ABackfillBesideLiveRuns) {
    task("load", "day").schedules = {at("0 2 * * *")};
    begin();
    runtime::BackfillRequest fill;
    fill.task = QualifiedName("load");
    fill.first_key = "2026-09-01";
    fill.last_key = "2026-09-03";
    ASSERT_TRUE(world_.call(world_.operations().backfill(fill, "ada")));
    world_.run_for(std::chrono::hours(3));
    for (const char* key : {"2026-09-01", "2026-09-02", "2026-09-03"}) {
        EXPECT_EQ(state("load", key, "backfill:1"), "Succeeded");
        EXPECT_EQ(last_.priority, -10);
        EXPECT_EQ(state("load", key), "-");
    }
    EXPECT_EQ(state("load", "2026-09-13"), "Succeeded");
}

TEST_F(Story, ASlowPlatformHoldsFewRunsSoThatMoreImportantOnesGoFirst) {  // TASK-7, SAFE-1
    task("bulk", "none").max_active = 1000;
    begin();
    world_.aws.at(platform)->is_out = true;  // each call takes 20 s
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(world_.call(world_.operations().run_once({.task = QualifiedName("bulk")}, "ada")));
    world_.run_for(std::chrono::minutes(1));
    std::size_t claimed = 0;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto runs, transaction.in_flight(RunId{}, 1000));
        claimed = runs.size();
        return success();
    });
    EXPECT_GT(claimed, 0u);
    EXPECT_LE(claimed, 8u);
}

TEST_F(Story, HoursJoinIntoASpringForwardDayOf23) {
    world_.clock.jump(parse_iso8601("2026-03-28T22:30:00Z").value() - world_.clock.now());
    task("hourly", "hour").schedules = {at("5 * * * *", "Europe/Vienna")};
    task("daily", "day", {"hourly"}).dependencies[0].match = Match::all_in_interval;
    for (auto& entry : input_.tasks) entry.task.partition.time_zone = "Europe/Vienna";
    begin();
    world_.run_for(std::chrono::hours(23));
    EXPECT_EQ(state("daily", "2026-03-29"), "-");
    world_.run_for(std::chrono::hours(2));
    EXPECT_EQ(state("daily", "2026-03-29"), "Succeeded");
}

}  // namespace
}  // namespace polysync::sim
