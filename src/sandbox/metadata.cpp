#include "sandbox/metadata.h"

#include <array>
#include <charconv>

#include <boost/json.hpp>

#include "sandbox/members.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view credentials_path = "/latest/meta-data/iam/security-credentials";
constexpr std::array<std::string_view, 6> imds_modes = {"on",           "off",       "no_role",
                                                        "unauthorized", "hop_limit", "stale"};
constexpr std::array<std::string_view, 3> azure_modes = {"on", "updating", "not_found"};

HttpAnswer plain(int status, std::string body) {
    HttpAnswer made;
    made.status = status;
    made.content_type = "text/plain";
    made.body = std::move(body);
    return made;
}

HttpAnswer reply(int status, const json::object& body) {
    HttpAnswer made;
    made.status = status;
    made.content_type = "application/json";
    made.body = json::serialize(body);
    return made;
}

std::string iso(SystemTime time) { return format_iso8601(std::chrono::floor<std::chrono::seconds>(time)); }

}  // namespace

void Metadata::reset() {
    behaviour_ = MetadataBehaviour();
    imds_token_.clear();
    shared_key_id_.clear();
}

Result<json::object> Metadata::change(const json::object& document) {
    auto next = behaviour_;
    std::size_t imds = 0, azure = 0;
    MemberReader reader(document, "metadata document");
    if (reader.word("imds", imds, imds_modes)) next.imds = imds_modes[imds];
    reader.text("instance_role", next.instance_role);
    reader.text("instance_region", next.instance_region);
    reader.text("container_authorization", next.container_authorization);
    if (reader.word("azure", azure, azure_modes)) next.azure = azure_modes[azure];
    reader.integer("entra_token_version", next.entra_token_version, 1, 2);
    reader.text("sso_access_token", next.sso_access_token);
    bool expire_imds_token = false;
    reader.flag("expire_imds_token", expire_imds_token);
    POLYSYNC_TRY(reader.finish());
    if (!world_.identities.find_role(sample_account, next.instance_role))
        return make_error(ErrorKind::invalid_input, "unknown_role",
                          "'instance_role' names no role of the sample account; add it with /_sandbox/roles");
    if (expire_imds_token) imds_token_.clear();
    if (next.instance_role != behaviour_.instance_role) shared_key_id_.clear();
    behaviour_ = next;
    return json::object{{"imds", next.imds},
                        {"instance_role", next.instance_role},
                        {"instance_region", next.instance_region},
                        {"container_authorization_required", !next.container_authorization.empty()},
                        {"azure", next.azure},
                        {"entra_token_version", next.entra_token_version}};
}

std::optional<HttpAnswer> Metadata::handle(const HttpRequest& request) {
    auto path = request.path;
    std::string_view kind;
    if (path.starts_with("/latest/"))
        kind = "imds";
    else if (path == "/v1/credentials" || path.starts_with("/v2/credentials"))
        kind = "container";
    else if (path == "/metadata/identity/oauth2/token")
        kind = "managed_identity";
    else if (path == "/msi/token")
        kind = "app_service_identity";
    else if (path.ends_with("/oauth2/v2.0/token"))
        kind = "entra";
    else if (path == "/federation/credentials")
        kind = "sso";
    else if (path == "/token")
        kind = "sso_token";
    else
        return std::nullopt;

    // Faults reach these endpoints too, as service "metadata" with these operations.
    for (auto* fault : world_.faults.take("metadata", kind)) {
        world_.books.count("metadata", kind, Outcome::faulted);
        auto made = plain(fault->status ? fault->status : 500, "Internal Server Error\n");
        made.delay = fault->delay;
        if (fault->retry_after.count() > 0)
            made.headers.emplace_back("Retry-After",
                                      std::to_string((fault->retry_after.count() + 999) / 1000));
        if (fault->kind == FaultKind::lost_answer || fault->kind == FaultKind::reset_before)
            made.delivery = Delivery::reset;
        if (fault->kind == FaultKind::garbage_body) made.status = 200, made.body = "{\"\x01<not an answer";
        return made;
    }
    HttpAnswer made;
    if (kind == "imds")
        made = imds(request);
    else if (kind == "container")
        made = container(request);
    else if (kind == "managed_identity")
        made = managed_identity(request, false);
    else if (kind == "app_service_identity")
        made = managed_identity(request, true);
    else if (kind == "entra")
        made = entra_token(path.substr(1, path.find('/', 1) - 1), request);
    else if (kind == "sso")
        made = sso_credentials(request);
    else
        made = sso_refresh(request);
    world_.books.count("metadata", kind, made.status == 200 ? Outcome::ok : Outcome::refused);
    return made;
}

