// Which runs the watcher asks about next; the rules are in engine/poll_plan.h and engine/polling.h.
#include <algorithm>
#include <utility>

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

Watcher::Sweep Watcher::pick(Platform& platform, const Lane& lane) const {
    auto now = context_.clock().steady_now();
    auto shape = shape_of(platform.id);
    if (shape.by_job) sort_due(platform, shape, now);
    if (lane.by == AskBy::itself) return pick_singles(platform, shape);
    bool has_lists = shape.by_job || !platform.lists.empty();
    return has_lists ? pick_lists(platform, shape) : pick_by_id(platform, shape, now);
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

// Ends may be waiting there by the hundred; cancels do not wait for them.
void Watcher::queue_single(Platform& platform, const Asked& asked) const {
    auto* run = find(asked.run);
    if (run && run->cancelling)
        platform.singles.push_front(asked);
    else
        platform.singles.push_back(asked);
}

// It has neither gone nor been given another look since it was queued.
bool Watcher::is_awaited(const Asked& asked) const {
    auto* run = find(asked.run);
    return run && run->fence == asked.fence && run->next_look == SteadyTime::max();
}

void Watcher::sort_due(Platform& platform, const engine::PollShape& shape, SteadyTime now) const {
    struct Chosen {
        JobRuns* runs;
        engine::JobLooks looks;
        std::vector<Asked> due;
    };
    std::vector<Chosen> jobs;
    auto waiting = platform.singles.size();
    for (const auto& list : platform.lists) waiting += engine::calls_for_list(shape, list.job->runs.size());
    auto calls = [&] {
        std::size_t sum = waiting;
        for (const auto& job : jobs) sum += engine::calls_for_job(shape, job.looks);
        return sum;
    };
    while (auto due = take_due(platform, jobs.empty() ? now : now + engine::looked_at_together)) {
        auto* runs = place_.at(due->run);
        auto* run = find(due->run);
        if (run->cancelling && runs->is_asked) {
            queue_single(platform, {due->run, run->fence, due->at});
            continue;
        }
        if (runs->is_asked) {
            run->next_look = due->at;
            runs->held.push_back(*due);
            continue;
        }
        auto job =
            std::find_if(jobs.begin(), jobs.end(), [&](const Chosen& one) { return one.runs == runs; });
        if (job == jobs.end()) {
            if (auto more = calls(); run->slack_ms > 0 && more >= shape.most_calls) {
                // There is a sweep to wait for, and the pause after it.
                platform.patient_until =
                    std::max(platform.patient_until, now + engine::pause_after({.calls = more}));
                run->next_look = due->at;
                enqueue(platform, due->run, *run);
                continue;
            }
            engine::JobLooks looks{.riding = count_riding(*runs, now), .in_flight = runs->runs.size()};
            job = jobs.insert(job, Chosen{runs, looks, {}});
        } else if (job->looks.riding > 0) {
            --job->looks.riding;
        }
        ++job->looks.due;
        job->due.push_back({due->run, run->fence, due->at});
    }
    for (auto& job : jobs) {
        if (engine::is_listed(shape, job.looks)) {
            job.runs->is_asked = true;
            platform.lists.push_back({job.runs, std::move(job.due)});
        } else {
            for (const auto& asked : job.due) queue_single(platform, asked);
        }
    }
}

Watcher::Sweep Watcher::pick_lists(Platform& platform, const engine::PollShape& shape) const {
    Sweep sweep{.by = AskBy::list};
    while (!platform.lists.empty() && sweep.calls < shape.most_calls) {
        auto [job, due] = std::move(platform.lists.front());
        platform.lists.pop_front();
        // Some may have gone since, and others have fallen due.
        std::erase_if(due, [&](const Asked& asked) { return !is_awaited(asked); });
        for (const auto& look : std::exchange(job->held, {}))
            if (auto* run = find(look.run); run && run->next_look == look.at)
                due.push_back({look.run, run->fence, look.at});
        if (due.size() > engine::most_runs_of_job) {  // the rest is for its next list, which comes at once
            auto rest = due.begin() + std::ptrdiff_t(engine::most_runs_of_job);
            for (auto late = rest; late != due.end(); ++late) {
                find(late->run)->next_look = late->look;
                job->held.push_back({late->look, late->run});
            }
            due.erase(rest, due.end());
        }
        if (due.empty()) {
            job->is_asked = false;
            continue;
        }
        for (const auto& asked : due) find(asked.run)->next_look = SteadyTime::max();
        sweep.jobs.push_back(job);
        sweep.calls += engine::calls_for_list(shape, job->runs.size());
        sweep.asked.insert(sweep.asked.end(), due.begin(), due.end());
        add_riding(sweep, *job, engine::most_runs_of_job - due.size());
    }
    for (const auto& asked : sweep.asked) find(asked.run)->next_look = SteadyTime::max();
    return sweep;
}

Watcher::Sweep Watcher::pick_singles(Platform& platform, const engine::PollShape& shape) const {
    Sweep sweep{.by = AskBy::itself};
    while (!platform.singles.empty() && sweep.asked.size() < shape.most_calls) {
        auto asked = platform.singles.front();
        platform.singles.pop_front();
        if (is_awaited(asked)) sweep.asked.push_back(asked);
    }
    sweep.calls = sweep.asked.size();
    return sweep;
}

}  // namespace polysync::runtime
