#include "aws/auth/make_credentials.h"

#include <fmt/format.h>

#include "aws/auth/cached_credentials.h"
#include "aws/auth/sources.h"
#include "aws/auth/sts_access.h"
#include "base/log.h"

namespace polysync::aws {
namespace {

std::shared_ptr<CredentialsProvider> cached(SourcePtr source, AuthEnvironment& auth) {
    return std::make_shared<CachedCredentials>(std::move(source), auth.clock, auth.random);
}

StaticKeys keys_of(const IdentityConfig& config) {
    return {config.access_key_id, config.secret_access_key, config.session_token,
            "access key of the platform"};
}

Result<SourcePtr> web_identity_source(const IdentityConfig& config, const SourceContext& context) {
    RoleConfig role;
    role.step = config.role;
    if (!role.step.external_id.empty()) {
        log::warn("the external id is not used: sts:AssumeRoleWithWebIdentity takes none");
        role.step.external_id.clear();
    }
    if (role.step.role_arn.empty()) role.step.role_arn = context.auth.environment.value("AWS_ROLE_ARN");
    POLYSYNC_TRY(check_role(role));
    return make_web_identity(std::move(role), make_web_token(config, context), context);
}

Result<SourcePtr> assume_role_source(const IdentityConfig& config, const SourceContext& context) {
    RoleConfig role;
    role.step = config.role;
    POLYSYNC_TRY(check_role(role));
    return make_assume_role(std::move(role), cached(make_static_keys(keys_of(config), context), context.auth),
                            context);
}

Result<SourcePtr> first_source(const IdentityConfig& config, const SourceContext& context) {
    switch (config.method) {
        case IdentityMethod::access_key:
            return make_static_keys(keys_of(config), context);
        case IdentityMethod::assume_role:
            return assume_role_source(config, context);
        case IdentityMethod::web_identity:
            return web_identity_source(config, context);
        case IdentityMethod::instance_profile:
            return make_instance_profile(context);
        case IdentityMethod::default_chain:
            break;
    }
    return make_default_chain(config.profile, context);
}

IdentityConfig with_audience(IdentityConfig config, const Environment& environment) {
    if (config.audience.empty()) config.audience = expected_audience(config, environment);
    return config;
}

}  // namespace

std::string expected_audience(const IdentityConfig& config, const Environment& environment) {
    if (!config.audience.empty()) return config.audience;
    switch (config.token_origin) {
        case WebTokenOrigin::file:
            return "sts.amazonaws.com";
        case WebTokenOrigin::azure_managed_identity:
            return config.resource;
        case WebTokenOrigin::entra_client_secret:
        case WebTokenOrigin::entra_client_assertion:
            break;
    }
    return config.client_id.empty() ? environment.value("AZURE_CLIENT_ID") : config.client_id;
}

Result<Settings> identity_settings(const IdentityConfig& config, const Environment& environment) {
    SharedFiles files = load_shared_files(environment);
    auto settings = read_settings(environment, files, config.profile);
    bool follows_profile = config.method == IdentityMethod::default_chain;
    if (!settings && !follows_profile && settings.error().kind == ErrorKind::not_found) {
        return read_settings(environment, files, "default");
    }
    return settings;
}

Result<EndpointOptions> identity_endpoints(const IdentityConfig& config, const Environment& environment) {
    auto settings = identity_settings(config, environment);
    if (!settings && settings.error().kind == ErrorKind::not_found) {
        settings.error().kind = ErrorKind::invalid_input;
    }
    if (!settings) return settings.error();
    return endpoint_options(config.region, config.endpoint, config.use_fips, config.use_dual_stack,
                            settings.value());
}

Result<std::shared_ptr<CredentialsProvider>> make_credentials(const IdentityConfig& config,
                                                              AuthEnvironment& auth) {
    POLYSYNC_TRY(EndpointOptions endpoints, identity_endpoints(config, auth.environment));
    SourceContext context{auth, std::move(endpoints)};
    POLYSYNC_TRY(SourcePtr source, first_source(with_audience(config, auth.environment), context));
    auto provider = cached(std::move(source), auth);
    for (std::size_t i = 0; i < config.assume.size(); ++i) {
        RoleConfig role;
        role.step = config.assume[i];
        role.attribute = fmt::format("assume[{}].role_arn", i);
        POLYSYNC_TRY(check_role(role));
        provider = cached(make_assume_role(std::move(role), std::move(provider), context), auth);
    }
    return provider;
}

Async<Result<TokenClaims>> inspect_web_token(IdentityConfig config, AuthEnvironment& auth) {
    if (config.method != IdentityMethod::web_identity) {
        co_return make_error(ErrorKind::invalid_input, "no_token", "Only web_identity has a token");
    }
    POLYSYNC_CO_TRY(EndpointOptions endpoints, identity_endpoints(config, auth.environment));
    SourceContext context{auth, std::move(endpoints)};
    WebTokenSourcePtr tokens = make_web_token(with_audience(std::move(config), auth.environment), context);
    POLYSYNC_CO_TRY(Secret token, co_await tokens->token());
    co_return decode_jwt(token.reveal());
}

Result<std::shared_ptr<CredentialsProvider>> CredentialsCache::get(const IdentityConfig& config) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.provider.expired(); });
    for (const Entry& entry : entries_) {
        auto provider = entry.provider.lock();
        if (provider && entry.config == config) return provider;
    }
    POLYSYNC_TRY(auto provider, make_credentials(config, auth_));
    entries_.push_back({config, provider});
    return provider;
}

}  // namespace polysync::aws
