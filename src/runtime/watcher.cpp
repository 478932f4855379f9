#include <algorithm>
#include <queue>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/polling.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr std::size_t most_per_sweep = 2000;
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

}  // namespace

// What is kept in memory of one run in flight; a hundred thousand of them must fit.
struct Watcher::Followed {
    std::string pipeline_run_id;
    ObjectId task{};
    std::int64_t fence = 0;
    SystemTime submitted_at{};
    SteadyTime next_look{};
    SteadyTime last_seen{};
    SystemTime alive_at{};  // when AWS last said that it had not ended
    std::optional<SteadyTime> missing_since;
    std::size_t fingerprint = 0;  // of what was last recorded: an answer that says the same writes nothing
    bool cancelling = false;
    bool timeout_told = false;              // its execution timeout is recorded
    bool has_begun = false;                 // or waited for something else
    std::optional<SystemTime> waits_since;  // at AWS, without having begun (again)
};

struct Watcher::Platform {
    Platform(ObjectId given, Clock& clock) : id(given), wake(clock) {}
    ObjectId id;
    Signal wake;
    std::unordered_map<RunId, Followed> runs;
    struct Look {
        SteadyTime at;
        RunId run;
        bool operator<(const Look& other) const { return at > other.at; }  // the earliest on top
    };
    std::priority_queue<Look> looks;
    std::string error;
    Millis backoff{0};
};

Watcher::~Watcher() = default;

void Watcher::follow(const TaskRun& run) {
    auto [place, is_new] = platforms_.try_emplace(run.platform);
    if (is_new) {
        place->second = std::make_shared<Platform>(run.platform, context_.clock());
        spawn(context_, watch(place->second));
    }
    auto& platform = *place->second;
    auto now = context_.clock().steady_now();
    Followed followed{.pipeline_run_id = run.pipeline_run_id,
                      .task = run.key.task,
                      .fence = run.fence,
                      .submitted_at = run.submitted_at.value_or(context_.clock().now()),
                      .next_look = now + engine::shortest_poll_interval,
                      .last_seen = now,
                      .cancelling = run.cancel != CancelCause::none,
                      .has_begun = run.started_at.has_value()};
    platform.looks.push({followed.next_look, run.id});
    platform.runs[run.id] = std::move(followed);
    place_[run.id] = run.platform;
    platform.wake.give();
}

void Watcher::hurry(RunId run) {
    auto place = place_.find(run);
    if (place == place_.end()) return;
    auto& platform = *platforms_.at(place->second);
    auto& followed = platform.runs.at(run);
    followed.cancelling = true;
    followed.next_look = context_.clock().steady_now() + engine::shortest_poll_interval;
    platform.looks.push({followed.next_look, run});
    platform.wake.give();
}

void Watcher::forget(RunId run) {
    auto place = place_.find(run);
    if (place == place_.end()) return;
    platforms_.at(place->second)->runs.erase(run);
    place_.erase(place);
    canceller_.ended(run);
}

Millis Watcher::interval_of(const Followed& run) const {
    engine::PollFacts facts{.age = context_.clock().now() - run.submitted_at, .cancelling = run.cancelling};
    if (const auto* task = context_.catalog->task(run.task)) {
        facts.freshness = task->task.freshness;
        facts.execution_timeout = task->task.execution_timeout;
    }
    return engine::poll_interval(facts);
}

Async<void> Watcher::watch(std::shared_ptr<Platform> platform) {
    while (!context_.stopping) {
        auto now = context_.clock().steady_now();
        std::vector<RunId> due;
        while (!platform->looks.empty() && due.size() < most_per_sweep) {
            auto look = platform->looks.top();
            // What is due within the next half second goes along: one call serves more runs.
            if (look.at > now + (due.empty() ? Millis(0) : Millis(500))) break;
            platform->looks.pop();
            auto found = platform->runs.find(look.run);
            if (found != platform->runs.end() && found->second.next_look == look.at) due.push_back(look.run);
        }
        if (due.empty()) {
            auto until = platform->looks.empty() ? now + std::chrono::minutes(1) : platform->looks.top().at;
            co_await platform->wake.wait_until(until);
            continue;
        }
        co_await sweep(*platform, std::move(due));
        if (platform->backoff.count() > 0) {
            bool goes_on = co_await sleep_unless_stopping(context_, platform->backoff);
            if (!goes_on) break;
        }
    }
}

