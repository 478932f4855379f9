// Chains: the runs of one component, lane and key (TASK-4).
#include <algorithm>
#include <charconv>
#include <map>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/run_filter.h"
#include "api/views.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using engine::Catalog;
using runtime::OperationEffect;

constexpr std::size_t max_scanned = 20'000;  // rows that one page of chains reads

struct ChainKey {
    ObjectId member{};  // some task of the component
    std::string lane, key;
};

// "<task>@<lane>@<key>"; keys may hold '@', names and lanes do not.
Result<ChainKey> parse_chain(const Catalog& catalog, const std::string& id) {
    auto first = id.find('@');
    auto second = first == std::string::npos ? first : id.find('@', first + 1);
    if (second != std::string::npos) {
        const auto* task = catalog.task(QualifiedName(id.substr(0, first)));
        if (task) return ChainKey{task->id, id.substr(first + 1, second - first - 1), id.substr(second + 1)};
    }
    return make_error(ErrorKind::not_found, "unknown_chain", fmt::format("there is no chain '{}'", id),
                      "A chain's id is TASK@LANE@KEY; runs show it as `chain`.");
}

Result<std::vector<TaskRun>> runs_of(store::ReadTransaction& transaction, const Catalog& catalog,
                                     const ChainKey& chain) {
    std::vector<TaskRun> out;
    for (auto task : catalog.component(chain.member)) {
        POLYSYNC_TRY(auto runs, transaction.runs_of_key(task, chain.lane, chain.key));
        std::move(runs.begin(), runs.end(), std::back_inserter(out));
    }
    return out;
}

// Open while a run is; else what its newest runs say together.
std::string_view chain_state(const std::map<ObjectId, const TaskRun*>& newest) {
    bool failed = false, cancelled = false, succeeded = false;
    for (const auto& [task, run] : newest) {
        if (!is_terminal(run->state)) return "Running";
        failed = failed || run->state == RunState::failed;
        cancelled = cancelled || run->state == RunState::cancelled;
        succeeded = succeeded || run->state == RunState::succeeded;
    }
    if (failed) return "Failed";
    if (cancelled) return "Cancelled";
    return succeeded ? "Succeeded" : "Skipped";
}

json::object chain_json(const std::vector<TaskRun>& runs, Names& names) {
    std::map<ObjectId, const TaskRun*> newest;
    json::object states;
    auto created = runs.front().created_at;
    std::optional<SystemTime> ended = SystemTime{};
    for (const auto& run : runs) {
        newest[run.key.task] = &run;  // reruns come in order
        created = std::min(created, run.created_at);
        if (!run.ended_at) ended.reset();
        if (ended) ended = std::max(*ended, *run.ended_at);
    }
    for (const auto& [task, run] : newest) {
        auto& count = states[to_string(run->state)];
        count = count.is_int64() ? count.get_int64() + 1 : std::int64_t(1);
    }
    json::array tasks;
    for (const auto& [task, run] : newest)
        tasks.push_back(json::object{
            {"task", names.task(task, nullptr)}, {"run", number(run->id)}, {"state", to_string(run->state)}});
    json::object out{{"id", names.chain(runs.front().key)},  {"lane", runs.front().key.lane},
                     {"key", runs.front().key.key},          {"state", chain_state(newest)},
                     {"states", std::move(states)},          {"tasks", std::move(tasks)},
                     {"created_at", format_iso8601(created)}};
    if (ended) out["ended_at"] = format_iso8601(*ended);
    return out;
}

struct ChainPage {
    json::array items;
    std::string next;
};

// Chains by their newest run, newest first: a chain belongs to the page that holds that run, so that no page
// needs to know the ones before it.
Result<ChainPage> page_of_chains(store::ReadTransaction& transaction,
                                 const std::shared_ptr<const Catalog>& catalog,
                                 const store::RunFilter& filter, store::Page page, const std::string& state) {
    ChainPage out;
    Names names(catalog);
    auto wanted = std::size_t(page.limit);
    std::size_t scanned = 0;
    std::map<std::string, RunId> newest_of;
    page.limit = 200;
    while (true) {
        POLYSYNC_TRY(auto got, transaction.list_runs(filter, page));
        for (const auto& run : got.runs) {
            page.cursor = std::to_string(number(run.id));
            ++scanned;
            auto id = names.chain(run.key);
            auto known = newest_of.find(id);
            if (known != newest_of.end()) continue;
            POLYSYNC_TRY(auto runs,
                         runs_of(transaction, *catalog, {run.key.task, run.key.lane, run.key.key}));
            scanned += runs.size();
            if (runs.empty()) runs.push_back(run);  // of a task that is no longer defined
            // Of those that the filter lets through, this one is the newest: it comes first in this order.
            auto later = std::find_if(runs.begin(), runs.end(), [&](const TaskRun& other) {
                return number(other.id) > number(run.id) && passes(filter, other);
            });
            newest_of[id] = run.id;
            if (later != runs.end()) continue;
            auto shown = chain_json(runs, names);
            if (state.empty() || shown["state"].get_string() == state) out.items.push_back(std::move(shown));
            if (out.items.size() == wanted || scanned >= max_scanned) break;
        }
        bool full = out.items.size() == wanted || scanned >= max_scanned;
        if (got.next.empty() && !full) return out;
        if (full) {
            bool last = got.next.empty() && !got.runs.empty() &&
                        page.cursor == std::to_string(number(got.runs.back().id));
            if (!last) out.next = write_cursor("chains", page.cursor);
            return out;
        }
    }
}

