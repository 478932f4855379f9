// Definitions, tokens, schedules, backfills, pauses, buckets, events, alerts, audit.
#include <charconv>

#include <fmt/format.h>

#include "store/row_codec.h"
#include "store/sqlite/transaction.h"

namespace polysync::store {
namespace {

// Calls `read` for every row.
template <class Read>
Status for_each_row(Statement& statement, const Read& read) {
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return success();
        read(statement);
    }
}

template <class Row, class Read>
Result<std::vector<Row>> all_rows(Statement& statement, const Read& read) {
    std::vector<Row> out;
    POLYSYNC_TRY(for_each_row(statement, [&](const Statement& row) { out.push_back(read(row)); }));
    return out;
}

}  // namespace

Result<std::vector<Object>> SqliteTransaction::objects(std::optional<ObjectKind> kind) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare(
            "SELECT id, kind, name, version, document, owner, managed_by, created_at, updated_at FROM object "
            "WHERE deleted_at IS NULL AND (?1 IS NULL OR kind = ?1) ORDER BY kind, name"));
    if (kind) {
        statement.bind(int(*kind));
    } else {
        statement.bind_null();
    }
    return all_rows<Object>(statement, read_object<Statement>);
}

Result<std::optional<Object>> SqliteTransaction::object(ObjectKind kind, const QualifiedName& name) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare(
            "SELECT id, kind, name, version, document, owner, managed_by, created_at, updated_at FROM object "
            "WHERE deleted_at IS NULL AND kind = ? AND name = ?"));
    statement.bind(int(kind)).bind(name.str());
    POLYSYNC_TRY(bool row, statement.step());
    return row ? std::optional(read_object(statement)) : std::nullopt;
}

Result<std::optional<Object>> SqliteTransaction::object_version(ObjectId id, std::int64_t version) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT o.id, o.kind, o.name, v.version, v.document, o.owner, o.managed_by, "
                          "o.created_at, v.at FROM "
                          "object o JOIN object_version v ON v.id = o.id WHERE o.id = ? AND v.version = ?"));
    statement.bind(number(id)).bind(version);
    POLYSYNC_TRY(bool row, statement.step());
    return row ? std::optional(read_object(statement)) : std::nullopt;
}

Result<std::int64_t> SqliteTransaction::definitions_version() {
    POLYSYNC_TRY(auto text, setting("definitions_version"));
    std::int64_t version = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), version);
    return version;
}

Result<ObjectId> SqliteTransaction::put_object(const Object& object) {
    POLYSYNC_TRY(auto version, definitions_version());
    POLYSYNC_TRY(put_setting("definitions_version", std::to_string(version + 1)));
    ObjectId id = object.id;
    if (number(id) == 0) {
        POLYSYNC_TRY(auto existing, this->object(object.kind, object.name));
        if (existing)
            return make_error(
                ErrorKind::conflict, "already_exists",
                fmt::format("there is a {} '{}' already", to_string(object.kind), object.name.str()));
        POLYSYNC_TRY(auto statement, database_.prepare("INSERT INTO object(kind, name, version, document, "
                                                       "owner, managed_by, created_at, updated_at) "
                                                       "VALUES(?,?,?,?,?,?,?,?) RETURNING id"));
        statement.bind(int(object.kind))
            .bind(object.name.str())
            .bind(object.version)
            .bind(object.document)
            .bind(object.owner);
        statement.bind(object.managed_by).bind(object.created_at).bind(object.updated_at);
        POLYSYNC_TRY(bool row, statement.step());
        if (row) id = ObjectId{statement.integer(0)};
        POLYSYNC_TRY(statement.run());
    } else {
        POLYSYNC_TRY(
            auto statement,
            database_.prepare(
                "UPDATE object SET name=?, version=?, document=?, owner=?, managed_by=?, updated_at=? "
                "WHERE id=? AND version=? AND deleted_at IS NULL"));
        statement.bind(object.name.str())
            .bind(object.version)
            .bind(object.document)
            .bind(object.owner)
            .bind(object.managed_by);
        statement.bind(object.updated_at).bind(number(id)).bind(object.version - 1);
        POLYSYNC_TRY(statement.run());
        if (database_.changes() == 0)
            return make_error(ErrorKind::conflict, "version_conflict",
                              fmt::format("{} '{}' was changed by somebody else", to_string(object.kind),
                                          object.name.str()),
                              "Read it again and repeat the change.");
    }
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT INTO object_version VALUES(?,?,?,?)"));
    statement.bind(number(id)).bind(object.version).bind(object.document).bind(object.updated_at);
    POLYSYNC_TRY(statement.run());
    return id;
}

