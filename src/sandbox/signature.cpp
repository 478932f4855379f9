#include "sandbox/signature.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/clock.h"

namespace polysync::sandbox {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Appends a header value: trimmed, inner white space squeezed to one space.
void append_value(std::string& out, std::string_view value) {
    bool space = false;
    for (char c : trimmed(value)) {
        if (c == ' ' || c == '\t') {
            space = true;
            continue;
        }
        if (space) out += ' ';
        space = false;
        out += c;
    }
}

void append_encoded(std::string& out, std::string_view text, bool keep_slash) {
    static constexpr char digits[] = "0123456789ABCDEF";
    for (unsigned char c : text) {
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.' || c == '~' || (keep_slash && c == '/');
        if (plain) {
            out += char(c);
        } else {
            out += '%';
            out += digits[c >> 4];
            out += digits[c & 15];
        }
    }
}

// Dot segments and repeated slashes removed, then encoded once more, as for every service but S3.
void append_path(std::string& out, std::string_view path) {
    if (path == "/" || path.empty()) {
        out += '/';
        return;
    }
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at <= path.size();) {
        auto end = std::min(path.find('/', at), path.size());
        auto part = path.substr(at, end - at);
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
        at = end + 1;
    }
    for (auto part : parts) {
        out += '/';
        append_encoded(out, part, false);
    }
    bool slash_at_end = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if (parts.empty() || slash_at_end) out += '/';
}

void append_query(std::string& out, std::string_view query) {
    if (query.empty()) return;
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string decoded;
    auto encode = [&](std::string_view text) {
        std::string encoded;
        append_encoded(encoded, percent_decode(text, false, decoded) ? std::string_view(decoded) : text,
                       false);
        return encoded;
    };
    for (std::size_t at = 0; at <= query.size();) {
        auto end = std::min(query.find('&', at), query.size());
        auto piece = query.substr(at, end - at);
        auto mark = std::min(piece.find('='), piece.size());
        if (!piece.empty())
            pairs.emplace_back(encode(piece.substr(0, mark)),
                               mark < piece.size() ? encode(piece.substr(mark + 1)) : std::string());
        at = end + 1;
    }
    std::sort(pairs.begin(), pairs.end());
    for (auto& [name, value] : pairs) {
        if (&name != &pairs.front().first) out += '&';
        out.append(name).append("=").append(value);
    }
}

void append_headers(std::string& out, const HttpRequest& request, std::string_view signed_headers) {
    for (std::size_t at = 0; at <= signed_headers.size();) {
        auto end = std::min(signed_headers.find(';', at), signed_headers.size());
        auto name = signed_headers.substr(at, end - at);
        at = end + 1;
        out.append(name).append(":");
        bool first = true;
        for (auto& header : request.headers) {
            if (!same_ignoring_case(header.name, name)) continue;
            if (!first) out += ',';
            first = false;
            append_value(out, header.value);
        }
        out += '\n';
    }
}

bool lists(std::string_view signed_headers, std::string_view name) {
    for (std::size_t at = 0; at <= signed_headers.size();) {
        auto end = std::min(signed_headers.find(';', at), signed_headers.size());
        if (same_ignoring_case(signed_headers.substr(at, end - at), name)) return true;
        at = end + 1;
    }
    return false;
}

std::optional<WallTime> parse_basic_time(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    auto iso = fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                           text.substr(9, 2), text.substr(11, 2), text.substr(13, 2));
    auto time = parse_iso8601(iso);
    if (!time) return std::nullopt;
    return time.value();
}

AuthOutcome refused(AuthFailure failure, std::string message) {
    AuthOutcome outcome;
    outcome.refusal = {failure, std::move(message)};
    return outcome;
}

std::string check_scope(const CredentialScope& scope, std::string_view date_header,
                        std::string_view service) {
    if (scope.terminator != "aws4_request")
        return fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
                           scope.terminator);
    if (!is_region(scope.region))
        return fmt::format("Credential should be scoped to a valid region, not '{}'. ", scope.region);
    if (scope.service != service)
        return fmt::format("Credential should be scoped to correct service: '{}'. ", service);
    if (scope.date != date_header.substr(0, 8))
        return fmt::format(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            "'{}' != '{}', from '{}'.",
            scope.date, date_header.substr(0, 8), date_header);
    return {};
}

std::string check_clock(WallTime signed_at, std::string_view date_header, const AuthRules& rules) {
    auto basic = [](WallTime time) { return format_basic(std::chrono::floor<std::chrono::seconds>(time)); };
    if (signed_at + rules.window < rules.now)
        return fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)", date_header,
                           basic(rules.now - rules.window), basic(rules.now), rules.window.count());
    if (signed_at - rules.window > rules.now)
        return fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)", date_header,
                           basic(rules.now + rules.window), basic(rules.now), rules.window.count());
    return {};
}

const HmacKey& signing_key(AccessKey& key, const CredentialScope& scope) {
    std::string name;
    name.append(scope.date).append("/").append(scope.region).append("/").append(scope.service);
    auto found = key.signing_keys.find(name);
    if (found != key.signing_keys.end()) return found->second;
    if (key.signing_keys.size() >= 256) key.signing_keys.clear();
    auto step = HmacKey("AWS4" + key.secret).sign(scope.date);
    step = HmacKey(view(step)).sign(scope.region);
    step = HmacKey(view(step)).sign(scope.service);
    step = HmacKey(view(step)).sign("aws4_request");
    return key.signing_keys.emplace(std::move(name), HmacKey(view(step))).first->second;
}

