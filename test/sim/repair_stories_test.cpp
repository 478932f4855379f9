// What people do about runs that failed: rerun, mark, skip (TASK-4, TASK-5, TASK-9).
#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using runtime::RerunScope;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string sunday = "2026-09-13";

TEST_F(Story, ABranchASkipThatPropagatesAndTheRepair) {  // TASK-5, TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    task("clean", "day", {"load"});
    task("report", "day", {"clean"});
    task("alarm", "day", {"load"}).dependencies[0].on = {Outcome::failure};
    fails_ = {"load 2026-09-13"};
    begin();
    world_.run_for(hours(3));
    EXPECT_EQ(state("alarm", sunday), "Succeeded");
    EXPECT_EQ(state("clean", sunday), "Skipped");
    EXPECT_EQ(state("report", sunday), "Skipped");
    EXPECT_THAT(last_.message, HasSubstr("clean ended as skipped for 2026-09-13"));
    EXPECT_EQ(state("load", sunday), "Failed");
    fails_.clear();
    rerun(last_.id, RerunScope::downstream);
    world_.run_for(hours(1));
    EXPECT_EQ(state("load", sunday), "Succeeded");
    EXPECT_EQ(state("clean", sunday), "Succeeded");
    EXPECT_EQ(state("report", sunday), "Succeeded");
}

TEST_F(Story, ALostDayHoldsBackNoOtherAndMondayIsRerunOnWednesday) {  // TASK-5, TASK-9
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 3 * * *")};
    task("join", "day", {"orders", "customers"});
    fails_ = {"orders 2026-09-14"};
    begin();
    world_.run_for(hours(58));  // Wednesday morning
    EXPECT_THAT(told("join"),
                ElementsAre("2026-09-13 Succeeded", "2026-09-14 Skipped", "2026-09-15 Succeeded"));
    EXPECT_EQ(state("orders", "2026-09-14"), "Failed");
    fails_.clear();
    rerun(last_.id, RerunScope::downstream);
    world_.run_for(hours(1));
    EXPECT_EQ(state("join", "2026-09-14"), "Succeeded");
    EXPECT_EQ(state("join", "2026-09-15"), "Succeeded");
    EXPECT_EQ(last_.key.rerun, 0);  // Monday's token never stood for another day
}

TEST_F(Story, ARerunOfOneRunAloneTouchesNothingBehindIt) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"load"});
    begin();
    until("2026-09-14T03:00:00Z");
    auto again = rerun(run("load", sunday).id, RerunScope::only_this);
    world_.run_for(hours(1));
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(run("load", sunday).id, again[0]);
    EXPECT_EQ(last_.trigger, Trigger::rerun);
    EXPECT_EQ(last_.key.rerun, 1);
    EXPECT_THAT(told("report"), ElementsAre("2026-09-13 Succeeded"));
}

TEST_F(Story, ARerunTakesTodaysDefinitionAndTheValuesThatTheRunWasGiven) {  // TASK-9, spec 10
    auto& load = task("load", "day");
    load.values["source"] = "s3://old";
    load.values["rows"] = "10";
    begin();
    auto id = run_once("load", {.values = {{"rows", "99"}}, .key = sunday});
    world_.run_for(hours(1));
    task_named("load").values["source"] = "s3://new";
    define();
    rerun(id, RerunScope::only_this);
    world_.run_for(hours(1));
    ASSERT_THAT(aws().runs(), SizeIs(2));
    EXPECT_EQ(text_at(aws().runs().begin()->second.parameters, "source"), "s3://old");
    EXPECT_EQ(text_at(aws().runs().rbegin()->second.parameters, "source"), "s3://new");
    EXPECT_EQ(text_at(aws().runs().rbegin()->second.parameters, "rows"), "99");
}

TEST_F(Story, ARerunLeavesChildrenThatSucceededAloneUnlessAsked) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    task("good", "day", {"load"});
    task("bad", "day", {"load"});
    task("behind-good", "day", {"good"});
    fails_ = {"bad 2026-09-13", "behind-good 2026-09-13"};
    begin();
    until("2026-09-14T03:00:00Z");
    fails_.clear();
    rerun(run("load", sunday).id, RerunScope::downstream);
    world_.run_for(hours(1));
    EXPECT_THAT(told("load"), SizeIs(2));
    EXPECT_THAT(told("good"), ElementsAre("2026-09-13 Succeeded"));
    EXPECT_THAT(told("bad"), ElementsAre("2026-09-13 Failed", "2026-09-13 Succeeded"));
    // What failed behind one that is left alone is repaired too.
    EXPECT_THAT(told("behind-good"), ElementsAre("2026-09-13 Failed", "2026-09-13 Succeeded"));
    rerun(run("load", sunday).id, RerunScope::downstream, true);
    world_.run_for(hours(1));
    for (const char* name : {"load", "good", "bad", "behind-good"})
        EXPECT_EQ(run(name, sunday).created_at > parse_iso8601("2026-09-14T03:30:00Z").value(), true) << name;
}

