// Tasks, chains, backfills, sources, platforms, the system over the API.
#include <fmt/format.h>

#include "test/api/api_kit.h"

namespace polysync::test {
namespace {

using api::Method;

using TasksApi = ApiTest;
using ChainsApi = ApiTest;
using BackfillsApi = ApiTest;
using SystemApi = ApiTest;

TEST_F(TasksApi, ObjectsAreListedFilteredAndShown) {  // TASK-13
    auto all = get("/tasks");
    ASSERT_EQ(all.status, 200) << all.text;
    EXPECT_EQ(all.at("/items").get_array().size(), 5u);
    EXPECT_EQ(get("/tasks?namespace=etl&limit=2").at("/items").get_array().size(), 2u);
    EXPECT_EQ(get("/tasks?namespace=et").at("/items").get_array().size(), 0u);
    EXPECT_EQ(get("/tasks?tag=team:finance").text_at("/items/0/name"), "etl/join");
    EXPECT_EQ(get("/tasks?name=*/ho*").text_at("/items/0/name"), "etl/hourly");
    EXPECT_EQ(get("/tasks?owner=nobody").at("/items").get_array().size(), 0u);
    auto page = get("/tasks?limit=3");
    auto rest = get("/tasks?limit=3&cursor=" + page.text_at("/next"));
    EXPECT_EQ(rest.at("/items").get_array().size(), 2u);
    auto one = get("/tasks/etl%2Fhourly");
    EXPECT_EQ(one.text_at("/document/job"), "load");
    EXPECT_EQ(one.header("ETag"), "\"1\"");
    auto gone = get("/tasks/etl%2Fhorly");
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.text_at("/remedy"), "Did you mean 'etl/hourly'?");
    EXPECT_EQ(get("/tasks/etl%2Fhourly/versions").at("/items").get_array().size(), 1u);
    EXPECT_EQ(get("/tasks/etl%2Fhourly/versions/1").number_at("/version"), 1);
    EXPECT_EQ(get("/tasks/etl%2Fhourly/versions/2").status, 404);
    EXPECT_EQ(ask(Method::get, "/tasks/etl%2Fhourly", {}, {{"if-none-match", "\"1\""}}).status, 304);
}

TEST_F(TasksApi, EveryKindOfObjectIsShown) {
    for (const std::string object : {"platforms/p1", "jobs/load", "profiles/slots", "sources/etl%2Ffiles"}) {
        auto kind = object.substr(0, object.find('/'));
        EXPECT_FALSE(get("/" + kind).at("/items").get_array().empty()) << kind;
        EXPECT_EQ(get("/" + object).number_at("/version"), 1) << object;
        EXPECT_EQ(get("/" + object + "/versions").number_at("/items/0/version"), 1) << object;
        EXPECT_EQ(get("/" + object + "/versions/1").status, 200) << object;
    }
}

TEST_F(TasksApi, WhyAndNextFires) {  // TASK-3, TASK-11
    auto next = get("/tasks/etl%2Fhourly/next?count=2");
    ASSERT_EQ(next.status, 200) << next.text;
    EXPECT_EQ(next.text_at("/items/0/at"), "2026-09-14T10:05:00Z");
    EXPECT_EQ(next.text_at("/items/0/key"), "2026-09-14T09:00Z");
    EXPECT_EQ(get("/schedule/next?count=3").at("/items").get_array().size(), 3u);
    EXPECT_EQ(get("/schedule/next?count=0").status, 400);
    auto why = get("/tasks/etl%2Fjoin/why?key=2026-09-14T09:00Z");
    ASSERT_EQ(why.status, 200) << why.text;
    EXPECT_FALSE(why.text_at("/summary").empty());
    EXPECT_EQ(get("/tasks/etl%2Fnothing/why").status, 404);
}

TEST_F(TasksApi, PausesShowAndEnd) {  // TASK-5
    ASSERT_EQ(post("/tasks/etl%2Fhourly/pause", R"({"reason":"broken source"})").status, 200);
    EXPECT_EQ(get("/tasks/etl%2Fhourly").text_at("/paused/reason"), "broken source");
    EXPECT_EQ(get("/status").text_at("/pauses/0/subject"), "task/etl/hourly");
    pass(std::chrono::hours(2));
    auto resumed = post("/tasks/etl%2Fhourly/resume", R"({"run_kept_keys":true})");
    ASSERT_EQ(resumed.status, 200) << resumed.text;
    EXPECT_EQ(resumed.number_at("/kept_keys"), 2);
    EXPECT_TRUE(get("/tasks/etl%2Fhourly").at("/paused").is_null());
    EXPECT_EQ(post("/tasks/nope/pause").status, 404);
    for (const std::string path : {"/platforms/p1", ""}) {
        ASSERT_EQ(post(path + "/pause").status, 200) << path;
        ASSERT_EQ(post(path + "/resume").status, 200) << path;
    }
    EXPECT_TRUE(get("/status").at("/pauses").get_array().empty());
}

TEST_F(TasksApi, SourceTokensStartWhatWaitsForThem) {  // TASK-14
    auto first =
        post("/sources/etl%2Ffiles/tokens", R"({"key":"batch-1","dedupe_id":"d1","data":{"file":"a"}})");
    ASSERT_EQ(first.status, 202) << first.text;
    EXPECT_TRUE(first.at("/fresh").get_bool());
    auto again = post("/sources/etl%2Ffiles/tokens", R"({"key":"batch-1","dedupe_id":"d1"})");
    EXPECT_FALSE(again.at("/fresh").get_bool());
    auto runs = get("/runs?task=etl/event");
    ASSERT_EQ(runs.at("/items").get_array().size(), 1u);
    EXPECT_EQ(runs.text_at("/items/0/key"), "batch-1");
    EXPECT_EQ(post("/sources/etl%2Ffiles/tokens", R"({"dedupe_id":"d1"})").text_at("/field"), "key");
    EXPECT_EQ(post("/sources/nope/tokens", R"({"key":"a"})").status, 404);
}

TEST_F(ChainsApi, AChainIsShownCancelledAndRerunAsOne) {  // TASK-4
    faults.run_fails = 1;
    auto id =
        post("/tasks/etl%2Fhourly/run", R"({"key":"2026-09-14T08:00Z","downstream":true})").number_at("/id");
    auto ended = wait_for_end(id);
    EXPECT_EQ(ended.text_at("/state"), "Failed");
    auto chain = ended.text_at("/chain");
    auto encoded = api::percent_encode(chain);
    auto shown = get("/chains/" + encoded);
    ASSERT_EQ(shown.status, 200) << chain << shown.text;
    EXPECT_EQ(shown.text_at("/state"), "Failed");
    EXPECT_EQ(get(fmt::format("/runs/{}/chain", id)).number_at("/items/0/id"), id);
    faults.run_fails = 0;
    faults.run_is_slow = 1;
    auto rerun = post("/chains/" + encoded + "/rerun");
    ASSERT_EQ(rerun.status, 200) << rerun.text;
    auto again = rerun.number_at("/runs/0");
    auto cancelled = post("/chains/" + encoded + "/cancel");
    EXPECT_EQ(cancelled.number_at("/runs/0"), again);
    EXPECT_EQ(wait_for_end(again).text_at("/state"), "Cancelled");
    EXPECT_EQ(get("/chains/etl%2Fhourly%40live%40nothing").status, 404);
    EXPECT_EQ(get("/chains/nonsense").status, 404);
    EXPECT_TRUE(post(fmt::format("/runs/{}/chain/cancel", id)).at("/runs").get_array().empty());  // all ended
}

TEST_F(ChainsApi, ListsPageWithoutRepeats) {
    for (int hour = 0; hour < 5; ++hour)
        post("/tasks/etl%2Fother/run", fmt::format(R"({{"key":"2026-09-14T0{}:00Z"}})", hour));
    std::set<std::string> seen;
    std::string cursor;
    int pages = 0;
    do {
        auto page = get("/chains?limit=2" + (cursor.empty() ? cursor : "&cursor=" + cursor));
        ASSERT_EQ(page.status, 200) << page.text;
        for (const auto& item : page.at("/items").get_array())
            EXPECT_TRUE(seen.insert(std::string(item.at("id").get_string())).second);
        cursor = page.text_at("/next");
    } while (!cursor.empty() && ++pages < 10);
    EXPECT_EQ(seen.size(), 5u);
    EXPECT_EQ(get("/chains?chain_state=Failed").at("/items").get_array().size(), 0u);
}

TEST_F(BackfillsApi, ABackfillIsPlannedShownAndCancelled) {  // TASK-10
    std::string range = R"("from":"2026-09-13T00:00Z","to":"2026-09-13T05:00Z")";
    auto planned = post("/tasks/etl%2Fhourly/backfills", fmt::format(R"({{{},"dry_run":true}})", range));
    ASSERT_EQ(planned.status, 200) << planned.text;
    EXPECT_EQ(planned.at("/keys").get_array().size(), 6u);
    EXPECT_TRUE(planned.at("/id").is_null());
    auto made = post("/tasks/etl%2Fhourly/backfills", fmt::format(R"({{{},"max_active":2}})", range));
    ASSERT_EQ(made.status, 201) << made.text;
    auto id = made.number_at("/id");
    EXPECT_EQ(post("/tasks/etl%2Fhourly/backfills", fmt::format("{{{}}}", range)).status, 409);
    auto shown = get(fmt::format("/backfills/{}", id));
    EXPECT_EQ(shown.text_at("/state"), "active");
    EXPECT_EQ(post(fmt::format("/backfills/{}/pause", id)).text_at("/state"), "paused");
    EXPECT_EQ(get("/backfills?state=paused").number_at("/items/0/id"), id);
    EXPECT_EQ(post(fmt::format("/backfills/{}/resume", id)).text_at("/state"), "active");
    pass(std::chrono::seconds(30));
    auto going = get(fmt::format("/backfills/{}", id));
    std::int64_t counted = 0;
    for (const auto& [state, count] : going.at("/progress").as_object()) counted += count.as_int64();
    EXPECT_EQ(counted, going.number_at("/planned"));
    EXPECT_GE(counted, 2);
    EXPECT_EQ(post(fmt::format("/backfills/{}/cancel", id)).text_at("/state"), "cancelled");
    EXPECT_EQ(post(fmt::format("/backfills/{}/resume", id)).status, 409);
    EXPECT_EQ(get("/backfills/77").status, 404);
    EXPECT_EQ(post("/tasks/etl%2Fplain/backfills", fmt::format("{{{}}}", range)).status, 400);
    EXPECT_EQ(post("/tasks/etl%2Fhourly/backfills", R"({"to":"2026-09-13T05:00Z"})").text_at("/field"),
              "from");
}

TEST_F(SystemApi, StatusAlertsAndAudit) {
    auto status = get("/status");
    ASSERT_EQ(status.status, 200) << status.text;
    EXPECT_TRUE(status.at("/ready").get_bool());
    EXPECT_EQ(status.number_at("/objects/tasks"), 5);
    EXPECT_EQ(status.text_at("/platforms/0/name"), "p1");
    EXPECT_EQ(get("/alerts").status, 200);
    for (int i = 0; i < 3; ++i) post("/pause");
    auto page = get("/audit?limit=2");
    EXPECT_FALSE(page.text_at("/next").empty());
    EXPECT_EQ(get("/audit?limit=2&cursor=" + page.text_at("/next")).at("/items").get_array().size(), 1u);
}

TEST_F(SystemApi, PlatformsAnswerForAws) {  // PLAT-4
    EXPECT_EQ(post("/platforms/p1/test").status, 200);
    EXPECT_EQ(get("/platforms/p1/discover").status, 200);
    EXPECT_EQ(post("/platforms/p9/test").status, 404);
}

TEST_F(SystemApi, PollsTellWhatIsFollowedAndWhatIsNext) {  // PERF-11
    auto idle = get("/platforms/p1/polls");
    EXPECT_EQ(idle.status, 200);
    EXPECT_EQ(idle.number_at("/followed"), 0);
    EXPECT_EQ(idle.number_at("/next/in_ms"), -1);
    aws[0]->script = [](sim::FakeRun& run) { run.ends = run.started + std::chrono::hours(1); };
    ASSERT_EQ(post("/tasks/etl%2Fplain/run").status, 201);
    pass(std::chrono::minutes(10));
    auto busy = get("/platforms/p1/polls");
    EXPECT_EQ(busy.status, 200);
    EXPECT_GE(busy.number_at("/followed"), 1);
    EXPECT_GE(busy.number_at("/jobs"), 1);
    EXPECT_LE(busy.number_at("/staleness_ms"), 31'000);
    EXPECT_EQ(busy.number_at("/late_ms"), 0);
    EXPECT_EQ(busy.number_at("/due/in_1_min"), busy.number_at("/followed"));
    EXPECT_GE(busy.number_at("/next/in_ms"), 0);
    EXPECT_GE(busy.number_at("/next/calls/0/runs"), 1);

    EXPECT_NE(busy.text_at("/next/calls/0/operation"), "");
    EXPECT_GT(busy.number_at("/so_far/calls"), 10);
    auto unknown = get("/platforms/p9/polls");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.text_at("/code"), "unknown_platform");
    EXPECT_NE(unknown.text_at("/remedy"), "");
}

TEST_F(SystemApi, BackupWritesAFileOnce) {
    auto path = testing::TempDir() + "/api-backup.db";
    std::remove(path.c_str());
    EXPECT_EQ(post("/backup", fmt::format(R"({{"path":"{}"}})", path)).status, 201);
    auto again = post("/backup", fmt::format(R"({{"path":"{}"}})", path));
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.text_at("/field"), "path");
    EXPECT_EQ(post("/backup", R"({"path":"relative.db"})").status, 400);
    std::remove(path.c_str());
}

TEST_F(SystemApi, PathsAndMethodsThatAreNotThere) {
    EXPECT_EQ(get("/nothing").status, 404);
    EXPECT_EQ(get("/tasks/a/b").status, 404);
    auto method = ask(Method::put, "/runs");
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(method.header("Allow"), "GET");
    EXPECT_EQ(get("/tasks/%ff").status, 400);
    EXPECT_EQ(get("/tasks/%0a").status, 400);
}

TEST_F(SystemApi, TheDocumentHasEveryRoute) {
    auto document = get("/openapi.json");
    ASSERT_EQ(document.status, 200);
    EXPECT_EQ(document.text_at("/openapi"), "3.1.0");
    std::set<std::string> ids;
    const auto& paths = document.at("/paths").get_object();
    api::Router router;
    for (const auto& route : router.routes()) {
        const auto* path = paths.if_contains("/api/v1" + route.pattern);
        ASSERT_TRUE(path) << route.pattern;
        EXPECT_TRUE(ids.insert(route.id).second) << route.id;
        EXPECT_TRUE(route.handler || route.is_stream) << route.pattern;
    }
}

}  // namespace
}  // namespace polysync::test
