#include "engine/deadline.h"

#include <algorithm>

namespace polysync::engine {

SystemTime due_of(const CatalogTask& task, const Interval& ended) {
    auto day = std::chrono::floor<std::chrono::days>(task.deadline_zone->to_local(ended.end));
    while (true) {
        auto due = task.deadline_zone->to_instants(LocalTime(day) + task.task.deadline->local_time).first;
        if (due > ended.end) return due;
        day += std::chrono::days(1);
    }
}

std::vector<DueKey> keys_due(const Catalog& catalog, SystemTime since, SystemTime now) {
    std::vector<DueKey> out;
    for (const auto& [id, task] : catalog.tasks) {
        if (!task.task.deadline || !task.deadline_zone || task.partition.grain == Grain::none) continue;
        auto interval = interval_before(task.partition, now);
        for (auto due = due_of(task, interval); due > since; due = due_of(task, interval)) {
            if (due <= now) out.push_back({id, interval, due});
            interval = interval_before(task.partition, interval.start);
        }
    }
    return out;
}

bool has_fired_before(const CatalogTask& task, const Interval& interval, SystemTime time) {
    return !task.schedules.empty() &&
           std::all_of(task.schedules.begin(), task.schedules.end(), [&](const auto& schedule) {
               return schedule.cron.next_after(interval.end - Millis(1), schedule.zone) <= time;
           });
}

}  // namespace polysync::engine
