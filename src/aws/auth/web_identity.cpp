// sts:AssumeRoleWithWebIdentity: a workload's own token instead of long-lived keys (aws-facts 6, 13.2).
#include <fmt/format.h>

#include "aws/auth/jwt.h"
#include "aws/auth/sts_access.h"

namespace polysync::aws {
namespace {

std::string remedy_for(const Error& error, const Result<TokenClaims>& claims) {
    if (error.code == "InvalidIdentityToken" && claims) {
        std::string audience =
            claims.value().aud.empty() ? std::string("(none)") : claims.value().aud.front();
        std::string remedy =
            fmt::format("IAM needs an OIDC provider whose URL is exactly {} and whose client ids hold {}.",
                        claims.value().iss, audience);
        // A v2.0 Entra token that one app got for another is compared by `azp` (aws-facts 13.2).
        if (!claims.value().azp.empty() && claims.value().azp != audience) {
            remedy += fmt::format(" List {} too, or ask for a token of the app's own client id.",
                                  claims.value().azp);
        }
        return remedy;
    }
    if (error.code == "ExpiredTokenException" || error.code == "ExpiredToken") {
        return "The token has expired: see to it that whatever writes it keeps it fresh, and check this "
               "machine's clock.";
    }
    if (error.kind == ErrorKind::access_denied) {
        return "The role's trust policy must allow sts:AssumeRoleWithWebIdentity to that provider, with "
               "conditions that match the "
               "token's aud and sub.";
    }
    return error.remedy;
}

class WebIdentitySource final : public CredentialsSource {
  public:
    WebIdentitySource(RoleConfig role, WebTokenSourcePtr tokens, const SourceContext& context)
        : role_(std::move(role)), tokens_(std::move(tokens)), sts_(make_sts_client(context, nullptr)) {}

    Async<Result<Credentials>> fetch() override {
        POLYSYNC_CO_TRY(check_role(role_));
        POLYSYNC_CO_TRY(Secret token, co_await tokens_->token());
        Result<TokenClaims> claims = decode_jwt(token.reveal());
        if (token.reveal().size() < 4 || token.reveal().size() > 20'000) {
            co_return make_error(
                ErrorKind::credentials, "bad_token",
                fmt::format("The token of {} must have 4 to 20,000 characters", tokens_->describe()));
        }
        sts::WebIdentityRequest request;
        request.role_arn = role_.step.role_arn;
        request.session_name = session_name_of(role_);
        request.token = std::move(token);
        request.duration_seconds = role_.duration_seconds;
        Result<sts::AssumedRole> assumed = co_await sts_.assume_role_with_web_identity(std::move(request));
        if (!assumed) co_return explained(std::move(assumed).error(), claims);
        Credentials keys = std::move(assumed).value().credentials;
        keys.source = fmt::format("role {} through {}", role_.step.role_arn, tokens_->describe());
        co_return keys;
    }

  private:
    Error explained(Error error, const Result<TokenClaims>& claims) const {
        error.remedy = remedy_for(error, claims);
        error.message = fmt::format(
            "role {} could not be assumed through {} ({}): {}", role_.step.role_arn, tokens_->describe(),
            claims ? claims.value().describe() : claims.error().message, error.message);
        return error;
    }

    RoleConfig role_;
    WebTokenSourcePtr tokens_;
    StsClient sts_;
};

}  // namespace

WebTokenSourcePtr make_web_token(const IdentityConfig& config, const SourceContext& context) {
    switch (config.token_origin) {
        case WebTokenOrigin::azure_managed_identity:
            return make_azure_managed_identity(config, context);
        case WebTokenOrigin::entra_client_secret:
        case WebTokenOrigin::entra_client_assertion:
            return make_entra_token(config, context);
        case WebTokenOrigin::file:
            break;
    }
    return make_token_file(config.token_file, "token_file", context);
}

SourcePtr make_web_identity(RoleConfig role, WebTokenSourcePtr tokens, const SourceContext& context) {
    return std::make_unique<WebIdentitySource>(std::move(role), std::move(tokens), context);
}

}  // namespace polysync::aws
