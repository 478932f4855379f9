// SHA-256 and HMAC-SHA-256 as the signature check needs them: no allocation, and a keyed state that is
// computed once and copied for every message.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace polysync::sandbox {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest sha256(std::string_view data);
// Lower-case hex, 64 characters.
[[nodiscard]] std::string hex(const Digest& digest);
[[nodiscard]] std::string_view view(const Digest& digest);

// A key for HMAC-SHA-256 with the hash states after the inner and the outer pad, so that a message costs two
// blocks less and no key schedule.
class HmacKey {
  public:
    explicit HmacKey(std::string_view key);
    [[nodiscard]] Digest sign(std::string_view message) const;

  private:
    std::array<std::uint32_t, 8> inner_, outer_;
};

// Equality in a time that does not depend on where they differ.
[[nodiscard]] bool same_bytes(std::string_view one, std::string_view other);

}  // namespace polysync::sandbox
