// StartExecution and StartSyncExecution requests (SFN-2, SFN-3, SFN-9, TASK-1). Pure.
#pragma once

#include <string>
#include <string_view>

#include "aws/states/client.h"
#include "base/result.h"
#include "model/job.h"
#include "provider/provider.h"

namespace polysync::step_functions {

// The request of one submission, with where each part comes from. The state machine's type decides what AWS
// makes of a repeat; where the job's details do not tell it, `from_definition` holds "type" and
// complete_start() is told it. Errors: invalid_input (no state machine ARN, a token that is no guid, a value
// of a wrong type, a required parameter without a value, execution_mode sync on a STANDARD state machine,
// input_too_large).
[[nodiscard]] Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec,
                                                     SystemTime now);

// Fills in what the state machine's type means. Errors: invalid_input as above.
[[nodiscard]] Result<SubmissionIntent> complete_start(SubmissionIntent intent,
                                                      const aws::states::StateMachine& machine);

// "Polysync-<guid>": the execution's name.
[[nodiscard]] std::string execution_name(const SubmissionToken& token);

// The job of a state machine; no parameters, users declare them (SFN-1).
[[nodiscard]] Job to_job(const aws::states::StateMachine& machine);
// Where only the list's entry is known.
[[nodiscard]] Job to_job(const aws::states::StateMachineItem& item);

// Does its log tell how every execution ended?
[[nodiscard]] bool logs_every_end(const aws::states::LoggingConfiguration& logging);

}  // namespace polysync::step_functions
