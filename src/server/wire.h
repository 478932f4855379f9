// From Beast's messages to the API's and back to bytes.
#pragma once

#include <string>
#include <string_view>

#include "api/message.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::server {

// "/api/v1/runs" and "limit=5" of "/api/v1/runs?limit=5", or of the absolute form that clients send through a
// proxy (RFC 9112, 3.2.2).
void split_target(std::string_view target, std::string& path, std::string& query);

// "Tue, 24 Nov 2026 19:13:00 GMT"
[[nodiscard]] std::string http_date(SystemTime time);

// Status line and headers, with the empty line.
[[nodiscard]] std::string response_head(const api::Response& response, SystemTime now, bool keep_alive);
[[nodiscard]] std::string stream_head(SystemTime now);

}  // namespace polysync::server
