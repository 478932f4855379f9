// The server itself: status, alerts, audit, backup, the OpenAPI document.
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/service.h"
#include "api/views.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

struct Counts {
    std::map<ObjectId, std::int64_t> queued, in_flight;
    json::array nodes, pauses;
};

json::array platforms_json(const engine::Catalog& catalog, const runtime::RuntimeStatus& status,
                           const Counts& counts) {
    json::array out;
    for (const auto& [id, platform] : catalog.platforms) {
        json::object row{{"name", platform.name.str()},
                         {"queued", counts.queued.contains(id) ? counts.queued.at(id) : 0},
                         {"in_flight", counts.in_flight.contains(id) ? counts.in_flight.at(id) : 0}};
        for (const auto& one : status.platforms) {
            if (one.platform != id) continue;
            if (!one.error.empty()) row["error"] = one.error;
            if (one.staleness) row["staleness_ms"] = one.staleness->count();
        }
        out.push_back(std::move(row));
    }
    std::sort(out.begin(), out.end(), [](const json::value& a, const json::value& b) {
        return a.at("name").get_string() < b.at("name").get_string();
    });
    return out;
}

std::string subject_of(const engine::Catalog& catalog, ObjectId id) {
    if (number(id) == 0) return "everything";
    if (const auto* task = catalog.task(id)) return "task/" + task->task.meta.name.str();
    auto platform = catalog.platforms.find(id);
    if (platform != catalog.platforms.end()) return "platform/" + platform->second.name.str();
    return fmt::format("object/{}", number(id));
}

Async<Result<Response>> status(Call& call) {
    auto runtime = co_await call.on_runtime(runtime_status(*call.parts.runtime));
    auto catalog = call.parts.runtime->catalog();
    auto counts = std::make_shared<Counts>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        *counts = {};
        for (const auto& [id, platform] : catalog->platforms) {
            POLYSYNC_TRY(counts->queued[id], transaction.queued_count(id));
        }
        POLYSYNC_TRY(auto in_flight, transaction.in_flight_counts());
        for (const auto& count : in_flight) counts->in_flight[count.platform] += count.count;
        POLYSYNC_TRY(auto nodes, transaction.nodes());
        for (const auto& node : nodes)
            counts->nodes.push_back(json::object{{"name", node.node}, {"seen_at", format_iso8601(node.at)}});
        POLYSYNC_TRY(auto pauses, transaction.pauses());
        for (const auto& pause : pauses) {
            auto row = pause_json(pause);
            row["subject"] = subject_of(*catalog, pause.object);
            counts->pauses.push_back(std::move(row));
        }
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    json::object out{{"version", call.parts.version},
                     {"ready", runtime.ready && runtime.store_error.empty()},
                     {"started_at", format_iso8601(call.parts.started_at)},
                     {"definitions_version", catalog->version},
                     {"objects", json::object{{"platforms", catalog->platforms.size()},
                                              {"jobs", catalog->jobs.size()},
                                              {"tasks", catalog->tasks.size()},
                                              {"profiles", catalog->profiles.size()},
                                              {"sources", catalog->sources.size()}}},
                     {"platforms", platforms_json(*catalog, runtime, *counts)},
                     {"nodes", counts->nodes},
                     {"pauses", counts->pauses}};
    if (!runtime.store_error.empty()) out["store_error"] = runtime.store_error;
    co_return json_response(200, out);
}

// Both tables are read newest first, with the last row's number as cursor.
template <class Row, class Read, class Show, class Number>
Async<Result<Response>> rows(Call& call, store::Page page, std::string list, Read read, Show show,
                             Number number_of) {
    auto out = std::make_shared<json::object>();
    int limit = page.limit;
    page.limit = limit + 1;
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(std::vector<Row> got, read(transaction, page));
        std::string next;
        if (int(got.size()) > limit) {
            got.pop_back();
            next = write_cursor(list, std::to_string(number_of(got.back())));
        }
        json::array items;
        for (const auto& row : got) items.push_back(show(row));
        *out = page_json(std::move(items), next);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

Result<std::vector<store::Alert>> read_alerts(store::ReadTransaction& transaction, const store::Page& page) {
    return transaction.alerts(false, page);
}
Result<std::vector<store::Alert>> read_new_alerts(store::ReadTransaction& transaction,
                                                  const store::Page& page) {
    return transaction.alerts(true, page);
}
Result<std::vector<store::AuditEntry>> read_audit(store::ReadTransaction& transaction,
                                                  const store::Page& page) {
    return transaction.audit(page);
}
std::int64_t number_of_alert(const store::Alert& alert) { return alert.id; }
std::int64_t number_of_entry(const store::AuditEntry& entry) { return entry.sequence; }

Async<Result<Response>> alerts(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, "alerts");
    bool undelivered = fields.boolean("undelivered", false);
    POLYSYNC_CO_TRY(call.check());
    auto read = undelivered ? read_new_alerts : read_alerts;
    co_return co_await rows<store::Alert>(call, page, "alerts", read, alert_json, number_of_alert);
}

