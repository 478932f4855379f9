// STS as the sources of credentials call it.
#pragma once

#include <memory>

#include "aws/auth/sources.h"
#include "aws/sts/client.h"

namespace polysync::aws {

// Signed with `by`, which may be empty for AssumeRoleWithWebIdentity. Retries as every client does.
[[nodiscard]] StsClient make_sts_client(const SourceContext& context,
                                        std::shared_ptr<CredentialsProvider> by);

// Errors: invalid_input, before any call, for what cannot be a role's ARN, a session name or an external id.
[[nodiscard]] Status check_role(const RoleConfig& role);

// The session name to use: the configured one, else "polysync".
[[nodiscard]] std::string session_name_of(const RoleConfig& role);

}  // namespace polysync::aws
