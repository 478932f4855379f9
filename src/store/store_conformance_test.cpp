// What a store is: every implementation passes this one suite. Runs; the other rows are in
// rows_conformance_test.cpp.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "store/postgres/postgres_store.h"
#include "store/store_test_kit.h"
#include "test/support/postgres_server.h"

namespace polysync::store {

TEST_P(StoreConformance, ARunIsInsertedOnce) {  // TASK-3, TASK-4
    auto first = insert(queued("2026-09-14"));
    EXPECT_NE(number(first), 0);
    EXPECT_EQ(number(insert(queued("2026-09-14"))), 0);
    auto rerun = queued("2026-09-14");
    rerun.key.rerun = 1;
    EXPECT_GT(number(insert(rerun)), number(first));
    auto manual = queued("2026-09-14");
    manual.key.lane = "manual:1";
    EXPECT_NE(number(insert(manual)), 0);
    auto of_key = read<std::vector<TaskRun>>(
        [&](ReadTransaction& t) { return t.runs_of_key(orders, "live", "2026-09-14"); });
    ASSERT_EQ(of_key.size(), 2u);
    EXPECT_EQ(of_key[1].key.rerun, 1);
}

TEST_P(StoreConformance, EveryColumnComesBack) {  // TASK-8
    auto given = queued("k");
    given.trigger = Trigger::backfill;
    given.priority = -10;
    given.downstream = false;
    given.attempt = 2;
    given.infrastructure_losses = 1;
    given.fence = 7;
    given.node = "n";
    given.submitted_at = now + Millis(1);
    given.started_at = now + Millis(2);
    given.ended_at = now + Millis(3);
    given.token = "t";
    given.pipeline_run_id = "jr_1";
    given.monitor_url = "https://x";
    given.aws_status = "RUNNING";
    given.message = "Größe ✓";
    given.code = "c";
    given.remedy = "r";
    given.waiting_for = "w";
    given.exit_code = 137;
    given.cancel = CancelCause::chain;
    given.cancel_by = "ana";
    given.outputs = R"({"a":1})";
    given.values = R"({"b":2})";
    auto id = insert(given);
    auto got = run(id);
    EXPECT_EQ(got.key, given.key);
    EXPECT_EQ(got.task_version, 3);
    EXPECT_EQ(got.trigger, given.trigger);
    EXPECT_EQ(got.priority, -10);
    EXPECT_FALSE(got.downstream);
    EXPECT_EQ(got.infrastructure_losses, 1);
    EXPECT_EQ(got.fence, 7);
    EXPECT_EQ(got.submitted_at, given.submitted_at);
    EXPECT_EQ(got.started_at, given.started_at);
    EXPECT_EQ(got.ended_at, given.ended_at);
    EXPECT_EQ(got.message, given.message);
    EXPECT_EQ(got.exit_code, 137);
    EXPECT_EQ(got.cancel, CancelCause::chain);
    EXPECT_EQ(got.outputs, given.outputs);
    EXPECT_EQ(got.values, given.values);
    for (auto [mine, theirs] : {std::pair(&got.token, &given.token),
                                {&got.pipeline_run_id, &given.pipeline_run_id},
                                {&got.monitor_url, &given.monitor_url},
                                {&got.aws_status, &given.aws_status},
                                {&got.code, &given.code},
                                {&got.remedy, &given.remedy},
                                {&got.waiting_for, &given.waiting_for},
                                {&got.cancel_by, &given.cancel_by},
                                {&got.node, &given.node}})
        EXPECT_EQ(*mine, *theirs);
}

TEST_P(StoreConformance, ChangesAreFenced) {  // SAFE-1: a late answer changes nothing
    auto id = insert(queued("k"));
    auto before = run(id);
    auto claimed = moved(id, RunState::submitting);
    auto stale = before;
    stale.state = RunState::cancelled;
    EXPECT_FALSE(change(before, stale, "late"));
    auto other_fence = claimed;
    other_fence.fence = 99;
    EXPECT_FALSE(change(other_fence, stale, "late"));
    EXPECT_EQ(run(id).state, RunState::submitting);
    auto history = read<std::vector<HistoryEntry>>([&](ReadTransaction& t) { return t.history(id); });
    EXPECT_EQ(history.size(), 2u);
}

TEST_P(StoreConformance, HistoriesAreInOrderAndWhole) {  // TASK-8
    auto a = insert(queued("a")), b = insert(queued("b"));
    for (auto state : {RunState::submitting, RunState::starting, RunState::running, RunState::succeeded}) {
        moved(a, state);
        moved(b, state);
    }
    for (auto id : {a, b}) {
        auto history = read<std::vector<HistoryEntry>>([&](ReadTransaction& t) { return t.history(id); });
        ASSERT_EQ(history.size(), 5u);
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(history[std::size_t(i)].sequence, i + 1);
            EXPECT_EQ(int(history[std::size_t(i)].state), i);
        }
        EXPECT_EQ(history[0].message, "queued");
    }
}

