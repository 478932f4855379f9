// StartJobRun requests (GLUE-3, GLUE-4, TASK-1). Pure.
#pragma once

#include "aws/glue/client.h"
#include "provider/provider.h"

namespace polysync::glue {

// The request of one submission, with where each part comes from. Members that only the job's definition can
// tell are named in `from_definition` (WorkerType, NumberOfWorkers). Errors: invalid_input (the reserved
// argument, the same parameter twice, a value that is not of its type).
[[nodiscard]] Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec,
                                                     SystemTime now);

// Fills `from_definition` from the definition, or takes worker settings out of the request of a job that has
// none. Errors: invalid_input where a job attribute asks for one half of a pair and the definition has no
// other half.
[[nodiscard]] Result<SubmissionIntent> complete_start(SubmissionIntent intent,
                                                      const aws::glue::Job& definition);

}  // namespace polysync::glue
