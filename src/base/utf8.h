// UTF-8, as everything outside speaks it.
#pragma once

#include <cstddef>
#include <string_view>

namespace polysync {

// Length of the UTF-8 sequence at `at` (1 to 4 bytes), 0 where there is no valid one: cut, overlong, a
// surrogate, beyond U+10FFFF. Precondition: at < text.size().
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at);

// At most that many bytes of it, never half a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace polysync
