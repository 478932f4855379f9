// Jobs of a platform from what AWS has: new ones, changed ones, those that are gone (GLUE-1, BATCH-1, SM-1,
// SFN-1).
#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/apply.h"
#include "api/catalog_input.h"
#include "api/objects.h"
#include "provider/provider.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using store::ObjectKind;

constexpr std::size_t max_jobs = 20'000;
constexpr int max_pages = 2'000;
constexpr std::size_t max_name = 128;

struct Discovered {
    std::vector<Job> jobs;
    std::vector<std::string> warnings;
};

// On the runtime's executor, where providers live.
Async<Result<Discovered>> discover_all(const Parts& parts, engine::CatalogPlatform platform) {
    POLYSYNC_CO_TRY(auto provider, parts.providers->provider(platform));
    Discovered out;
    std::string next;
    for (int page = 0; page < max_pages; ++page) {
        auto read = co_await provider->discover(std::move(next));
        if (!read) co_return provider->diagnose(read.error());
        auto& found = read.value();
        std::move(found.jobs.begin(), found.jobs.end(), std::back_inserter(out.jobs));
        std::move(found.warnings.begin(), found.warnings.end(), std::back_inserter(out.warnings));
        next = std::move(found.next);
        if (next.empty()) co_return out;
        if (out.jobs.size() > max_jobs) break;
    }
    co_return make_error(ErrorKind::rejected, "too_many_jobs",
                         fmt::format("the platform has more than {} jobs", max_jobs),
                         "Define those that you need in files.");
}

struct ImportOptions {
    std::vector<std::string> filters;
    std::string name_space;

    // Whether the import is about a job of this name at AWS.
    [[nodiscard]] bool covers(std::string_view external_id, std::string_view name) const {
        return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
                   return matches_glob(filter, external_id) || matches_glob(filter, name);
               });
    }
};

// AWS's name as one of ours: '/' stays, other characters that names lack become '-'.
std::string plain_name(std::string_view name) {
    std::string out;
    for (unsigned char c : name) {
        bool starts = out.empty() || out.back() == '/';
        if (std::isalnum(c) || (!starts && (c == '.' || c == '_' || c == '-'))) {
            out += char(c);
        } else if (c == '/' && !starts) {
            out += '/';
        } else if (!starts && out.back() != '-') {
            out += '-';
        }
    }
    while (!out.empty() && (out.back() == '/' || out.back() == '-')) out.pop_back();
    return out.empty() ? "job" : out;
}

// FNV-1a: tells apart what AWS tells apart and our names do not, the same at every import.
std::string short_hash(std::string_view text) {
    std::uint32_t hash = 2166136261u;
    for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
    return fmt::format("{:08x}", hash);
}

// What the import wants, from what is there and what was found.
class Importer {
  public:
    Importer(const State& state, QualifiedName platform, const ImportOptions& options)
        : platform_(std::move(platform)), options_(options) {
        for (const auto& stored : state.objects) {
            const auto* job = std::get_if<JobDefinition>(&stored.definition.value);
            if (!job) continue;
            taken_.insert(job->meta.name.str());
            if (job->platform == platform_) known_.emplace(job->external_id, job);
        }
    }

    Wish make(const std::vector<Job>& jobs) {
        std::set<std::string> seen;
        for (const auto& job : jobs) {
            bool is_first = seen.insert(job.external_id).second;
            if (is_first && options_.covers(job.external_id, job.name)) add(job);
        }
        for (const auto& [id, job] : known_)
            if (!job->imported.empty() && !seen.contains(id)) add_gone(*job);
        wish_.is_import = true;
        return std::move(wish_);
    }

    std::vector<std::string> gone;

  private:
    void add(const Job& found) {
        auto imported = definition::imported_part(found);
        auto [first, last] = known_.equal_range(found.external_id);
        for (auto at = first; at != last; ++at) add(*at->second, imported);
        if (first != last) return;
        JobDefinition made;
        made.meta.name = QualifiedName(free_name(found));
        made.platform = platform_;
        made.external_id = found.external_id;
        add(made, std::move(imported));
    }

    void add(JobDefinition job, json::object imported) {
        job.imported = std::move(imported);
        wish_.definitions.push_back({std::move(job), {}, {}});
    }

    void add_gone(const JobDefinition& job) {
        const auto* name = job.imported.if_contains("name");
        std::string_view shown = job.external_id;
        if (name && name->is_string()) shown = name->get_string();
        if (!options_.covers(job.external_id, shown)) return;
        gone.push_back(job.meta.name.str());
        auto imported = job.imported;
        imported["gone"] = true;
        add(job, std::move(imported));
    }

