#include "engine/run_machine.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "engine/retry.h"
#include "engine/test_hooks.h"

namespace polysync::engine {
namespace {

using S = RunState;

constexpr Transition table[] = {
    {S::queued, "claimed", S::submitting},
    {S::queued, "cancel_requested", S::cancelled},
    {S::queued, "limit_rejected", S::failed},
    {S::queued, "skip_requested", S::skipped},
    {S::queued, "marked_succeeded", S::succeeded},
    {S::submitting, "accepted", S::starting},
    {S::submitting, "accepted", S::running},
    {S::submitting, "accepted", S::succeeded},
    {S::submitting, "accepted", S::failed},
    {S::submitting, "accepted", S::cancelled},
    {S::submitting, "accepted", S::queued},  // ended as failed at once, with attempts left
    {S::submitting, "refused", S::queued},   // "not now", or with attempts left
    {S::submitting, "refused", S::failed},
    {S::submitting, "refused", S::cancelled},  // a cancel had been recorded
    {S::submitting, "not_submitted", S::queued},
    {S::submitting, "not_submitted", S::cancelled},
    {S::submitting, "unknowable", S::failed},
    {S::submitting, "cancel_requested", S::submitting},
    {S::starting, "observed", S::starting},
    {S::starting, "observed", S::running},
    {S::starting, "observed", S::succeeded},
    {S::starting, "observed", S::failed},
    {S::starting, "observed", S::cancelled},
    {S::starting, "observed", S::queued},
    {S::starting, "vanished", S::failed},
    {S::starting, "cancel_requested", S::starting},
    {S::starting, "cancel_refused", S::starting},
    {S::running, "observed", S::running},
    {S::running, "observed", S::succeeded},
    {S::running, "observed", S::failed},
    {S::running, "observed", S::cancelled},
    {S::running, "observed", S::queued},
    {S::running, "vanished", S::failed},
    {S::running, "cancel_requested", S::running},
    {S::running, "cancel_refused", S::running},
    {S::failed, "marked_succeeded", S::succeeded},
    {S::cancelled, "marked_succeeded", S::succeeded},
    {S::skipped, "marked_succeeded", S::succeeded},
    {S::failed, "skip_requested", S::skipped},
    {S::cancelled, "skip_requested", S::skipped},
};

bool allowed(S from, std::string_view event, S to) {
    return std::any_of(std::begin(table), std::end(table),
                       [&](const Transition& t) { return t.from == from && t.event == event && t.to == to; });
}

bool takes(S from, std::string_view event) {
    return std::any_of(std::begin(table), std::end(table),
                       [&](const Transition& t) { return t.from == from && t.event == event; });
}

// A refusal that says nothing about the request: it waits, and costs no attempt (PLAT-8).
bool is_not_now(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::contention:
        case ErrorKind::throttled:
        case ErrorKind::transient:
        case ErrorKind::credentials:
        case ErrorKind::clock_skew:
            return true;
        default:
            return false;
    }
}

AttemptEnd end_of(const Error& error) {
    bool might_pass_later = error.kind == ErrorKind::access_denied || error.kind == ErrorKind::internal;
    return might_pass_later ? AttemptEnd::failed : AttemptEnd::hopeless;
}

class Machine {
  public:
    Machine(const TaskRun& run, const RunPolicy& policy, SystemTime now, Random& random)
        : policy_(policy), now_(now), random_(random) {
        decision_.run = run;
    }

    Decision take() { return std::move(decision_); }

    void operator()(const Claimed& event) {
        auto& run = decision_.run;
        run.node = event.node;
        run.token = event.token;
        run.fence += 1;
        run.submitted_at = now_;
        run.waiting_for.clear();
        run.code.clear();  // of the refusal or the attempt before
        run.remedy.clear();
        move_to(S::submitting, {});
    }

    void operator()(const Accepted& event) {
        decision_.run.pipeline_run_id = event.run.run_id;
        see(event.run, true);
    }

    void operator()(const Observed& event) { see(event.run, false); }

    void operator()(const Refused& event) {
        auto& run = decision_.run;
        run.remedy = event.error.remedy;
        run.code = event.error.code;
        if (run.cancel != CancelCause::none) return end_cancelled("it had not been submitted");
        if (is_not_now(event.error.kind)) return wait_for(event.error);
        end_attempt(end_of(event.error), event.error.describe());
    }

    void operator()(const NotSubmitted& event) {
        if (decision_.run.cancel != CancelCause::none) return end_cancelled("it had not been submitted");
        decision_.attempt_ended = true;
        requeue(now_, fmt::format("not submitted: {}; queued again", event.explanation));
    }

