// Logging: one line per event to stderr, redacted (SAFE-3). Levels: trace, debug, info, warn, error, off.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace polysync::log {

enum class Level { trace, debug, info, warn, error, off };

// Default: warn. Thread-safe.
void set_level(Level level);
[[nodiscard]] bool enabled(Level level);
// "debug" and so on; false for an unknown word.
[[nodiscard]] bool parse_level(std::string_view word, Level& out);

void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace polysync::log
