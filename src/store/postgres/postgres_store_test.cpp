// What is PostgreSQL's own: several processes on one store, lost connections and answers, partitions.
#include "store/postgres/postgres_store.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/postgres/migrations.h"
#include "store/postgres/partitions.h"
#include "store/store_test_kit.h"
#include "test/support/lossy_relay.h"
#include "test/support/postgres_server.h"

namespace polysync::store {
namespace {

using testing::HasSubstr;

class PostgresStoreTest : public testing::Test {
  protected:
    // Another process on the same store, as far as the store can tell.
    std::unique_ptr<Store> open(const std::string& url, std::function<void()> before_commit = {}) {
        auto target = parse_postgres_url(url);
        EXPECT_TRUE(target);
        auto opened =
            open_postgres_store({.target = target.value(), .before_commit = std::move(before_commit)});
        EXPECT_TRUE(opened) << opened.error().describe();
        return opened ? std::move(opened.value()) : nullptr;
    }
    std::unique_ptr<Store> open() { return open(url()); }
    std::string url() const { return test::PostgresServer::shared().url(schema_); }
    std::unique_ptr<PgConnection> connect() {
        return std::move(PgConnection::open(parse_postgres_url(url()).value(), never_).value());
    }

    // Reads a number and writes the next one.
    static Status count(Store& store, const std::string& name) {
        return test::run_async(store.write([name](Transaction& transaction) -> Status {
            POLYSYNC_TRY(auto value, transaction.setting(name));
            return transaction.put_setting(name, std::to_string(std::stoi(value.value_or("0")) + 1));
        }));
    }
    static std::string value(Store& store, const std::string& name) {
        std::string out;
        auto done = test::run_async(store.read([&](ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(auto found, transaction.setting(name));
            out = found.value_or("");
            return success();
        }));
        EXPECT_TRUE(done) << done.error().describe();
        return out;
    }

