// What triggers what: edges, joins, conditions, the outputs that a run reads (TASK-5).
#include <boost/json/parse.hpp>
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

// The value of a parameter that AWS was sent.
std::string sent(FakePlatform& aws, const std::string& task, const std::string& key,
                 const std::string& parameter) {
    std::string out = "-";
    for (const auto& [id, run] : aws.runs())
        if (run.task == task && run.key == key) out = text_at(run.parameters, parameter);
    return out;
}

TEST_F(Story, ARemovedEdgeDropsItsTokensAndLetsTheRestGo) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day");
    task("join", "day", {"orders", "customers"});
    begin();
    until("2026-09-14T12:00:00Z");
    EXPECT_THAT(waiting_keys("join"), ElementsAre("2026-09-13"));
    EXPECT_EQ(state("join", "2026-09-13"), "-");
    task_named("join").dependencies.pop_back();  // no customers any more
    define();
    until("2026-09-14T13:00:00Z");
    EXPECT_EQ(state("join", "2026-09-13"), "Succeeded");
    EXPECT_THAT(waiting_keys("join"), IsEmpty());
}

TEST_F(Story, AnEdgeThatComesBackStartsEmpty) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day");
    task("join", "day", {"orders", "customers"});
    begin();
    until("2026-09-14T12:00:00Z");
    auto edge = task_named("join").dependencies.front();
    task_named("join").dependencies.erase(task_named("join").dependencies.begin());
    define();
    EXPECT_THAT(waiting_keys("join"), IsEmpty());
    task_named("join").dependencies.push_back(edge);
    define();
    until("2026-09-15T12:00:00Z");
    EXPECT_THAT(waiting_keys("join"), ElementsAre("2026-09-14"));
}

TEST_F(Story, ANewEdgeWaitsForWhatComesNotForWhatHasBeen) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 3 * * *")};
    task("report", "day", {"orders"}).schedules = {at("0 4 * * *")};
    begin();
    until("2026-09-14T03:30:00Z");
    EXPECT_THAT(waiting_keys("report"), ElementsAre("2026-09-13"));
    task_named("report").dependencies.push_back({.parent = QualifiedName("customers")});
    define();
    until("2026-09-14T12:00:00Z");
    EXPECT_EQ(state("report", "2026-09-13"), "-");
    EXPECT_THAT(why("report", "2026-09-13"),
                HasSubstr("waits for customers, which has run 2, Succeeded for 2026-09-13"));
    until("2026-09-15T12:00:00Z");
    EXPECT_THAT(told("report"), ElementsAre("2026-09-14 Succeeded"));
}

TEST_F(Story, LatestReadsTheNewestSuccessAndNeverTriggers) {  // TASK-5
    task("staff", "none").schedules = {at("0 1 14 9 *")};
    auto& load = task("load", "day", {"staff"});
    load.schedules = {at("0 2 * * *")};
    load.dependencies[0].match = Match::latest;
    load.dependencies[0].max_age = hours(36);
    load.values["rows"] = "${parents.staff.outputs.rows}";
    outputs_["staff "] = {{"rows", 7}};
    begin();
    until("2026-09-14T01:59:00Z");
    EXPECT_THAT(told("staff"), SizeIs(1));
    EXPECT_THAT(runs("load"), IsEmpty());
    until("2026-09-15T12:00:00Z");  // twice from the same success: it is not consumed
    EXPECT_THAT(told("load"), ElementsAre("2026-09-13 Succeeded", "2026-09-14 Succeeded"));
    EXPECT_EQ(sent(aws(), "load", "2026-09-14", "rows"), "7");
    until("2026-09-16T12:00:00Z");  // too old now
    EXPECT_EQ(state("load", "2026-09-15"), "-");
    EXPECT_THAT(why("load", "2026-09-15"), HasSubstr("longer ago than max_age"));
    outputs_["staff "] = {{"rows", 8}};
    task_named("staff").schedules = {at("30 12 16 9 *")};
    define();
    until("2026-09-16T13:00:00Z");  // the key that waited for a fresh one goes; no other does
    EXPECT_THAT(told("load"), SizeIs(3));
    EXPECT_EQ(state("load", "2026-09-15"), "Succeeded");
    EXPECT_EQ(sent(aws(), "load", "2026-09-15", "rows"), "8");
}

TEST_F(Story, HoursJoinIntoASpringForwardDayOf23) {  // TASK-5
    begin_at("2026-03-28T22:30:00Z");
    task("hourly", "hour").schedules = {at("5 * * * *", "Europe/Vienna")};
    task("daily", "day", {"hourly"}).dependencies[0].match = Match::all_in_interval;
    for (auto& entry : input_.tasks) entry.task.partition.time_zone = "Europe/Vienna";
    begin();
    until("2026-03-29T21:30:00Z");
    EXPECT_THAT(waiting_keys("daily"), SizeIs(1 + 22));  // one of the day before
    EXPECT_EQ(state("daily", "2026-03-29"), "-");
    EXPECT_THAT(why("daily", "2026-03-29"), HasSubstr("(22 of 23 keys held)"));
    until("2026-03-29T22:30:00Z");
    EXPECT_EQ(state("daily", "2026-03-29"), "Succeeded");
}

