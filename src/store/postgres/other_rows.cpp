// Definitions, tokens, schedules, backfills, pauses, buckets, nodes, events, alerts, audit.
#include <fmt/format.h>

#include "store/postgres/transaction.h"

namespace polysync::store {
namespace {

constexpr std::string_view token_columns = "ittiiiti";

template <class Read>
auto all_rows(const PgRows& rows, const Read& read) {
    std::vector<decltype(read(rows[0]))> out;
    out.reserve(std::size_t(rows.size()));
    for (int i = 0; i < rows.size(); ++i) out.push_back(read(rows[i]));
    return out;
}

#define POLYSYNC_OBJECT_COLUMNS "id, kind, name, version, document, owner, managed_by, created_at, updated_at"
#define POLYSYNC_TOKEN_COLUMNS "child, lane, key, parent, outcome, parent_run, outputs, at"
#define POLYSYNC_BACKFILL_COLUMNS                                                            \
    "task, first_key, last_key, selection, max_active, priority, newest_first, downstream, " \
    "state, next_key, planned, created_by, created_at"
#define POLYSYNC_LOG_COLUMNS "run, attempt, platform, pipeline_run_id, wanted_at, done, lines, note"

}  // namespace

Result<std::vector<Object>> PostgresTransaction::objects(std::optional<ObjectKind> kind) {
    PgParams params;
    params.bind(kind ? std::optional(int(*kind)) : std::nullopt);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_OBJECT_COLUMNS
                                   " FROM object WHERE deleted_at IS NULL AND ($1::bigint IS NULL OR "
                                   "kind = $1) ORDER BY kind, name",
                                   params));
    return all_rows(rows, read_object<PgRows::Row>);
}

Result<std::optional<Object>> PostgresTransaction::object(ObjectKind kind, const QualifiedName& name) {
    PgParams params;
    params.bind(int(kind)).bind(name.str());
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_OBJECT_COLUMNS
                                   " FROM object WHERE deleted_at IS NULL AND kind = $1 AND name = $2",
                                   params));
    return rows.empty() ? std::nullopt : std::optional(read_object(rows.front()));
}

Result<std::optional<Object>> PostgresTransaction::object_version(ObjectId id, std::int64_t version) {
    PgParams params;
    params.bind(number(id)).bind(version);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT o.id, o.kind, o.name, v.version, v.document, o.owner, "
                                   "o.managed_by, o.created_at, v.at FROM object o JOIN object_version v "
                                   "ON v.id = o.id WHERE o.id = $1 AND v.version = $2",
                                   params));
    return rows.empty() ? std::nullopt : std::optional(read_object(rows.front()));
}

Result<std::int64_t> PostgresTransaction::definitions_version() {
    if (journal_) return journal_->definitions_version;
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT value::bigint FROM setting WHERE name = 'definitions_version'"));
    return rows.empty() ? 0 : rows.front().integer(0);
}

Status PostgresTransaction::raise_definitions_version() {
    journal_->changes.definitions = true;
    return put_setting("definitions_version", std::to_string(++journal_->definitions_version));
}

