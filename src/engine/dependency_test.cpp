#include "engine/dependency.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

const ObjectId child{1}, orders{2}, customers{3};
const SystemTime noon = parse_iso8601("2026-09-15T12:00:00Z").value();
const std::string monday = "2026-09-14", tuesday = "2026-09-15";

Edge same(ObjectId parent, std::string name, std::string key) {
    return {.parent = parent, .parent_name = std::move(name), .keys = {std::move(key)}};
}

Token token(ObjectId parent, std::string key, Outcome outcome = Outcome::success, std::string outputs = {}) {
    Token made;
    made.child = child;
    made.parent = parent;
    made.lane = "live";
    made.key = std::move(key);
    made.outcome = outcome;
    made.parent_run = RunId{number(parent) * 100};
    made.outputs = std::move(outputs);
    return made;
}

Verdict check(std::vector<Edge> edges, std::vector<Token> tokens, std::vector<LatestSuccess> latest = {},
              bool clock = false) {
    return evaluate(child, clock, edges, tokens, latest, noon);
}

TEST(Dependency, FiresWhenEveryEdgeHoldsTheKey) {  // TASK-5
    std::vector<Edge> edges{same(orders, "etl/orders", monday), same(customers, "etl/customers", monday)};
    auto waiting = check(edges, {token(orders, monday)});
    EXPECT_EQ(waiting.readiness, Readiness::wait);
    EXPECT_EQ(waiting.reason, "waits for etl/customers, key 2026-09-14");
    EXPECT_TRUE(waiting.consumed.empty());
    auto ready = check(edges, {token(orders, monday), token(customers, monday)});
    EXPECT_EQ(ready.readiness, Readiness::fire);
    EXPECT_EQ(ready.consumed.size(), 2u);
    EXPECT_EQ(ready.parents, (std::vector<RunId>{RunId{200}, RunId{300}}));
}

TEST(Dependency, ATokenOfOneKeyNeverStandsForAnother) {  // TASK-5
    std::vector<Edge> edges{same(orders, "etl/orders", monday), same(customers, "etl/customers", monday)};
    EXPECT_EQ(check(edges, {token(orders, monday), token(customers, tuesday)}).readiness, Readiness::wait);
}

TEST(Dependency, AnImpossibleEdgeSkipsAtOnce) {  // TASK-5
    std::vector<Edge> edges{same(orders, "etl/orders", monday), same(customers, "etl/customers", monday)};
    auto skipped = check(edges, {token(customers, monday, Outcome::failure)});
    EXPECT_EQ(skipped.readiness, Readiness::skip);
    EXPECT_EQ(skipped.reason, "etl/customers ended as failure for 2026-09-14");
    EXPECT_EQ(skipped.consumed.size(), 1u);
}

TEST(Dependency, EdgesSayWhichOutcomesSatisfyThem) {  // TASK-5
    for (auto outcome : {Outcome::success, Outcome::failure, Outcome::cancelled, Outcome::skipped}) {
        auto cleanup = same(orders, "etl/orders", monday);
        cleanup.on = {Outcome::failure, Outcome::cancelled};
        bool wanted = outcome == Outcome::failure || outcome == Outcome::cancelled;
        EXPECT_EQ(check({cleanup}, {token(orders, monday, outcome)}).readiness,
                  wanted ? Readiness::fire : Readiness::skip);
    }
}

TEST(Dependency, AllFinerKeysOfTheInterval) {  // TASK-5
    Edge hourly{.parent = orders,
                .parent_name = "etl/orders",
                .match = Match::all_in_interval,
                .keys = {"a", "b", "c"}};
    auto waiting = check({hourly}, {token(orders, "b")});
    EXPECT_EQ(waiting.readiness, Readiness::wait);
    EXPECT_EQ(waiting.reason, "waits for etl/orders, key a and 1 more");
    EXPECT_EQ(check({hourly}, {token(orders, "b"), token(orders, "a"), token(orders, "c")}).readiness,
              Readiness::fire);
    EXPECT_EQ(check({hourly}, {token(orders, "b", Outcome::failure)}).readiness, Readiness::skip);
}

TEST(Dependency, LatestReadsAndIsNeverConsumed) {  // TASK-5
    Edge reference{.parent = customers,
                   .parent_name = "ref/rates",
                   .match = Match::latest,
                   .max_age = std::chrono::hours(24)};
    std::vector<Edge> edges{same(orders, "etl/orders", monday), reference};
    auto held = [&](SystemTime ended) {
        return check(edges, {token(orders, monday)}, {{customers, ended, RunId{9}, ""}});
    };
    EXPECT_EQ(held(noon - std::chrono::hours(24)).readiness, Readiness::fire);
    EXPECT_EQ(held(noon - std::chrono::hours(24)).consumed.size(), 1u);
    EXPECT_EQ(held(noon - std::chrono::hours(24)).parents, (std::vector<RunId>{RunId{200}, RunId{9}}));
    EXPECT_EQ(held(noon - std::chrono::hours(25)).readiness, Readiness::wait);
    EXPECT_EQ(check(edges, {token(orders, monday)}).readiness, Readiness::wait);
}

TEST(Dependency, TheTasksOwnScheduleHoldsLikeAnEdge) {  // TASK-3, TASK-5
    std::vector<Edge> edges{same(orders, "etl/orders", monday)};
    EXPECT_EQ(check(edges, {token(orders, monday)}, {}, true).reason, "waits for its own schedule");
    EXPECT_EQ(check(edges, {token(child, monday)}, {}, true).readiness, Readiness::wait);
    EXPECT_EQ(check(edges, {token(orders, monday), token(child, monday)}, {}, true).readiness,
              Readiness::fire);
}

TEST(Dependency, Conditions) {  // TASK-5
    struct Row {
        Comparison comparison;
        boost::json::value value;
        const char* outputs;
        bool holds;
    } rows[] = {{Comparison::greater, 0, R"({"rows": 12})", true},
                {Comparison::greater, 0, R"({"rows": 0})", false},
                {Comparison::greater, 0, R"({"rows": "12"})", false},
                {Comparison::greater, 0, R"({})", false},
                {Comparison::greater, 0, "", false},
                {Comparison::greater, 0, "not json", false},
                {Comparison::greater, 0, "[1]", false},
                {Comparison::equal, 12, R"({"rows": 12.0})", true},
                {Comparison::equal, "full", R"({"rows": "full"})", true},
                {Comparison::not_equal, "full", R"({"rows": "delta"})", true},
                {Comparison::not_equal, "full", R"({"rows": null})", false},
                {Comparison::not_equal, "full", R"({"rows": 5})", false},
                {Comparison::less_or_equal, 1.5, R"({"rows": 1.5})", true},
                {Comparison::equal, true, R"({"rows": true})", true},
                {Comparison::greater, 9007199254740992, R"({"rows": 9007199254740993})", true}};
    for (const auto& row : rows)
        EXPECT_EQ(holds(Condition{"rows", row.comparison, row.value}, row.outputs), row.holds)
            << to_string(row.comparison) << " " << row.value << " " << row.outputs;
    auto edge = same(orders, "etl/orders", monday);
    edge.when = Condition{"rows", Comparison::greater, 0};
    EXPECT_EQ(check({edge}, {token(orders, monday, Outcome::success, R"({"rows": 0})")}).readiness,
              Readiness::skip);
    EXPECT_EQ(check({edge}, {token(orders, monday, Outcome::success, R"({"rows": 1})")}).readiness,
              Readiness::fire);
}

}  // namespace
}  // namespace polysync::engine
