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
    // One behind, one ahead, by more than any lease.
    void set_clocks() {
        world_.jump(0, -minutes(10));
        world_.jump(1, minutes(10));
    }
    // The first wait of the kind from which on `now` holds is so long.
    void wait_once(const std::string& kind, Millis time, std::function<bool(int)> now) {
        world_.store_wait = [this, kind, time, now = std::move(now)](int node, std::string_view what) {
            if (waited_for_ >= 0 || what != kind || !now(node)) return Millis(0);
            waited_for_ = node;
            return time;
        };
    }
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

    // One more run of the task `many`, asked of the node.
    void run_many(int node) {
        runtime::RunOnceRequest request;
        request.task = QualifiedName("many");
        ASSERT_TRUE(world_.call(world_.operations(node).run_once(std::move(request), "ada"), node));
    }
    static Async<void> run_it(runtime::Operations& operations, runtime::RunOnceRequest request) {
        auto done = co_await operations.run_once(std::move(request), "ada");
        EXPECT_TRUE(done);
    }

    int waited_for_ = -1;  // the node that wait_once() has hit
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
        run_many(i % 2);
        if (i == 10) world_.pause(0, minutes(3));
    }
    world_.run_for(minutes(60));
    EXPECT_EQ(aws().most_at_once(), 3);
    for (const auto& one : runs("many")) EXPECT_EQ(one.state, RunState::succeeded);
}

