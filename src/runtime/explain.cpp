#include "runtime/explain.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/contention.h"
#include "runtime/limits.h"

namespace polysync::runtime {
namespace {

using engine::CatalogTask;

class Explainer {
  public:
    Explainer(store::ReadTransaction& transaction, const engine::Catalog& catalog, const CatalogTask& task,
              SystemTime now)
        : transaction_(transaction), catalog_(catalog), task_(task), now_(now) {}

    Result<WhyAnswer> answer(const std::optional<std::string>& key) {
        POLYSYNC_TRY(auto chosen, choose_key(key));
        if (!chosen.empty() && task_.partition.grain != engine::Grain::none) {
            POLYSYNC_TRY(engine::parse_key(task_.partition, chosen));
        }
        POLYSYNC_TRY(add_pauses());
        POLYSYNC_TRY(auto runs, transaction_.runs_of_key(task_.id, "live", chosen));
        if (!runs.empty()) {
            POLYSYNC_TRY(add_run(runs.back()));
        } else if (chosen.empty()) {
            answer_.summary = fmt::format(
                "{} has no schedule and no key that waits; run it with `polysync task run`", name());
        } else {
            POLYSYNC_TRY(add_edges(chosen));
        }
        add_schedules();
        return std::move(answer_);
    }

  private:
    const std::string& name() const { return task_.task.meta.name.str(); }

    void add(std::string subject, bool in_the_way, std::string detail) {
        answer_.items.push_back({std::move(subject), in_the_way, std::move(detail)});
    }

    // The key asked for; else that of the newest waiting token; else that of the last fire.
    Result<std::string> choose_key(const std::optional<std::string>& key) {
        if (key) return *key;
        POLYSYNC_TRY(auto tokens, transaction_.tokens_of(task_.id));
        for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
            for (const auto& edge : task_.edges)
                if (edge.parent == token->parent && edge.dependency.match == Match::same) return token->key;
            if (token->parent == task_.id) return token->key;
        }
        if (task_.partition.grain != engine::Grain::none)
            return engine::interval_before(task_.partition, now_).key;
        POLYSYNC_TRY(auto page, transaction_.list_runs({.tasks = {task_.id}, .lane = "live"}, {.limit = 1}));
        return page.runs.empty() ? std::string() : page.runs.front().key.key;
    }

    Status add_pauses() {
        POLYSYNC_TRY(auto pauses, transaction_.pauses());
        for (const auto& pause : pauses) {
            std::string what = pause.object == task_.id         ? "the task"
                               : pause.object == task_.platform ? "its platform"
                               : number(pause.object) == 0      ? "everything"
                                                                : "";
            if (what.empty()) continue;
            add("pause", true,
                fmt::format("{} is paused by {} since {}{}", what, pause.by, format_iso8601(pause.at),
                            pause.reason.empty() ? "" : ": " + pause.reason));
        }
        return success();
    }

    Status add_run(const TaskRun& run) {
        auto text = fmt::format("run {} of {} is {}{}", number(run.id), run.key.key, to_string(run.state),
                                run.message.empty() ? "" : ": " + run.message);
        answer_.summary = fmt::format("{}: {}", name(), text);
        add(fmt::format("run {}", number(run.id)),
            run.state == RunState::skipped || run.state == RunState::failed, std::move(text));
        if (run.state != RunState::queued) return success();
        POLYSYNC_TRY(auto limits, read_limits(transaction_, catalog_));
        auto state = build_dispatch_state(catalog_, limits, {task_.id});
        auto verdict = engine::plan_dispatch({run}, state, now_).front();
        if (verdict.action == engine::DispatchAction::claim) {
            answer_.summary = fmt::format("{}: run {} goes at the next look", name(), number(run.id));
            return success();
        }
        add("limits", true,
            verdict.reason + (verdict.not_before
                                  ? fmt::format("; not before {}", format_iso8601(*verdict.not_before))
                                  : ""));
        answer_.summary = fmt::format("{}: run {} waits: {}", name(), number(run.id), verdict.reason);
        return success();
    }

