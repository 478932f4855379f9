#include "engine/interval.h"

#include <fmt/format.h>

namespace polysync::engine {
namespace {

using std::chrono::days;
using std::chrono::hours;

std::string date_text(std::chrono::local_days day) {
    std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

std::string hour_text(SystemTime time) {
    auto text = format_iso8601(time);  // 2026-09-14T03:00:00Z
    return text.substr(0, 16) + "Z";
}

// The first day of the calendar interval that holds `day`.
std::chrono::local_days first_day(Grain grain, std::chrono::local_days day) {
    switch (grain) {
        case Grain::week:
            return day - (std::chrono::weekday(day) - std::chrono::Monday);
        case Grain::month: {
            std::chrono::year_month_day date(day);
            return std::chrono::local_days(date.year() / date.month() / 1);
        }
        default:
            return day;
    }
}

std::chrono::local_days following_day(Grain grain, std::chrono::local_days first) {
    switch (grain) {
        case Grain::week:
            return first + days(7);
        case Grain::month: {
            std::chrono::year_month_day date(first);
            return std::chrono::local_days((date.year() / date.month() + std::chrono::months(1)) / 1);
        }
        default:
            return first + days(1);
    }
}

Interval interval_from(const Partition& partition, std::chrono::local_days first) {
    auto instant = [&](std::chrono::local_days day) {
        return partition.zone.to_instants(LocalTime(day) + partition.offset).first;
    };
    return {instant(first), instant(following_day(partition.grain, first)), date_text(first)};
}

// Hours are cut by elapsed time on the local hour's boundary, so that a repeated hour is two intervals.
Interval hour_at(const Partition& partition, SystemTime time) {
    auto zone_offset = partition.zone.offset_at(time);
    auto local = time.time_since_epoch() + zone_offset - partition.offset;
    SystemTime start(std::chrono::floor<hours>(local) + partition.offset - zone_offset);
    return {start, start + hours(1), hour_text(start)};
}

}  // namespace

std::string_view to_string(Grain grain) {
    switch (grain) {
        case Grain::none:
            return "none";
        case Grain::hour:
            return "hour";
        case Grain::day:
            return "day";
        case Grain::week:
            return "week";
        case Grain::month:
            return "month";
    }
    return "none";
}

std::optional<Grain> parse_grain(std::string_view word) {
    for (auto grain : {Grain::none, Grain::hour, Grain::day, Grain::week, Grain::month})
        if (word == to_string(grain)) return grain;
    return std::nullopt;
}

Interval interval_at(const Partition& partition, SystemTime time) {
    if (partition.grain == Grain::hour) return hour_at(partition, time);
    auto reading = partition.zone.to_local(time) - partition.offset;
    auto interval = interval_from(partition, first_day(partition.grain, std::chrono::floor<days>(reading)));
    // Around a gap or overlap at the boundary the reading may belong to a neighbour.
    if (time >= interval.end) return next_interval(partition, interval);
    if (time < interval.start) return interval_at(partition, interval.start - Millis(1));
    return interval;
}

Interval interval_before(const Partition& partition, SystemTime fire) {
    auto current = interval_at(partition, fire);
    return interval_at(partition, current.start - Millis(1));
}

Interval next_interval(const Partition& partition, const Interval& interval) {
    if (partition.grain == Grain::hour) return hour_at(partition, interval.end);
    auto first = std::chrono::floor<days>(partition.zone.to_local(interval.end) - partition.offset);
    return interval_from(partition, first_day(partition.grain, first));
}

Result<Interval> parse_key(const Partition& partition, std::string_view key) {
    auto bad = [&](std::string_view wanted) {
        return make_error(
            ErrorKind::invalid_input, "invalid_key",
            fmt::format("'{}' is no key of grain {}", key.substr(0, 64), to_string(partition.grain)),
            fmt::format("A key is the interval's start: {}.", wanted));
    };
    if (partition.grain == Grain::none) return bad("tasks without a grain have keys of their own");
    bool by_hour = partition.grain == Grain::hour;
    std::string wanted = by_hour                           ? "2026-09-14T03:00Z"
                         : partition.grain == Grain::week  ? "2026-09-14 (a Monday)"
                         : partition.grain == Grain::month ? "2026-09-01"
                                                           : "2026-09-14";
    if (by_hour ? key.size() != 17 || !key.ends_with('Z') : key.size() != 10) return bad(wanted);
    auto parsed =
        parse_iso8601(by_hour ? std::string(key.substr(0, 16)) + ":00Z" : std::string(key) + "T00:00:00Z");
    if (!parsed) return bad(wanted);
    Interval interval = by_hour ? hour_at(partition, parsed.value())
                                : interval_from(partition, std::chrono::local_days(std::chrono::floor<days>(
                                                               parsed.value().time_since_epoch())));
    if (by_hour ? interval.start != parsed.value() : interval_at(partition, interval.start).key != key)
        return bad(wanted);
    return interval;
}

std::vector<Interval> intervals_inside(const Partition& finer, const Interval& coarser) {
    std::vector<Interval> inside;
    auto interval = interval_at(finer, coarser.start);
    if (interval.start < coarser.start) interval = next_interval(finer, interval);
    for (; interval.start < coarser.end; interval = next_interval(finer, interval))
        inside.push_back(interval);
    return inside;
}

}  // namespace polysync::engine
