// IAM Identity Center: the token that `aws sso login` left here, exchanged for a role's keys (aws-facts 9.3).
#include <fmt/format.h>

#include "aws/auth/fetch.h"
#include "aws/auth/sources.h"
#include "aws/auth/sso_token_cache.h"
#include "aws/core/json_reader.h"
#include "aws/core/json_text.h"
#include "aws/core/operation.h"
#include "base/log.h"

namespace polysync::aws {
namespace {

constexpr ServiceInfo portal{"sso", "SSO", "awsssoportal", "portal.sso", Protocol::rest_json, "", ""};
constexpr ServiceInfo oidc{"sso-oidc", "SSO_OIDC", "sso-oauth", "oidc", Protocol::rest_json, "", ""};
constexpr Millis refresh_ahead = std::chrono::minutes(15);

struct RoleAnswer {
    std::string access_key_id, secret_access_key, session_token;
    std::optional<SystemTime> expiration;
};

void read_expiration(RoleAnswer& answer, JsonValue& value) { value.read_millis(answer.expiration); }

const ObjectShape& keys_shape() {
    static const ObjectShape shape{field<&RoleAnswer::access_key_id>("accessKeyId"),
                                   field<&RoleAnswer::secret_access_key>("secretAccessKey"),
                                   field<&RoleAnswer::session_token>("sessionToken"),
                                   custom_field<RoleAnswer, &read_expiration>("expiration")};
    return shape;
}

const ObjectShape& role_shape() {
    static const ObjectShape shape{flattened_field<&keys_shape>("roleCredentials")};
    return shape;
}

struct TokenAnswer {
    std::string access_token, refresh_token;
    long long expires_in_s = 0;
};

const ObjectShape& token_shape() {
    static const ObjectShape shape{field<&TokenAnswer::access_token>("accessToken"),
                                   field<&TokenAnswer::refresh_token>("refreshToken"),
                                   field<&TokenAnswer::expires_in_s>("expiresIn")};
    return shape;
}

class SsoSource final : public CredentialsSource {
  public:
    SsoSource(SsoConfig config, const SourceContext& context)
        : config_(std::move(config)), auth_(context.auth), endpoints_(context.endpoints) {
        endpoints_.region = config_.region;
        path_ = sso_cache_path(config_.session_name.empty() ? config_.start_url : config_.session_name);
    }

    Async<Result<Credentials>> fetch() override {
        POLYSYNC_CO_TRY(SsoToken token, co_await current_token());
        POLYSYNC_CO_TRY(std::string base, url_of(portal));
        http::Request request;
        request.url = fmt::format("{}/federation/credentials?role_name={}&account_id={}", base,
                                  percent_encoded(config_.role_name), percent_encoded(config_.account_id));
        request.headers.push_back({"x-amz-sso_bearer_token", token.access_token});
        request.timeout = std::chrono::seconds(15);
        FetchRules rules;
        rules.attempts = 3;
        rules.doubling = true;
        Result<http::Response> answer = co_await aws::fetch(auth_, std::move(request), rules);
        if (!answer) co_return std::move(answer).error();
        co_return read(std::move(answer).value());
    }

  private:
    Result<std::string> url_of(const ServiceInfo& service) const {
        Operation operation;
        operation.service = &service;
        POLYSYNC_TRY(Endpoint endpoint, resolve_endpoint(endpoints_, operation));
        return std::move(endpoint.url);
    }

    [[nodiscard]] Error log_in_again(std::string why) const {
        std::string how = config_.session_name.empty()
                              ? fmt::format("aws sso login --profile {}", config_.profile)
                              : fmt::format("aws sso login --sso-session {}", config_.session_name);
        return make_error(ErrorKind::credentials, "sso_login_needed", std::move(why),
                          fmt::format("Run: {}", how));
    }

    Async<Result<SsoToken>> current_token() {
        Result<SsoToken> token = read_sso_token(auth_.environment, path_);
        if (!token && token.error().kind == ErrorKind::not_found) {
            co_return log_in_again(
                fmt::format("There is no SSO token of profile {} ({})", config_.profile, path_));
        }
        if (!token) co_return token;
        SystemTime now = auth_.clock.now();
        bool valid = now < token.value().expires_at;
        if (valid && now < token.value().expires_at - refresh_ahead) co_return token;
        if (can_refresh(token.value(), now)) {
            Result<SsoToken> fresh = co_await refresh(token.value());
            if (fresh || !valid) co_return fresh;
            log::warn("the SSO token of profile {} could not be refreshed: {}", config_.profile,
                      fresh.error().describe());
        }
        if (valid) co_return token;
        co_return log_in_again(fmt::format("The SSO token of profile {} has expired", config_.profile));
    }

