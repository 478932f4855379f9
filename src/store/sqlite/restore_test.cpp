// A backup in the place of a store.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "store/sqlite/sqlite_store.h"
#include "test/support/run_async.h"

namespace polysync::store {
namespace {

namespace fs = std::filesystem;

class Restore : public testing::Test {
  protected:
    Restore() : folder_(testing::TempDir() + "/polysync-restore"), path_(folder_ + "/polysync.db") {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~Restore() override { fs::remove_all(folder_); }

    std::unique_ptr<Store> open(const std::string& path) {
        auto opened = open_sqlite_store({.path = path, .run_inline = true});
        if (!opened) throw std::runtime_error(opened.error().describe());
        return std::move(opened.value());
    }
    void note(Store& store, const std::string& value) {
        Work work = [value](Transaction& transaction) -> Status {
            POLYSYNC_TRY(transaction.put_setting("note", value));
            Event event{.at = SystemTime(Millis(1000)), .type = "test", .subject = value, .document = "{}"};
            return transaction.append_events(std::span(&event, 1));
        };
        ASSERT_TRUE(test::run_async(store.write(std::move(work))));
    }
    std::string noted(const std::string& path) {
        auto store = open(path);
        auto out = std::make_shared<std::string>();
        ReadWork work = [out](ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(auto value, transaction.setting("note"));
            POLYSYNC_TRY(auto pauses, transaction.pauses());
            *out = value.value_or("-") + (pauses.empty() ? "" : " paused by " + pauses.front().by);
            return success();
        };
        EXPECT_TRUE(test::run_async(store->read(std::move(work))));
        return *out;
    }
    Result<Restored> restore(const std::string& backup) {
        return restore_sqlite_store(backup, path_, "ada", SystemTime(Millis(5000)));
    }

    std::string folder_, path_;
};

TEST_F(Restore, PutsTheBackupInPlaceAndKeepsWhatWasThere) {
    auto backup = folder_ + "/backup.db";
    {
        auto store = open(path_);
        note(*store, "then");
        ASSERT_TRUE(test::run_async(store->backup(backup)));
        note(*store, "now");
        EXPECT_EQ(restore(backup).error().code, "store_in_use");
    }
    auto restored = restore(backup);
    ASSERT_TRUE(restored) << restored.error().describe();
    EXPECT_EQ(restored.value().newest_event, SystemTime(Millis(1000)));
    EXPECT_EQ(noted(path_), "then paused by ada");  // SAFE-1: what ran since must not run again by itself
    EXPECT_EQ(noted(restored.value().replaced), "now");
    EXPECT_EQ(noted(backup), "then");
}

TEST_F(Restore, IntoAnEmptyPlace) {
    auto backup = folder_ + "/backup.db";
    {
        auto store = open(folder_ + "/other.db");
        note(*store, "moved");
        ASSERT_TRUE(test::run_async(store->backup(backup)));
    }
    std::ofstream(path_ + "-wal") << "the log of something else";
    auto restored = restore(backup);
    ASSERT_TRUE(restored) << restored.error().describe();
    EXPECT_EQ(noted(path_), "moved paused by ada");
}

TEST_F(Restore, RefusesWhatIsNoBackupAndTouchesNothing) {  // SAFE-5
    note(*open(path_), "kept");
    auto bad = folder_ + "/bad.db";
    EXPECT_EQ(restore(bad).error().code, "no_backup");
    std::ofstream(bad) << std::string(10'000, 'x');
    EXPECT_EQ(restore(bad).error().code, "no_backup");
    std::ofstream(bad, std::ios::trunc) << "";
    EXPECT_EQ(restore(bad).error().code, "no_backup");
    auto backup = folder_ + "/backup.db";
    ASSERT_TRUE(test::run_async(open(path_)->backup(backup)));
    fs::resize_file(backup, fs::file_size(backup) - 5 * 4096);
    EXPECT_EQ(restore(backup).error().code, "no_backup");
    EXPECT_EQ(noted(path_), "kept");
}

}  // namespace
}  // namespace polysync::store