HttpAnswer Metadata::imds(const HttpRequest& request) {
    if (behaviour_.imds == "off") return plain(404, "Not Found\n");
    if (request.path == "/latest/api/token") return imds_token(request);
    bool authorized = !imds_token_.empty() && request.header("x-aws-ec2-metadata-token") == imds_token_ &&
                      world_.times.wall() < imds_token_ends_;
    if (!authorized) return plain(401, "Unauthorized\n");  // also without a token: version 1 is off
    auto path = request.path;
    if (path == "/latest/meta-data/placement/region") return plain(200, behaviour_.instance_region);
    if (path.starts_with(credentials_path)) {
        if (behaviour_.imds == "no_role") return plain(404, "Not Found\n");
        path.remove_prefix(credentials_path.size());
        if (path.empty() || path == "/") return plain(200, behaviour_.instance_role);
        return instance_credentials(path.substr(1));
    }
    return plain(404, "Not Found\n");
}

HttpAnswer Metadata::imds_token(const HttpRequest& request) {
    if (request.method != "PUT") return plain(405, "Method Not Allowed\n");
    if (behaviour_.imds == "hop_limit") {  // the packet dies on its way back: the caller sees a time-out
        auto made = plain(504, "");
        made.delay = std::chrono::seconds(30);
        made.delivery = Delivery::reset;
        return made;
    }
    auto text = request.header("x-aws-ec2-metadata-token-ttl-seconds");
    int seconds = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (status != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > 21600)
        return plain(400, "Bad Request\n");
    imds_token_ = "AQAEA" +
                  world_.identities.random_text(50, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") +
                  "==";
    imds_token_ends_ = world_.times.wall() + std::chrono::seconds(seconds);
    auto made = plain(200, imds_token_);
    made.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", std::string(text));
    return made;
}

HttpAnswer Metadata::instance_credentials(std::string_view role) {
    auto now = world_.times.wall();
    if (behaviour_.imds == "unauthorized")
        return reply(200,
                     {{"Code", "AssumeRoleUnauthorizedAccess"},
                      {"Message", "EC2 cannot assume the role " + std::string(role.substr(0, 64)) +
                                      ".  Please see "
                                      "documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/"
                                      "troubleshoot_iam-ec2.html."},
                      {"LastUpdated", iso(now)}});
    if (role != behaviour_.instance_role) return plain(404, "Not Found\n");
    auto* key = shared_session(role);
    auto ends = behaviour_.imds == "stale" ? now - std::chrono::minutes(10) : *key->expires;
    return reply(200, {{"Code", "Success"},
                       {"LastUpdated", iso(now)},
                       {"Type", "AWS-HMAC"},
                       {"AccessKeyId", key->id},
                       {"SecretAccessKey", key->secret},
                       {"Token", key->session_token},
                       {"Expiration", iso(ends)}});
}

const AccessKey* Metadata::shared_session(std::string_view role_name) {
    auto now = world_.times.wall();
    auto lifetime = world_.settings.credential_lifetime.count() > 0 ? world_.settings.credential_lifetime
                                                                    : std::chrono::seconds(6 * 3600);
    auto* key = world_.identities.find_key(shared_key_id_);
    if (key && *key->expires - now > lifetime / 2) return key;
    auto* role = world_.identities.find_role(sample_account, role_name);
    if (!role) role = world_.identities.find_role(sample_account, "polysync-role");
    auto& made = world_.identities.issue(*role, "i-0123456789abcdef0", now, lifetime);
    shared_key_id_ = made.id;
    return &made;
}

HttpAnswer Metadata::container(const HttpRequest& request) {
    if (request.method != "GET") return reply(405, {{"code", "MethodNotAllowed"}, {"message", "Use GET"}});
    auto& wanted = behaviour_.container_authorization;
    if (!wanted.empty() && request.header("Authorization") != wanted)
        return reply(401,
                     {{"code", "AccessDenied"}, {"message", "Authorization header is missing or wrong"}});
    auto* key = shared_session(behaviour_.instance_role);
    return reply(200, {{"RoleArn", "arn:aws:iam::" + key->account + ":role/" + behaviour_.instance_role},
                       {"AccessKeyId", key->id},
                       {"SecretAccessKey", key->secret},
                       {"Token", key->session_token},
                       {"Expiration", iso(*key->expires)},
                       {"AccountId", key->account}});
}

HttpAnswer Metadata::sso_credentials(const HttpRequest& request) {
    auto refuse = [](int status, std::string_view code, std::string_view message) {
        auto made = reply(status, {{"message", message}});
        made.headers.emplace_back("x-amzn-ErrorType", code);
        return made;
    };
    if (request.header("x-amz-sso_bearer_token") != behaviour_.sso_access_token)
        return refuse(401, "UnauthorizedException", "Session token not found or invalid");
    std::string role_name, account;
    for (std::size_t at = 0; at < request.query.size();) {
        auto end = std::min(request.query.find('&', at), request.query.size());
        auto piece = request.query.substr(at, end - at);
        at = end + 1;
        auto mark = std::min(piece.find('='), piece.size());
        auto value = piece.substr(std::min(mark + 1, piece.size()));
        bool fine = true;
        if (piece.substr(0, mark) == "role_name") fine = percent_decode(value, true, role_name);
        if (piece.substr(0, mark) == "account_id") fine = percent_decode(value, true, account);
        if (!fine) return refuse(400, "InvalidRequestException", "Malformed query");
    }
    auto* role = world_.identities.find_role(account, role_name);
    if (!role) return refuse(403, "ForbiddenException", "No access");
    auto now = world_.times.wall();
    auto lifetime = world_.settings.credential_lifetime.count() > 0 ? world_.settings.credential_lifetime
                                                                    : std::chrono::seconds(3600);
    auto& key = world_.identities.issue(*role, "sso-user", now, lifetime);
    return reply(200, {{"roleCredentials",
                        {{"accessKeyId", key.id},
                         {"secretAccessKey", key.secret},
                         {"sessionToken", key.session_token},
                         {"expiration", key.expires->time_since_epoch().count()}}}});
}

HttpAnswer Metadata::sso_refresh(const HttpRequest& request) {
    json::error_code error;
    json::value parsed = json::parse({request.body.data(), request.body.size()}, error);
    auto text = [&](std::string_view name) -> std::string_view {
        auto* value = !error && parsed.is_object() ? parsed.get_object().if_contains(name) : nullptr;
        return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
    };
    if (text("grantType") != "refresh_token")
        return reply(400, {{"error", "unsupported_grant_type"},
                           {"error_description", "Only refresh_token is served"}});
    if (text("clientId").empty() || text("clientSecret").empty())
        return reply(401, {{"error", "invalid_client"}, {"error_description", "Invalid client"}});
    if (text("refreshToken").empty() || text("refreshToken") == "expired")
        return reply(400,
                     {{"error", "invalid_grant"}, {"error_description", "Invalid refresh token provided"}});
    return reply(200, {{"accessToken", behaviour_.sso_access_token},
                       {"tokenType", "Bearer"},
                       {"expiresIn", 28800},
                       {"refreshToken", "sandbox-refresh-token"}});
}

}  // namespace polysync::sandbox