Status SqliteTransaction::delete_object(ObjectId id, SystemTime at) {
    POLYSYNC_TRY(auto version, definitions_version());
    POLYSYNC_TRY(put_setting("definitions_version", std::to_string(version + 1)));
    POLYSYNC_TRY(auto statement,
                 database_.prepare("UPDATE object SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL"));
    statement.bind(at).bind(number(id));
    POLYSYNC_TRY(statement.run());
    if (database_.changes() == 0)
        return make_error(ErrorKind::not_found, "not_found", "there is no such object");
    return success();
}

Result<std::vector<Token>> SqliteTransaction::tokens(ObjectId child, std::string_view lane,
                                                     std::span<const std::string> keys) {
    std::vector<Token> out;
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT child, lane, key, parent, outcome, parent_run, outputs, at FROM token "
                          "WHERE child = ? AND lane = ? AND key = ?"));
    for (const auto& key : keys) {
        statement.bind(number(child)).bind(lane).bind(key);
        POLYSYNC_TRY(for_each_row(statement, [&](const Statement& row) { out.push_back(read_token(row)); }));
        statement.reset();
    }
    return out;
}

Result<std::vector<Token>> SqliteTransaction::tokens_of(ObjectId child) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT child, lane, key, parent, outcome, parent_run, outputs, at FROM "
                                   "token WHERE child = ? ORDER BY at, lane, key"));
    statement.bind(number(child));
    return all_rows<Token>(statement, read_token<Statement>);
}

Result<std::vector<Token>> SqliteTransaction::tokens_older_than(SystemTime time, int limit) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT child, lane, key, parent, outcome, parent_run, outputs, at FROM token "
                          "WHERE at < ? AND child NOT IN (SELECT object FROM pause) ORDER BY at LIMIT ?"));
    statement.bind(time).bind(limit);
    return all_rows<Token>(statement, read_token<Statement>);
}

Status SqliteTransaction::put_tokens(std::span<const Token> tokens) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare(
            "INSERT OR REPLACE INTO token(child, lane, key, parent, outcome, parent_run, outputs, at) "
            "VALUES(?,?,?,?,?,?,?,?)"));
    for (const auto& token : tokens) {
        bind_token(statement, token);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Status SqliteTransaction::take_tokens(std::span<const Token> tokens) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("DELETE FROM token WHERE child = ? AND lane = ? AND key = ? AND parent = ?"));
    for (const auto& token : tokens) {
        statement.bind(number(token.child)).bind(token.lane).bind(token.key).bind(number(token.parent));
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Status SqliteTransaction::drop_tokens(ObjectId child, std::optional<ObjectId> parent) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("DELETE FROM token WHERE child = ?1 AND (?2 IS NULL OR parent = ?2)"));
    statement.bind(number(child));
    if (parent) {
        statement.bind(number(*parent));
    } else {
        statement.bind_null();
    }
    return statement.run();
}

Result<std::vector<ScheduleCursor>> SqliteTransaction::schedule_cursors() {
    POLYSYNC_TRY(auto statement,
                 database_.prepare(
                     "SELECT task, position, expression, next_fire FROM schedule_cursor ORDER BY next_fire"));
    return all_rows<ScheduleCursor>(statement, [](const Statement& row) {
        return ScheduleCursor{ObjectId{row.integer(0)}, int(row.integer(1)), row.text(2), row.time(3)};
    });
}

