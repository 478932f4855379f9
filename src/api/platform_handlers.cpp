// Platforms at AWS: connection test, discovery and how they are polled (PLAT-4, GLUE-1, BATCH-1, SM-1, SFN-1,
// PERF-11).
#include <cmath>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/route.h"
#include "api/views.h"
#include "base/nearest.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

Result<engine::CatalogPlatform> find_platform(const engine::Catalog& catalog, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& [id, platform] : catalog.platforms) {
        if (platform.name.str() == name) return platform;
        known.push_back(platform.name.str());
    }
    auto near = nearest_word(name, known);
    return make_error(ErrorKind::not_found, "unknown_platform",
                      fmt::format("there is no platform '{}'", name),
                      near.empty() ? std::string() : fmt::format("Did you mean '{}'?", near));
}

// Both on the runtime's executor, where providers live.
Async<Result<ConnectionReport>> run_test(const Parts& parts, engine::CatalogPlatform platform) {
    POLYSYNC_CO_TRY(auto provider, parts.providers->provider(platform));
    co_return co_await provider->test_connection();
}

Async<Result<JobPage>> run_discovery(const Parts& parts, engine::CatalogPlatform platform, std::string next) {
    POLYSYNC_CO_TRY(auto provider, parts.providers->provider(platform));
    auto page = co_await provider->discover(std::move(next));
    if (!page) co_return provider->diagnose(page.error());
    co_return page;
}

json::object report_json(const ConnectionReport& report) {
    json::array checks;
    for (const auto& check : report.checks) {
        json::object row{{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}};
        if (!check.remedy.empty()) row["remedy"] = check.remedy;
        checks.push_back(std::move(row));
    }
    json::object out{{"passed", report.passed()}, {"checks", std::move(checks)}};
    if (!report.caller_arn.empty()) out["caller_arn"] = report.caller_arn;
    if (!report.account.empty()) out["account"] = report.account;
    if (!report.credentials_source.empty()) out["credentials_source"] = report.credentials_source;
    if (report.clock_offset) out["clock_offset_ms"] = report.clock_offset->count();
    return out;
}

json::object job_json(const Job& job) {
    json::array parameters;
    for (const auto& parameter : job.parameters) {
        json::object row{{"name", parameter.name},
                         {"type", to_string(parameter.type)},
                         {"direction", to_string(parameter.direction)},
                         {"required", parameter.required}};
        if (parameter.default_value) row["default"] = *parameter.default_value;
        if (!parameter.description.empty()) row["description"] = parameter.description;
        if (!parameter.allowed_values.empty()) {
            json::array allowed;
            for (const auto& value : parameter.allowed_values) allowed.emplace_back(value);
            row["allowed_values"] = std::move(allowed);
        }
        parameters.push_back(std::move(row));
    }
    json::object out{{"external_id", job.external_id},
                     {"name", job.name},
                     {"parameters", std::move(parameters)},
                     {"details", job.details}};
    if (!job.description.empty()) out["description"] = job.description;
    return out;
}

Async<Result<Response>> test(Call& call) {
    body_ends(call);
    POLYSYNC_CO_TRY(call.check());
    auto catalog = call.parts.runtime->catalog();
    POLYSYNC_CO_TRY(auto platform, find_platform(*catalog, call.path[0]));
    auto report = co_await call.on_runtime(run_test(call.parts, std::move(platform)));
    if (!report) co_return report.error();
    co_return json_response(200, report_json(report.value()));
}

