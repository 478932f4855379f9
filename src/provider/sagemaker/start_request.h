// StartPipelineExecution requests (SM-2, TASK-1). Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "provider/provider.h"

namespace polysync::sagemaker {

// The request of one submission, with where each part comes from. A repeat is always safe: the
// ClientRequestToken is the submission's. Errors: invalid_input (no pipeline, a token that is no guid, a
// value of a wrong type, a required parameter without a value, more than AWS takes of something).
[[nodiscard]] Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec,
                                                     SystemTime now);

// "polysync-<guid>" (45 characters; AWS takes 32 to 128).
[[nodiscard]] std::string client_request_token(const SubmissionToken& token);
// "Polysync-<guid>": the display name of a submission that names none, which makes it findable.
[[nodiscard]] std::string default_display_name(const SubmissionToken& token);

}  // namespace polysync::sagemaker