TEST_P(StoreConformance, AFailedUnitLeavesNothing) {
    auto failed = write([&](Transaction& t) -> Status {
        auto one = queued("x");
        POLYSYNC_TRY(auto ids, t.insert_runs(std::span(&one, 1), "queued"));
        EXPECT_EQ(ids.size(), 1u);
        POLYSYNC_TRY(t.put_setting("a", "1"));
        return make_error(ErrorKind::rejected, "no", "changed my mind");
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "no");
    EXPECT_FALSE(read<std::optional<std::string>>([](ReadTransaction& t) { return t.setting("a"); }));
    EXPECT_TRUE(read<RunPage>([](ReadTransaction& t) { return t.list_runs({}, {}); }).runs.empty());
    EXPECT_EQ(read<std::int64_t>([](ReadTransaction& t) { return t.queued_count(etl); }), 0);
}

TEST_P(StoreConformance, EverythingSurvivesReopening) {
    auto id = insert(queued("k"));
    moved(id, RunState::submitting);
    ASSERT_TRUE(write([](Transaction& t) { return t.put_setting("a", "1"); }));
    reopen();
    EXPECT_EQ(run(id).state, RunState::submitting);
    EXPECT_EQ(read<std::optional<std::string>>([](ReadTransaction& t) { return t.setting("a"); }), "1");
    auto next = insert(queued("l"));
    EXPECT_GT(number(next), number(id));
    moved(id, RunState::running);
    auto history = read<std::vector<HistoryEntry>>([&](ReadTransaction& t) { return t.history(id); });
    ASSERT_EQ(history.size(), 3u);
    EXPECT_EQ(history[2].state, RunState::running);  // in order across the restart
}

TEST_P(StoreConformance, QueuedHeadsHideNothing) {  // SAFE-4, TASK-7
    for (int i = 0; i < 20; ++i) insert(queued("a" + std::to_string(i), orders, etl));
    auto urgent = queued("b", customers, etl);
    urgent.priority = 5;
    auto urgent_id = insert(urgent);
    auto elsewhere = insert(queued("c", orders, ml));
    auto later = queued("d", customers, ml);
    later.not_before = now + Millis(1);
    insert(later);
    auto heads = [&](SystemTime at, int per_task, int limit) {
        return read<std::vector<TaskRun>>(
            [&](ReadTransaction& t) { return t.queued_heads(at, per_task, limit); });
    };
    auto found = heads(now, 3, 100);
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0].id, urgent_id);  // higher priority first within the platform
    EXPECT_EQ(found[4].id, elsewhere);
    EXPECT_EQ(heads(now, 100, 5).size(), 6u);
    EXPECT_EQ(heads(now + Millis(1), 3, 100).size(), 6u);
    EXPECT_EQ(read<std::optional<SystemTime>>([](ReadTransaction& t) { return t.next_not_before(now); }),
              now + Millis(1));
    EXPECT_EQ(read<std::int64_t>([](ReadTransaction& t) { return t.queued_count(etl); }), 21);
}

TEST_P(StoreConformance, TasksThatCannotGoHideNoOther) {  // SAFE-4
    for (int i = 0; i < 5; ++i) {
        auto run = queued("paused-" + std::to_string(i));
        run.priority = 9;
        insert(run);
    }
    insert(queued("free", customers));
    auto heads = [&](std::vector<ObjectId> but) {
        return read<std::vector<TaskRun>>([&](ReadTransaction& t) { return t.queued_heads(now, 4, 3, but); });
    };
    EXPECT_EQ(heads({}).back().key.task, orders);
    ASSERT_EQ(heads({orders}).size(), 1u);
    EXPECT_EQ(heads({orders}).front().key.key, "free");
}

TEST_P(StoreConformance, ActiveRunsAndCountsOfOneTask) {  // TASK-7, TASK-10
    std::vector<RunId> ids;
    for (const char* key : {"a", "b", "c", "d"}) ids.push_back(insert(queued(key)));
    auto other = queued("a");
    other.key.lane = "backfill:1";
    auto filled = insert(other);
    insert(queued("a", customers));
    moved(ids[0], RunState::submitting);
    moved(ids[1], RunState::succeeded);
    auto active = [&](std::string_view lane, int limit) {
        std::set<RunId> out;
        for (const auto& run : read<std::vector<TaskRun>>(
                 [&](ReadTransaction& t) { return t.active_runs(orders, lane, limit); }))
            out.insert(run.id);
        return out;
    };
    EXPECT_EQ(active("live", 10), (std::set<RunId>{ids[0], ids[2], ids[3]}));
    EXPECT_EQ(active("backfill:1", 10), std::set<RunId>{filled});
    EXPECT_EQ(active("", 10).size(), 4u);
    EXPECT_EQ(active("", 2).size(), 2u);
}