    Status add_edges(const std::string& key) {
        std::string first;
        auto note = [&](std::string subject, bool missing, std::string detail) {
            if (missing && first.empty()) first = detail;
            add(std::move(subject), missing, std::move(detail));
        };
        if (task_.edges.empty() && !task_.schedules.empty()) {
            answer_.summary = fmt::format("{}: its schedule has not fired for {}", name(), key);
            return success();
        }
        for (const auto& edge : task_.edges) {
            POLYSYNC_TRY(auto detail, edge_state(edge, key));
            note("edge " + edge.parent_name.str(), !detail.second, std::move(detail.first));
        }
        if (task_.waits_for_clock()) {
            std::vector<std::string> keys{key};
            POLYSYNC_TRY(auto tokens, transaction_.tokens(task_.id, "live", keys));
            bool fired = std::any_of(tokens.begin(), tokens.end(),
                                     [&](const Token& token) { return token.parent == task_.id; });
            note("schedule", !fired,
                 fired ? "its schedule has fired for " + key : "its schedule has not fired for " + key);
        }
        answer_.summary = first.empty() ? fmt::format("{}: nothing is in the way for {}", name(), key)
                                        : fmt::format("{}: {}", name(), first);
        return success();
    }

    // What the edge says of the key, and whether it holds.
    Result<std::pair<std::string, bool>> edge_state(const engine::CatalogEdge& edge, const std::string& key) {
        const auto& parent = edge.parent_name.str();
        if (edge.dependency.match == Match::latest) {
            POLYSYNC_TRY(auto newest, transaction_.newest_success(edge.parent, "live"));
            if (!newest) return std::pair(fmt::format("{} has no success yet", parent), false);
            bool fresh = !edge.dependency.max_age ||
                         now_ - newest->ended_at.value_or(SystemTime{}) <= *edge.dependency.max_age;
            return std::pair(fmt::format("{} last succeeded {}{}", parent,
                                         format_iso8601(newest->ended_at.value_or(SystemTime{})),
                                         fresh ? "" : ", longer ago than max_age"),
                             fresh);
        }
        std::vector<std::string> keys{key};
        if (edge.dependency.match == Match::all_in_interval) {
            POLYSYNC_TRY(auto own, engine::parse_key(task_.partition, key));
            keys.clear();
            for (auto& finer : engine::intervals_inside(catalog_.tasks.at(edge.parent).partition, own))
                keys.push_back(std::move(finer.key));
        }
        POLYSYNC_TRY(auto tokens, transaction_.tokens(task_.id, "live", keys));
        std::size_t held = 0;
        std::string missing;
        for (const auto& needed : keys) {
            bool there = std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
                return token.parent == edge.parent && token.key == needed;
            });
            if (there) {
                ++held;
            } else if (missing.empty()) {
                missing = needed;
            }
        }
        if (missing.empty())
            return std::pair(fmt::format("{} holds {}", parent,
                                         keys.size() == 1 ? key : fmt::format("all {} keys", keys.size())),
                             true);
        std::string state = "has not run";
        if (!edge.parent_is_source) {
            POLYSYNC_TRY(auto runs, transaction_.runs_of_key(edge.parent, "live", missing));
            if (!runs.empty())
                state = fmt::format("has run {}, {}", number(runs.back().id), to_string(runs.back().state));
        }
        std::string count = keys.size() > 1 ? fmt::format(" ({} of {} keys held)", held, keys.size()) : "";
        return std::pair(fmt::format("waits for {}, which {} for {}{}", parent, state, missing, count),
                         false);
    }

    void add_schedules() {
        for (const auto& schedule : task_.schedules)
            add("schedule", false,
                fmt::format("'{}' {} fires next at {}", schedule.schedule.cron, schedule.schedule.time_zone,
                            format_iso8601(schedule.cron.next_after(now_, schedule.zone))));
    }

    store::ReadTransaction& transaction_;
    const engine::Catalog& catalog_;
    const CatalogTask& task_;
    SystemTime now_;
    WhyAnswer answer_;
};

}  // namespace

Result<WhyAnswer> explain(store::ReadTransaction& transaction, const engine::Catalog& catalog,
                          const CatalogTask& task, const std::optional<std::string>& key, SystemTime now) {
    return Explainer(transaction, catalog, task, now).answer(key);
}

}  // namespace polysync::runtime
