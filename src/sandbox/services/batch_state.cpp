#include "sandbox/services/batch_state.h"

#include <algorithm>
#include <charconv>

namespace polysync::sandbox {

namespace {

constexpr auto visible_after_end = std::chrono::days(7);
using Type = BatchDependency::Type;

}  // namespace

BatchJob& BatchState::add(BatchJob made) {
    const auto index = std::uint32_t(jobs_.size());
    BatchJob& job = jobs_.emplace_back(std::move(made));
    by_id_.emplace(job.id, index);
    job.queue->open.push_back(index);
    job.queue->all.push_back(index);
    std::string lower = job.name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    job.queue->by_name[lower].push_back(index);
    if (job.unresolved > 0) job.queue->dependent.push_back(index);
    note_end(job);
    return job;
}

void BatchState::note_end(BatchJob& job) {
    const SandboxTime end = end_of(job);
    if (end == job.listed_end || job.closed) return;
    const std::uint32_t index = index_of(job);
    if (job.listed_end != batch_unknown) job.queue->ends.erase({job.listed_end, index});
    job.listed_end = end;
    if (end != batch_unknown) job.queue->ends.emplace(end, index);
}

BatchJob* BatchState::find(std::string_view id) {
    const auto it = by_id_.find(std::string(id));
    return it == by_id_.end() ? nullptr : &jobs_[it->second];
}

BatchJob* BatchState::find_visible(std::string_view id, SandboxTime now, int& child) {
    child = -1;
    const std::size_t colon = id.find(':');
    BatchJob* job = find(id.substr(0, colon));
    if (!job) return nullptr;
    resolve(*job, now);
    const SandboxTime end = end_of(*job);
    if (end != batch_unknown && end + visible_after_end < now) return nullptr;
    if (colon == std::string_view::npos) return job;
    const std::string_view index = id.substr(colon + 1);
    const auto [stop, error] = std::from_chars(index.data(), index.data() + index.size(), child);
    if (error != std::errc() || stop != index.data() + index.size() || child < 0) return nullptr;
    if (!job->array || std::size_t(child) >= job->works.size() || now < job->spawned) return nullptr;
    return job;
}

SandboxTime BatchState::running_since(const BatchJob& job, const BatchWork& work, int attempt) {
    const BatchPlan& plan = job.plan(work);
    return work.ready + plan.attempt_time() * attempt + plan.runnable + plan.starting;
}

SandboxTime BatchState::natural_end(const BatchJob& job, const BatchWork& work) const {
    if (work.ready == batch_unknown) return batch_unknown;
    if (work.dependency_failed) return work.ready;
    if (job.outcome->stuck) return batch_unknown;
    const BatchPlan& plan = job.plan(work);
    return work.ready + plan.attempt_time() * plan.attempts;
}

SandboxTime BatchState::end_of(const BatchJob& job, const BatchWork& work) const {
    return std::min(natural_end(job, work), work.forced_end);
}

bool BatchState::failed(const BatchJob& job, const BatchWork& work) const {
    return work.dependency_failed || work.forced_end < natural_end(job, work) || !job.plan(work).succeeds;
}

SandboxTime BatchState::end_of(const BatchJob& job) const {
    SandboxTime end{};
    for (const BatchWork& work : job.works) {
        const SandboxTime one = end_of(job, work);
        if (one == batch_unknown) return batch_unknown;
        end = std::max(end, one);
    }
    return end;
}

bool BatchState::failed(const BatchJob& job) const {
    return std::any_of(job.works.begin(), job.works.end(),
                       [&](const BatchWork& work) { return failed(job, work); });
}

BatchMoment BatchState::moment(const BatchJob& job, const BatchWork& work, SandboxTime now) const {
    BatchMoment found;
    const SandboxTime end = end_of(job, work);
    const SandboxTime until = std::min(now, end);
    const BatchPlan& plan = job.plan(work);
    if (work.ready != batch_unknown && !work.dependency_failed && !job.outcome->stuck &&
        until >= work.ready) {
        const Millis passed = until - work.ready;
        const Millis each = std::max(plan.attempt_time(), Millis(1));
        found.attempts_ended = int(std::min<std::int64_t>(plan.attempts, passed / each));
        const bool in_attempt = found.attempts_ended < plan.attempts;
        const bool begun = in_attempt && passed % each >= plan.runnable + plan.starting;
        found.attempts_begun = found.attempts_ended + int(begun);
        const Millis phase = passed % each;
        found.status = phase < plan.runnable                   ? "RUNNABLE"
                       : phase < plan.runnable + plan.starting ? "STARTING"
                                                               : "RUNNING";
    } else if (work.ready != batch_unknown && until >= work.ready) {
        found.status = "RUNNABLE";
    } else {
        found.status = now < job.created + (job.spawned - job.created) / 2 ? "SUBMITTED" : "PENDING";
    }
    if (now >= end && end != batch_unknown) {
        found.ended = end;
        found.status = failed(job, work) ? "FAILED" : "SUCCEEDED";
        found.forced = work.forced_end == end && found.status == "FAILED";
        if (found.forced) found.attempts_ended = found.attempts_begun;
    }
    return found;
}

std::string_view BatchState::status(const BatchJob& job, SandboxTime now) const {
    if (!job.array) return moment(job, job.works.front(), now).status;
    const SandboxTime end = end_of(job);
    if (end != batch_unknown && now >= end) return failed(job) ? "FAILED" : "SUCCEEDED";
    return now < job.created + (job.spawned - job.created) / 2 ? "SUBMITTED" : "PENDING";
}

void BatchState::resolve(BatchJob& asked, SandboxTime now) {
    if (asked.unresolved == 0) return;
    // Dependencies first, without recursion: chains may be long. They point to earlier jobs only.
    std::vector<BatchJob*> stack = {&asked};
    while (!stack.empty()) {
        BatchJob& job = *stack.back();
        const std::size_t depth = stack.size();
        for (const BatchDependency& dependency : job.dependencies) {
            if (dependency.type == Type::sequential) continue;
            BatchJob& other = jobs_[dependency.job];
            if (other.unresolved > 0 && other.resolved_at != now) stack.push_back(&other);
        }
        if (stack.size() > depth) continue;
        resolve_one(job, now);
        note_end(job);
        job.resolved_at = now;
        stack.pop_back();
    }
}

// True once the dependencies on whole jobs are over. One that failed fails all works.
bool BatchState::resolve_whole(BatchJob& job, SandboxTime now) {
    if (job.ready_for_all_known) return true;
    SandboxTime ready = job.spawned;
    bool waits = false;
    for (const BatchDependency& dependency : job.dependencies) {
        if (dependency.type != Type::whole) continue;
        const BatchJob& other = jobs_[dependency.job];
        const SandboxTime end = end_of(other);
        if (end == batch_unknown || end > now) {
            waits = true;
            continue;
        }
        ready = std::max(ready, end);
        if (!failed(other)) continue;
        for (BatchWork& work : job.works) {
            if (work.ready != batch_unknown) continue;
            work.ready = std::max(end, job.spawned);
            work.dependency_failed = true;
        }
        job.unresolved = 0;
        return false;
    }
    if (waits) return false;
    job.ready_for_all = ready;
    job.ready_for_all_known = true;
    return true;
}

void BatchState::resolve_one(BatchJob& job, SandboxTime now) {
    if (job.unresolved == 0 || !resolve_whole(job, now)) return;
    for (std::size_t i = 0; i < job.works.size(); ++i) {
        BatchWork& work = job.works[i];
        if (work.ready != batch_unknown) continue;
        SandboxTime ready = job.ready_for_all;
        bool waits = false;
        bool broken = false;
        const auto depend_on = [&](const BatchJob& other, const BatchWork& on) {
            const SandboxTime end = end_of(other, on);
            if (end == batch_unknown || end > now) {
                waits = true;
                return;
            }
            ready = std::max(ready, end);
            broken = broken || failed(other, on);
        };
        for (const BatchDependency& dependency : job.dependencies) {
            if (dependency.type == Type::n_to_n)
                depend_on(jobs_[dependency.job], jobs_[dependency.job].works[i]);
            if (dependency.type == Type::sequential && i > 0) depend_on(job, job.works[i - 1]);
        }
        if (waits && !broken) continue;
        work.ready = ready;
        work.dependency_failed = broken;
        --job.unresolved;
    }
}

void BatchState::settle(BatchQueue& queue, SandboxTime now) {
    if (queue.settled_at != now) {  // once a moment: many submissions share one
        queue.settled_at = now;
        std::erase_if(queue.dependent, [&](std::uint32_t index) {
            resolve(jobs_[index], now);
            return jobs_[index].unresolved == 0;
        });
    }
    while (!queue.ends.empty() && queue.ends.begin()->first <= now) {
        const std::uint32_t index = queue.ends.begin()->second;
        queue.ends.erase(queue.ends.begin());
        BatchJob& job = jobs_[index];
        job.closed = true;
        ++queue.closed_in_open;
        auto& list = failed(job) ? queue.failed : queue.succeeded;
        list.insert(std::upper_bound(list.begin(), list.end(), index), index);
    }
    if (queue.closed_in_open * 2 < queue.open.size()) return;
    std::erase_if(queue.open, [&](std::uint32_t index) { return jobs_[index].closed; });
    queue.closed_in_open = 0;
}

void BatchState::ask(BatchJob& job, BatchWork& work, BatchWork::Asked what, std::uint32_t reason,
                     SandboxTime now, const Settings& settings) {
    const BatchMoment at = moment(job, work, now);
    if (at.status == "FAILED" || at.status == "SUCCEEDED" || work.asked != BatchWork::Asked::nothing) return;
    const bool begun = at.status == "STARTING" || at.status == "RUNNING";
    if (begun && what == BatchWork::Asked::cancel) return;
    work.asked = what;
    work.reason = reason;
    if (!begun) {
        work.forced_end = now;
        if (work.ready == batch_unknown) {
            work.ready = now;
            work.dependency_failed = true;
            --job.unresolved;
        }
        return;
    }
    // The container has a moment to end by itself; what it then fails with is not retried.
    const SandboxTime attempt_end = work.ready + job.plan(work).attempt_time() * (at.attempts_ended + 1);
    work.forced_end = now + settings.durations.stopping;
    if (attempt_end <= work.forced_end && attempt_end < natural_end(job, work)) work.forced_end = attempt_end;
}

}  // namespace polysync::sandbox