TEST_F(Story, TheFailedPartOfAChainIsRerunInOrderAndNothingElse) {  // TASK-4, TASK-9
    task("a", "day").schedules = {at("0 2 * * *")};
    task("b", "day", {"a"});
    task("c", "day", {"b"});
    task("d", "day", {"c"});
    task("other", "day", {"a"});
    fails_ = {"b 2026-09-13", "other 2026-09-13"};
    begin();
    until("2026-09-14T04:00:00Z");
    EXPECT_EQ(state("d", sunday), "Skipped");
    fails_.clear();
    auto before = started().size();
    rerun(last_.id, RerunScope::failed_of_chain);
    world_.run_for(hours(1));
    auto all = started();
    all.erase(all.begin(), all.begin() + std::ptrdiff_t(before));
    EXPECT_THAT(all, testing::UnorderedElementsAre("b 2026-09-13", "other 2026-09-13", "c 2026-09-13",
                                                   "d 2026-09-13"));
    for (const char* name : {"a", "b", "c", "d", "other"})
        EXPECT_EQ(state(name, sunday), "Succeeded") << name;
    runtime::RerunRequest again{.run = last_.id, .scope = RerunScope::failed_of_chain};
    auto refused = world_.call(world_.operations().rerun(again, "ada"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "nothing_failed");
}

TEST_F(Story, MarkedAsSucceededWithOutputsARunFeedsItsChildren) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    auto& report = task("report", "day", {"load"});
    report.values["path"] = "${parents.load.outputs.path}";
    report.dependencies[0].when = Condition{"rows", Comparison::greater, 0};
    fails_ = {"load 2026-09-13"};
    begin();
    until("2026-09-14T03:00:00Z");
    EXPECT_EQ(state("report", sunday), "Skipped");
    boost::json::object outputs{{"path", "s3://by-hand"}, {"rows", 12}};
    ASSERT_TRUE(world_.call(world_.operations().mark_succeeded(run("load", sunday).id, outputs, "ada")));
    world_.run_for(hours(1));
    EXPECT_EQ(state("load", sunday), "Succeeded");
    EXPECT_EQ(last_.message, "marked as succeeded by ada");
    EXPECT_EQ(state("report", sunday), "Succeeded");
    EXPECT_EQ(text_at(aws().runs().rbegin()->second.parameters, "path"), "s3://by-hand");
    bool audited = false;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto entries, transaction.audit({}));
        for (const auto& entry : entries) audited |= entry.action == "mark_succeeded" && entry.actor == "ada";
        return success();
    });
    EXPECT_TRUE(audited);
}

TEST_F(Story, ASkipByHandPropagatesWithItsReason) {  // TASK-9
    profile("slots", ProfileType::concurrency);
    task("hog", "none");
    task("load", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"load"});
    task("always", "day", {"load"}).dependencies[0].on = {Outcome::success, Outcome::skipped};
    takes_["hog"] = hours(3);
    begin();
    run_once("hog");
    until("2026-09-14T02:30:00Z");
    ASSERT_TRUE(world_.call(world_.operations().skip(run("load", sunday).id, "holiday", "ada")));
    until("2026-09-14T05:00:00Z");
    EXPECT_EQ(state("load", sunday), "Skipped");
    EXPECT_EQ(last_.message, "skipped by ada: holiday");
    EXPECT_EQ(state("report", sunday), "Skipped");
    EXPECT_THAT(last_.message, HasSubstr("load ended as skipped"));
    EXPECT_EQ(state("always", sunday), "Succeeded");
    EXPECT_THAT(started(), ElementsAre("hog", "always 2026-09-13"));
}

TEST_F(Story, AKeyWhoseRerunIsUnderWayIsNotRerunBesideIt) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    fails_ = {"load 2026-09-13"};
    begin();
    until("2026-09-14T03:00:00Z");
    auto first = run("load", sunday).id;
    auto again = rerun(first, RerunScope::downstream);
    runtime::RerunRequest request{.run = first, .scope = RerunScope::downstream};
    auto refused = world_.call(world_.operations().rerun(request, "bob"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "still_active");
    world_.run_for(minutes(30));
    EXPECT_THAT(told("load"), SizeIs(2));
}