Async<void> Watcher::sweep(Platform& platform, std::vector<RunId> due) {
    auto provider = provider_of(context_, platform.id);
    std::vector<StatusAnswer> answers;
    std::vector<std::int64_t> fences;  // of the attempts that are asked about
    fences.reserve(due.size());
    std::vector<RunReference> references;
    references.reserve(due.size());
    for (auto id : due) {
        const auto& followed = platform.runs.at(id);
        fences.push_back(followed.fence);
        RunReference reference{.run_id = followed.pipeline_run_id};
        if (const auto* task = context_.catalog->task(followed.task)) {
            const auto& job = context_.catalog->jobs.at(task->job).job;
            reference.external_id = job.external_id;
            for (const auto& parameter : job.parameters)
                if (parameter.is_output()) reference.outputs.push_back(parameter);
        }
        reference.submitted_at = followed.submitted_at;
        references.push_back(std::move(reference));
    }
    if (provider) {
        auto asked = co_await provider.value()->statuses(std::move(references));
        answers = std::move(asked);
    }
    auto now = context_.clock().steady_now();
    std::vector<RunNews> news;
    std::size_t failed = 0;
    std::string error = provider ? std::string() : provider.error().describe();
    for (std::size_t i = 0; i < due.size(); ++i) {
        auto found = platform.runs.find(due[i]);
        if (found == platform.runs.end() || found->second.fence != fences[i]) continue;
        auto& followed = found->second;
        followed.next_look = now + interval_of(followed);
        platform.looks.push({followed.next_look, due[i]});
        if (i >= answers.size()) {
            ++failed;
            continue;
        }
        auto& answer = answers[i].run;
        if (answer) {
            followed.last_seen = now;
            followed.missing_since.reset();
            const auto& seen = answer.value();
            if (!is_terminal(seen.status)) followed.alive_at = context_.clock().now();
            if (!waits_at_aws(seen)) {
                followed.waits_since.reset();
                followed.has_begun = true;
            } else if (!followed.waits_since) {
                followed.waits_since = followed.has_begun ? context_.clock().now() : followed.submitted_at;
            }
            auto fingerprint =
                std::hash<std::string>()(seen.aws_status + '\n' + seen.message + '\n' + seen.remedy) +
                (seen.started_at ? 1 : 0);
            if (fingerprint == followed.fingerprint && !is_terminal(seen.status)) continue;
            followed.fingerprint = fingerprint;
            news.push_back({.run = due[i],
                            .event = engine::Observed{std::move(answer.value())},
                            .fence = followed.fence});
        } else if (answer.error().kind == ErrorKind::not_found) {
            if (!followed.missing_since) followed.missing_since = now;
            if (now - *followed.missing_since >= vanish_patience)
                news.push_back(
                    {.run = due[i],
                     .event = engine::Vanished{"AWS no longer knows this run: " + answer.error().describe()},
                     .fence = followed.fence});
        } else {
            ++failed;
            error = answer.error().describe();
        }
    }
    if (failed == due.size()) {
        platform.backoff =
            std::clamp<Millis>(platform.backoff * 2, std::chrono::seconds(1), std::chrono::seconds(60));
        if (platform.error != error)
            log::warn("platform {}: statuses cannot be read: {}", number(platform.id), error);
        platform.error = error;
    } else {
        platform.backoff = Millis(0);
        platform.error.clear();
    }
    if (news.empty()) co_return;
    auto recorded = co_await record_surely(context_, std::move(news));
    if (!recorded) {
        log::error("statuses could not be written: {}", recorded.error().describe());
        for (auto id : due)
            if (auto found = platform.runs.find(id); found != platform.runs.end())
                found->second.fingerprint = 0;  // say it again
        co_return;
    }
    for (const auto& item : recorded.value()) {
        if (number(item.run.id) == 0) continue;
        auto found = platform.runs.find(item.run.id);
        bool same = found != platform.runs.end() && found->second.fence == item.run.fence;
        if (same && !is_in_flight(item.run.state)) forget(item.run.id);
        if (item.send_cancel) canceller_.start(item.run);
    }
}

std::vector<RunNews> Watcher::timed_out(SystemTime now) const {
    std::vector<RunNews> out;
    auto steady_now = context_.clock().steady_now();
    for (const auto& [id, platform] : platforms_) {
        for (const auto& [run, followed] : platform->runs) {
            const auto* task = context_.catalog->task(followed.task);
            if (!task || followed.cancelling || followed.timeout_told) continue;
            engine::TimeoutFacts facts{.submitted_at = followed.submitted_at,
                                       .execution_timeout = task->task.execution_timeout,
                                       .alive_at = followed.alive_at};
            facts.silent_for = std::chrono::duration_cast<Millis>(steady_now - followed.last_seen);
            if (!engine::has_timed_out(facts, now)) continue;
            out.push_back({.run = run,
                           .event = engine::CancelRequested{CancelCause::timeout, {}},
                           .fence = followed.fence});
        }
    }
    return out;
}

void Watcher::timeout_recorded(RunId run) {
    auto place = place_.find(run);
    if (place != place_.end()) platforms_.at(place->second)->runs.at(run).timeout_told = true;
}

std::vector<RunId> Watcher::waiting_since(SystemTime before) {
    std::vector<RunId> out;
    for (const auto& [id, platform] : platforms_)
        for (const auto& [run, followed] : platform->runs)
            if (followed.waits_since && *followed.waits_since <= before) out.push_back(run);
    std::sort(out.begin(), out.end());
    return out;
}

void Watcher::clear() {
    for (const auto& [id, platform] : platforms_) {
        platform->runs.clear();
        platform->looks = {};
    }
    place_.clear();
}

void Watcher::wake() {
    for (const auto& [id, platform] : platforms_) platform->wake.give();
}

void Watcher::fill(RuntimeStatus& status) const {
    auto now = context_.clock().steady_now();
    for (const auto& [id, platform] : platforms_) {
        RuntimeStatus::PlatformStatus made{
            .platform = id, .error = platform->error, .in_flight = platform->runs.size()};
        for (const auto& [run, followed] : platform->runs) {
            auto age = std::chrono::duration_cast<Millis>(now - followed.last_seen);
            if (!made.staleness || age > *made.staleness) made.staleness = age;
        }
        status.platforms.push_back(std::move(made));
    }
}

}  // namespace polysync::runtime