    std::string schema_ = "s" + make_guid(system_random()).substr(0, 8);
    std::atomic<bool> never_{false};
};

TEST_F(PostgresStoreTest, WritesOfManyProcessesAreSerializable) {  // CON-3
    constexpr int processes = 3, each = 60;
    std::vector<std::unique_ptr<Store>> stores;
    for (int i = 0; i < processes; ++i) stores.push_back(open());
    std::vector<std::thread> threads;
    for (auto& store : stores)
        for (int thread = 0; thread < 2; ++thread)
            threads.emplace_back([&store] {
                for (int i = 0; i < each; ++i) EXPECT_TRUE(count(*store, "n"));
            });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(value(*stores[0], "n"), std::to_string(processes * each * 2));
}

TEST_F(PostgresStoreTest, ManyStartAtOnce) {
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            auto opened = open_postgres_store({.target = parse_postgres_url(url()).value()});
            EXPECT_TRUE(opened) << opened.error().describe();
            good += opened.has_value();
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 6);
}

TEST_F(PostgresStoreTest, RunNumbersRiseInTheOrderOfCommits) {
    auto first = open(), second = open();
    std::int64_t last = 0;
    for (int i = 0; i < 6; ++i) {
        std::vector<RunId> ids;
        TaskRun run;
        run.key = {ObjectId{1}, "live", std::to_string(i), 0};
        ASSERT_TRUE(test::run_async((i % 2 ? first : second)->write([&](Transaction& transaction) -> Status {
            POLYSYNC_TRY(ids, transaction.insert_runs(std::span(&run, 1), "queued"));
            return success();
        })));
        EXPECT_GT(number(ids.front()), last);
        last = number(ids.front());
    }
}

TEST_F(PostgresStoreTest, AConnectionThatIsLostBeforeTheCommitCostsNothing) {
    int lost = 0;
    auto other = connect();
    auto store = open(url(), [&] {
        if (lost++ == 0) {
            EXPECT_TRUE(other->fetch(
                "SELECT count(*) FROM (SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a "
                "JOIN pg_locks l ON l.pid = a.pid WHERE l.locktype = 'advisory') x"));
        }
    });
    EXPECT_TRUE(count(*store, "n"));
    EXPECT_EQ(value(*store, "n"), "1");
    EXPECT_EQ(lost, 2);
    EXPECT_EQ(store->trouble(), "");
}

class LossyTest : public PostgresStoreTest, public testing::WithParamInterface<test::LossyRelay::Loss> {};

TEST_P(LossyTest, ACommitWhoseAnswerIsLostCountsOnce) {  // SAFE-1
    const auto& folder = test::PostgresServer::shared().folder();
    std::string own = (std::filesystem::temp_directory_path() / "polysync-relay-XXXXXX").string();
    ASSERT_NE(::mkdtemp(own.data()), nullptr);
    {
        test::LossyRelay relay(own + "/.s.PGSQL.5432", (folder / ".s.PGSQL.5432").string());
        int commits = 0;
        auto url = "postgres://polysync@/postgres?host=" + own + "&schema=" + schema_;
        auto store = open(url, [&] {
            if (++commits == 3) relay.lose(GetParam());
        });
        ASSERT_TRUE(store);
        for (int i = 1; i <= 5; ++i) {
            EXPECT_TRUE(count(*store, "n"));
            EXPECT_EQ(value(*store, "n"), std::to_string(i));
        }
        EXPECT_EQ(commits, GetParam() == test::LossyRelay::Loss::request ? 6 : 5);
    }
    std::filesystem::remove_all(own);
}

INSTANTIATE_TEST_SUITE_P(Losses, LossyTest,
                         testing::Values(test::LossyRelay::Loss::request, test::LossyRelay::Loss::answer),
                         [](const auto& given) {
                             return given.param == test::LossyRelay::Loss::request ? "Request" : "Answer";
                         });

TEST_F(PostgresStoreTest, AServerThatComesBackIsUsedAgain) {
    test::PostgresServer server;
    auto store = open(server.url("s"));
    ASSERT_TRUE(count(*store, "n"));
    server.stop();
    auto refused = count(*store, "n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::transient);
    EXPECT_EQ(refused.error().code, "store_unreachable");
    EXPECT_THAT(store->trouble(), HasSubstr("PostgreSQL"));
    EXPECT_FALSE(test::run_async(store->read([](ReadTransaction&) { return success(); })));
    server.start();
    EXPECT_TRUE(count(*store, "n"));
    EXPECT_EQ(store->trouble(), "");
    EXPECT_EQ(value(*store, "n"), "2");
}

TEST_F(PostgresStoreTest, OthersAreToldOfChanges) {
    struct Heard {
        std::mutex mutex;
        std::condition_variable wake;
        int all = 0, queued = 0;
    } here, there;
    auto note = [](Heard& heard) {
        return [&heard](const Changes& changes) {
            std::lock_guard lock(heard.mutex);
            bool everything = changes.definitions && changes.queued && changes.cancels;
            heard.all += everything;
            heard.queued += changes.queued && !everything;
            heard.wake.notify_all();
        };
    };
    auto first = open(), second = open();
    first->listen(note(here));
    second->listen(note(there));
    for (auto* heard : {&here, &there}) {  // both listen from then on
        std::unique_lock lock(heard->mutex);
        heard->wake.wait(lock, [&] { return heard->all > 0; });
    }
    TaskRun run;
    run.key = {ObjectId{1}, "live", "k", 0};
    ASSERT_TRUE(test::run_async(first->write([&](Transaction& transaction) -> Status {
        POLYSYNC_TRY(transaction.insert_runs(std::span(&run, 1), "queued"));
        return success();
    })));
    {
        std::unique_lock lock(there.mutex);
        there.wake.wait(lock, [&] { return there.queued == 1; });
    }
    first->listen({});
    second->listen({});
    EXPECT_EQ(here.queued, 0);  // not of its own
}

TEST_F(PostgresStoreTest, OldPartitionsGoAndHistoriesOfRunsThatAreThereStay) {
    auto store = open();
    auto old_time = system_clock().now() - std::chrono::days(200);
    std::vector<RunId> ids;
    ASSERT_TRUE(test::run_async(store->write([&](Transaction& transaction) -> Status {
        std::vector<TaskRun> runs(2);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            runs[i].key = {ObjectId{1}, "live", std::to_string(i), 0};
            runs[i].created_at = runs[i].queued_at = old_time;
        }
        runs[1].state = RunState::succeeded;
        runs[1].ended_at = old_time;
        POLYSYNC_TRY(ids, transaction.insert_runs(runs, "made"));
        std::vector<Event> events{{.at = old_time, .type = "x"}, {.at = system_clock().now(), .type = "y"}};
        return transaction.append_events(events);
    })));
    {  // as if it had been made at its time
        auto connection = connect();
        auto made = connection->execute(fmt::format("SELECT make_partitions('history', 604800000, {0}, {0})",
                                                    old_time.time_since_epoch().count()));
        ASSERT_TRUE(made) << made.error().describe();
    }
    auto partitions = [&] {
        auto rows =
            connect()->fetch("SELECT count(*) FROM pg_inherits WHERE inhparent = 'history'::regclass");
        return rows.value().front().integer(0);
    };
    auto before = partitions();
    auto now = system_clock().now();
    Transaction::Retention retention{.runs_before = now - std::chrono::days(90),
                                     .failed_before = now - std::chrono::days(180),
                                     .audit_before = now - std::chrono::days(400),
                                     .events_before = now - std::chrono::days(3),
                                     .idempotency_before = now - std::chrono::days(7)};
    int deleted = 0;
    ASSERT_TRUE(test::run_async(store->write([&](Transaction& transaction) -> Status {
        POLYSYNC_TRY(deleted, transaction.prune(retention));
        return success();
    })));
    EXPECT_EQ(deleted, 1);
    EXPECT_EQ(partitions(), before - 1);
    std::vector<HistoryEntry> kept, gone;
    std::vector<Event> events;
    ASSERT_TRUE(test::run_async(store->read([&](ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(kept, transaction.history(ids[0]));
        POLYSYNC_TRY(gone, transaction.history(ids[1]));
        POLYSYNC_TRY(events, transaction.events_after(0, 10));
        return success();
    })));
    EXPECT_EQ(kept.size(), 1u);  // its run still waits
    EXPECT_TRUE(gone.empty());
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "y");
}

