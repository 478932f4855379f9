#include "engine/deadline.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

SystemTime at(std::string_view text) { return parse_iso8601(text).value(); }

CatalogTask task_due(Grain grain, std::chrono::minutes time_of_day, const char* deadline_zone) {
    CatalogTask task;
    task.id = ObjectId{7};
    task.partition.grain = grain;
    task.task.deadline.emplace();
    task.task.deadline->local_time = time_of_day;
    task.deadline_zone = TimeZone::find(deadline_zone).value();
    return task;
}

TEST(Deadlines, AreTheFirstSuchTimeAfterTheIntervalHasEnded) {  // TASK-12
    auto daily = task_due(Grain::day, std::chrono::hours(7), "UTC");
    auto monday = parse_key(daily.partition, "2026-09-14").value();
    EXPECT_EQ(due_of(daily, monday), at("2026-09-15T07:00:00Z"));
    daily.task.deadline->local_time = std::chrono::minutes(0);  // with the end itself it would be too early
    EXPECT_EQ(due_of(daily, monday), at("2026-09-16T00:00:00Z"));
    auto tokyo = task_due(Grain::day, std::chrono::hours(7), "Asia/Tokyo");  // 22:00 UTC
    EXPECT_EQ(due_of(tokyo, parse_key(tokyo.partition, "2026-09-14").value()), at("2026-09-15T22:00:00Z"));
}

TEST(Deadlines, FollowTheLocalClock) {                                             // TASK-12
    auto task = task_due(Grain::day, std::chrono::minutes(150), "Europe/Vienna");  // 02:30
    EXPECT_EQ(due_of(task, parse_key(task.partition, "2026-03-27").value()), at("2026-03-28T01:30:00Z"));
    EXPECT_EQ(due_of(task, parse_key(task.partition, "2026-03-28").value()), at("2026-03-29T01:00:00Z"));
    EXPECT_EQ(due_of(task, parse_key(task.partition, "2026-03-29").value()), at("2026-03-30T00:30:00Z"));
}

TEST(Deadlines, EveryKeyIsDueOnce) {  // TASK-12
    Catalog catalog;
    catalog.tasks.emplace(ObjectId{7}, task_due(Grain::hour, std::chrono::hours(7), "UTC"));
    auto keys = [&](std::string_view since, std::string_view now) {
        std::vector<std::string> out;
        for (const auto& key : keys_due(catalog, at(since), at(now))) {
            EXPECT_EQ(key.due, at("2026-09-15T07:00:00Z"));
            out.push_back(key.interval.key);
        }
        return out;
    };
    auto all = keys("2026-09-15T06:59:59Z", "2026-09-15T07:00:00Z");
    ASSERT_EQ(all.size(), 24u);  // those that ended since the deadline before
    EXPECT_EQ(all.front(), "2026-09-15T05:00Z");
    EXPECT_EQ(all.back(), "2026-09-14T06:00Z");
    EXPECT_TRUE(keys("2026-09-15T07:00:00Z", "2026-09-16T06:59:00Z").empty());
    catalog.tasks.at(ObjectId{7}).task.deadline.reset();
    EXPECT_TRUE(keys("2026-09-15T06:59:59Z", "2026-09-15T07:00:00Z").empty());
}

TEST(Deadlines, KnowWhichFiresHavePassed) {  // TASK-12
    auto task = task_due(Grain::day, std::chrono::hours(7), "UTC");
    auto monday = parse_key(task.partition, "2026-09-14").value();
    EXPECT_FALSE(has_fired_before(task, monday, at("2026-12-01T00:00:00Z")));  // nothing fires
    for (const char* cron : {"0 2 * * *", "0 5 * * *"})
        task.schedules.push_back({{}, CronExpression::parse(cron).value(), TimeZone::utc()});
    EXPECT_FALSE(has_fired_before(task, monday, at("2026-09-15T04:59:00Z")));
    EXPECT_TRUE(has_fired_before(task, monday, at("2026-09-15T05:00:00Z")));
}

}  // namespace
}  // namespace polysync::engine
