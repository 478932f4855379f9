// How far a host's clock is from ours (aws-facts 10.5).
#pragma once

#include <optional>

#include "base/clock.h"
#include "http/http_client.h"

namespace polysync::aws {

// Of one endpoint host. One thread.
class ClockOffset {
  public:
    // Learns from the Date header of an answer, success or not: `sent` and `received` by our clock. Answers
    // of caches (Age) and of very slow calls (over 15 minutes) tell nothing. True where the offset is now at
    // least 4 minutes, and so different from `used`, which the request was signed with, that this can be why
    // it was refused.
    bool learn(const http::Response& response, SystemTime sent, SystemTime received, Millis used);

    // Server minus local; zero before the first answer.
    [[nodiscard]] Millis value() const { return offset_.value_or(Millis(0)); }
    [[nodiscard]] std::optional<Millis> measured() const { return offset_; }
    // One of the two clocks was set, or ours stood still.
    [[nodiscard]] bool has_moved_since(Millis value) const;
    [[nodiscard]] std::optional<SystemTime> server_date() const {
        return server_date_;
    }  // of the last answer

  private:
    std::optional<Millis> offset_;
    std::optional<SystemTime> server_date_;
};

}  // namespace polysync::aws
