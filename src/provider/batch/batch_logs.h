// Where a Batch job writes its logs (aws-facts 15). Pure.
#pragma once

#include <string>
#include <vector>

#include "aws/batch/client.h"
#include "provider/cloudwatch_log_reader.h"

namespace polysync::batch {

struct LogPlan {
    std::vector<LogSource> sources;  // one per stream: each attempt has its own
    std::string note;                // why there are none, or what is missing; empty otherwise
};

// All attempts, oldest first, and the container that runs now. `region`: where the reader looks.
[[nodiscard]] LogPlan plan_logs(const aws::batch::Job& job, std::string_view region);

}  // namespace polysync::batch
