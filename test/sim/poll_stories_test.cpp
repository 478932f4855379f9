// When AWS is asked about runs in flight, as one who follows them sees it (PERF-11, TASK-7).
#include <map>

#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class PollStory : public Story {
  protected:
    // From now on counts questions, and the runs that each is about.
    void listen(const std::string& platform = "etl") {
        asked_.clear();
        aws(platform).on_statuses = [this](const std::vector<RunReference>& runs) {
            asked_.emplace_back(world_.clock.steady_now(), runs);
            return Millis(0);
        };
    }
    std::size_t asked() const { return asked_.size(); }
    // The longest time between two questions about the newest run, from the first on until now.
    Millis longest_silence() {
        Millis longest{0};
        for (std::size_t i = 1; i < asked_.size(); ++i)
            longest = std::max(longest, std::chrono::ceil<Millis>(asked_[i].first - asked_[i - 1].first));
        return longest;
    }
    std::size_t calls_by_id() const {
        std::size_t calls = 0;
        for (const auto& [at, runs] : asked_) calls += (runs.size() + 99) / 100;
        return calls;
    }
    // The calls of a service that lists by job.
    std::size_t calls_by_job() const {
        std::size_t calls = 0;
        for (const auto& [at, runs] : asked_) {
            std::map<std::string, std::size_t> jobs;
            for (const auto& run : runs) ++jobs[run.external_id];
            calls += jobs.size();
        }
        return calls;
    }
    void run_three_times(const std::string& name) {
        for (int i = 0; i < 3; ++i) {
            run_once(name);
            world_.run_for(takes_[name] + minutes(2));
        }
    }

    std::vector<std::pair<SteadyTime, std::vector<RunReference>>> asked_;
};

TEST_F(PollStory, ARunOfThreeHoursIsNotAskedAboutEveryHalfMinuteButOneAboutToEndIs) {  // PERF-11
    task("load", "none");
    takes_["load"] = hours(3);
    begin();
    listen();
    run_once("load");
    world_.run_for(hours(3) + minutes(2));
    auto first = asked();
    EXPECT_GT(first, 360u) << "nothing is known yet";
    EXPECT_LE(longest_silence(), seconds(31));
    run_three_times("load");
    listen();
    run_once("load");
    world_.run_for(minutes(144));
    EXPECT_LT(asked(), 60u) << "a tenth of what the freshness alone would take";
    EXPECT_LE(longest_silence(), minutes(5) + seconds(1));
    listen();
    world_.run_for(minutes(35));
    EXPECT_LE(longest_silence(), seconds(31));
    world_.run_for(minutes(3));
    auto last = runs("load").back();
    EXPECT_EQ(last.state, RunState::succeeded);
}

TEST_F(PollStory, HistoryIsKnownAfterARestart) {  // PERF-11
    task("load", "none");
    takes_["load"] = hours(1);
    begin();
    run_three_times("load");
    world_.crash();
    world_.start();
    run_once("load");
    world_.run_for(minutes(2));
    listen();
    world_.run_for(minutes(40));
    EXPECT_LE(asked(), 9u);
    // What has become of it while the server was down is asked at once.
    world_.crash();
    world_.run_for(minutes(30));
    listen();
    world_.start();
    world_.run_for(seconds(5));
    EXPECT_GE(asked(), 1u);
    EXPECT_EQ(runs("load").back().state, RunState::succeeded);
}

TEST_F(PollStory, AFailureFarFromTheEndIsSeenWithinTheEarlyFreshness) {  // PERF-11
    task("load", "none");
    task("strict", "none").early_freshness = seconds(30);
    takes_["load"] = takes_["strict"] = hours(3);
    begin();
    for (int i = 0; i < 3; ++i) {
        run_once("load");
        run_once("strict");
        world_.run_for(hours(3) + minutes(2));
    }
    auto ends = minutes(61);
    script_ = [&](FakeRun& run) {
        run.ends = run.started + ends;
        run.end = PipelineRunStatus::failed;
    };
    run_once("load");
    run_once("strict");
    world_.run_for(ends + seconds(35));
    EXPECT_EQ(runs("strict").back().state, RunState::failed);
    EXPECT_EQ(runs("load").back().state, RunState::running);
    world_.run_for(minutes(5));
    EXPECT_EQ(runs("load").back().state, RunState::failed);
}

