// Runs: list, show, logs, and what people do to them (TASK-8, TASK-9).
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/run_filter.h"
#include "api/views.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using runtime::OperationEffect;

Error no_run(std::int64_t id) {
    return make_error(ErrorKind::not_found, "unknown_run", fmt::format("there is no run {}", id));
}

Result<TaskRun> load_run(store::ReadTransaction& transaction, std::int64_t id) {
    RunId run{id};
    POLYSYNC_TRY(auto found, transaction.runs(std::span(&run, 1)));
    if (found.empty()) return no_run(id);
    return std::move(found.front());
}

// The run as the operation leaves it.
AnswerMaker answer_with_run(Call& call, int status, std::int64_t id) {
    auto catalog = call.parts.runtime->catalog();
    return [catalog, status, id](store::Transaction& transaction,
                                 const OperationEffect& effect) -> Result<Response> {
        Names names(catalog);
        std::int64_t shown = id;
        if (shown == 0) shown = number(effect.runs.front());
        POLYSYNC_TRY(auto run, load_run(transaction, shown));
        auto response = json_response(status, run_json(run, names, &transaction));
        if (status == 201)
            response.headers.emplace_back("Location", fmt::format("{}/runs/{}", api_root, shown));
        return response;
    };
}

AnswerMaker answer_with_effect() {
    return [](store::Transaction&, const OperationEffect& effect) -> Result<Response> {
        return json_response(200, bulk_json(effect.runs, effect.refused));
    };
}

template <class T>
Status status_of_result(const Result<T>& result) {
    if (!result) return result.error();
    return success();
}

Async<Result<Response>> list(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, "runs");
    auto catalog = call.parts.runtime->catalog();
    auto filter = read_run_filter(fields, *catalog);
    filter.newest_first = fields.choice("order", {"newest", "oldest"}).value_or("newest") == "newest";
    POLYSYNC_CO_TRY(call.check());
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto got, transaction.list_runs(filter, page));
        Names names(catalog);
        json::array items;
        for (const auto& run : got.runs) items.push_back(run_json(run, names, &transaction));
        *out = page_json(std::move(items), write_cursor("runs", got.next));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

Async<Result<Response>> show(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto catalog = call.parts.runtime->catalog();
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto run, load_run(transaction, id));
        Names names(catalog);
        *out = run_json(run, names, &transaction);
        json::array attempts, history;
        POLYSYNC_TRY(auto attempt_rows, transaction.attempts(run.id));
        for (const auto& row : attempt_rows) attempts.push_back(attempt_json(row));
        POLYSYNC_TRY(auto history_rows, transaction.history(run.id));
        for (const auto& row : history_rows) history.push_back(history_json(row));
        (*out)["attempts"] = std::move(attempts);
        (*out)["history"] = std::move(history);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

