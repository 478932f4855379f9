// OpenSSL's one-block functions are deprecated in favour of EVP, which costs an allocation and a fetch per
// message.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "sandbox/sha256.h"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace polysync::sandbox {
namespace {

constexpr std::size_t block_bytes = 64;

std::array<std::uint32_t, 8> state_after(const std::array<std::uint8_t, block_bytes>& block) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, block.data(), block.size());
    std::array<std::uint32_t, 8> state;
    std::copy(std::begin(context.h), std::end(context.h), state.begin());
    return state;
}

Digest finish_from(const std::array<std::uint32_t, 8>& state, std::string_view message) {
    SHA256_CTX context;
    SHA256_Init(&context);
    std::copy(state.begin(), state.end(), std::begin(context.h));
    context.Nl = block_bytes * 8;
    SHA256_Update(&context, message.data(), message.size());
    Digest digest;
    SHA256_Final(digest.data(), &context);
    return digest;
}

}  // namespace

Digest sha256(std::string_view data) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, data.data(), data.size());
    Digest digest;
    SHA256_Final(digest.data(), &context);
    return digest;
}

std::string hex(const Digest& digest) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(64);
    for (auto byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string_view view(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

HmacKey::HmacKey(std::string_view key) {
    std::array<std::uint8_t, block_bytes> block{};
    if (key.size() > block_bytes) {
        auto digest = sha256(key);
        std::copy(digest.begin(), digest.end(), block.begin());
    } else {
        std::copy(key.begin(), key.end(), block.begin());
    }
    for (auto& byte : block) byte ^= 0x36;
    inner_ = state_after(block);
    for (auto& byte : block) byte ^= 0x36 ^ 0x5c;
    outer_ = state_after(block);
    OPENSSL_cleanse(block.data(), block.size());
}

Digest HmacKey::sign(std::string_view message) const {
    return finish_from(outer_, view(finish_from(inner_, message)));
}

bool same_bytes(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace polysync::sandbox
