#include "sandbox/services/page_token.h"

#include <array>
#include <charconv>
#include <map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/input.h"

namespace polysync::sandbox {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Every token starts so, whatever its content, to hold the awkward characters of Base64.
constexpr std::string_view prefix = "AQ+/";

std::string encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (i + k < bytes.size() ? std::uint8_t(bytes[i + k]) : 0);
        const std::size_t used = std::min<std::size_t>(3, bytes.size() - i) + 1;
        for (std::size_t k = 0; k < 4; ++k) out += k < used ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

std::optional<std::string> decode(std::string_view encoded) {
    if (encoded.size() % 4 != 0) return std::nullopt;
    std::string out;
    std::uint32_t group = 0;
    int bits = 0;
    while (!encoded.empty() && encoded.back() == '=') encoded.remove_suffix(1);
    for (const char c : encoded) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        group = group << 6 | std::uint32_t(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += char(group >> bits & 255);
        }
    }
    return out;
}

bool read_number(std::string_view& rest, std::int64_t& value) {
    const std::size_t end = rest.find('|');
    if (end == std::string_view::npos) return false;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, value);
    if (error != std::errc() || stop != rest.data() + end) return false;
    rest.remove_prefix(end + 1);
    return true;
}

}  // namespace

std::uint64_t fnv1a(std::string_view text, std::uint64_t seed) {
    std::uint64_t hash = seed;
    for (const char c : text) hash = (hash ^ std::uint8_t(c)) * 0x100000001b3ULL;
    return hash;
}

std::string make_page_token(const PagePosition& position, std::string_view scope, SandboxTime now) {
    std::string body = fmt::format("{}|{}|{}|{}", position.at, position.page, millis(now), position.key);
    const std::uint64_t sum = fnv1a(body, fnv1a(scope));
    // Padded so that the Base64 text always ends in '='.
    body = fmt::format("{:016x}|{}|{}", sum, body.size(), body);
    while (body.size() % 3 == 0) body += '.';
    return std::string(prefix) + encode(body);
}

std::optional<PagePosition> read_page_token(std::string_view token, std::string_view scope, SandboxTime now,
                                            std::chrono::hours lifetime) {
    if (!token.starts_with(prefix)) return std::nullopt;
    const auto decoded = decode(token.substr(prefix.size()));
    if (!decoded || decoded->size() < 18 || (*decoded)[16] != '|') return std::nullopt;
    std::string_view rest(*decoded);
    const std::string_view sum = rest.substr(0, 16);
    rest.remove_prefix(17);
    std::int64_t size = 0;
    if (!read_number(rest, size) || size < 0 || std::size_t(size) > rest.size()) return std::nullopt;
    const std::string_view body = rest.substr(0, std::size_t(size));
    if (sum != fmt::format("{:016x}", fnv1a(body, fnv1a(scope)))) return std::nullopt;
    rest = body;
    PagePosition position;
    std::int64_t page = 0;
    std::int64_t issued = 0;
    if (!read_number(rest, position.at) || !read_number(rest, page) || !read_number(rest, issued))
        return std::nullopt;
    if (SandboxTime(Millis(issued)) + lifetime < now) return std::nullopt;
    position.page = std::uint32_t(page);
    position.key = rest;
    return position;
}

std::string page_scope(std::string_view operation, const boost::json::object& input,
                       const CallContext& context) {
    std::map<std::string, std::string> members;  // in the order of names, not in the caller's
    for (const auto& member : input) {
        const std::string_view name(member.key().data(), member.key().size());
        if (name == "NextToken" || name == "nextToken" || name == "MaxResults" || name == "maxResults" ||
            name == "limit") {
            continue;
        }
        members.emplace(name, boost::json::serialize(member.value()));
    }
    std::string scope = fmt::format("{}\n{}\n{}", operation, context.account, context.region);
    for (const auto& [name, value] : members) scope += fmt::format("\n{}={}", name, value);
    return scope;
}

}  // namespace polysync::sandbox
