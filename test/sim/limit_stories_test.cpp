// Contention profiles and priorities, by the books of AWS (CON-1 to CON-3, TASK-7).
#include <fmt/format.h>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class LimitStory : public Story {
  protected:
    // A task on each of two platforms, of which any number may run at once.
    void two_platforms() {
        add_platform("other", PlatformType::aws_glue);
        task("here", "none").max_active = 1000;
        task("there", "none").max_active = 1000;
        put_on("there", "other");
    }
    int count(const std::string& name, RunState state) {
        int out = 0;
        for (const auto& run : runs(name)) out += run.state == state ? 1 : 0;
        return out;
    }
    // When AWS started runs, in seconds after `from`.
    std::vector<std::int64_t> starts_after(SystemTime from) {
        std::vector<std::int64_t> out;
        for (const auto& [id, run] : aws().runs())
            out.push_back(std::chrono::floor<seconds>(run.started - from).count());
        return out;
    }
};

TEST_F(LimitStory, AQueueThatIsFullRejectsTheNewest) {  // CON-1
    auto& slots = profile("slots", ProfileType::concurrency);
    slots.max_concurrent_tasks = 2;
    slots.queue_size_limit = 3;
    two_platforms();
    begin();
    for (int i = 0; i < 7; ++i) {
        run_once("here");
        world_.run_for(seconds(5));
    }
    world_.run_for(seconds(30));
    EXPECT_EQ(count("here", RunState::running), 2);
    EXPECT_EQ(count("here", RunState::queued), 3);
    auto all = runs("here");
    for (int newest : {5, 6}) {
        EXPECT_EQ(all[std::size_t(newest)].state, RunState::failed);
        EXPECT_EQ(all[std::size_t(newest)].code, "contention_rejected");
        EXPECT_THAT(all[std::size_t(newest)].message,
                    HasSubstr("3 runs wait already, as many as its queue takes"));
    }
    world_.run_for(minutes(30));
    EXPECT_EQ(count("here", RunState::succeeded), 5);
}

TEST_F(LimitStory, RejectLetsNothingWait) {  // CON-1
    profile("slots", ProfileType::concurrency).exceed_action = ExceedAction::reject;
    two_platforms();
    begin();
    run_once("here");
    world_.run_for(minutes(1));
    run_once("here");
    world_.run_for(minutes(1));
    EXPECT_EQ(runs("here")[1].state, RunState::failed);
    EXPECT_EQ(runs("here")[1].message, "contention profile slots: all 1 slots are taken");
}

TEST_F(LimitStory, AQueueTimeoutEndsTheRunFailedWithThatReason) {  // CON-1
    profile("slots", ProfileType::concurrency).queue_timeout = minutes(10);
    two_platforms();
    takes_["here"] = minutes(8);
    begin();
    for (int i = 0; i < 3; ++i) run_once("here");
    world_.run_for(minutes(9));
    EXPECT_EQ(count("here", RunState::failed), 0);
    world_.run_for(minutes(20));
    EXPECT_EQ(count("here", RunState::succeeded), 2);
    ASSERT_EQ(runs("here")[2].state, RunState::failed);
    EXPECT_EQ(runs("here")[2].message, "contention profile slots: no slot within 600 s");
    auto waited = *runs("here")[2].ended_at - runs("here")[2].queued_at;
    EXPECT_GE(waited, minutes(10));
    EXPECT_LE(waited, minutes(10) + seconds(5));
}

TEST_F(LimitStory, ATokenBucketLetsABurstThroughALeakyBucketDoesNot) {  // CON-2
    auto& rate = profile("rate", ProfileType::rate_limit);
    rate.limit = 6;
    rate.window = seconds(60);
    two_platforms();
    begin();
    auto from = world_.clock.now();
    for (int i = 0; i < 12; ++i) run_once("here");
    world_.run_for(minutes(5));
    auto burst = starts_after(from);
    ASSERT_THAT(burst, SizeIs(12));
    EXPECT_LE(burst[5], 5);  // six at once, then one each ten seconds
    for (std::size_t i = 6; i < 12; ++i) EXPECT_GE(burst[i], std::int64_t(i - 5) * 10 - 1) << i;
    EXPECT_LE(burst[11], 70);

    input_.profiles[0].profile.algorithm = RateAlgorithm::leaky_bucket;
    define();
    world_.run_for(minutes(5));
    from = world_.clock.now();
    for (int i = 0; i < 6; ++i) run_once("here");
    world_.run_for(minutes(5));
    auto smooth = starts_after(from);
    for (std::size_t i = 13; i < 18; ++i) EXPECT_GE(smooth[i] - smooth[i - 1], 9) << i;
}

