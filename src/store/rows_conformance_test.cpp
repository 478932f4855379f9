// What a store is: definitions, tokens, schedules, events, retention, backup.
#include "store/store_test_kit.h"

namespace polysync::store {

TEST_P(StoreConformance, TokensArePutReadAndTaken) {  // TASK-5
    auto token = [](std::string key, ObjectId parent, Outcome outcome = Outcome::success) {
        return Token{.child = orders,
                     .parent = parent,
                     .lane = "live",
                     .key = std::move(key),
                     .outcome = outcome,
                     .parent_run = RunId{5},
                     .outputs = "{}",
                     .at = now};
    };
    std::vector<Token> put{token("a", customers), token("a", etl), token("b", customers)};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_tokens(put); }));
    std::vector<std::string> keys{"a", "c"};
    auto held = [&](std::string_view lane) {
        return read<std::vector<Token>>([&](ReadTransaction& t) { return t.tokens(orders, lane, keys); });
    };
    EXPECT_EQ(held("live").size(), 2u);
    EXPECT_EQ(held("backfill:1").size(), 0u);
    std::vector<Token> again{token("a", customers, Outcome::failure)};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_tokens(again); }));
    ASSERT_EQ(held("live").size(), 2u);
    ASSERT_TRUE(write([&](Transaction& t) { return t.take_tokens(again); }));
    ASSERT_EQ(held("live").size(), 1u);
    EXPECT_EQ(held("live")[0].parent, etl);
    EXPECT_EQ(read<std::vector<Token>>([](ReadTransaction& t) {
                  return t.tokens_older_than(now + Millis(1), 10);
              }).size(),
              2u);
    EXPECT_EQ(
        read<std::vector<Token>>([](ReadTransaction& t) { return t.tokens_older_than(now, 10); }).size(), 0u);
    EXPECT_EQ(read<std::vector<Token>>([](ReadTransaction& t) { return t.tokens_of(orders); }).size(), 2u);
    ASSERT_TRUE(write([&](Transaction& t) { return t.drop_tokens(orders, customers); }));
    EXPECT_EQ(held("live").size(), 1u);
    ASSERT_TRUE(write([&](Transaction& t) { return t.drop_tokens(orders, std::nullopt); }));
    EXPECT_EQ(held("live").size(), 0u);
}

TEST_P(StoreConformance, ObjectsKeepTheirVersions) {  // TASK-13: each run keeps the version that it ran
    Object object{.kind = ObjectKind::task,
                  .name = QualifiedName("etl/orders"),
                  .document = "{\"v\":1}",
                  .created_at = now,
                  .updated_at = now};
    object.id = wrote<ObjectId>([&](Transaction& t) { return t.put_object(object); });
    auto duplicate = object;
    duplicate.id = ObjectId{};
    EXPECT_EQ(write([&](Transaction& t) -> Status {
                  POLYSYNC_TRY(t.put_object(duplicate));
                  return success();
              })
                  .error()
                  .code,
              "already_exists");
    auto before = read<std::int64_t>([](ReadTransaction& t) { return t.definitions_version(); });
    object.version = 2;
    object.document = "{\"v\":2}";
    wrote<ObjectId>([&](Transaction& t) { return t.put_object(object); });
    EXPECT_GT(read<std::int64_t>([](ReadTransaction& t) { return t.definitions_version(); }), before);
    EXPECT_EQ(write([&](Transaction& t) -> Status {
                  POLYSYNC_TRY(t.put_object(object));
                  return success();
              })
                  .error()
                  .code,
              "version_conflict");
    auto newest = read<std::optional<Object>>(
        [&](ReadTransaction& t) { return t.object(ObjectKind::task, object.name); });
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->document, "{\"v\":2}");
    auto old =
        read<std::optional<Object>>([&](ReadTransaction& t) { return t.object_version(object.id, 1); });
    ASSERT_TRUE(old);
    EXPECT_EQ(old->document, "{\"v\":1}");
    ASSERT_TRUE(write([&](Transaction& t) { return t.delete_object(object.id, now); }));
    EXPECT_FALSE(read<std::optional<Object>>(
        [&](ReadTransaction& t) { return t.object(ObjectKind::task, object.name); }));
    EXPECT_TRUE(
        read<std::optional<Object>>([&](ReadTransaction& t) { return t.object_version(object.id, 2); }));
    object.id = ObjectId{};
    object.version = 1;
    EXPECT_NE(number(wrote<ObjectId>([&](Transaction& t) { return t.put_object(object); })), 0);  // the name
                                                                                                  // is free
                                                                                                  // again
}