    void operator()(const Unknowable& event) { end_unknown(event.explanation); }
    void operator()(const Vanished& event) { end_unknown(event.explanation); }

    void operator()(const CancelRequested& event) {
        auto& run = decision_.run;
        if (run.state == S::queued) {
            run.cancel = event.cause;
            run.cancel_by = event.by;
            return end_cancelled("before it was submitted");
        }
        // Recorded before: the first cause stands, but a person's word ends a run that a timeout would retry.
        bool stronger = run.cancel == CancelCause::timeout && event.cause != CancelCause::timeout;
        if (run.cancel != CancelCause::none && !stronger) return;
        run.cancel = event.cause;
        run.cancel_by = event.by;
        decision_.send_cancel = run.state != S::submitting;
        decision_.changed = true;
        decision_.message = event.cause == CancelCause::timeout
                                ? "execution timeout: cancelling at AWS"
                                : fmt::format("cancel requested{}", by(event.by));
    }

    void operator()(const CancelRefused& event) {
        auto& run = decision_.run;
        if (run.cancel == CancelCause::none) return;
        run.cancel = CancelCause::none;
        run.cancel_by.clear();
        decision_.changed = true;
        decision_.message = fmt::format("cannot be cancelled: {}", event.reason);
    }

    void operator()(const LimitRejected& event) {
        decision_.run.code = "contention_rejected";
        end(S::failed, event.reason);
    }

    void operator()(const SkipRequested& event) { end(S::skipped, event.reason); }

    void operator()(const MarkedSucceeded& event) {
        auto& run = decision_.run;
        run.outputs = event.outputs;
        run.code.clear();
        run.remedy.clear();
        end(S::succeeded, fmt::format("marked as succeeded{}", by(event.by)));
    }

  private:
    static std::string by(const std::string& who) { return who.empty() ? "" : " by " + who; }

    void move_to(S state, std::string message) {
        decision_.changed = true;
        decision_.run.state = state;
        decision_.message = std::move(message);
        if (!decision_.message.empty()) decision_.run.message = decision_.message;
    }

    void end(S state, std::string message) {
        decision_.ended = true;
        decision_.run.ended_at = now_;
        decision_.run.waiting_for.clear();
        move_to(state, std::move(message));
    }

    void end_unknown(const std::string& explanation) {
        decision_.run.code = "outcome_unknown";
        decision_.attempt_ended = true;
        end(S::failed, explanation);
    }

    void end_cancelled(std::string_view when) {
        const auto& run = decision_.run;
        decision_.attempt_ended = run.state != S::queued;
        if (run.cancel == CancelCause::timeout) return end(S::failed, "execution timeout");
        end(S::cancelled, fmt::format("cancelled{}{}{}", by(run.cancel_by), when.empty() ? "" : ": ", when));
    }

    void requeue(SystemTime not_before, std::string message) {
        auto& run = decision_.run;
        run.not_before = not_before;
        run.submitted_at.reset();
        run.started_at.reset();
        run.token.clear();
        run.pipeline_run_id.clear();
        run.monitor_url.clear();
        run.aws_status.clear();
        run.node.clear();
        run.cancel = CancelCause::none;
        run.cancel_by.clear();
        run.exit_code.reset();
        move_to(S::queued, std::move(message));
    }

    // "Not now": back into the queue as the same attempt, with the reason to see, for as long as the user
    // allows.
    void wait_for(const Error& error) {
        auto& run = decision_.run;
        if (policy_.queue_timeout && now_ - run.queued_at >= *policy_.queue_timeout) {
            decision_.attempt_ended = true;
            run.code = "queue_timeout";
            return end(S::failed, fmt::format("queue timeout: {}", error.describe()));
        }
        // From 5 s to 5 min, growing with the time waited so far, so that a long wait costs few calls.
        auto waited = now_ - run.queued_at;
        Millis delay = std::clamp<Millis>(waited / 4, std::chrono::seconds(5), std::chrono::minutes(5));
        delay = Millis(std::int64_t(double(delay.count()) * (0.75 + 0.5 * random_.unit())));
        if (error.retry_after) delay = std::max(delay, *error.retry_after);
        decision_.attempt_ended = true;
        run.waiting_for = error.describe();
        requeue(now_ + delay, fmt::format("not now: {}", error.describe()));
    }

    void end_attempt(AttemptEnd how, std::string message) {
        auto& run = decision_.run;
        decision_.attempt_ended = true;
        if (how == AttemptEnd::infrastructure_loss) ++run.infrastructure_losses;
        auto delay =
            next_attempt_delay(policy_.retry, how, {run.attempt, run.infrastructure_losses}, random_);
        if (!delay) return end(S::failed, std::move(message));
        int ended = run.attempt++;
        run.queued_at = now_ + *delay;  // the delay is none of the queue's
        run.waiting_for = fmt::format("attempt {} starts {}", run.attempt, format_iso8601(now_ + *delay));
        requeue(now_ + *delay, fmt::format("attempt {} failed: {}", ended, message));
    }

