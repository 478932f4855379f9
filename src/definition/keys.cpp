#include "definition/keys.h"

#include <array>

namespace polysync::definition {
namespace {

constexpr auto web = AuthMethod::web_identity;
constexpr auto key = AuthMethod::access_key;
constexpr auto role = AuthMethod::assume_role;

const std::vector<AuthKey>& auth_table() {
    using enum TokenSource;
    static const std::vector<AuthKey> table{
        {.name = "access_key_id",
         .secret = &AuthConfig::access_key_id,
         .uses = {{key, {}, true}, {role, {}, true}},
         .description = "Access key id."},
        {.name = "secret_access_key",
         .secret = &AuthConfig::secret_access_key,
         .confidential = true,
         .uses = {{key, {}, true}, {role, {}, true}},
         .description = "Secret access key: env://NAME, file://PATH or vault://vault/secret."},
        {.name = "session_token",
         .secret = &AuthConfig::session_token,
         .confidential = true,
         .uses = {{key, {}, false}, {role, {}, false}},
         .description = "Session token of temporary keys: env://, file:// or vault://."},
        {.name = "role_arn",
         .text = &AuthConfig::role_arn,
         .shape = ValueShape::arn,
         .uses = {{role, {}, true}, {web, {}, true}},
         .description = "ARN of the role to assume."},
        {.name = "external_id",
         .text = &AuthConfig::external_id,
         .uses = {{role, {}, false}, {web, {}, false}},
         .description = "External id that the role's trust policy asks for; web_identity cannot use it."},
        {.name = "session_name",
         .text = &AuthConfig::session_name,
         .uses = {{role, {}, false}, {web, {}, false}},
         .description = "Name of the role session, shown in CloudTrail."},
        {.name = "token_file",
         .text = &AuthConfig::token_file,
         .uses = {{web, file, false}, {web, entra_client_assertion, false}},
         .description = "File that holds the OIDC token; default AWS_WEB_IDENTITY_TOKEN_FILE "
                        "(client assertion: AZURE_FEDERATED_TOKEN_FILE)."},
        {.name = "audience",
         .text = &AuthConfig::audience,
         .uses = {{web, {}, false}},
         .description =
             "Audience that the token is expected to carry; by default sts.amazonaws.com for token "
             "files, the client id for Entra."},
        {.name = "tenant_id",
         .text = &AuthConfig::tenant_id,
         .uses = {{web, entra_client_secret, true}, {web, entra_client_assertion, false}},
         .description = "Entra tenant; default AZURE_TENANT_ID for a client assertion."},
        {.name = "client_id",
         .text = &AuthConfig::client_id,
         .uses = {{web, entra_client_secret, true},
                  {web, entra_client_assertion, false},
                  {web, azure_managed_identity, false}},
         .description = "Entra application; for azure_managed_identity the user-assigned identity."},
        {.name = "client_secret",
         .secret = &AuthConfig::client_secret,
         .confidential = true,
         .uses = {{web, entra_client_secret, true}},
         .description = "Secret of the Entra application: env://, file:// or vault://."},
        {.name = "scope",
         .text = &AuthConfig::scope,
         .uses = {{web, entra_client_secret, false}, {web, entra_client_assertion, false}},
         .description = "Scope to ask Entra for; default <client id>/.default."},
        {.name = "resource",
         .text = &AuthConfig::resource,
         .uses = {{web, azure_managed_identity, false}},
         .description = "App id URI or GUID that a managed identity asks a token for; default the audience."},
        {.name = "authority_host",
         .text = &AuthConfig::authority_host,
         .shape = ValueShape::url,
         .uses = {{web, entra_client_secret, false}, {web, entra_client_assertion, false}},
         .description = "Entra login host; default https://login.microsoftonline.com."},
        {.name = "profile",
         .text = &AuthConfig::profile,
         .uses = {{AuthMethod::default_chain, {}, false}},
         .description = "Profile of the shared AWS files."},
    };
    return table;
}

}  // namespace

const AuthUse* AuthKey::use(AuthMethod method, TokenSource source) const {
    for (const auto& candidate : uses) {
        if (candidate.method == method && (!candidate.source || *candidate.source == source))
            return &candidate;
    }
    return nullptr;
}

std::span<const PlatformKey> platform_keys() {
    static constexpr std::array<PlatformKey, 12> keys{{
        {"name", "Unique name of the platform.", true},
        {"type", "The AWS service.", true},
        {"region", "AWS region; every call goes there.", true},
        {"auth", "How to authenticate.", true},
        {"endpoint", "URL that replaces AWS's own endpoints for every service of this platform.", false},
        {"use_fips", "Use FIPS endpoints.", false},
        {"use_dual_stack", "Use dual-stack (IPv4 and IPv6) endpoints.", false},
        {"defaults", "Attributes of jobs that set none of their own.", false},
        {"owner", "Who answers for it: a team or an address.", false},
        {"description", "What it is for.", false},
        {"tags", "Words to find it by: key to value.", false},
        {"for_each", "Makes one platform per pair of account and region.", false},
    }};
    return keys;
}

std::span<const AuthKey> auth_keys() { return auth_table(); }

std::span<const std::string_view> assume_keys() {
    static constexpr std::array<std::string_view, 3> keys{"role_arn", "external_id", "session_name"};
    return keys;
}

std::vector<std::string> allowed_auth_keys(AuthMethod method, TokenSource source) {
    std::vector<std::string> allowed{"method"};
    if (method == AuthMethod::web_identity) allowed.emplace_back("token_source");
    for (const auto& candidate : auth_keys()) {
        if (candidate.use(method, source)) allowed.emplace_back(candidate.name);
    }
    allowed.emplace_back("assume");
    return allowed;
}

std::vector<std::string> platform_type_words() {
    using enum PlatformType;
    std::vector<std::string> words;
    for (auto type : {aws_glue, aws_batch, aws_sagemaker, aws_step_functions})
        words.emplace_back(to_string(type));
    return words;
}

std::vector<std::string> auth_method_words() {
    using enum AuthMethod;
    std::vector<std::string> words;
    for (auto method : {web_identity, access_key, assume_role, instance_profile, default_chain}) {
        words.emplace_back(to_string(method));
    }
    return words;
}

std::vector<std::string> token_source_words() {
    using enum TokenSource;
    std::vector<std::string> words;
    for (auto source : {file, azure_managed_identity, entra_client_secret, entra_client_assertion}) {
        words.emplace_back(to_string(source));
    }
    return words;
}

}  // namespace polysync::definition