TEST_F(PollStory, CancelsAndTimeoutsDoNotWaitForTheExpectedEnd) {  // TASK-7
    auto& load = task("load", "none");
    load.execution_timeout = hours(4);
    takes_["load"] = hours(3);
    begin();
    run_three_times("load");
    takes_["load"] = hours(9);
    auto id = run_once("load");
    world_.run_for(minutes(30));
    ASSERT_TRUE(world_.call(world_.operations().cancel(id, "ada")));
    world_.run_for(seconds(15));
    EXPECT_EQ(runs("load").back().state, RunState::cancelled);
    run_once("load");
    world_.run_for(hours(4) + minutes(1));
    EXPECT_EQ(runs("load").back().state, RunState::failed);
    EXPECT_THAT(runs("load").back().message, testing::HasSubstr("execution timeout"));
}

TEST_F(PollStory, RunsOfOneJobComeToBeLookedAtTogether) {  // PERF-11
    task("load", "none").max_active = 100;
    takes_["load"] = hours(2);
    begin();
    for (int i = 0; i < 50; ++i) {
        run_once("load");
        world_.run_for(seconds(7));
    }
    world_.run_for(minutes(10));
    listen();
    world_.run_for(minutes(10));
    EXPECT_LE(calls_by_job(), 21u) << "one list each half minute";
    EXPECT_LE(longest_silence(), seconds(31));
    std::map<std::string, int> looks;
    for (const auto& [at, runs] : asked_)
        for (const auto& run : runs) ++looks[run.run_id];
    EXPECT_EQ(looks.size(), 50u);
    for (const auto& [id, count] : looks) EXPECT_GE(count, 19) << id;
}

TEST_F(PollStory, BatchCallsAreFilledWithWhatIsDueNext) {  // PERF-4, PERF-11
    add_platform("containers", PlatformType::aws_batch);
    for (int i = 0; i < 5; ++i) {
        auto name = "step" + std::to_string(i);
        task(name, "none").max_active = 100;
        put_on(name, "containers");
        takes_[name] = hours(2);
    }
    begin();
    for (int i = 0; i < 150; ++i) {
        run_once("step" + std::to_string(i % 5));
        world_.run_for(seconds(1));
    }
    world_.run_for(minutes(10));
    listen("containers");
    world_.run_for(minutes(10));
    EXPECT_LE(calls_by_id(), 42u) << "two calls for 150 jobs, each half minute";
}

// PERF-9, PERF-11: many young runs do not take the rate limit from what is promised.
TEST_F(PollStory, YoungRunsAreLookedAtTogetherAndTheSeldomerTheMoreJobsTheyAreOf) {
    for (int i = 0; i < 20; ++i) {
        auto name = "job" + std::to_string(i);
        task(name, "none").max_active = 100;
        takes_[name] = minutes(10);
    }
    task("quick", "none");
    begin();
    listen();
    for (int i = 0; i < 1000; ++i) {
        run_once("job" + std::to_string(i % 20));
        world_.run_for(Millis(200));
    }
    world_.run_for(minutes(12));
    for (int i = 0; i < 20; ++i)
        for (const auto& run : runs("job" + std::to_string(i))) EXPECT_EQ(run.state, RunState::succeeded);
    EXPECT_LE(calls_by_job(), 1000u) << "a twentieth of one call each half minute of each run";
    // One alone is seen to end at once.
    takes_["quick"] = seconds(8);
    run_once("quick");
    world_.run_for(seconds(12));
    EXPECT_EQ(runs("quick").back().state, RunState::succeeded);
}

// SAFE-4, PERF-9: calls that wait for one operation's rate limit leave those of others alone.
TEST_F(PollStory, ASweepThatTakesLongHoldsUpNoOther) {
    task("slow", "none").max_active = 10;
    task("quick", "none").max_active = 10;
    takes_["slow"] = minutes(30);
    takes_["quick"] = seconds(8);
    begin();
    bool is_under_way = false;
    aws().on_statuses = [&](const std::vector<RunReference>& runs) {
        bool is_slow = std::any_of(runs.begin(), runs.end(),
                                   [](const RunReference& run) { return run.external_id == "slow"; });
        is_under_way = is_under_way || is_slow;
        return is_slow ? Millis(minutes(1)) : Millis(0);
    };
    run_once("slow");
    run_once("slow");
    world_.run_for(minutes(5));
    for (int i = 0; i < 5; ++i) {
        is_under_way = false;
        ASSERT_TRUE(world_.run_until([&] { return is_under_way; }, minutes(3)));
        run_once("quick");
        world_.run_for(seconds(14));
        EXPECT_EQ(runs("quick").back().state, RunState::succeeded) << i;
    }
    world_.run_for(minutes(30));
    EXPECT_EQ(runs("slow").back().state, RunState::succeeded);
}

