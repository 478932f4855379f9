// IANA time zones, from the operating system's tz database.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::engine {

using LocalTime = std::chrono::local_time<Millis>;

// The instants that a wall-clock reading stands for.
struct LocalInstants {
    SystemTime first;                  // the only one; in an overlap the earlier; in a gap the end of the gap
    std::optional<SystemTime> second;  // in an overlap the later one
    bool in_gap = false;               // the clock never showed this reading
};

// A value; cheap to copy; the zone's rules live as long as the program.
class TimeZone {
  public:
    // Fails with invalid_input for a name that the tz database does not hold, and where there is no tz
    // database.
    [[nodiscard]] static Result<TimeZone> find(std::string_view name);
    [[nodiscard]] static TimeZone utc();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] LocalTime to_local(SystemTime time) const;
    [[nodiscard]] LocalInstants to_instants(LocalTime time) const;
    [[nodiscard]] Millis offset_at(SystemTime time) const;

  private:
    TimeZone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}

    std::string name_;
    const void* zone_;  // date::time_zone; null for UTC, which needs no database
};

}  // namespace polysync::engine
