// What a writing transaction collects, and how it is sent.
#include "store/postgres/transaction.h"

namespace polysync::store {
namespace {

constexpr std::string_view history_columns = "iiiiit", event_columns = "iittt", audit_columns = "iitttt",
                           occupancy_columns = "iiii", attempt_columns = "iittiitttti",
                           attempt_change_columns = "titttiiit";

}  // namespace

PgJournal::PgJournal()
    : history(history_columns),
      events(event_columns),
      audit(audit_columns),
      new_runs(run_types),
      changed_runs(changed_run_columns) {}

Result<SystemTime> PostgresTransaction::shared_time(SystemTime) {
    if (journal_) return journal_->at;
    if (time_) return time_();
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"));
    return rows.front().time(0);
}

void PostgresTransaction::post(const char* sql, const PgParams& params) {
    journal_->has_written = true;
    connection_.post(sql, params);
}

void PostgresTransaction::flush() {
    if (!journal_) return;
    static const std::string history_sql =
        "INSERT INTO history SELECT * FROM " + PgBatch::unnest(history_columns);
    static const std::string event_sql = "INSERT INTO event SELECT * FROM " + PgBatch::unnest(event_columns);
    static const std::string audit_sql = "INSERT INTO audit SELECT * FROM " + PgBatch::unnest(audit_columns);
    flush_runs();
    if (!journal_->history.empty()) post(history_sql.c_str(), journal_->history.take());
    if (!journal_->events.empty()) post(event_sql.c_str(), journal_->events.take());
    if (!journal_->audit.empty()) post(audit_sql.c_str(), journal_->audit.take());
    flush_occupancy();
    flush_attempts();
}

void PostgresTransaction::flush_some() {
    constexpr std::size_t much = 100;  // rows
    if (journal_->new_runs.rows() + journal_->changed_runs.rows() >= much) flush();
}

void PostgresTransaction::flush_occupancy() {
    if (!journal_ || journal_->occupancy.empty()) return;
    static const std::string sql =
        "INSERT INTO occupancy AS o SELECT * FROM " + PgBatch::unnest(occupancy_columns) +
        " ON CONFLICT(platform, task) DO UPDATE SET queued = o.queued + excluded.queued, in_flight = "
        "o.in_flight + excluded.in_flight";
    PgBatch batch(occupancy_columns);
    for (const auto& [place, delta] : journal_->occupancy)
        if (delta.queued != 0 || delta.in_flight != 0)
            batch.bind(number(place.first))
                .bind(number(place.second))
                .bind(delta.queued)
                .bind(delta.in_flight);
    journal_->occupancy.clear();
    if (!batch.empty()) post(sql.c_str(), batch.take());
}

void PostgresTransaction::flush_attempts() {
    static const std::string put_sql =
        "INSERT INTO attempt SELECT a, b, c, d, e, f, g, h, i, j, k FROM " +
        PgBatch::unnest(attempt_columns) +
        " AS u(a, b, c, d, e, f, g, h, i, j, k) ON CONFLICT(run, attempt, token) DO UPDATE SET intent = "
        "excluded.intent, called_at = excluded.called_at, ended_at = excluded.ended_at, pipeline_run_id = "
        "excluded.pipeline_run_id, aws_status = excluded.aws_status, code = excluded.code, message = "
        "excluded.message, exit_code = excluded.exit_code";
    static const std::string change_sql =
        "UPDATE attempt t SET pipeline_run_id = coalesce(u.a, t.pipeline_run_id), ended_at = coalesce(u.b, "
        "t.ended_at), aws_status = coalesce(u.c, t.aws_status), code = coalesce(u.d, t.code), message = "
        "coalesce(u.e, t.message), exit_code = coalesce(u.f, t.exit_code) FROM " +
        PgBatch::unnest(attempt_change_columns) +
        " AS u(a, b, c, d, e, f, g, h, i) WHERE t.run = u.g AND t.attempt = u.h AND t.token = u.i";
    if (!journal_->attempts.empty()) {
        PgBatch batch(attempt_columns);
        for (const auto& [key, attempt] : journal_->attempts) bind_attempt(batch, attempt);
        journal_->attempts.clear();
        post(put_sql.c_str(), batch.take());
    }
    if (!journal_->attempt_changes.empty()) {
        PgBatch batch(attempt_change_columns);
        for (const auto& [key, change] : journal_->attempt_changes) bind_attempt_change(batch, change);
        journal_->attempt_changes.clear();
        post(change_sql.c_str(), batch.take());
    }
}

}  // namespace polysync::store