    void see(const PipelineRun& seen, bool first) {
        auto& run = decision_.run;
        bool news = first || run.aws_status != seen.aws_status || run.message != seen.message ||
                    run.remedy != seen.remedy;
        run.aws_status = seen.aws_status;
        if (!seen.monitor_url.empty()) run.monitor_url = seen.monitor_url;
        if (!run.started_at && seen.started_at) {
            run.started_at = seen.started_at;
            news = true;
        }
        if (!is_terminal(seen.status)) return see_alive(seen, news, first);

        run.exit_code = seen.exit_code;
        run.code = seen.code;
        run.remedy = seen.remedy;
        if (seen.status == PipelineRunStatus::success) return see_success(seen);
        if (run.cancel == CancelCause::timeout)
            return end_attempt(AttemptEnd::timed_out, "execution timeout: cancelled at AWS");
        // A cancel that we recorded makes the run Cancelled, whatever text AWS gives (TASK-7).
        bool forgotten = is_planted(Fault::cancel_is_forgotten) && seen.status == PipelineRunStatus::failed;
        if (run.cancel != CancelCause::none && !forgotten) return end_cancelled(seen.message);
        if (seen.status == PipelineRunStatus::cancelled) {
            decision_.attempt_ended = true;
            return end(S::cancelled,
                       seen.message.empty() ? "stopped at AWS" : "stopped at AWS: " + seen.message);
        }
        if (seen.code == "outcome_unknown") return end_unknown(seen.message);
        end_attempt(seen.infrastructure_loss ? AttemptEnd::infrastructure_loss : AttemptEnd::failed,
                    seen.message);
    }

    void see_alive(const PipelineRun& seen, bool news, bool first) {
        auto& run = decision_.run;
        // Running never goes back to Starting: AWS's own retries would make histories hard to read.
        S state =
            run.state == S::running || seen.status == PipelineRunStatus::running ? S::running : S::starting;
        bool moved = state != run.state;
        if (!moved && !news) return;
        // Why it waits and what to do about it (PLAT-6): a run that stays RUNNABLE says so while it waits.
        run.message = seen.message;
        run.code = seen.code;
        run.remedy = seen.remedy;
        run.state = state;
        decision_.changed = true;
        if (moved) decision_.message = seen.message.empty() ? seen.aws_status : seen.message;
        // A cancel that was asked for while the submission's answer was on its way.
        decision_.send_cancel = first && run.cancel != CancelCause::none;
    }

    void see_success(const PipelineRun& seen) {
        auto& run = decision_.run;
        boost::json::object outputs;
        for (const auto& [name, value] : seen.outputs) outputs[name] = value;
        if (!outputs.empty()) run.outputs = boost::json::serialize(outputs);
        decision_.attempt_ended = true;
        std::string message = seen.message;
        if (run.cancel != CancelCause::none)
            message = "the cancel met a run that had already succeeded";
        else if (message.empty())
            message = seen.outputs_note;
        end(S::succeeded, std::move(message));
    }

    const RunPolicy& policy_;
    SystemTime now_;
    Random& random_;
    Decision decision_;
};

}  // namespace

std::span<const Transition> transitions() { return table; }

std::string_view event_name(const RunEvent& event) {
    constexpr std::string_view names[] = {"claimed",        "accepted",         "refused",
                                          "not_submitted",  "unknowable",       "observed",
                                          "vanished",       "cancel_requested", "cancel_refused",
                                          "limit_rejected", "skip_requested",   "marked_succeeded"};
    static_assert(std::size(names) == std::variant_size_v<RunEvent>);
    return names[event.index()];
}

Result<Decision> decide(const TaskRun& run, const RunEvent& event, const RunPolicy& policy, SystemTime now,
                        Random& random) {
    auto name = event_name(event);
    if (!takes(run.state, name))
        return make_error(
            ErrorKind::conflict, "wrong_state",
            fmt::format("run {} is {}: {} does not apply to it", number(run.id), to_string(run.state), name));
    Machine machine(run, policy, now, random);
    std::visit(machine, event);
    auto decision = machine.take();
    if (!allowed(run.state, name, decision.run.state))
        return make_error(ErrorKind::internal, "undrawn_transition",
                          fmt::format("{} leads from {} to {}, which the diagram does not show", name,
                                      to_string(run.state), to_string(decision.run.state)));
    note_move(run, name, decision.run);
    return decision;
}

}  // namespace polysync::engine
