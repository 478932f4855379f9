// Which runs the watcher asks about next; the rules are in engine/poll_plan.h and engine/polling.h.
#include <algorithm>

#include "runtime/watched.h"

namespace polysync::runtime {
namespace {

std::uint32_t whole_ms(Millis time) {
    return std::uint32_t(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
}

}  // namespace

engine::PollShape Watcher::shape_of(ObjectId platform) const {
    auto found = context_.catalog->platforms.find(platform);
    // Its definition is gone: nothing can be asked.
    if (found == context_.catalog->platforms.end()) return {};
    return engine::poll_shape(found->second.platform.type);
}

engine::NextLook Watcher::next_look_of(const Followed& run) const {
    auto age = context_.clock().now() - run.submitted_at;
    engine::PollFacts facts{.age = age, .cancelling = run.cancelling};
    if (run.began_after_s >= 0) facts.running_for = age - std::chrono::seconds(run.began_after_s);
    facts.usual = durations_.usual(run.task);
    if (const auto* task = context_.catalog->task(run.task)) {
        facts.freshness = task->task.freshness;
        facts.early_freshness = engine::early_freshness(task->task);
        facts.execution_timeout = task->task.execution_timeout;
    }
    return engine::next_look(facts);
}

void Watcher::schedule(Platform& platform, RunId id, Followed& run, const engine::NextLook& look) {
    run.next_look = context_.clock().steady_now() + look.wanted;
    run.wanted_ms = whole_ms(look.wanted);
    run.slack_ms = whole_ms(look.latest - look.wanted);
    run.is_early = look.is_early;
    enqueue(platform, id, run);
}

// One place is enough: where it comes before the next look, the run moves on to that then. Many looks are put
// off before they come, and each would leave its place behind.
void Watcher::enqueue(std::priority_queue<Look>& looks, RunId id, Followed& run) {
    if (run.queued_at <= run.next_look) return;
    run.queued_at = run.next_look;
    looks.push({run.next_look, id});
}

void Watcher::enqueue(Platform& platform, RunId id, Followed& run) {
    enqueue(run.cancelling ? platform.urgent : platform.looks, id, run);
}

Watcher::Followed* Watcher::find(RunId run) const {
    auto place = place_.find(run);
    return place == place_.end() ? nullptr : &place->second->runs.at(run);
}

// The run whose look is the first in the queue; on the way to it places are dropped, and runs moved on, whose
// looks have been put off.
Watcher::Followed* Watcher::top_of(std::priority_queue<Look>& looks) const {
    while (!looks.empty()) {
        auto look = looks.top();
        auto* run = find(look.run);
        bool is_its_place = run && run->queued_at == look.at;
        if (is_its_place && run->next_look == look.at) return run;
        looks.pop();
        if (!is_its_place) continue;
        run->queued_at = SteadyTime::max();
        if (run->next_look != SteadyTime::max()) enqueue(looks, look.run, *run);
    }
    return nullptr;
}

std::optional<Watcher::Look> Watcher::take_due(Platform& platform, SteadyTime until) const {
    for (auto* looks : {&platform.urgent, &platform.looks}) {
        while (auto* run = top_of(*looks)) {
            auto look = looks->top();
            if (look.at > until) break;
            looks->pop();
            run->queued_at = SteadyTime::max();
            if (run->slack_ms > 0 && look.at < platform.patient_until) {
                auto wait = std::chrono::ceil<Millis>(platform.patient_until - look.at);
                wait = std::min(wait, Millis(run->slack_ms));
                run->slack_ms -= whole_ms(wait);
                run->next_look = look.at + wait;
                enqueue(*looks, look.run, *run);
                continue;
            }
            run->next_look = SteadyTime::max();
            return look;
        }
    }
    return std::nullopt;
}

SteadyTime Watcher::next_of(Platform& platform) const {
    auto next = context_.clock().steady_now() + std::chrono::minutes(1);
    for (auto* looks : {&platform.urgent, &platform.looks})
        if (top_of(*looks)) next = std::min(next, looks->top().at);
    return next;
}

Watcher::Sweep Watcher::pick(Platform& platform) const {
    auto now = context_.clock().steady_now();
    auto shape = shape_of(platform.id);
    return shape.by_job ? pick_by_job(platform, shape, now) : pick_by_id(platform, shape, now);
}

Watcher::Sweep Watcher::pick_by_id(Platform& platform, const engine::PollShape& shape, SteadyTime now) const {
    Sweep sweep;
    while (sweep.asked.size() < shape.most_calls * shape.page) {
        auto due = take_due(platform, sweep.asked.empty() ? now : now + engine::looked_at_together);
        if (!due) break;
        sweep.asked.push_back({due->run, find(due->run)->fence, due->at});
    }
    sweep.calls = engine::calls_for_ids(shape, sweep.asked.size());
    // The last call has room for more, those that are due next first.
    auto room = engine::room_in_last_call(shape, sweep.asked.size());
    std::vector<Look> passed;
    while (room > 0 && passed.size() < shape.page) {
        auto* run = top_of(platform.looks);
        if (!run) break;
        auto look = platform.looks.top();
        platform.looks.pop();
        if (!engine::rides_along(std::chrono::floor<Millis>(now - run->last_seen), Millis(run->wanted_ms))) {
            passed.push_back(look);
            continue;
        }
        run->next_look = run->queued_at = SteadyTime::max();
        sweep.asked.push_back({look.run, run->fence, look.at});
        --room;
    }
    for (const auto& look : passed) platform.looks.push(look);
    return sweep;
}

std::size_t Watcher::count_riding(const JobRuns& job, SteadyTime now) {
    std::size_t count = 0;
    for (const auto& [id, run] : job.runs) {
        auto since = std::chrono::floor<Millis>(now - run.last_seen);
        bool is_asked = run.next_look == SteadyTime::max();
        if (!is_asked && engine::rides_along(since, Millis(run.wanted_ms))) ++count;
    }
    return count;
}

// The list shows them all, whether half due or not; where they are too many, those that are due next.
void Watcher::add_riding(Sweep& sweep, const JobRuns& job, std::size_t most) {
    auto first = std::ptrdiff_t(sweep.asked.size());
    for (const auto& [id, run] : job.runs)
        if (run.next_look != SteadyTime::max()) sweep.asked.push_back({id, run.fence, run.next_look, true});
    if (sweep.asked.size() - std::size_t(first) <= most) return;
    auto end = sweep.asked.begin() + first + std::ptrdiff_t(most);
    std::nth_element(sweep.asked.begin() + first, end, sweep.asked.end(),
                     [](const auto& a, const auto& b) { return a.look < b.look; });
    sweep.asked.erase(end, sweep.asked.end());
}

Watcher::Sweep Watcher::pick_by_job(Platform& platform, const engine::PollShape& shape,
                                    SteadyTime now) const {
    struct Chosen {
        JobRuns* runs;
        engine::JobLooks looks;
    };
    std::vector<Chosen> jobs;
    Sweep sweep;
    auto calls = [&] {
        std::size_t sum = 0;
        for (const auto& job : jobs) sum += engine::calls_for_job(shape, job.looks);
        return sum;
    };
    while (true) {
        auto due = take_due(platform, sweep.asked.empty() ? now : now + engine::looked_at_together);
        if (!due) break;
        auto* runs = place_.at(due->run);
        auto* run = find(due->run);
        if (runs->is_asked && !run->cancelling) {
            run->next_look = due->at;
            runs->held.push_back(*due);
            continue;
        }
        auto job =
            std::find_if(jobs.begin(), jobs.end(), [&](const Chosen& one) { return one.runs == runs; });
        bool is_new = job == jobs.end();
        bool is_full = is_new ? calls() >= shape.most_calls : job->looks.due >= engine::most_runs_of_job;
        if (is_full) {  // for the next sweep, which comes at once
            run->next_look = due->at;
            enqueue(platform, due->run, *run);
            break;
        }
        if (is_new) {
            engine::JobLooks looks{.riding = count_riding(*runs, now), .in_flight = runs->runs.size()};
            job = jobs.insert(job, Chosen{runs, looks});
        } else if (job->looks.riding > 0) {
            --job->looks.riding;
        }
        ++job->looks.due;
        sweep.asked.push_back({due->run, run->fence, due->at});
    }
    for (auto& job : jobs) {
        if (!engine::is_listed(shape, job.looks) || job.runs->is_asked) continue;
        job.runs->is_asked = true;
        sweep.jobs.push_back(job.runs);
        add_riding(sweep, *job.runs, engine::most_runs_of_job - job.looks.due);
    }
    for (const auto& asked : sweep.asked) find(asked.run)->next_look = SteadyTime::max();
    sweep.calls = calls();
    return sweep;
}

}  // namespace polysync::runtime
