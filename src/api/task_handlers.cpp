// What people do with tasks and event sources: run once, why, next fires, pause, resume, tokens (TASK-3,
// TASK-9, TASK-11, TASK-14).
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/views.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using runtime::OperationEffect;
using store::ObjectKind;

constexpr std::size_t max_value_size = 65'536;

Async<Result<Response>> run_once(Call& call) {
    auto fields = call.body_fields();
    runtime::RunOnceRequest request;
    request.task = QualifiedName(call.path[0]);
    request.values = fields.text_map("values");
    request.key = fields.text("key", 256);
    request.downstream = fields.boolean("downstream", false);
    if (auto priority = fields.integer("priority", -1'000'000, 1'000'000)) request.priority = int(*priority);
    fields.finish();
    for (const auto& [name, value] : request.values)
        if (value.size() > max_value_size)
            fields.complain("values." + name, "too_long",
                            fmt::format("values.{} has more than 64 KiB", name));
    auto trigger = call.request.header("x-polysync-trigger");
    if (trigger == "api") request.trigger = Trigger::api;
    bool known = trigger.empty() || trigger == "api" || trigger == "manual";
    if (!known)
        co_return make_error(ErrorKind::invalid_input, "invalid_trigger",
                             "X-Polysync-Trigger is api or manual");
    POLYSYNC_CO_TRY(call.check());
    AnswerMaker make = [catalog = call.parts.runtime->catalog()](
                           store::Transaction& transaction,
                           const OperationEffect& effect) -> Result<Response> {
        POLYSYNC_TRY(auto runs, transaction.runs(effect.runs));
        if (runs.empty()) return make_error(ErrorKind::internal, "no_run", "the new run is not there");
        Names names(catalog);
        auto response = json_response(201, run_json(runs.front(), names, &transaction));
        response.headers.emplace_back("Location",
                                      fmt::format("{}/runs/{}", api_root, number(runs.front().id)));
        return response;
    };
    auto caller = call.caller(std::move(make));
    auto done =
        co_await call.on_runtime(call.parts.operations->run_once(std::move(request), std::move(caller)));
    Status status = success();
    if (!done) status = done.error();
    co_return call.answer(status);
}

Async<Result<Response>> why(Call& call) {
    auto fields = call.query_fields();
    auto key = fields.text("key", 256);
    POLYSYNC_CO_TRY(call.check());
    auto answer =
        co_await call.on_runtime(call.parts.operations->why(QualifiedName(call.path[0]), std::move(key)));
    if (!answer) co_return answer.error();
    json::array items;
    for (const auto& item : answer.value().items)
        items.push_back(json::object{
            {"subject", item.subject}, {"in_the_way", item.in_the_way}, {"detail", item.detail}});
    co_return json_response(200,
                            json::object{{"summary", answer.value().summary}, {"items", std::move(items)}});
}

Async<Result<Response>> fires(Call& call, std::optional<QualifiedName> task) {
    auto fields = call.query_fields();
    int count = int(fields.integer("count", 1, 1000).value_or(10));
    POLYSYNC_CO_TRY(call.check());
    auto found = co_await call.on_runtime(call.parts.operations->next_fires(std::move(task), count));
    if (!found) co_return found.error();
    json::array items;
    for (const auto& fire : found.value())
        items.push_back(json::object{{"task", fire.task.str()},
                                     {"at", format_iso8601(fire.at)},
                                     {"key", fire.key},
                                     {"time_zone", fire.time_zone}});
    co_return json_response(200, page_json(std::move(items), {}));
}

Async<Result<Response>> next_of_task(Call& call) { return fires(call, QualifiedName(call.path[0])); }
Async<Result<Response>> next_of_all(Call& call) { return fires(call, std::nullopt); }

AnswerMaker answer_paused(ObjectKind kind, std::optional<QualifiedName> object, bool paused) {
    json::object out{{"paused", paused}};
    if (object) {
        out["kind"] = store::to_string(kind);
        out["name"] = object->str();
    }
    return [out](store::Transaction&, const OperationEffect& effect) -> Result<Response> {
        auto told = out;
        if (!told.at("paused").get_bool()) told["kept_keys"] = effect.kept_keys;
        return json_response(200, told);
    };
}

