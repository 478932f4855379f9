// From an execution and its steps as AWS describes them to a pipeline run (SM-3, SM-4, SM-6). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sagemaker/client.h"
#include "model/parameter.h"
#include "model/pipeline_run.h"

namespace polysync::sagemaker {

// Executing, Stopping → Running; Succeeded → Success; Failed, CompletedWithFailures → Failed; Stopped →
// Cancelled; anything else → Running, logged once (PLAT-7).
[[nodiscard]] PipelineRunStatus map_status(std::string_view aws_status);

// What is known without the steps. `pipeline_name` is as the pipeline has it; `region` is the platform's, for
// the link.
[[nodiscard]] PipelineRun to_run(const aws::sagemaker::Execution& execution, std::string_view pipeline_name,
                                 std::string_view region);
[[nodiscard]] PipelineRun to_run(const aws::sagemaker::ExecutionSummary& summary,
                                 std::string_view pipeline_name, std::string_view region);

// Adds progress (counts by step status) and, to a failure, the reasons of the failed steps.
void add_steps(PipelineRun& run, std::span<const aws::sagemaker::Step> steps);

// Says that output parameters stay empty, where there are any (SM-4).
void add_outputs_note(PipelineRun& run, std::span<const Parameter> outputs);

// SM-6; empty where the partition has no public console.
[[nodiscard]] std::string monitor_url(std::string_view region, std::string_view pipeline_name,
                                      std::string_view execution_arn);

// The parts of "arn:P:sagemaker:R:A:pipeline/NAME/execution/ID"; nothing for anything else.
struct ExecutionArn {
    std::string pipeline_arn;   // "arn:…:pipeline/NAME"
    std::string pipeline_name;  // in lower case, as the ARN spells it
    std::string account;
};
[[nodiscard]] std::optional<ExecutionArn> parse_execution_arn(std::string_view arn);

}  // namespace polysync::sagemaker
