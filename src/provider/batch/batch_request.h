// SubmitJob requests (BATCH-2, BATCH-3, TASK-1). Pure.
#pragma once

#include "provider/provider.h"

namespace polysync::batch {

// "Polysync-<guid>": unique, so that a submission can be found again (BATCH-3, SAFE-1).
[[nodiscard]] std::string job_name(const SubmissionToken& token);

// The request of one submission, with where each part comes from. Errors: invalid_input (no queue, the same
// parameter twice, a value that is not of its type).
[[nodiscard]] Result<SubmissionIntent> prepare_submit(const Platform& platform, const SubmitSpec& spec,
                                                      SystemTime now);

}  // namespace polysync::batch
