#include "sandbox/sts.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "sandbox/jwt.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view name) {
    auto* value = object.if_contains(name);
    if (!value || !value->is_string()) return {};
    return value->get_string();
}

struct RoleArn {
    std::string_view partition, account, name;
};

// "arn:aws:iam::123456789012:role/path/name"
std::optional<RoleArn> parse_role_arn(std::string_view arn) {
    std::array<std::string_view, 6> parts;
    for (std::size_t i = 0; i < 6; ++i) {
        auto end = i == 5 ? arn.size() : arn.find(':');
        if (end == std::string_view::npos) return std::nullopt;
        parts[i] = arn.substr(0, end);
        arn.remove_prefix(std::min(end + 1, arn.size()));
    }
    bool fine = parts[0] == "arn" && parts[1].starts_with("aws") && parts[2] == "iam" && parts[3].empty() &&
                parts[4].size() == 12 && parts[5].starts_with("role/") && parts[5].size() > 5;
    if (!fine) return std::nullopt;
    return RoleArn{parts[1], parts[4], parts[5].substr(parts[5].rfind('/') + 1)};
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

ServiceAnswer bad_token(std::string message) {
    return refuse("InvalidIdentityToken", std::move(message), 400);
}

std::optional<std::int64_t> seconds_of(const json::object& claims, std::string_view name) {
    auto* value = claims.if_contains(name);
    if (!value || !value->is_int64()) return std::nullopt;  // AWS: timestamps must be integers
    return value->get_int64();
}

// What the token says it is for: AWS compares `azp` instead of `aud` where there is one (aws-facts 13.2).
std::vector<std::string> audiences_of(const json::object& claims) {
    if (auto azp = text_of(claims, "azp"); !azp.empty()) return {std::string(azp)};
    auto* aud = claims.if_contains("aud");
    std::vector<std::string> found;
    if (aud && aud->is_string()) found.emplace_back(aud->get_string());
    if (aud && aud->is_array())
        for (auto& item : aud->get_array())
            if (item.is_string()) found.emplace_back(item.get_string());
    return found;
}

bool any_of(const std::vector<std::string>& wanted, const std::vector<std::string>& given) {
    return std::any_of(given.begin(), given.end(), [&](auto& one) { return contains(wanted, one); });
}

std::string_view without_scheme(std::string_view url) {
    return url.starts_with("https://") ? url.substr(8) : url;
}

ServiceAnswer check_claims(const Jwt& token, SystemTime now) {
    static constexpr std::string_view algorithms[] = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"};
    auto algorithm = text_of(token.header, "alg");
    if (std::find(std::begin(algorithms), std::end(algorithms), algorithm) == std::end(algorithms))
        return bad_token("The ID Token provided is not signed with a supported algorithm");
    for (std::string_view claim : {"iss", "sub", "aud"})
        if (!token.claims.contains(claim))
            return bad_token(fmt::format("Missing a required claim: {}", claim));
    auto expires = seconds_of(token.claims, "exp"), issued = seconds_of(token.claims, "iat");
    if (!expires) return bad_token("Missing a required claim: exp");
    if (!issued) return bad_token("Missing a required claim: iat");
    auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (*expires <= seconds)
        return refuse(
            "ExpiredTokenException",
            fmt::format("Token expired: current date/time {} must be before the expiration date/time {}",
                        seconds, *expires),
            400);
    auto not_before = seconds_of(token.claims, "nbf").value_or(*issued);
    if (not_before > seconds + 300) return bad_token("The ID Token provided is not valid yet");
    return {};
}

}  // namespace

ServiceAnswer Sts::handle(std::string_view operation, const json::object& input, const CallContext& context) {
    if (operation == "GetCallerIdentity") return caller_identity(context);
    if (operation == "AssumeRole") return assume_role(input, context);
    return assume_with_web_identity(input);
}

ServiceAnswer Sts::admin(std::string_view kind, const json::object&, const CallContext&) {
    return refuse("UnknownKind", fmt::format("sts has no '{}'; see /_sandbox/roles, /_sandbox/providers and "
                                             "/_sandbox/credentials",
                                             kind.substr(0, 64)));
}

