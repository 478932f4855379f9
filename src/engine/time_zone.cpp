#include "engine/time_zone.h"

#include <date/tz.h>
#include <stdexcept>

#include <fmt/format.h>

namespace polysync::engine {
namespace {

const date::time_zone& zone_of(const void* zone) { return *static_cast<const date::time_zone*>(zone); }

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
    if (name == "UTC") return utc();
    if (name.empty() || name.size() > 64)
        return make_error(ErrorKind::invalid_input, "unknown_time_zone",
                          "a time zone is a name such as Europe/Vienna");
    try {
        return TimeZone(std::string(name), date::locate_zone(std::string(name)));
    } catch (const std::runtime_error&) {
        return make_error(
            ErrorKind::invalid_input, "unknown_time_zone", fmt::format("no time zone is called '{}'", name),
            "Use an IANA name such as Europe/Vienna or America/New_York; the package tzdata holds them.");
    }
}

TimeZone TimeZone::utc() { return TimeZone("UTC", nullptr); }

Millis TimeZone::offset_at(SystemTime time) const {
    if (!zone_) return Millis(0);
    return zone_of(zone_).get_info(time).offset;
}

LocalTime TimeZone::to_local(SystemTime time) const {
    return LocalTime(time.time_since_epoch() + offset_at(time));
}

LocalInstants TimeZone::to_instants(LocalTime time) const {
    auto reading = time.time_since_epoch();
    if (!zone_) return {SystemTime(reading), std::nullopt, false};
    auto info = zone_of(zone_).get_info(date::local_time<Millis>(reading));
    switch (info.result) {
        case date::local_info::nonexistent:
            return {std::chrono::time_point_cast<Millis>(info.first.end), std::nullopt, true};
        case date::local_info::ambiguous:
            return {SystemTime(reading - info.first.offset), SystemTime(reading - info.second.offset), false};
        default:
            return {SystemTime(reading - info.first.offset), std::nullopt, false};
    }
}

}  // namespace polysync::engine