Result<ObjectId> PostgresTransaction::put_object(const Object& object) {
    POLYSYNC_TRY(raise_definitions_version());
    ObjectId id = object.id;
    PgParams params;
    if (number(id) == 0) {
        POLYSYNC_TRY(auto existing, this->object(object.kind, object.name));
        if (existing)
            return make_error(
                ErrorKind::conflict, "already_exists",
                fmt::format("there is a {} '{}' already", to_string(object.kind), object.name.str()));
        params.bind(int(object.kind)).bind(object.name.str()).bind(object.version).bind(object.document);
        params.bind(object.owner).bind(object.managed_by).bind(object.created_at).bind(object.updated_at);
        POLYSYNC_TRY(auto rows,
                     connection_.fetch("INSERT INTO object(kind, name, version, document, owner, managed_by, "
                                       "created_at, updated_at) VALUES($1,$2,$3,$4,$5,$6,$7,$8) RETURNING id",
                                       params));
        id = ObjectId{rows.front().integer(0)};
    } else {
        params.bind(object.name.str()).bind(object.version).bind(object.document).bind(object.owner);
        params.bind(object.managed_by).bind(object.updated_at).bind(number(id)).bind(object.version - 1);
        POLYSYNC_TRY(auto rows,
                     connection_.fetch("UPDATE object SET name=$1, version=$2, document=$3, owner=$4, "
                                       "managed_by=$5, updated_at=$6 WHERE id=$7 AND version=$8 AND "
                                       "deleted_at IS NULL",
                                       params));
        if (rows.affected() == 0)
            return make_error(ErrorKind::conflict, "version_conflict",
                              fmt::format("{} '{}' was changed by somebody else", to_string(object.kind),
                                          object.name.str()),
                              "Read it again and repeat the change.");
    }
    PgParams version;
    version.bind(number(id)).bind(object.version).bind(object.document).bind(object.updated_at);
    post("INSERT INTO object_version VALUES($1,$2,$3,$4)", version);
    return id;
}

Status PostgresTransaction::delete_object(ObjectId id, SystemTime at) {
    POLYSYNC_TRY(raise_definitions_version());
    PgParams params;
    params.bind(at).bind(number(id));
    POLYSYNC_TRY(
        auto rows,
        connection_.fetch("UPDATE object SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL", params));
    if (rows.affected() == 0) return make_error(ErrorKind::not_found, "not_found", "there is no such object");
    return success();
}

Result<std::vector<Token>> PostgresTransaction::tokens(ObjectId child, std::string_view lane,
                                                       std::span<const std::string> keys) {
    PgBatch batch("t");
    for (const auto& key : keys) batch.bind(key);
    auto params = batch.take();
    params.bind(number(child)).bind(lane);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_TOKEN_COLUMNS
                                   " FROM token WHERE child = $2 AND lane = $3 AND key = ANY($1::text[]) "
                                   "ORDER BY array_position($1::text[], key), parent",
                                   params));
    return all_rows(rows, read_token<PgRows::Row>);
}

Result<std::vector<Token>> PostgresTransaction::tokens_of(ObjectId child) {
    PgParams params;
    params.bind(number(child));
    POLYSYNC_TRY(auto rows, connection_.fetch("SELECT " POLYSYNC_TOKEN_COLUMNS
                                              " FROM token WHERE child = $1 ORDER BY at, lane, key, parent",
                                              params));
    return all_rows(rows, read_token<PgRows::Row>);
}

Result<std::vector<Token>> PostgresTransaction::tokens_older_than(SystemTime time, int limit) {
    PgParams params;
    params.bind(time).bind(limit);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_TOKEN_COLUMNS
                                   " FROM token WHERE at < $1 AND child NOT IN (SELECT object FROM pause) "
                                   "ORDER BY at, child, lane, key, parent LIMIT $2",
                                   params));
    return all_rows(rows, read_token<PgRows::Row>);
}

Status PostgresTransaction::put_tokens(std::span<const Token> tokens) {
    static const std::string sql =
        "INSERT INTO token(" POLYSYNC_TOKEN_COLUMNS ") SELECT * FROM " + PgBatch::unnest(token_columns) +
        " ON CONFLICT(child, lane, key, parent) DO UPDATE SET outcome = excluded.outcome, parent_run = "
        "excluded.parent_run, outputs = excluded.outputs, at = excluded.at";
    for (const auto& token : tokens) {  // one at a time: the last of the same place counts
        PgBatch batch(token_columns);
        bind_token(batch, token);
        post(sql.c_str(), batch.take());
    }
    return success();
}

Status PostgresTransaction::take_tokens(std::span<const Token> tokens) {
    static const std::string sql =
        "DELETE FROM token t USING " + PgBatch::unnest("itti") +
        " AS u(a, b, c, d) WHERE t.child = u.a AND t.lane = u.b AND t.key = u.c AND "
        "t.parent = u.d";
    PgBatch batch("itti");
    for (const auto& token : tokens)
        batch.bind(number(token.child)).bind(token.lane).bind(token.key).bind(number(token.parent));
    if (!batch.empty()) post(sql.c_str(), batch.take());
    return success();
}