Async<Result<Response>> cancel(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_with_run(call, 200, id));
    auto done = co_await call.on_runtime(call.parts.operations->cancel(RunId{id}, std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> rerun(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto fields = call.body_fields();
    runtime::RerunRequest request;
    request.run = RunId{id};
    auto scope = fields.choice("scope", {"only", "downstream", "failed"}).value_or("only");
    if (scope == "downstream") request.scope = runtime::RerunScope::downstream;
    if (scope == "failed") request.scope = runtime::RerunScope::failed_of_chain;
    request.include_succeeded = fields.boolean("include_succeeded", false);
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_with_effect());
    auto done = co_await call.on_runtime(call.parts.operations->rerun(request, std::move(caller)));
    co_return call.answer(status_of_result(done));
}

Async<Result<Response>> mark_succeeded(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto fields = call.body_fields();
    const auto* given = fields.object("outputs");
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    json::object outputs;
    if (given) outputs = *given;
    auto caller = call.caller(answer_with_run(call, 200, id));
    auto done = co_await call.on_runtime(
        call.parts.operations->mark_succeeded(RunId{id}, std::move(outputs), std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> skip(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto fields = call.body_fields();
    auto reason = fields.text("reason", 1000).value_or("");
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_with_run(call, 200, id));
    auto done = co_await call.on_runtime(
        call.parts.operations->skip(RunId{id}, std::move(reason), std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> bulk(Call& call) {
    auto fields = call.body_fields();
    auto word = fields.choice("action", {"cancel", "rerun", "mark_succeeded", "skip"});
    if (!word && call.problems.empty()) fields.missing("action");
    bool dry_run = fields.boolean("dry_run", false);
    store::RunFilter filter;
    if (const auto* members = fields.object("filter")) {
        Fields inner(*members, call.problems, Fields::Source::body, "filter.");
        filter = read_run_filter(inner, *call.parts.runtime->catalog());
        inner.finish();
        if (members->empty())
            fields.complain("filter", "empty", "an empty filter would take every run there is",
                            "Name at least a task, a state or a time.");
    } else if (call.problems.empty()) {
        fields.missing("filter");
    }
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto action = runtime::BulkAction::cancel;
    if (*word == "rerun") action = runtime::BulkAction::rerun;
    if (*word == "mark_succeeded") action = runtime::BulkAction::mark_succeeded;
    if (*word == "skip") action = runtime::BulkAction::skip;
    auto caller = call.caller(answer_with_effect());
    auto done = co_await call.on_runtime(
        call.parts.operations->bulk(action, std::move(filter), dry_run, std::move(caller)));
    if (dry_run && done) co_return json_response(200, bulk_json(done.value().runs, {}));
    co_return call.answer(status_of_result(done));
}

json::object log_json(const LogPage& page) {
    json::array lines;
    for (const auto& line : page.lines)
        lines.push_back(
            json::object{{"time", format_iso8601(line.time)}, {"stream", line.stream}, {"text", line.text}});
    json::object out{{"lines", std::move(lines)}, {"cursor", page.cursor}, {"at_end", page.at_end}};
    if (!page.note.empty()) out["note"] = page.note;
    return out;
}

std::optional<LogPage> kept_page(const std::vector<store::KeptLog>& logs) {
    LogPage page;
    page.at_end = true;
    for (const auto& log : logs) {
        auto lines = stored_json(log.lines.empty() ? "[]" : log.lines);
        if (!lines.is_array()) continue;
        for (const auto& line : lines.get_array()) {
            auto text = [&](std::string_view name) {
                const auto* value = line.is_object() ? line.get_object().if_contains(name) : nullptr;
                return value && value->is_string() ? std::string(value->get_string()) : std::string();
            };
            auto time = parse_iso8601(text("time"));
            page.lines.push_back({time ? time.value() : SystemTime{}, text("stream"), text("text")});
        }
    }
    if (page.lines.empty()) return std::nullopt;
    return page;
}

// On the runtime's executor, where providers live.
Async<Result<LogPage>> read_logs(const Parts& parts, const engine::CatalogPlatform& platform,
                                 RunReference run, std::string cursor) {
    POLYSYNC_CO_TRY(auto provider, parts.providers->provider(platform));
    auto page = co_await provider->logs(std::move(run), std::move(cursor));
    if (!page) co_return provider->diagnose(page.error());
    co_return page;
}

Async<Result<Response>> logs(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto fields = call.query_fields();
    auto cursor = fields.text("cursor", 16'384).value_or("");
    POLYSYNC_CO_TRY(call.check());
    auto run = std::make_shared<TaskRun>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*run, load_run(transaction, id));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    if (run->pipeline_run_id.empty()) {
        LogPage none;
        none.at_end = true;
        none.note =
            is_terminal(run->state) ? "the run was not started at AWS" : "the run has not started at AWS yet";
        co_return json_response(200, log_json(none));
    }
    auto catalog = call.parts.runtime->catalog();
    auto platform = catalog->platforms.find(run->platform);
    if (platform == catalog->platforms.end())
        co_return make_error(ErrorKind::not_found, "platform_gone",
                             "the run's platform is no longer defined");
    RunReference reference{.run_id = run->pipeline_run_id, .submitted_at = run->submitted_at};
    if (const auto* task = catalog->task(run->key.task))
        reference.external_id = catalog->jobs.at(task->job).job.external_id;
    auto page = co_await call.on_runtime(
        read_logs(call.parts, platform->second, std::move(reference), std::move(cursor)));
    if (page) co_return json_response(200, log_json(page.value()));
    // AWS has it no more, or does not answer: the end that was kept of a failed attempt is better than
    // nothing.
    auto kept = std::make_shared<std::optional<LogPage>>();
    store::ReadWork look = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto logs, transaction.kept_logs(RunId{id}));
        *kept = kept_page(logs);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(look)));
    if (!*kept) co_return page.error();
    (*kept)->note = "the end of the log, as kept when the attempt failed; AWS says: " + page.error().message;
    co_return json_response(200, log_json(**kept));
}

Async<Result<Response>> chain(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    auto runs = co_await call.on_runtime(call.parts.operations->chain(RunId{id}));
    if (!runs) co_return runs.error();
    Names names(call.parts.runtime->catalog());
    json::array items;
    for (const auto& run : runs.value()) items.push_back(run_json(run, names, nullptr));
    co_return json_response(200, page_json(std::move(items), {}));
}

Async<Result<Response>> cancel_chain(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "run"));
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    auto caller = call.caller(answer_with_effect());
    auto done = co_await call.on_runtime(call.parts.operations->cancel_chain(RunId{id}, std::move(caller)));
    co_return call.answer(status_of_result(done));
}

}  // namespace

