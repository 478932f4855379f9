// SageMaker's answers as tables of members.
#pragma once

#include "aws/core/json_reader.h"
#include "aws/sagemaker/client.h"

namespace polysync::aws::sagemaker {

struct StartAnswer {
    std::string execution_arn;
};

[[nodiscard]] const ObjectShape& list_pipelines_shape();      // Page<PipelineSummary>
[[nodiscard]] const ObjectShape& describe_pipeline_shape();   // Pipeline
[[nodiscard]] const ObjectShape& start_shape();               // StartAnswer
[[nodiscard]] const ObjectShape& describe_execution_shape();  // Execution
[[nodiscard]] const ObjectShape& list_executions_shape();     // Page<ExecutionSummary>
[[nodiscard]] const ObjectShape& list_steps_shape();          // Page<Step>

}  // namespace polysync::aws::sagemaker
