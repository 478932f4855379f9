// What is kept for how long (spec 10).
#include "store/postgres/partitions.h"
#include "store/postgres/transaction.h"

namespace polysync::store {

// As in SQLite: run numbers rise with time, and where the old ones end is found by halving.
Result<std::int64_t> PostgresTransaction::first_run_created_after(SystemTime time) {
    std::int64_t low = 0, high = journal_->last_run + 1;  // the answer is in (low, high]
    while (low + 1 < high) {
        auto middle = low + (high - low) / 2;
        PgParams params;
        params.bind(middle - 1);
        POLYSYNC_TRY(
            auto rows,
            connection_.fetch("SELECT id, created_at FROM run WHERE id > $1 ORDER BY id LIMIT 1", params));
        bool old = !rows.empty() && rows.front().integer(0) < high && rows.front().time(1) < time;
        if (old) {
            low = rows.front().integer(0);
        } else {
            high = middle;
        }
    }
    return high;
}

Result<int> PostgresTransaction::prune(const Retention& retention) {
    flush();
    journal_->known.clear();
    POLYSYNC_TRY(auto end, first_run_created_after(std::max(retention.failed_before, retention.runs_before)));
    PgParams params;
    params.bind(retention.failed_before).bind(retention.runs_before).bind(retention.limit).bind(end);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT id FROM run WHERE id < $4 AND state >= 4 AND ended_at < CASE "
                                   "state WHEN 5 THEN $1::bigint ELSE $2::bigint END ORDER BY id LIMIT $3",
                                   params));
    int deleted = rows.size();
    if (deleted > 0) {
        for (const char* sql : {"DELETE FROM history_default WHERE run = ANY($1::bigint[])",
                                "DELETE FROM attempt WHERE run = ANY($1::bigint[])",
                                "DELETE FROM kept_log WHERE run = ANY($1::bigint[])",
                                "DELETE FROM run WHERE id = ANY($1::bigint[])"}) {
            PgBatch ids("i");
            for (int i = 0; i < rows.size(); ++i) ids.bind(rows[i].integer(0));
            post(sql, ids.take());
        }
    }
    for (const auto& [sql, before] :
         {std::pair("DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE at < $1 ORDER BY id LIMIT $2)",
                    retention.audit_before),
          std::pair(
              "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < $1 LIMIT $2)",
              retention.idempotency_before)}) {
        PgParams old;
        old.bind(before).bind(retention.limit);
        POLYSYNC_TRY(auto gone, connection_.fetch(sql, old));
        journal_->has_written = true;
        deleted += int(gone.affected());
    }
    if (deleted < retention.limit) {  // few of its runs are left in an old partition by now
        journal_->has_written = true;
        POLYSYNC_TRY(make_partitions(connection_));
        POLYSYNC_TRY(drop_partitions(connection_, retention));
    }
    return deleted;
}

}  // namespace polysync::store
