#include "runtime/operations.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "runtime/context.h"
#include "runtime/explain.h"
#include "runtime/operation_steps.h"
#include "runtime/pauses.h"
#include "runtime/propagation.h"
#include "runtime/recorder.h"

namespace polysync::runtime {
namespace {

namespace json = boost::json;
using engine::Catalog;
using engine::CatalogTask;
using CatalogPtr = std::shared_ptr<const Catalog>;

// What a unit leaves behind for the coroutine that waits for it.
struct Made {
    OperationEffect effect;
    std::vector<TaskRun> cancels;  // to be sent once it is durable
};

using UnitWork = std::function<Status(store::Transaction&, Made&)>;

store::Work unit_of(Caller caller, UnitWork work, std::shared_ptr<Made> made, Premise premise) {
    return [caller = std::move(caller), work = std::move(work), made,
            premise](store::Transaction& transaction) -> Status {
        *made = {};
        POLYSYNC_TRY(check_catalog(transaction, premise));
        if (caller.before) {
            POLYSYNC_TRY(caller.before(transaction));
        }
        POLYSYNC_TRY(work(transaction, *made));
        if (caller.after) return caller.after(transaction, made->effect);
        return success();
    };
}

// One event for many runs, with its audit; refusals are told per run.
struct Action {
    std::string name;
    engine::RunEvent event;
    std::string actor;
    SystemTime now;
};

Status act_in(store::Transaction& transaction, const Catalog& catalog, Random& random,
              const std::vector<RunId>& ids, const Action& action, Made& made) {
    std::vector<RunNews> news;
    for (auto id : ids) news.push_back({.run = id, .event = action.event});
    POLYSYNC_TRY(auto recorded, record_in(transaction, catalog, news, action.now, random));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto& one = recorded[i];
        if (one.applied) {
            made.effect.runs.push_back(ids[i]);
            POLYSYNC_TRY(
                append_audit(transaction, action.now, action.actor, action.name, subject_of(ids[i])));
            if (one.send_cancel) made.cancels.push_back(std::move(one.run));
        } else if (number(one.run.id) == 0) {
            made.effect.refused.emplace_back(ids[i], no_run(ids[i]));
        } else {
            made.effect.refused.emplace_back(ids[i],
                                             make_error(ErrorKind::conflict, "wrong_state", one.refusal));
        }
    }
    return success();
}

Status rerun_in(store::Transaction& transaction, const Catalog& catalog, const RerunRequest& request,
                const std::string& actor, SystemTime now, Made& made) {
    POLYSYNC_TRY(auto run, load_run(transaction, request.run));
    POLYSYNC_TRY(auto targets, rerun_targets(transaction, catalog, run, request));
    Propagation propagation(transaction, catalog, now);
    bool only_this = request.scope == RerunScope::only_this;
    auto reach = only_this ? Reach::none : request.include_succeeded ? Reach::all : Reach::unsuccessful;
    for (const auto& target : targets) {
        POLYSYNC_TRY(auto id, rerun_one(transaction, catalog, propagation, target, reach, !only_this));
        if (number(id) == 0) continue;
        made.effect.runs.push_back(id);
        POLYSYNC_TRY(
            append_audit(transaction, now, actor, "rerun", subject_of(id), {{"of", number(target.id)}}));
    }
    return success();
}

// A refusal of one run is told with it; a store that fails undoes the whole.
bool is_refusal(const Error& error) {
    return error.kind == ErrorKind::conflict || error.kind == ErrorKind::not_found ||
           error.kind == ErrorKind::invalid_input;
}

engine::RunEvent event_of(BulkAction action, const std::string& actor) {
    if (action == BulkAction::mark_succeeded) return engine::MarkedSucceeded{{}, actor};
    if (action == BulkAction::skip) return engine::SkipRequested{"skipped by " + actor};
    return engine::CancelRequested{CancelCause::user, actor};
}

std::string name_of(BulkAction action) {
    if (action == BulkAction::mark_succeeded) return "mark_succeeded";
    if (action == BulkAction::skip) return "skip";
    return "cancel";
}

class StoreOperations final : public Operations {
  public:
    StoreOperations(RuntimeParts parts, Runtime& runtime) : parts_(std::move(parts)), runtime_(runtime) {}

