#include "runtime/recorder.h"

#include <algorithm>
#include <map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "base/secret.h"
#include "engine/test_hooks.h"
#include "runtime/alerts.h"
#include "runtime/events.h"
#include "runtime/propagation.h"

namespace polysync::runtime {
namespace {

using store::Transaction;

// A claim makes the attempt's row; AWS's answer and the attempt's end complete it.
std::optional<Attempt> new_attempt(const TaskRun& before, const RunNews& news,
                                   const engine::Decision& decision) {
    if (!std::holds_alternative<engine::Claimed>(news.event)) return std::nullopt;
    return Attempt{.run = before.id,
                   .attempt = before.attempt,
                   .token = decision.run.token,
                   .intent = news.intent,
                   .called_at = news.called_at};
}

std::optional<Transaction::AttemptChange> changed_attempt(const TaskRun& before, const RunNews& news,
                                                          const engine::Decision& decision, SystemTime now) {
    const auto* accepted = std::get_if<engine::Accepted>(&news.event);
    if (!decision.attempt_ended && !accepted) return std::nullopt;
    Transaction::AttemptChange change{.run = before.id, .attempt = before.attempt, .token = before.token};
    if (accepted) change.pipeline_run_id = accepted->run.run_id;
    if (decision.attempt_ended) {
        change.ended_at = now;
        change.code = decision.run.code;
        change.message = decision.message;
        if (const auto* seen = std::get_if<engine::Observed>(&news.event)) {
            change.aws_status = seen->run.aws_status;
            change.exit_code = seen->run.exit_code;
        }
    }
    return change;
}

// What AWS says may repeat what was sent to it: no row holds a secret in clear (SAFE-3).
void redact_texts(engine::Decision& decision) {
    for (auto* text : {&decision.message, &decision.run.message, &decision.run.remedy,
                       &decision.run.waiting_for, &decision.run.outputs})
        if (!text->empty()) *text = redact(*text);
}

// The end of a failed attempt's log is kept (spec 10).
std::optional<store::KeptLog> wanted_log(const TaskRun& before, const RunNews& news,
                                         const engine::Decision& decision, SystemTime now) {
    const PipelineRun* seen = nullptr;
    if (const auto* observed = std::get_if<engine::Observed>(&news.event)) seen = &observed->run;
    if (const auto* accepted = std::get_if<engine::Accepted>(&news.event)) seen = &accepted->run;
    if (!seen || !decision.attempt_ended || seen->status != PipelineRunStatus::failed) return std::nullopt;
    const auto& id = before.pipeline_run_id.empty() ? seen->run_id : before.pipeline_run_id;
    if (id.empty()) return std::nullopt;
    return store::KeptLog{.run = before.id,
                          .attempt = before.attempt,
                          .platform = before.platform,
                          .pipeline_run_id = id,
                          .wanted_at = now};
}

std::vector<RunId> runs_of(const std::vector<RunNews>& news) {
    std::vector<RunId> ids;
    ids.reserve(news.size());
    for (const auto& item : news) ids.push_back(item.run);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

}  // namespace

engine::RunPolicy policy_of(const engine::Catalog& catalog, const TaskRun& run) {
    const auto* task = catalog.task(run.key.task);
    if (!task) return {};
    return {.retry = task->task.retry, .queue_timeout = task->task.queue_timeout};
}

Result<std::vector<Recorded>> record_in(store::Transaction& transaction, const engine::Catalog& catalog,
                                        const std::vector<RunNews>& news, SystemTime now, Random& random) {
    POLYSYNC_TRY(auto loaded, transaction.runs(runs_of(news)));
    return record_loaded(transaction, catalog, news, std::move(loaded), now, random);
}

Result<std::vector<Recorded>> record_loaded(store::Transaction& transaction, const engine::Catalog& catalog,
                                            const std::vector<RunNews>& news, std::vector<TaskRun> loaded,
                                            SystemTime now, Random& random) {
    std::map<RunId, TaskRun> current;
    for (auto& run : loaded) current.emplace(run.id, std::move(run));

    std::vector<Recorded> out;
    out.reserve(news.size());
    std::vector<store::Transaction::RunChange> changes;
    std::vector<Attempt> attempts;
    std::vector<Transaction::AttemptChange> attempt_changes;
    std::vector<store::Event> events;
    std::vector<store::KeptLog> logs;
    std::vector<TaskRun> ended;
    for (const auto& item : news) {
        auto found = current.find(item.run);
        if (found == current.end()) {
            out.push_back({.refusal = fmt::format("there is no run {}", number(item.run))});
            continue;
        }
        TaskRun& run = found->second;
        if (item.fence && *item.fence != run.fence) {
            out.push_back({.run = run, .refusal = "it speaks of an older attempt"});
            continue;
        }
        auto decided = engine::decide(run, item.event, policy_of(catalog, run), now, random);
        if (!decided) {
            if (decided.error().kind != ErrorKind::conflict) return decided.error();
            out.push_back({.run = run, .refusal = decided.error().message});
            continue;
        }
        auto& decision = decided.value();
        redact_texts(decision);
        if (auto log = wanted_log(run, item, decision, now)) logs.push_back(std::move(*log));
        if (auto row = new_attempt(run, item, decision)) attempts.push_back(std::move(*row));
        if (auto row = changed_attempt(run, item, decision, now)) attempt_changes.push_back(std::move(*row));
        if (decision.changed) {
            bool moved = decision.run.state != run.state || decision.run.attempt != run.attempt;
            changes.push_back({run.state, run.attempt, run.fence, decision.run, decision.message});
            if (moved) events.push_back(run_state_event(decision.run, catalog, now));
        }
        bool is_silent = engine::is_planted(engine::Fault::quick_ends_are_silent) &&
                         std::holds_alternative<engine::Accepted>(item.event);
        if (decision.ended && !is_silent) ended.push_back(decision.run);
        run = decision.run;
        out.push_back({.run = run, .applied = true, .send_cancel = decision.send_cancel});
    }
    POLYSYNC_TRY(auto done, transaction.change_runs(changes, now));
    if (std::find(done.begin(), done.end(), false) != done.end())
        return make_error(ErrorKind::internal, "lost_update",
                          "a run changed inside the transaction that had read it");
    POLYSYNC_TRY(transaction.put_attempts(attempts));
    POLYSYNC_TRY(transaction.change_attempts(attempt_changes));
    POLYSYNC_TRY(transaction.append_events(events));
    for (const auto& run : ended) {
        if (run.code != "outcome_unknown") continue;
        POLYSYNC_TRY(raise_alert(transaction, now, "outcome_unknown", fmt::format("run/{}", number(run.id)),
                                 fmt::format("outcome_unknown/{}/{}", number(run.id), run.fence),
                                 {{"message", run.message}}));
    }
    for (const auto& log : logs) {
        POLYSYNC_TRY(transaction.put_kept_log(log));
    }
    Propagation propagation(transaction, catalog, now);
    POLYSYNC_TRY(propagation.ended(std::move(ended)));
    return out;
}

namespace {

using SharedNews = std::shared_ptr<const std::vector<RunNews>>;

Async<Result<std::vector<Recorded>>> record_shared(Context& context, SharedNews given) {
    auto out = std::make_shared<std::vector<Recorded>>();
    auto catalog = context.catalog;
    Random& random = *context.parts.random;
    auto now = context.clock().now();
    store::Work work = [out, given, catalog, now, &random](store::Transaction& transaction) -> Status {
        // Not when it was asked for: the lock may have been long in coming.
        POLYSYNC_TRY(auto at, transaction.shared_time(now));
        POLYSYNC_TRY(*out, record_in(transaction, *catalog, *given, at, random));
        return success();
    };
    auto done = co_await write_current(context, std::move(work), runs_of(*given));
    if (!done) co_return done.error();
    for (const auto& item : *out) {
        if (!item.applied) continue;  // nothing has changed
        if (item.run.state == RunState::queued || is_terminal(item.run.state)) context.dispatch.give();
        if (is_terminal(item.run.state) && item.run.key.lane.starts_with("backfill:"))
            context.housekeep.give();
    }
    co_return std::move(*out);
}

}  // namespace

Async<Result<std::vector<Recorded>>> record(Context& context, std::vector<RunNews> news) {
    return record_shared(context, std::make_shared<const std::vector<RunNews>>(std::move(news)));
}

Async<Result<std::vector<Recorded>>> record_surely(Context& context, std::vector<RunNews> news) {
    auto given = std::make_shared<const std::vector<RunNews>>(std::move(news));
    Millis delay = std::chrono::seconds(1);
    while (true) {
        auto done = co_await record_shared(context, given);
        if (!done && done.error().code == definitions_changed) continue;  // the newest are there now
        if (done || done.error().kind != ErrorKind::transient || context.stopping) co_return done;
        log::error("cannot write what happened to {} runs, trying again: {}", given->size(),
                   done.error().describe());
        co_await context.clock().sleep_for(delay);
        delay = std::min<Millis>(delay * 2, std::chrono::seconds(30));
    }
}

}  // namespace polysync::runtime
