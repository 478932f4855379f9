#include "aws/auth/jwt.h"

#include <fmt/format.h>

#include "aws/core/json_reader.h"

namespace polysync::aws {
namespace {

constexpr std::size_t max_token_bytes = 20'000;  // STS takes no longer one

Error no_jwt(std::string_view why) {
    return make_error(ErrorKind::invalid_input, "bad_token", fmt::format("The token is no JWT: {}", why));
}

int base64url_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-' || c == '+') return 62;
    if (c == '_' || c == '/') return 63;
    return -1;
}

Result<std::string> decode_base64url(std::string_view text) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    std::string out;
    out.reserve(text.size() * 3 / 4 + 64);
    unsigned bits = 0;
    int count = 0;
    for (char c : text) {
        int value = base64url_value(c);
        if (value < 0) return no_jwt("its payload is not base64url");
        bits = (bits << 6 | unsigned(value)) & 0xFFFFFF;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += char(bits >> count & 0xFF);
        }
    }
    if (text.size() % 4 == 1) return no_jwt("its payload is not base64url");
    return out;
}

void read_audience(TokenClaims& claims, JsonValue& value) {
    value.read(claims.aud);  // a list; anything else leaves it empty
    if (!claims.aud.empty()) return;
    std::string one;
    value.read(one);
    if (!one.empty()) claims.aud.push_back(std::move(one));
}

void read_expiry(TokenClaims& claims, JsonValue& value) { value.read_seconds(claims.exp); }

const ObjectShape& claims_shape() {
    static const ObjectShape shape{field<&TokenClaims::iss>("iss"),
                                   field<&TokenClaims::sub>("sub"),
                                   field<&TokenClaims::oid>("oid"),
                                   field<&TokenClaims::azp>("azp"),
                                   field<&TokenClaims::appid>("appid"),
                                   custom_field<TokenClaims, &read_audience>("aud"),
                                   custom_field<TokenClaims, &read_expiry>("exp")};
    return shape;
}

// A claim as it may be shown: bounded, on one line.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, 200));
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return out;
}

}  // namespace

Result<TokenClaims> decode_jwt(std::string_view token) {
    if (token.size() > max_token_bytes) return no_jwt("it is longer than 20,000 characters");
    std::size_t first = token.find('.');
    std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return no_jwt("it has not three parts");
    }
    POLYSYNC_TRY(std::string payload, decode_base64url(token.substr(first + 1, second - first - 1)));
    auto claims = decode_json<TokenClaims>(payload, claims_shape());
    if (!claims) return no_jwt("its payload is no JSON object");
    return claims;
}

std::string TokenClaims::describe() const {
    std::string text;
    auto add = [&text](std::string_view name, std::string_view value) {
        if (!value.empty())
            text.append(text.empty() ? "" : ", ").append(name).append(" ").append(shown(value));
    };
    add("iss", iss);
    for (const std::string& audience : aud) add("aud", audience);
    add("azp", azp);
    add("appid", appid);
    add("sub", sub);
    add("oid", oid);
    if (exp) add("exp", format_iso8601(*exp));
    return text;
}

}  // namespace polysync::aws
