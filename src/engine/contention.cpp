#include "engine/contention.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace polysync::engine {
namespace {

double capacity(const ContentionProfile& rule) {
    if (rule.algorithm == RateAlgorithm::leaky_bucket) return 1;
    return std::max(1.0, rule.bucket_size.value_or(rule.limit));
}

double refill_per_s(const ContentionProfile& rule) {
    return rule.refill_per_s.value_or(rule.limit / double(rule.window.count()));
}

bool fills_by_window(const ContentionProfile& rule) {
    return rule.algorithm == RateAlgorithm::token_bucket &&
           rule.exceed_action == ExceedAction::defer_to_next_window;
}

// What one profile says to one run; claim means "nothing against it".
DispatchVerdict ask(ProfileUse& use, const TaskRun& run, SystemTime now) {
    const auto& rule = *use.rule;
    const auto& name = rule.meta.name.str();
    if (rule.type == ProfileType::concurrency) {
        if (use.in_flight < rule.max_concurrent_tasks) return {DispatchAction::claim, {}, {}};
        auto full =
            fmt::format("contention profile {}: all {} slots are taken", name, rule.max_concurrent_tasks);
        if (rule.exceed_action == ExceedAction::reject) return {DispatchAction::reject, full, {}};
        if (rule.queue_timeout && now - run.queued_at >= *rule.queue_timeout)
            return {
                DispatchAction::reject,
                fmt::format("contention profile {}: no slot within {} s", name, rule.queue_timeout->count()),
                {}};
        if (rule.queue_size_limit && use.waiting >= *rule.queue_size_limit)
            return {
                DispatchAction::reject,
                fmt::format("contention profile {}: all {} slots are taken and {} runs wait already, as many "
                            "as its queue takes",
                            name, rule.max_concurrent_tasks, use.waiting),
                {}};
        std::optional<SystemTime> timeout;
        if (rule.queue_timeout) timeout = run.queued_at + *rule.queue_timeout;
        return {DispatchAction::hold, full, timeout};
    }
    if (use.bucket && now < use.bucket->at) use.bucket_changed = true;
    use.bucket = refill(rule, use.bucket, now);
    if (use.bucket->tokens >= 1) return {DispatchAction::claim, {}, {}};
    auto spent =
        fmt::format("contention profile {}: {} in {} s are spent", name, rule.limit, rule.window.count());
    if (rule.exceed_action == ExceedAction::reject) return {DispatchAction::reject, spent, {}};
    return {DispatchAction::hold, spent, next_token(rule, *use.bucket)};
}

void take(ProfileUse& use) {
    if (use.rule->type == ProfileType::concurrency) {
        ++use.in_flight;
    } else {
        use.bucket->tokens -= 1;
        use.bucket_changed = true;
    }
}

DispatchVerdict consider(const TaskRun& run, DispatchState& state, SystemTime now) {
    if (state.everything_paused) return {DispatchAction::hold, "everything is paused", {}};
    auto platform = state.platforms.find(run.platform);
    if (platform == state.platforms.end()) return {DispatchAction::hold, "its platform is not defined", {}};
    if (platform->second.paused) return {DispatchAction::hold, "its platform is paused", {}};
    auto task = state.tasks.find(run.key.task);
    if (task == state.tasks.end()) return {DispatchAction::hold, "its task is not defined", {}};
    if (task->second.paused) return {DispatchAction::hold, "its task is paused", {}};
    if (run.not_before > now) return {DispatchAction::hold, run.waiting_for, run.not_before};
    if (task->second.in_flight >= task->second.max_active)
        return {
            DispatchAction::hold,
            fmt::format("its task has {} of {} runs active", task->second.in_flight, task->second.max_active),
            {}};
    // All profiles are asked before any gives: a run that one holds back takes nothing from the others. A
    // rejection beats a hold.
    std::optional<DispatchVerdict> against;
    std::vector<std::size_t> holding;
    for (auto index : platform->second.profiles) {
        auto verdict = ask(state.profiles[index], run, now);
        if (verdict.action == DispatchAction::claim) continue;
        if (verdict.action == DispatchAction::hold) holding.push_back(index);
        if (!against || verdict.action == DispatchAction::reject) against = std::move(verdict);
    }
    if (against) {
        if (against->action == DispatchAction::hold)
            for (auto index : holding) ++state.profiles[index].waiting;
        return *against;
    }
    for (auto index : platform->second.profiles) take(state.profiles[index]);
    ++task->second.in_flight;
    return {DispatchAction::claim, {}, {}};
}

}  // namespace

BucketFill refill(const ContentionProfile& rule, std::optional<BucketFill> fill, SystemTime now) {
    if (!fill) return {capacity(rule), now};
    if (now <= fill->at) return {fill->tokens, now};
    if (fills_by_window(rule)) {
        Millis window = rule.window;
        auto windows = now.time_since_epoch() / window - fill->at.time_since_epoch() / window;
        return {std::min(capacity(rule), fill->tokens + double(windows) * rule.limit), now};
    }
    double added = double((now - fill->at).count()) / 1000.0 * refill_per_s(rule);
    return {std::min(capacity(rule), fill->tokens + added), now};
}

SystemTime next_token(const ContentionProfile& rule, const BucketFill& fill) {
    if (fill.tokens >= 1) return fill.at;
    if (fills_by_window(rule)) return next_window(rule, fill.at);
    double seconds = (1 - fill.tokens) / refill_per_s(rule);
    return fill.at + Millis(std::int64_t(std::ceil(seconds * 1000)));
}

SystemTime next_window(const ContentionProfile& rule, SystemTime now) {
    Millis window = rule.window;
    return SystemTime((now.time_since_epoch() / window + 1) * window);
}

std::vector<DispatchVerdict> plan_dispatch(const std::vector<TaskRun>& queued, DispatchState& state,
                                           SystemTime now) {
    std::vector<std::size_t> order(queued.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const auto &left = queued[a], &right = queued[b];
        if (left.priority != right.priority) return left.priority > right.priority;
        if (left.queued_at != right.queued_at) return left.queued_at < right.queued_at;
        return left.id < right.id;
    });
    std::vector<DispatchVerdict> verdicts(queued.size());
    for (auto index : order) verdicts[index] = consider(queued[index], state, now);
    return verdicts;
}

}  // namespace polysync::engine
