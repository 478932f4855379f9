// The sources of credentials, one file each (PLAT-2, aws-facts 9). All of them read files, variables and
// references anew at every fetch, so that what was rotated outside is picked up.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/auth/auth_environment.h"
#include "aws/auth/credentials_source.h"
#include "aws/auth/identity_config.h"
#include "aws/config/shared_files.h"
#include "aws/core/endpoints.h"
#include "base/secret.h"

namespace polysync::aws {

using SourcePtr = std::unique_ptr<CredentialsSource>;

// What every source is given. `endpoints` says where STS and SSO are.
struct SourceContext {
    AuthEnvironment& auth;
    EndpointOptions endpoints;
};

// Access key, secret key and optional token as references. (static_keys.cpp)
struct StaticKeys {
    std::string access_key_id, secret_access_key, session_token;
    std::string label;  // Credentials::source
};
[[nodiscard]] SourcePtr make_static_keys(StaticKeys keys, const SourceContext& context);

// AWS_ACCESS_KEY_ID and so on. (environment_keys.cpp)
[[nodiscard]] SourcePtr make_environment_keys(const SourceContext& context);

// EC2 instance metadata, version 2 only. (instance_metadata.cpp)
[[nodiscard]] SourcePtr make_instance_metadata(const SourceContext& context);

// ECS and EKS Pod Identity; not_found where no AWS_CONTAINER_CREDENTIALS_… variable is set. (container.cpp)
[[nodiscard]] SourcePtr make_container(const SourceContext& context);

// The container's credentials where it has some, else the instance's. (instance_profile.cpp)
[[nodiscard]] SourcePtr make_instance_profile(const SourceContext& context);

// The output of a program. (credential_process.cpp)
[[nodiscard]] SourcePtr make_process(std::string command_line, std::string profile,
                                     const SourceContext& context);

// A token that `aws sso login` left on this machine. (sso.cpp)
struct SsoConfig {
    std::string profile;
    std::string session_name;  // empty: the legacy form without an sso-session; its token is never refreshed
    std::string start_url, region, account_id, role_name;
};
[[nodiscard]] SourcePtr make_sso(SsoConfig config, const SourceContext& context);

// One role, assumed with another identity's credentials. (assume_role.cpp)
struct RoleConfig {
    RoleStep step;
    std::optional<int> duration_seconds;
    std::string attribute = "role_arn";  // names its place in messages
};
[[nodiscard]] SourcePtr make_assume_role(RoleConfig role, std::shared_ptr<CredentialsProvider> by,
                                         const SourceContext& context);

// Tokens of this workload's identity provider. (web_token_file.cpp, azure_managed_identity.cpp,
// entra_token.cpp)
class WebTokenSource {
  public:
    virtual ~WebTokenSource() = default;
    // A token fit to be shown to STS, registered for redaction. Errors: invalid_input, credentials,
    // transient.
    [[nodiscard]] virtual Async<Result<Secret>> token() = 0;
    // "token file /var/run/…", for people.
    [[nodiscard]] virtual std::string describe() const = 0;
};
using WebTokenSourcePtr = std::unique_ptr<WebTokenSource>;

[[nodiscard]] WebTokenSourcePtr make_token_file(std::string path, std::string attribute,
                                                const SourceContext& context);
[[nodiscard]] WebTokenSourcePtr make_azure_managed_identity(const IdentityConfig& config,
                                                            const SourceContext& context);
[[nodiscard]] WebTokenSourcePtr make_entra_token(const IdentityConfig& config, const SourceContext& context);
// The one that the configuration names. (web_identity.cpp)
[[nodiscard]] WebTokenSourcePtr make_web_token(const IdentityConfig& config, const SourceContext& context);

// A token exchanged for a role's credentials. (web_identity.cpp)
[[nodiscard]] SourcePtr make_web_identity(RoleConfig role, WebTokenSourcePtr tokens,
                                          const SourceContext& context);

// What AWS users expect, in botocore's order. `profile` as the platform names it, or empty.
// (default_chain.cpp)
[[nodiscard]] SourcePtr make_default_chain(std::string profile, const SourceContext& context);

}  // namespace polysync::aws
