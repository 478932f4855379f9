// What the watcher shows of itself.
#include <algorithm>

#include "runtime/watched.h"

namespace polysync::runtime {

void Watcher::fill(RuntimeStatus& status) const {
    auto now = context_.clock().steady_now();
    for (const auto& [id, platform] : platforms_) {
        RuntimeStatus::PlatformStatus made{
            .platform = id, .error = platform->error(), .in_flight = platform->followed};
        for (const auto& [job, runs] : platform->jobs) {
            for (const auto& [run, followed] : runs.runs) {
                auto age = std::chrono::duration_cast<Millis>(now - followed.last_seen);
                if (!made.staleness || age > *made.staleness) made.staleness = age;
            }
        }
        status.platforms.push_back(std::move(made));
    }
}

PlatformPolls Watcher::polls(ObjectId id) const {
    PlatformPolls out;
    auto found = platforms_.find(id);
    if (found == platforms_.end()) return out;
    const Platform& platform = *found->second;
    out.error = platform.error();
    out.followed = platform.followed;
    out.sweeps = platform.sweeps;
    out.calls = platform.calls;
    out.statuses = platform.statuses;
    auto now = context_.clock().steady_now();
    // Those that are being looked at are due now.
    auto look_of = [&](const Followed& run) {
        if (run.next_look == SteadyTime::max()) return now;
        if (run.slack_ms == 0 || run.next_look >= platform.patient_until) return run.next_look;
        return std::min(platform.patient_until, run.next_look + Millis(run.slack_ms));
    };
    auto first = SteadyTime::max();
    for (const auto& [job, runs] : platform.jobs) {
        if (!runs.runs.empty()) ++out.jobs;
        for (const auto& [run, followed] : runs.runs) {
            auto age = std::chrono::duration_cast<Millis>(now - followed.last_seen);
            if (!out.staleness || age > *out.staleness) out.staleness = age;
            if (followed.is_early) ++out.early;
            if (followed.cancelling) ++out.cancelling;
            auto look = look_of(followed);
            first = std::min(first, look);
            if (look <= now + std::chrono::seconds(10)) ++out.due_in_10_s;
            if (look <= now + std::chrono::minutes(1)) ++out.due_in_1_min;
            if (look <= now + std::chrono::minutes(5)) ++out.due_in_5_min;
            if (followed.next_look == SteadyTime::max()) continue;
            auto late =
                std::chrono::duration_cast<Millis>(now - followed.next_look) - Millis(followed.slack_ms);
            out.late = std::max(out.late, late);
        }
    }
    if (first == SteadyTime::max()) return out;
    out.next_in = std::chrono::duration_cast<Millis>(first - now);
    auto shape = shape_of(id);
    PlatformPolls::Call of_any{.operation = std::string(shape.many)};
    for (const auto& [job, runs] : platform.jobs) {
        engine::JobLooks looks{.in_flight = runs.runs.size()};
        for (const auto& [run, followed] : runs.runs) {
            auto since = std::chrono::duration_cast<Millis>(first - followed.last_seen);
            if (look_of(followed) <= first + engine::looked_at_together)
                ++looks.due;
            else if (engine::rides_along(since, Millis(followed.wanted_ms)))
                ++looks.riding;
        }
        of_any.runs += looks.due;
        of_any.riding += looks.riding;
        if (!shape.by_job || looks.due == 0) continue;
        bool is_list = engine::is_listed(shape, looks);
        out.next.push_back({.operation = std::string(is_list ? shape.many : shape.one),
                            .job = job,
                            .runs = looks.due,
                            .riding = is_list ? looks.in_flight - looks.due : 0,
                            .calls = engine::calls_for_job(shape, looks)});
    }
    if (!shape.by_job) {
        of_any.calls = engine::calls_for_ids(shape, of_any.runs);
        of_any.riding = std::min(of_any.riding, engine::room_in_last_call(shape, of_any.runs));
        out.next.push_back(std::move(of_any));
    }
    std::sort(out.next.begin(), out.next.end(), [](const auto& a, const auto& b) {
        return a.runs != b.runs ? a.runs > b.runs : a.job < b.job;
    });
    if (out.next.size() > shape.most_calls) out.next.resize(shape.most_calls);
    return out;
}

}  // namespace polysync::runtime
