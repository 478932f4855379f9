// Who a platform is in AWS's eyes: the attributes of every authentication method (PLAT-2), as plain values.
#pragma once

#include <string>
#include <vector>

namespace polysync::aws {

enum class IdentityMethod { web_identity, access_key, assume_role, instance_profile, default_chain };

enum class WebTokenOrigin { file, azure_managed_identity, entra_client_secret, entra_client_assertion };

struct RoleStep {
    std::string role_arn;
    std::string external_id;
    std::string session_name;  // empty: "polysync"
    bool operator==(const RoleStep&) const = default;
};

// Secrets are references (secret_reference.h). Two platforms with equal identities share their credentials.
struct IdentityConfig {
    IdentityMethod method = IdentityMethod::default_chain;
    // access_key, assume_role
    std::string access_key_id, secret_access_key, session_token;
    // assume_role, web_identity (which uses no external id)
    RoleStep role;
    // web_identity
    WebTokenOrigin token_origin = WebTokenOrigin::file;
    std::string token_file;      // empty: AWS_WEB_IDENTITY_TOKEN_FILE; client assertion:
                                 // AZURE_FEDERATED_TOKEN_FILE
    std::string audience;        // what the token's `aud` should be; see expected_audience()
    std::string tenant_id;       // Entra; empty: AZURE_TENANT_ID
    std::string client_id;       // Entra; empty: AZURE_CLIENT_ID. Managed identity: the user-assigned one
    std::string client_secret;   // Entra; empty: AZURE_CLIENT_SECRET
    std::string scope;           // Entra; empty: "<client id>/.default"
    std::string resource;        // managed identity: app id URI or GUID; empty: the audience
    std::string authority_host;  // Entra; empty: AZURE_AUTHORITY_HOST, else https://login.microsoftonline.com
    // default_chain; empty: AWS_PROFILE, else "default"
    std::string profile;
    // after any method, one role after the other
    std::vector<RoleStep> assume;
    // Where STS is asked
    std::string region;
    std::string endpoint;
    bool use_fips = false;
    bool use_dual_stack = false;

    bool operator==(const IdentityConfig&) const = default;
};

}  // namespace polysync::aws
