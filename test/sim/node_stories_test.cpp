// Several nodes on one store: any of them may die, stand still or lose the store, and each run is started
// once and followed to its end (SAFE-1, SAFE-2, CON-3).
#include <fmt/format.h>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

const std::string key = "2026-09-14T00:00Z";

class NodeStory : public Story {
  protected:
    NodeStory() : Story(2) {
        world_.pace.definitions = minutes(5);
        task("load", "hour").schedules = {at("0 * * * *")};
        takes_["load"] = minutes(30);
    }
    // The node that follows the newest run of the key.
    int owner() { return run("load", key).node.at(5) - '0'; }
    static int other_than(int node) { return 1 - node; }
    std::int64_t term_of(const std::string& node) {
        std::int64_t term = 0;
        world_.in_store([&](store::Transaction& transaction) -> Status {
            POLYSYNC_TRY(auto nodes, transaction.nodes());
            for (const auto& lease : nodes)
                if (lease.node == node) term = lease.term;
            return success();
        });
        return term;
    }
};

TEST_F(NodeStory, ARunOutlivesItsNode) {
    begin();
    until("2026-09-14T01:10:00Z");
    ASSERT_EQ(state("load", key), "Running");
    int dead = owner();
    world_.crash(dead);
    until("2026-09-14T01:12:00Z");
    EXPECT_EQ(owner(), other_than(dead));
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    until("2026-09-14T04:10:00Z");  // and the one that is left goes on
    EXPECT_THAT(started(), ElementsAre("load " + key, "load 2026-09-14T01:00Z", "load 2026-09-14T02:00Z",
                                       "load 2026-09-14T03:00Z"));
}

TEST_F(NodeStory, ANodeThatStopsInGoodOrderHandsItsRunsOverAtOnce) {
    begin();
    until("2026-09-14T01:10:00Z");
    int first = owner();
    world_.stop(first);
    world_.run_for(seconds(11));  // two beats
    EXPECT_EQ(owner(), other_than(first));
    EXPECT_EQ(state("load", key), "Running");
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(NodeStory, ANodeThatStoodStillBeforeItSentSendsNothing) {
    // Claimed and signed; then nothing moves until long after the others have taken over and looked.
    int stalled = -1;
    world_.stall_point = [&](std::string_view where) -> Millis {
        if (where != "aws.start.before" || stalled >= 0) return Millis(0);
        stalled = owner();
        return minutes(25);
    };
    begin();
    until("2026-09-14T01:20:00Z");
    ASSERT_GE(stalled, 0);
    EXPECT_THAT(started(), ElementsAre("load " + key));  // by the other one, once it was sure
    EXPECT_EQ(owner(), other_than(stalled));
    until("2026-09-14T01:58:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_THAT(started(), SizeIs(1));
    // It has found out, and works under a new lease.
    EXPECT_EQ(term_of(fmt::format("node-{}", stalled)), 2);
    world_.crash(other_than(stalled));
    until("2026-09-14T02:40:00Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "Succeeded");
    EXPECT_THAT(started(), SizeIs(2));
}

TEST_F(NodeStory, ANodeThatStandsStillForLessThanALeaseKeepsItsRuns) {
    begin();
    until("2026-09-14T01:10:00Z");
    int node = owner();
    world_.pause(node, seconds(20));
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(owner(), node);
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(term_of(fmt::format("node-{}", node)), 1);
}

TEST_F(NodeStory, ANodeThatCannotReachTheStoreIsReplaced) {
    begin();
    until("2026-09-14T00:50:00Z");
    world_.cut_off(0, minutes(60));
    until("2026-09-14T01:40:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(owner(), 1);
    until("2026-09-14T01:55:00Z");
    EXPECT_EQ(term_of("node-0"), 2);
    EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(NodeStory, ACancelAskedOfOneNodeIsCarriedOutByTheOther) {  // TASK-7
    begin();
    until("2026-09-14T01:10:00Z");
    auto id = run("load", key).id;
    int asked = other_than(owner());
    ASSERT_TRUE(world_.call(world_.operations(asked).cancel(id, "ada"), asked));
    world_.run_for(minutes(1));
    EXPECT_EQ(state("load", key), "Cancelled");
    EXPECT_THAT(aws().cancelled(), SizeIs(1));
}

TEST_F(NodeStory, DefinitionsOfOneNodeAreThoseOfAll) {
    begin();
    until("2026-09-14T00:59:59Z");
    auto& child = task("child", "hour", {"load"});
    child.max_active = 1;
    takes_["load"] = seconds(10);
    define();  // node 0 hears of it; node 1 would look in minutes
    world_.crash(0);
    until("2026-09-14T01:20:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(state("child", key), "Succeeded");
}

TEST_F(NodeStory, LimitsHoldAcrossNodes) {  // CON-3
    profile("slots", ProfileType::concurrency).max_concurrent_tasks = 3;
    task("many", "none").max_active = 1000;
    takes_["many"] = minutes(4);
    begin();
    for (int i = 0; i < 20; ++i) {
        runtime::RunOnceRequest request;
        request.task = QualifiedName("many");
        int node = i % 2;
        ASSERT_TRUE(world_.call(world_.operations(node).run_once(request, "ada"), node));
        if (i == 10) world_.pause(0, minutes(3));
    }
    world_.run_for(minutes(60));
    EXPECT_EQ(aws().most_at_once(), 3);
    for (const auto& one : runs("many")) EXPECT_EQ(one.state, RunState::succeeded);
}

}  // namespace
}  // namespace polysync::sim
