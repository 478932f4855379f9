// Tokens for tests: well-formed, signed by nobody.
#pragma once

#include <string>
#include <string_view>

namespace polysync::test {

inline std::string base64url(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (unsigned char byte : bytes) {
        bits = (bits << 8 | byte) & 0xFFFF;
        for (count += 8; count >= 6;) {
            count -= 6;
            out += digits[bits >> count & 63];
        }
    }
    if (count > 0) out += digits[bits << (6 - count) & 63];
    return out;
}

inline std::string unsigned_jwt(std::string_view payload) {
    return base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(payload) + "." +
           base64url("signature");
}

}  // namespace polysync::test