namespace {

Async<void> keep(Async<Status> work, Status& into) { into = co_await std::move(work); }

// Inserts a run of this key; where `fails`, in vain.
Work insertion(std::string key, bool fails, RunId& id) {
    return [key = std::move(key), fails, &id](Transaction& transaction) -> Status {
        TaskRun run;
        run.key = {orders, "live", key, 0};
        run.platform = etl;
        POLYSYNC_TRY(auto ids, transaction.insert_runs(std::span(&run, 1), "queued"));
        id = ids.front();
        if (fails) return make_error(ErrorKind::conflict, "odd", "not this one");
        return success();
    };
}

}  // namespace

// However many share a commit, each unit has its own fate.
TEST_P(StoreConformance, UnitsAtOnceFailAlone) {
    insert(queued("taken"));
    constexpr int units = 500;
    std::vector<Status> results(units, success());
    std::vector<RunId> ids(units);
    auto fails = [](int i) { return i % 10 == 0; };
    auto is_taken = [](int i) { return i % 10 == 1; };
    auto is_same = [](int i) { return i % 10 == 2; };
    boost::asio::io_context io;
    for (int i = 0; i < units; ++i) {
        std::string key = is_taken(i) ? "taken" : is_same(i) ? "same" : std::to_string(i);
        boost::asio::co_spawn(io,
                              keep(store_->write(insertion(std::move(key), fails(i), ids[std::size_t(i)])),
                                   results[std::size_t(i)]),
                              boost::asio::detached);
    }
    io.run();
    int same = 0;
    std::set<RunId> given;
    for (int i = 0; i < units; ++i) {
        const auto& result = results[std::size_t(i)];
        auto id = ids[std::size_t(i)];
        EXPECT_EQ(result.has_value(), !fails(i)) << i;
        if (!result) {
            EXPECT_EQ(result.error().code, "odd");
            continue;
        }
        same += is_same(i) && id != RunId{};
        if (!is_same(i)) {
            EXPECT_EQ(id == RunId{}, is_taken(i)) << i;
        }
        if (id != RunId{}) {
            EXPECT_TRUE(given.insert(id).second);
        }
    }
    EXPECT_EQ(same, 1);
    auto page = read<RunPage>([](ReadTransaction& t) { return t.list_runs({}, {.limit = 1000}); });
    EXPECT_EQ(page.runs.size(), given.size() + 1);
    for (const auto& run : page.runs) {
        auto history = read<std::vector<HistoryEntry>>([&](ReadTransaction& t) { return t.history(run.id); });
        EXPECT_EQ(history.size(), 1u);  // once each, however often the unit ran
    }
    EXPECT_EQ(read<std::int64_t>([](ReadTransaction& t) { return t.queued_count(etl); }),
              std::int64_t(page.runs.size()));
}

// Each finds the run as the one before has left it, sent or not.
TEST_P(StoreConformance, UnitsAtOnceReadWhatTheOthersWrote) {
    constexpr int units = 300;
    auto id = insert(queued("k"));
    Work count = [id](Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto found, transaction.runs(std::span(&id, 1)));
        auto run = found.front();
        ++run.priority;
        Transaction::RunChange change{run.state, run.attempt, run.fence, run, {}};
        POLYSYNC_TRY(auto done, transaction.change_runs(std::span(&change, 1), now));
        EXPECT_TRUE(done.front());
        return success();
    };
    std::vector<Status> results(units, success());
    boost::asio::io_context io;
    for (int i = 0; i < units; ++i) {
        std::vector<RunId> reads;
        if (i % 3 != 0) reads.push_back(id);
        boost::asio::co_spawn(io, keep(store_->write(count, std::move(reads)), results[std::size_t(i)]),
                              boost::asio::detached);
    }
    io.run();
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_EQ(run(id).priority, units);
}

