// The dates of HTTP headers.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace polysync::aws {

// "Fri, 02 Jan 2026 03:04:05 GMT", the one form that servers of today send. Nothing for anything else.
[[nodiscard]] std::optional<SystemTime> parse_http_date(std::string_view text);

}  // namespace polysync::aws