TEST_F(Story, TwoParentsRepairedAtOnceRunTheirChildOnceAfterBoth) {  // TASK-5, TASK-9
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 2 * * *")};
    task("join", "day", {"orders", "customers"});
    task("report", "day", {"join"});
    fails_ = {"orders 2026-09-13", "customers 2026-09-13"};
    begin();
    until("2026-09-14T03:00:00Z");
    EXPECT_EQ(state("join", sunday), "Skipped");
    fails_.clear();
    takes_["customers"] = minutes(40);
    for (const char* name : {"orders", "customers"}) rerun(run(name, sunday).id, RerunScope::downstream);
    until("2026-09-14T03:30:00Z");
    EXPECT_EQ(state("orders", sunday), "Succeeded");
    EXPECT_EQ(state("join", sunday), "Skipped");  // waits for the other repair
    until("2026-09-14T04:30:00Z");
    EXPECT_THAT(told("join"), ElementsAre("2026-09-13 Skipped", "2026-09-13 Succeeded"));
    EXPECT_EQ(state("report", sunday), "Succeeded");
    EXPECT_THAT(waiting_keys("join"), IsEmpty());
}

TEST_F(Story, ALateParentMeetsARerunOfTheSameKey) {  // TASK-5, TASK-9
    task("orders", "day").schedules = {at("0 2 * * *")};
    task("customers", "day").schedules = {at("0 2 * * *")};
    task("join", "day", {"orders", "customers"});
    takes_["customers 2026-09-13"] = minutes(60);
    begin();
    until("2026-09-14T02:30:00Z");
    rerun(run("orders", sunday).id, RerunScope::downstream);  // while its sibling is still under way
    until("2026-09-14T05:00:00Z");
    EXPECT_THAT(told("join"), ElementsAre("2026-09-13 Succeeded"));
    EXPECT_THAT(waiting_keys("join"), IsEmpty());
}

TEST_F(Story, ARepairGoesOnBehindARunThatWasMadeAnewOnItsOwn) {  // TASK-5, TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    task("left", "day", {"load"});
    task("right", "day", {"load"});
    task("join", "day", {"left", "right"});
    fails_ = {"load 2026-09-13"};
    begin();
    until("2026-09-14T02:30:00Z");
    ASSERT_EQ(state("join", sunday), "Skipped");
    takes_["right"] = hours(1);
    rerun(run("right", sunday).id, RerunScope::only_this);
    until("2026-09-14T02:31:00Z");
    ASSERT_TRUE(world_.call(world_.operations().mark_succeeded(run("load", sunday).id, {}, "ada")));
    until("2026-09-14T03:00:00Z");
    EXPECT_EQ(state("left", sunday), "Succeeded");
    EXPECT_EQ(state("join", sunday), "Skipped");  // right is still under way
    until("2026-09-14T04:00:00Z");
    EXPECT_EQ(state("right", sunday), "Succeeded");
    EXPECT_EQ(state("join", sunday), "Succeeded");
    EXPECT_THAT(waiting_keys("join"), IsEmpty());
}

TEST_F(Story, ARepairBesideTheDaysThatGoOn) {  // TASK-9
    task("load", "day").schedules = {at("0 2 * * *")};
    task("report", "day", {"load"});
    fails_ = {"load 2026-09-13"};
    takes_["load 2026-09-13"] = hours(23);  // until 01:00, and its rerun into the next day's
    begin();
    until("2026-09-15T01:30:00Z");
    fails_.clear();
    rerun(run("load", sunday).id, RerunScope::downstream);
    until("2026-09-15T01:40:00Z");
    takes_.clear();
    until("2026-09-15T04:00:00Z");
    EXPECT_EQ(state("load", "2026-09-14"), "Queued");  // one at a time, the rerun first
    until("2026-09-16T04:00:00Z");
    EXPECT_EQ(state("report", sunday), "Succeeded");
    EXPECT_EQ(state("report", "2026-09-14"), "Succeeded");
    EXPECT_EQ(aws().most_at_once("load"), 1);
}

TEST_F(Story, AChainIsCancelledAsOneAndItsFailedPartRunsAgain) {  // TASK-4, TASK-9
    task("a", "day").schedules = {at("0 2 * * *")};
    task("left", "day", {"a"});
    task("right", "day", {"a"});
    task("end", "day", {"left", "right"});
    takes_["left"] = takes_["right"] = hours(5);
    begin();
    until("2026-09-14T03:00:00Z");
    auto cancelled = world_.call(world_.operations().cancel_chain(run("a", sunday).id, "ada"));
    ASSERT_TRUE(cancelled);
    EXPECT_THAT(cancelled.value().runs, SizeIs(2));
    until("2026-09-14T04:00:00Z");
    EXPECT_EQ(state("left", sunday), "Cancelled");
    EXPECT_EQ(state("right", sunday), "Cancelled");
    EXPECT_EQ(state("end", sunday), "Skipped");
    takes_.clear();
    rerun(last_.id, RerunScope::failed_of_chain);
    until("2026-09-14T05:00:00Z");
    EXPECT_THAT(told("a"), SizeIs(1));
    EXPECT_EQ(state("end", sunday), "Succeeded");
}

}  // namespace
}  // namespace polysync::sim