Async<Result<Response>> discover(Call& call) {
    auto fields = call.query_fields();
    auto cursor = fields.text("cursor", 16'384).value_or("");
    POLYSYNC_CO_TRY(call.check());
    std::string position;
    if (!cursor.empty()) {
        auto read = read_cursor("discover", cursor);
        if (!read) {
            fields.complain("cursor", "invalid_cursor", "the cursor is not one of this list");
            POLYSYNC_CO_TRY(call.check());
        }
        position = std::move(*read);
    }
    auto catalog = call.parts.runtime->catalog();
    POLYSYNC_CO_TRY(auto platform, find_platform(*catalog, call.path[0]));
    auto page = co_await call.on_runtime(run_discovery(call.parts, std::move(platform), std::move(position)));
    if (!page) co_return page.error();
    json::array items, warnings;
    for (const auto& job : page.value().jobs) items.push_back(job_json(job));
    for (const auto& warning : page.value().warnings) warnings.emplace_back(warning);
    auto out = page_json(std::move(items), write_cursor("discover", page.value().next));
    if (!warnings.empty()) out["warnings"] = std::move(warnings);
    co_return json_response(200, out);
}

struct Polling {
    runtime::PlatformPolls polls;
    std::vector<aws::LimiterStats> limits;
};

// On the runtime's executor. A platform that cannot be connected to has made no calls.
Async<Polling> read_polling(const Parts& parts, engine::CatalogPlatform platform) {
    Polling out{.polls = parts.runtime->polls(platform.id)};
    auto provider = parts.providers->provider(platform);
    if (provider) out.limits = provider.value()->limits();
    if (!provider && out.polls.error.empty()) out.polls.error = provider.error().describe();
    co_return out;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

json::array limits_json(const std::vector<aws::LimiterStats>& limits) {
    json::array out;
    for (const auto& one : limits)
        out.push_back(json::object{{"service", one.service},
                                   {"operation", one.operation},
                                   {"calls", one.calls},
                                   {"throttles", one.throttles},
                                   {"rate_per_s", rounded(one.rate_per_s)},
                                   {"most_per_s", rounded(one.most_per_s)},
                                   {"tokens", rounded(one.tokens)},
                                   {"waiting", one.waiting}});
    return out;
}

json::object next_json(const engine::Catalog& catalog, const runtime::PlatformPolls& polls) {
    json::array calls;
    for (const auto& call : polls.next) {
        json::object row{{"operation", call.operation},
                         {"runs", call.runs},
                         {"riding", call.riding},
                         {"calls", call.calls}};
        auto job = catalog.jobs.find(call.job);
        if (job != catalog.jobs.end()) row["job"] = job->second.job.meta.name.str();
        calls.push_back(std::move(row));
    }
    return {{"in_ms", polls.next_in->count()}, {"calls", std::move(calls)}};
}

json::object polling_json(const engine::Catalog& catalog, const engine::CatalogPlatform& platform,
                          const Polling& polling) {
    const auto& polls = polling.polls;
    json::object out{
        {"name", platform.name.str()},
        {"type", to_string(platform.platform.type)},
        {"followed", polls.followed},
        {"early", polls.early},
        {"cancelling", polls.cancelling},
        {"jobs", polls.jobs},
        {"late_ms", polls.late.count()},
        {"due", json::object{{"in_10_s", polls.due_in_10_s},
                             {"in_1_min", polls.due_in_1_min},
                             {"in_5_min", polls.due_in_5_min}}},
        {"so_far",
         json::object{{"sweeps", polls.sweeps}, {"calls", polls.calls}, {"statuses", polls.statuses}}},
        {"operations", limits_json(polling.limits)}};
    if (polls.staleness) out["staleness_ms"] = polls.staleness->count();
    if (polls.next_in) out["next"] = next_json(catalog, polls);
    if (!polls.error.empty()) out["error"] = polls.error;
    return out;
}

Async<Result<Response>> polls(Call& call) {
    auto catalog = call.parts.runtime->catalog();
    POLYSYNC_CO_TRY(auto platform, find_platform(*catalog, call.path[0]));
    auto polling = co_await call.on_runtime(read_polling(call.parts, platform));
    co_return json_response(200, polling_json(*catalog, platform, polling));
}

}  // namespace

std::vector<Route> platform_routes() {
    return {
        {.method = Method::post,
         .pattern = "/platforms/{name}/test",
         .handler = test,
         .id = "testPlatform",
         .tag = "platforms",
         .summary = "Proves who the caller is at AWS, and what it may do.",
         .body = "Empty",
         .body_required = false,
         .answer = "ConnectionReport"},
        {.method = Method::get,
         .pattern = "/platforms/{name}/discover",
         .handler = discover,
         .id = "discoverPlatform",
         .tag = "platforms",
         .summary = "A page of the jobs that exist at AWS.",
         .query = {{"cursor", R"({"type":"string"})", "`next` of the page before."}},
         .answer = "DiscoveredJobPage"},
        {.method = Method::get,
         .pattern = "/platforms/{name}/polls",
         .handler = polls,
         .id = "getPolls",
         .tag = "platforms",
         .summary = "How this server polls the platform: staleness, calls and tokens, and what is next.",
         .answer = "Polls"},
    };
}

}  // namespace polysync::api
