#include "runtime/explain.h"

#include <algorithm>
#include <map>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "engine/contention.h"
#include "engine/dependency.h"
#include "runtime/limits.h"
#include "runtime/pauses.h"
#include "runtime/propagation.h"

namespace polysync::runtime {
namespace {

using engine::CatalogTask;

constexpr int most_other_runs = 100;

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
        POLYSYNC_TRY(auto live, transaction_.runs_of_key(task_.id, "live", chosen));
        if (!live.empty()) {
            POLYSYNC_TRY(answer_.summary, add_run(live.back()));
        } else if (chosen.empty()) {
            answer_.summary = fmt::format(
                "{} has no schedule and no key that waits; run it with `polysync task run`", name());
        } else {
            POLYSYNC_TRY(add_edges(chosen));
        }
        POLYSYNC_TRY(add_left_out(key, chosen, live.empty()));
        POLYSYNC_TRY(add_other_lanes(key, chosen, live.empty()));
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
            auto detail =
                fmt::format("{} is paused by {} since {}{}", what, pause.by, format_iso8601(pause.at),
                            pause.reason.empty() ? "" : ": " + pause.reason);
            if (pause.object != task_.platform) keeping_pause_ = detail;
            add("pause", true, std::move(detail));
        }
        return success();
    }

    // The summary, were this run the answer.
    Result<std::string> add_run(const TaskRun& run) {
        std::string which = fmt::format("run {}", number(run.id));
        if (run.key.lane.starts_with("backfill:"))
            which += fmt::format(" (backfill {})", run.key.lane.substr(9));
        if (run.key.lane.starts_with("manual:")) which += " (manual)";
        auto text = fmt::format("{} of {} is {}{}", which, run.key.key, to_string(run.state),
                                run.message.empty() ? "" : ": " + run.message);
        auto summary = fmt::format("{}: {}", name(), text);
        add(fmt::format("run {}", number(run.id)),
            run.state == RunState::skipped || run.state == RunState::failed, std::move(text));
        if (run.state != RunState::queued) return summary;
        POLYSYNC_TRY(auto limits, read_limits(transaction_, catalog_));
        auto state = build_dispatch_state(catalog_, limits, {task_.id});
        auto verdict = engine::plan_dispatch({run}, state, now_).front();
        if (verdict.action == engine::DispatchAction::claim)
            return fmt::format("{}: {} goes at the next look", name(), which);
        add("limits", true,
            verdict.reason + (verdict.not_before
                                  ? fmt::format("; not before {}", format_iso8601(*verdict.not_before))
                                  : ""));
        return fmt::format("{}: {} waits: {}", name(), which, verdict.reason);
    }

    // Runs that backfills and people asked for: of the key; without one, what is active. One that is active
    // is the answer where there is no live run.
    Status add_other_lanes(const std::optional<std::string>& asked, const std::string& chosen, bool no_live) {
        std::map<std::string, TaskRun> newest;  // by lane
        if (!chosen.empty()) {
            POLYSYNC_TRY(auto page, transaction_.list_runs({.tasks = {task_.id}, .key = chosen},
                                                           {.limit = most_other_runs}));
            for (auto& run : page.runs) newest.try_emplace(run.key.lane, std::move(run));
        }
        if (!asked) {
            POLYSYNC_TRY(auto active, transaction_.active_runs(task_.id, {}, most_other_runs));
            for (auto& run : active) newest.try_emplace(run.key.lane, std::move(run));
        }
        newest.erase("live");
        std::vector<TaskRun> runs;
        for (auto& [lane, run] : newest) runs.push_back(std::move(run));
        std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
        for (const auto& run : runs) {
            POLYSYNC_TRY(auto summary, add_run(run));
            if (no_live && !is_terminal(run.state)) answer_.summary = std::move(summary);
        }
        return success();
    }

    // Keys that a misfire policy left out, or that were dropped when a pause ended.
    Status add_left_out(const std::optional<std::string>& asked, const std::string& chosen, bool no_live) {
        POLYSYNC_TRY(auto misfire, read_note(misfire_setting(task_.id)));
        if (misfire) {
            auto first = parse_iso8601(text(*misfire, "first")), last = parse_iso8601(text(*misfire, "last"));
            auto count = count_of(*misfire);
            auto span = count == 1 ? fmt::format("1 fire of {} was", text(*misfire, "first"))
                                   : fmt::format("{} fires from {} to {} were",
                                                 count < 1000 ? std::to_string(count) : "1000 or more",
                                                 text(*misfire, "first"), text(*misfire, "last"));
            auto why = fmt::format("(misfire: {})", text(*misfire, "policy"));
            if (first && last)
                add_left_out_keys("misfire", task_.key_of(first.value()), task_.key_of(last.value()), asked,
                                  chosen, no_live,
                                  fmt::format("{} left out at {} {}", span, text(*misfire, "at"), why),
                                  fmt::format("{}: its fire was left out for {} {}", name(), chosen, why));
        }
        POLYSYNC_TRY(auto dropped, read_note(dropped_setting(task_.id)));
        if (dropped) {
            auto first = text(*dropped, "first"), last = text(*dropped, "last");
            auto count = count_of(*dropped);
            auto how = fmt::format("dropped when {} resumed {} at {}", text(*dropped, "by"),
                                   text(*dropped, "resumed"), text(*dropped, "at"));
            auto span = count == 1 ? fmt::format("1 kept key, {}, was", first)
                                   : fmt::format("{} kept keys from {} to {} were", count, first, last);
            add_left_out_keys("pause", first, last, asked, chosen, no_live, fmt::format("{} {}", span, how),
                              fmt::format("{}: {} was {}", name(), chosen, how));
        }
        return success();
    }

    void add_left_out_keys(std::string subject, const std::string& first, const std::string& last,
                           const std::optional<std::string>& asked, const std::string& chosen, bool no_live,
                           std::string detail, std::string summary) {
        bool is_chosen = first <= chosen && chosen <= last;
        if (asked && !is_chosen) return;
        if (is_chosen && no_live) answer_.summary = std::move(summary);
        add(std::move(subject), is_chosen && no_live, std::move(detail));
    }

    Result<std::optional<boost::json::object>> read_note(const std::string& setting) {
        POLYSYNC_TRY(auto kept, transaction_.setting(setting));
        std::optional<boost::json::object> out;
        boost::system::error_code error;
        auto parsed = kept ? boost::json::parse(*kept, error) : boost::json::value();
        if (!error && parsed.is_object()) out = std::move(parsed.get_object());
        return out;
    }
    static std::string text(const boost::json::object& note, std::string_view member) {
        const auto* value = note.if_contains(member);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    }
    static std::int64_t count_of(const boost::json::object& note) {
        const auto* value = note.if_contains("count");
        return value && value->is_number() ? value->to_number<std::int64_t>() : 0;
    }

    Status add_edges(const std::string& key) {
        std::string first;
        auto note = [&](std::string subject, bool missing, std::string detail) {
            if (missing && first.empty()) first = detail;
            add(std::move(subject), missing, std::move(detail));
        };
        if (task_.edges.empty() && task_.schedules.empty()) {
            answer_.summary = fmt::format(
                "{} has neither schedule nor dependency: nothing starts it by itself; run it with "
                "`polysync task run`",
                name());
            return success();
        }
        for (const auto& edge : task_.edges) {
            POLYSYNC_TRY(auto detail, edge_state(edge, key));
            note("edge " + edge.parent_name.str(), !detail.second, std::move(detail.first));
        }
        if (!task_.schedules.empty()) {
            std::vector<std::string> keys{key};
            POLYSYNC_TRY(auto tokens, transaction_.tokens(task_.id, "live", keys));
            bool fired = std::any_of(tokens.begin(), tokens.end(),
                                     [&](const Token& token) { return token.parent == task_.id; });
            note("schedule", !fired,
                 fired ? "its schedule has fired for " + key : "its schedule has not fired for " + key);
        }
        if (!first.empty()) {
            answer_.summary = fmt::format("{}: {}", name(), first);
        } else if (!keeping_pause_.empty()) {
            answer_.summary = fmt::format("{}: {} is kept: {}", name(), key, keeping_pause_);
        } else {
            answer_.summary = fmt::format("{}: nothing is in the way for {}", name(), key);
        }
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
            if (fresh && edge.dependency.when && !engine::holds(*edge.dependency.when, newest->outputs))
                return std::pair(
                    fmt::format("the output '{}' of {}'s newest success is not {} the value asked for",
                                edge.dependency.when->output, parent,
                                to_string(edge.dependency.when->comparison)),
                    false);
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
    std::string keeping_pause_;  // that holds keys back, not only runs
    WhyAnswer answer_;
};

}  // namespace

Result<WhyAnswer> explain(store::ReadTransaction& transaction, const engine::Catalog& catalog,
                          const CatalogTask& task, const std::optional<std::string>& key, SystemTime now) {
    return Explainer(transaction, catalog, task, now).answer(key);
}

}  // namespace polysync::runtime