Async<Result<Response>> audit(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, "audit");
    POLYSYNC_CO_TRY(call.check());
    co_return co_await rows<store::AuditEntry>(call, page, "audit", read_audit, audit_json, number_of_entry);
}

Async<Result<Response>> backup(Call& call) {
    auto fields = call.body_fields();
    auto path = fields.required_text("path");
    fields.finish();
    if (!path.empty() && path.front() != '/')
        fields.complain("path", "invalid_path",
                        "path must be absolute: it is the server that writes the file");
    POLYSYNC_CO_TRY(call.check());
    auto done = co_await call.parts.store->backup(path);
    if (!done) co_return call.blame("path", done.error());
    auto now = call.parts.clock->now();
    std::function<Result<Response>(store::Transaction&)> note =
        [path, now, actor = call.request.actor](store::Transaction& transaction) -> Result<Response> {
        POLYSYNC_TRY(
            transaction.append_audit({.at = now,
                                      .actor = actor,
                                      .action = "backup",
                                      .subject = "store",
                                      .document = boost::json::serialize(json::object{{"path", path}})}));
        return json_response(201, json::object{{"path", path}});
    };
    co_return co_await call.write(std::move(note));
}

Async<Result<Response>> openapi(Call& call) {
    Response response;
    response.body = call.service->openapi();
    co_return response;
}

}  // namespace

std::vector<Route> system_routes() {
    return {
        {.method = Method::get,
         .pattern = "/status",
         .handler = status,
         .id = "getStatus",
         .tag = "system",
         .summary = "Where the server stands: platforms, queues, pauses, the store.",
         .answer = "ServerStatus"},
        {.method = Method::get,
         .pattern = "/events",
         .id = "followEvents",
         .tag = "events",
         .summary = "Changes as server-sent events, from after `after` or Last-Event-ID, else from now on.",
         .query = {{"after", R"({"type":"integer","minimum":0})", "The last event that the caller has seen."},
                   {"type", R"({"type":"array","items":{"type":"string"}})", "Events of these types only."},
                   {"subject", R"({"type":"array","items":{"type":"string"}})",
                    "Events about these only: run/4711, task/etl/orders."}},
         .is_stream = true,
         .media_type = "text/event-stream"},
        {.method = Method::get,
         .pattern = "/alerts",
         .handler = alerts,
         .id = "listAlerts",
         .tag = "system",
         .summary = "Lists alerts, newest first.",
         .query = list_query({{"undelivered", R"({"type":"boolean","default":false})",
                               "Only those that no receiver has taken yet."}}),
         .answer = "AlertPage"},
        {.method = Method::get,
         .pattern = "/audit",
         .handler = audit,
         .id = "listAudit",
         .tag = "system",
         .summary = "Lists who did what, newest first.",
         .query = list_query(),
         .answer = "AuditPage"},
        {.method = Method::post,
         .pattern = "/backup",
         .handler = backup,
         .id = "backUp",
         .tag = "system",
         .summary = "Copies the store into a new file on the server, while everything goes on.",
         .body = "BackupRequest",
         .status = 201,
         .answer = "BackupResult"},
        {.method = Method::get,
         .pattern = "/openapi.json",
         .handler = openapi,
         .id = "getOpenApi",
         .tag = "system",
         .summary = "This document.",
         .answer = "OpenApiDocument",
         .is_public = true},
    };
}

}  // namespace polysync::api
