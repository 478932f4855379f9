// What is kept for how long (spec 10), and the ends of logs.
#include "store/row_codec.h"
#include "store/sqlite/transaction.h"

namespace polysync::store {

// Run numbers rise with time, so the old ones are at the front; where the front ends is found by halving, not
// by a scan of everything younger. A clock that once went wrong moves the end a little, and rows stay longer.
Result<std::int64_t> SqliteTransaction::first_run_created_after(SystemTime time) {
    std::int64_t low = 0, high = counters_->last_run + 1;  // the answer is in (low, high]
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT id, created_at FROM run WHERE id > ? ORDER BY id LIMIT 1"));
    while (low + 1 < high) {
        auto middle = low + (high - low) / 2;
        statement.bind(middle - 1);
        POLYSYNC_TRY(bool row, statement.step());
        bool old = row && statement.integer(0) < high && statement.time(1) < time;
        auto id = row ? statement.integer(0) : high;
        statement.reset();
        if (old) {
            low = id;
        } else {
            high = middle;
        }
    }
    return high;
}

Result<std::vector<std::int64_t>> SqliteTransaction::old_runs(const Retention& retention) {
    std::vector<std::int64_t> old;
    POLYSYNC_TRY(auto end, first_run_created_after(std::max(retention.failed_before, retention.runs_before)));
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT id FROM run WHERE id < ?4 AND state >= 4 AND "
                                                   "ended_at < CASE state WHEN 5 THEN ?1 ELSE ?2 "
                                                   "END ORDER BY id LIMIT ?3"));
    statement.bind(retention.failed_before).bind(retention.runs_before).bind(retention.limit).bind(end);
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return old;
        old.push_back(statement.integer(0));
    }
}

Result<int> SqliteTransaction::prune(const Retention& retention) {
    POLYSYNC_TRY(auto old, old_runs(retention));
    constexpr const char* by_run[] = {"DELETE FROM history WHERE run = ?",
                                      "DELETE FROM attempt WHERE run = ?",
                                      "DELETE FROM kept_log WHERE run = ?", "DELETE FROM run WHERE id = ?"};
    for (const char* sql : by_run) {
        POLYSYNC_TRY(auto statement, database_.prepare(sql));
        for (auto id : old) {
            statement.bind(id);
            POLYSYNC_TRY(statement.run());
            statement.reset();
        }
    }
    if (!old.empty()) {  // run numbers are never given twice, also after the newest is gone
        POLYSYNC_TRY(put_setting("last_run", std::to_string(counters_->last_run)));
    }
    int deleted = int(old.size());
    const std::pair<const char*, SystemTime> by_age[] = {
        {"DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE at < ? ORDER BY sequence "
         "LIMIT ?)",
         retention.audit_before},
        {"DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE at < ? ORDER BY id LIMIT ?)",
         retention.audit_before},
        {"DELETE FROM event WHERE sequence IN (SELECT sequence FROM event WHERE at < ? ORDER BY sequence "
         "LIMIT ?)",
         retention.events_before},
        {"DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < ? LIMIT ?)",
         retention.idempotency_before}};
    for (const auto& [sql, before] : by_age) {
        POLYSYNC_TRY(auto statement, database_.prepare(sql));
        statement.bind(before).bind(retention.limit);
        POLYSYNC_TRY(statement.run());
        deleted += int(database_.changes());
    }
    return deleted;
}

namespace {

Result<std::vector<KeptLog>> read_logs(Statement& statement) {
    std::vector<KeptLog> out;
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back(read_kept_log(statement));
    }
}

}  // namespace

Result<std::vector<KeptLog>> SqliteTransaction::kept_logs(RunId run) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT run, attempt, platform, pipeline_run_id, wanted_at, done, lines, "
                                   "note FROM kept_log WHERE run = ? ORDER BY attempt, wanted_at"));
    statement.bind(number(run));
    return read_logs(statement);
}

Result<std::vector<KeptLog>> SqliteTransaction::wanted_logs(int limit) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT run, attempt, platform, pipeline_run_id, wanted_at, done, lines, "
                                   "note FROM kept_log WHERE done = 0 ORDER BY wanted_at, run LIMIT ?"));
    statement.bind(limit);
    return read_logs(statement);
}

Status SqliteTransaction::put_kept_log(const KeptLog& log) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("INSERT OR REPLACE INTO kept_log(run, attempt, platform, pipeline_run_id, "
                                   "wanted_at, done, lines, note) VALUES(?,?,?,?,?,?,?,?)"));
    bind_kept_log(statement, log);
    return statement.run();
}

}  // namespace polysync::store
