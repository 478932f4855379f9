// Writing definitions over the API: apply, plan, validate, export, one object at a time.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "test/api/api_kit.h"

namespace polysync::test {
namespace {

namespace json = boost::json;
using api::Method;

class DefinitionsApi : public ApiTest {
  protected:
    // {"files": [{a.yaml, text}], …}
    static json::object request(const std::string& text, json::object more = {}) {
        more["files"] = json::array{json::object{{"path", "a.yaml"}, {"text", text}}};
        return more;
    }
    Answer apply(const std::string& text, json::object more = {}, api::Headers headers = {}) {
        return post("/apply", json::serialize(request(text, std::move(more))), std::move(headers));
    }
    Answer plan(const std::string& text, json::object more = {}) {
        more["dry_run"] = true;
        return apply(text, std::move(more));
    }
    Answer put(const std::string& target, const std::string& body, api::Headers headers = {}) {
        return ask(Method::put, target, body, std::move(headers));
    }
    static std::string text_of(const json::value& value) { return json::serialize(value); }
};

constexpr auto new_task = "tasks: [{name: etl/new, job: load, priority: 3}]";

TEST_F(DefinitionsApi, APlanSaysWhatApplyThenDoes) {
    auto planned = plan(new_task);
    ASSERT_EQ(planned.status, 200) << planned.text;
    EXPECT_EQ(planned.number_at("/create"), 1);
    EXPECT_EQ(planned.text_at("/changes/0/place"), "a.yaml:1:9");
    EXPECT_EQ(get("/tasks/etl%2Fnew").status, 404);
    auto version = planned.number_at("/definitions_version");
    EXPECT_EQ(apply(new_task, {{"if_version", version - 1}}).status, 412);
    auto applied = apply(new_task, {{"managed_by", "dir"}, {"if_version", version}});
    ASSERT_EQ(applied.status, 200) << applied.text;
    EXPECT_GT(applied.number_at("/definitions_version"), planned.number_at("/definitions_version"));
    auto shown = get("/tasks/etl%2Fnew");
    EXPECT_EQ(shown.number_at("/document/priority"), 3);
    EXPECT_EQ(shown.text_at("/managed_by"), "dir");
    // The runtime knows it at once, and a run keeps the version that it ran.
    auto run = post("/tasks/etl%2Fnew/run").number_at("/id");
    auto changed =
        apply("tasks: [{name: etl/new, job: load, priority: 4, max_active: 2}]", {{"managed_by", "dir"}});
    ASSERT_EQ(changed.number_at("/change"), 1) << changed.text;
    EXPECT_EQ(text_of(changed.at("/changes/0/fields")),
              R"([{"field":"priority","old":3,"new":4},{"field":"max_active","new":2}])");
    EXPECT_EQ(get(fmt::format("/runs/{}", run)).number_at("/task_version"), 1);
    EXPECT_EQ(get("/tasks/etl%2Fnew").number_at("/version"), 2);
    auto again =
        apply("tasks: [{name: etl/new, job: load, priority: 4, max_active: 2}]", {{"managed_by", "dir"}});
    EXPECT_EQ(again.number_at("/unchanged"), 1);
    EXPECT_TRUE(again.at("/changes").get_array().empty());
    auto audit = get("/audit?limit=1");
    EXPECT_EQ(audit.text_at("/items/0/action"), "change");
    EXPECT_EQ(audit.text_at("/items/0/subject"), "task/etl/new");
}

// SAFE-5: whole or not at all, all problems at their places.
TEST_F(DefinitionsApi, ProblemsHavePlacesAndNothingIsSaved) {
    auto broken = apply("tasks:\n  - {name: a, jb: load}\n  - {name: b, job: load, priority: high}\n");
    EXPECT_EQ(broken.status, 400);
    EXPECT_EQ(broken.text_at("/errors/0/field"), "a.yaml:2:5");
    EXPECT_EQ(broken.at("/errors").get_array().size(), 3u) << broken.text;
    auto unknown = apply(
        "tasks:\n  - {name: a, job: load}\n  - name: b\n    job: laod\n    values: {x: \"${env.X}\"}\n");
    EXPECT_EQ(unknown.status, 400);
    EXPECT_EQ(unknown.text_at("/errors/0/field"), "a.yaml:4:10");
    EXPECT_EQ(unknown.text_at("/errors/0/detail"), "there is no job 'laod'; did you mean 'load'?");
    EXPECT_EQ(unknown.text_at("/errors/1/field"), "a.yaml:5:17");
    EXPECT_EQ(get("/tasks/a").status, 404);
    auto type = apply("jobs: [{name: load, platform: p1, external_id: e, attributes: {vcpus: 2}}]");
    EXPECT_EQ(type.text_at("/errors/0/detail"), "jobs of aws_glue have no attribute 'vcpus'") << type.text;
    auto secret = apply("tasks: [{name: a, job: load, values: {x: env://X}}]");  // TASK-1
    EXPECT_EQ(secret.text_at("/errors/0/field"), "a.yaml:1:42") << secret.text;
    EXPECT_EQ(post("/apply", "{}").text_at("/field"), "files");
    EXPECT_EQ(apply(new_task, {{"prune", true}}).text_at("/field"), "managed_by");
    EXPECT_EQ(post("/apply", R"({"files":[{"path":"a","text":"tasks: []","x":1}]})").text_at("/field"),
              "files[0].x");
}

TEST_F(DefinitionsApi, PruneIsLimitedToWhatTheDirectoryManages) {
    apply("tasks: [{name: a/one, job: load}, {name: a/two, job: load}]", {{"managed_by", "here"}});
    apply("tasks: [{name: a/three, job: load}]", {{"managed_by", "there"}});
    auto pruned = apply("tasks: [{name: a/one, job: load}]", {{"managed_by", "here"}, {"prune", true}});
    ASSERT_EQ(pruned.status, 200) << pruned.text;
    EXPECT_EQ(pruned.number_at("/delete"), 1);
    EXPECT_EQ(pruned.text_at("/changes/0/name"), "a/two");
    EXPECT_EQ(get("/tasks?namespace=a").at("/items").get_array().size(), 2u);
    // What others manage changes hands only with a change, or when asked.
    auto same = apply("tasks: [{name: a/three, job: load}]", {{"managed_by", "here"}});
    EXPECT_EQ(same.text_at("/of_others/0"), "task/a/three");
    EXPECT_EQ(get("/tasks/a%2Fthree").text_at("/managed_by"), "there");
    auto adopted = apply("tasks: [{name: a/three, job: load}]", {{"managed_by", "here"}, {"adopt", true}});
    EXPECT_EQ(adopted.text_at("/changes/0/fields/0/field"), "managed_by");
    EXPECT_EQ(get("/tasks/a%2Fthree").text_at("/managed_by"), "here");
}

// Spec 10: delete or prune with active runs is refused.
TEST_F(DefinitionsApi, WhatIsInUseIsNotDeleted) {
    faults.run_is_slow = 1;
    apply(new_task, {{"managed_by", "dir"}});
    auto run = post("/tasks/etl%2Fnew/run").number_at("/id");
    auto pruned = apply("sources: [{name: s}]", {{"managed_by", "dir"}, {"prune", true}});
    EXPECT_EQ(pruned.status, 409) << pruned.text;
    EXPECT_EQ(pruned.text_at("/code"), "still_active");
    EXPECT_EQ(pruned.text_at("/errors/0/field"), "task/etl/new");
    EXPECT_EQ(ask(Method::del, "/tasks/etl%2Fnew").status, 409);
    auto moved =
        put("/platforms/p1", R"({"type":"aws_glue","region":"us-east-1","auth":{"method":"default_chain"}})");
    EXPECT_EQ(moved.status, 409) << moved.text;
    EXPECT_EQ(moved.text_at("/field"), "region");
    post(fmt::format("/runs/{}/cancel", run));
    wait_for_end(run);
    EXPECT_EQ(ask(Method::del, "/tasks/etl%2Fnew").status, 204);
    EXPECT_EQ(get("/tasks/etl%2Fnew").status, 404);
    EXPECT_EQ(get(fmt::format("/runs/{}", run)).text_at("/task"), "etl/new");  // its runs stay
    auto job = ask(Method::del, "/jobs/load");
    EXPECT_EQ(job.status, 409);
    EXPECT_EQ(job.text_at("/code"), "breaks_another");
    EXPECT_NE(job.text.find("task 'etl/hourly' would no longer work"), std::string::npos) << job.text;
    EXPECT_EQ(ask(Method::del, "/jobs/nope").status, 404);
}

// TASK-5: a removed edge drops its tokens.
TEST_F(DefinitionsApi, RemovedEdgesDropTheirTokens) {
    post("/tasks/etl%2Fhourly/run", R"({"key":"2026-09-14T08:00Z"})");
    pass(std::chrono::minutes(7));  // 10:05 fires etl/hourly, whose live end leaves a token at etl/join
    pass(std::chrono::minutes(10));
    auto waiting = get("/tasks/etl%2Fjoin/why?key=2026-09-14T09:00Z");
    EXPECT_NE(waiting.text.find("etl/other"), std::string::npos) << waiting.text;
    auto changed = apply(
        "tasks: [{name: etl/join, job: report, partition: {grain: hour}, "
        "dependencies: [{task: etl/hourly}], tags: {team: finance}, owner: data-platform}]");
    ASSERT_EQ(changed.status, 200) << changed.text;
    // What waited for the other edge alone goes now.
    auto runs = get("/runs?task=etl/join");
    ASSERT_EQ(runs.at("/items").get_array().size(), 1u) << runs.text;
    EXPECT_EQ(runs.text_at("/items/0/key"), "2026-09-14T09:00Z");
}

TEST_F(DefinitionsApi, EnvironmentsAreAppliedWithTheFiles) {  // TASK-1
    constexpr auto task = "tasks: [{name: e, job: load, values: {b: \"${env.BUCKET}\"}}]";
    EXPECT_EQ(apply(task).status, 400);
    json::object prod{{"name", "prod"}, {"text", "BUCKET: s3://prod\n"}};
    auto applied = apply(task, {{"environment", prod}});
    ASSERT_EQ(applied.status, 200) << applied.text;
    EXPECT_EQ(text_of(applied.at("/environment")), R"([{"field":"BUCKET","new":"s3://prod"}])");
    auto run = wait_for_end(post("/tasks/e/run").number_at("/id"));
    EXPECT_NE(json::serialize(run.at("/attempts")).find("s3://prod"), std::string::npos) << run.text;
    EXPECT_EQ(plan(task).number_at("/unchanged"), 1);
    auto gone =
        apply("sources: [{name: s}]", {{"environment", json::object{{"name", "prod"}, {"text", "X: y"}}}});
    EXPECT_EQ(gone.text_at("/errors/0/field"), "task/e") << gone.text;
    auto bad = apply(task, {{"environment", json::object{{"name", "prod"}, {"text", "A: [1]"}}}});
    EXPECT_EQ(bad.text_at("/errors/0/field"), "environments/prod.yaml:1:4");
}

TEST_F(DefinitionsApi, AnExportAppliedAgainChangesNothing) {
    apply(new_task, {{"environment", json::object{{"name", "test"}, {"text", "A: '1'"}}}});
    auto exported = get("/export");
    ASSERT_EQ(exported.status, 200) << exported.text;
    EXPECT_EQ(exported.text_at("/files/0/path"), "definitions.yaml");
    EXPECT_EQ(exported.text_at("/files/1/path"), "etl/definitions.yaml");
    json::object body{
        {"files", exported.at("/files")}, {"environment", exported.at("/environment")}, {"managed_by", "x"}};
    auto applied = post("/apply", json::serialize(body));
    ASSERT_EQ(applied.status, 200) << applied.text << exported.text;
    EXPECT_TRUE(applied.at("/changes").get_array().empty()) << applied.text;
    EXPECT_TRUE(applied.at("/environment").is_null());
    EXPECT_EQ(applied.number_at("/unchanged"), 12);
    EXPECT_EQ(get("/export?layout=one&namespace=etl").at("/files").get_array().size(), 1u);
}

TEST_F(DefinitionsApi, ALargeExportIsInFilesThatCanBeApplied) {
    std::string text = "tasks:\n";
    for (int i = 0; i < 1200; ++i)
        text += fmt::format("  - {{name: big/t{}, job: load, description: d}}\n", i);
    ASSERT_EQ(apply(text).status, 200);
    auto exported = get("/export?namespace=big");
    ASSERT_EQ(exported.at("/files").get_array().size(), 2u);
    EXPECT_EQ(exported.text_at("/files/1/path"), "big/definitions-2.yaml");
    auto applied = post("/apply", json::serialize(json::object{{"files", exported.at("/files")}}));
    EXPECT_EQ(applied.number_at("/unchanged"), 1200) << applied.text.substr(0, 500);
}

// SAFE-3
TEST_F(DefinitionsApi, SecretsInClearTextAreRefusedAndNotRepeated) {
    std::string auth = "auth: {method: access_key, access_key_id: AKIAEXAMPLE, secret_access_key: ";
    std::string head = "platforms:\n  - name: p3\n    type: aws_glue\n    region: eu-west-1\n    " + auth;
    auto clear = apply(head + "very-secret-key-of-p3}\n");
    EXPECT_EQ(clear.status, 400);
    EXPECT_EQ(clear.text_at("/errors/0/code"), "clear_text_secret");
    EXPECT_EQ(clear.text_at("/errors/0/field"), "a.yaml:5:79");
    EXPECT_NE(clear.text_at("/remedy").find("env://"), std::string::npos);
    EXPECT_EQ(clear.text.find("very-secret"), std::string::npos);
    EXPECT_EQ(apply(head + "\"env://P3_KEY\"}\n").status, 200);
    EXPECT_EQ(get("/platforms/p3").text_at("/document/auth/secret_access_key"), "env://P3_KEY");
}

TEST_F(DefinitionsApi, TheTypeOfAProfileStays) {  // CON-3
    auto changed = put("/profiles/slots", R"({"type":"rate_limit","platforms":["p1"]})");
    EXPECT_EQ(changed.status, 400);
    EXPECT_EQ(changed.text_at("/field"), "type");
    EXPECT_EQ(changed.text_at("/errors/0/code"), "fixed_type");
    auto more =
        put("/profiles/slots", R"({"type":"concurrency","platforms":["p1"],"max_concurrent_tasks":7})");
    EXPECT_EQ(more.status, 200) << more.text;
}

TEST_F(DefinitionsApi, OneObjectIsWrittenAgainstItsVersion) {
    auto made = put("/tasks/t", R"({"job":"load"})", {{"if-none-match", "*"}});
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.header("ETag"), "\"1\"");
    EXPECT_EQ(put("/tasks/t", R"({"job":"load"})", {{"if-none-match", "*"}}).status, 412);
    EXPECT_EQ(put("/tasks/t", R"({"job":"load","priority":1})", {{"if-match", "\"1\""}}).header("ETag"),
              "\"2\"");
    auto late = put("/tasks/t", R"({"job":"load","priority":2})", {{"if-match", "\"1\""}});
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(late.text_at("/code"), "version_mismatch");
    EXPECT_EQ(put("/tasks/u", R"({"job":"load"})", {{"if-match", "*"}}).status, 412);
    EXPECT_EQ(put("/tasks/t", R"({"name":"other","job":"load"})").text_at("/field"), "name");
    auto wrong = put("/tasks/t", R"({"job":"load","schedules":[{"cron":"61 * * * *"}]})");
    EXPECT_EQ(wrong.text_at("/field"), "schedules[0].cron");
    EXPECT_EQ(ask(Method::del, "/tasks/t", {}, {{"if-match", "\"1\""}}).status, 412);
    EXPECT_EQ(ask(Method::del, "/tasks/t", {}, {{"if-match", "\"2\""}}).status, 204);
    EXPECT_EQ(put("/sources/s", "{}").status, 201);
    EXPECT_EQ(put("/jobs/j", R"({"platform":"p1","external_id":"x"})").status, 201);
    EXPECT_EQ(
        put("/platforms/p5", R"({"type":"aws_batch","region":"eu-west-1","auth":{"method":"default_chain"}})")
            .status,
        201);
    for (const std::string path : {"/sources/s", "/jobs/j", "/platforms/p5", "/profiles/slots"})
        EXPECT_EQ(ask(Method::del, path).status, 204) << path;
}

TEST_F(DefinitionsApi, ValidationSavesNothing) {
    auto good = post("/validate", R"({"kind":"task","document":{"name":"v","job":"load"}})");
    ASSERT_EQ(good.status, 200) << good.text;
    EXPECT_TRUE(good.at("/valid").get_bool());
    auto bad = post("/validate",
                    R"({"kind":"task","document":{"name":"v","job":"laod","schedules":[{"cron":"x"}]}})");
    ASSERT_EQ(bad.status, 200) << bad.text;
    EXPECT_FALSE(bad.at("/valid").get_bool());
    EXPECT_EQ(bad.text_at("/problems/0/field"), "job");
    EXPECT_EQ(bad.text_at("/problems/1/field"), "schedules[0].cron");
    auto files = post("/validate", json::serialize(request("tasks: [{nam: v}]")));
    EXPECT_EQ(files.text_at("/problems/0/field"), "a.yaml:1:9");
    EXPECT_EQ(get("/tasks/v").status, 404);
    EXPECT_EQ(post("/validate", R"({"document":{}})").text_at("/field"), "kind");
    EXPECT_EQ(post("/validate", R"({"fils":[]})").status, 400);
}

// The answer is kept with the effect: a repeat makes nothing twice.
TEST_F(DefinitionsApi, ARepeatIsAnsweredFromTheStore) {
    api::Headers headers{{"idempotency-key", "apply-1"}};
    auto first = apply(new_task, {}, headers);
    auto again = apply(new_task, {}, headers);
    EXPECT_EQ(first.number_at("/create"), 1);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
}

}  // namespace
}  // namespace polysync::test
