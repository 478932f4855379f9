#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/contention.h"
#include "engine/deadline.h"
#include "runtime/alerts.h"
#include "runtime/backfills.h"
#include "runtime/limits.h"
#include "runtime/loops.h"
#include "runtime/propagation.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr Millis wait_check_interval = std::chrono::minutes(1);
constexpr Millis prune_interval = std::chrono::minutes(10);
// Defaults of spec 10.
constexpr Millis diagnosed_after = std::chrono::minutes(15);
constexpr Millis alert_after = std::chrono::minutes(30);
constexpr Millis deadline_memory = std::chrono::days(2);  // those that passed while nobody looked
constexpr Millis token_patience = std::chrono::days(7);
constexpr Millis keep_runs = std::chrono::days(90);
constexpr Millis keep_failed = std::chrono::days(180);
constexpr Millis keep_audit = std::chrono::days(400);
constexpr Millis keep_events = std::chrono::days(3);
constexpr Millis keep_idempotency = std::chrono::days(7);  // and the dedupe ids of events

// Runs that wait longer than they should, with what is in their way (spec 10).
class WaitCheck {
  public:
    WaitCheck(store::Transaction& transaction, const engine::Catalog& catalog, SystemTime now)
        : transaction_(transaction), catalog_(catalog), now_(now) {}

    Status check_queue() {
        // Those in a backoff too, so as of tomorrow; of every task, however many more important ones wait.
        POLYSYNC_TRY(auto heads, transaction_.queued_heads(now_ + std::chrono::days(1), 8,
                                                           std::numeric_limits<int>::max()));
        std::erase_if(heads, [&](const TaskRun& run) { return now_ - run.queued_at < diagnosed_after; });
        if (heads.empty()) return success();
        std::set<ObjectId> tasks;
        for (const auto& run : heads) tasks.insert(run.key.task);
        POLYSYNC_TRY(auto limits, read_limits(transaction_, catalog_));
        auto state = build_dispatch_state(catalog_, limits, tasks);
        auto verdicts = engine::plan_dispatch(heads, state, now_);
        std::vector<store::Transaction::RunChange> changes;
        for (std::size_t i = 0; i < heads.size(); ++i) {
            auto& run = heads[i];
            if (!verdicts[i].reason.empty() && verdicts[i].reason != run.waiting_for) {
                run.waiting_for = verdicts[i].reason;
                changes.push_back({run.state, run.attempt, run.fence, run, {}});
            }
            if (now_ - run.queued_at < alert_after) continue;
            POLYSYNC_TRY(
                alert("queued_too_long", run,
                      {{"queued_at", format_iso8601(run.queued_at)}, {"waiting_for", run.waiting_for}}));
        }
        POLYSYNC_TRY(auto done, transaction_.change_runs(changes, now_));
        (void)done;
        return success();
    }

    // Runs that AWS has and does not begin; the provider's diagnosis stands in their message and remedy.
    Status check_aws(const std::vector<RunId>& waiting) {
        POLYSYNC_TRY(auto runs, transaction_.runs(waiting));
        for (const auto& run : runs) {
            if (!is_in_flight(run.state)) continue;
            POLYSYNC_TRY(
                alert("waiting_at_aws", run,
                      {{"aws_status", run.aws_status}, {"message", run.message}, {"remedy", run.remedy}}));
        }
        return success();
    }

  private:
    Status alert(const std::string& kind, const TaskRun& run, boost::json::object document) {
        const auto* task = catalog_.task(run.key.task);
        document["run"] = number(run.id);
        if (task) document["task"] = task->task.meta.name.str();
        return raise_alert(transaction_, now_, kind, fmt::format("run/{}", number(run.id)),
                           fmt::format("{}/{}/{}", kind, number(run.id), run.attempt), document);
    }

    store::Transaction& transaction_;
    const engine::Catalog& catalog_;
    SystemTime now_;
};

// TASK-12: whether one key's run has succeeded by its deadline - even if it never started. Keys that were
// due, or whose fire had passed, before the task was defined are nobody's fault.
Status check_deadline(store::Transaction& transaction, const engine::CatalogTask& task,
                      const engine::Interval& ended, SystemTime due, SystemTime now) {
    POLYSYNC_TRY(auto runs, transaction.runs_of_key(task.id, "live", ended.key));
    bool done = std::any_of(runs.begin(), runs.end(), [&](const TaskRun& run) {
        return run.state == RunState::succeeded && run.ended_at && *run.ended_at <= due;
    });
    if (done) return success();
    POLYSYNC_TRY(auto object, transaction.object(store::ObjectKind::task, task.task.meta.name));
    if (object && object->created_at > due) return success();
    if (object && runs.empty() && engine::has_fired_before(task, ended, object->created_at)) return success();
    std::string state =
        runs.empty() ? "it never started"
                     : fmt::format("its run {} is {}", number(runs.back().id), to_string(runs.back().state));
    return raise_alert(transaction, now, "deadline", fmt::format("task/{}", task.task.meta.name.str()),
                       fmt::format("deadline/{}/{}", number(task.id), ended.key),
                       {{"key", ended.key}, {"due", format_iso8601(due)}, {"state", state}});
}

