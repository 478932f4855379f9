// How often Batch tries a job, and what an attempt that fails says.
#include <algorithm>

#include <fmt/format.h>

#include "sandbox/services/batch_state.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_attempts = 10;
constexpr std::int64_t year_seconds = 366LL * 24 * 3600;

// evaluateOnExit patterns: case-insensitive for reasons, a trailing '*' matches any rest. An absent one
// matches all.
bool matches(const JsonObject& rule, std::string_view name, std::string_view value) {
    if (!has(rule, name)) return true;
    std::string pattern = text(rule, name);
    const bool open = pattern.ends_with('*');
    if (open) pattern.pop_back();
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    if (open ? value.size() < pattern.size() : value.size() != pattern.size()) return false;
    return std::equal(pattern.begin(), pattern.end(), value.begin(), same);
}

bool retried(const JsonObject& strategy, const BatchFailure& failure) {
    const JsonArray* rules = list_in(strategy, "evaluateOnExit");
    if (!rules) return true;
    const std::string code = failure.exit_code ? fmt::format("{}", *failure.exit_code) : "";
    for (const Json& item : *rules) {
        const JsonObject* rule = item.if_object();
        if (!rule || !matches(*rule, "onStatusReason", failure.status_reason) ||
            !matches(*rule, "onReason", failure.container_reason) || !matches(*rule, "onExitCode", code)) {
            continue;
        }
        std::string action = text(*rule, "action");
        std::transform(action.begin(), action.end(), action.begin(),
                       [](unsigned char c) { return char(std::toupper(c)); });
        return action == "RETRY";
    }
    return true;  // where none matches, the job is retried
}

}  // namespace

BatchFailure batch_failure(const Outcome& outcome, bool timed_out) {
    if (timed_out) return {"Job attempt duration exceeded timeout", "", 137};
    if (outcome.reason.empty() && outcome.container_reason.empty()) {
        return {"Essential container in task exited", "", outcome.exit_code.value_or(1)};
    }
    return {outcome.reason.empty() ? "Essential container in task exited" : outcome.reason,
            outcome.container_reason, outcome.exit_code};
}

BatchPlan make_batch_plan(const Outcome& outcome, bool fails, const JsonObject& request,
                          const JsonObject& definition, const RunDurations& durations) {
    const auto setting = [&](std::string_view name) {
        const JsonObject* own = object_in(request, name);
        return own ? own : object_in(definition, name);
    };
    BatchPlan plan;
    const Millis queued = outcome.queue.value_or(durations.queued);
    plan.runnable = queued - queued * 2 / 5;  // the rest is SUBMITTED and PENDING
    plan.starting = outcome.start.value_or(durations.starting);
    plan.running = std::max(outcome.run.value_or(durations.running), Millis(1));
    if (const JsonObject* timeout = setting("timeout")) {
        const Millis limit = std::chrono::seconds(
            std::clamp<std::int64_t>(integer(*timeout, "attemptDurationSeconds"), 0, year_seconds));
        if (limit > Millis(0) && limit < plan.running) {
            plan.running = limit;
            plan.timed_out = true;
            plan.succeeds = false;  // timed-out attempts are not retried
            return plan;
        }
    }
    if (!fails) return plan;
    int most = 1;
    if (const JsonObject* strategy = setting("retryStrategy")) {
        most = int(std::clamp<std::int64_t>(integer(*strategy, "attempts", 1), 1, max_attempts));
        if (!retried(*strategy, batch_failure(outcome, false))) most = 1;
    }
    const BatchFailure failure = batch_failure(outcome, false);
    if (failure.status_reason.starts_with("Job attempt duration exceeded")) most = 1;
    const int failing = outcome.failing_attempts.value_or(most);
    plan.succeeds = failing < most;
    plan.attempts = plan.succeeds ? failing + 1 : most;
    return plan;
}

}  // namespace polysync::sandbox
