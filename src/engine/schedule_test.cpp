#include <gtest/gtest.h>

#include "engine/cron.h"
#include "engine/interval.h"

namespace polysync::engine {
namespace {

SystemTime at(std::string_view text) { return parse_iso8601(text).value(); }

std::vector<std::string> fires(std::string_view cron, std::string_view zone, std::string_view after,
                               int count) {
    auto expression = CronExpression::parse(cron).value();
    auto where = TimeZone::find(zone).value();
    std::vector<std::string> out;
    for (auto time = at(after); count > 0; --count) {
        time = expression.next_after(time, where);
        out.push_back(format_iso8601(time));
    }
    return out;
}

using Times = std::vector<std::string>;

TEST(Cron, FiresInOrder) {  // TASK-3
    EXPECT_EQ(fires("30 2 * * 1-5", "UTC", "2026-11-20T02:30:00Z", 2),
              (Times{"2026-11-23T02:30:00Z", "2026-11-24T02:30:00Z"}));
    EXPECT_EQ(fires("*/20 9,17 * * *", "UTC", "2026-11-20T09:39:59Z", 3),
              (Times{"2026-11-20T09:40:00Z", "2026-11-20T17:00:00Z", "2026-11-20T17:20:00Z"}));
    EXPECT_EQ(fires("@monthly", "Europe/Vienna", "2026-11-20T00:00:00Z", 2),
              (Times{"2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"}));
    EXPECT_EQ(fires("0 0 29 feb *", "UTC", "2026-01-01T00:00:00Z", 2),
              (Times{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}));
    EXPECT_EQ(fires("0 12 * * SUN", "UTC", "2026-11-20T00:00:00Z", 1), (Times{"2026-11-22T12:00:00Z"}));
    EXPECT_EQ(fires("0 12 * * 7", "UTC", "2026-11-20T00:00:00Z", 1), (Times{"2026-11-22T12:00:00Z"}));
}

TEST(Cron, DayRuleIsVixies) {  // TASK-3
    // Both restricted: the 13th or any Friday.
    EXPECT_EQ(fires("0 0 13 * fri", "UTC", "2026-11-09T00:00:00Z", 3),
              (Times{"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"}));
    // One with a star (a step counts as one): both must match.
    EXPECT_EQ(fires("0 0 */2 * fri", "UTC", "2026-11-09T00:00:00Z", 2),
              (Times{"2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z"}));
}

TEST(Cron, DaylightSaving) {  // TASK-3
    // Vienna: 2026-03-29 02:00 -> 03:00, 2026-10-25 03:00 -> 02:00.
    EXPECT_EQ(fires("30 2 * * *", "Europe/Vienna", "2026-03-28T12:00:00Z", 2),
              (Times{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}));
    EXPECT_EQ(fires("30 2 * * *", "Europe/Vienna", "2026-10-24T12:00:00Z", 2),
              (Times{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}));
    // Several readings of a gap are one fire.
    EXPECT_EQ(fires("*/30 2,3 * * *", "Europe/Vienna", "2026-03-28T23:00:00Z", 2),
              (Times{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}));
    // Every hour follows elapsed time.
    EXPECT_EQ(fires("0 * * * *", "Europe/Vienna", "2026-10-24T23:30:00Z", 3),
              (Times{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}));
    EXPECT_EQ(fires("0 * * * *", "Europe/Vienna", "2026-03-29T00:00:00Z", 2),
              (Times{"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}));
    // …so nothing fires for the hour that was left out.
    EXPECT_EQ(fires("15 * * * *", "Europe/Vienna", "2026-03-29T00:20:00Z", 2),
              (Times{"2026-03-29T01:15:00Z", "2026-03-29T02:15:00Z"}));
    EXPECT_EQ(fires("15 */2 * * *", "Europe/Vienna", "2026-03-28T23:20:00Z", 2),
              (Times{"2026-03-29T02:15:00Z", "2026-03-29T04:15:00Z"}));
}

TEST(Cron, BadExpressionsAreRefused) {  // SAFE-5
    for (auto text : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
                      "* * * * 8", "*/0 * * * *", "5-1 * * * *", "a * * * *", "1,,2 * * * *", "-1 * * * *",
                      "1- * * * *", "@reboot", "0 0 30 2 *", "* * * * mon-"}) {
        auto parsed = CronExpression::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input);
        EXPECT_FALSE(parsed.error().remedy.empty());
    }
    EXPECT_FALSE(TimeZone::find("Europe/Wien"));
    EXPECT_FALSE(TimeZone::find("../etc/passwd"));
}

TEST(Interval, AFireWorksOnTheIntervalBefore) {  // TASK-3
    Partition daily{Grain::day, TimeZone::find("Europe/Vienna").value()};
    EXPECT_EQ(interval_before(daily, at("2026-09-15T00:00:00Z")).key, "2026-09-14");  // 02:00 local
    EXPECT_EQ(interval_before(daily, at("2026-09-15T01:00:00Z")).key,
              "2026-09-14");  // 03:00 local: the same key
    EXPECT_EQ(interval_before(daily, at("2026-09-14T22:00:00Z")).key,
              "2026-09-14");  // midnight local: the day that just ended
    auto day = interval_before(daily, at("2026-09-15T00:00:00Z"));
    EXPECT_EQ(format_iso8601(day.start), "2026-09-13T22:00:00Z");
    EXPECT_EQ(format_iso8601(day.end), "2026-09-14T22:00:00Z");
    EXPECT_EQ(next_interval(daily, day).key, "2026-09-15");

    Partition weekly{Grain::week};
    EXPECT_EQ(interval_before(weekly, at("2026-11-20T05:00:00Z")).key, "2026-11-09");
    Partition monthly{Grain::month};
    EXPECT_EQ(interval_before(monthly, at("2026-03-01T00:00:00Z")).key, "2026-02-01");
    Partition from_six{Grain::day, TimeZone::utc(), std::chrono::hours(6)};
    EXPECT_EQ(interval_before(from_six, at("2026-11-20T05:59:00Z")).key, "2026-11-18");
    EXPECT_EQ(interval_before(from_six, at("2026-11-20T06:00:00Z")).key, "2026-11-19");
}

TEST(Interval, DaysHaveTheirRealHours) {  // TASK-5
    auto vienna = TimeZone::find("Europe/Vienna").value();
    Partition daily{Grain::day, vienna}, hourly{Grain::hour, vienna};
    EXPECT_EQ(intervals_inside(hourly, parse_key(daily, "2026-03-29").value()).size(), 23u);
    EXPECT_EQ(intervals_inside(hourly, parse_key(daily, "2026-03-28").value()).size(), 24u);
    auto autumn = intervals_inside(hourly, parse_key(daily, "2026-10-25").value());
    EXPECT_EQ(autumn.size(), 25u);
    EXPECT_EQ(autumn.front().key, "2026-10-24T22:00Z");
    for (const auto& hour : autumn) EXPECT_EQ(parse_key(hourly, hour.key).value(), hour);
}

TEST(Interval, KeysRoundTripAndBadOnesAreRefused) {      // SAFE-5
    auto apia = TimeZone::find("Pacific/Apia").value();  // skipped 2011-12-30 as a whole
    for (auto grain : {Grain::hour, Grain::day, Grain::week, Grain::month}) {
        for (auto zone : {TimeZone::utc(), TimeZone::find("Europe/Vienna").value(),
                          TimeZone::find("America/Sao_Paulo").value(), apia}) {
            Partition partition{grain, zone};
            auto interval = interval_at(partition, at("2011-12-20T10:00:00Z"));
            for (int i = 0; i < 300; ++i) {
                ASSERT_LT(interval.start, interval.end) << zone.name() << interval.key;
                ASSERT_EQ(parse_key(partition, interval.key).value(), interval) << zone.name();
                auto next = next_interval(partition, interval);
                ASSERT_EQ(next.start, interval.end) << zone.name() << " " << interval.key;
                ASSERT_EQ(interval_before(partition, next.start), interval)
                    << zone.name() << " " << interval.key;
                interval = next;
            }
        }
    }
    Partition daily{Grain::day}, weekly{Grain::week}, monthly{Grain::month}, hourly{Grain::hour};
    EXPECT_FALSE(parse_key(daily, "2026-02-30"));
    EXPECT_FALSE(parse_key(daily, "2026-2-3"));
    EXPECT_FALSE(parse_key(weekly, "2026-09-15"));
    EXPECT_FALSE(parse_key(monthly, "2026-09-15"));
    EXPECT_FALSE(parse_key(hourly, "2026-09-15"));
    EXPECT_FALSE(parse_key(hourly, "2026-09-15T03:30Z"));
    EXPECT_FALSE(parse_key(Partition{}, "2026-09-15"));
}

}  // namespace
}  // namespace polysync::engine
