#include "store/transfer.h"

#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "store/row_codec.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/transaction.h"

namespace polysync::store {
namespace {

// A letter for each column, as PgBatch takes them. Leases and commit marks are of processes, not of the
// store.
struct Table {
    const char* name;
    const char* columns;
    const char* types;
    const char* identity;  // the column whose numbers the database gives; none: null
};

constexpr Table tables[] = {
    {"setting", "name, value", "tt", nullptr},
    {"object", "id, kind, name, version, document, owner, managed_by, created_at, updated_at, deleted_at",
     "iititttiii", "id"},
    {"object_version", "id, version, document, at", "iiti", nullptr},
    {"run", POLYSYNC_RUN_COLUMNS, run_types, nullptr},
    {"occupancy", "platform, task, queued, in_flight", "iiii", nullptr},
    {"attempt",
     "run, attempt, token, intent, called_at, ended_at, pipeline_run_id, aws_status, code, message, "
     "exit_code",
     "iittiitttti", nullptr},
    {"history", "run, sequence, at, state, attempt, message", "iiiiit", nullptr},
    {"kept_log", "run, attempt, platform, pipeline_run_id, wanted_at, done, lines, note", "iiitiitt",
     nullptr},
    {"token", "child, lane, key, parent, outcome, parent_run, outputs, at", "ittiiiti", nullptr},
    {"schedule_cursor", "task, position, expression, next_fire", "iiti", nullptr},
    {"backfill",
     "id, task, first_key, last_key, selection, max_active, priority, newest_first, downstream, state, "
     "next_key, "
     "planned, created_by, created_at",
     "iitttiiiiititi", "id"},
    {"pause", "object, paused_by, reason, at", "itti", nullptr},
    {"rate_bucket", "profile, platform, tokens, at", "iidi", nullptr},
    {"event", "sequence, at, type, subject, document", "iittt", nullptr},
    {"alert", "id, at, kind, subject, dedupe, document, delivered", "iitttti", "id"},
    {"audit", "sequence, at, actor, action, subject, document", "iitttt", nullptr},
    {"idempotency", "key, request_hash, status, response, at", "ttiti", nullptr}};

constexpr int rows_at_once = 2000;

// One row from one side to the other; Row and Binder as in row_codec.h.
template <class Row, class Binder>
void copy_row(std::string_view types, const Row& row, Binder& binder, std::vector<std::string>& texts) {
    texts.clear();
    texts.reserve(types.size());  // SQLite reads them where they are
    for (std::size_t i = 0; i < types.size(); ++i) {
        int column = int(i);
        if (row.is_null(column)) {
            binder.bind_null();
        } else if (types[i] == 't') {
            binder.bind(std::string_view(texts.emplace_back(row.text(column))));
        } else if (types[i] == 'd') {
            binder.bind(row.real(column));
        } else {
            binder.bind(row.integer(column));
        }
    }
}

Status copy_table(const Table& table, Database& from, PgConnection& to) {
    POLYSYNC_TRY(auto rows,
                 Statement::once(from, fmt::format("SELECT {} FROM {}", table.columns, table.name)));
    auto sql = fmt::format("INSERT INTO {}({}) SELECT * FROM {}", table.name, table.columns,
                           PgBatch::unnest(table.types));
    PgBatch batch(table.types);
    std::vector<std::string> texts;
    while (true) {
        POLYSYNC_TRY(bool more, rows.step());
        if (more) copy_row(table.types, rows, batch, texts);
        if (batch.rows() == rows_at_once || (!more && !batch.empty())) {
            POLYSYNC_TRY(to.fetch_once(sql, batch.take()));
        }
        if (!more) break;
    }
    if (!table.identity) return success();
    POLYSYNC_TRY(to.fetch_once(
        fmt::format("SELECT setval(pg_get_serial_sequence('{0}', '{1}'), coalesce(max({1}), 0) + 1, "
                    "false) FROM {0}",
                    table.name, table.identity)));
    return success();
}

Status copy_table(const Table& table, PgConnection& from, Database& to) {
    POLYSYNC_TRY(from.fetch_once(
        fmt::format("DECLARE moved NO SCROLL CURSOR FOR SELECT {} FROM {}", table.columns, table.name)));
    std::string marks;
    for (std::size_t i = 0; i < std::string_view(table.types).size(); ++i) marks += i ? ",?" : "?";
    POLYSYNC_TRY(auto insert, Statement::once(to, fmt::format("INSERT OR REPLACE INTO {}({}) VALUES({})",
                                                              table.name, table.columns, marks)));
    std::vector<std::string> texts;
    while (true) {
        POLYSYNC_TRY(auto rows, from.fetch_once(fmt::format("FETCH {} FROM moved", rows_at_once)));
        for (int i = 0; i < rows.size(); ++i) {
            copy_row(table.types, rows[i], insert, texts);
            POLYSYNC_TRY(insert.run());
            insert.reset();
        }
        if (rows.size() < rows_at_once) break;
    }
    POLYSYNC_TRY(from.fetch_once("CLOSE moved"));
    return success();
}

// Numbers that were given to rows which are gone by now are not given again.
Status copy_last_numbers(PgConnection& from, Database& to) {
    POLYSYNC_TRY(auto rows,
                 from.fetch_once("SELECT last_run, last_history, last_event, last_audit FROM store_state"));
    auto row = rows.front();
    for (const auto& [name, column] : {std::pair("last_run", 0), {"last_history", 1}}) {
        POLYSYNC_TRY(auto put, Statement::once(to, "INSERT OR REPLACE INTO setting VALUES(?, ?)"));
        auto value = std::to_string(row.integer(column));
        put.bind(name).bind(value);
        POLYSYNC_TRY(put.run());
    }
    for (const auto& [table, column] : {std::pair("event", 2), {"audit", 3}}) {
        POLYSYNC_TRY(auto drop, Statement::once(to, "DELETE FROM sqlite_sequence WHERE name = ?"));
        drop.bind(table);
        POLYSYNC_TRY(drop.run());
        POLYSYNC_TRY(auto put, Statement::once(to, "INSERT INTO sqlite_sequence(name, seq) VALUES(?, ?)"));
        put.bind(table).bind(row.integer(column));
        POLYSYNC_TRY(put.run());
    }
    return success();
}

Status copy_last_numbers(Database& from, PgConnection& to) {
    POLYSYNC_TRY(auto counters, read_counters(from));
    PgParams params;
    params.bind(counters.last_run).bind(counters.last_history);
    for (const char* table : {"event", "audit"}) {
        POLYSYNC_TRY(
            auto read,
            Statement::once(from, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"));
        read.bind(table);
        POLYSYNC_TRY(bool row, read.step());
        params.bind(row ? read.integer(0) : std::int64_t(0));
    }
    POLYSYNC_TRY(to.fetch_once(
        "UPDATE store_state SET last_run = $1, last_history = $2, last_event = $3, last_audit = $4", params));
    return success();
}

Status fill(PgConnection& from, const std::string& path) {
    POLYSYNC_TRY(auto to, Database::open(path, false));
    POLYSYNC_TRY(migrate(*to));
    POLYSYNC_TRY(from.fetch_once("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    POLYSYNC_TRY(from.fetch_once("SELECT set_config('statement_timeout', '10min', true)"));
    POLYSYNC_TRY(to->execute("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys=ON"));
    for (const auto& table : tables) {
        POLYSYNC_TRY(copy_table(table, from, *to));
    }
    POLYSYNC_TRY(copy_last_numbers(from, *to));
    POLYSYNC_TRY(to->execute("COMMIT; PRAGMA journal_mode=DELETE"));  // one file, nothing beside it
    POLYSYNC_TRY(from.fetch_once("COMMIT"));
    return success();
}

}  // namespace

Status copy_to_sqlite(PgConnection& from, const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0)
        return make_error(ErrorKind::invalid_input, "backup_exists", fmt::format("{} exists already", path),
                          "Name a new file.");
    auto done = fill(from, path);
    if (!done)
        for (const char* beside : {"", "-wal", "-shm", "-journal"}) std::remove((path + beside).c_str());
    return done;
}

Status copy_to_postgres(Database& from, PgConnection& to) {
    for (const auto& table : tables) {
        POLYSYNC_TRY(copy_table(table, from, to));
    }
    return copy_last_numbers(from, to);
}

}  // namespace polysync::store
