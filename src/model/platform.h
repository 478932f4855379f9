// A Platform: a connection to one AWS service in one region (PLAT-1, PLAT-2).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace polysync {

enum class PlatformType { aws_glue, aws_batch, aws_sagemaker, aws_step_functions };
enum class AuthMethod { web_identity, access_key, assume_role, instance_profile, default_chain };

[[nodiscard]] std::string_view to_string(PlatformType type);
[[nodiscard]] std::string_view to_string(AuthMethod method);
[[nodiscard]] std::optional<PlatformType> parse_platform_type(std::string_view word);
[[nodiscard]] std::optional<AuthMethod> parse_auth_method(std::string_view word);

// A secret attribute as the user wrote it: env://NAME, file://PATH, vault://vault/secret, or clear text.
struct SecretReference {
    std::string text;
    [[nodiscard]] bool empty() const { return text.empty(); }
    // Clear text in a definition draws a warning (PLAT-2).
    [[nodiscard]] bool is_clear_text() const;
    bool operator==(const SecretReference&) const = default;
};

struct AssumeStep {
    std::string role_arn;
    std::string external_id;
    std::string session_name;
    bool operator==(const AssumeStep&) const = default;
};

enum class TokenSource { file, azure_managed_identity, entra_client_secret, entra_client_assertion };
[[nodiscard]] std::string_view to_string(TokenSource source);
[[nodiscard]] std::optional<TokenSource> parse_token_source(std::string_view word);

// The attributes of every method; each method uses its own (definition/ refuses the others).
struct AuthConfig {
    AuthMethod method = AuthMethod::default_chain;
    // access_key, assume_role
    SecretReference access_key_id;
    SecretReference secret_access_key;
    SecretReference session_token;
    // assume_role, web_identity
    std::string role_arn;
    std::string external_id;  // web_identity: accepted and reported as unused
    std::string session_name;
    // web_identity
    TokenSource token_source = TokenSource::file;
    std::string token_file;  // default: AWS_WEB_IDENTITY_TOKEN_FILE; client assertion:
                             // AZURE_FEDERATED_TOKEN_FILE
    std::string audience;    // expected `aud`; default by source (aws-facts 13)
    std::string tenant_id;   // Entra
    std::string client_id;   // Entra; managed identity: the user-assigned identity
    SecretReference client_secret;
    std::string scope;           // Entra; default "<client id>/.default"
    std::string resource;        // managed identity: the app id URI or GUID to ask for; default the audience
    std::string authority_host;  // Entra; default https://login.microsoftonline.com
    // default_chain
    std::string profile;
    // any method: further roles, one after the other
    std::vector<AssumeStep> assume;
    bool operator==(const AuthConfig&) const = default;
};

struct Platform {
    std::string name;
    PlatformType type = PlatformType::aws_glue;
    std::string region;
    std::string endpoint;  // override for every service of this platform; empty: AWS's own
    bool use_fips = false;
    bool use_dual_stack = false;
    AuthConfig auth;
    boost::json::object defaults;  // checked against the type's schema (attribute_schema.h)
    bool operator==(const Platform&) const = default;
};

}  // namespace polysync
