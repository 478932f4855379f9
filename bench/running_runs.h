// Rows of runs in flight at AWS Batch, as if they had been started before.
#pragma once

#include <span>
#include <string>

#include "store/store.h"

namespace polysync::bench {

struct RunningRuns {
    ObjectId task{}, platform{};
    std::int64_t task_version = 1;
    SystemTime submitted_at{};
};

// One run and attempt for each of the Batch jobs.
[[nodiscard]] Status insert_running(store::Transaction& transaction, const RunningRuns& what,
                                    std::span<const std::string> job_ids);

}  // namespace polysync::bench
