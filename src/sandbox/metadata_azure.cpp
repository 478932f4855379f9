// Entra's half of the metadata endpoints: tokens that STS takes in AssumeRoleWithWebIdentity.
#include <boost/json.hpp>

#include "sandbox/jwt.h"
#include "sandbox/metadata.h"
#include "sandbox/query.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

constexpr std::int64_t token_lifetime_seconds = 3599;

HttpAnswer reply(int status, const json::object& body) {
    HttpAnswer made;
    made.status = status;
    made.content_type = "application/json; charset=utf-8";
    made.body = json::serialize(body);
    return made;
}

HttpAnswer oauth_error(int status, std::string_view error, std::string_view description) {
    return reply(status, {{"error", error}, {"error_description", description}});
}

HttpAnswer entra_error(int status, std::string_view error, std::int64_t number, std::string_view text,
                       SystemTime now) {
    return reply(status, {{"error", error},
                          {"error_description", "AADSTS" + std::to_string(number) + ": " + std::string(text)},
                          {"error_codes", json::array{number}},
                          {"timestamp", format_iso8601(now)},
                          {"trace_id", "00000000-0000-0000-0000-000000000000"},
                          {"correlation_id", "00000000-0000-0000-0000-000000000000"}});
}

// "api://<guid>" and "<guid>/.default" name the resource app <guid>.
std::string_view resource_app(std::string_view resource) {
    if (resource.starts_with("api://")) resource.remove_prefix(6);
    while (resource.ends_with('/')) resource.remove_suffix(1);
    return resource;
}

}  // namespace

std::string Metadata::entra_jwt(std::string_view tenant, std::string_view client,
                                std::string_view audience) const {
    auto now = std::chrono::floor<std::chrono::seconds>(world_.times.wall()).time_since_epoch().count();
    bool second = behaviour_.entra_token_version == 2;
    auto issuer = second ? "https://login.microsoftonline.com/" + std::string(tenant) + "/v2.0"
                         : "https://sts.windows.net/" + std::string(tenant) + "/";
    static constexpr std::string_view object_id = "44444444-5555-6666-7777-888888888888";
    return make_jwt({{"aud", second ? resource_app(audience) : audience},
                     {"iss", issuer},
                     {"iat", now - 5},
                     {"nbf", now - 5},
                     {"exp", now + token_lifetime_seconds},
                     {second ? "azp" : "appid", client},
                     {"oid", object_id},
                     {"sub", object_id},
                     {"tid", tenant},
                     {"ver", second ? "2.0" : "1.0"}});
}

HttpAnswer Metadata::managed_identity(const HttpRequest& request, bool app_service) {
    bool allowed = app_service ? request.header("X-IDENTITY-HEADER") == sample_identity_header
                               : same_ignoring_case(request.header("Metadata"), "true");
    if (!allowed)
        return oauth_error(app_service ? 401 : 400, "invalid_request",
                           "Required metadata header not specified");
    if (behaviour_.azure == "updating") return reply(410, {});
    auto form = parse_form(request.query);
    if (!form) return oauth_error(400, "invalid_request", "Malformed query");
    auto resource = form_field(form.value(), "resource");
    if (form_field(form.value(), "api-version").empty())
        return oauth_error(400, "bad_request_102", "Required audience parameter api-version not specified");
    if (resource.empty())
        return oauth_error(400, "invalid_resource", "Required audience parameter not specified");
    auto client = form_field(form.value(), "client_id");
    bool unknown =
        behaviour_.azure == "not_found" || (!client.empty() && client != sample_identity_client_id);
    if (unknown) return oauth_error(400, "invalid_request", "Identity not found");
    auto now = std::chrono::floor<std::chrono::seconds>(world_.times.wall()).time_since_epoch().count();
    return reply(200, {{"access_token", entra_jwt(sample_tenant, sample_identity_client_id, resource)},
                       {"client_id", sample_identity_client_id},
                       {"expires_in", std::to_string(token_lifetime_seconds)},
                       {"expires_on", std::to_string(now + token_lifetime_seconds)},
                       {"ext_expires_in", std::to_string(token_lifetime_seconds)},
                       {"not_before", std::to_string(now - 5)},
                       {"resource", resource},
                       {"token_type", "Bearer"}});
}

HttpAnswer Metadata::entra_token(std::string_view tenant, const HttpRequest& request) {
    auto now = world_.times.wall();
    auto parsed = parse_form(request.body);
    if (request.method != "POST" || !parsed)
        return entra_error(400, "invalid_request", 900144, "The request body must be a form.", now);
    auto field = [&](std::string_view name) { return form_field(parsed.value(), name); };
    if (tenant != sample_tenant)
        return entra_error(400, "invalid_request", 90002,
                           "Tenant '" + std::string(tenant.substr(0, 64)) + "' not found.", now);
    if (field("grant_type") != "client_credentials")
        return entra_error(400, "unsupported_grant_type", 70003,
                           "The app requested an unsupported grant type.", now);
    auto client = field("client_id");
    if (client != sample_client_id)
        return entra_error(400, "unauthorized_client", 700016,
                           "Application with identifier '" + std::string(client.substr(0, 64)) +
                               "' was not found in the directory.",
                           now);
    auto assertion = field("client_assertion");
    if (!assertion.empty()) {
        auto token = decode_jwt(assertion);
        if (field("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" ||
            !token)
            return entra_error(401, "invalid_client", 50027, "JWT token is invalid or malformed.", now);
        auto* expires = token.value().claims.if_contains("exp");
        auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
        if (!expires || !expires->is_int64() || expires->get_int64() <= seconds)
            return entra_error(401, "invalid_client", 700024,
                               "Client assertion is not within its valid time range.", now);
    } else if (field("client_secret") != sample_client_secret) {
        return entra_error(401, "invalid_client", 7000215, "Invalid client secret provided.", now);
    }
    auto scope = field("scope");
    static constexpr std::string_view suffix = "/.default";
    if (!scope.ends_with(suffix))
        return entra_error(
            400, "invalid_scope", 1002012,
            "The provided value for scope is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier.",
            now);
    scope.remove_suffix(suffix.size());
    return reply(200, {{"token_type", "Bearer"},
                       {"expires_in", token_lifetime_seconds},
                       {"ext_expires_in", token_lifetime_seconds},
                       {"access_token", entra_jwt(tenant, client, scope)}});
}

}  // namespace polysync::sandbox