// PERF-9: lists and calls for single runs have rate limits of their own, and neither waits for the other's.
TEST_F(PollStory, ListsAndCallsForSingleRunsDoNotWaitForOneAnother) {
    task("many", "none").max_active = 100;
    task("alone", "none");
    takes_["many"] = minutes(20);
    takes_["alone"] = hours(8);
    begin();
    for (int i = 0; i < 30; ++i) run_once("many");
    world_.run_for(minutes(1));
    takes_["many"] = hours(8);
    for (int i = 0; i < 30; ++i) run_once("many");
    run_once("alone");
    world_.run_for(minutes(18));
    // What a list has left is asked for by itself, and takes its time.
    std::vector<SteadyTime> lists, looks_at_alone;
    auto slow = AskBy::itself;
    aws().on_statuses = [&](const std::vector<RunReference>& runs) {
        if (runs.front().by == AskBy::list) lists.push_back(world_.clock.steady_now());
        if (runs.front().external_id == "alone") looks_at_alone.push_back(world_.clock.steady_now());
        return runs.front().by == slow ? Millis(minutes(2)) : Millis(0);
    };
    world_.run_for(minutes(10));
    EXPECT_GE(lists.size(), 19u);
    auto all = runs("many");
    EXPECT_EQ(std::count_if(all.begin(), all.end(),
                            [](const TaskRun& run) { return run.state == RunState::succeeded; }),
              30);
    slow = AskBy::list;
    world_.run_for(minutes(5));  // what is under way has come back
    looks_at_alone.clear();
    world_.run_for(minutes(10));
    EXPECT_GE(looks_at_alone.size(), 19u);
}

// TASK-7: a cancel is looked after while the list that its run is on is still being read.
TEST_F(PollStory, ACancelDoesNotWaitForTheListOfItsJob) {
    task("load", "none").max_active = 10;
    takes_["load"] = hours(2);
    begin();
    auto id = run_once("load");
    for (int i = 0; i < 4; ++i) run_once("load");
    world_.run_for(minutes(20));
    aws().on_statuses = [](const std::vector<RunReference>& runs) {
        return runs.size() > 1 ? Millis(minutes(3)) : Millis(0);
    };
    world_.run_for(minutes(1));  // in the middle of a list
    ASSERT_TRUE(world_.call(world_.operations().cancel(id, "ada")));
    world_.run_for(seconds(20));
    auto all = runs("load");
    EXPECT_EQ(std::count_if(all.begin(), all.end(),
                            [](const TaskRun& run) { return run.state == RunState::cancelled; }),
              1);
}

TEST_F(PollStory, ThePlanIsShown) {  // PERF-11
    task("load", "none").max_active = 100;
    task("other", "none");
    takes_["load"] = takes_["other"] = hours(2);
    begin();
    auto platform = input_.platforms[0].id;
    EXPECT_EQ(world_.runtime().polls(platform).followed, 0u);
    EXPECT_FALSE(world_.runtime().polls(platform).next_in);
    for (int i = 0; i < 30; ++i) run_once("load");
    run_once("other");
    world_.run_for(minutes(10));
    auto polls = world_.runtime().polls(platform);
    EXPECT_EQ(polls.followed, 31u);
    EXPECT_EQ(polls.jobs, 2u);
    EXPECT_EQ(polls.early, 0u);
    ASSERT_TRUE(polls.staleness);
    EXPECT_LE(*polls.staleness, seconds(31));
    EXPECT_LE(polls.late, Millis(0));
    EXPECT_LE(polls.due_in_10_s, polls.due_in_1_min);
    EXPECT_EQ(polls.due_in_1_min, 31u);
    EXPECT_EQ(polls.due_in_5_min, 31u);
    ASSERT_TRUE(polls.next_in);
    EXPECT_LE(*polls.next_in, seconds(30));
    ASSERT_FALSE(polls.next.empty());
    for (const auto& call : polls.next) {
        bool is_load = call.runs + call.riding == 30;
        EXPECT_EQ(call.operation, is_load ? "GetJobRuns" : "GetJobRun") << call.runs << " " << call.riding;
        EXPECT_EQ(call.calls, 1u);
    }
    EXPECT_GT(polls.sweeps, 20u);
    EXPECT_GT(polls.statuses, polls.calls * 5);
    aws().status_error = make_error(ErrorKind::access_denied, "AccessDeniedException", "no glue:GetJobRuns");
    world_.run_for(minutes(3));
    polls = world_.runtime().polls(platform);
    EXPECT_THAT(polls.error, testing::HasSubstr("no glue:GetJobRuns"));
    EXPECT_GT(*polls.staleness, minutes(2));
}

}  // namespace
}  // namespace polysync::sim