Status SqliteTransaction::put_schedule_cursors(std::span<const ScheduleCursor> cursors) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO schedule_cursor VALUES(?,?,?,?)"));
    for (const auto& cursor : cursors) {
        statement.bind(number(cursor.task)).bind(cursor.index).bind(cursor.expression).bind(cursor.next_fire);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Status SqliteTransaction::delete_schedule_cursors(ObjectId task, int from_index) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("DELETE FROM schedule_cursor WHERE task = ? AND position >= ?"));
    statement.bind(number(task)).bind(from_index);
    return statement.run();
}

Result<std::vector<Backfill>> SqliteTransaction::backfills(std::optional<BackfillState> state) {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT id, task, first_key, last_key, selection, "
                                                   "max_active, priority, newest_first, downstream, "
                                                   "state, next_key, planned, created_by, created_at FROM "
                                                   "backfill WHERE ?1 IS NULL OR state = ?1 ORDER BY id"));
    if (state) {
        statement.bind(int(*state));
    } else {
        statement.bind_null();
    }
    return all_rows<Backfill>(statement, read_backfill<Statement>);
}

Result<std::int64_t> SqliteTransaction::put_backfill(const Backfill& backfill) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare(
            "INSERT OR REPLACE INTO backfill(id, task, first_key, last_key, selection, max_active, priority, "
            "newest_first, downstream, state, next_key, planned, created_by, created_at) "
            "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id"));
    if (backfill.id == 0) {
        statement.bind_null();
    } else {
        statement.bind(backfill.id);
    }
    bind_backfill(statement, backfill);
    POLYSYNC_TRY(bool row, statement.step());
    std::int64_t id = row ? statement.integer(0) : 0;
    POLYSYNC_TRY(statement.run());
    return id;
}

Result<std::vector<NodeLease>> SqliteTransaction::nodes() {
    std::vector<NodeLease> out;
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT name, term, beat, at FROM node ORDER BY name"));
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back({statement.text(0), statement.integer(1), statement.integer(2), statement.time(3)});
    }
}

Status SqliteTransaction::put_node(const NodeLease& lease) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO node VALUES(?, ?, ?, ?)"));
    statement.bind(lease.node).bind(lease.term).bind(lease.beat).bind(lease.at);
    return statement.run();
}

Status SqliteTransaction::delete_node(std::string_view node) {
    POLYSYNC_TRY(auto statement, database_.prepare("DELETE FROM node WHERE name = ?"));
    statement.bind(node);
    return statement.run();
}

Result<std::vector<Pause>> SqliteTransaction::pauses() {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT object, paused_by, reason, at FROM pause"));
    return all_rows<Pause>(statement, [](const Statement& row) {
        return Pause{ObjectId{row.integer(0)}, row.text(1), row.text(2), row.time(3)};
    });
}

Status SqliteTransaction::put_pause(const Pause& pause) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO pause VALUES(?,?,?,?)"));
    statement.bind(number(pause.object)).bind(pause.by).bind(pause.reason).bind(pause.at);
    return statement.run();
}

Status SqliteTransaction::delete_pause(ObjectId object) {
    POLYSYNC_TRY(auto statement, database_.prepare("DELETE FROM pause WHERE object = ?"));
    statement.bind(number(object));
    return statement.run();
}

Result<std::vector<RateBucket>> SqliteTransaction::rate_buckets() {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT profile, platform, tokens, at FROM rate_bucket"));
    return all_rows<RateBucket>(statement, [](const Statement& row) {
        return RateBucket{ObjectId{row.integer(0)}, ObjectId{row.integer(1)}, row.real(2), row.time(3)};
    });
}

Status SqliteTransaction::put_rate_buckets(std::span<const RateBucket> buckets) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO rate_bucket VALUES(?,?,?,?)"));
    for (const auto& bucket : buckets) {
        statement.bind(number(bucket.profile))
            .bind(number(bucket.platform))
            .bind(bucket.tokens)
            .bind(bucket.at);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Result<std::vector<Event>> SqliteTransaction::events_after(std::int64_t sequence, int limit) {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT sequence, at, type, subject, document FROM event "
                                                   "WHERE sequence > ? ORDER BY sequence LIMIT ?"));
    statement.bind(sequence).bind(limit);
    return all_rows<Event>(statement, [](const Statement& row) {
        return Event{row.integer(0), row.time(1), row.text(2), row.text(3), row.text(4)};
    });
}

