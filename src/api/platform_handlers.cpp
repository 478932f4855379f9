// Platforms at AWS: connection test and discovery (PLAT-4, GLUE-1, BATCH-1, SM-1, SFN-1).
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
    };
}

}  // namespace polysync::api