    Async<Result<RunId>> run_once(RunOnceRequest request, Caller caller) override {
        auto catalog = runtime_.catalog();
        auto found = find_task(*catalog, request.task);
        if (!found) co_return found.error();
        const auto& task = *found.value();
        auto checked = check_values(*catalog, task, request.values);
        if (!checked) co_return checked.error();
        RunKey key{task.id, {}, {}, 0};
        if (request.key) {
            auto interval = engine::parse_key(task.partition, *request.key);
            if (!interval) co_return interval.error();
            key.key = *request.key;
        } else if (task.partition.grain != engine::Grain::none) {
            key.key = engine::interval_before(task.partition, parts_.clock->now()).key;
        }
        TaskRun base;
        base.downstream = request.downstream;
        base.priority = request.priority.value_or(task.task.priority);
        if (!request.values.empty()) {
            json::object values;
            for (const auto& [name, value] : request.values) values[name] = value;
            base.values = json::serialize(json::object{{"values", std::move(values)}});
        }
        auto trigger = request.trigger;
        auto now = parts_.clock->now();
        auto actor = caller.actor;
        Random& random = *parts_.random;
        UnitWork work = [=, &random](store::Transaction& transaction, Made& made) -> Status {
            Propagation propagation(transaction, *catalog, now);
            auto message = fmt::format("queued: run once{}", actor.empty() ? "" : " by " + actor);
            auto place = key;
            RunId id{};
            while (number(id) == 0) {  // again where the lane's short name went to another run long ago
                auto unique = make_guid(random).substr(0, 8);
                place.lane = manual_lane(place.task, unique);
                if (key.key.empty()) place.key = unique;
                POLYSYNC_TRY(id,
                             propagation.insert(*catalog->task(place.task), place, trigger, base, message));
            }
            made.effect.runs.push_back(id);
            return append_audit(
                transaction, now, actor, "run_once", subject_of(id),
                {{"task", catalog->task(key.task)->task.meta.name.str()}, {"key", place.key}});
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        co_return made.value().runs.front();
    }

    Async<Status> cancel(RunId run, Caller caller) override {
        engine::RunEvent event = engine::CancelRequested{CancelCause::user, caller.actor};
        co_return co_await act_on_one(run, "cancel", std::move(event), std::move(caller));
    }

    Async<Status> mark_succeeded(RunId run, json::object outputs, Caller caller) override {
        std::string text = outputs.empty() ? std::string() : json::serialize(outputs);
        engine::RunEvent event = engine::MarkedSucceeded{text, caller.actor};
        co_return co_await act_on_one(run, "mark_succeeded", std::move(event), std::move(caller));
    }

    Async<Status> skip(RunId run, std::string reason, Caller caller) override {
        std::string text = reason.empty() ? fmt::format("skipped by {}", caller.actor)
                                          : fmt::format("skipped by {}: {}", caller.actor, reason);
        engine::RunEvent event = engine::SkipRequested{text};
        co_return co_await act_on_one(run, "skip", std::move(event), std::move(caller));
    }

    Async<Result<std::vector<RunId>>> rerun(RerunRequest request, Caller caller) override {
        auto catalog = runtime_.catalog();
        auto now = parts_.clock->now();
        auto actor = caller.actor;
        UnitWork work = [=](store::Transaction& transaction, Made& made) -> Status {
            return rerun_in(transaction, *catalog, request, actor, now, made);
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        co_return std::move(made.value().runs);
    }

    Async<Result<BulkResult>> bulk(BulkAction action, store::RunFilter filter, bool dry_run,
                                   Caller caller) override {
        BulkResult result;
        if (dry_run) {
            auto ids = std::make_shared<std::vector<RunId>>();
            store::ReadWork look = [ids, filter](store::ReadTransaction& transaction) -> Status {
                POLYSYNC_TRY(*ids, matching_runs(transaction, filter, max_bulk_runs));
                return success();
            };
            auto looked = co_await parts_.store->read(std::move(look));
            if (!looked) co_return looked.error();
            result.runs = std::move(*ids);
            co_return result;
        }
        auto catalog = runtime_.catalog();
        auto now = parts_.clock->now();
        auto actor = caller.actor;
        Random& random = *parts_.random;
        UnitWork work = [=, &random](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(auto ids, matching_runs(transaction, filter, max_bulk_runs));
            if (action != BulkAction::rerun)
                return act_in(transaction, *catalog, random, ids,
                              {name_of(action), event_of(action, actor), actor, now}, made);
            for (auto id : ids) {
                auto done = rerun_in(transaction, *catalog, {.run = id, .scope = RerunScope::downstream},
                                     actor, now, made);
                if (done) continue;
                if (!is_refusal(done.error())) return done;
                made.effect.refused.emplace_back(id, done.error());
            }
            return success();
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        result.runs = std::move(made.value().runs);
        result.refused = std::move(made.value().refused);
        co_return result;
    }

    Async<Result<std::vector<TaskRun>>> chain(RunId run) override {
        auto catalog = runtime_.catalog();
        auto runs = std::make_shared<std::vector<TaskRun>>();
        store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
            runs->clear();
            POLYSYNC_TRY(auto start, load_run(transaction, run));
            POLYSYNC_TRY(*runs, chain_of(transaction, *catalog, start));
            return success();
        };
        auto done = co_await parts_.store->read(std::move(work));
        if (!done) co_return done.error();
        co_return std::move(*runs);
    }

    Async<Result<BulkResult>> cancel_chain(RunId run, Caller caller) override {
        auto catalog = runtime_.catalog();
        auto now = parts_.clock->now();
        auto actor = caller.actor;
        Random& random = *parts_.random;
        UnitWork work = [=, &random](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(auto start, load_run(transaction, run));
            POLYSYNC_TRY(auto members, chain_of(transaction, *catalog, start));
            std::vector<RunId> ids;
            for (const auto& one : members)
                if (!is_terminal(one.state)) ids.push_back(one.id);
            engine::RunEvent event = engine::CancelRequested{CancelCause::chain, actor};
            return act_in(transaction, *catalog, random, ids, {"cancel", std::move(event), actor, now}, made);
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        BulkResult result;
        result.runs = std::move(made.value().runs);
        result.refused = std::move(made.value().refused);
        co_return result;
    }

    Async<Status> pause(store::ObjectKind kind, std::optional<QualifiedName> object, std::string reason,
                        Caller caller) override {
        auto now = parts_.clock->now();
        auto actor = caller.actor;
        UnitWork work = [=](store::Transaction& transaction, Made&) -> Status {
            POLYSYNC_TRY(auto id, pausable(transaction, kind, object));
            POLYSYNC_TRY(pause_in(transaction, id, actor, reason, now));
            return append_audit(transaction, now, actor, "pause", pause_subject(kind, object),
                                {{"reason", reason}});
        };
        co_return status_of(co_await perform(std::move(caller), std::move(work)));
    }

    Async<Status> resume(store::ObjectKind kind, std::optional<QualifiedName> object, bool run_kept_keys,
                         Caller caller) override {
        auto now = parts_.clock->now();
        auto catalog = runtime_.catalog();
        auto actor = caller.actor;
        UnitWork work = [=](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(auto id, pausable(transaction, kind, object));
            POLYSYNC_TRY(made.effect.kept_keys,
                         resume_in(transaction, *catalog, id, run_kept_keys, actor, now));
            return append_audit(transaction, now, actor, "resume", pause_subject(kind, object),
                                {{"run_kept_keys", run_kept_keys}, {"kept_keys", made.effect.kept_keys}});
        };
        co_return status_of(co_await perform(std::move(caller), std::move(work)));
    }

    Async<Result<BackfillPlan>> backfill(BackfillRequest request, Caller caller) override {
        auto catalog = runtime_.catalog();
        auto found = find_task(*catalog, request.task);
        if (!found) co_return found.error();
        auto checked = check_backfill(*found.value(), request);
        if (!checked) co_return checked.error();
        auto id = found.value()->id;
        auto now = parts_.clock->now();
        if (request.dry_run) {
            auto plan = std::make_shared<BackfillPlan>();
            store::ReadWork look = [=](store::ReadTransaction& transaction) -> Status {
                *plan = {};
                return plan_keys(transaction, *catalog->task(id), request, *plan);
            };
            auto looked = co_await parts_.store->read(std::move(look));
            if (!looked) co_return looked.error();
            co_return std::move(*plan);
        }
        auto actor = caller.actor;
        UnitWork work = [=](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(plan_keys(transaction, *catalog->task(id), request, made.effect.backfill));
            POLYSYNC_TRY(made.effect.backfill.id, insert_backfill(transaction, id, request, actor, now));
            return append_audit(transaction, now, actor, "backfill",
                                fmt::format("task/{}", request.task.str()),
                                {{"backfill", made.effect.backfill.id},
                                 {"from", request.first_key},
                                 {"to", request.last_key},
                                 {"selection", request.selection}});
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        co_return std::move(made.value().backfill);
    }

    Async<Status> set_backfill_state(std::int64_t id, store::BackfillState state, Caller caller) override {
        auto now = parts_.clock->now();
        auto catalog = runtime_.catalog();
        auto actor = caller.actor;
        Random& random = *parts_.random;
        UnitWork work = [=, &random](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(change_backfill_state(transaction, id, state));
            POLYSYNC_TRY(append_audit(transaction, now, actor, "backfill_state",
                                      fmt::format("backfill/{}", id), {{"state", store::to_string(state)}}));
            if (state != store::BackfillState::cancelled) return success();
            store::RunFilter open{
                .states = {RunState::queued, RunState::submitting, RunState::starting, RunState::running},
                .lane = backfill_lane(id)};
            POLYSYNC_TRY(auto active, matching_runs(transaction, open, max_bulk_runs));
            engine::RunEvent event = engine::CancelRequested{CancelCause::backfill, actor};
            return act_in(transaction, *catalog, random, active, {"cancel", std::move(event), actor, now},
                          made);
        };
        co_return status_of(co_await perform(std::move(caller), std::move(work)));
    }

    Async<Result<WhyAnswer>> why(QualifiedName name, std::optional<std::string> key) override {
        auto catalog = runtime_.catalog();
        auto found = find_task(*catalog, name);
        if (!found) co_return found.error();
        auto id = found.value()->id;
        auto now = parts_.clock->now();
        auto answer = std::make_shared<WhyAnswer>();
        store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*answer, explain(transaction, *catalog, *catalog->task(id), key, now));
            return success();
        };
        auto done = co_await parts_.store->read(std::move(work));
        if (!done) co_return done.error();
        co_return std::move(*answer);
    }

    Async<Result<std::vector<NextFire>>> next_fires(std::optional<QualifiedName> name, int count) override {
        auto catalog = runtime_.catalog();
        std::vector<const CatalogTask*> tasks;
        if (name) {
            auto found = find_task(*catalog, *name);
            if (!found) co_return found.error();
            tasks.push_back(found.value());
        } else {
            for (const auto& [id, task] : catalog->tasks) tasks.push_back(&task);
        }
        std::vector<NextFire> fires;
        for (const auto* task : tasks) {
            for (const auto& schedule : task->schedules) {
                auto at = parts_.clock->now();
                for (int i = 0; i < std::clamp(count, 1, 1000); ++i) {
                    at = schedule.cron.next_after(at, schedule.zone);
                    fires.push_back(
                        {task->task.meta.name, at, task->key_of(at), schedule.schedule.time_zone});
                }
            }
        }
        std::sort(fires.begin(), fires.end(), [](const NextFire& a, const NextFire& b) {
            return a.at != b.at ? a.at < b.at : a.task < b.task;
        });
        if (fires.size() > std::size_t(count)) fires.resize(std::size_t(std::max(count, 0)));
        co_return fires;
    }

    Async<Result<bool>> put_source_token(QualifiedName source, std::string key, std::string dedupe_id,
                                         json::object data, Caller caller) override {
        auto catalog = runtime_.catalog();
        const engine::CatalogSource* found = nullptr;
        for (const auto& [id, candidate] : catalog->sources)
            if (candidate.name == source) found = &candidate;
        if (!found)
            co_return make_error(ErrorKind::not_found, "unknown_source",
                                 fmt::format("there is no source '{}'", source.str()));
        if (key.empty() || key.size() > 256)
            co_return make_error(ErrorKind::invalid_input, "invalid_key", "a key has 1 to 256 characters");
        auto id = found->id;
        auto now = parts_.clock->now();
        auto text = json::serialize(data);
        UnitWork work = [=](store::Transaction& transaction, Made& made) -> Status {
            if (!dedupe_id.empty()) {
                auto record = fmt::format("source/{}/{}", number(id), dedupe_id);
                POLYSYNC_TRY(auto seen, transaction.idempotency(record));
                made.effect.fresh = !seen;
                if (seen) return success();
                POLYSYNC_TRY(transaction.put_idempotency({record, {}, 202, {}, now}));
            }
            Propagation propagation(transaction, *catalog, now);
            return propagation.source_event(catalog->sources.at(id), key, text);
        };
        auto made = co_await perform(std::move(caller), std::move(work));
        if (!made) co_return made.error();
        co_return made.value().fresh;
    }

  private:
    // Durable when it returns; then the loops look, and cancels go out.
    Async<Result<OperationEffect>> perform(Caller caller, UnitWork work) {
        auto made = std::make_shared<Made>();
        Premise premise{.shared = parts_.shared_store, .catalog_version = runtime_.catalog()->version};
        auto unit = unit_of(std::move(caller), std::move(work), made, premise);
        auto done = co_await parts_.store->write(std::move(unit));
        if (!done && done.error().code == definitions_changed) {
            auto refreshed = co_await runtime_.refresh();  // so that it works when it is asked for again
            if (!refreshed) co_return refreshed.error();
        }
        if (!done) co_return done.error();
        for (const auto& run : made->cancels) runtime_.cancel_recorded(run);
        runtime_.wake();
        co_return std::move(made->effect);
    }

    static Status status_of(const Result<OperationEffect>& made) {
        if (!made) return made.error();
        return success();
    }

    Async<Status> act_on_one(RunId run, std::string name, engine::RunEvent event, Caller caller) {
        auto catalog = runtime_.catalog();
        Random& random = *parts_.random;
        Action action{std::move(name), std::move(event), caller.actor, parts_.clock->now()};
        UnitWork work = [=, &random](store::Transaction& transaction, Made& made) -> Status {
            POLYSYNC_TRY(act_in(transaction, *catalog, random, std::vector<RunId>(1, run), action, made));
            if (!made.effect.refused.empty()) return made.effect.refused.front().second;
            return success();
        };
        co_return status_of(co_await perform(std::move(caller), std::move(work)));
    }

    RuntimeParts parts_;
    Runtime& runtime_;
};

}  // namespace

std::unique_ptr<Operations> Operations::make(RuntimeParts parts, Runtime& runtime) {
    return std::make_unique<StoreOperations>(std::move(parts), runtime);
}

}  // namespace polysync::runtime
