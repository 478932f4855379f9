#include "test/sim/story.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"

namespace polysync::sim {
namespace {

const std::string who = "ada";

SystemTime time_of(const std::string& text) { return parse_iso8601(text).value(); }

}  // namespace

std::string text_at(const boost::json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

Story::Story(std::size_t nodes) : world_(1, time_of("2026-09-14T00:30:00Z"), {.count = nodes}) {
    log::set_level(log::Level::off);
    world_.pace = {.housekeeping = std::chrono::seconds(30), .definitions = std::chrono::hours(1)};
    add_platform("etl", PlatformType::aws_glue);
}

void Story::add_platform(const std::string& name, PlatformType type) {
    Platform platform;
    platform.name = name;
    platform.type = type;
    input_.platforms.push_back(
        {ObjectId{1 + std::int64_t(input_.platforms.size())}, QualifiedName(name), platform});
}

// Each task has a job of its own, so that the books of AWS name the task.
Task& Story::task(const std::string& name, const std::string& grain,
                  const std::vector<std::string>& parents) {
    JobDefinition job;
    job.meta.name = QualifiedName(name + "-job");
    job.platform = QualifiedName("etl");
    job.external_id = name;
    input_.jobs.push_back({ObjectId{next_id_ + 1000}, 1, job});
    Task made;
    made.meta.name = QualifiedName(name);
    made.job = job.meta.name;
    made.partition.grain = grain;
    if (grain != "none") made.values["key"] = "${interval.key}";
    for (const auto& parent : parents) made.dependencies.push_back({.parent = QualifiedName(parent)});
    input_.tasks.push_back({ObjectId{next_id_++}, 1, std::move(made)});
    return input_.tasks.back().task;
}

Task& Story::task_named(const std::string& name) {
    for (auto& entry : input_.tasks)
        if (entry.task.meta.name.str() == name) return entry.task;
    throw std::runtime_error("no task " + name);
}

void Story::put_on(const std::string& task, const std::string& platform) {
    for (auto& entry : input_.jobs)
        if (entry.job.external_id == task) entry.job.platform = QualifiedName(platform);
}

ContentionProfile& Story::profile(const std::string& name, ProfileType type) {
    ContentionProfile made;
    made.meta.name = QualifiedName(name);
    made.type = type;
    made.platforms = {QualifiedName("etl")};
    input_.profiles.push_back({ObjectId{5000 + std::int64_t(input_.profiles.size())}, std::move(made)});
    return input_.profiles.back().profile;
}

Schedule Story::at(std::string cron, std::string zone) {
    return {.cron = std::move(cron), .time_zone = std::move(zone)};
}

void Story::begin_at(const std::string& time) { world_.clock.start_at(time_of(time)); }

void Story::begin() {
    define();
    for (int node = 0; node < world_.nodes(); ++node) world_.start(node);
}

void Story::define() {
    world_.define(input_);
    watch_platforms();
}

void Story::watch_platforms() {
    for (auto& [id, aws] : world_.aws) {
        if (aws->script) continue;
        aws->script = [this](FakeRun& run) {
            auto name = run.task + " " + run.key;
            Millis takes = std::chrono::minutes(5);
            for (const auto& known : {run.task, name})
                if (auto found = takes_.find(known); found != takes_.end()) takes = found->second;
            run.ends = run.started + takes;
            if (fails_.contains(name)) run.end = PipelineRunStatus::failed;
            if (auto found = outputs_.find(name); found != outputs_.end())
                for (const auto& [output, value] : found->second) run.outputs[std::string(output)] = value;
            if (script_) script_(run);
        };
    }
}

void Story::until(const std::string& time) { world_.run_for(time_of(time) - world_.clock.now()); }

void Story::down_until(const std::string& time) {
    world_.stay_down(time_of(time) - world_.clock.now());
    world_.start();
}

std::string Story::state(const std::string& name, const std::string& key, const std::string& lane) {
    std::string out = "-";
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto found, transaction.runs_of_key(id_of(name), lane, key));
        if (!found.empty()) {
            last_ = found.back();
            out = to_string(last_.state);
        }
        return success();
    });
    return out;
}

