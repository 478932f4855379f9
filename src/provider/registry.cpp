#include "provider/registry.h"

#include <fmt/format.h>

#include "aws/config/settings.h"
#include "aws/core/connection.h"
#include "aws/core/endpoints.h"
#include "aws/core/limiter_registry.h"
#include "provider/arn.h"
#include "provider/parts.h"

namespace polysync {

namespace {

aws::IdentityMethod to_aws(AuthMethod method) {
    switch (method) {
        case AuthMethod::web_identity:
            return aws::IdentityMethod::web_identity;
        case AuthMethod::access_key:
            return aws::IdentityMethod::access_key;
        case AuthMethod::assume_role:
            return aws::IdentityMethod::assume_role;
        case AuthMethod::instance_profile:
            return aws::IdentityMethod::instance_profile;
        case AuthMethod::default_chain:
            return aws::IdentityMethod::default_chain;
    }
    return aws::IdentityMethod::default_chain;
}

aws::WebTokenOrigin to_aws(TokenSource source) {
    switch (source) {
        case TokenSource::file:
            return aws::WebTokenOrigin::file;
        case TokenSource::azure_managed_identity:
            return aws::WebTokenOrigin::azure_managed_identity;
        case TokenSource::entra_client_secret:
            return aws::WebTokenOrigin::entra_client_secret;
        case TokenSource::entra_client_assertion:
            return aws::WebTokenOrigin::entra_client_assertion;
    }
    return aws::WebTokenOrigin::file;
}

std::unique_ptr<Provider> make_typed(ProviderParts parts) {
    switch (parts.platform.type) {
        case PlatformType::aws_glue:
            return make_glue_provider(std::move(parts));
        case PlatformType::aws_batch:
            return make_batch_provider(std::move(parts));
        case PlatformType::aws_sagemaker:
            return make_sagemaker_provider(std::move(parts));
        case PlatformType::aws_step_functions:
            return make_step_functions_provider(std::move(parts));
    }
    return nullptr;
}

TokenInspection to_inspection(const aws::TokenClaims& claims, const AuthConfig& auth) {
    TokenInspection inspection;
    inspection.claims.issuer = claims.iss;
    inspection.claims.audience = claims.aud;
    inspection.claims.authorized_party = claims.azp.empty() ? claims.appid : claims.azp;
    inspection.claims.subject = claims.sub;
    inspection.claims.object_id = claims.oid;
    inspection.expires_at = claims.exp;
    inspection.source = to_string(auth.token_source);
    return inspection;
}

Async<Result<TokenInspection>> inspect_token(AuthConfig auth, aws::IdentityConfig identity,
                                             aws::AuthEnvironment& environment) {
    Result<aws::TokenClaims> claims = co_await aws::inspect_web_token(std::move(identity), environment);
    if (!claims) co_return claims.error();
    co_return to_inspection(claims.value(), auth);
}

// The platform's own region, else what AWS's tools would use.
Result<std::string> region_of(const Platform& platform, const aws::Settings& settings) {
    if (!platform.region.empty()) return platform.region;
    if (!settings.region.empty()) return settings.region;
    return make_error(ErrorKind::invalid_input, "no_region",
                      fmt::format("platform '{}' has no region", platform.name),
                      "Set its region, or AWS_REGION.");
}

}  // namespace

aws::IdentityConfig identity_of(const Platform& platform) {
    const AuthConfig& auth = platform.auth;
    aws::IdentityConfig identity;
    identity.method = to_aws(auth.method);
    identity.access_key_id = auth.access_key_id.text;
    identity.secret_access_key = auth.secret_access_key.text;
    identity.session_token = auth.session_token.text;
    identity.role = {auth.role_arn, auth.external_id, auth.session_name};
    identity.token_origin = to_aws(auth.token_source);
    identity.token_file = auth.token_file;
    identity.audience = auth.audience;
    identity.tenant_id = auth.tenant_id;
    identity.client_id = auth.client_id;
    identity.client_secret = auth.client_secret.text;
    identity.scope = auth.scope;
    identity.resource = auth.resource;
    identity.authority_host = auth.authority_host;
    identity.profile = auth.profile;
    for (const AssumeStep& step : auth.assume)
        identity.assume.push_back({step.role_arn, step.external_id, step.session_name});
    identity.region = platform.region;
    identity.endpoint = platform.endpoint;
    identity.use_fips = platform.use_fips;
    identity.use_dual_stack = platform.use_dual_stack;
    return identity;
}

TokenInspector token_inspector(const Platform& platform, aws::AuthEnvironment& environment) {
    return [config = platform.auth, identity = identity_of(platform), &environment] {
        return inspect_token(config, identity, environment);
    };
}

Result<std::unique_ptr<Provider>> make_provider(const Platform& platform, ProviderEnvironment& environment) {
    aws::AuthEnvironment& auth = environment.auth;
    POLYSYNC_TRY(auto settings, aws::identity_settings(identity_of(platform), auth.environment));
    POLYSYNC_TRY(auto region, region_of(platform, settings));
    POLYSYNC_TRY(auto retry, aws::read_retry_settings(settings.retry_mode, settings.max_attempts,
                                                      settings.disable_clock_skew_correction));
    ProviderParts parts;
    parts.platform = platform;
    parts.platform.region = region;
    parts.clock = &auth.clock;
    parts.random = &auth.random;
    aws::IdentityConfig identity = identity_of(parts.platform);
    POLYSYNC_TRY(auto credentials, environment.credentials.get(identity));
    if (platform.auth.method == AuthMethod::web_identity)
        parts.inspect_token = token_inspector(parts.platform, auth);

    aws::ConnectionParts connection;
    connection.platform = platform.name;
    connection.region = region;
    // Known before the first call, so that the platforms of one account share its rate limits from the start.
    connection.account = account_of_role(platform.auth);
    connection.asks_for_account = environment.asks_for_accounts;
    connection.endpoint_of = aws::make_endpoint_resolver(aws::endpoint_options(
        region, platform.endpoint, platform.use_fips, platform.use_dual_stack, settings));
    connection.credentials = std::move(credentials);
    connection.http = &auth.http;
    connection.clock = &auth.clock;
    connection.random = &auth.random;
    connection.limiters = &environment.limiters;
    connection.retry = retry;
    connection.user_agent = auth.user_agent;
    parts.connection = aws::Connection::make(std::move(connection));
    return make_typed(std::move(parts));
}

}  // namespace polysync
