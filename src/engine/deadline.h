// TASK-12: by when the run of a key must have succeeded. Pure.
#pragma once

#include <vector>

#include "engine/catalog.h"
#include "engine/interval.h"

namespace polysync::engine {

struct DueKey {
    ObjectId task{};
    Interval interval;
    SystemTime due{};
};

// The first such time of day after the interval has ended. Precondition: the task has a deadline.
[[nodiscard]] SystemTime due_of(const CatalogTask& task, const Interval& ended);
// Every key of every task whose deadline lies after `since` and has come by `now`; of each task the newest
// first.
[[nodiscard]] std::vector<DueKey> keys_due(const Catalog& catalog, SystemTime since, SystemTime now);
// Whether every fire that works on the interval lies at or before `time`; false where nothing fires.
[[nodiscard]] bool has_fired_before(const CatalogTask& task, const Interval& interval, SystemTime time);

}  // namespace polysync::engine
