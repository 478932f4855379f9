#include "runtime/propagation.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/alerts.h"

namespace polysync::runtime {
namespace {

using engine::CatalogEdge;
using engine::CatalogTask;
using engine::Readiness;

// The child's key that a parent's key belongs to; nothing where the child has none of it (match: latest).
Result<std::optional<std::string>> child_key(const CatalogTask& child, const CatalogEdge& edge,
                                             const CatalogTask* parent, const std::string& key) {
    switch (edge.dependency.match) {
        case Match::same:
            return std::optional(key);
        case Match::latest:
            return std::optional<std::string>();
        case Match::all_in_interval:
            break;
    }
    if (!parent) return std::optional<std::string>();
    POLYSYNC_TRY(auto interval, engine::parse_key(parent->partition, key));
    return std::optional(engine::interval_at(child.partition, interval.start).key);
}

const CatalogEdge* edge_from(const CatalogTask& child, ObjectId parent) {
    for (const auto& edge : child.edges)
        if (edge.parent == parent) return &edge;
    return nullptr;
}

Token token_of(const TaskRun& run, ObjectId child) {
    return {.child = child,
            .parent = run.key.task,
            .lane = run.key.lane,
            .key = run.key.key,
            .outcome = outcome_of(run.state),
            .parent_run = run.id,
            .outputs = run.outputs,
            .at = run.ended_at.value_or(SystemTime{})};
}

bool is_unsuccessful(RunState state) {
    return state == RunState::failed || state == RunState::cancelled || state == RunState::skipped;
}

bool asks_the_same(const Dependency& left, const Dependency& right) {
    bool same_condition = left.when.has_value() == right.when.has_value();
    if (same_condition && left.when)
        same_condition = left.when->output == right.when->output && left.when->value == right.when->value &&
                         left.when->comparison == right.when->comparison;
    return left.match == right.match && left.on == right.on && same_condition;
}

}  // namespace

Propagation::Propagation(store::Transaction& transaction, const engine::Catalog& catalog, SystemTime now)
    : transaction_(transaction), catalog_(catalog), now_(now) {}

Status Propagation::ended(std::vector<TaskRun> runs) {
    std::vector<TaskRun> alone;
    for (auto& run : runs) (run.downstream ? open_ : alone).push_back(std::move(run));
    POLYSYNC_TRY(drain());
    for (const auto& run : alone) {
        POLYSYNC_TRY(wake_waiting(run));
    }
    return drain();
}

// A run that was made anew on its own triggers nothing; but keys that are being repaired may have waited for
// its end.
Status Propagation::wake_waiting(const TaskRun& run) {
    const auto* parent = catalog_.task(run.key.task);
    if (!parent) return success();
    for (auto child_id : parent->children) {
        const auto* child = catalog_.task(child_id);
        const auto* edge = child ? edge_from(*child, run.key.task) : nullptr;
        if (!edge) continue;
        POLYSYNC_TRY(auto key, child_key(*child, *edge, parent, run.key.key));
        if (!key) continue;
        POLYSYNC_TRY(auto waiting, tokens_at(*child, run.key.lane, *key));
        if (waiting.empty()) continue;
        POLYSYNC_TRY(auto reach, reach_of(waiting));
        POLYSYNC_TRY(settle(*child, run.key.lane, *key, reach));
    }
    return success();
}

// Skips end at once and put tokens of their own: the list grows while it is served.
Status Propagation::drain() {
    if (draining_) return success();  // the loop that runs already serves what was added
    draining_ = true;
    while (!open_.empty()) {
        TaskRun run = std::move(open_.back());
        open_.pop_back();
        POLYSYNC_TRY(serve(run));
    }
    draining_ = false;
    return success();
}

// How far the reruns go that put the tokens.
Result<Reach> Propagation::reach_of(const std::vector<Token>& tokens) {
    std::vector<RunId> ids;
    for (const auto& token : tokens)
        if (number(token.parent_run) != 0) ids.push_back(token.parent_run);
    POLYSYNC_TRY(auto runs, transaction_.runs(ids));
    auto reach = Reach::none;
    for (const auto& run : runs) reach = std::max(reach, runtime::reach_of(run));
    return reach;
}

Status Propagation::serve(const TaskRun& run) {
    const auto* parent = catalog_.task(run.key.task);
    if (!parent) return success();  // its definition is gone, and its edges with it
    for (auto child_id : parent->children) {
        const auto* child = catalog_.task(child_id);
        const auto* edge = child ? edge_from(*child, run.key.task) : nullptr;
        if (!edge) continue;
        if (edge->dependency.match == Match::latest) {
            // It triggers nothing; but keys that lack nothing else may have waited for this success.
            if (run.state == RunState::succeeded) {
                POLYSYNC_TRY(reconsider(*child));
            }
            continue;
        }
        POLYSYNC_TRY(put(*child, token_of(run, child_id), runtime::reach_of(run)));
    }
    return success();
}

Status Propagation::put(const CatalogTask& child, Token token, Reach reach) {
    POLYSYNC_TRY(transaction_.put_tokens(std::span(&token, 1)));
    POLYSYNC_TRY(bool paused, is_paused(child));
    if (paused) return success();  // keeps its keys
    const auto* edge = edge_from(child, token.parent);
    std::optional<std::string> key = token.key;
    if (edge) {
        POLYSYNC_TRY(key, child_key(child, *edge, catalog_.task(token.parent), token.key));
    }
    if (!key) return success();
    POLYSYNC_TRY(settle(child, token.lane, *key, reach));
    return token.lane == "live" && child.edges.size() > 1 ? settle_other_lanes(child, *key) : success();
}

// Backfills and manual runs read parents outside their lane from live runs: a key that waited for one there
// may go when it has ended.
Status Propagation::settle_other_lanes(const CatalogTask& task, const std::string& key) {
    POLYSYNC_TRY(auto held, transaction_.tokens_of(task.id));
    std::set<std::string> lanes;
    for (const auto& token : held)
        if (token.lane != "live") lanes.insert(token.lane);
    for (const auto& lane : lanes) {
        POLYSYNC_TRY(settle(task, lane, key, Reach::none));
    }
    return success();
}

Status Propagation::settle(const CatalogTask& task, const std::string& lane, const std::string& key,
                           Reach reach) {
    POLYSYNC_TRY(auto existing, transaction_.runs_of_key(task.id, lane, key));
    if (!existing.empty()) return settle_again(task, lane, key, existing.back(), reach);
    POLYSYNC_TRY(auto edges, edges_for(task, lane, key));
    POLYSYNC_TRY(auto held, facts(task, lane, edges, key, false));
    POLYSYNC_TRY(auto successes, latest(task, lane));
    bool clock = lane == "live" && !task.schedules.empty();
    auto verdict = engine::evaluate(task.id, clock, edges, held, successes, now_);
    if (verdict.readiness == Readiness::wait || held.empty()) return success();
    POLYSYNC_TRY(transaction_.take_tokens(verdict.consumed));
    bool by_source = std::any_of(task.edges.begin(), task.edges.end(),
                                 [](const CatalogEdge& edge) { return edge.parent_is_source; });
    auto trigger = clock ? Trigger::schedule : by_source ? Trigger::event : Trigger::dependency;
    return insert_from(task, {task.id, lane, key, 0}, trigger, verdict, reach);
}

// The key had its run. A parent's new outcome changes that where the run was skipped for lack of it: then it
// is reopened; and where a rerun reaches it (TASK-9).
Status Propagation::settle_again(const CatalogTask& task, const std::string& lane, const std::string& key,
                                 const TaskRun& newest, Reach reach) {
    POLYSYNC_TRY(auto edges, edges_for(task, lane, key));
    POLYSYNC_TRY(auto held, facts(task, lane, edges, key, true));
    bool reopens = newest.state == RunState::skipped && newest.code == skipped_by_dependency;
    std::vector<Token> own;  // what goes where nothing comes of it; an event waits for what may reopen the
                             // run
    for (const auto& token : held)
        if (!reopens || number(token.parent_run) != 0 || token.parent == task.id) own.push_back(token);
    if (!is_terminal(newest.state)) return transaction_.take_tokens(own);
    bool again = reach == Reach::all || (reach == Reach::unsuccessful && is_unsuccessful(newest.state));
    if (reopens || again) {
        if (reach != Reach::none) {
            POLYSYNC_TRY(bool busy, is_ancestor_active(task, lane, key));
            if (busy) return success();  // what the rerun still makes comes first
        }
        add_kept_events(task, newest, held);
        POLYSYNC_TRY(auto successes, latest(task, lane));
        auto verdict = engine::evaluate(task.id, false, edges, held, successes, now_);
        if (verdict.readiness == Readiness::wait) return success();  // another parent is still being repaired
        if (verdict.readiness == Readiness::fire) {
            POLYSYNC_TRY(transaction_.take_tokens(verdict.consumed));
            return insert_from(task, {task.id, lane, key, newest.key.rerun + 1}, Trigger::rerun, verdict,
                               reach);
        }
    }
    POLYSYNC_TRY(transaction_.take_tokens(own));
    if (reach != Reach::none && passed_.emplace(task.id, lane, key).second) {
        auto passing = newest;  // left alone; what is behind it may still be reached
        passing.values = with_reach(passing.values, reach);
        open_.push_back(std::move(passing));
        return drain();
    }
    return success();
}

Result<bool> Propagation::reopen(const CatalogTask& task, const TaskRun& skipped) {
    int before = queued_;
    POLYSYNC_TRY(settle_again(task, skipped.key.lane, skipped.key.key, skipped, Reach::none));
    return queued_ > before;
}

Result<bool> Propagation::is_ancestor_active(const CatalogTask& task, const std::string& lane,
                                             const std::string& key) {
    std::set<ObjectId> seen;
    std::vector<const CatalogTask*> open{&task};
    while (!open.empty()) {
        const auto* current = open.back();
        open.pop_back();
        for (const auto& edge : current->edges) {
            const auto* parent = edge.dependency.match == Match::same ? catalog_.task(edge.parent) : nullptr;
            if (!parent || !seen.insert(parent->id).second) continue;
            POLYSYNC_TRY(auto runs, transaction_.runs_of_key(parent->id, lane, key));
            // One that was made anew on its own makes nothing behind it.
            if (!runs.empty() && !is_terminal(runs.back().state) && runs.back().downstream) return true;
            open.push_back(parent);
        }
    }
    return false;
}

Status Propagation::fired(const CatalogTask& task, std::string key, Trigger trigger) {
    POLYSYNC_TRY(bool paused, is_paused(task));
    if (task.edges.empty() && !paused) {
        TaskRun base;
        base.priority = task.task.priority;
        POLYSYNC_TRY(auto id, insert(task, {task.id, "live", std::move(key), 0}, trigger, std::move(base),
                                     "queued by its schedule"));
        (void)id;
        return drain();
    }
    Token clock{.child = task.id,
                .parent = task.id,
                .lane = "live",
                .key = key,
                .outcome = Outcome::success,
                .at = now_};
    POLYSYNC_TRY(put(task, std::move(clock), Reach::none));
    return drain();
}

Status Propagation::source_event(const engine::CatalogSource& source, std::string key, std::string data) {
    for (auto child_id : source.children) {
        const auto* child = catalog_.task(child_id);
        if (!child || child->partition.grain == engine::Grain::none) continue;
        POLYSYNC_TRY(engine::parse_key(child->partition, key));
    }
    for (auto child_id : source.children) {
        const auto* child = catalog_.task(child_id);
        if (!child) continue;
        Token token{.child = child_id,
                    .parent = source.id,
                    .lane = "live",
                    .key = key,
                    .outcome = Outcome::success,
                    .outputs = data,
                    .at = now_};
        POLYSYNC_TRY(put(*child, std::move(token), Reach::none));
    }
    return drain();
}

Status Propagation::reconsider(const CatalogTask& task) {
    POLYSYNC_TRY(bool paused, is_paused(task));
    if (paused) return success();
    POLYSYNC_TRY(auto places, places_of(task));
    for (const auto& [lane, key] : places) {
        POLYSYNC_TRY(settle(task, lane, key, Reach::none));
    }
    return drain();
}

Result<std::optional<std::string>> Propagation::key_of(const CatalogTask& task, const Token& token) const {
    if (const auto* edge = edge_from(task, token.parent))
        return child_key(task, *edge, catalog_.task(token.parent), token.key);
    if (token.parent == task.id) return std::optional(token.key);
    return std::optional<std::string>();
}

Result<std::set<std::pair<std::string, std::string>>> Propagation::places_of(const CatalogTask& task) {
    POLYSYNC_TRY(auto held, transaction_.tokens_of(task.id));
    std::set<std::pair<std::string, std::string>> places;
    for (const auto& token : held) {
        POLYSYNC_TRY(auto key, key_of(task, token));
        if (key) places.emplace(token.lane, *key);
    }
    return places;
}

Result<std::vector<Token>> Propagation::tokens_at(const CatalogTask& task, const std::string& lane,
                                                  const std::string& key) {
    POLYSYNC_TRY(auto held, transaction_.tokens_of(task.id));
    std::vector<Token> there;
    for (auto& token : held) {
        if (token.lane != lane) continue;
        POLYSYNC_TRY(auto its_key, key_of(task, token));
        if (its_key == key) there.push_back(std::move(token));
    }
    return there;
}

Status Propagation::run_kept(const CatalogTask& task) {
    is_asked_for_ = true;
    auto done = reconsider(task);
    is_asked_for_ = false;
    return done;
}

Result<std::vector<std::string>> Propagation::drop_kept(const CatalogTask& task) {
    POLYSYNC_TRY(auto places, places_of(task));
    std::vector<std::string> dropped;
    for (const auto& [lane, key] : places) {
        POLYSYNC_TRY(auto existing, transaction_.runs_of_key(task.id, lane, key));
        POLYSYNC_TRY(auto edges, edges_for(task, lane, key));
        POLYSYNC_TRY(auto held, facts(task, lane, edges, key, !existing.empty()));
        POLYSYNC_TRY(auto successes, latest(task, lane));
        bool clock = lane == "live" && !task.schedules.empty() && existing.empty();
        auto verdict = engine::evaluate(task.id, clock, edges, held, successes, now_);
        bool waits = verdict.readiness == Readiness::wait;
        if (waits && existing.empty()) continue;
        POLYSYNC_TRY(transaction_.take_tokens(held));
        bool would_run = existing.empty() || (verdict.readiness == Readiness::fire &&
                                              existing.back().code == skipped_by_dependency);
        if (would_run) dropped.push_back(key);
    }
    return dropped;
}

Status Propagation::redefined(const engine::Catalog& before) {
    for (const auto& [id, old] : before.tasks) {
        const auto* task = catalog_.task(id);
        if (!task || task->partition.grain != old.partition.grain) {
            POLYSYNC_TRY(transaction_.drop_tokens(id, std::nullopt));
            continue;
        }
        bool changed = task->edges.size() != old.edges.size();
        for (const auto& edge : old.edges) {
            const auto* now = edge_from(*task, edge.parent);
            if (now && asks_the_same(now->dependency, edge.dependency)) continue;
            changed = true;
            if (now && now->dependency.match == edge.dependency.match) continue;  // on, when: judged anew
            POLYSYNC_TRY(transaction_.drop_tokens(id, edge.parent));
        }
        if (task->schedules.empty() != old.schedules.empty()) {
            changed = true;
            POLYSYNC_TRY(transaction_.drop_tokens(id, id));
        }
        if (changed) {
            POLYSYNC_TRY(reconsider(*task));
        }
    }
    return drain();
}

Result<int> Propagation::expire(const std::vector<Token>& tokens, SystemTime before) {
    int expired = 0;
    for (const auto& token : tokens) {
        const auto* task = catalog_.task(token.child);
        const auto* edge = task ? edge_from(*task, token.parent) : nullptr;
        std::optional<std::string> key = token.key;
        if (edge) {
            POLYSYNC_TRY(key, child_key(*task, *edge, catalog_.task(token.parent), token.key));
        }
        if (key && edge && edge->dependency.match == Match::all_in_interval) {
            POLYSYNC_TRY(auto interval, engine::parse_key(task->partition, *key));
            if (interval.end >= before) continue;
        }
        POLYSYNC_TRY(transaction_.take_tokens(std::span(&token, 1)));
        ++expired;
        if (!task || !key) continue;
        TaskRun base;
        base.state = RunState::skipped;
        base.code = skipped_by_dependency;
        base.message = "waited longer than 7 days for its other dependencies";
        base.ended_at = now_;
        POLYSYNC_TRY(auto id,
                     insert(*task, {task->id, token.lane, *key, 0}, Trigger::dependency, std::move(base),
                            "skipped: waited longer than 7 days for its other dependencies"));
        if (number(id) == 0) continue;
        POLYSYNC_TRY(raise_alert(transaction_, now_, "token_expired",
                                 fmt::format("task/{}", task->task.meta.name.str()),
                                 fmt::format("token_expired/{}/{}/{}", number(task->id), token.lane, *key),
                                 {{"lane", token.lane}, {"key", *key}}));
    }
    POLYSYNC_TRY(drain());
    return expired;
}

// While everything is paused, what stands on its schedule alone keeps its keys as a paused task does: on
// resume the user says whether they run. Other keys become runs, which wait in the queue.
Result<bool> Propagation::is_paused(const CatalogTask& task) {
    if (!paused_) {
        POLYSYNC_TRY(auto pauses, transaction_.pauses());
        paused_.emplace();
        for (const auto& pause : pauses) paused_->insert(pause.object);
    }
    return paused_->contains(task.id) || (paused_->contains(ObjectId{}) && !task.has_triggering_edges());
}

}  // namespace polysync::runtime
