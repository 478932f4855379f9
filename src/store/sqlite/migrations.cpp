#include "store/sqlite/migrations.h"

#include <array>

#include <fmt/format.h>

namespace polysync::store {
namespace {

// States as in RunState: 0 Queued, 1-3 in flight, 4 Succeeded, 5 Failed, 6 Cancelled, 7 Skipped. Times:
// milliseconds since 1970.
constexpr const char* step_1 = R"sql(
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE object(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
  document TEXT NOT NULL, owner TEXT NOT NULL, managed_by TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER);
CREATE UNIQUE INDEX object_name ON object(kind, name) WHERE deleted_at IS NULL;
CREATE TABLE object_version(
  id INTEGER NOT NULL REFERENCES object(id), version INTEGER NOT NULL, document TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(id, version)) WITHOUT ROWID;

CREATE TABLE run(
  id INTEGER PRIMARY KEY, task INTEGER NOT NULL, lane TEXT NOT NULL, key TEXT NOT NULL, rerun INTEGER NOT NULL,
  task_version INTEGER NOT NULL, platform INTEGER NOT NULL, run_trigger INTEGER NOT NULL, state INTEGER NOT NULL,
  priority INTEGER NOT NULL, attempt INTEGER NOT NULL, infrastructure_losses INTEGER NOT NULL, fence INTEGER NOT NULL,
  node TEXT NOT NULL, created_at INTEGER NOT NULL, queued_at INTEGER NOT NULL, not_before INTEGER NOT NULL,
  submitted_at INTEGER, started_at INTEGER, ended_at INTEGER, token TEXT NOT NULL, pipeline_run_id TEXT NOT NULL,
  monitor_url TEXT NOT NULL, aws_status TEXT NOT NULL, message TEXT NOT NULL, code TEXT NOT NULL, remedy TEXT NOT NULL,
  waiting_for TEXT NOT NULL, exit_code INTEGER, cancel INTEGER NOT NULL, cancel_by TEXT NOT NULL,
  outputs TEXT NOT NULL, run_values TEXT NOT NULL, downstream INTEGER NOT NULL);
CREATE UNIQUE INDEX run_key ON run(task, lane, key, rerun);
CREATE INDEX run_queued ON run(platform, task, priority DESC, queued_at, id, not_before) WHERE state = 0;
CREATE INDEX run_in_flight ON run(id, platform, task) WHERE state IN (1, 2, 3);
CREATE INDEX run_succeeded ON run(task, lane, ended_at) WHERE state = 4;

-- How many runs of a task are queued and in flight on a platform: derived from run, kept in the same transactions, recounted after migrations.
CREATE TABLE occupancy(
  platform INTEGER NOT NULL, task INTEGER NOT NULL, queued INTEGER NOT NULL, in_flight INTEGER NOT NULL,
  PRIMARY KEY(platform, task)) WITHOUT ROWID;

CREATE TABLE attempt(
  run INTEGER NOT NULL, attempt INTEGER NOT NULL, token TEXT NOT NULL, intent TEXT NOT NULL, called_at INTEGER, ended_at INTEGER,
  pipeline_run_id TEXT NOT NULL, aws_status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, exit_code INTEGER,
  PRIMARY KEY(run, attempt, token)) WITHOUT ROWID;
CREATE TABLE history(
  run INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
  message TEXT NOT NULL, PRIMARY KEY(run, sequence)) WITHOUT ROWID;

CREATE TABLE token(
  child INTEGER NOT NULL, lane TEXT NOT NULL, key TEXT NOT NULL, parent INTEGER NOT NULL, outcome INTEGER NOT NULL,
  parent_run INTEGER NOT NULL, outputs TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(child, lane, key, parent)) WITHOUT ROWID;
CREATE INDEX token_age ON token(at);

CREATE TABLE schedule_cursor(
  task INTEGER NOT NULL, position INTEGER NOT NULL, expression TEXT NOT NULL, next_fire INTEGER NOT NULL,
  PRIMARY KEY(task, position)) WITHOUT ROWID;
CREATE TABLE backfill(
  id INTEGER PRIMARY KEY AUTOINCREMENT, task INTEGER NOT NULL, first_key TEXT NOT NULL, last_key TEXT NOT NULL, selection TEXT NOT NULL,
  max_active INTEGER NOT NULL, priority INTEGER NOT NULL, newest_first INTEGER NOT NULL, downstream INTEGER NOT NULL, state INTEGER NOT NULL,
  next_key TEXT NOT NULL, planned INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE pause(object INTEGER PRIMARY KEY, paused_by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE rate_bucket(
  profile INTEGER NOT NULL, platform INTEGER NOT NULL, tokens REAL NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(profile, platform)) WITHOUT ROWID;

CREATE TABLE event(sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE alert(
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, dedupe TEXT NOT NULL UNIQUE,
  document TEXT NOT NULL, delivered INTEGER NOT NULL);
CREATE TABLE audit(sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  document TEXT NOT NULL);
CREATE TABLE idempotency(key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, status INTEGER NOT NULL, response TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* step_2 = R"sql(
CREATE TABLE kept_log(
  run INTEGER NOT NULL, attempt INTEGER NOT NULL, platform INTEGER NOT NULL, pipeline_run_id TEXT NOT NULL, wanted_at INTEGER NOT NULL,
  done INTEGER NOT NULL, lines TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY(run, attempt, pipeline_run_id)) WITHOUT ROWID;
CREATE INDEX kept_log_wanted ON kept_log(wanted_at, run) WHERE done = 0;

-- Chains and lists of one key, whatever the task.
CREATE INDEX run_by_key ON run(key, lane);
)sql";

constexpr const char* step_3 = R"sql(
-- Queued runs that wait for a time, few among the queued ones: when to look again.
CREATE INDEX run_waits ON run(not_before) WHERE state = 0 AND not_before > 0;
)sql";

constexpr const char* step_4 = R"sql(
CREATE TABLE node(name TEXT PRIMARY KEY, term INTEGER NOT NULL, beat INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
-- Those that a node has to learn of when another one was asked; few.
CREATE INDEX run_cancels ON run(node, id) WHERE cancel > 0 AND state BETWEEN 1 AND 3;
-- For a list of three, each UPDATE of a run makes a table of its own: a third of the whole cost of a run.
DROP INDEX run_in_flight;
CREATE INDEX run_in_flight ON run(id, platform, task) WHERE state BETWEEN 1 AND 3;
)sql";

constexpr std::array steps{step_1, step_2, step_3, step_4};

}  // namespace

int newest_schema_version() { return int(steps.size()); }

Result<int> schema_version(Database& database) {
    POLYSYNC_TRY(auto statement, database.prepare("PRAGMA user_version"));
    POLYSYNC_TRY(bool row, statement.step());
    return row ? int(statement.integer(0)) : 0;
}

Status migrate_to(Database& database, int version) {
    POLYSYNC_TRY(int current, schema_version(database));
    if (current > newest_schema_version())
        return make_error(
            ErrorKind::unsupported, "newer_schema",
            fmt::format("the database has schema {}, this program knows {}", current,
                        newest_schema_version()),
            "Use the newer Polysync that wrote it, or restore a backup made before the upgrade.");
    for (; current < version; ++current) {
        POLYSYNC_TRY(database.execute("BEGIN IMMEDIATE"));
        auto done = database.execute(steps[std::size_t(current)]);
        if (done) done = database.execute(fmt::format("PRAGMA user_version={}; COMMIT", current + 1).c_str());
        if (!done) {
            if (database.in_transaction()) [[maybe_unused]]
                auto undone = database.execute("ROLLBACK");
            return done;
        }
    }
    return success();
}

Status migrate(Database& database) { return migrate_to(database, newest_schema_version()); }

}  // namespace polysync::store
