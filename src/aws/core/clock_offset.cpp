#include "aws/core/clock_offset.h"

#include <chrono>
#include <cstdlib>

#include "aws/core/http_date.h"

namespace polysync::aws {
namespace {

constexpr Millis suspicious = std::chrono::minutes(4);
constexpr Millis slow_call = std::chrono::minutes(15);
// The header has whole seconds and the way back takes time: less than this is no change.
constexpr Millis noise = std::chrono::seconds(30);

}  // namespace

bool ClockOffset::learn(const http::Response& response, SystemTime sent, SystemTime received, Millis used) {
    server_date_ = parse_http_date(response.header("date"));
    if (!server_date_ || !response.header("age").empty() || received - sent > slow_call) return false;
    offset_ = *server_date_ - received;
    return std::chrono::abs(*offset_) >= suspicious && has_moved_since(used);
}

bool ClockOffset::has_moved_since(Millis value) const {
    return std::chrono::abs(this->value() - value) >= noise;
}

}  // namespace polysync::aws