    [[nodiscard]] bool can_refresh(const SsoToken& token, SystemTime now) const {
        bool registered = !token.registration_expires_at || now < *token.registration_expires_at;
        return !config_.session_name.empty() && registered && !token.refresh_token.empty() &&
               !token.client_id.empty() && !token.client_secret.empty();
    }

    Async<Result<SsoToken>> refresh(SsoToken token) {
        POLYSYNC_CO_TRY(std::string base, url_of(oidc));
        JsonObject body;
        body.add("clientId", token.client_id).add("clientSecret", token.client_secret);
        body.add("grantType", "refresh_token").add("refreshToken", token.refresh_token);
        http::Request request;
        request.method = "POST";
        request.url = base + "/token";
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = std::move(body).text();
        request.timeout = std::chrono::seconds(15);
        // Not repeated: a refresh token may be good for one use only.
        Result<http::Response> sent = co_await aws::fetch(auth_, std::move(request), FetchRules());
        if (!sent) co_return std::move(sent).error();
        if (sent.value().status != 200) {
            if (sent.value().status >= 500 || sent.value().status == 429) {
                co_return make_error(ErrorKind::transient, "sso_unavailable",
                                     fmt::format("SSO answered {}", sent.value().status));
            }
            co_return log_in_again(fmt::format("The SSO session of profile {} has ended", config_.profile));
        }
        auto answer = decode_json<TokenAnswer>(sent.value().body, token_shape());
        if (!answer || answer.value().access_token.empty()) {
            co_return make_error(ErrorKind::credentials, "unreadable_answer", "SSO gave no accessToken");
        }
        token.access_token = answer.value().access_token;
        if (!answer.value().refresh_token.empty()) token.refresh_token = answer.value().refresh_token;
        long long lifetime_s = std::min(std::max(answer.value().expires_in_s, 0LL), 31'536'000LL);
        token.expires_at = auth_.clock.now() + std::chrono::seconds(lifetime_s);
        register_secret(token.access_token, SecretLife::passing);
        register_secret(token.refresh_token, SecretLife::passing);
        Status stored = store_sso_token(auth_.environment, path_, token);
        if (!stored) log::warn("the new SSO token could not be stored: {}", stored.error().describe());
        co_return token;
    }

    Result<Credentials> read(http::Response response) const {
        if (response.status == 401) {
            return log_in_again(
                fmt::format("SSO no longer accepts the token of profile {}", config_.profile));
        }
        if (response.status >= 500 || response.status == 429) {
            return make_error(ErrorKind::transient, "sso_unavailable",
                              fmt::format("SSO answered {}", response.status));
        }
        if (response.status != 200) {
            return make_error(ErrorKind::access_denied, "sso_refused",
                              fmt::format("SSO answered {} for role {} of account {}", response.status,
                                          config_.role_name, config_.account_id),
                              "Check sso_account_id and sso_role_name, and that the user is assigned to that "
                              "permission set.");
        }
        auto answer = decode_json<RoleAnswer>(response.body, role_shape());
        if (!answer || answer.value().access_key_id.empty() || answer.value().secret_access_key.empty()) {
            return make_error(ErrorKind::credentials, "unreadable_answer", "SSO gave no roleCredentials");
        }
        register_secret(answer.value().secret_access_key, SecretLife::passing);
        register_secret(answer.value().session_token, SecretLife::passing);
        Credentials keys;
        keys.access_key_id = std::move(answer.value().access_key_id);
        keys.secret_access_key = Secret(std::move(answer.value().secret_access_key));
        keys.session_token = Secret(std::move(answer.value().session_token));
        keys.expiration = answer.value().expiration;
        keys.source = fmt::format("SSO role {} of account {} (profile {})", config_.role_name,
                                  config_.account_id, config_.profile);
        return keys;
    }

    SsoConfig config_;
    AuthEnvironment& auth_;
    EndpointOptions endpoints_;
    std::string path_;
};

}  // namespace

SourcePtr make_sso(SsoConfig config, const SourceContext& context) {
    return std::make_unique<SsoSource>(std::move(config), context);
}

}  // namespace polysync::aws