TaskRun Story::run(const std::string& name, const std::string& key, const std::string& lane) {
    if (state(name, key, lane) == "-") throw std::runtime_error("no run of " + name + " for " + key);
    return last_;
}

std::vector<TaskRun> Story::runs(const std::string& name) {
    std::vector<TaskRun> out;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto page,
                     transaction.list_runs({.tasks = {id_of(name)}, .newest_first = false}, {.limit = 1000}));
        out = std::move(page.runs);
        return success();
    });
    return out;
}

std::vector<std::string> Story::told(const std::string& name) {
    std::vector<std::string> out;
    for (const auto& run : runs(name)) out.push_back(run.key.key + " " + std::string(to_string(run.state)));
    return out;
}

std::vector<HistoryEntry> Story::history(RunId id) {
    std::vector<HistoryEntry> out;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(out, transaction.history(id));
        return success();
    });
    return out;
}

std::vector<Attempt> Story::attempts(RunId id) {
    std::vector<Attempt> out;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(out, transaction.attempts(id));
        return success();
    });
    return out;
}

std::vector<std::string> Story::waiting_keys(const std::string& name) {
    std::vector<std::string> out;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto tokens, transaction.tokens_of(id_of(name)));
        for (const auto& token : tokens) out.push_back(token.key);
        return success();
    });
    return out;
}

std::vector<boost::json::object> Story::alerts(const std::string& kind) {
    std::vector<boost::json::object> out;
    world_.in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto all, transaction.alerts(false, {.limit = 1000}));
        for (const auto& alert : all)
            if (alert.kind == kind) out.push_back(boost::json::parse(alert.document).as_object());
        return success();
    });
    return out;
}

std::string Story::alert_text(const std::string& kind) {
    std::string out;
    for (const auto& alert : alerts(kind)) out += boost::json::serialize(alert) + "\n";
    return out;
}

std::string Story::why(const std::string& name, const std::optional<std::string>& key) {
    auto answer = ask(world_.call(world_.operations().why(QualifiedName(name), key)));
    auto out = answer.summary + "\n";
    for (const auto& item : answer.items)
        out += fmt::format("{}{}: {}\n", item.in_the_way ? "! " : "  ", item.subject, item.detail);
    return out;
}

RunId Story::run_once(const std::string& name, runtime::RunOnceRequest request) {
    request.task = QualifiedName(name);
    return ask(world_.call(world_.operations().run_once(std::move(request), who)));
}

std::vector<RunId> Story::rerun(RunId id, runtime::RerunScope scope, bool include_succeeded) {
    runtime::RerunRequest request{.run = id, .scope = scope, .include_succeeded = include_succeeded};
    return ask(world_.call(world_.operations().rerun(request, who)));
}

runtime::BackfillPlan Story::backfill(const std::string& name, const std::string& first,
                                      const std::string& last, runtime::BackfillRequest request) {
    request.task = QualifiedName(name);
    request.first_key = first;
    request.last_key = last;
    return ask(world_.call(world_.operations().backfill(std::move(request), who)));
}

void Story::pause(const std::string& name, const std::string& reason) {
    ask(world_.call(world_.operations().pause(store::ObjectKind::task, QualifiedName(name), reason, who)));
}

void Story::resume(const std::string& name, bool run_kept_keys) {
    ask(world_.call(
        world_.operations().resume(store::ObjectKind::task, QualifiedName(name), run_kept_keys, who)));
}

void Story::pause_everything() {
    ask(world_.call(world_.operations().pause(store::ObjectKind::task, std::nullopt, {}, who)));
}

void Story::resume_everything(bool run_kept_keys) {
    ask(world_.call(world_.operations().resume(store::ObjectKind::task, std::nullopt, run_kept_keys, who)));
}

FakePlatform& Story::aws(const std::string& platform) {
    for (const auto& entry : input_.platforms)
        if (entry.name.str() == platform) return *world_.aws.at(entry.id);
    throw std::runtime_error("no platform " + platform);
}

std::vector<std::string> Story::started(const std::string& platform) {
    std::vector<std::string> out;
    for (const auto& [id, run] : aws(platform).runs())
        out.push_back(run.key.empty() ? run.task : run.task + " " + run.key);
    return out;
}

}  // namespace polysync::sim