TEST_P(StoreConformance, LogsAreWantedUntilTheyAreKept) {
    auto id = insert(queued("k"));
    KeptLog log{.run = id, .attempt = 2, .platform = etl, .pipeline_run_id = "jr_1", .wanted_at = now};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_kept_log(log); }));
    auto wanted = [&] {
        return read<std::vector<KeptLog>>([](ReadTransaction& t) { return t.wanted_logs(10); });
    };
    ASSERT_EQ(wanted().size(), 1u);
    EXPECT_EQ(wanted().front().pipeline_run_id, "jr_1");
    log.done = true;
    log.lines = "[]";
    log.note = "none";
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_kept_log(log); }));
    EXPECT_TRUE(wanted().empty());
    auto kept = read<std::vector<KeptLog>>([&](ReadTransaction& t) { return t.kept_logs(id); });
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept.front().lines, "[]");
    EXPECT_EQ(kept.front().note, "none");
    EXPECT_EQ(kept.front().attempt, 2);
}

TEST_P(StoreConformance, TokensOfPausedTasksDoNotAge) {  // TASK-5
    Token token{.child = orders, .parent = customers, .lane = "live", .key = "k", .at = now};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_tokens(std::span(&token, 1)); }));
    auto old = [&] {
        return read<std::vector<Token>>(
            [](ReadTransaction& t) { return t.tokens_older_than(now + Millis(1), 9); });
    };
    EXPECT_EQ(old().size(), 1u);
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_pause({orders, "me", "", now}); }));
    EXPECT_TRUE(old().empty());
}

TEST_P(StoreConformance, CountsAreDerivedFromStates) {  // CON-1: slots cannot leak
    SeededRandom random(3);
    std::vector<RunId> ids;
    for (int step = 0; step < 300; ++step) {
        if (ids.empty() || random.next() % 3 == 0) {
            ids.push_back(insert(queued(std::to_string(step), random.next() % 2 ? orders : customers,
                                        random.next() % 2 ? etl : ml)));
        } else {
            moved(ids[random.next() % ids.size()], RunState(random.next() % 8));
        }
    }
    for (bool again : {false, true}) {
        if (again) reopen();
        std::map<std::pair<ObjectId, ObjectId>, int> expected, counted;
        std::map<ObjectId, std::int64_t> waiting;
        for (auto id : ids) {
            auto one = run(id);
            if (is_in_flight(one.state)) ++expected[{one.key.task, one.platform}];
            if (one.state == RunState::queued) ++waiting[one.platform];
        }
        for (const auto& row :
             read<std::vector<InFlightCount>>([](ReadTransaction& t) { return t.in_flight_counts(); }))
            counted[{row.task, row.platform}] = row.count;
        EXPECT_EQ(counted, expected);
        for (auto platform : {etl, ml})
            EXPECT_EQ(read<std::int64_t>([&](ReadTransaction& t) { return t.queued_count(platform); }),
                      waiting[platform]);
    }
}

TEST_P(StoreConformance, InFlightRunsInPages) {
    std::vector<RunId> flying;
    for (int i = 0; i < 7; ++i) {
        auto id = insert(queued(std::to_string(i)));
        if (i % 2 == 0) {
            moved(id, RunState(1 + i % 3));
            flying.push_back(id);
        }
    }
    std::vector<RunId> seen;
    RunId after{};
    while (true) {
        auto page = read<std::vector<TaskRun>>([&](ReadTransaction& t) { return t.in_flight(after, 2); });
        if (page.empty()) break;
        for (const auto& one : page) seen.push_back(one.id);
        after = page.back().id;
    }
    EXPECT_EQ(seen, flying);
}