ServiceAnswer Sts::caller_identity(const CallContext& context) {
    auto* key = identities_.find_key(context.access_key_id);
    return answer(
        {{"UserId", key ? key->user_id : ""}, {"Account", context.account}, {"Arn", context.caller_arn}});
}

ServiceAnswer Sts::assume_role(const json::object& input, const CallContext& context) {
    auto arn = text_of(input, "RoleArn");
    auto parsed = parse_role_arn(arn);
    if (!parsed) return refuse("ValidationError", fmt::format("{} is invalid", arn), 400);
    auto* role = identities_.find_role(parsed->account, parsed->name);
    bool trusted = role && parsed->partition == context.partition &&
                   (role->trusted_accounts.empty() ? role->account == context.account
                                                   : contains(role->trusted_accounts, context.account)) &&
                   (role->external_id.empty() || role->external_id == text_of(input, "ExternalId"));
    if (!trusted)
        return refuse("AccessDenied",
                      fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                                  context.caller_arn, arn),
                      403);
    auto* key = identities_.find_key(context.access_key_id);
    return session(*role, parsed->partition, input, key && key->is_role_session());
}

ServiceAnswer Sts::assume_with_web_identity(const json::object& input) {
    auto arn = text_of(input, "RoleArn");
    auto parsed = parse_role_arn(arn);
    if (!parsed) return refuse("ValidationError", "Request ARN is invalid", 400);
    auto token = decode_jwt(text_of(input, "WebIdentityToken"));
    if (!token)
        return bad_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
    if (auto refused = check_claims(token.value(), times_.wall()); refused.failed()) return refused;
    auto& claims = token.value().claims;
    auto issuer = text_of(claims, "iss");
    auto* provider = identities_.find_provider(parsed->account, issuer);
    if (!provider)
        return bad_token(fmt::format("No OpenIDConnect provider found in your account for {}", issuer));
    auto audiences = audiences_of(claims);
    if (!any_of(provider->audiences, audiences)) return bad_token("Incorrect token audience");

    auto* role = identities_.find_role(parsed->account, parsed->name);
    auto subject = text_of(claims, "sub");
    bool trusted = role && contains(role->trusted_issuers, without_scheme(issuer)) &&
                   (role->trusted_audiences.empty() || any_of(role->trusted_audiences, audiences)) &&
                   (role->trusted_subjects.empty() ||
                    std::any_of(role->trusted_subjects.begin(), role->trusted_subjects.end(),
                                [&](auto& pattern) { return matches(pattern, subject); }));
    if (!trusted)
        return refuse("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    auto made = session(*role, parsed->partition, input, false);
    if (made.failed()) return made;
    made.body["SubjectFromWebIdentityToken"] = subject;
    made.body["Provider"] = issuer;
    made.body["Audience"] = audiences.front();
    return made;
}

ServiceAnswer Sts::session(const Role& role, std::string_view partition, const json::object& input,
                           bool chained) {
    std::int64_t seconds = 3600;
    if (auto* given = input.if_contains("DurationSeconds"); given && given->is_int64())
        seconds = given->get_int64();
    if (chained && seconds > 3600)
        return refuse("ValidationError",
                      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
                      "role chaining",
                      400);
    if (seconds > role.max_session_seconds)
        return refuse("ValidationError",
                      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400);
    auto lifetime = settings_.credential_lifetime.count() > 0 ? settings_.credential_lifetime
                                                              : std::chrono::seconds(seconds);
    auto now = times_.wall();
    auto& key = identities_.issue(role, text_of(input, "RoleSessionName"), now, lifetime);
    json::object body{
        {"Credentials",
         {{"AccessKeyId", key.id},
          {"SecretAccessKey", key.secret},
          {"SessionToken", key.session_token},
          {"Expiration", format_iso8601(std::chrono::floor<std::chrono::seconds>(*key.expires))}}},
        {"AssumedRoleUser", {{"AssumedRoleId", key.user_id}, {"Arn", key.arn(partition)}}}};
    if (input.contains("Policy") || input.contains("PolicyArns")) body["PackedPolicySize"] = 6;
    if (auto source = text_of(input, "SourceIdentity"); !source.empty()) body["SourceIdentity"] = source;
    return answer(std::move(body));
}

}  // namespace polysync::sandbox
