#include "runtime/operation_steps.h"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/nearest.h"
#include "runtime/backfills.h"

namespace polysync::runtime {

namespace json = boost::json;
using engine::Catalog;
using engine::CatalogTask;

Result<const CatalogTask*> find_task(const Catalog& catalog, const QualifiedName& name) {
    if (const auto* task = catalog.task(name)) return task;
    std::vector<std::string> known;
    for (const auto& [id, task] : catalog.tasks) known.push_back(task.task.meta.name.str());
    auto near = nearest_word(name.str(), known);
    return make_error(ErrorKind::not_found, "unknown_task",
                      fmt::format("there is no task '{}'{}", name.str(),
                                  near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

Error no_run(RunId run) {
    return make_error(ErrorKind::not_found, "unknown_run", fmt::format("there is no run {}", number(run)));
}

Result<TaskRun> load_run(store::ReadTransaction& transaction, RunId id) {
    POLYSYNC_TRY(auto found, transaction.runs(std::span(&id, 1)));
    if (found.empty()) return no_run(id);
    return std::move(found.front());
}

Status append_audit(store::Transaction& transaction, SystemTime now, const std::string& actor,
                    std::string action, std::string subject, const json::object& document) {
    return transaction.append_audit({.at = now,
                                     .actor = actor,
                                     .action = std::move(action),
                                     .subject = std::move(subject),
                                     .document = json::serialize(document)});
}

std::string subject_of(RunId run) { return fmt::format("run/{}", number(run)); }

// The values of a Run Once: parameters that the job knows, of their types; a name that is new declares a
// parameter (spec 1).
Status check_values(const Catalog& catalog, const CatalogTask& task,
                    const std::map<std::string, std::string>& values) {
    const auto& parameters = catalog.jobs.at(task.job).job.parameters;
    for (const auto& [name, value] : values) {
        for (const auto& parameter : parameters)
            if (parameter.name == name) {
                POLYSYNC_TRY(check_value(name, parameter.type, value));
            }
    }
    return success();
}

Result<std::vector<TaskRun>> chain_of(store::ReadTransaction& transaction, const Catalog& catalog,
                                      const TaskRun& start) {
    std::vector<TaskRun> out;
    for (auto task : catalog.component(start.key.task)) {
        POLYSYNC_TRY(auto runs, transaction.runs_of_key(task, start.key.lane, start.key.key));
        std::move(runs.begin(), runs.end(), std::back_inserter(out));
    }
    return out;
}

namespace {

// What was skipped for lack of a dependency reopens by itself when that is repaired, and stays skipped where
// another branch was taken; what a person skipped stays so.
bool is_to_repair(const TaskRun& run) {
    return run.state == RunState::failed || run.state == RunState::cancelled ||
           (run.state == RunState::skipped && run.code == "overlap");
}

// The run is newest of its task and key in the chain, and nothing before it has to be repaired first.
bool is_topmost(const Catalog& catalog, const std::map<ObjectId, TaskRun>& newest, ObjectId task) {
    std::vector<ObjectId> open{task};
    std::set<ObjectId> seen{task};
    while (!open.empty()) {
        const auto* current = catalog.task(open.back());
        open.pop_back();
        if (!current) continue;
        for (const auto& edge : current->edges) {
            if (edge.dependency.match != Match::same || !seen.insert(edge.parent).second) continue;
            auto found = newest.find(edge.parent);
            if (found != newest.end() && is_to_repair(found->second)) return false;
            open.push_back(edge.parent);
        }
    }
    return true;
}

// `values` of a run with the outputs of its parents that it is to read.
std::string with_parents(const std::string& values, json::object parents) {
    json::error_code error;
    auto parsed = json::parse(values.empty() ? "{}" : values, error);
    json::object out;
    if (!error && parsed.is_object()) out = std::move(parsed.get_object());
    if (!parents.empty()) out["parents"] = std::move(parents);
    return out.empty() ? std::string() : json::serialize(out);
}

}  // namespace

Result<std::vector<TaskRun>> rerun_targets(store::ReadTransaction& transaction, const Catalog& catalog,
                                           const TaskRun& run, const RerunRequest& request) {
    std::vector<TaskRun> targets;
    if (request.scope != RerunScope::failed_of_chain) {
        if (!is_terminal(run.state))
            return make_error(ErrorKind::conflict, "still_active",
                              fmt::format("run {} is {}", number(run.id), to_string(run.state)),
                              "Cancel it first, or wait for its end.");
        targets.push_back(run);
        return targets;  // the downstream part follows by its tokens
    }
    POLYSYNC_TRY(auto members, chain_of(transaction, catalog, run));
    std::map<ObjectId, TaskRun> newest;
    for (auto& member : members) newest[member.key.task] = std::move(member);
    for (const auto& [task, member] : newest)
        if (is_to_repair(member) && is_topmost(catalog, newest, task)) targets.push_back(member);
    if (targets.empty())
        return make_error(ErrorKind::conflict, "nothing_failed", "no run of the chain has failed");
    return targets;
}

Result<RunId> rerun_one(store::Transaction& transaction, const Catalog& catalog, Propagation& propagation,
                        const TaskRun& old, Reach reach, bool downstream) {
    const auto* task = catalog.task(old.key.task);
    if (!task)
        return make_error(ErrorKind::not_found, "definition_gone", "the run's task is no longer defined");
    POLYSYNC_TRY(auto all, transaction.runs_of_key(old.key.task, old.key.lane, old.key.key));
    if (!all.empty() && !is_terminal(all.back().state))
        return make_error(
            ErrorKind::conflict, "still_active",
            fmt::format("run {} of the same key is {}", number(all.back().id), to_string(all.back().state)));
    RunKey key = old.key;
    key.rerun = all.empty() ? old.key.rerun + 1 : all.back().key.rerun + 1;
    POLYSYNC_TRY(auto parents, propagation.parents_of(*task, key.lane, key.key));
    TaskRun base;
    base.values = with_reach(with_parents(old.values, std::move(parents)), reach);
    base.priority = old.priority;
    base.downstream = downstream;
    return propagation.insert(*task, std::move(key), Trigger::rerun, std::move(base),
                              fmt::format("queued: rerun of run {}", number(old.id)));
}

Result<std::string> with_newest_parents(Propagation& propagation, const CatalogTask& task, const RunKey& key,
                                        const std::string& values) {
    POLYSYNC_TRY(auto parents, propagation.parents_of(task, key.lane, key.key));
    return with_parents(values, std::move(parents));
}

Result<ObjectId> pausable(store::ReadTransaction& transaction, store::ObjectKind kind,
                          const std::optional<QualifiedName>& object) {
    if (!object) return ObjectId{};
    if (kind != store::ObjectKind::task && kind != store::ObjectKind::platform)
        return make_error(ErrorKind::invalid_input, "not_pausable",
                          "only tasks, platforms and everything can be paused");
    POLYSYNC_TRY(auto found, transaction.object(kind, *object));
    if (!found)
        return make_error(ErrorKind::not_found, "unknown_object",
                          fmt::format("there is no {} '{}'", store::to_string(kind), object->str()));
    return found->id;
}

std::string pause_subject(store::ObjectKind kind, const std::optional<QualifiedName>& object) {
    return object ? fmt::format("{}/{}", store::to_string(kind), object->str()) : "everything";
}

Status check_backfill(const CatalogTask& task, const BackfillRequest& request) {
    auto bad = [](std::string message) {
        return make_error(ErrorKind::invalid_input, "invalid_backfill", std::move(message));
    };
    if (task.partition.grain == engine::Grain::none) return bad("a task without a grain has no keys to fill");
    POLYSYNC_TRY(auto first, engine::parse_key(task.partition, request.first_key));
    POLYSYNC_TRY(auto last, engine::parse_key(task.partition, request.last_key));
    if (first.start > last.start) return bad("the range ends before it begins");
    if (request.max_active < 1) return bad("max_active must be at least 1");
    if (request.selection != "missing" && request.selection != "failed" && request.selection != "all")
        return bad("selection must be missing, failed or all");
    return success();
}

Status plan_keys(store::ReadTransaction& transaction, const CatalogTask& task, const BackfillRequest& request,
                 BackfillPlan& plan) {
    POLYSYNC_TRY(auto current, engine::parse_key(task.partition, request.first_key));
    POLYSYNC_TRY(auto last, engine::parse_key(task.partition, request.last_key));
    for (; current.start <= last.start; current = engine::next_interval(task.partition, current)) {
        if (plan.keys.size() >= 10'000)
            return make_error(ErrorKind::invalid_input, "invalid_backfill",
                              "the range holds more than 10,000 keys");
        POLYSYNC_TRY(bool selected, selects(transaction, task, request.selection, current.key));
        if (selected) {
            plan.keys.push_back(current.key);
        } else {
            ++plan.skipped;
        }
    }
    if (request.newest_first) std::reverse(plan.keys.begin(), plan.keys.end());
    return success();
}

namespace {

Status check_none_is_active(store::Transaction& transaction, ObjectId task) {
    POLYSYNC_TRY(auto active, transaction.backfills(store::BackfillState::active));
    for (const auto& other : active)
        if (other.task == task)
            return make_error(ErrorKind::conflict, "backfill_active",
                              fmt::format("backfill {} of this task is active", other.id),
                              "Wait for it, or cancel it first.");
    return success();
}

}  // namespace

Result<std::int64_t> insert_backfill(store::Transaction& transaction, ObjectId task,
                                     const BackfillRequest& request, const std::string& actor,
                                     SystemTime now) {
    POLYSYNC_TRY(check_none_is_active(transaction, task));
    return transaction.put_backfill({.task = task,
                                     .first_key = request.first_key,
                                     .last_key = request.last_key,
                                     .selection = request.selection,
                                     .max_active = request.max_active,
                                     .priority = request.priority.value_or(-10),
                                     .newest_first = request.newest_first,
                                     .downstream = request.downstream,
                                     .next_key = request.newest_first ? request.last_key : request.first_key,
                                     .created_by = actor,
                                     .created_at = now});
}

Status change_backfill_state(store::Transaction& transaction, std::int64_t id, store::BackfillState state) {
    POLYSYNC_TRY(auto all, transaction.backfills(std::nullopt));
    auto found =
        std::find_if(all.begin(), all.end(), [&](const store::Backfill& one) { return one.id == id; });
    if (found == all.end())
        return make_error(ErrorKind::not_found, "unknown_backfill",
                          fmt::format("there is no backfill {}", id));
    if (found->state == store::BackfillState::cancelled || found->state == store::BackfillState::done)
        return make_error(ErrorKind::conflict, "wrong_state",
                          fmt::format("backfill {} is {}", id, store::to_string(found->state)));
    if (state == store::BackfillState::active && found->state != state) {
        POLYSYNC_TRY(check_none_is_active(transaction, found->task));
    }
    found->state = state;
    POLYSYNC_TRY(auto kept, transaction.put_backfill(*found));
    (void)kept;
    return success();
}

Result<std::vector<RunId>> matching_runs(store::ReadTransaction& transaction, const store::RunFilter& filter,
                                         std::size_t most) {
    std::vector<RunId> ids;
    store::Page page{.limit = 1000};
    do {
        POLYSYNC_TRY(auto got, transaction.list_runs(filter, page));
        for (const auto& run : got.runs) ids.push_back(run.id);
        if (ids.size() > most)
            return make_error(ErrorKind::invalid_input, "too_many_runs",
                              fmt::format("the filter matches more than {} runs", most),
                              "Narrow it, for instance by task or by time.");
        page.cursor = got.next;
    } while (!page.cursor.empty());
    return ids;
}

}  // namespace polysync::runtime
