#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "runtime/spawn.h"
#include "runtime/watched.h"

namespace polysync::runtime {
namespace {

// Statuses of a run that AWS has taken and not begun (Batch, Glue). Not PENDING: such a job waits for others,
// or is an array whose children run.
bool waits_at_aws(const PipelineRun& seen) {
    constexpr std::string_view words[] = {"SUBMITTED", "RUNNABLE", "WAITING"};
    return !is_terminal(seen.status) &&
           std::find(std::begin(words), std::end(words), seen.aws_status) != std::end(words);
}

// AWS lists and describes are eventually consistent: a run that it does not know is gone only after this
// long.
constexpr Millis vanish_patience = std::chrono::minutes(10);

std::size_t fingerprint_of(const PipelineRun& seen) {
    return std::hash<std::string>()(seen.aws_status + '\n' + seen.message + '\n' + seen.remedy) +
           (seen.started_at ? 1 : 0);
}

}  // namespace

Watcher::~Watcher() = default;

void Watcher::follow(const TaskRun& run) {
    auto [place, is_new] = platforms_.try_emplace(run.platform);
    if (is_new) {
        place->second = std::make_shared<Platform>(run.platform, context_.clock());
        spawn(context_, watch(place->second));
    }
    auto& platform = *place->second;
    const auto* task = context_.catalog->task(run.key.task);
    auto& runs = platform.jobs[task ? task->job : ObjectId{}];
    runs.platform = &platform;
    auto before = place_.find(run.id);
    if (before != place_.end() && before->second != &runs) {
        before->second->runs.erase(run.id);
        --before->second->platform->followed;
    }
    place_[run.id] = &runs;
    auto [slot, is_unknown] = runs.runs.try_emplace(run.id);
    if (is_unknown) ++platform.followed;
    auto& followed = slot->second = {};
    auto now = context_.clock().now();
    followed.pipeline_run_id = run.pipeline_run_id;
    followed.task = run.key.task;
    followed.fence = run.fence;
    followed.submitted_at = run.submitted_at.value_or(now);
    followed.last_seen = context_.clock().steady_now();
    followed.cancelling = run.cancel != CancelCause::none;
    followed.has_begun = run.started_at.has_value();
    durations_.want(run.key.task);
    auto look = next_look_of(followed);
    // What a run has become while nobody looked cannot wait.
    bool is_fresh = now - followed.submitted_at < look.latest;
    look.wanted = engine::shortest_poll_interval;
    if (!is_fresh) look.latest = look.wanted;
    schedule(platform, run.id, followed, look);
    platform.wake.give();
}

void Watcher::hurry(RunId run) {
    auto* followed = find(run);
    if (!followed) return;
    followed->cancelling = true;
    followed->queued_at = SteadyTime::max();  // it goes over to the queue of those
    auto& platform = *place_.at(run)->platform;
    schedule(platform, run, *followed,
             {engine::shortest_poll_interval, engine::shortest_poll_interval, false});
    platform.wake.give();
}

void Watcher::forget(RunId run) {
    auto place = place_.find(run);
    if (place == place_.end()) return;
    place->second->runs.erase(run);
    --place->second->platform->followed;
    place_.erase(place);
    canceller_.ended(run);
}

SteadyTime Watcher::Lane::free_at() const {
    if (under_way == 0) return quiet_until;
    if (under_way >= engine::most_sweeps_at_once) return SteadyTime::max();
    return std::max(quiet_until, last_began + engine::patience_with_sweep);
}

Async<void> Watcher::watch(std::shared_ptr<Platform> platform) {
    while (!context_.stopping) {
        auto now = context_.clock().steady_now();
        auto next = now + std::chrono::minutes(1);
        bool takes_due = false, began = false;
        for (auto* lane : {&platform->many, &platform->single}) {
            if (auto free = lane->free_at(); free > now) {
                next = std::min(next, free);
                continue;
            }
            takes_due = takes_due || lane == &platform->many || shape_of(platform->id).by_job;
            auto sweep = pick(*platform, *lane);
            if (sweep.asked.empty()) continue;
            ++lane->under_way;
            lane->last_began = now;
            began = true;
            spawn(context_, ask(platform, *lane, std::move(sweep)));
        }
        if (takes_due) next = std::min(next, next_of(*platform));
        if (!began) co_await platform->wake.wait_until(next);
    }
}

RunReference Watcher::reference_of(const Followed& run) const {
    RunReference reference{.run_id = run.pipeline_run_id};
    if (const auto* task = context_.catalog->task(run.task)) {
        const auto& job = context_.catalog->jobs.at(task->job).job;
        reference.external_id = job.external_id;
        for (const auto& parameter : job.parameters)
            if (parameter.is_output()) reference.outputs.push_back(parameter);
    }
    reference.submitted_at = run.submitted_at;
    return reference;
}

Async<void> Watcher::ask(std::shared_ptr<Platform> asked_platform, Lane& lane, Sweep sweep) {
    auto& platform = *asked_platform;
    auto provider = provider_of(context_, platform.id);
    std::vector<StatusAnswer> answers;
    std::vector<RunReference> references;
    references.reserve(sweep.asked.size());
    for (const auto& asked : sweep.asked) {
        // Since it was picked it may have gone.
        const auto* followed = find(asked.run);
        references.push_back(followed ? reference_of(*followed) : RunReference{});
        references.back().rides = asked.rides;
        references.back().by = sweep.by;
    }
    if (provider) {
        auto told = co_await provider.value()->statuses(std::move(references));
        answers = std::move(told);
    }
    std::vector<RunNews> news;
    std::size_t answered = 0, failed = 0;
    std::string error = provider ? std::string() : provider.error().describe();
    for (std::size_t i = 0; i < sweep.asked.size(); ++i) {
        const auto& asked = sweep.asked[i];
        auto* followed = find(asked.run);
        if (!followed || followed->fence != asked.fence) continue;
        bool is_hurried = followed->next_look != SteadyTime::max();
        if (i < answers.size() && answers[i].left_out) {  // its own look is still to come
            if (is_hurried) continue;
            followed->next_look = asked.look;
            enqueue(platform, asked.run, *followed);
            continue;
        }
        if (i < answers.size() && answers[i].needs_own_call) {
            if (!is_hurried) queue_single(platform, {asked.run, asked.fence, asked.look});
            continue;
        }
        ++answered;
        if (i >= answers.size()) {
            ++failed;
        } else if (auto& answer = answers[i].run; answer) {
            if (followed->take(answer.value(), context_.clock()))
                news.push_back({.run = asked.run,
                                .event = engine::Observed{std::move(answer.value())},
                                .fence = followed->fence});
        } else if (answer.error().kind == ErrorKind::not_found) {
            auto now = context_.clock().steady_now();
            if (followed->missing_since == SteadyTime()) followed->missing_since = now;
            if (now - followed->missing_since >= vanish_patience)
                news.push_back(
                    {.run = asked.run,
                     .event = engine::Vanished{"AWS no longer knows this run: " + answer.error().describe()},
                     .fence = followed->fence});
        } else {
            ++failed;
            error = answer.error().describe();
        }
        if (!is_hurried) schedule(platform, asked.run, *followed, next_look_of(*followed));
    }
    ++platform.sweeps;
    platform.calls += sweep.calls;
    platform.statuses += answered - failed;
    auto pause = engine::pause_after({sweep.calls, answered, news.size()});
    platform.patient_until = std::max(platform.patient_until, context_.clock().steady_now() + pause);
    if (answered > 0 && failed == answered) {
        note_failure(lane, platform.id, context_.clock().steady_now(), error);
    } else {
        lane.backoff = Millis(0);
        lane.error.clear();
    }
    if (!news.empty()) co_await record_news(std::move(news));
    for (auto* job : sweep.jobs) {
        job->is_asked = false;
        for (const auto& look : std::exchange(job->held, {}))
            if (auto* held = find(look.run); held && held->next_look == look.at)
                enqueue(platform, look.run, *held);
    }
    --lane.under_way;
    platform.wake.give();
}

bool Watcher::Followed::take(const PipelineRun& seen, const Clock& clock) {
    last_seen = clock.steady_now();
    missing_since = {};
    auto now = clock.now();
    if (!is_terminal(seen.status)) alive_at = now;
    if (!waits_at_aws(seen)) {
        waits_since = {};
        has_begun = true;
        if (seen.status == PipelineRunStatus::running && (seen.started_at || began_after_s < 0)) {
            auto began =
                std::chrono::floor<std::chrono::seconds>(seen.started_at.value_or(now) - submitted_at);
            began_after_s = std::int32_t(std::clamp<std::int64_t>(began.count(), 0, INT32_MAX));
        }
    } else {
        began_after_s = -1;
        if (waits_since == SystemTime()) waits_since = has_begun ? now : submitted_at;
    }
    auto print = fingerprint_of(seen);
    if (print == fingerprint && !is_terminal(seen.status)) return false;
    fingerprint = print;
    return true;
}

void Watcher::note_failure(Lane& lane, ObjectId platform, SteadyTime now, const std::string& error) {
    lane.backoff = std::clamp<Millis>(lane.backoff * 2, std::chrono::seconds(1), std::chrono::seconds(60));
    lane.quiet_until = now + lane.backoff;
    if (lane.error != error) log::warn("platform {}: statuses cannot be read: {}", number(platform), error);
    lane.error = error;
}

Async<void> Watcher::record_news(std::vector<RunNews> news) {
    std::vector<RunId> told;
    told.reserve(news.size());
    for (const auto& item : news) told.push_back(item.run);
    auto recorded = co_await record_surely(context_, std::move(news));
    if (!recorded) {
        log::error("statuses could not be written: {}", recorded.error().describe());
        for (auto id : told)
            if (auto* followed = find(id)) followed->fingerprint = 0;  // say it again
        co_return;
    }
    for (const auto& item : recorded.value()) {
        if (number(item.run.id) == 0) continue;
        auto* followed = find(item.run.id);
        bool same = followed && followed->fence == item.run.fence;
        if (same && !is_in_flight(item.run.state)) {
            if (item.run.state == RunState::succeeded) durations_.learn(item.run);
            forget(item.run.id);
        }
        if (item.send_cancel) canceller_.start(item.run);
    }
}

std::vector<RunNews> Watcher::timed_out(SystemTime now) const {
    std::vector<RunNews> out;
    auto steady_now = context_.clock().steady_now();
    for_each_run([&](RunId run, const Followed& followed) {
        const auto* task = context_.catalog->task(followed.task);
        if (!task || followed.cancelling || followed.timeout_told) return;
        engine::TimeoutFacts facts{.submitted_at = followed.submitted_at,
                                   .execution_timeout = task->task.execution_timeout,
                                   .alive_at = followed.alive_at};
        facts.silent_for = std::chrono::duration_cast<Millis>(steady_now - followed.last_seen);
        if (!engine::has_timed_out(facts, now)) return;
        out.push_back({.run = run,
                       .event = engine::CancelRequested{CancelCause::timeout, {}},
                       .fence = followed.fence});
    });
    return out;
}

void Watcher::timeout_recorded(RunId run) {
    if (auto* followed = find(run)) followed->timeout_told = true;
}

std::vector<RunId> Watcher::waiting_since(SystemTime before) {
    std::vector<RunId> out;
    for_each_run([&](RunId run, const Followed& followed) {
        if (followed.waits_since != SystemTime() && followed.waits_since <= before) out.push_back(run);
    });
    std::sort(out.begin(), out.end());
    return out;
}

void Watcher::clear() {
    for (const auto& [id, platform] : platforms_) {
        for (auto& [job, runs] : platform->jobs) {
            runs.runs.clear();
            runs.held.clear();
        }
        for (const auto& list : platform->lists) list.job->is_asked = false;
        platform->lists.clear();
        platform->singles.clear();
        platform->followed = 0;
        platform->looks = {};
        platform->urgent = {};
    }
    place_.clear();
}

void Watcher::wake() {
    for (const auto& [id, platform] : platforms_) platform->wake.give();
}

}  // namespace polysync::runtime
