// What propagation stands on: edges with the keys that they need, tokens, lanes, and the runs made from them.
#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "runtime/events.h"
#include "runtime/propagation.h"

namespace polysync::runtime {

using engine::CatalogEdge;
using engine::CatalogTask;
using engine::Readiness;

namespace {

constexpr std::string_view reach_member = "rerun_children";

boost::json::object parse_values(const std::string& text) {
    boost::system::error_code error;
    auto parsed = boost::json::parse(text.empty() ? "{}" : text, error);
    auto* object = error ? nullptr : parsed.if_object();
    return object ? std::move(*object) : boost::json::object();
}

std::int64_t number_after(std::string_view text, std::string_view prefix) {
    std::int64_t value = 0;
    text.remove_prefix(std::min(prefix.size(), text.size()));
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

const CatalogEdge* find_edge(const CatalogTask& task, ObjectId parent) {
    for (const auto& edge : task.edges)
        if (edge.parent == parent) return &edge;
    return nullptr;
}

}  // namespace

Reach reach_of(const TaskRun& run) {
    if (run.values.find(reach_member) == std::string::npos) return Reach::none;
    auto values = parse_values(run.values);
    const auto* word = values.if_contains(reach_member);
    if (!word || !word->is_string()) return Reach::none;
    return word->get_string() == "all" ? Reach::all : Reach::unsuccessful;
}

std::string with_reach(const std::string& text, Reach reach) {
    auto values = parse_values(text);
    values.erase(reach_member);
    if (reach != Reach::none) values[reach_member] = reach == Reach::all ? "all" : "unsuccessful";
    return values.empty() ? std::string() : boost::json::serialize(values);
}

std::string misfire_setting(ObjectId task) { return fmt::format("misfire/{}", number(task)); }

std::string manual_lane(ObjectId root, std::string_view unique) {
    return fmt::format("manual:{}-{}", number(root), unique);
}
std::string backfill_lane(std::int64_t backfill) { return fmt::format("backfill:{}", backfill); }

// Sources speak in the live lane only: a backfill or a manual run waits for no event.
Result<std::vector<engine::Edge>> Propagation::edges_for(const CatalogTask& task, const std::string& lane,
                                                         const std::string& key) const {
    std::vector<engine::Edge> out;
    for (const auto& edge : task.edges) {
        if (edge.parent_is_source && lane != "live") continue;
        engine::Edge made{.parent = edge.parent,
                          .parent_name = edge.parent_name.str(),
                          .match = edge.dependency.match,
                          .on = edge.dependency.on,
                          .when = edge.dependency.when,
                          .max_age = edge.dependency.max_age};
        if (edge.dependency.match == Match::same) {
            made.keys = {key};
        } else if (edge.dependency.match == Match::all_in_interval) {
            POLYSYNC_TRY(auto own, engine::parse_key(task.partition, key));
            for (auto& finer : engine::intervals_inside(catalog_.tasks.at(edge.parent).partition, own))
                made.keys.push_back(std::move(finer.key));
        }
        out.push_back(std::move(made));
    }
    return out;
}

Result<Propagation::Lane> Propagation::lane_of(const std::string& lane) {
    Lane out;
    if (lane.starts_with("manual:")) {
        out.root = ObjectId{number_after(lane, "manual:")};
    } else if (lane.starts_with("backfill:")) {
        auto id = number_after(lane, "backfill:");
        POLYSYNC_TRY(auto backfills, transaction_.backfills(std::nullopt));
        for (auto& backfill : backfills) {
            if (backfill.id != id) continue;
            out.root = backfill.task;
            out.backfill = std::move(backfill);
        }
    }
    if (out.root) {
        out.tasks.insert(*out.root);
        for (auto id : catalog_.downstream(*out.root)) out.tasks.insert(id);
    }
    return out;
}

// Whether the lane will still run the parent for that key: it has begun at the lane's root, or the backfill
// has not come to it yet.
Result<bool> Propagation::is_coming(const Lane& lane, const std::string& name, ObjectId parent,
                                    const std::string& key) {
    const auto* task = catalog_.task(parent);
    const auto* root = catalog_.task(*lane.root);
    if (!task || !root || task->partition.grain != root->partition.grain) return true;
    POLYSYNC_TRY(auto runs, transaction_.runs_of_key(root->id, name, key));
    if (!runs.empty()) return true;
    if (!lane.backfill || lane.backfill->next_key.empty()) return false;
    auto wanted = engine::parse_key(root->partition, key);
    auto next = engine::parse_key(root->partition, lane.backfill->next_key);
    auto first = engine::parse_key(root->partition, lane.backfill->first_key);
    auto last = engine::parse_key(root->partition, lane.backfill->last_key);
    if (!wanted || !next || !first || !last) return false;
    auto at = wanted.value().start;
    if (at < first.value().start || at > last.value().start) return false;
    return lane.backfill->newest_first ? at <= next.value().start : at >= next.value().start;
}

// The tokens that the key stands on. In a manual or backfill lane, what the lane does not run is read from
// live runs of the same key; with `from_runs` every parent whose token is gone is read from its newest run.
Result<std::vector<Token>> Propagation::facts(const CatalogTask& task, const std::string& lane,
                                              const std::vector<engine::Edge>& edges, const std::string& key,
                                              bool from_runs) {
    std::vector<std::string> keys{key};
    for (const auto& edge : edges)
        for (const auto& needed : edge.keys)
            if (needed != key) keys.push_back(needed);
    POLYSYNC_TRY(auto held, transaction_.tokens(task.id, lane, keys));
    POLYSYNC_TRY(auto place, lane_of(lane));
    if (!place.root && !from_runs) return held;
    for (const auto& edge : edges) {
        bool outside = place.root && !place.tasks.contains(edge.parent);
        for (const auto& needed : edge.keys) {
            bool there = std::any_of(held.begin(), held.end(), [&](const Token& token) {
                return token.parent == edge.parent && token.key == needed;
            });
            if (there) continue;
            std::vector<TaskRun> runs;
            if (!outside) {
                POLYSYNC_TRY(runs, transaction_.runs_of_key(edge.parent, lane, needed));
                if (!runs.empty() && !from_runs) continue;
            }
            if (runs.empty() && place.root) {
                bool coming = false;
                if (!outside) {
                    POLYSYNC_TRY(coming, is_coming(place, lane, edge.parent, needed));
                }
                if (coming) continue;
                POLYSYNC_TRY(runs, transaction_.runs_of_key(edge.parent, "live", needed));
            }
            if (runs.empty() || !is_terminal(runs.back().state)) continue;
            const auto& run = runs.back();
            held.push_back({.child = task.id,
                            .parent = edge.parent,
                            .lane = lane,
                            .key = needed,
                            .outcome = outcome_of(run.state),
                            .parent_run = run.id,
                            .outputs = run.outputs,
                            .at = run.ended_at.value_or(SystemTime{})});
        }
    }
    return held;
}

// Events that a run had received before it was skipped hold for what reopens it.
void Propagation::add_kept_events(const CatalogTask& task, const TaskRun& newest,
                                  std::vector<Token>& held) const {
    auto values = parse_values(newest.values);
    const auto* events = values.if_contains("events");
    if (!events || !events->is_object()) return;
    for (const auto& edge : task.edges) {
        const auto* data =
            edge.parent_is_source ? events->get_object().if_contains(edge.parent_name.str()) : nullptr;
        bool there = std::any_of(held.begin(), held.end(),
                                 [&](const Token& token) { return token.parent == edge.parent; });
        if (!data || !data->is_string() || there) continue;
        held.push_back({.child = task.id,
                        .parent = edge.parent,
                        .lane = newest.key.lane,
                        .key = newest.key.key,
                        .outcome = Outcome::success,
                        .outputs = std::string(data->get_string()),
                        .at = newest.created_at});
    }
}

Result<std::vector<engine::LatestSuccess>> Propagation::latest(const CatalogTask& task,
                                                               const std::string& lane) {
    std::vector<engine::LatestSuccess> out;
    for (const auto& edge : task.edges) {
        if (edge.dependency.match != Match::latest) continue;
        POLYSYNC_TRY(auto found, transaction_.newest_success(edge.parent, lane));
        if (!found && lane != "live") {
            POLYSYNC_TRY(found, transaction_.newest_success(edge.parent, "live"));
        }
        if (found)
            out.push_back({edge.parent, found->ended_at.value_or(SystemTime{}), found->id, found->outputs});
    }
    return out;
}

Result<boost::json::object> Propagation::parents_of(const CatalogTask& task, const std::string& lane,
                                                    const std::string& key) {
    boost::json::object out;
    for (const auto& edge : task.edges) {
        if (edge.parent_is_source) continue;
        std::vector<std::string> lanes{lane};
        if (lane != "live") lanes.emplace_back("live");
        for (const auto& from : lanes) {
            std::optional<TaskRun> found;
            if (edge.dependency.match == Match::same) {
                POLYSYNC_TRY(auto runs, transaction_.runs_of_key(edge.parent, from, key));
                for (auto& run : runs)
                    if (run.state == RunState::succeeded) found = std::move(run);
            } else {
                POLYSYNC_TRY(found, transaction_.newest_success(edge.parent, from));
            }
            if (!found) continue;
            out[edge.parent_name.str()] = number(found->id);
            break;
        }
    }
    return out;
}

Result<int> Propagation::lane_priority(const CatalogTask& task, const std::string& lane) {
    if (lane.starts_with("backfill:")) {
        POLYSYNC_TRY(auto place, lane_of(lane));
        if (place.backfill) return place.backfill->priority;
    }
    return task.task.priority;
}

Status Propagation::insert_from(const CatalogTask& task, RunKey key, Trigger trigger,
                                const engine::Verdict& verdict, Reach reach) {
    boost::json::object parents, events;
    for (const auto& token : verdict.consumed) {
        const auto* edge = find_edge(task, token.parent);
        if (!edge) continue;
        if (edge->parent_is_source) {
            events[edge->parent_name.str()] = token.outputs;
        } else {
            parents[edge->parent_name.str()] = number(token.parent_run);
        }
    }
    for (const auto& edge : task.edges)
        for (auto run : verdict.parents)
            if (edge.dependency.match == Match::latest) {
                POLYSYNC_TRY(auto found, transaction_.runs(std::span(&run, 1)));
                if (!found.empty() && found.front().key.task == edge.parent)
                    parents[edge.parent_name.str()] = number(run);
            }
    TaskRun base;
    POLYSYNC_TRY(base.priority, lane_priority(task, key.lane));
    boost::json::object values;
    if (!parents.empty()) values["parents"] = std::move(parents);
    if (!events.empty()) values["events"] = std::move(events);
    if (!values.empty()) base.values = boost::json::serialize(values);
    if (reach != Reach::none) base.values = with_reach(base.values, reach);
    std::string message = "queued: every dependency holds";
    if (verdict.readiness == Readiness::skip) {
        base.state = RunState::skipped;
        base.code = skipped_by_dependency;
        base.message = verdict.reason;
        base.ended_at = now_;
        message = "skipped: " + verdict.reason;
    }
    POLYSYNC_TRY(auto id, insert(task, std::move(key), trigger, std::move(base), std::move(message)));
    (void)id;
    return success();
}

// TASK-7. What a person asked for (keys kept in a pause, too), a backfill and a rerun wait for their turn;
// and they keep no fire away.
Result<bool> Propagation::overlaps(const CatalogTask& task, const TaskRun& run) {
    bool is_fire = run.trigger == Trigger::schedule || run.trigger == Trigger::dependency ||
                   run.trigger == Trigger::event;
    if (run.state != RunState::queued || task.task.overlap != Overlap::skip || run.key.lane != "live" ||
        !is_fire || is_asked_for_)
        return false;
    POLYSYNC_TRY(auto active, transaction_.active_runs(task.id, "live", task.task.max_active));
    return int(active.size()) >= task.task.max_active;
}

Result<RunId> Propagation::insert(const CatalogTask& task, RunKey key, Trigger trigger, TaskRun base,
                                  std::string message) {
    base.key = std::move(key);
    base.task_version = task.version;
    base.platform = task.platform;
    base.trigger = trigger;
    base.created_at = base.queued_at = now_;
    POLYSYNC_TRY(bool skips, overlaps(task, base));
    if (skips) {
        base.state = RunState::skipped;
        base.code = "overlap";
        base.ended_at = now_;
        message = base.message =
            fmt::format("skipped: {} runs are active already (overlap: skip)", task.task.max_active);
    }
    POLYSYNC_TRY(auto ids, transaction_.insert_runs(std::span(&base, 1), message));
    base.id = ids.front();
    if (number(base.id) == 0) return base.id;
    auto event = run_state_event(base, catalog_, now_);
    POLYSYNC_TRY(transaction_.append_events(std::span(&event, 1)));
    if (base.state == RunState::queued) ++queued_;
    auto id = base.id;
    if (is_terminal(base.state) && base.downstream) {
        open_.push_back(std::move(base));
        POLYSYNC_TRY(drain());
    }
    return id;
}

}  // namespace polysync::runtime