TEST_F(LimitStory, DeferToNextWindowLetsEachWindowTakeItsLimit) {  // CON-2
    auto& rate = profile("rate", ProfileType::rate_limit);
    rate.limit = 4;
    rate.window = minutes(10);
    rate.exceed_action = ExceedAction::defer_to_next_window;
    two_platforms();
    begin_at("2026-09-14T00:33:00Z");
    begin();
    auto from = world_.clock.now();
    for (int i = 0; i < 10; ++i) run_once("here");
    world_.run_for(minutes(3));
    EXPECT_THAT(why("here"), HasSubstr("not before 2026-09-14T00:40:00Z"));
    world_.run_for(minutes(30));
    auto starts = starts_after(from);
    ASSERT_THAT(starts, SizeIs(10));
    EXPECT_LE(starts[3], 5);
    for (std::size_t i = 4; i < 8; ++i) EXPECT_EQ(starts[i] / 60, 7) << i;  // from 00:40 on
    for (std::size_t i = 8; i < 10; ++i) EXPECT_EQ(starts[i] / 60, 17) << i;
}

TEST_F(LimitStory, AGlobalScopeIsOneLimitForAllItsPlatforms) {  // CON-3
    auto& slots = profile("slots", ProfileType::concurrency);
    slots.max_concurrent_tasks = 3;
    slots.platforms.emplace_back("other");
    two_platforms();
    begin();
    auto ask_for = [this](int most) {
        for (int i = 0; i < most; ++i) {
            run_once("here");
            run_once("there");
        }
        world_.run_for(minutes(1));
    };
    ask_for(5);
    EXPECT_EQ(count("here", RunState::running), 3);  // by default each platform has the limit for itself
    EXPECT_EQ(count("there", RunState::running), 3);
    world_.run_for(hours(1));
    input_.profiles[0].profile.scope = ProfileScope::global;
    define();
    ask_for(5);
    EXPECT_EQ(count("here", RunState::running) + count("there", RunState::running), 3);
    world_.run_for(hours(1));
    EXPECT_EQ(count("here", RunState::succeeded), 10);
    EXPECT_EQ(count("there", RunState::succeeded), 10);
}

TEST_F(LimitStory, AChangedLimitHoldsAtTheNextClaim) {  // CON-3
    profile("slots", ProfileType::concurrency).max_concurrent_tasks = 1;
    two_platforms();
    begin();
    for (int i = 0; i < 8; ++i) run_once("here");
    world_.run_for(minutes(1));
    EXPECT_EQ(count("here", RunState::running), 1);
    input_.profiles[0].profile.max_concurrent_tasks = 4;
    define();
    world_.run_for(seconds(5));
    EXPECT_EQ(aws().most_at_once(), 4);
    input_.profiles[0].profile.max_concurrent_tasks = 2;
    define();
    world_.run_for(minutes(7));  // what runs goes on; two of the rest at a time
    EXPECT_EQ(count("here", RunState::running), 2);
    EXPECT_EQ(aws().most_at_once(), 4);
}

TEST_F(LimitStory, ARunNeedsASlotOfEachProfileAndTakesNoneWhileItWaits) {  // CON-3
    auto& wide = profile("wide", ProfileType::concurrency);
    wide.max_concurrent_tasks = 3;
    wide.scope = ProfileScope::global;
    wide.platforms.emplace_back("other");
    profile("narrow", ProfileType::concurrency);  // one, here
    two_platforms();
    begin();
    for (int i = 0; i < 3; ++i) run_once("here");
    world_.run_for(seconds(30));
    for (int i = 0; i < 3; ++i) run_once("there");
    world_.run_for(seconds(30));
    EXPECT_EQ(count("here", RunState::running), 1);
    EXPECT_EQ(count("there", RunState::running), 2);
    EXPECT_THAT(why("here"), HasSubstr("contention profile"));
}

TEST_F(LimitStory, MoreImportantRunsGoFirstThenOlderOnes) {  // TASK-7
    profile("slots", ProfileType::concurrency);
    task("load", "day").max_active = 100;
    begin();
    run_once("load", {.key = "2026-09-01"});
    world_.run_for(minutes(1));
    for (const auto& [key, priority] : std::initializer_list<std::pair<const char*, int>>{
             {"2026-09-02", 0}, {"2026-09-03", 5}, {"2026-09-04", 0}, {"2026-09-05", 5}}) {
        run_once("load", {.key = key, .priority = priority});
        world_.run_for(seconds(1));
    }
    world_.run_for(hours(1));
    EXPECT_THAT(started(), ElementsAre("load 2026-09-01", "load 2026-09-03", "load 2026-09-05",
                                       "load 2026-09-02", "load 2026-09-04"));
}

TEST_F(LimitStory, ASlowPlatformHoldsFewRunsSoThatMoreImportantOnesGoFirst) {  // TASK-7, SAFE-1
    task("bulk", "none").max_active = 1000;
    begin();
    aws().is_out = true;  // each call takes 20 s
    for (int i = 0; i < 100; ++i) run_once("bulk");
    world_.run_for(minutes(1));
    EXPECT_GT(count("bulk", RunState::submitting), 0);
    EXPECT_LE(count("bulk", RunState::submitting), 8);
}

}  // namespace
}  // namespace polysync::sim