TEST_F(PostgresStoreTest, AnOlderSchemaIsBroughtForwardWithAllThatIsInIt) {
    for (int version = 1; version <= newest_postgres_version(); ++version) {
        schema_ += std::to_string(version);
        ASSERT_TRUE(migrate_to(*connect(), schema_, version));
        ASSERT_TRUE(connect()->execute(
            "INSERT INTO run(id, task, lane, key, rerun, task_version, platform, run_trigger, state, "
            "priority, attempt, infrastructure_losses, fence, node, created_at, queued_at, not_before, "
            "token, "
            "pipeline_run_id, monitor_url, aws_status, message, code, remedy, waiting_for, cancel, "
            "cancel_by, "
            "outputs, run_values, downstream) VALUES(41, 10, 'live', 'k', 0, 3, 1, 0, 2, 0, 1, 0, 1, 'n', 5, "
            "5, 5, 't', 'jr_1', '', 'RUNNING', '', '', '', '', 0, '', '', '', 1); UPDATE store_state SET "
            "last_run = 41"));
        auto store = open();
        TaskRun run;
        run.key = {ObjectId{10}, "live", "k", 0};
        std::vector<TaskRun> of_key;
        std::vector<RunId> ids;
        ASSERT_TRUE(test::run_async(store->write([&](Transaction& transaction) -> Status {
            POLYSYNC_TRY(auto page, transaction.list_runs({.key = "k"}, {}));
            of_key = std::move(page.runs);
            POLYSYNC_TRY(ids, transaction.insert_runs(std::span(&run, 1), "queued"));
            return success();
        })));
        ASSERT_EQ(of_key.size(), 1u);
        EXPECT_EQ(of_key.front().pipeline_run_id, "jr_1");
        EXPECT_EQ(ids, std::vector{RunId{}}) << "the key is taken";
    }
}

TEST_F(PostgresStoreTest, ANewerSchemaIsRefusedAtTheNextWrite) {
    auto store = open();
    ASSERT_TRUE(connect()->execute(
        fmt::format("UPDATE store_state SET oldest_writer = {}", newest_postgres_version() + 1)));
    auto refused = count(*store, "n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "newer_schema");
    auto opened = open_postgres_store({.target = parse_postgres_url(url()).value()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::unsupported);
}

TEST_F(PostgresStoreTest, TextThatIsNoUtf8IsKeptAsFarAsItCanBe) {
    auto store = open();
    std::string odd("a\0b\xff\xc3\xa4\xed\xa0\x80", 9);
    ASSERT_TRUE(test::run_async(
        store->write([&](Transaction& transaction) { return transaction.put_setting("t", odd); })));
    EXPECT_EQ(value(*store, "t"),
              "a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD"
              "\xc3\xa4"
              "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(PostgresTarget, UrlsAreReadAsLibpqDoes) {
    auto plain = parse_postgres_url("postgres://ana@db.example.com/orders?sslmode=verify-full&schema=etl");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain.value().conninfo, "postgres://ana@db.example.com/orders?sslmode=verify-full");
    EXPECT_EQ(plain.value().schema, "etl");
    EXPECT_EQ(parse_postgres_url("postgres://h/d?schema=x").value().conninfo, "postgres://h/d");
    EXPECT_EQ(parse_postgres_url("postgres://h/d?schema=x&sslmode=require").value().conninfo,
              "postgres://h/d?sslmode=require");
    EXPECT_EQ(parse_postgres_url("postgresql://h1,h2:5433/d").value().schema, "polysync");
}

TEST(PostgresTarget, PasswordsAndBadWordsAreRefused) {  // SAFE-3
    for (const char* url : {"postgres://ana:sesame7@h/d", "postgres://h/d?password=sesame7"}) {
        auto refused = parse_postgres_url(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_THAT(refused.error().remedy, HasSubstr("--store-password"));
        EXPECT_THAT(refused.error().describe(), testing::Not(HasSubstr("sesame7")));
    }
    for (const char* url :
         {"postgres://h/d?sslmod=on", "postgres://h:99999999/d?x", "postgres://h/d?schema=Robert'); --",
          "postgres://h/d?schema=", "postgres://h/d?schema=pg_x"})
        EXPECT_FALSE(parse_postgres_url(url)) << url;
}

}  // namespace
}  // namespace polysync::store