Status PostgresTransaction::drop_tokens(ObjectId child, std::optional<ObjectId> parent) {
    PgParams params;
    params.bind(number(child)).bind(parent ? std::optional(number(*parent)) : std::nullopt);
    post("DELETE FROM token WHERE child = $1 AND ($2::bigint IS NULL OR parent = $2)", params);
    return success();
}

Result<std::vector<ScheduleCursor>> PostgresTransaction::schedule_cursors() {
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT task, position, expression, next_fire FROM schedule_cursor "
                                   "ORDER BY next_fire, task, position"));
    return all_rows(rows, [](const PgRows::Row& row) {
        return ScheduleCursor{ObjectId{row.integer(0)}, int(row.integer(1)), row.text(2), row.time(3)};
    });
}

Status PostgresTransaction::put_schedule_cursors(std::span<const ScheduleCursor> cursors) {
    for (const auto& cursor : cursors) {
        PgParams params;
        params.bind(number(cursor.task)).bind(cursor.index).bind(cursor.expression).bind(cursor.next_fire);
        post(
            "INSERT INTO schedule_cursor VALUES($1,$2,$3,$4) ON CONFLICT(task, position) DO UPDATE SET "
            "expression = "
            "excluded.expression, next_fire = excluded.next_fire",
            params);
    }
    return success();
}

Status PostgresTransaction::delete_schedule_cursors(ObjectId task, int from_index) {
    PgParams params;
    params.bind(number(task)).bind(from_index);
    post("DELETE FROM schedule_cursor WHERE task = $1 AND position >= $2", params);
    return success();
}

Result<std::vector<Backfill>> PostgresTransaction::backfills(std::optional<BackfillState> state) {
    PgParams params;
    params.bind(state ? std::optional(int(*state)) : std::nullopt);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT id, " POLYSYNC_BACKFILL_COLUMNS
                                   " FROM backfill WHERE $1::bigint IS NULL OR state = $1 ORDER BY id",
                                   params));
    return all_rows(rows, read_backfill<PgRows::Row>);
}

Result<std::int64_t> PostgresTransaction::put_backfill(const Backfill& backfill) {
    PgParams params;
    bind_backfill(params, backfill);
    journal_->has_written = true;
    if (backfill.id == 0) {
        POLYSYNC_TRY(auto rows,
                     connection_.fetch("INSERT INTO backfill(" POLYSYNC_BACKFILL_COLUMNS
                                       ") VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) RETURNING id",
                                       params));
        return rows.front().integer(0);
    }
    params.bind(backfill.id);
    post("UPDATE backfill SET (" POLYSYNC_BACKFILL_COLUMNS
         ") = ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) WHERE id = $14",
         params);
    return backfill.id;
}

Result<std::vector<NodeLease>> PostgresTransaction::nodes() {
    POLYSYNC_TRY(auto rows, connection_.fetch("SELECT name, term, beat, at FROM node ORDER BY name"));
    return all_rows(rows, [](const PgRows::Row& row) {
        return NodeLease{row.text(0), row.integer(1), row.integer(2), row.time(3)};
    });
}

Status PostgresTransaction::put_node(const NodeLease& lease) {
    PgParams params;
    params.bind(lease.node).bind(lease.term).bind(lease.beat).bind(lease.at);
    post(
        "INSERT INTO node VALUES($1,$2,$3,$4) ON CONFLICT(name) DO UPDATE SET term = excluded.term, beat = "
        "excluded.beat, at = excluded.at",
        params);
    return success();
}

Status PostgresTransaction::delete_node(std::string_view node) {
    PgParams params;
    params.bind(node);
    post("DELETE FROM node WHERE name = $1", params);
    return success();
}

Result<std::vector<Pause>> PostgresTransaction::pauses() {
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT object, paused_by, reason, at FROM pause ORDER BY object"));
    return all_rows(rows, [](const PgRows::Row& row) {
        return Pause{ObjectId{row.integer(0)}, row.text(1), row.text(2), row.time(3)};
    });
}

