// Step Functions' operations (aws-facts 1.1, 5).
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::states {

inline constexpr ServiceInfo service{
    "states", "SFN", "states", "states", Protocol::json_1_0, "AWSStepFunctions.", ""};

inline constexpr Operation list_state_machines{&service, "ListStateMachines",
                                               "AWSStepFunctions.ListStateMachines"};
inline constexpr Operation describe_state_machine{&service, "DescribeStateMachine",
                                                  "AWSStepFunctions.DescribeStateMachine"};
// By the machine's type: with a name on a STANDARD machine it is idempotent (aws-facts 5.1).
inline constexpr Operation start_execution{&service, "StartExecution",    "AWSStepFunctions.StartExecution",
                                           "/",      RepeatSafety::start, Priority::urgent};
// Answers when the execution ends, after up to 5 minutes.
inline constexpr Operation start_sync_execution{.service = &service,
                                                .name = "StartSyncExecution",
                                                .target = "AWSStepFunctions.StartSyncExecution",
                                                .repeat = RepeatSafety::start,
                                                .priority = Priority::urgent,
                                                .endpoint_prefix = "sync-",
                                                .timeout = std::chrono::seconds(330)};
inline constexpr Operation describe_execution{&service, "DescribeExecution",
                                              "AWSStepFunctions.DescribeExecution"};
inline constexpr Operation list_executions{&service, "ListExecutions", "AWSStepFunctions.ListExecutions"};
inline constexpr Operation stop_execution{
    &service, "StopExecution",          "AWSStepFunctions.StopExecution",
    "/",      RepeatSafety::idempotent, Priority::urgent};
inline constexpr Operation get_execution_history{&service, "GetExecutionHistory",
                                                 "AWSStepFunctions.GetExecutionHistory"};

}  // namespace polysync::aws::states
