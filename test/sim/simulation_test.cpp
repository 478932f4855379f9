// The runtime under crashes, lost answers, throttling and people, in virtual time (SAFE-1 to SAFE-6, TASK-3,
// TASK-5 to TASK-10, CON-1 to CON-3). A failing seed is printed with the command that replays it.
#include "test/sim/simulation.h"

#include <cstdlib>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "engine/run_machine.h"
#include "store/postgres/postgres_store.h"
#include "test/support/postgres_server.h"

namespace polysync::sim {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void add(std::map<std::string, int>& sum, const std::map<std::string, int>& more) {
    for (const auto& [name, count] : more) sum[name] += count;
}

std::string table(const char* title, const std::map<std::string, int>& counts) {
    std::string out = fmt::format("{}:\n", title);
    for (const auto& [name, count] : counts) out += fmt::format("  {:>8}  {}\n", count, name);
    return out;
}

// POLYSYNC_SIM_SEED=n replays one; POLYSYNC_SIM_FIRST and POLYSYNC_SIM_SEEDS choose a range.
TEST(Simulation, InvariantsHoldWhateverCrashes) {
    log::set_level(std::getenv("POLYSYNC_SIM_LOG") ? log::Level::info : log::Level::off);
    auto only = setting("POLYSYNC_SIM_SEED", 0);
    auto first = only ? only : setting("POLYSYNC_SIM_FIRST", 1);
    auto seeds = only ? 1 : setting("POLYSYNC_SIM_SEEDS", 20);
    SimulationReport sum;
    int failed = 0;
    for (std::uint64_t seed = first; seed < first + seeds && failed < 3; ++seed) {
        auto report = simulate({.seed = seed});
        sum.crashes += report.crashes;
        sum.runs += report.runs;
        sum.starts += report.starts;
        add(sum.transitions, report.transitions);
        add(sum.crash_points, report.crash_points);
        add(sum.acts, report.acts);
        add(sum.mishaps, report.mishaps);
        for (const auto& violation : report.violations) ADD_FAILURE() << "seed " << seed << ": " << violation;
        if (report.violations.empty()) continue;
        ++failed;
        std::printf("replay: POLYSYNC_SIM_SEED=%llu %s\n", static_cast<unsigned long long>(seed),
                    testing::internal::GetArgvs().front().c_str());
    }
    std::printf("%d crashes, %d runs, %d starts\n%s%s%s%s", sum.crashes, sum.runs, sum.starts,
                table("transitions", sum.transitions).c_str(), table("crashes", sum.crash_points).c_str(),
                table("acts", sum.acts).c_str(), table("mishaps of nodes", sum.mishaps).c_str());
    if (seeds < 200 || failed > 0) return;  // too few to reach everything
    for (const auto& t : engine::transitions()) {
        auto name = fmt::format("{} {} {}", to_string(t.from), t.event, to_string(t.to));
        EXPECT_GT(sum.transitions[name], 0) << name << " is never reached";
    }
    for (const char* point :
         {"store.before_commit", "store.after_commit", "aws.start.before", "aws.start.after", "aws.find",
          "aws.statuses", "aws.cancel.before", "aws.cancel.after", "aws.logs"})
        EXPECT_GT(sum.crash_points[point], 0) << "no crash at " << point;
    for (const char* act : {"cancel", "rerun", "mark succeeded", "skip", "cancel chain", "run once", "event",
                            "pause", "resume", "backfill", "backfill state", "clock jump", "outage", "apply"})
        EXPECT_GT(sum.acts[act], 0) << "nobody does " << act;
    for (const char* mishap : {"pause", "cut off", "stop", "kill", "stall", "lease lost", "slow for one",
                               "slow for all", "clock set", "machine stands still"})
        EXPECT_GT(sum.mishaps[mishap], 0) << "no node has: " << mishap;
}

TEST(Simulation, ASeedReplays) {
    auto one = simulate({.seed = 3}), two = simulate({.seed = 3});
    EXPECT_EQ(one.runs, two.runs);
    EXPECT_EQ(one.starts, two.starts);
    EXPECT_EQ(one.crashes, two.crashes);
    EXPECT_EQ(one.transitions, two.transitions);
}

// The same life on PostgreSQL, step by step: what a rule was given, and so what it decided, is the same.
// POLYSYNC_SIM_POSTGRES_FIRST and POLYSYNC_SIM_POSTGRES_SEEDS choose a range; without, there are one to three
// nodes among them.
TEST(Simulation, ASeedIsTheSameOnPostgres) {
    log::set_level(log::Level::off);
    auto seeds = setting("POLYSYNC_SIM_POSTGRES_SEEDS", 6);
    auto first = setting("POLYSYNC_SIM_POSTGRES_FIRST", 3);
    auto& server = test::PostgresServer::shared();
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        auto target = store::parse_postgres_url(server.url(fmt::format("seed_{}", seed)));
        ASSERT_TRUE(target);
        auto make_store = [&](Clock& clock) {
            return store::open_postgres_store(
                {.target = target.value(), .run_inline = true, .time = [&clock] { return clock.now(); }});
        };
        auto there = simulate({.seed = seed, .store = make_store});
        auto here = simulate({.seed = seed});
        for (const auto& violation : there.violations) ADD_FAILURE() << "seed " << seed << ": " << violation;
        EXPECT_EQ(there.runs, here.runs) << "seed " << seed;
        EXPECT_EQ(there.starts, here.starts) << "seed " << seed;
        EXPECT_EQ(there.crashes, here.crashes) << "seed " << seed;
        EXPECT_EQ(there.transitions, here.transitions) << "seed " << seed;
        EXPECT_EQ(there.mishaps, here.mishaps) << "seed " << seed;
    }
}

// Each of the deliberate faults (test/sim/README.md) is caught: a simulator that finds nothing proves
// nothing.
struct Planted {
    engine::Fault fault;
    const char* name;
    const char* caught_as;  // part of a violation
    std::size_t nodes = 0;
    double crashes = 0.004;
};

class PlantedFault : public testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsCaught) {
    log::set_level(log::Level::off);
    auto most = setting("POLYSYNC_SIM_PLANTED_SEEDS", 400);
    const auto& given = GetParam();
    for (std::uint64_t seed = 1; seed <= most; ++seed) {
        auto report = simulate({.seed = seed,
                                .busy = std::chrono::hours(4),
                                .fault = given.fault,
                                .nodes = given.nodes,
                                .crashes = given.crashes});
        for (const auto& violation : report.violations) {
            if (violation.find(given.caught_as) == std::string::npos) continue;
            std::printf("caught at seed %llu: %s\n", static_cast<unsigned long long>(seed),
                        violation.c_str());
            return;
        }
    }
    FAIL() << "not caught within " << most << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Faults, PlantedFault,
    testing::Values(
        Planted{engine::Fault::one_empty_look_up, "OneEmptyLookUp", "was started 2 times"},
        Planted{engine::Fault::submitting_holds_none, "SubmittingHoldsNone", "at once"},
        Planted{engine::Fault::cursor_before_fire, "CursorBeforeFire", "0 runs for hour"},
        Planted{engine::Fault::quick_ends_are_silent, "QuickEndsAreSilent", "has no run"},
        Planted{engine::Fault::cancel_is_forgotten, "CancelIsForgotten", "after its cancel", 1, 0.0005},
        Planted{engine::Fault::lease_is_ignored, "LeaseIsIgnored", "was started 2 times", 3, 0.0005}),
    [](const auto& given) { return std::string(given.param.name); });

}  // namespace
}  // namespace polysync::sim
