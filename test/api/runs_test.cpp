// Runs over the API: started, listed, shown, cancelled, rerun, marked, skipped, in bulk (TASK-8, TASK-9).
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "test/api/api_kit.h"

namespace polysync::test {
namespace {

using api::Method;

using RunsApi = ApiTest;

TEST_F(RunsApi, RunOnceMakesARunThatCanBeFollowed) {  // TASK-9
    auto made = post("/tasks/etl%2Fplain/run", R"({"values":{"count":3},"priority":7})");
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.text_at("/task"), "etl/plain");
    EXPECT_EQ(made.text_at("/trigger"), "Manual");
    EXPECT_EQ(made.number_at("/priority"), 7);
    EXPECT_EQ(made.text_at("/values/values/count"), "3");
    auto id = made.number_at("/id");
    EXPECT_EQ(made.header("Location"), fmt::format("/api/v1/runs/{}", id));
    auto ended = wait_for_end(id);
    EXPECT_EQ(ended.text_at("/state"), "Succeeded");
    EXPECT_EQ(ended.text_at("/platform"), "p1");
    EXPECT_FALSE(ended.text_at("/pipeline_run_id").empty());
    EXPECT_EQ(ended.text_at("/attempts/0/operation"), "Start");
    EXPECT_EQ(ended.text_at("/history/0/state"), "Queued");
    EXPECT_EQ(ended.at("/history").get_array().back().at("state").get_string(), "Succeeded");
}

TEST_F(RunsApi, ATriggerHeaderTellsProgramsFromPeople) {  // TASK-2
    auto made = post("/tasks/etl%2Fplain/run", "{}", {{"x-polysync-trigger", "api"}});
    EXPECT_EQ(made.text_at("/trigger"), "Api");
    auto odd = post("/tasks/etl%2Fplain/run", "{}", {{"x-polysync-trigger", "robot"}});
    EXPECT_EQ(odd.status, 400);
}

TEST_F(RunsApi, BadInputIsRefusedWithItsField) {  // SAFE-5
    struct Case {
        std::string body;
        int status;
        std::string code, field;
    };
    for (const auto& [body, status, code, field] :
         std::vector<Case>{{R"({"valeus":{}})", 400, "invalid_request", "valeus"},
                           {R"({"priority":"high"})", 400, "invalid_request", "priority"},
                           {R"({"downstream":1})", 400, "invalid_request", "downstream"},
                           {R"({"values":[1]})", 400, "invalid_request", "values"},
                           {R"({"values":{"count":null}})", 400, "invalid_request", "values.count"},
                           {R"({"values":{"count":"many"}})", 400, "invalid_value", ""},
                           {R"([1])", 400, "invalid_json", ""},
                           {R"({"a":)", 400, "invalid_json", ""}}) {
        auto answer = post("/tasks/etl%2Fplain/run", body);
        EXPECT_EQ(answer.status, status) << body << " " << answer.text;
        if (!field.empty()) {
            EXPECT_EQ(answer.text_at("/field"), field) << answer.text;
        }
        if (code != "invalid_value") {
            EXPECT_EQ(answer.text_at("/code"), code) << answer.text;
        }
    }
    EXPECT_EQ(post("/tasks/etl%2Fplain/run", R"({"valeus":{}})").text_at("/remedy"),
              "Did you mean 'values'?");
    auto unknown = post("/tasks/etl%2Fplan/run");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_NE(unknown.text_at("/detail").find("etl/plain"), std::string::npos);
    auto key = post("/tasks/etl%2Fhourly/run", R"({"key":"yesterday"})");
    EXPECT_EQ(key.status, 400);
    auto media =
        post("/tasks/etl%2Fplain/run", "{}", {{"content-type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(media.status, 415);
    EXPECT_EQ(count_runs(), 0u);
}

TEST_F(RunsApi, ListsFilterAndPage) {
    for (int i = 0; i < 5; ++i) ASSERT_EQ(post("/tasks/etl%2Fplain/run").status, 201);
    ASSERT_EQ(post("/tasks/etl%2Fother/run", R"({"key":"2026-09-14T08:00Z"})").status, 201);
    auto first = get("/runs?task=etl/plain&limit=2");
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_EQ(first.at("/items").get_array().size(), 2u);
    EXPECT_EQ(first.number_at("/items/0/id"), 5);
    auto second = get("/runs?task=etl/plain&limit=2&cursor=" + first.text_at("/next"));
    EXPECT_EQ(second.number_at("/items/0/id"), 3);
    auto third = get("/runs?task=etl/plain&limit=2&cursor=" + second.text_at("/next"));
    EXPECT_EQ(third.number_at("/items/0/id"), 1);
    EXPECT_EQ(third.text_at("/next"), "");
    EXPECT_EQ(get("/runs?key=2026-09-14T08:00Z").number_at("/items/0/id"), 6);
    EXPECT_EQ(get("/runs?platform=p2").at("/items").get_array().size(), 0u);
    EXPECT_EQ(get("/runs?task=etl/other,etl/plain&order=oldest").number_at("/items/0/id"), 1);
    EXPECT_EQ(get("/runs?task=etl/other&task=etl/plain&trigger=Manual").at("/items").get_array().size(), 6u);
}

TEST_F(RunsApi, BadFiltersAreRefused) {  // SAFE-5
    auto state = get("/runs?state=Succeded");
    EXPECT_EQ(state.status, 400);
    EXPECT_EQ(state.text_at("/field"), "state");
    EXPECT_EQ(state.text_at("/remedy"), "Did you mean 'Succeeded'?");
    EXPECT_EQ(get("/runs?limit=0").text_at("/field"), "limit");
    EXPECT_EQ(get("/runs?limit=1001").status, 400);
    EXPECT_EQ(get("/runs?from=today").text_at("/field"), "from");
    EXPECT_EQ(get("/runs?taks=x").text_at("/remedy"), "Did you mean 'task'?");
    EXPECT_EQ(get("/runs?cursor=YXVkaXQ6Mg").text_at("/field"), "cursor");  // "audit:2"
    EXPECT_EQ(get("/runs?key=%zz").status, 400);
    EXPECT_EQ(get("/runs/0").status, 400);
    EXPECT_EQ(get("/runs/99").status, 404);
}

TEST_F(RunsApi, CancelSkipAndMark) {  // TASK-7, TASK-9
    faults.run_is_slow = 1;
    auto id = post("/tasks/etl%2Fplain/run").number_at("/id");
    auto cancelled = post(fmt::format("/runs/{}/cancel", id));
    ASSERT_EQ(cancelled.status, 200) << cancelled.text;
    auto ended = wait_for_end(id);
    EXPECT_EQ(ended.text_at("/state"), "Cancelled");
    auto again = post(fmt::format("/runs/{}/cancel", id));
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.text_at("/code"), "wrong_state");
    auto marked = post(fmt::format("/runs/{}/mark-succeeded", id), R"({"outputs":{"rows":3}})");
    ASSERT_EQ(marked.status, 200) << marked.text;
    EXPECT_EQ(marked.text_at("/state"), "Succeeded");
    EXPECT_EQ(marked.number_at("/outputs/rows"), 3);

    ASSERT_EQ(post("/platforms/p1/pause", R"({"reason":"maintenance"})").status, 200);
    auto waiting = post("/tasks/etl%2Fplain/run").number_at("/id");
    auto skipped = post(fmt::format("/runs/{}/skip", waiting), R"({"reason":"not needed"})");
    EXPECT_EQ(skipped.text_at("/state"), "Skipped") << skipped.text;
    auto audit = get("/audit?limit=100");
    EXPECT_EQ(audit.text_at("/items/0/action"), "skip");
    EXPECT_EQ(audit.text_at("/items/0/actor"), "test");
}

TEST_F(RunsApi, RerunMakesANewRunOfTheSameKey) {  // TASK-9
    auto id = post("/tasks/etl%2Fother/run", R"({"key":"2026-09-14T08:00Z"})").number_at("/id");
    EXPECT_EQ(post(fmt::format("/runs/{}/rerun", id)).status, 409);  // still active
    wait_for_end(id);
    auto made = post(fmt::format("/runs/{}/rerun", id), R"({"scope":"only"})");
    ASSERT_EQ(made.status, 200) << made.text;
    auto rerun = get(fmt::format("/runs/{}", made.number_at("/runs/0")));
    EXPECT_EQ(rerun.text_at("/trigger"), "Rerun");
    EXPECT_EQ(rerun.number_at("/rerun"), 1);
    EXPECT_EQ(rerun.text_at("/key"), "2026-09-14T08:00Z");
    EXPECT_EQ(post(fmt::format("/runs/{}/rerun", id), R"({"scope":"everything"})").text_at("/field"),
              "scope");
}

TEST_F(RunsApi, BulkActsOnWhatAFilterMatches) {
    ASSERT_EQ(post("/pause", R"({"reason":"test"})").status, 200);
    for (int i = 0; i < 3; ++i) post("/tasks/etl%2Fplain/run");
    post("/tasks/etl%2Fother/run", R"({"key":"2026-09-14T08:00Z"})");
    auto body = R"({"action":"cancel","filter":{"task":"etl/plain","state":["Queued"]},"dry_run":true})";
    auto planned = post("/runs/bulk", body);
    ASSERT_EQ(planned.status, 200) << planned.text;
    EXPECT_EQ(planned.at("/runs").get_array().size(), 3u);
    EXPECT_EQ(get("/runs?state=Cancelled").at("/items").get_array().size(), 0u);
    auto done = post("/runs/bulk", R"({"action":"cancel","filter":{"task":"etl/plain"}})");
    EXPECT_EQ(done.at("/runs").get_array().size(), 3u);
    EXPECT_EQ(get("/runs?state=Cancelled").at("/items").get_array().size(), 3u);
    auto again = post("/runs/bulk", R"({"action":"cancel","filter":{"task":"etl/plain"}})");
    EXPECT_EQ(again.text_at("/refused/0/code"), "wrong_state");
    auto rerun = post("/runs/bulk", R"({"action":"rerun","filter":{"task":["etl/plain","etl/other"]}})");
    EXPECT_EQ(rerun.at("/runs").get_array().size(), 3u) << rerun.text;
    EXPECT_EQ(rerun.text_at("/refused/0/code"), "still_active");
    EXPECT_EQ(post("/runs/bulk", R"({"action":"cancel","filter":{}})").text_at("/field"), "filter");
    EXPECT_EQ(post("/runs/bulk", R"({"action":"cancel","filter":{"tsak":"x"}})").text_at("/field"),
              "filter.tsak");
}

TEST_F(RunsApi, AnIdempotencyKeyMakesOneRun) {
    api::Headers key{{"idempotency-key", "order-4711"}};
    auto first = post("/tasks/etl%2Fplain/run", R"({"priority":1})", key);
    ASSERT_EQ(first.status, 201) << first.text;
    auto second = post("/tasks/etl%2Fplain/run", R"({"priority":1})", key);
    EXPECT_EQ(second.status, 201);
    EXPECT_EQ(second.text, first.text);
    EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
    auto other = post("/tasks/etl%2Fplain/run", R"({"priority":2})", key);
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(other.text_at("/code"), "idempotency_key_reused");
    EXPECT_EQ(count_runs(), 1u);
    // A refusal keeps nothing: the key is free for the corrected request.
    api::Headers fresh{{"idempotency-key", "order-4712"}};
    EXPECT_EQ(post("/tasks/etl%2Fplain/run", R"({"priority":"x"})", fresh).status, 400);
    EXPECT_EQ(post("/tasks/etl%2Fplain/run", R"({"priority":3})", fresh).status, 201);
    EXPECT_EQ(post("/tasks/etl%2Fplain/run", "{}", {{"idempotency-key", std::string(256, 'x')}}).status, 400);
    EXPECT_EQ(post("/runs/1/cancel", "{}", {{"idempotency-key", "c"}}).status, 200);
    EXPECT_EQ(post("/runs/1/cancel", "{}", {{"idempotency-key", "c"}}).status, 200);  // not 409
}

TEST_F(RunsApi, LogsOfARunThatHasNotStartedSayWhy) {
    post("/pause");
    auto id = post("/tasks/etl%2Fplain/run").number_at("/id");
    auto logs = get(fmt::format("/runs/{}/logs", id));
    EXPECT_EQ(logs.status, 200);
    EXPECT_EQ(logs.text_at("/note"), "the run has not started at AWS yet");
}

}  // namespace
}  // namespace polysync::test
