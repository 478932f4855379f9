// Step Functions' answers as tables of members.
#pragma once

#include "aws/core/json_reader.h"
#include "aws/states/client.h"

namespace polysync::aws::states {

[[nodiscard]] const ObjectShape& list_state_machines_shape();     // Page<StateMachineItem>
[[nodiscard]] const ObjectShape& describe_state_machine_shape();  // StateMachine
[[nodiscard]] const ObjectShape& start_execution_shape();         // Started
[[nodiscard]] const ObjectShape& execution_shape();  // Execution (DescribeExecution, StartSyncExecution)
[[nodiscard]] const ObjectShape& list_executions_shape();  // Page<ExecutionItem>
[[nodiscard]] const ObjectShape& history_shape();          // Page<HistoryEvent>

}  // namespace polysync::aws::states
