// AWS Signature Version 4 in the Authorization header (aws-facts 10). Every step can be called by itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace polysync::aws {

struct HeaderView {
    std::string_view name;  // in any case
    std::string_view value;
};

struct SignableRequest {
    std::string_view method = "POST";
    std::string_view path = "/";          // as sent; it is percent-encoded once more for signing
    std::string_view query;               // as sent, without '?'
    std::span<const HeaderView> headers;  // exactly those to sign: host, x-amz-date and x-amz-security-token
                                          // among them
    std::string_view body;
};

enum class PathForm {
    normalized,  // dot segments removed, slashes squeezed: every service but S3
    as_is,
};

struct SigningScope {
    std::string_view region;
    std::string_view service;
    std::string_view amz_date;  // "20260102T030405Z", the value of x-amz-date
};

// "20260102T030405Z" without an allocation; years 0 to 9999.
[[nodiscard]] std::array<char, 16> amz_date(SystemTime time);

// Each replaces the content of `out`.
void canonical_request(const SignableRequest& request, PathForm form, std::string& out);
void string_to_sign(std::string_view canonical, const SigningScope& scope, std::string& out);
// "a;b;c": the names of the signed headers, lower case, sorted.
void signed_headers(std::span<const HeaderView> headers, std::string& out);
// Lower-case hex of SHA-256.
[[nodiscard]] std::array<char, 64> sha256_hex(std::string_view data);
// The raw signing key of a day (for tests; Signer keeps its own).
[[nodiscard]] std::array<unsigned char, 32> signing_key(std::string_view secret, const SigningScope& scope);

// Signs. Keeps the HMAC states of the last few signing keys and its scratch memory, so that a signature costs
// little more than its SHA-256 blocks and allocates nothing once warm. One thread; wipes its keys at the end.
class Signer {
  public:
    Signer();
    ~Signer();
    Signer(Signer&&) noexcept;
    Signer& operator=(Signer&&) noexcept;

    // Lower-case hex signature of a string to sign.
    [[nodiscard]] std::array<char, 64> signature(std::string_view secret, const SigningScope& scope,
                                                 std::string_view text);

    // The value of the Authorization header; valid until the next call. `amz_date` of the scope is the only
    // clock.
    [[nodiscard]] const std::string& authorization(std::string_view access_key_id, std::string_view secret,
                                                   const SigningScope& scope, const SignableRequest& request,
                                                   PathForm form = PathForm::normalized);

  private:
    struct KeyState;
    [[nodiscard]] KeyState& key_for(std::string_view secret, const SigningScope& scope);

    std::vector<std::unique_ptr<KeyState>> keys_;  // the latest first
    std::string canonical_, text_, authorization_;
};

}  // namespace polysync::aws