TEST_P(StoreConformance, RunsWithoutALeaseAreAdoptedOnce) {  // SAFE-1, SAFE-2
    NodeLease here{.node = "here", .term = 2, .beat = 5, .at = now}, gone{.node = "gone", .at = now};
    auto put = [&](const NodeLease& lease) {
        EXPECT_TRUE(write([&](Transaction& t) { return t.put_node(lease); }));
    };
    put(here);
    put(gone);
    std::vector<RunId> runs;
    for (const auto& owner : {here.owner(), gone.owner(), std::string("here#1"), gone.owner()}) {
        auto id = insert(queued("k" + std::to_string(runs.size())));
        auto from = run(id), to = from;
        to.state = RunState::running;
        to.node = owner;
        to.fence = 7;
        ASSERT_TRUE(change(from, to));
        runs.push_back(id);
    }
    auto waiting = insert(queued("waiting"));
    auto adopt = [&](const std::string& owner, int limit) {
        return wrote<std::vector<TaskRun>>([&](Transaction& t) { return t.adopt_runs(owner, limit); });
    };
    auto first = adopt(here.owner(), 10);  // of an earlier term of its own
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0].id, runs[2]);
    EXPECT_TRUE(adopt(here.owner(), 10).empty());

    ASSERT_TRUE(write([&](Transaction& t) { return t.delete_node("gone"); }));
    auto other_part = wrote<std::vector<TaskRun>>([&](Transaction& t) {
        return t.adopt_runs(here.owner(), 10, {.index = std::size_t(number(runs[1]) + 1) % 3, .of = 3});
    });
    EXPECT_TRUE(other_part.empty());
    auto second = adopt(here.owner(), 1), third = adopt(here.owner(), 10);
    ASSERT_EQ(second.size(), 1u);
    ASSERT_EQ(third.size(), 1u);
    EXPECT_EQ(second[0].id, runs[1]);
    EXPECT_EQ(third[0].id, runs[3]);
    EXPECT_EQ(third[0].node, "here#2");
    EXPECT_EQ(third[0].fence, 8);  // an answer to the lost node changes nothing
    EXPECT_EQ(run(runs[3]).fence, 8);
    EXPECT_EQ(run(runs[0]).fence, 7);
    EXPECT_EQ(run(waiting).node, "");

    auto nodes = read<std::vector<NodeLease>>([](ReadTransaction& t) { return t.nodes(); });
    ASSERT_EQ(nodes.size(), 1u);
    EXPECT_EQ(nodes[0].node, "here");
    EXPECT_EQ(nodes[0].term, 2);
    EXPECT_EQ(nodes[0].beat, 5);
    EXPECT_EQ(nodes[0].at, now);
}

TEST_P(StoreConformance, CancelsAreFoundByTheirOwner) {  // TASK-7
    std::vector<RunId> runs;
    for (const char* owner : {"a#1", "b#1", "a#1", "a#1"}) {
        auto id = insert(queued("k" + std::to_string(runs.size())));
        auto from = run(id), to = from;
        to.state = runs.size() < 3 ? RunState::running : RunState::cancelled;
        to.node = owner;
        if (!runs.empty()) to.cancel = CancelCause::user;
        ASSERT_TRUE(change(from, to));
        runs.push_back(id);
    }
    auto found = read<std::vector<TaskRun>>([](ReadTransaction& t) { return t.recorded_cancels("a#1"); });
    ASSERT_EQ(found.size(), 1u);  // in flight, and to be cancelled
    EXPECT_EQ(found[0].id, runs[2]);
}

TEST_P(StoreConformance, ListsFilterAndPage) {
    for (int i = 0; i < 10; ++i) insert(queued("k" + std::to_string(i), i % 2 ? orders : customers));
    RunFilter filter{.tasks = {orders}};
    std::vector<std::string> keys;
    Page page{.limit = 2};
    do {
        auto got = read<RunPage>([&](ReadTransaction& t) { return t.list_runs(filter, page); });
        for (const auto& one : got.runs) keys.push_back(one.key.key);
        page.cursor = got.next;
    } while (!page.cursor.empty());
    EXPECT_EQ(keys, (std::vector<std::string>{"k9", "k7", "k5", "k3", "k1"}));
    auto count = [&](const RunFilter& f) {
        return read<RunPage>([&](ReadTransaction& t) { return t.list_runs(f, {}); }).runs.size();
    };
    EXPECT_EQ(count({.states = {RunState::succeeded}}), 0u);
    EXPECT_EQ(count({.states = {RunState::queued, RunState::running}}), 10u);
    EXPECT_EQ(count({.lane = "live", .key = "k3"}), 1u);
    EXPECT_EQ(count({.lane = "x' OR '1'='1"}), 0u);
    EXPECT_EQ(count({.trigger = Trigger::manual}), 0u);
    EXPECT_EQ(count({.created_before = now}), 0u);
    auto bad = test::run_async(store_->read([&](ReadTransaction& t) -> Status {
        POLYSYNC_TRY(t.list_runs({}, {.cursor = "zzz"}));
        return success();
    }));
    EXPECT_FALSE(bad);
}

namespace {

// A schema of its own for each test's folder.
Result<std::unique_ptr<Store>> open_postgres(const std::string& folder) {
    auto schema = "t" + std::filesystem::path(folder).filename().string();
    std::erase(schema, '-');
    POLYSYNC_TRY(auto target, parse_postgres_url(test::PostgresServer::shared().url(schema)));
    return open_postgres_store({.target = std::move(target)});
}

std::vector<Driver> drivers() {
    return {{"Sqlite",
             [](const std::string& folder) { return open_sqlite_store({.path = folder + "/polysync.db"}); }},
            {"SqliteInline",
             [](const std::string& folder) {
                 return open_sqlite_store({.path = folder + "/polysync.db", .run_inline = true});
             }},
            {"Postgres", open_postgres, true}};
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::ValuesIn(drivers()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace polysync::store
