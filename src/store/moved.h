// The mark of a store that has been moved elsewhere.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::store {

struct MoveMark {
    std::string id;  // of the move; the new place keeps it too
    std::string to;
    SystemTime at{};
};

inline constexpr const char* moved_to_setting = "moved_to";
inline constexpr const char* moved_from_setting = "moved_from";

[[nodiscard]] std::string write_mark(const MoveMark& mark);
[[nodiscard]] Result<MoveMark> read_mark(std::string_view text);
// Why no server starts on it.
[[nodiscard]] Error moved_error(std::string_view text);

}  // namespace polysync::store