TEST_F(NodeStory, WrongClocksTakeNothingOver) {  // CON-3, SAFE-1
    set_clocks();
    begin();
    until("2026-09-14T01:10:00Z");
    int first = owner();
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(owner(), first);
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(term_of("node-0"), 1);
    EXPECT_EQ(term_of("node-1"), 1);
    // And a lease that has run out is seen as soon as with right ones.
    until("2026-09-14T02:10:00Z");
    ASSERT_EQ(state("load", "2026-09-14T01:00Z"), "Running");
    int dead = run("load", "2026-09-14T01:00Z").node.at(5) - '0';
    world_.crash(dead);
    world_.run_for(seconds(40));
    EXPECT_EQ(run("load", "2026-09-14T01:00Z").node.at(5) - '0', other_than(dead));
    until("2026-09-14T02:35:00Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "Succeeded");
    EXPECT_THAT(started(), SizeIs(2));
}

TEST_F(NodeStory, WrongClocksFireAtTheStoresTime) {  // TASK-3
    set_clocks();
    begin();
    until("2026-09-14T00:59:59Z");
    EXPECT_EQ(state("load", key), "-");
    until("2026-09-14T01:00:01Z");
    EXPECT_EQ(state("load", key), "Starting");
    // Set in the moment before, either way, with no transaction in between.
    until("2026-09-14T01:59:58Z");
    world_.jump(0, minutes(20));
    world_.jump(1, -minutes(20));
    until("2026-09-14T01:59:59Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "-");
    until("2026-09-14T02:00:01Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "Starting");
    EXPECT_THAT(started(), SizeIs(2));
}

TEST_F(NodeStory, AClockThatIsSetTimesNothingOut) {  // TASK-7, SAFE-6
    task_named("load").execution_timeout = minutes(40);
    takes_["load 2026-09-14T01:00Z"] = minutes(50);
    set_clocks();
    begin();
    for (int minute = 1; minute < 30; ++minute) {
        until(fmt::format("2026-09-14T01:{:02}:00Z", minute));
        world_.jump(0, minute % 2 ? minutes(60) : -minutes(60));
        world_.jump(1, minute % 2 ? minutes(60) : -minutes(60));
    }
    until("2026-09-14T01:32:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_THAT(aws().cancelled(), SizeIs(0));
    until("2026-09-14T02:39:00Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "Running");
    until("2026-09-14T02:45:00Z");
    EXPECT_EQ(state("load", "2026-09-14T01:00Z"), "Failed");
    EXPECT_THAT(aws().cancelled(), SizeIs(1));
}

TEST_F(NodeStory, RatesGoByTheStoresClock) {  // CON-2, CON-3
    auto& rate = profile("rate", ProfileType::rate_limit);
    rate.limit = 3;
    rate.window = minutes(1);
    task("many", "none").max_active = 1000;
    takes_["many"] = seconds(10);
    set_clocks();
    begin();
    for (int i = 0; i < 20; ++i) {
        int node = i % 2;
        run_many(node);
        world_.jump(node, node ? minutes(7) : -minutes(7));
    }
    world_.run_for(minutes(12));
    EXPECT_THAT(runs("many"), SizeIs(20));
    std::vector<SystemTime> times;
    for (const auto& [id, made] : aws().runs())
        if (made.task == "many") times.push_back(made.started);
    ASSERT_THAT(times, SizeIs(20));
    for (std::size_t i = 0; i + 6 < times.size(); ++i)  // a full bucket, and what flows into it
        EXPECT_GE(times[i + 6] - times[i], minutes(1) - Millis(500));
}

TEST_F(NodeStory, AClaimThatIsAnsweredAfterItsLeaseSendsNothing) {  // SAFE-1
    auto is_claimed = [this](int) { return state("load", key) == "Submitting"; };
    wait_once("answer", seconds(90), is_claimed);
    begin();
    until("2026-09-14T01:05:00Z");
    ASSERT_GE(waited_for_, 0);
    EXPECT_EQ(owner(), other_than(waited_for_));
    EXPECT_THAT(started(), SizeIs(0));
    until("2026-09-14T01:20:00Z");
    EXPECT_THAT(started(), ElementsAre("load " + key));  // by the other one, once it was sure
    until("2026-09-14T01:58:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(attempts(run("load", key).id).front().called_at.has_value(), true);
    EXPECT_EQ(term_of(fmt::format("node-{}", waited_for_)), 2);
    EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(NodeStory, AnAnswerOfAwsThatIsWrittenAfterTheLeaseIsFoundByTheOthers) {  // SAFE-1, SAFE-2
    auto has_started = [this](int) { return aws().runs().size() == 1; };
    wait_once("lock", seconds(90), has_started);
    begin();
    until("2026-09-14T01:01:20Z");
    ASSERT_GE(waited_for_, 0);
    EXPECT_EQ(owner(), other_than(waited_for_));
    EXPECT_EQ(state("load", key), "Running");
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(owner(), other_than(waited_for_));
    EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(NodeStory, ABeatThatIsAnsweredLateCountsFromWhenItWasAsked) {  // SAFE-1
    // Node 0 beats, and hears of it when the others have long buried it.
    auto is_before_fire = [this](int node) {
        return node == 0 && world_.clock.now() >= parse_iso8601("2026-09-14T00:59:20Z").value();
    };
    wait_once("answer", seconds(90), is_before_fire);
    begin();
    until("2026-09-14T01:01:00Z");
    EXPECT_EQ(waited_for_, 0);
    EXPECT_EQ(owner(), 1);
    EXPECT_THAT(started(), SizeIs(1));
    until("2026-09-14T01:35:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(term_of("node-0"), 2);
    EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(NodeStory, TransactionsThatAreLostAreDoneAgainAndCountOnce) {  // SAFE-1, TASK-3, TASK-5
    task("child", "hour", {"load"});
    world_.store_wait = [](int, std::string_view what) { return Millis(what == "lost" ? 700 : 0); };
    begin();
    until("2026-09-14T02:50:00Z");
    EXPECT_THAT(started(), ElementsAre("load " + key, "child " + key, "load 2026-09-14T01:00Z",
                                       "child 2026-09-14T01:00Z"));
    for (const auto& name : {"load", "child"})
        for (const auto& one : runs(name)) EXPECT_EQ(one.state, RunState::succeeded);
}

TEST_F(NodeStory, AStoreThatIsSlowForAllStopsNoRun) {  // SAFE-1, SAFE-2
    // Each transaction takes as long as two beats: leases hold, and everything goes on, later.
    task("child", "hour", {"load"});
    world_.store_wait = [](int, std::string_view what) { return seconds(what == "answer" ? 8 : 0); };
    begin();
    until("2026-09-14T01:58:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(state("child", key), "Succeeded");
    EXPECT_EQ(term_of("node-0"), 1);
    EXPECT_EQ(term_of("node-1"), 1);
    EXPECT_THAT(started(), ElementsAre("load " + key, "child " + key));
}

// A virtual machine that is paused or moved: when it goes on, its clocks know nothing of it, neither does the
// lease.
TEST_F(NodeStory, AMachineThatStoodStillBeforeItSentSendsNothing) {  // SAFE-1
    int stalled = -1;
    world_.stall_point = [&](std::string_view where) -> Stall {
        if (where != "aws.start.before" || stalled >= 0) return {};
        stalled = owner();
        return {minutes(25), true};
    };
    begin();
    until("2026-09-14T01:20:00Z");
    ASSERT_GE(stalled, 0);
    EXPECT_THAT(started(), ElementsAre("load " + key));  // by the other one
    until("2026-09-14T01:58:00Z");
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(owner(), other_than(stalled));
    EXPECT_THAT(started(), SizeIs(1));
    EXPECT_EQ(term_of(fmt::format("node-{}", stalled)), 2);
}

// It signs with the old time, which AWS refuses. By then an answer of the store has set its clock right, so
// that the next signature is good; its lease is only looked at with the next beat.
TEST_F(NodeStory, AMachineThatStoodStillBeforeItSignedSendsNothing) {  // SAFE-1
    task("other", "none");
    int stalled = -1, sent = 0;
    world_.store_wait = [&](int node, std::string_view what) -> Millis {
        bool is_completed = what == "answer" && stalled < 0 && state("load", key) == "Submitting" &&
                            attempts(last_.id).back().intent.find("completed") != std::string::npos;
        if (!is_completed) return Millis(0);
        stalled = node;
        world_.pause(node, minutes(25), true);
        return seconds(1);
    };
    world_.stall_point = [&](std::string_view where) -> Stall {
        bool goes_on = stalled >= 0 && where == "aws.start.before" &&
                       world_.clock.now() >= parse_iso8601("2026-09-14T01:25:00Z").value();
        if (goes_on && ++sent == 1) {
            runtime::RunOnceRequest request;
            request.task = QualifiedName("other");
            world_.spawn(run_it(world_.operations(stalled), request), stalled);
        }
        return {};
    };
    begin_at("2026-09-14T00:30:02Z");  // no beat is due at the hour
    begin();
    until("2026-09-14T01:20:00Z");
    ASSERT_GE(stalled, 0);
    EXPECT_THAT(started(), ElementsAre("load " + key));
    until("2026-09-14T01:58:00Z");
    EXPECT_GE(sent, 1);
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_EQ(owner(), other_than(stalled));
    EXPECT_THAT(started(), ElementsAre("load " + key, "other"));
}

TEST_F(NodeStory, ATimeOutBeginsWithTheClaimNotWithTheWaitForIt) {  // TASK-7
    task_named("load").execution_timeout = minutes(5);
    takes_["load"] = minutes(4) + seconds(55);
    std::set<int> waited;  // each node once: one of them with its claim
    world_.store_wait = [&](int node, std::string_view what) -> Millis {
        bool waits = what == "lock" && state("load", key) == "Queued" && waited.insert(node).second;
        return seconds(waits ? 15 : 0);
    };
    begin_at("2026-09-14T00:30:02Z");
    begin();
    until("2026-09-14T01:07:00Z");
    EXPECT_EQ(run("load", key).submitted_at, parse_iso8601("2026-09-14T01:00:15Z").value());
    EXPECT_EQ(state("load", key), "Succeeded");
    EXPECT_THAT(aws().cancelled(), SizeIs(0));
}

}  // namespace
}  // namespace polysync::sim