// Tokens that need the rest of an interval may be old and many: behind them are others.
Status expire_tokens(store::Transaction& transaction, const engine::Catalog& catalog, SystemTime now) {
    POLYSYNC_TRY(auto pauses, transaction.pauses());
    for (const auto& pause : pauses)
        if (number(pause.object) == 0) return success();  // nothing ages
    auto before = now - token_patience;
    Propagation propagation(transaction, catalog, now);
    for (int limit = 1000;; limit *= 4) {
        POLYSYNC_TRY(auto old, transaction.tokens_older_than(before, limit));
        POLYSYNC_TRY(int expired, propagation.expire(old, before));
        if (expired > 0 || int(old.size()) < limit) return success();
    }
}

}  // namespace

Async<void> Housekeeper::run() {
    while (!context_.stopping) {
        co_await try_store();
        co_await time_out();
        auto planned = co_await plan_backfills();
        if (!planned) log_failure("backfills cannot be planned", planned.error());
        auto checked = co_await check_deadlines();
        if (!checked) log_failure("deadlines cannot be checked", checked.error());
        if (context_.clock().steady_now() >= next_wait_check_) {
            auto waited = co_await check_waiting();
            if (!waited) log_failure("long waits cannot be checked", waited.error());
            next_wait_check_ = context_.clock().steady_now() + wait_check_interval;
        }
        if (context_.clock().steady_now() >= next_prune_) {
            auto pruned = co_await prune();
            if (!pruned) log_failure("old runs cannot be deleted", pruned.error());
            next_prune_ = context_.clock().steady_now() + prune_interval;
        }
        co_await context_.housekeep.wait_until(context_.clock().steady_now() +
                                               context_.parts.pace.housekeeping);
    }
}

// A store that has failed must be seen to work again even where there is nothing else to write.
Async<void> Housekeeper::try_store() {
    if (context_.store().trouble().empty()) co_return;
    store::Work work = [now = context_.clock().now()](store::Transaction& transaction) {
        return transaction.put_setting("store_tried_at", format_iso8601(now));
    };
    auto done = co_await context_.store().write(std::move(work));
    if (done) {
        log::warn("the store takes writes again");
    } else {
        log::error("the store does not take writes: {} {}", done.error().describe(), done.error().remedy);
    }
}

Async<void> Housekeeper::time_out() {
    auto news = watcher_.timed_out(context_.clock().now());
    if (news.empty()) co_return;
    auto recorded = co_await record(context_, std::move(news));
    if (!recorded) co_return;  // still there at the next look
    for (const auto& item : recorded.value()) {
        if (item.applied) watcher_.timeout_recorded(item.run.id);
        // It has ended elsewhere: there is nothing to time out, now or at the next look.
        if (!item.applied && !is_in_flight(item.run.state)) watcher_.forget(item.run.id);
        if (item.send_cancel) canceller_.start(item.run);
    }
}

Async<Status> Housekeeper::plan_backfills() {
    auto catalog = context_.catalog;
    auto now = context_.clock().now();
    auto active = std::make_shared<bool>(false);
    store::ReadWork look = [active](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto backfills, transaction.backfills(store::BackfillState::active));
        *active = !backfills.empty();
        return success();
    };
    auto looked = co_await context_.store().read(std::move(look));
    if (!looked || !*active) co_return looked;
    store::Work work = [catalog, now](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto backfills, transaction.backfills(store::BackfillState::active));
        Propagation propagation(transaction, *catalog, now);
        for (auto& backfill : backfills) {
            POLYSYNC_TRY(advance_backfill(transaction, *catalog, propagation, std::move(backfill), now));
        }
        return success();
    };
    auto done = co_await write_current(context_, std::move(work));
    context_.dispatch.give();
    co_return done;
}

Async<Status> Housekeeper::check_deadlines() {
    auto catalog = context_.catalog;
    auto now = context_.clock().now();
    auto keys = engine::keys_due(*catalog, deadlines_checked_.value_or(now - deadline_memory), now);
    if (!keys.empty()) {
        store::Work work = [catalog, keys, now](store::Transaction& transaction) -> Status {
            for (const auto& key : keys) {
                POLYSYNC_TRY(
                    check_deadline(transaction, catalog->tasks.at(key.task), key.interval, key.due, now));
            }
            return success();
        };
        auto done = co_await write_current(context_, std::move(work));
        if (!done) co_return done;
    }
    deadlines_checked_ = now;
    co_return success();
}

Async<Status> Housekeeper::check_waiting() {
    auto catalog = context_.catalog;
    auto now = context_.clock().now();
    auto waiting = watcher_.waiting_since(now - alert_after);
    if (waiting.size() > 1000) waiting.resize(1000);
    store::Work work = [catalog, now, waiting](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(expire_tokens(transaction, *catalog, now));
        WaitCheck check(transaction, *catalog, now);
        POLYSYNC_TRY(check.check_queue());
        return check.check_aws(waiting);
    };
    auto done = co_await write_current(context_, std::move(work));
    co_return done;
}

Async<Status> Housekeeper::prune() {
    auto now = context_.clock().now();
    store::Transaction::Retention retention{.runs_before = now - keep_runs,
                                            .failed_before = now - keep_failed,
                                            .audit_before = now - keep_audit,
                                            .events_before = now - keep_events,
                                            .idempotency_before = now - keep_idempotency};
    auto deleted = std::make_shared<int>(0);
    while (!context_.stopping) {
        store::Work work = [retention, deleted](store::Transaction& transaction) -> Status {
            POLYSYNC_TRY(*deleted, transaction.prune(retention));
            return success();
        };
        auto done = co_await context_.store().write(std::move(work));
        if (!done || *deleted < retention.limit) co_return done;
    }
    co_return success();
}

}  // namespace polysync::runtime