    std::string free_name(const Job& found) {
        auto name = fmt::format("{}/{}", options_.name_space,
                                plain_name(found.name.empty() ? found.external_id : found.name));
        bool fits = name.size() <= max_name;
        if (!fits || taken_.contains(name)) {
            name.resize(std::min(name.size(), max_name - 9));
            name += "-" + short_hash(found.external_id);
        }
        taken_.insert(name);
        return name;
    }

    QualifiedName platform_;
    const ImportOptions& options_;
    std::multimap<std::string, const JobDefinition*> known_;  // by external id
    std::set<std::string> taken_;
    Wish wish_;
};

// Jobs whose new part their tasks do not bear (a value of another type) are left as they are.
json::array leave_out(Wish& wish, const State& state, std::vector<FieldProblem>& problems) {
    std::map<std::string, std::string> job_of_task;
    for (const auto& stored : state.objects)
        if (const auto* task = std::get_if<Task>(&stored.definition.value))
            job_of_task[subject_of(ObjectKind::task, task->meta.name)] = task->job.str();
    json::array refused;
    for (const auto& problem : problems) {
        auto job = job_of_task.find(problem.field);
        if (problem.code != "breaks_another" || job == job_of_task.end()) continue;
        auto removed = std::erase_if(wish.definitions, [&](const definition::Definition& definition) {
            return definition.name().str() == job->second;
        });
        if (removed > 0) refused.push_back(json::object{{"name", job->second}, {"detail", problem.detail}});
    }
    if (!refused.empty()) problems.clear();
    return refused;
}

struct ImportAnswer {
    std::size_t discovered = 0;
    json::array gone, refused, warnings;
    bool dry_run = false;

    Result<Response> operator()(store::ReadTransaction& transaction, const Plan& plan) const {
        auto out = plan_json(plan);
        out["dry_run"] = dry_run;
        out["discovered"] = discovered;
        out["gone"] = gone;
        out["refused"] = refused;
        if (!warnings.empty()) out["import_warnings"] = warnings;
        POLYSYNC_TRY(out["definitions_version"], transaction.definitions_version());
        return json_response(200, out);
    }
};

Result<engine::CatalogPlatform> platform_of(const engine::Catalog& catalog, const QualifiedName& name) {
    for (const auto& [id, platform] : catalog.platforms)
        if (platform.name == name) return platform;
    return make_error(ErrorKind::not_found, "unknown_platform",
                      fmt::format("there is no platform '{}'", name.str()));
}

Async<Result<Response>> import_jobs(Call& call) {
    QualifiedName name(call.path[0]);
    ImportOptions options;
    ImportAnswer answer;
    auto fields = call.body_fields();
    options.filters = fields.texts("filter", 100);
    options.name_space = fields.text("namespace", 100).value_or(name.str());
    answer.dry_run = fields.boolean("dry_run", false);
    fields.finish();
    if (options.name_space != plain_name(options.name_space))
        fields.complain("namespace", "wrong_value", "is no namespace such as team/area");
    POLYSYNC_CO_TRY(call.check());
    auto catalog = call.parts.runtime->catalog();
    POLYSYNC_CO_TRY(auto platform, platform_of(*catalog, name));
    auto found = co_await call.on_runtime(discover_all(call.parts, std::move(platform)));
    if (!found) co_return found.error();
    auto state = std::make_shared<State>();
    store::ReadWork read = [state](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*state, read_state(transaction));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(read)));
    Importer importer(*state, name, options);
    auto wish = importer.make(found.value().jobs);
    answer.discovered = found.value().jobs.size();
    for (const auto& job : importer.gone) answer.gone.emplace_back(job);
    for (const auto& warning : found.value().warnings) answer.warnings.emplace_back(warning);
    // A rehearsal finds what has to be left out; the import itself is one transaction.
    ApplyOptions rehearsal{.dry_run = true, .condition = {}};
    auto rehearsed = co_await carry_out(call, wish, std::move(rehearsal), answer);
    if (!rehearsed) {
        answer.refused = leave_out(wish, *state, call.problems);
        if (answer.refused.empty()) co_return rehearsed;
    }
    ApplyOptions real{.dry_run = answer.dry_run, .condition = {}};
    co_return co_await carry_out(call, std::move(wish), std::move(real), answer);
}

}  // namespace

std::vector<Route> import_routes() {
    return {
        {.method = Method::post,
         .pattern = "/platforms/{name}/import",
         .handler = import_jobs,
         .id = "importJobs",
         .tag = "platforms",
         .summary = "Makes jobs of what AWS has, and tells what changed there; what users set stays.",
         .body = "ImportRequest",
         .body_required = false,
         .answer = "ImportResult"},
    };
}

}  // namespace polysync::api