Async<Result<Response>> list(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, "chains");
    auto catalog = call.parts.runtime->catalog();
    auto filter = read_run_filter(fields, *catalog);
    auto state =
        fields.choice("chain_state", {"Running", "Succeeded", "Failed", "Cancelled", "Skipped"}).value_or("");
    POLYSYNC_CO_TRY(call.check());
    auto out = std::make_shared<ChainPage>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*out, page_of_chains(transaction, catalog, filter, page, state));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, page_json(std::move(out->items), out->next));
}

// The chain's runs; not_found where there is none.
Async<Result<std::vector<TaskRun>>> load(Call& call) {
    auto catalog = call.parts.runtime->catalog();
    POLYSYNC_CO_TRY(auto chain, parse_chain(*catalog, call.path[0]));
    auto runs = std::make_shared<std::vector<TaskRun>>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*runs, runs_of(transaction, *catalog, chain));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    if (runs->empty())
        co_return make_error(ErrorKind::not_found, "unknown_chain",
                             fmt::format("there is no chain '{}'", call.path[0]));
    co_return std::move(*runs);
}

Async<Result<Response>> show(Call& call) {
    auto runs = co_await load(call);
    if (!runs) co_return runs.error();
    Names names(call.parts.runtime->catalog());
    auto out = chain_json(runs.value(), names);
    json::array list;
    for (const auto& run : runs.value()) list.push_back(run_json(run, names, nullptr));
    out["runs"] = std::move(list);
    co_return json_response(200, out);
}

AnswerMaker answer_with_effect() {
    return [](store::Transaction&, const OperationEffect& effect) -> Result<Response> {
        return json_response(200, bulk_json(effect.runs, effect.refused));
    };
}

Async<Result<Response>> cancel(Call& call) {
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    auto runs = co_await load(call);
    if (!runs) co_return runs.error();
    auto caller = call.caller(answer_with_effect());
    auto done = co_await call.on_runtime(
        call.parts.operations->cancel_chain(runs.value().front().id, std::move(caller)));
    Status status = success();
    if (!done) status = done.error();
    co_return call.answer(status);
}

Async<Result<Response>> rerun(Call& call) {
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    auto runs = co_await load(call);
    if (!runs) co_return runs.error();
    runtime::RerunRequest request;
    request.run = runs.value().front().id;
    request.scope = runtime::RerunScope::failed_of_chain;
    auto caller = call.caller(answer_with_effect());
    auto done = co_await call.on_runtime(call.parts.operations->rerun(request, std::move(caller)));
    Status status = success();
    if (!done) status = done.error();
    co_return call.answer(status);
}

}  // namespace

std::vector<Route> chain_routes() {
    auto query = run_filter_query();
    query.push_back({"chain_state",
                     R"({"type":"string","enum":["Running","Succeeded","Failed","Cancelled","Skipped"]})",
                     "Chains in this state."});
    return {
        {.method = Method::get,
         .pattern = "/chains",
         .handler = list,
         .id = "listChains",
         .tag = "chains",
         .summary = "Lists chains that hold a run which the filter matches, newest first.",
         .query = list_query(std::move(query)),
         .answer = "ChainPage"},
        {.method = Method::get,
         .pattern = "/chains/{id}",
         .handler = show,
         .id = "getChain",
         .tag = "chains",
         .summary = "Shows a chain with all its runs.",
         .answer = "ChainDetail"},
        {.method = Method::post,
         .pattern = "/chains/{id}/cancel",
         .handler = cancel,
         .id = "cancelChain",
         .tag = "chains",
         .summary = "Cancels every open run of a chain.",
         .body = "Empty",
         .body_required = false,
         .answer = "BulkResult"},
        {.method = Method::post,
         .pattern = "/chains/{id}/rerun",
         .handler = rerun,
         .id = "rerunChain",
         .tag = "chains",
         .summary = "Runs anew what failed of a chain.",
         .body = "Empty",
         .body_required = false,
         .answer = "BulkResult"},
    };
}

}  // namespace polysync::api
