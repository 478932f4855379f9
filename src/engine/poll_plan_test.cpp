#include "engine/poll_plan.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr PlatformType all_types[] = {PlatformType::aws_glue, PlatformType::aws_batch,
                                      PlatformType::aws_sagemaker, PlatformType::aws_step_functions};

TEST(PollPlan, BatchTakesAHundredIdsOfAnyJobInOneCall) {  // PERF-4, PERF-11
    auto shape = poll_shape(PlatformType::aws_batch);
    EXPECT_FALSE(shape.by_job);
    EXPECT_EQ(calls_for_ids(shape, 0), 0u);
    EXPECT_EQ(calls_for_ids(shape, 1), 1u);
    EXPECT_EQ(calls_for_ids(shape, 100), 1u);
    EXPECT_EQ(calls_for_ids(shape, 100'000), 1000u);
    EXPECT_EQ(room_in_last_call(shape, 1), 99u);
    EXPECT_EQ(room_in_last_call(shape, 200), 0u);
}

TEST(PollPlan, AListIsReadWhereItCoversMoreThanSingleCallsWouldCost) {  // PERF-11
    struct Case {
        PlatformType type;
        JobLooks looks;
        bool is_listed;
        std::size_t calls;
    };
    constexpr auto glue = PlatformType::aws_glue;
    constexpr auto sagemaker = PlatformType::aws_sagemaker;
    constexpr auto states = PlatformType::aws_step_functions;
    for (const auto& one : {
             Case{glue, {.due = 1, .riding = 0, .in_flight = 1}, false, 1},
             Case{glue, {.due = 1, .riding = 0, .in_flight = 500}, false, 1},
             Case{glue, {.due = 1, .riding = 1, .in_flight = 50}, true, 1},  // saves the other's call
             Case{glue, {.due = 2, .riding = 0, .in_flight = 2}, true, 1},
             Case{glue, {.due = 2, .riding = 0, .in_flight = 600}, false, 2},  // three pages
             Case{glue, {.due = 1, .riding = 4, .in_flight = 600}, true, 3},
             Case{glue, {.due = 500, .riding = 0, .in_flight = 500}, true, 3},
             Case{sagemaker, {.due = 50, .riding = 0, .in_flight = 50}, true, 1},
             Case{sagemaker, {.due = 101, .riding = 0, .in_flight = 101}, true, 2},
             Case{states, {.due = 1000, .riding = 0, .in_flight = 1000}, true, 1},
             Case{states, {.due = 3, .riding = 0, .in_flight = 5000}, false, 3},
             Case{states, {.due = 3, .riding = 4997, .in_flight = 5000}, true, 5},
         }) {
        auto shape = poll_shape(one.type);
        EXPECT_TRUE(shape.by_job);
        EXPECT_EQ(is_listed(shape, one.looks), one.is_listed)
            << one.looks.due << " of " << one.looks.in_flight;
        EXPECT_EQ(calls_for_job(shape, one.looks), one.calls)
            << one.looks.due << " of " << one.looks.in_flight;
    }
}

// PERF-11: never more calls than one for each run that is due, but for what riding saves later.
TEST(PollPlan, IsNeverDearerThanOneCallForEachRun) {
    for (auto type : all_types) {
        auto shape = poll_shape(type);
        for (std::size_t due = 1; due < 3000; due += 7) {
            EXPECT_LE(calls_for_ids(shape, due), due);
            EXPECT_LE(calls_for_job(shape, {.due = due, .riding = 0, .in_flight = 3000}), due);
            EXPECT_LE(calls_for_job(shape, {.due = due, .riding = 60, .in_flight = 3000}), due + 30);
        }
    }
}

TEST(PollPlan, RunsComeToBeLookedAtTogether) {  // PERF-11
    EXPECT_FALSE(rides_along(seconds(14), seconds(30)));
    EXPECT_TRUE(rides_along(seconds(15), seconds(30)));
    EXPECT_FALSE(rides_along(minutes(2), minutes(5)));
    EXPECT_TRUE(rides_along(minutes(3), minutes(5)));
}

// PERF-9, PERF-11: eager looks leave most of even SageMaker's two calls a second alone.
TEST(PollPlan, EagerLooksWaitTheLongerTheMoreCallsTheyTake) {
    EXPECT_EQ(pause_after({.calls = 0}), seconds(0));
    EXPECT_EQ(pause_after({.calls = 1}), Millis(1500));
    EXPECT_EQ(pause_after({.calls = 1, .answers = 50}), Millis(1500));
    EXPECT_EQ(pause_after({.calls = 20, .answers = 1000}), seconds(30));
}

// PERF-5: thousands of runs that are over at once are recorded as fast as the engine goes.
TEST(PollPlan, LooksThatBringNewsGoOn) {
    EXPECT_EQ(pause_after({.calls = 20, .answers = 2000, .news = 2000}), seconds(0));
    EXPECT_EQ(pause_after({.calls = 20, .answers = 2000, .news = 1000}), seconds(15));
    EXPECT_EQ(pause_after({.calls = 1, .answers = 1, .news = 2}), seconds(0));
}

TEST(PollPlan, EveryServiceHasAShape) {  // PERF-11
    for (auto type : all_types) {
        auto shape = poll_shape(type);
        EXPECT_GE(shape.page, 100u);
        EXPECT_FALSE(shape.many.empty());
        EXPECT_FALSE(shape.one.empty());
    }
}

}  // namespace
}  // namespace polysync::engine
