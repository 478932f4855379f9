// What a provider returns for one submitted execution.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.h"

namespace polysync {

enum class PipelineRunStatus { starting, running, success, failed, cancelled };
[[nodiscard]] std::string_view to_string(PipelineRunStatus status);  // "Starting", …
[[nodiscard]] inline bool is_terminal(PipelineRunStatus status) {
    return status >= PipelineRunStatus::success;
}

// Counts of parts by AWS's own status: array children, steps. In AWS's order of a normal life.
struct ProgressCount {
    std::string status;
    int count = 0;
};

struct PipelineRun {
    std::string run_id;  // GLUE-5, BATCH-4, SM-3, SFN-4
    PipelineRunStatus status = PipelineRunStatus::starting;
    std::string aws_status;  // as AWS spelt it, also where it is unknown to us (PLAT-7)
    std::string message;     // AWS's words: ErrorMessage, status reason, cause …
    std::string code;    // a stable word for the kind of end, "outcome_unknown", AWS's error name, or empty
    std::string remedy;  // PLAT-6
    bool infrastructure_loss = false;  // lost to AWS's infrastructure (Spot reclaim, Glue internal error;
                                       // TASK-6)
    std::optional<int> exit_code;
    std::map<std::string, boost::json::value> outputs;  // by parameter name as declared
    std::string outputs_note;                           // why outputs were not populated, for people
    std::vector<ProgressCount> progress;
    std::string progress_unit;  // "children", "steps"; empty without progress
    std::string monitor_url;    // empty in partitions without a public console
    std::optional<SystemTime> started_at;
    std::optional<SystemTime> ended_at;
};

}  // namespace polysync
