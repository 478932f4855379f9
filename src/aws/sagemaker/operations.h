// SageMaker's operations (aws-facts 1.1, 4). Starts and stops carry a client token, so their repetition is
// harmless.
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::sagemaker {

inline constexpr ServiceInfo service{"sagemaker",        "SAGEMAKER",  "sagemaker", "api.sagemaker",
                                     Protocol::json_1_1, "SageMaker.", ""};

inline constexpr Operation list_pipelines{&service, "ListPipelines", "SageMaker.ListPipelines"};
inline constexpr Operation describe_pipeline{&service, "DescribePipeline", "SageMaker.DescribePipeline"};
inline constexpr Operation start_pipeline_execution{
    &service, "StartPipelineExecution", "SageMaker.StartPipelineExecution",
    "/",      RepeatSafety::idempotent, Priority::urgent};
inline constexpr Operation describe_pipeline_execution{&service, "DescribePipelineExecution",
                                                       "SageMaker.DescribePipelineExecution"};
inline constexpr Operation list_pipeline_executions{&service, "ListPipelineExecutions",
                                                    "SageMaker.ListPipelineExecutions"};
inline constexpr Operation list_pipeline_execution_steps{&service, "ListPipelineExecutionSteps",
                                                         "SageMaker.ListPipelineExecutionSteps"};
inline constexpr Operation stop_pipeline_execution{
    &service, "StopPipelineExecution",  "SageMaker.StopPipelineExecution",
    "/",      RepeatSafety::idempotent, Priority::urgent};

}  // namespace polysync::aws::sagemaker