Async<Result<Response>> pause(Call& call, ObjectKind kind, std::optional<QualifiedName> object) {
    auto fields = call.body_fields();
    auto reason = fields.text("reason", 1000).value_or("");
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_paused(kind, object, true));
    auto done = co_await call.on_runtime(
        call.parts.operations->pause(kind, std::move(object), std::move(reason), std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> resume(Call& call, ObjectKind kind, std::optional<QualifiedName> object) {
    auto fields = call.body_fields();
    bool run_kept_keys = fields.boolean("run_kept_keys", false);
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_paused(kind, object, false));
    auto done = co_await call.on_runtime(
        call.parts.operations->resume(kind, std::move(object), run_kept_keys, std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> pause_task(Call& call) {
    return pause(call, ObjectKind::task, QualifiedName(call.path[0]));
}
Async<Result<Response>> resume_task(Call& call) {
    return resume(call, ObjectKind::task, QualifiedName(call.path[0]));
}
Async<Result<Response>> pause_platform(Call& call) {
    return pause(call, ObjectKind::platform, QualifiedName(call.path[0]));
}
Async<Result<Response>> resume_platform(Call& call) {
    return resume(call, ObjectKind::platform, QualifiedName(call.path[0]));
}
Async<Result<Response>> pause_all(Call& call) { return pause(call, ObjectKind::task, std::nullopt); }
Async<Result<Response>> resume_all(Call& call) { return resume(call, ObjectKind::task, std::nullopt); }

Async<Result<Response>> put_token(Call& call) {
    auto fields = call.body_fields();
    auto key = fields.required_text("key", 256);
    auto dedupe_id = fields.text("dedupe_id", 256).value_or("");
    const auto* given = fields.object("data");
    fields.finish();
    json::object data;
    if (given) data = *given;
    if (json::serialize(data).size() > max_value_size)
        fields.complain("data", "too_long", "data has more than 64 KiB");
    POLYSYNC_CO_TRY(call.check());
    AnswerMaker make = [key](store::Transaction&, const OperationEffect& effect) -> Result<Response> {
        return json_response(202, json::object{{"key", key}, {"fresh", effect.fresh}});
    };
    auto caller = call.caller(std::move(make));
    auto done = co_await call.on_runtime(
        call.parts.operations->put_source_token(QualifiedName(call.path[0]), std::move(key),
                                                std::move(dedupe_id), std::move(data), std::move(caller)));
    Status status = success();
    if (!done) status = done.error();
    co_return call.answer(status);
}

Route pause_route(std::string pattern, Handler handler, std::string id, std::string tag,
                  std::string summary) {
    return {.method = Method::post,
            .pattern = std::move(pattern),
            .handler = handler,
            .id = std::move(id),
            .tag = std::move(tag),
            .summary = std::move(summary),
            .body = "ReasonRequest",
            .body_required = false,
            .answer = "PauseResult"};
}

Route resume_route(std::string pattern, Handler handler, std::string id, std::string tag,
                   std::string summary) {
    return {.method = Method::post,
            .pattern = std::move(pattern),
            .handler = handler,
            .id = std::move(id),
            .tag = std::move(tag),
            .summary = std::move(summary),
            .body = "ResumeRequest",
            .body_required = false,
            .answer = "PauseResult"};
}

}  // namespace

std::vector<Route> task_routes() {
    QueryParameter count{"count", R"({"type":"integer","minimum":1,"maximum":1000,"default":10})",
                         "How many fires at most."};
    return {
        {.method = Method::post,
         .pattern = "/tasks/{name}/run",
         .handler = run_once,
         .id = "runTask",
         .tag = "tasks",
         .summary = "Runs a task once; the run is durable when this returns.",
         .body = "RunOnceRequest",
         .body_required = false,
         .status = 201,
         .answer = "Run"},
        {.method = Method::get,
         .pattern = "/tasks/{name}/why",
         .handler = why,
         .id = "whyTask",
         .tag = "tasks",
         .summary = "Why the task did or did not run for a key, or for the one that is next.",
         .query = {{"key", R"({"type":"string"})", "The key, for instance 2026-09-14."}},
         .answer = "Why"},
        {.method = Method::get,
         .pattern = "/tasks/{name}/next",
         .handler = next_of_task,
         .id = "nextOfTask",
         .tag = "schedules",
         .summary = "The task's next fires.",
         .query = {count},
         .answer = "FirePage"},
        {.method = Method::get,
         .pattern = "/schedule/next",
         .handler = next_of_all,
         .id = "nextFires",
         .tag = "schedules",
         .summary = "The next fires of all tasks.",
         .query = {count},
         .answer = "FirePage"},
        pause_route("/tasks/{name}/pause", pause_task, "pauseTask", "tasks",
                    "Pauses a task: it keeps its keys and starts no run."),
        resume_route("/tasks/{name}/resume", resume_task, "resumeTask", "tasks",
                     "Resumes a task; the keys that it kept are dropped, or run."),
        pause_route("/platforms/{name}/pause", pause_platform, "pausePlatform", "platforms",
                    "Pauses a platform: nothing is submitted to it; what runs goes on."),
        resume_route("/platforms/{name}/resume", resume_platform, "resumePlatform", "platforms",
                     "Resumes a platform."),
        pause_route("/pause", pause_all, "pauseEverything", "system", "Pauses everything."),
        resume_route("/resume", resume_all, "resumeEverything", "system",
                     "Resumes everything; the keys that schedules kept are dropped, or run."),
        {.method = Method::post,
         .pattern = "/sources/{name}/tokens",
         .handler = put_token,
         .id = "putToken",
         .tag = "sources",
         .summary = "Tells that an external event happened, for one key.",
         .body = "TokenRequest",
         .status = 202,
         .answer = "TokenResult"},
    };
}

}  // namespace polysync::api