Status PostgresTransaction::put_pause(const Pause& pause) {
    PgParams params;
    params.bind(number(pause.object)).bind(pause.by).bind(pause.reason).bind(pause.at);
    journal_->changes.queued = true;
    post(
        "INSERT INTO pause VALUES($1,$2,$3,$4) ON CONFLICT(object) DO UPDATE SET paused_by = "
        "excluded.paused_by, "
        "reason = excluded.reason, at = excluded.at",
        params);
    return success();
}

Status PostgresTransaction::delete_pause(ObjectId object) {
    PgParams params;
    params.bind(number(object));
    journal_->changes.queued = true;
    post("DELETE FROM pause WHERE object = $1", params);
    return success();
}

Result<std::vector<RateBucket>> PostgresTransaction::rate_buckets() {
    POLYSYNC_TRY(auto rows,
                 connection_.fetch(
                     "SELECT profile, platform, tokens, at FROM rate_bucket ORDER BY profile, platform"));
    return all_rows(rows, [](const PgRows::Row& row) {
        return RateBucket{ObjectId{row.integer(0)}, ObjectId{row.integer(1)}, row.real(2), row.time(3)};
    });
}

Status PostgresTransaction::put_rate_buckets(std::span<const RateBucket> buckets) {
    for (const auto& bucket : buckets) {
        PgParams params;
        params.bind(number(bucket.profile)).bind(number(bucket.platform)).bind(bucket.tokens).bind(bucket.at);
        post(
            "INSERT INTO rate_bucket VALUES($1,$2,$3,$4) ON CONFLICT(profile, platform) DO UPDATE SET tokens "
            "= "
            "excluded.tokens, at = excluded.at",
            params);
    }
    return success();
}

Result<std::vector<Event>> PostgresTransaction::events_after(std::int64_t sequence, int limit) {
    flush();
    PgParams params;
    params.bind(sequence).bind(limit);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT sequence, at, type, subject, document FROM event WHERE sequence > "
                                   "$1 ORDER BY sequence LIMIT $2",
                                   params));
    return all_rows(rows, [](const PgRows::Row& row) {
        return Event{row.integer(0), row.time(1), row.text(2), row.text(3), row.text(4)};
    });
}

Result<std::int64_t> PostgresTransaction::last_event_sequence() {
    if (journal_) return journal_->last_event;
    POLYSYNC_TRY(auto rows, connection_.fetch("SELECT last_event FROM store_state"));
    return rows.empty() ? 0 : rows.front().integer(0);
}

Status PostgresTransaction::append_events(std::span<const Event> events) {
    for (const auto& event : events)
        journal_->events.bind(++journal_->last_event)
            .bind(event.at)
            .bind(event.type)
            .bind(event.subject)
            .bind(event.document);
    return success();
}

Result<std::vector<Alert>> PostgresTransaction::alerts(bool undelivered_only, const Page& page) {
    POLYSYNC_TRY(auto before, cursor_number(page, INT64_MAX));
    PgParams params;
    params.bind(before).bind(undelivered_only ? 0 : 1).bind(page.limit);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT id, at, kind, subject, dedupe, document, delivered FROM alert "
                                   "WHERE id < $1 AND delivered <= $2 ORDER BY id DESC LIMIT $3",
                                   params));
    return all_rows(rows, read_alert<PgRows::Row>);
}

Result<bool> PostgresTransaction::put_alert(const Alert& alert) {
    PgParams params;
    params.bind(alert.at).bind(alert.kind).bind(alert.subject).bind(alert.dedupe).bind(alert.document);
    journal_->has_written = true;
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("INSERT INTO alert(at, kind, subject, dedupe, document, delivered) "
                                   "VALUES($1,$2,$3,$4,$5,0) ON CONFLICT(dedupe) DO NOTHING",
                                   params));
    return rows.affected() > 0;
}

