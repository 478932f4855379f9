#include "engine/contention.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace polysync::engine {
namespace {

using std::chrono::seconds;
const SystemTime start = parse_iso8601("2026-09-15T12:00:30Z").value();
const ObjectId etl{1}, ml{2};

TaskRun queued(int id, ObjectId platform = etl, int priority = 0, ObjectId task = ObjectId{10}) {
    TaskRun run;
    run.id = RunId{id};
    run.key.task = task;
    run.platform = platform;
    run.priority = priority;
    run.queued_at = start + Millis(id);
    return run;
}

ContentionProfile slots(int count) {
    ContentionProfile profile;
    profile.meta.name = QualifiedName("slots");
    profile.max_concurrent_tasks = count;
    return profile;
}

ContentionProfile rate(double limit, seconds window, RateAlgorithm algorithm = RateAlgorithm::token_bucket) {
    ContentionProfile profile;
    profile.meta.name = QualifiedName("rate");
    profile.type = ProfileType::rate_limit;
    profile.algorithm = algorithm;
    profile.limit = limit;
    profile.window = window;
    return profile;
}

struct Bench {
    DispatchState state;
    explicit Bench(std::vector<const ContentionProfile*> rules, int max_active = 1000) {
        state.tasks[ObjectId{10}] = {.max_active = max_active};
        state.tasks[ObjectId{11}] = {.max_active = max_active};
        state.platforms[etl];
        state.platforms[ml];
        for (const auto* rule : rules) {
            state.platforms[etl].profiles.push_back(state.profiles.size());
            state.profiles.push_back({.profile = ObjectId{100}, .platform = etl, .rule = rule});
        }
    }
    std::string plan(const std::vector<TaskRun>& runs, SystemTime now = start + seconds(1)) {  // c, h, r per
                                                                                               // run
        std::string out;
        for (const auto& verdict : plan_dispatch(runs, state, now)) out += "chr"[int(verdict.action)];
        return out;
    }
};

TEST(Contention, HigherPriorityFirstThenTheOlder) {  // TASK-7
    auto two = slots(2);
    Bench setup({&two});
    EXPECT_EQ(setup.plan({queued(1), queued(2, etl, 5), queued(3), queued(4, etl, 5)}), "hchc");
    Bench again({&two});
    EXPECT_EQ(again.plan({queued(3), queued(1), queued(2)}), "hcc");
}

TEST(Contention, SlotsAreHeldUntilTheEnd) {  // CON-1
    auto two = slots(2);
    Bench setup({&two});
    setup.state.profiles[0].in_flight = 1;
    EXPECT_EQ(setup.plan({queued(1), queued(2)}), "ch");
    EXPECT_EQ(setup.plan({queued(2)}), "h");
    EXPECT_EQ(setup.plan({queued(3, ml)}), "c");  // SAFE-4: another platform is not held up
}

TEST(Contention, ExceedActions) {  // CON-1
    auto rejecting = slots(1);
    rejecting.exceed_action = ExceedAction::reject;
    Bench reject({&rejecting});
    EXPECT_EQ(reject.plan({queued(1), queued(2)}), "cr");

    auto small = slots(1);
    small.queue_size_limit = 1;
    Bench sized({&small});
    EXPECT_EQ(sized.plan({queued(1), queued(2), queued(3)}), "chr");
    Bench urgent({&small});  // the end of the queue is what does not fit
    EXPECT_EQ(urgent.plan({queued(1), queued(2), queued(3, etl, 5), queued(4, etl, 5)}), "rrch");

    auto patient = slots(0);
    patient.queue_timeout = seconds(60);
    Bench timed({&patient});
    EXPECT_EQ(timed.plan({queued(1)}, start + seconds(59)), "h");
    EXPECT_EQ(timed.plan({queued(1)}, start + seconds(61)), "r");
}

TEST(Contention, SeveralProfilesCompose) {  // CON-3
    auto three = slots(3);
    auto two_a_minute = rate(2, seconds(60));
    Bench setup({&three, &two_a_minute});
    EXPECT_EQ(setup.plan({queued(1), queued(2), queued(3)}), "cch");
    EXPECT_EQ(setup.state.profiles[0].in_flight, 2);  // the run that the rate held back took no slot
    EXPECT_TRUE(setup.state.profiles[1].bucket_changed);
}

TEST(Contention, TokenBucketAllowsABurstThenItsRate) {  // CON-2
    auto rule = rate(6, seconds(60));
    Bench setup({&rule});
    std::vector<TaskRun> many;
    for (int i = 1; i <= 10; ++i) many.push_back(queued(i));
    EXPECT_EQ(setup.plan(many, start), "cccccchhhh");
    EXPECT_EQ(setup.plan({queued(11)}, start + seconds(9)), "h");
    EXPECT_EQ(setup.plan({queued(11), queued(12)}, start + seconds(10)), "ch");
}

TEST(Contention, LeakyBucketIsSmooth) {  // CON-2
    auto rule = rate(6, seconds(60), RateAlgorithm::leaky_bucket);
    Bench setup({&rule});
    EXPECT_EQ(setup.plan({queued(1), queued(2)}, start), "ch");
    auto verdict = plan_dispatch({queued(2)}, setup.state, start + seconds(3));
    EXPECT_EQ(verdict[0].not_before, start + seconds(10));
    EXPECT_EQ(setup.plan({queued(2), queued(3)}, start + seconds(10)), "ch");
}

TEST(Contention, DeferToNextWindow) {  // CON-2
    auto rule = rate(1, seconds(60));
    rule.exceed_action = ExceedAction::defer_to_next_window;
    Bench setup({&rule});
    auto verdicts = plan_dispatch({queued(1), queued(2)}, setup.state, start);
    EXPECT_EQ(verdicts[1].action, DispatchAction::hold);
    EXPECT_EQ(format_iso8601(*verdicts[1].not_before), "2026-09-15T12:01:00Z");
}

TEST(Contention, AWindowTakesItsLimitAndNoMore) {  // CON-2
    auto rule = rate(3, seconds(60));
    rule.exceed_action = ExceedAction::defer_to_next_window;
    Bench setup({&rule});
    EXPECT_EQ(setup.plan({queued(1), queued(2), queued(3), queued(4), queued(5)}, start), "ccchh");
    // A newcomer in the middle of the window does not overtake those who were deferred.
    EXPECT_EQ(setup.plan({queued(4), queued(5), queued(6)}, start + seconds(29)), "hhh");
    EXPECT_EQ(setup.plan({queued(4), queued(5), queued(6), queued(7)}, start + seconds(30)), "ccch");
    EXPECT_EQ(setup.plan({queued(7)}, start + seconds(60 * 100)), "c");
    EXPECT_DOUBLE_EQ(setup.state.profiles[0].bucket->tokens, 2);  // idle windows save up nothing
}

TEST(Contention, AClockThatGoesBackClosesNoBucket) {  // CON-2, CON-3
    auto rule = rate(1, seconds(60));
    Bench setup({&rule});
    EXPECT_EQ(setup.plan({queued(1)}, start + std::chrono::hours(5)), "c");
    setup.state.profiles[0].bucket_changed = false;
    EXPECT_EQ(setup.plan({queued(2)}, start), "h");
    EXPECT_TRUE(setup.state.profiles[0].bucket_changed);  // to be stored, or it would go on waiting for 5
                                                          // hours
    EXPECT_EQ(setup.plan({queued(2)}, start + seconds(59)), "h");
    EXPECT_EQ(setup.plan({queued(2)}, start + seconds(60)), "c");
}

TEST(Contention, NoLimitIsEverExceeded) {  // CON-3
    SeededRandom random(7);
    for (int round = 0; round < 200; ++round) {
        auto concurrency = slots(1 + int(random.next() % 5));
        auto rule = rate(1 + double(random.next() % 5), seconds(10));
        Bench setup({&concurrency, &rule}, 1 + int(random.next() % 4));
        auto now = start;
        std::vector<SystemTime> dispatched;
        for (int step = 0; step < 50; ++step) {
            now += Millis(random.next() % 3000);
            std::vector<TaskRun> runs;
            for (int i = 0; i < 6; ++i) runs.push_back(queued(i, etl, int(random.next() % 3)));
            auto verdicts = plan_dispatch(runs, setup.state, now);
            for (const auto& verdict : verdicts)
                if (verdict.action == DispatchAction::claim) dispatched.push_back(now);
            auto& use = setup.state.profiles[0];
            ASSERT_LE(use.in_flight, concurrency.max_concurrent_tasks);
            ASSERT_LE(setup.state.tasks[ObjectId{10}].in_flight, setup.state.tasks[ObjectId{10}].max_active);
            int ended = use.in_flight > 0 ? int(random.next() % std::uint64_t(use.in_flight + 1)) : 0;
            use.in_flight -= ended;
            setup.state.tasks[ObjectId{10}].in_flight -= ended;
        }
        for (std::size_t i = 0; i < dispatched.size(); ++i) {
            for (std::size_t j = i; j < dispatched.size(); ++j) {
                double span = double((dispatched[j] - dispatched[i]).count()) / 1000;
                ASSERT_LE(double(j - i + 1), rule.limit + span * rule.limit / 10 + 1e-9);
            }
        }
    }
}

TEST(Contention, PausesAndCapsHold) {  // TASK-7
    Bench setup({}, 1);
    EXPECT_EQ(setup.plan({queued(1), queued(2), queued(3, etl, 0, ObjectId{11})}), "chc");
    Bench paused({});
    paused.state.platforms[etl].paused = true;
    EXPECT_EQ(paused.plan({queued(1), queued(2, ml)}), "hc");
    paused.state.tasks[ObjectId{10}].paused = true;
    EXPECT_EQ(paused.plan({queued(2, ml), queued(3, ml, 0, ObjectId{11})}), "hc");
    paused.state.everything_paused = true;
    EXPECT_EQ(paused.plan({queued(2, ml)}), "h");
    auto early = queued(1, ml);
    early.not_before = start + seconds(100);
    Bench setup2({});
    EXPECT_EQ(setup2.plan({early}), "h");
}

}  // namespace
}  // namespace polysync::engine