TEST_F(Story, OneFailedHourSkipsItsDayAndNoOther) {  // TASK-5
    task("hourly", "hour").schedules = {at("5 * * * *")};
    task("daily", "day", {"hourly"}).dependencies[0].match = Match::all_in_interval;
    fails_ = {"hourly 2026-09-14T07:00Z"};
    begin_at("2026-09-14T00:00:00Z");
    begin();
    until("2026-09-16T01:00:00Z");
    EXPECT_EQ(state("daily", "2026-09-14"), "Skipped");
    EXPECT_THAT(last_.message, HasSubstr("hourly ended as failure for 2026-09-14T07:00Z"));
    EXPECT_EQ(state("daily", "2026-09-15"), "Succeeded");
    fails_.clear();
    rerun(run("hourly", "2026-09-14T07:00Z").id, runtime::RerunScope::downstream);
    world_.run_for(minutes(30));
    EXPECT_EQ(state("daily", "2026-09-14"), "Succeeded");
}

TEST_F(Story, AConditionOnAnOutputChoosesTheBranch) {  // TASK-5
    task("load", "day").schedules = {at("0 2 * * *")};
    auto& full = task("full", "day", {"load"});
    full.dependencies[0].when = Condition{"rows", Comparison::greater, 0};
    auto& empty = task("empty", "day", {"load"});
    empty.dependencies[0].when = Condition{"rows", Comparison::equal, 0};
    outputs_["load 2026-09-13"] = {{"rows", 12}};
    outputs_["load 2026-09-14"] = {{"rows", 0}};
    begin();
    until("2026-09-16T12:00:00Z");  // on the 15th it says nothing of rows
    EXPECT_THAT(told("full"),
                ElementsAre("2026-09-13 Succeeded", "2026-09-14 Skipped", "2026-09-15 Skipped"));
    EXPECT_THAT(told("empty"),
                ElementsAre("2026-09-13 Skipped", "2026-09-14 Succeeded", "2026-09-15 Skipped"));
    EXPECT_EQ(run("full", "2026-09-14").message,
              "the output 'rows' of load is not > the value asked for, for 2026-09-14");
}

TEST_F(Story, ARunReadsTheOutputsOfTheRunsItConsumedAndOfNoOther) {  // TASK-5
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 3 * * *")};
    auto& join = task("join", "day", {"orders", "customers"});
    join.values["paths"] = "${parents.orders.outputs.path} ${parents.customers.outputs.path}";
    for (const char* day : {"2026-09-13", "2026-09-14"})
        for (const char* name : {"orders", "customers"})
            outputs_[fmt::format("{} {}", name, day)] = {{"path", fmt::format("{}/{}", name, day)}};
    takes_["customers 2026-09-13"] = hours(25);  // the 14th of all is there before the 13th of one
    task_named("customers").max_active = 2;
    task_named("customers").execution_timeout = hours(48);
    begin();
    until("2026-09-15T12:00:00Z");
    EXPECT_EQ(sent(aws(), "join", "2026-09-13", "paths"), "orders/2026-09-13 customers/2026-09-13");
    EXPECT_EQ(sent(aws(), "join", "2026-09-14", "paths"), "orders/2026-09-14 customers/2026-09-14");
    // A rerun of a parent alone changes nothing of what the child had read; the child's rerun reads the new.
    outputs_["orders 2026-09-13"] = {{"path", "repaired"}};
    rerun(run("orders", "2026-09-13").id, runtime::RerunScope::only_this);
    world_.run_for(minutes(30));
    EXPECT_EQ(run("join", "2026-09-13").key.rerun, 0);
    rerun(last_.id, runtime::RerunScope::only_this);
    world_.run_for(minutes(30));
    EXPECT_EQ(sent(aws(), "join", "2026-09-13", "paths"), "repaired customers/2026-09-13");
}

TEST_F(Story, ARetryReadsWhatTheFirstAttemptRead) {  // TASK-5, TASK-6
    task("load", "day").schedules = {at("0 2 * * *")};
    auto& report = task("report", "day", {"load"});
    report.values["path"] = "${parents.load.outputs.path}";
    report.retry = {.enabled = true, .max_attempts = 2, .initial_delay = minutes(15), .jitter = false};
    outputs_["load 2026-09-13"] = {{"path", "first"}};
    fails_ = {"report 2026-09-13"};
    begin();
    until("2026-09-14T02:08:00Z");
    outputs_["load 2026-09-13"] = {{"path", "second"}};
    rerun(run("load", "2026-09-13").id, runtime::RerunScope::only_this);
    fails_.clear();
    until("2026-09-14T03:00:00Z");
    EXPECT_EQ(state("report", "2026-09-13"), "Succeeded");
    EXPECT_EQ(last_.attempt, 2);
    EXPECT_EQ(sent(aws(), "report", "2026-09-13", "path"), "first");
}

TEST_F(Story, AnEventCarriesItsData) {  // TASK-5, TASK-14
    EventSource files;
    files.meta.name = QualifiedName("files");
    input_.sources.push_back({ObjectId{50}, files});
    auto& load = task("load", "none");
    load.dependencies.push_back({.parent = QualifiedName("files"), .parent_is_source = true});
    load.values["file"] = "${parents.files.outputs.name}";
    begin();
    auto tell = [this](const std::string& key, const std::string& id) {
        return world_
            .call(world_.operations().put_source_token(QualifiedName("files"), key, id,
                                                       {{"name", key + ".csv"}}, "ada"))
            .value();
    };
    EXPECT_TRUE(tell("a", "1"));
    EXPECT_FALSE(tell("a", "1"));
    EXPECT_TRUE(tell("b", "2"));
    world_.run_for(minutes(20));
    EXPECT_THAT(told("load"), ElementsAre("a Succeeded", "b Succeeded"));
    std::vector<std::string> files_read;
    for (const auto& [id, made] : aws().runs()) files_read.push_back(text_at(made.parameters, "file"));
    EXPECT_THAT(files_read, ElementsAre("a.csv", "b.csv"));
}

}  // namespace
}  // namespace polysync::sim
