#include "aws/auth/sso_token_cache.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/secret.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;

std::string sha1_hex(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
    return out;
}

Result<json::object> read_object(const Environment& environment, std::string_view path) {
    auto text = environment.read_file(path, max_secret_bytes);
    if (!text) return text.error();
    json::error_code problem;
    json::value document = json::parse(text.value(), problem);
    if (!problem && document.is_object()) return std::move(document.as_object());
    return make_error(ErrorKind::credentials, "unreadable_cache", fmt::format("{} is no JSON object", path));
}

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->as_string());
}

// Old tools wrote "2020-01-02T03:04:05UTC".
std::optional<SystemTime> time_of(std::string text) {
    if (text.ends_with("UTC")) text.replace(text.size() - 3, 3, "Z");
    auto time = parse_iso8601(text);
    if (!time) return std::nullopt;
    return time.value();
}

}  // namespace

std::string sso_cache_path(std::string_view session_or_url) {
    return fmt::format("~/.aws/sso/cache/{}.json", sha1_hex(session_or_url));
}

Result<SsoToken> read_sso_token(const Environment& environment, std::string_view path) {
    POLYSYNC_TRY(json::object document, read_object(environment, path));
    SsoToken token;
    token.access_token = text_at(document, "accessToken");
    token.refresh_token = text_at(document, "refreshToken");
    token.client_id = text_at(document, "clientId");
    token.client_secret = text_at(document, "clientSecret");
    for (const std::string* secret : {&token.access_token, &token.refresh_token, &token.client_secret})
        register_secret(*secret, SecretLife::passing);
    token.registration_expires_at = time_of(text_at(document, "registrationExpiresAt"));
    auto expires_at = time_of(text_at(document, "expiresAt"));
    if (token.access_token.empty() || !expires_at) {
        return make_error(ErrorKind::credentials, "unreadable_cache",
                          fmt::format("{} holds no accessToken with expiresAt", path));
    }
    token.expires_at = *expires_at;
    return token;
}

Status store_sso_token(Environment& environment, std::string_view path, const SsoToken& token) {
    POLYSYNC_TRY(json::object document, read_object(environment, path));
    document["accessToken"] = token.access_token;
    document["expiresAt"] = format_iso8601(std::chrono::floor<std::chrono::seconds>(token.expires_at));
    if (!token.refresh_token.empty()) document["refreshToken"] = token.refresh_token;
    return environment.write_private_file(path, json::serialize(document));
}

}  // namespace polysync::aws
