// STS's XML answers (aws-facts 6).
#pragma once

#include <string_view>

#include "aws/sts/client.h"
#include "base/result.h"

namespace polysync::aws::sts {

// Elements in any order, entities resolved, white space trimmed. Errors: internal, "unreadable_answer" for
// text that is not the XML of that operation or lacks what the answer is for; it never quotes the answer.
[[nodiscard]] Result<CallerIdentity> decode_caller_identity(std::string_view xml);
[[nodiscard]] Result<AssumedRole> decode_assume_role(std::string_view xml);
[[nodiscard]] Result<AssumedRole> decode_assume_role_with_web_identity(std::string_view xml);

}  // namespace polysync::aws::sts
