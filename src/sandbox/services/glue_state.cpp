#include "sandbox/services/glue_state.h"

#include <algorithm>

#include <fmt/format.h>

namespace polysync::sandbox {

namespace {

constexpr SandboxTime never{};

// The states that a script may end a run in, as text that outlives the run.
std::string_view final_state_of(const std::string& status) {
    for (const std::string_view state : {"FAILED", "TIMEOUT", "ERROR", "EXPIRED", "STOPPED"}) {
        if (status == state) return state;
    }
    return "SUCCEEDED";
}

}  // namespace

GlueRun* GlueState::find(std::string_view id) {
    const auto it = by_id_.find(std::string(id));
    return it == by_id_.end() ? nullptr : &runs_[it->second];
}

GlueRun& GlueState::add(GlueJob& job, std::string id) {
    const auto index = std::uint32_t(runs_.size());
    GlueRun& run = runs_.emplace_back();
    run.id = std::move(id);
    run.job = &job;
    by_id_.emplace(run.id, index);
    job.runs.push_back(index);
    return run;
}

void GlueState::give_slot(GlueRun& run, std::uint32_t index, SandboxTime at, const Settings& settings) {
    const Outcome& outcome = *run.outcome;
    const bool fails = outcome.fails(run.attempt);
    run.waiting = false;
    run.started = at;
    run.running = at + outcome.start.value_or(settings.durations.starting);
    run.planned_end = run.running + outcome.run.value_or(settings.durations.running);
    run.final_state = fails ? final_state_of(outcome.status) : "SUCCEEDED";
    const SandboxTime limit = run.running + std::chrono::minutes(run.timeout_minutes);
    if (run.timeout_minutes > 0 && limit < run.planned_end) {
        run.planned_end = limit;
        // A streaming job that reaches its limit expires; the others time out.
        run.final_state = run.job->command == "gluestreaming" ? "EXPIRED" : "TIMEOUT";
    }
    run.ends = run.planned_end;
    run.job->active.emplace(run.ends, index);
    ++active_;
}

GlueRun& GlueState::start(GlueJob& job, std::string id, JsonObject request, int timeout_minutes,
                          SandboxTime now, const Settings& settings) {
    settle(job, now, settings);
    GlueRun& run = add(job, std::move(id));
    run.request = std::move(request);
    run.outcome = job.script.take();
    run.timeout_minutes = timeout_minutes;
    run.made = now;
    run.not_before = now + run.outcome->queue.value_or(Millis(0));
    run.waiting = true;
    job.waiting.push_back(job.runs.back());
    settle(job, now, settings);
    return run;
}

void GlueState::settle(GlueJob& job, SandboxTime now, const Settings& settings) {
    for (;;) {
        if (!job.waiting.empty() && job.active.size() < std::size_t(job.max_concurrent_runs)) {
            const std::uint32_t index = job.waiting.front();
            GlueRun& run = runs_[index];
            const SandboxTime at = std::max({run.made, run.not_before, job.slot_free_at});
            if (!run.outcome->stuck && at <= now) {
                job.waiting.pop_front();
                give_slot(run, index, at, settings);
                continue;
            }
        }
        if (job.active.empty() || job.active.begin()->first > now) return;
        const auto [end, index] = *job.active.begin();
        job.active.erase(job.active.begin());
        --active_;
        job.slot_free_at = end;
        ended(index, settings);
    }
}

void GlueState::ended(std::uint32_t index, const Settings& settings) {
    GlueRun& run = runs_[index];
    // MaxRetries: Glue starts a further run under a new id, and the failed one stays FAILED.
    if (run.final_state != "FAILED" || run.stop_asked != never || run.attempt >= run.job->max_retries) return;
    const std::string first_id = run.id.substr(0, run.id.find("_attempt_"));
    GlueRun& retry = add(*run.job, fmt::format("{}_attempt_{}", first_id, run.attempt + 1));
    GlueRun& failed = runs_[index];
    retry.request = failed.request;
    retry.outcome = failed.outcome;
    retry.timeout_minutes = failed.timeout_minutes;
    retry.previous = &failed;
    retry.attempt = failed.attempt + 1;
    retry.made = failed.ends;
    give_slot(retry, failed.job->runs.back(), failed.ends, settings);
}

void GlueState::stop(GlueRun& run, SandboxTime now, const Settings& settings) {
    GlueJob& job = *run.job;
    run.stop_asked = now;
    const auto index = by_id_.at(run.id);
    if (run.waiting) {
        std::erase(job.waiting, index);
        run.waiting = false;
        run.started = run.running = run.planned_end = run.ends = now;
        run.final_state = "STOPPED";
        return;
    }
    const SandboxTime stopped = now + settings.durations.stopping;
    // A run that is done before it can be stopped still succeeds (or fails).
    if (run.planned_end <= stopped) return;
    job.active.erase({run.ends, index});
    run.ends = stopped;
    run.final_state = "STOPPED";
    job.active.emplace(run.ends, index);
}

std::string_view GlueState::state_of(const GlueRun& run, SandboxTime now) {
    if (run.waiting) return "WAITING";
    if (now >= run.ends) return run.final_state;
    if (run.stop_asked != never) return "STOPPING";
    return now < run.running ? "STARTING" : "RUNNING";
}

bool GlueState::terminal(const GlueRun& run, SandboxTime now) { return !run.waiting && now >= run.ends; }

}  // namespace polysync::sandbox