Status PostgresTransaction::mark_delivered(std::int64_t alert) {
    PgParams params;
    params.bind(alert);
    post("UPDATE alert SET delivered = 1 WHERE id = $1", params);
    return success();
}

Result<std::vector<AuditEntry>> PostgresTransaction::audit(const Page& page) {
    POLYSYNC_TRY(auto before, cursor_number(page, INT64_MAX));
    flush();
    PgParams params;
    params.bind(before).bind(page.limit);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT sequence, at, actor, action, subject, document FROM audit WHERE "
                                   "sequence < $1 ORDER BY sequence DESC LIMIT $2",
                                   params));
    return all_rows(rows, [](const PgRows::Row& row) {
        return AuditEntry{row.integer(0), row.time(1), row.text(2), row.text(3), row.text(4), row.text(5)};
    });
}

Status PostgresTransaction::append_audit(const AuditEntry& entry) {
    journal_->audit.bind(++journal_->last_audit)
        .bind(entry.at)
        .bind(entry.actor)
        .bind(entry.action)
        .bind(entry.subject)
        .bind(entry.document);
    return success();
}

Result<std::optional<IdempotencyRecord>> PostgresTransaction::idempotency(std::string_view key) {
    PgParams params;
    params.bind(key);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT key, request_hash, status, response, at FROM idempotency WHERE "
                                   "key = $1",
                                   params));
    if (rows.empty()) return std::optional<IdempotencyRecord>();
    auto row = rows.front();
    return std::optional(
        IdempotencyRecord{row.text(0), row.text(1), int(row.integer(2)), row.text(3), row.time(4)});
}

Status PostgresTransaction::put_idempotency(const IdempotencyRecord& record) {
    PgParams params;
    params.bind(record.key)
        .bind(record.request_hash)
        .bind(record.status)
        .bind(record.response)
        .bind(record.at);
    post(
        "INSERT INTO idempotency VALUES($1,$2,$3,$4,$5) ON CONFLICT(key) DO UPDATE SET request_hash = "
        "excluded.request_hash, status = excluded.status, response = excluded.response, at = excluded.at",
        params);
    return success();
}

Result<std::optional<std::string>> PostgresTransaction::setting(std::string_view name) {
    PgParams params;
    params.bind(name);
    POLYSYNC_TRY(auto rows, connection_.fetch("SELECT value FROM setting WHERE name = $1", params));
    return rows.empty() ? std::nullopt : std::optional(rows.front().text(0));
}

Status PostgresTransaction::put_setting(std::string_view name, std::string_view value) {
    PgParams params;
    params.bind(name).bind(value);
    journal_->changes.definitions |= name == "environment";
    post("INSERT INTO setting VALUES($1,$2) ON CONFLICT(name) DO UPDATE SET value = excluded.value", params);
    return success();
}

Result<std::vector<KeptLog>> PostgresTransaction::kept_logs(RunId run) {
    PgParams params;
    params.bind(number(run));
    POLYSYNC_TRY(auto rows, connection_.fetch("SELECT " POLYSYNC_LOG_COLUMNS
                                              " FROM kept_log WHERE run = $1 ORDER BY attempt, wanted_at",
                                              params));
    return all_rows(rows, read_kept_log<PgRows::Row>);
}

Result<std::vector<KeptLog>> PostgresTransaction::wanted_logs(int limit) {
    PgParams params;
    params.bind(limit);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_LOG_COLUMNS
                                   " FROM kept_log WHERE done = 0 ORDER BY wanted_at, run LIMIT $1",
                                   params));
    return all_rows(rows, read_kept_log<PgRows::Row>);
}

Status PostgresTransaction::put_kept_log(const KeptLog& log) {
    PgParams params;
    bind_kept_log(params, log);
    post("INSERT INTO kept_log(" POLYSYNC_LOG_COLUMNS
         ") VALUES($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT(run, attempt, pipeline_run_id) DO UPDATE SET "
         "platform = "
         "excluded.platform, wanted_at = excluded.wanted_at, done = excluded.done, lines = excluded.lines, "
         "note = "
         "excluded.note",
         params);
    return success();
}

}  // namespace polysync::store
