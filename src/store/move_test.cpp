// Stores that change their place (SAFE-1: no run may be followed from two).
#include "store/move.h"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/postgres/postgres_store.h"
#include "store/store_test_kit.h"
#include "test/support/postgres_server.h"

namespace polysync::store {
namespace {

using testing::HasSubstr;

class MoveTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("polysync-move-" + make_guid(system_random()));
        std::filesystem::create_directories(folder_);
        schema_ = "m" + make_guid(system_random()).substr(0, 8);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name) const { return (folder_ / name).string(); }
    PostgresTarget target() const {
        return parse_postgres_url(test::PostgresServer::shared().url(schema_)).value();
    }
    std::unique_ptr<Store> open_file(const std::string& name) {
        auto opened = open_sqlite_store({.path = file(name)});
        EXPECT_TRUE(opened) << opened.error().describe();
        return opened ? std::move(opened.value()) : nullptr;
    }
    std::unique_ptr<Store> open_postgres() {
        auto opened = open_postgres_store({.target = target()});
        EXPECT_TRUE(opened) << opened.error().describe();
        return opened ? std::move(opened.value()) : nullptr;
    }
    static Status to_postgres(const std::string& from, const PostgresTarget& to) {
        return move_store({.from = from, .to = to, .to_text = "there", .now = now});
    }

    // Something of every kind; a run in flight among it.
    static Status fill(Transaction& transaction) {
        Object object{.kind = ObjectKind::task,
                      .name = QualifiedName("etl/orders"),
                      .document = "{\"é\":\"✓\"}",
                      .created_at = now,
                      .updated_at = now};
        POLYSYNC_TRY(object.id, transaction.put_object(object));
        std::vector<TaskRun> runs(3);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            runs[i].key = {object.id, "live", "k" + std::to_string(i), 0};
            runs[i].platform = etl;
            runs[i].state = RunState(i);  // queued, submitting, starting
            runs[i].exit_code = i == 2 ? std::optional(3) : std::nullopt;
            runs[i].node = "local";
        }
        POLYSYNC_TRY(auto ids, transaction.insert_runs(runs, "made"));
        Attempt attempt{.run = ids[1], .token = "t", .intent = "{}", .called_at = now};
        POLYSYNC_TRY(transaction.put_attempts(std::span(&attempt, 1)));
        Token token{.child = object.id, .parent = etl, .lane = "live", .key = "k", .at = now};
        POLYSYNC_TRY(transaction.put_tokens(std::span(&token, 1)));
        RateBucket bucket{.profile = ml, .tokens = 1.5, .at = now};
        POLYSYNC_TRY(transaction.put_rate_buckets(std::span(&bucket, 1)));
        Event event{.at = now, .type = "t", .subject = "s", .document = "{}"};
        POLYSYNC_TRY(transaction.append_events(std::span(&event, 1)));
        POLYSYNC_TRY(transaction.put_backfill({.task = object.id, .first_key = "a", .created_at = now}));
        POLYSYNC_TRY(transaction.put_kept_log({.run = ids[2], .pipeline_run_id = "jr", .wanted_at = now}));
        POLYSYNC_TRY(transaction.put_alert({.at = now, .kind = "k", .dedupe = "d"}));
        ScheduleCursor cursor{object.id, 0, "0 2 * * * UTC", now};
        POLYSYNC_TRY(transaction.put_schedule_cursors(std::span(&cursor, 1)));
        POLYSYNC_TRY(transaction.put_idempotency({"key", "hash", 201, "body", now}));
        POLYSYNC_TRY(transaction.append_audit({.at = now, .actor = "ana", .action = "x"}));
        return transaction.put_pause({object.id, "ana", "why", now});
    }

    // All that a store says of it, to be compared.
    static std::string told(Store& store) {
        std::string out;
        auto done = test::run_async(store.read([&](ReadTransaction& t) -> Status {
            out.clear();
            POLYSYNC_TRY(auto objects, t.objects(std::nullopt));
            for (const auto& one : objects) out += one.name.str() + one.document + ";";
            POLYSYNC_TRY(auto runs, t.list_runs({}, {}));
            for (const auto& run : runs.runs) {
                out += fmt::format("{} {} {} {} {};", number(run.id), run.key.key, int(run.state),
                                   run.exit_code.value_or(-1), run.node);
                POLYSYNC_TRY(auto history, t.history(run.id));
                for (const auto& entry : history) out += entry.message + ";";
                POLYSYNC_TRY(auto attempts, t.attempts(run.id));
                for (const auto& attempt : attempts) out += attempt.token + ";";
                POLYSYNC_TRY(auto logs, t.kept_logs(run.id));
                for (const auto& log : logs) out += log.pipeline_run_id + ";";
            }
            POLYSYNC_TRY(auto counts, t.in_flight_counts());
            for (const auto& count : counts) out += fmt::format("{} in flight;", count.count);
            POLYSYNC_TRY(auto tokens, t.tokens_of(objects.front().id));
            for (const auto& token : tokens) out += token.key + ";";
            POLYSYNC_TRY(auto buckets, t.rate_buckets());
            for (const auto& bucket : buckets) out += fmt::format("{};", bucket.tokens);
            POLYSYNC_TRY(auto events, t.events_after(0, 10));
            for (const auto& event : events) out += fmt::format("{}{};", event.sequence, event.type);
            POLYSYNC_TRY(auto backfills, t.backfills(std::nullopt));
            for (const auto& backfill : backfills)
                out += fmt::format("{}{};", backfill.id, backfill.first_key);
            POLYSYNC_TRY(auto alerts, t.alerts(false, {}));
            for (const auto& alert : alerts) out += alert.dedupe + ";";
            POLYSYNC_TRY(auto cursors, t.schedule_cursors());
            for (const auto& cursor : cursors) out += cursor.expression + ";";
            POLYSYNC_TRY(auto audit, t.audit({}));
            for (const auto& entry : audit) out += entry.actor + ";";
            POLYSYNC_TRY(auto pauses, t.pauses());
            for (const auto& pause : pauses) out += pause.reason + ";";
            POLYSYNC_TRY(auto record, t.idempotency("key"));
            out += record ? record->response : "none";
            return success();
        }));
        EXPECT_TRUE(done) << done.error().describe();
        return out;
    }

    std::filesystem::path folder_;
    std::string schema_;
};

