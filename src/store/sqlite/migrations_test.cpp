// Databases of earlier versions open with everything that was in them; many units share one commit.
#include "store/sqlite/migrations.h"

#include <atomic>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/store_test_kit.h"

namespace polysync::store {
namespace {

// What a program of that version had written.
void fill(Database& database) {
    auto done = database.execute(
        "INSERT INTO setting VALUES('definitions_version', '7');"
        "INSERT INTO run(id, task, lane, key, rerun, task_version, platform, run_trigger, state, priority, "
        "attempt, "
        "infrastructure_losses, fence, node, created_at, queued_at, not_before, token, pipeline_run_id, "
        "monitor_url, "
        "aws_status, message, code, remedy, waiting_for, cancel, cancel_by, outputs, run_values, downstream) "
        "VALUES"
        "(41, 10, 'live', '2026-09-14', 0, 3, 1, 0, 2, 0, 1, 0, 1, 'n', 5, 5, 5, 't', 'jr_1', '', 'RUNNING', "
        "'', '', "
        "'', '', 0, '', '', '', 1);"
        "INSERT INTO occupancy VALUES(1, 10, 0, 1);"
        "INSERT INTO history VALUES(41, 1, 5, 0, 1, 'queued');"
        "INSERT INTO token VALUES(10, 'live', '2026-09-14', 11, 0, 40, '{}', 5);");
    ASSERT_TRUE(done) << done.error().describe();
}

class Migrations : public testing::TestWithParam<int> {};

TEST_P(Migrations, EverythingIsThereAfterwards) {
    auto folder = std::filesystem::temp_directory_path() / ("polysync-migrate-" + make_guid(system_random()));
    std::filesystem::create_directories(folder);
    auto path = (folder / "polysync.db").string();
    {
        auto database = Database::open(path, false);
        ASSERT_TRUE(database);
        ASSERT_TRUE(migrate_to(*database.value(), GetParam()));
        EXPECT_EQ(schema_version(*database.value()).value(), GetParam());
        fill(*database.value());
    }
    auto store = open_sqlite_store({.path = path});
    ASSERT_TRUE(store) << store.error().describe();
    auto read = test::run_async(store.value()->read([](ReadTransaction& transaction) -> Status {
        RunId id{41};
        POLYSYNC_TRY(auto runs, transaction.runs(std::span(&id, 1)));
        EXPECT_EQ(runs.size(), 1u);
        EXPECT_EQ(runs.front().pipeline_run_id, "jr_1");
        POLYSYNC_TRY(auto history, transaction.history(id));
        EXPECT_EQ(history.size(), 1u);
        POLYSYNC_TRY(auto tokens, transaction.tokens_of(ObjectId{10}));
        EXPECT_EQ(tokens.size(), 1u);
        POLYSYNC_TRY(auto counts, transaction.in_flight_counts());
        EXPECT_EQ(counts.size(), 1u);
        POLYSYNC_TRY(auto version, transaction.definitions_version());
        EXPECT_EQ(version, 7);
        POLYSYNC_TRY(auto logs, transaction.wanted_logs(1));
        EXPECT_TRUE(logs.empty());
        return success();
    }));
    EXPECT_TRUE(read) << read.error().describe();
    store.value().reset();
    std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(FromEach, Migrations, testing::Range(1, newest_schema_version() + 1));

TEST(Schema, ANewerDatabaseIsRefused) {
    auto folder = std::filesystem::temp_directory_path() / ("polysync-newer-" + make_guid(system_random()));
    std::filesystem::create_directories(folder);
    auto path = (folder / "polysync.db").string();
    {
        auto database = Database::open(path, false);
        ASSERT_TRUE(database);
        auto newer = fmt::format("PRAGMA user_version={}", newest_schema_version() + 1);
        ASSERT_TRUE(database.value()->execute(newer.c_str()));
    }
    auto store = open_sqlite_store({.path = path});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, "newer_schema");
    std::filesystem::remove_all(folder);
}

Async<void> write_one(Store& store, std::atomic<int>& done, int number) {
    auto text = std::to_string(number);
    Work work = [text](Transaction& transaction) { return transaction.put_setting("n" + text, text); };
    auto written = co_await store.write(std::move(work));
    if (written) ++done;
}

TEST(GroupCommit, ManyUnitsShareOneCommit) {
    auto folder = std::filesystem::temp_directory_path() / ("polysync-group-" + make_guid(system_random()));
    std::filesystem::create_directories(folder);
    std::atomic<int> commits = 0, done = 0;
    auto store =
        open_sqlite_store({.path = (folder / "polysync.db").string(), .before_commit = [&] { ++commits; }});
    ASSERT_TRUE(store);
    boost::asio::io_context io;
    for (int i = 0; i < 500; ++i)
        boost::asio::co_spawn(io, write_one(*store.value(), done, i), boost::asio::detached);
    io.run();
    EXPECT_EQ(done, 500);
    EXPECT_LT(commits, 250);
    store.value().reset();
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace polysync::store
