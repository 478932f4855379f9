// The cursor of CloudWatchLogReader: how far each source was read. Text of our own, opaque to everyone else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace polysync {

struct SeenEvent {
    SystemTime time;
    std::uint64_t fingerprint = 0;
};

struct SourcePosition {
    std::string token;                      // AWS's, to go on from; lives 24 hours
    std::optional<SystemTime> token_start;  // the start of the request that the token is bound to
    std::optional<SystemTime> newest;       // of the lines that were given out
    std::vector<SeenEvent> seen;            // those near `newest`, oldest first, to drop repeats by
};

using LogCursor = std::map<std::string, SourcePosition>;  // by source key

// "group\nstream" hashed: stable over restarts and versions.
[[nodiscard]] std::string source_key(std::string_view group, std::string_view stream,
                                     std::string_view prefix);
// FNV-1a, 64 bit.
[[nodiscard]] std::uint64_t fingerprint_of(std::string_view text);

[[nodiscard]] std::string encode_cursor(const LogCursor& cursor);
// Errors: invalid_input for text that encode_cursor never made.
[[nodiscard]] Result<LogCursor> decode_cursor(std::string_view text);

}  // namespace polysync