Result<std::int64_t> SqliteTransaction::last_event_sequence() {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'"));
    POLYSYNC_TRY(bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

Status SqliteTransaction::append_events(std::span<const Event> events) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("INSERT INTO event(at, type, subject, document) VALUES(?,?,?,?)"));
    for (const auto& event : events) {
        statement.bind(event.at).bind(event.type).bind(event.subject).bind(event.document);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Result<std::vector<Alert>> SqliteTransaction::alerts(bool undelivered_only, const Page& page) {
    POLYSYNC_TRY(auto before, cursor_number(page, INT64_MAX));
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT id, at, kind, subject, dedupe, document, "
                                                   "delivered FROM alert WHERE id < ? AND delivered <= ? "
                                                   "ORDER BY id DESC LIMIT ?"));
    statement.bind(before).bind(undelivered_only ? 0 : 1).bind(page.limit);
    return all_rows<Alert>(statement, read_alert<Statement>);
}

Result<bool> SqliteTransaction::put_alert(const Alert& alert) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR IGNORE INTO alert(at, kind, subject, dedupe, "
                                                   "document, delivered) VALUES(?,?,?,?,?,0)"));
    statement.bind(alert.at).bind(alert.kind).bind(alert.subject).bind(alert.dedupe).bind(alert.document);
    POLYSYNC_TRY(statement.run());
    return database_.changes() > 0;
}

Status SqliteTransaction::mark_delivered(std::int64_t alert) {
    POLYSYNC_TRY(auto statement, database_.prepare("UPDATE alert SET delivered = 1 WHERE id = ?"));
    statement.bind(alert);
    return statement.run();
}

Result<std::vector<AuditEntry>> SqliteTransaction::audit(const Page& page) {
    POLYSYNC_TRY(auto before, cursor_number(page, INT64_MAX));
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT sequence, at, actor, action, subject, document "
                                                   "FROM audit WHERE sequence < ? ORDER BY sequence "
                                                   "DESC LIMIT ?"));
    statement.bind(before).bind(page.limit);
    return all_rows<AuditEntry>(statement, [](const Statement& row) {
        return AuditEntry{row.integer(0), row.time(1), row.text(2), row.text(3), row.text(4), row.text(5)};
    });
}

Status SqliteTransaction::append_audit(const AuditEntry& entry) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("INSERT INTO audit(at, actor, action, subject, document) VALUES(?,?,?,?,?)"));
    statement.bind(entry.at).bind(entry.actor).bind(entry.action).bind(entry.subject).bind(entry.document);
    return statement.run();
}

Result<std::optional<IdempotencyRecord>> SqliteTransaction::idempotency(std::string_view key) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT key, request_hash, status, response, at FROM idempotency WHERE key = ?"));
    statement.bind(key);
    POLYSYNC_TRY(bool row, statement.step());
    if (!row) return std::optional<IdempotencyRecord>();
    return std::optional(IdempotencyRecord{statement.text(0), statement.text(1), int(statement.integer(2)),
                                           statement.text(3), statement.time(4)});
}

Status SqliteTransaction::put_idempotency(const IdempotencyRecord& record) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO idempotency VALUES(?,?,?,?,?)"));
    statement.bind(record.key)
        .bind(record.request_hash)
        .bind(record.status)
        .bind(record.response)
        .bind(record.at);
    return statement.run();
}

Result<std::optional<std::string>> SqliteTransaction::setting(std::string_view name) {
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT value FROM setting WHERE name = ?"));
    statement.bind(name);
    POLYSYNC_TRY(bool row, statement.step());
    return row ? std::optional(statement.text(0)) : std::nullopt;
}

Status SqliteTransaction::put_setting(std::string_view name, std::string_view value) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT OR REPLACE INTO setting VALUES(?,?)"));
    statement.bind(name).bind(value);
    return statement.run();
}

}  // namespace polysync::store
