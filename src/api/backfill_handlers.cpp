// Backfills (TASK-10).
#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/views.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using runtime::OperationEffect;
using store::BackfillState;

json::object plan_json(const runtime::BackfillPlan& plan) {
    json::array keys;
    for (const auto& key : plan.keys) keys.emplace_back(key);
    json::object out{{"keys", std::move(keys)}, {"skipped", plan.skipped}};
    if (plan.id != 0) out["id"] = plan.id;
    return out;
}

Async<Result<Response>> create(Call& call) {
    auto fields = call.body_fields();
    runtime::BackfillRequest request;
    request.task = QualifiedName(call.path[0]);
    request.first_key = fields.required_text("from", 256);
    request.last_key = fields.required_text("to", 256);
    request.selection = fields.choice("selection", {"missing", "failed", "all"}).value_or("missing");
    request.max_active = int(fields.integer("max_active", 1, 1000).value_or(1));
    if (auto priority = fields.integer("priority", -1'000'000, 1'000'000)) request.priority = int(*priority);
    request.newest_first = fields.boolean("newest_first", false);
    request.downstream = fields.boolean("downstream", false);
    request.dry_run = fields.boolean("dry_run", false);
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    AnswerMaker make = [](store::Transaction&, const OperationEffect& effect) -> Result<Response> {
        auto response = json_response(201, plan_json(effect.backfill));
        response.headers.emplace_back("Location",
                                      fmt::format("{}/backfills/{}", api_root, effect.backfill.id));
        return response;
    };
    bool dry_run = request.dry_run;
    auto caller = call.caller(std::move(make));
    auto done =
        co_await call.on_runtime(call.parts.operations->backfill(std::move(request), std::move(caller)));
    if (dry_run && done) co_return json_response(200, plan_json(done.value()));
    Status status = success();
    if (!done) status = done.error();
    co_return call.answer(status);
}

// How far it is: how many of its runs are in which state.
Result<json::object> progress(store::ReadTransaction& transaction, const store::Backfill& backfill) {
    json::object out;
    store::RunFilter filter{.lane = fmt::format("backfill:{}", backfill.id)};
    filter.tasks.push_back(backfill.task);
    store::Page page{.limit = 1000};
    do {
        POLYSYNC_TRY(auto got, transaction.list_runs(filter, page));
        for (const auto& run : got.runs) {
            auto& count = out[to_string(run.state)];
            count = count.is_int64() ? count.get_int64() + 1 : std::int64_t(1);
        }
        page.cursor = got.next;
    } while (!page.cursor.empty());
    return out;
}

Result<json::object> shown(store::ReadTransaction& transaction,
                           const std::shared_ptr<const engine::Catalog>& catalog, std::int64_t id) {
    POLYSYNC_TRY(auto all, transaction.backfills(std::nullopt));
    auto found =
        std::find_if(all.begin(), all.end(), [&](const store::Backfill& one) { return one.id == id; });
    if (found == all.end())
        return make_error(ErrorKind::not_found, "unknown_backfill",
                          fmt::format("there is no backfill {}", id));
    Names names(catalog);
    auto out = backfill_json(*found, names, &transaction);
    POLYSYNC_TRY(out["progress"], progress(transaction, *found));
    return out;
}

Async<Result<Response>> list(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, "backfills");
    auto state = fields.choice("state", {"active", "paused", "cancelled", "done"});
    auto task = fields.text("task");
    POLYSYNC_CO_TRY(call.check());
    std::int64_t before = INT64_MAX;
    if (!page.cursor.empty())
        std::from_chars(page.cursor.data(), page.cursor.data() + page.cursor.size(), before);
    auto catalog = call.parts.runtime->catalog();
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto all, transaction.backfills(std::nullopt));
        std::sort(all.begin(), all.end(),
                  [](const store::Backfill& a, const store::Backfill& b) { return a.id > b.id; });
        Names names(catalog);
        json::array items;
        std::string next, last;
        for (const auto& backfill : all) {
            bool wanted = backfill.id < before && (!state || store::to_string(backfill.state) == *state) &&
                          (!task || names.task(backfill.task, &transaction) == *task);
            if (!wanted) continue;
            if (int(items.size()) == page.limit) {
                next = write_cursor("backfills", last);
                break;
            }
            last = std::to_string(backfill.id);
            items.push_back(backfill_json(backfill, names, &transaction));
        }
        *out = page_json(std::move(items), next);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

Async<Result<Response>> show(Call& call) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "backfill"));
    auto catalog = call.parts.runtime->catalog();
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*out, shown(transaction, catalog, id));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

Async<Result<Response>> change(Call& call, BackfillState state) {
    POLYSYNC_CO_TRY(auto id, call.path_number(0, "backfill"));
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    AnswerMaker make = [id, catalog = call.parts.runtime->catalog()](
                           store::Transaction& transaction, const OperationEffect&) -> Result<Response> {
        POLYSYNC_TRY(auto out, shown(transaction, catalog, id));
        return json_response(200, out);
    };
    auto caller = call.caller(std::move(make));
    auto done =
        co_await call.on_runtime(call.parts.operations->set_backfill_state(id, state, std::move(caller)));
    co_return call.answer(done);
}

Async<Result<Response>> pause(Call& call) { return change(call, BackfillState::paused); }
Async<Result<Response>> resume(Call& call) { return change(call, BackfillState::active); }
Async<Result<Response>> cancel(Call& call) { return change(call, BackfillState::cancelled); }

Route change_route(std::string word, Handler handler, std::string summary) {
    return {.method = Method::post,
            .pattern = "/backfills/{id}/" + word,
            .handler = handler,
            .id = word + "Backfill",
            .tag = "backfills",
            .summary = std::move(summary),
            .body = "Empty",
            .body_required = false,
            .answer = "Backfill"};
}

}  // namespace

std::vector<Route> backfill_routes() {
    return {
        {.method = Method::post,
         .pattern = "/tasks/{name}/backfills",
         .handler = create,
         .id = "createBackfill",
         .tag = "backfills",
         .summary = "Fills a range of keys, in a lane of its own; dry_run shows the keys (and answers 200).",
         .body = "BackfillRequest",
         .status = 201,
         .answer = "BackfillPlan"},
        {.method = Method::get,
         .pattern = "/backfills",
         .handler = list,
         .id = "listBackfills",
         .tag = "backfills",
         .summary = "Lists backfills, newest first.",
         .query = list_query({{"state", R"({"type":"string","enum":["active","paused","cancelled","done"]})",
                               "Backfills in this state."},
                              {"task", R"({"type":"string"})", "Backfills of this task."}}),
         .answer = "BackfillPage"},
        {.method = Method::get,
         .pattern = "/backfills/{id}",
         .handler = show,
         .id = "getBackfill",
         .tag = "backfills",
         .summary = "Shows a backfill with its progress.",
         .answer = "Backfill"},
        change_route("pause", pause, "Pauses a backfill: no further key is planned."),
        change_route("resume", resume, "Resumes a paused backfill."),
        change_route("cancel", cancel, "Ends a backfill and cancels its open runs."),
    };
}

}  // namespace polysync::api
