// From an execution as AWS describes it to a pipeline run (SFN-4, SFN-5, SFN-6, SFN-8). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aws/states/client.h"
#include "model/parameter.h"
#include "model/pipeline_run.h"

namespace polysync::step_functions {

// RUNNING, PENDING_REDRIVE → Running; SUCCEEDED → Success; FAILED, TIMED_OUT → Failed; ABORTED → Cancelled;
// anything else → Running, logged once (PLAT-7).
[[nodiscard]] PipelineRunStatus map_status(std::string_view aws_status);

// The whole run: Error and Cause of a failure, outputs of a success. `region` is the platform's, for the
// link.
[[nodiscard]] PipelineRun to_run(const aws::states::Execution& execution, std::span<const Parameter> outputs,
                                 std::string_view region);

// A run of which only its ARN and status are known.
[[nodiscard]] PipelineRun to_run(std::string_view execution_arn, std::string_view aws_status,
                                 std::string_view region);

// SFN-8; empty where the partition has no public console.
[[nodiscard]] std::string monitor_url(std::string_view region, std::string_view execution_arn);

}  // namespace polysync::step_functions