TEST_P(StoreConformance, SmallRows) {
    ASSERT_TRUE(write([&](Transaction& t) -> Status {
        std::vector<ScheduleCursor> cursors{{orders, 0, "0 2 * * * UTC", now},
                                            {orders, 1, "0 3 * * * UTC", now}};
        POLYSYNC_TRY(t.put_schedule_cursors(cursors));
        POLYSYNC_TRY(t.delete_schedule_cursors(orders, 1));
        POLYSYNC_TRY(t.put_pause({orders, "ana", "maintenance", now}));
        std::vector<RateBucket> buckets{{etl, ObjectId{}, 1.5, now}};
        POLYSYNC_TRY(t.put_rate_buckets(buckets));
        std::vector<Event> events{{.at = now, .type = "a", .subject = "s", .document = "{}"},
                                  {.at = now, .type = "b"}};
        POLYSYNC_TRY(t.append_events(events));
        POLYSYNC_TRY(
            t.put_alert({.at = now, .kind = "deadline", .subject = "s", .dedupe = "d", .document = "{}"}));
        POLYSYNC_TRY(
            t.put_alert({.at = now, .kind = "deadline", .subject = "s", .dedupe = "d", .document = "again"}));
        POLYSYNC_TRY(
            t.append_audit({.at = now, .actor = "ana", .action = "pause", .subject = "s", .document = "{}"}));
        return t.put_idempotency({"key", "hash", 201, "body", now});
    }));
    auto cursors = read<std::vector<ScheduleCursor>>([](ReadTransaction& t) { return t.schedule_cursors(); });
    ASSERT_EQ(cursors.size(), 1u);
    EXPECT_EQ(cursors[0].next_fire, now);
    EXPECT_EQ(read<std::vector<Pause>>([](ReadTransaction& t) { return t.pauses(); }).at(0).reason,
              "maintenance");
    EXPECT_EQ(read<std::vector<RateBucket>>([](ReadTransaction& t) { return t.rate_buckets(); }).at(0).tokens,
              1.5);
    auto events = read<std::vector<Event>>([](ReadTransaction& t) { return t.events_after(0, 10); });
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(
        read<std::vector<Event>>([&](ReadTransaction& t) { return t.events_after(events[0].sequence, 10); })
            .at(0)
            .type,
        "b");
    EXPECT_EQ(read<std::int64_t>([](ReadTransaction& t) { return t.last_event_sequence(); }),
              events[1].sequence);
    auto alerts = read<std::vector<Alert>>([](ReadTransaction& t) { return t.alerts(true, {}); });
    ASSERT_EQ(alerts.size(), 1u);
    EXPECT_EQ(alerts[0].document, "{}");
    ASSERT_TRUE(write([&](Transaction& t) { return t.mark_delivered(alerts[0].id); }));
    EXPECT_TRUE(read<std::vector<Alert>>([](ReadTransaction& t) { return t.alerts(true, {}); }).empty());
    EXPECT_EQ(read<std::vector<Alert>>([](ReadTransaction& t) { return t.alerts(false, {}); }).size(), 1u);
    EXPECT_EQ(read<std::vector<AuditEntry>>([](ReadTransaction& t) { return t.audit({}); }).at(0).actor,
              "ana");
    EXPECT_EQ(read<std::optional<IdempotencyRecord>>([](ReadTransaction& t) {
                  return t.idempotency("key");
              })->status,
              201);
    ASSERT_TRUE(write([&](Transaction& t) { return t.delete_pause(orders); }));
    EXPECT_TRUE(read<std::vector<Pause>>([](ReadTransaction& t) { return t.pauses(); }).empty());

    Backfill backfill{.task = orders,
                      .first_key = "a",
                      .last_key = "b",
                      .selection = "missing",
                      .created_by = "ana",
                      .created_at = now};
    backfill.id = wrote<std::int64_t>([&](Transaction& t) { return t.put_backfill(backfill); });
    backfill.state = BackfillState::paused;
    backfill.planned = 4;
    wrote<std::int64_t>([&](Transaction& t) { return t.put_backfill(backfill); });
    EXPECT_TRUE(read<std::vector<Backfill>>([](ReadTransaction& t) {
                    return t.backfills(BackfillState::active);
                }).empty());
    auto backfills =
        read<std::vector<Backfill>>([](ReadTransaction& t) { return t.backfills(std::nullopt); });
    ASSERT_EQ(backfills.size(), 1u);
    EXPECT_EQ(backfills[0].planned, 4);
}

TEST_P(StoreConformance, AttemptsAreKeptPerSubmission) {  // SAFE-1
    auto id = insert(queued("k"));
    Attempt first{.run = id, .attempt = 1, .token = "t1", .intent = "{}", .called_at = now};
    Attempt second{.run = id, .attempt = 1, .token = "t2", .intent = "{}", .called_at = now + Millis(5)};
    std::vector<Attempt> both{first, second};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_attempts(both); }));
    second.pipeline_run_id = "jr_1";
    second.exit_code = 1;
    second.ended_at = now;
    std::vector<Attempt> update{second};
    ASSERT_TRUE(write([&](Transaction& t) { return t.put_attempts(update); }));
    auto got = read<std::vector<Attempt>>([&](ReadTransaction& t) { return t.attempts(id); });
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[1].pipeline_run_id, "jr_1");
    EXPECT_EQ(got[1].exit_code, 1);
}

