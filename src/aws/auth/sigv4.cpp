#include "aws/auth/sigv4.h"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "aws/auth/sigv4_canonical.h"

// OpenSSL 3's EVP interface allocates for each copy of a digest state; only these older calls let an HMAC
// start from a state that is kept. They use the same SHA-256 code.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace polysync::aws {
namespace {

constexpr std::size_t kept_keys = 16;  // identities × regions × services of one connection, over midnight

using Digest = std::array<unsigned char, 32>;

struct HexPairs {
    char text[512];
    constexpr HexPairs() : text() {
        constexpr char digits[] = "0123456789abcdef";
        for (int i = 0; i < 256; ++i) {
            text[2 * i] = digits[i >> 4];
            text[2 * i + 1] = digits[i & 15];
        }
    }
};
constexpr HexPairs hex_pairs;

std::array<char, 64> to_hex(const Digest& digest) {
    std::array<char, 64> out;
    for (std::size_t i = 0; i < digest.size(); ++i)
        std::memcpy(&out[2 * i], &hex_pairs.text[2 * digest[i]], 2);
    return out;
}

Digest sha256(std::string_view data) {
    Digest digest;
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, data.data(), data.size());
    SHA256_Final(digest.data(), &state);
    return digest;
}

// The two SHA-256 states that an HMAC with one key always starts from.
struct HmacState {
    SHA256_CTX inner, outer;

    explicit HmacState(std::string_view key) {
        unsigned char block[64] = {};
        Digest hashed;
        if (key.size() > sizeof block) {
            hashed = sha256(key);
            key = {reinterpret_cast<const char*>(hashed.data()), hashed.size()};
        }
        std::memcpy(block, key.data(), key.size());
        for (auto& byte : block) byte ^= 0x36;
        SHA256_Init(&inner);
        SHA256_Update(&inner, block, sizeof block);
        for (auto& byte : block) byte ^= 0x36 ^ 0x5c;
        SHA256_Init(&outer);
        SHA256_Update(&outer, block, sizeof block);
        OPENSSL_cleanse(block, sizeof block);
    }
    ~HmacState() { OPENSSL_cleanse(this, sizeof *this); }

    [[nodiscard]] Digest operator()(std::string_view data) const {
        Digest digest;
        SHA256_CTX state = inner;
        SHA256_Update(&state, data.data(), data.size());
        SHA256_Final(digest.data(), &state);
        state = outer;
        SHA256_Update(&state, digest.data(), digest.size());
        SHA256_Final(digest.data(), &state);
        return digest;
    }
};

Digest hmac(const Digest& key, std::string_view data) {
    return HmacState({reinterpret_cast<const char*>(key.data()), key.size()})(data);
}

std::string_view view(const std::array<char, 64>& hex) { return {hex.data(), hex.size()}; }

void append_scope(const SigningScope& scope, std::string& out) {
    out += scope.amz_date.substr(0, 8);
    out += '/';
    out += scope.region;
    out += '/';
    out += scope.service;
    out += "/aws4_request";
}

void two_digits(char* out, unsigned value) {
    out[0] = char('0' + value / 10 % 10);
    out[1] = char('0' + value % 10);
}

}  // namespace

struct Signer::KeyState {
    std::string secret, date, region, service;
    HmacState hmac;

    KeyState(std::string_view secret_key, const SigningScope& scope, const Digest& key)
        : secret(secret_key),
          date(scope.amz_date.substr(0, 8)),
          region(scope.region),
          service(scope.service),
          hmac({reinterpret_cast<const char*>(key.data()), key.size()}) {}
    ~KeyState() { OPENSSL_cleanse(secret.data(), secret.size()); }

    [[nodiscard]] bool is_for(std::string_view secret_key, const SigningScope& scope) const {
        return date == scope.amz_date.substr(0, 8) && service == scope.service && region == scope.region &&
               secret == secret_key;
    }
};

std::array<char, 16> amz_date(SystemTime time) {
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date(day);
    auto seconds = unsigned(std::chrono::floor<std::chrono::seconds>(time - day).count());
    std::array<char, 16> out;
    two_digits(&out[0], unsigned(int(date.year())) / 100);
    two_digits(&out[2], unsigned(int(date.year())) % 100);
    two_digits(&out[4], unsigned(date.month()));
    two_digits(&out[6], unsigned(date.day()));
    out[8] = 'T';
    two_digits(&out[9], seconds / 3600);
    two_digits(&out[11], seconds / 60 % 60);
    two_digits(&out[13], seconds % 60);
    out[15] = 'Z';
    return out;
}

std::array<char, 64> sha256_hex(std::string_view data) { return to_hex(sha256(data)); }

void canonical_request(const SignableRequest& request, PathForm form, std::string& out) {
    SortedHeaders headers(request.headers);
    out.clear();
    out += request.method;
    out += '\n';
    append_canonical_path(request.path, form, out);
    out += '\n';
    append_canonical_query(request.query, out);
    out += '\n';
    headers.append_canonical(out);
    out += '\n';
    headers.append_names(out);
    out += '\n';
    out += view(sha256_hex(request.body));
}

void signed_headers(std::span<const HeaderView> headers, std::string& out) {
    out.clear();
    SortedHeaders(headers).append_names(out);
}

void string_to_sign(std::string_view canonical, const SigningScope& scope, std::string& out) {
    out.clear();
    out += "AWS4-HMAC-SHA256\n";
    out += scope.amz_date;
    out += '\n';
    append_scope(scope, out);
    out += '\n';
    out += view(sha256_hex(canonical));
}

std::array<unsigned char, 32> signing_key(std::string_view secret, const SigningScope& scope) {
    std::string first = "AWS4";
    first += secret;
    Digest key = HmacState(first)(scope.amz_date.substr(0, 8));
    OPENSSL_cleanse(first.data(), first.size());
    return hmac(hmac(hmac(key, scope.region), scope.service), "aws4_request");
}

Signer::Signer() = default;
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

Signer::KeyState& Signer::key_for(std::string_view secret, const SigningScope& scope) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (!keys_[i]->is_for(secret, scope)) continue;
        if (i > 0)
            std::rotate(keys_.begin(), keys_.begin() + std::ptrdiff_t(i),
                        keys_.begin() + std::ptrdiff_t(i) + 1);
        return *keys_.front();
    }
    if (keys_.size() == kept_keys) keys_.pop_back();
    Digest key = signing_key(secret, scope);
    keys_.insert(keys_.begin(), std::make_unique<KeyState>(secret, scope, key));
    OPENSSL_cleanse(key.data(), key.size());
    return *keys_.front();
}

std::array<char, 64> Signer::signature(std::string_view secret, const SigningScope& scope,
                                       std::string_view text) {
    return to_hex(key_for(secret, scope).hmac(text));
}

const std::string& Signer::authorization(std::string_view access_key_id, std::string_view secret,
                                         const SigningScope& scope, const SignableRequest& request,
                                         PathForm form) {
    canonical_request(request, form, canonical_);
    string_to_sign(canonical_, scope, text_);
    auto hex = signature(secret, scope, text_);

    // The signed names are the line before the last of the canonical request.
    std::string_view names(canonical_.data(), canonical_.size() - 65);
    names.remove_prefix(names.rfind('\n') + 1);
    authorization_.clear();
    authorization_ += "AWS4-HMAC-SHA256 Credential=";
    authorization_ += access_key_id;
    authorization_ += '/';
    append_scope(scope, authorization_);
    authorization_ += ", SignedHeaders=";
    authorization_ += names;
    authorization_ += ", Signature=";
    authorization_ += view(hex);
    return authorization_;
}

}  // namespace polysync::aws
