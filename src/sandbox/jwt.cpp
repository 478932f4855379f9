#include "sandbox/jwt.h"

#include <boost/json.hpp>

namespace polysync::sandbox {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view data) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (unsigned char byte : data) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 63];
    return text;
}

bool decode(std::string_view text, std::string& out) {
    std::uint32_t bits = 0;
    int count = 0;
    while (text.ends_with('=')) text.remove_suffix(1);
    for (char c : text) {
        auto digit = alphabet.find(c);
        if (digit == std::string_view::npos) return false;
        bits = bits << 6 | std::uint32_t(digit);
        count += 6;
        if (count >= 8) out += char(bits >> (count -= 8) & 255);
    }
    return text.size() % 4 != 1;
}

Result<boost::json::object> decode_object(std::string_view part) {
    std::string text;
    boost::json::error_code error;
    boost::json::value parsed;
    if (decode(part, text)) parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object())
        return make_error(ErrorKind::invalid_input, "invalid_jwt",
                          "a part of the token is no JSON object in base64url");
    return std::move(parsed.get_object());
}

}  // namespace

Result<Jwt> decode_jwt(std::string_view token) {
    auto first = token.find('.');
    auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    bool three = second != std::string_view::npos && token.find('.', second + 1) == std::string_view::npos;
    if (!three || token.size() > 20000 || second + 1 == token.size())
        return make_error(ErrorKind::invalid_input, "invalid_jwt", "the token does not have three parts");
    Jwt made;
    POLYSYNC_TRY(made.header, decode_object(token.substr(0, first)));
    POLYSYNC_TRY(made.claims, decode_object(token.substr(first + 1, second - first - 1)));
    return made;
}

std::string make_jwt(const boost::json::object& claims) {
    static const std::string header = encode(R"({"typ":"JWT","alg":"RS256","kid":"polysync-sandbox"})");
    static const std::string signature = encode("polysync-sandbox signs nothing");
    return header + "." + encode(boost::json::serialize(claims)) + "." + signature;
}

}  // namespace polysync::sandbox