TEST_P(StoreConformance, NewestSuccessOfALane) {  // TASK-5: latest
    for (int i = 0; i < 3; ++i) {
        auto id = insert(queued("k" + std::to_string(i)));
        auto from = run(id), to = from;
        to.state = i == 2 ? RunState::failed : RunState::succeeded;
        to.ended_at = now + Millis(i == 0 ? 10 : 5);
        ASSERT_TRUE(change(from, to));
    }
    auto newest =
        read<std::optional<TaskRun>>([](ReadTransaction& t) { return t.newest_success(orders, "live"); });
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->key.key, "k0");
    EXPECT_FALSE(
        read<std::optional<TaskRun>>([](ReadTransaction& t) { return t.newest_success(customers, "live"); }));
}

TEST_P(StoreConformance, DurationsOfSuccessesNewestLiveOnesFirst) {  // PERF-11
    struct Row {
        std::string lane;
        RunState state;
        std::optional<Millis> submitted, started;
        Millis ended;
    };
    using std::chrono::seconds;
    std::vector<Row> rows{
        {"live", RunState::succeeded, seconds(0), seconds(10), seconds(70)},    // 60 s
        {"live", RunState::succeeded, seconds(0), std::nullopt, seconds(90)},   // 90 s, and newer
        {"live", RunState::failed, seconds(0), seconds(1), seconds(2)},         // no success
        {"live", RunState::succeeded, std::nullopt, std::nullopt, seconds(5)},  // nobody knows
        {"live", RunState::succeeded, seconds(0), seconds(9), seconds(8)},      // clocks differ: 0
        {"backfill:1", RunState::succeeded, seconds(0), seconds(0), seconds(40)},
        {"manual:a", RunState::succeeded, seconds(0), seconds(0), seconds(41)},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto fresh = queued("k" + std::to_string(i));
        fresh.key.lane = rows[i].lane;
        auto id = insert(fresh);
        auto from = run(id), to = from;
        to.state = rows[i].state;
        if (rows[i].submitted) to.submitted_at = now + *rows[i].submitted;
        if (rows[i].started) to.started_at = now + *rows[i].started;
        to.ended_at = now + rows[i].ended;
        ASSERT_TRUE(change(from, to));
    }
    auto durations = [&](ObjectId task, int limit) {
        return read<std::vector<Millis>>([=](ReadTransaction& t) { return t.recent_durations(task, limit); });
    };
    EXPECT_EQ(durations(orders, 2), (std::vector<Millis>{seconds(90), seconds(60)}));
    auto all = durations(orders, 20);
    ASSERT_EQ(all.size(), 5u);
    EXPECT_EQ(all[2], Millis(0));
    EXPECT_EQ(std::set<Millis>(all.begin() + 3, all.end()), (std::set<Millis>{seconds(40), seconds(41)}));
    EXPECT_TRUE(durations(customers, 20).empty());
}

TEST_P(StoreConformance, PruningKeepsWhatIsNeeded) {
    std::vector<RunId> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(insert(queued("k" + std::to_string(i))));
        auto from = run(ids.back()), to = from;
        to.state = i == 0 ? RunState::running : i == 1 ? RunState::failed : RunState::succeeded;
        if (i > 0) to.ended_at = now + Millis(i);
        ASSERT_TRUE(change(from, to));
    }
    Transaction::Retention retention{.runs_before = now + Millis(10),
                                     .failed_before = now,
                                     .audit_before = now,
                                     .events_before = now,
                                     .idempotency_before = now};
    EXPECT_EQ(wrote<int>([&](Transaction& t) { return t.prune(retention); }), 2);
    EXPECT_EQ(run(ids[0]).state, RunState::running);
    EXPECT_EQ(run(ids[1]).state, RunState::failed);  // failed runs are kept longer
    EXPECT_EQ(number(run(ids[3]).id), 0);
    reopen();
    EXPECT_GT(number(insert(queued("new"))), number(ids[3]));  // numbers are never given twice
}

TEST_P(StoreConformance, ABackupIsACompleteStore) {
    auto id = insert(queued("k"));
    auto path = (folder_ / "copy" / "polysync.db").string();
    std::filesystem::create_directories(folder_ / "copy");
    auto done = test::run_async(store_->backup(path));
    ASSERT_TRUE(done) << done.error().describe();
    insert(queued("after"));
    EXPECT_FALSE(test::run_async(store_->backup(path)));  // never over another file
    // A backup is one SQLite file, whatever the store.
    store_ = std::move(open_sqlite_store({.path = path}).value());
    EXPECT_EQ(run(id).key.key, "k");
    EXPECT_EQ(read<RunPage>([](ReadTransaction& t) { return t.list_runs({}, {}); }).runs.size(), 1u);
}

TEST_P(StoreConformance, OneProcessAtATimeWhereItIsNotShared) {
    auto second = GetParam().open(folder_.string());
    if (GetParam().is_shared) {
        EXPECT_TRUE(second);
        return;
    }
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "store_in_use");
    EXPECT_FALSE(second.error().remedy.empty());
}

}  // namespace polysync::store