std::vector<Route> run_routes() {
    auto query = run_filter_query();
    query.push_back({"order", R"({"type":"string","enum":["newest","oldest"],"default":"newest"})",
                     "Which run comes first."});
    return {
        {.method = Method::get,
         .pattern = "/runs",
         .handler = list,
         .id = "listRuns",
         .tag = "runs",
         .summary = "Lists runs, newest first.",
         .query = list_query(std::move(query)),
         .answer = "RunPage"},
        {.method = Method::post,
         .pattern = "/runs/bulk",
         .handler = bulk,
         .id = "bulkRuns",
         .tag = "runs",
         .summary = "Cancels, reruns, marks or skips all runs that a filter matches, in one transaction.",
         .body = "BulkRequest",
         .answer = "BulkResult"},
        {.method = Method::get,
         .pattern = "/runs/{id}",
         .handler = show,
         .id = "getRun",
         .tag = "runs",
         .summary = "Shows a run with its attempts and its history.",
         .answer = "RunDetail"},
        {.method = Method::post,
         .pattern = "/runs/{id}/cancel",
         .handler = cancel,
         .id = "cancelRun",
         .tag = "runs",
         .summary = "Cancels a run; the cancel is durable when this returns.",
         .body = "Empty",
         .body_required = false,
         .answer = "Run"},
        {.method = Method::post,
         .pattern = "/runs/{id}/rerun",
         .handler = rerun,
         .id = "rerunRun",
         .tag = "runs",
         .summary = "Runs it anew: only this, its downstream too, or what failed of its chain.",
         .body = "RerunRequest",
         .body_required = false,
         .answer = "BulkResult"},
        {.method = Method::post,
         .pattern = "/runs/{id}/mark-succeeded",
         .handler = mark_succeeded,
         .id = "markRunSucceeded",
         .tag = "runs",
         .summary = "Takes a person's word that a run succeeded.",
         .body = "MarkSucceededRequest",
         .body_required = false,
         .answer = "Run"},
        {.method = Method::post,
         .pattern = "/runs/{id}/skip",
         .handler = skip,
         .id = "skipRun",
         .tag = "runs",
         .summary = "Skips a run that has not started.",
         .body = "ReasonRequest",
         .body_required = false,
         .answer = "Run"},
        {.method = Method::get,
         .pattern = "/runs/{id}/logs",
         .handler = logs,
         .id = "getRunLogs",
         .tag = "runs",
         .summary = "A page of the run's log at AWS; pass `cursor` on to go on from there.",
         .query = {{"cursor", R"({"type":"string"})", "`cursor` of the page before."}},
         .answer = "LogPage"},
        {.method = Method::get,
         .pattern = "/runs/{id}/chain",
         .handler = chain,
         .id = "getRunChain",
         .tag = "chains",
         .summary = "All runs of the run's chain.",
         .answer = "RunPage"},
        {.method = Method::post,
         .pattern = "/runs/{id}/chain/cancel",
         .handler = cancel_chain,
         .id = "cancelRunChain",
         .tag = "chains",
         .summary = "Cancels every open run of the run's chain.",
         .body = "Empty",
         .body_required = false,
         .answer = "BulkResult"},
    };
}

}  // namespace polysync::api