std::string check_signed_headers(const HttpRequest& request, std::string_view signed_headers) {
    if (!lists(signed_headers, "host"))
        return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    static constexpr std::string_view names[] = {"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target"};
    for (auto name : names)
        if (request.has_header(name) && !lists(signed_headers, name))
            return fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name);
    return {};
}

}  // namespace

std::optional<Authorization> parse_authorization(std::string_view header, bool has_date,
                                                 std::string& message) {
    Authorization parsed;
    auto rest = trimmed(header);
    if (!rest.starts_with(algorithm) || rest.size() == algorithm.size() || rest[algorithm.size()] != ' ') {
        message = "Authorization header requires existence of the algorithm 'AWS4-HMAC-SHA256'.";
        return std::nullopt;
    }
    rest.remove_prefix(algorithm.size());
    for (std::size_t at = 0; at <= rest.size();) {
        auto end = std::min(rest.find(',', at), rest.size());
        auto part = trimmed(rest.substr(at, end - at));
        at = end + 1;
        if (part.empty()) continue;
        auto mark = part.find('=');
        if (mark == std::string_view::npos) {
            message = fmt::format(
                "'{}' not a valid key=value pair (missing equal-sign) in Authorization header "
                "(hashed with SHA-256 and encoded with hex): '{}'.",
                part.substr(0, 32), hex(sha256(header)));
            return std::nullopt;
        }
        auto name = part.substr(0, mark), value = part.substr(mark + 1);
        if (name == "Credential")
            parsed.credential = value;
        else if (name == "SignedHeaders")
            parsed.signed_headers = value;
        else if (name == "Signature")
            parsed.signature = value;
    }
    for (auto [name, value] :
         {std::pair("Credential", parsed.credential), std::pair("Signature", parsed.signature),
          std::pair("SignedHeaders", parsed.signed_headers)})
        if (value.empty()) message += fmt::format("Authorization header requires '{}' parameter. ", name);
    if (!has_date)
        message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    if (!message.empty()) {
        message +=
            fmt::format("(Hashed with SHA-256 and encoded with hex) Authorization={}", hex(sha256(header)));
        return std::nullopt;
    }
    std::array<std::string_view, 5> parts;
    std::size_t count = 0, at = 0;
    for (; at <= parsed.credential.size(); ++count) {
        auto end = std::min(parsed.credential.find('/', at), parsed.credential.size());
        if (count < parts.size()) parts[count] = parsed.credential.substr(at, end - at);
        at = end + 1;
    }
    if (count != parts.size()) {
        message = fmt::format(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got '{}'",
            parsed.credential.substr(0, 128));
        return std::nullopt;
    }
    parsed.scope = {parts[0], parts[1], parts[2], parts[3], parts[4]};
    return parsed;
}

std::string canonical_request(const HttpRequest& request, std::string_view signed_headers) {
    std::string text;
    text.reserve(512);
    text.append(request.method).append("\n");
    append_path(text, request.path);
    text += '\n';
    append_query(text, request.query);
    text += '\n';
    append_headers(text, request, signed_headers);
    text.append("\n").append(signed_headers).append("\n").append(hex(sha256(request.body)));
    return text;
}

AuthOutcome authenticate(const HttpRequest& request, Identities& identities, const AuthRules& rules) {
    auto header = request.header("Authorization");
    if (header.empty()) return refused(AuthFailure::missing_token, "Missing Authentication Token");
    auto date_header = request.header("X-Amz-Date");
    std::string message;
    auto parsed = parse_authorization(header, !date_header.empty(), message);
    if (!parsed) return refused(AuthFailure::incomplete, std::move(message));
    auto signed_at = parse_basic_time(date_header);
    if (!signed_at)
        return refused(AuthFailure::incomplete,
                       fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                   "http://en.wikipedia.org/wiki/ISO_8601",
                                   date_header.substr(0, 64)));

    auto& scope = parsed->scope;
    auto* key = identities.find_key(scope.access_key_id);
    static constexpr std::string_view invalid = "The security token included in the request is invalid.";
    if (!key) return refused(AuthFailure::unknown_key, std::string(invalid));
    message = check_scope(scope, date_header, rules.service);
    if (message.empty()) message = check_clock(*signed_at, date_header, rules);
    if (message.empty()) message = check_signed_headers(request, parsed->signed_headers);
    if (!message.empty()) return refused(AuthFailure::bad_signature, std::move(message));
    if (!same_bytes(request.header("X-Amz-Security-Token"), key->session_token))
        return refused(AuthFailure::unknown_key, std::string(invalid));

    std::string to_sign(algorithm);
    to_sign.append("\n").append(date_header).append("\n").append(scope.date).append("/").append(scope.region);
    to_sign.append("/").append(scope.service).append("/aws4_request\n");
    to_sign.append(hex(sha256(canonical_request(request, parsed->signed_headers))));
    if (!same_bytes(hex(signing_key(*key, scope).sign(to_sign)), parsed->signature))
        return refused(
            AuthFailure::bad_signature,
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details.");
    if (key->expires && *key->expires <= rules.now)
        return refused(AuthFailure::expired_credentials,
                       "The security token included in the request is expired");
    AuthOutcome outcome;
    outcome.key = key;
    outcome.region = scope.region;
    return outcome;
}

}  // namespace polysync::sandbox