TEST_F(MoveTest, ThereAndBackEverythingIsAsItWas) {
    std::string before;
    {
        auto store = open_file("a.db");
        ASSERT_TRUE(test::run_async(store->write(fill)));
        before = told(*store);
    }
    auto moved = to_postgres(file("a.db"), target());
    ASSERT_TRUE(moved) << moved.error().describe();
    {
        auto store = open_postgres();
        EXPECT_EQ(told(*store), before);
        auto adopted = std::size_t(0);
        ASSERT_TRUE(test::run_async(store->write([&](Transaction& transaction) -> Status {
                        POLYSYNC_TRY(auto runs, transaction.adopt_runs("n#1", 10));
                        adopted = runs.size();
                        return make_error(ErrorKind::rejected, "undo", "only to look");
                    }))
                        .error()
                        .code == "undo");
        EXPECT_EQ(adopted, 2u);  // whoever starts there follows them
    }
    auto back = move_store({.from = target(), .to = file("b.db"), .to_text = "b", .now = now});
    ASSERT_TRUE(back) << back.error().describe();
    auto store = open_file("b.db");
    EXPECT_EQ(told(*store), before);
    std::vector<RunId> ids;
    TaskRun run;
    run.key = {ObjectId{9}, "live", "new", 0};
    ASSERT_TRUE(test::run_async(store->write([&](Transaction& transaction) -> Status {
        POLYSYNC_TRY(ids, transaction.insert_runs(std::span(&run, 1), "made"));
        return success();
    })));
    EXPECT_GT(number(ids.front()), 3);
}

TEST_F(MoveTest, NobodyStartsOnWhatHasMoved) {
    ASSERT_TRUE(open_file("a.db"));
    ASSERT_TRUE(to_postgres(file("a.db"), target()));
    auto refused = open_sqlite_store({.path = file("a.db")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store_moved");
    EXPECT_THAT(refused.error().message, HasSubstr("there"));

    ASSERT_TRUE(to_postgres(file("a.db"), target()));  // again: it is done
    auto elsewhere = move_store({.from = file("a.db"), .to = target(), .to_text = "elsewhere", .now = now});
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().code, "store_moved");

    ASSERT_TRUE(move_store({.from = target(), .to = file("b.db"), .to_text = "b", .now = now}));
    auto gone = open_postgres_store({.target = target()});
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, "store_moved");
}

TEST_F(MoveTest, OnlyIntoAnEmptyPlace) {
    {
        auto store = open_file("a.db");
        ASSERT_TRUE(test::run_async(store->write(fill)));
        auto other = open_postgres();
        ASSERT_TRUE(test::run_async(other->write(fill)));
    }
    auto refused = to_postgres(file("a.db"), target());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store_not_empty");
    EXPECT_TRUE(open_file("a.db"));  // as before
    std::ofstream(file("b.db")) << "something";
    refused = move_store({.from = target(), .to = file("b.db"), .to_text = "b", .now = now});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store_not_empty");
    EXPECT_TRUE(open_postgres());
}

TEST_F(MoveTest, AStoreInUseStaysWhereItIs) {
    auto store = open_file("a.db");
    auto refused = to_postgres(file("a.db"), target());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store_in_use");
    EXPECT_FALSE(to_postgres(file("missing.db"), target()));
    EXPECT_FALSE(std::filesystem::exists(file("missing.db")));
}

TEST_F(MoveTest, ABackupIsRestoredIntoPostgresPaused) {
    std::string before;
    {
        auto store = open_postgres();
        ASSERT_TRUE(test::run_async(store->write(fill)));
        auto done = test::run_async(store->backup(file("backup.db")));
        ASSERT_TRUE(done) << done.error().describe();
    }
    schema_ += "r";
    auto restored = restore_postgres_store(file("backup.db"), target(), "ana", now);
    ASSERT_TRUE(restored) << restored.error().describe();
    auto store = open_postgres();
    EXPECT_THAT(told(*store), HasSubstr("restored from"));
    std::ofstream(file("no.db")) << "something";
    EXPECT_FALSE(restore_postgres_store(file("no.db"), target(), "ana", now));
}

}  // namespace
}  // namespace polysync::store
