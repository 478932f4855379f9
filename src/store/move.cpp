#include "store/move.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/random.h"
#include "store/moved.h"
#include "store/postgres/migrations.h"
#include "store/postgres/partitions.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/process_lock.h"
#include "store/sqlite/restore.h"
#include "store/sqlite/transaction.h"
#include "store/transfer.h"

namespace polysync::store {
namespace {

// A node beats every 5 s; one that stands still for longer than two beats may still wake, but finds the mark.
constexpr auto beats_seen_for = std::chrono::seconds(12);

Error not_empty(const std::string& place) {
    return make_error(
        ErrorKind::conflict, "store_not_empty", fmt::format("{} holds something already", place),
        "Name a place that is empty: a file that is not there, or ?schema=NAME of a new schema.");
}

Error elsewhere(const MoveMark& mark) {
    return make_error(ErrorKind::conflict, "store_moved",
                      fmt::format("this store was moved to {} at {}", mark.to, format_iso8601(mark.at)),
                      "A store goes to one place only: move on from there.");
}

// Either store behind one face, for as long as a move takes: nobody else uses it.
class Held {
  public:
    virtual ~Held() = default;
    virtual Result<std::optional<std::string>> setting(const char* name) = 0;
    // Durable when it returns.
    virtual Status put_setting(const char* name, const std::string& value) = 0;
    virtual Status drop_setting(const char* name) = 0;
    // Everything, and `moved_from` in the new place, in one transaction there. `unclear`: it may be there.
    virtual Status copy_to(const Place& to, const std::string& to_text, const std::string& move) = 0;
};

Result<std::unique_ptr<PgConnection>> connect(const PostgresTarget& target) {
    static const std::atomic<bool> never{false};
    POLYSYNC_TRY(auto connection, PgConnection::open(target, never));
    POLYSYNC_TRY(migrate(*connection, target.schema));
    return connection;
}

Result<std::optional<std::string>> setting_of(PgConnection& connection, const char* name) {
    PgParams params;
    params.bind(name);
    POLYSYNC_TRY(auto rows, connection.fetch("SELECT value FROM setting WHERE name = $1", params));
    return rows.empty() ? std::nullopt : std::optional(rows.front().text(0));
}

Status put_setting_in(PgConnection& connection, const char* name, const std::string& value) {
    PgParams params;
    params.bind(name).bind(value);
    POLYSYNC_TRY(
        connection.fetch("INSERT INTO setting VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET value = "
                         "excluded.value",
                         params));
    return success();
}

Result<std::optional<std::string>> setting_of(Database& database, const char* name) {
    POLYSYNC_TRY(auto read, Statement::once(database, "SELECT value FROM setting WHERE name = ?"));
    read.bind(name);
    POLYSYNC_TRY(bool row, read.step());
    return row ? std::optional(read.text(0)) : std::nullopt;
}

Status put_setting_in(Database& database, const char* name, const std::string& value) {
    POLYSYNC_TRY(auto put, Statement::once(database, "INSERT OR REPLACE INTO setting VALUES(?, ?)"));
    put.bind(name).bind(value);
    return put.run();
}

// Takes its time. Where the connection is lost nobody knows whether it was committed.
template <class Function>
Status in_transaction(PgConnection& connection, const std::string& schema, const Function& function) {
    auto done = under_write_lock(connection, schema, [&]() -> Status {
        POLYSYNC_TRY(connection.execute("SET LOCAL statement_timeout = '1h'"));
        return function();
    });
    if (done || !connection.is_lost()) return done;
    auto error = done.error();
    error.kind = ErrorKind::unclear;
    error.remedy = "Run the same command again: it finds out what is there.";
    return error;
}

// What a server that once ran on it has left is nothing yet.
Status check_empty(PgConnection& connection, const std::string& text) {
    POLYSYNC_TRY(auto rows,
                 connection.fetch("SELECT EXISTS(SELECT FROM run) OR EXISTS(SELECT FROM object) OR "
                                  "EXISTS(SELECT FROM node)"));
    if (rows.front().integer(0) != 0) return not_empty(text);
    return connection.execute(
        "DELETE FROM setting; DELETE FROM event; DELETE FROM audit; DELETE FROM alert; "
        "DELETE FROM idempotency; DELETE FROM pause; DELETE FROM occupancy");
}

Status fill(Database& from, PgConnection& to, const std::string& schema, const std::string& text,
            const std::string& move) {
    return in_transaction(to, schema, [&]() -> Status {
        POLYSYNC_TRY(check_empty(to, text));
        POLYSYNC_TRY(make_partitions(to));
        POLYSYNC_TRY(copy_to_postgres(from, to));
        POLYSYNC_TRY(to.execute(fmt::format("DELETE FROM setting WHERE name = '{}'", moved_to_setting)));
        return put_setting_in(to, moved_from_setting, move);
    });
}

class HeldSqlite final : public Held {
  public:
    static Result<std::unique_ptr<Held>> take(const std::string& path) {
        auto held = std::make_unique<HeldSqlite>();
        if (::access(path.c_str(), F_OK) != 0)
            return make_error(ErrorKind::invalid_input, "store_path",
                              fmt::format("there is no store {}", path));
        POLYSYNC_TRY(held->lock_, take_store(path));
        POLYSYNC_TRY(held->database_, Database::open(path, false));
        POLYSYNC_TRY(migrate(*held->database_));
        POLYSYNC_TRY(recount(*held->database_));
        return std::unique_ptr<Held>(std::move(held));
    }
    Result<std::optional<std::string>> setting(const char* name) override {
        return setting_of(*database_, name);
    }
    Status put_setting(const char* name, const std::string& value) override {
        return put_setting_in(*database_, name, value);
    }
    Status drop_setting(const char* name) override {
        return database_->execute(fmt::format("DELETE FROM setting WHERE name = '{}'", name).c_str());
    }
    Status copy_to(const Place& to, const std::string& to_text, const std::string& move) override {
        const auto* target = std::get_if<PostgresTarget>(&to);
        if (!target)
            return make_error(ErrorKind::unsupported, "store_move", "an SQLite file moves to PostgreSQL only",
                              "Stop the server and move the file itself, or use backup and restore.");
        POLYSYNC_TRY(auto connection, connect(*target));
        POLYSYNC_TRY(auto before, setting_of(*connection, moved_from_setting));
        if (before == move) return success();  // the move before was not told that it had been done
        return fill(*database_, *connection, target->schema, to_text, move);
    }

  private:
    FileLock lock_;
    std::unique_ptr<Database> database_;
};

class HeldPostgres final : public Held {
  public:
    static Result<std::unique_ptr<Held>> take(const PostgresTarget& target) {
        auto held = std::make_unique<HeldPostgres>();
        POLYSYNC_TRY(held->connection_, connect(target));
        held->schema_ = target.schema;
        POLYSYNC_TRY(held->check_nobody());
        return std::unique_ptr<Held>(std::move(held));
    }
    Result<std::optional<std::string>> setting(const char* name) override {
        return setting_of(*connection_, name);
    }
    Status put_setting(const char* name, const std::string& value) override {
        return in_transaction(*connection_, schema_,
                              [&] { return put_setting_in(*connection_, name, value); });
    }
    Status drop_setting(const char* name) override {
        auto sql = fmt::format("DELETE FROM setting WHERE name = '{}'", name);
        return in_transaction(*connection_, schema_, [&] { return connection_->execute(sql); });
    }
    Status copy_to(const Place& to, const std::string&, const std::string& move) override {
        const auto* path = std::get_if<std::string>(&to);
        if (!path)
            return make_error(ErrorKind::unsupported, "store_move", "PostgreSQL moves to an SQLite file only",
                              "Use pg_dump and pg_restore between databases, while all servers are stopped.");
        if (::access(path->c_str(), F_OK) == 0) return already_there(*path, move);
        auto fresh = *path + ".moving";
        for (const char* beside : {"", "-wal", "-shm", "-journal"}) std::remove((fresh + beside).c_str());
        POLYSYNC_TRY(copy_to_sqlite(*connection_, fresh));
        {
            POLYSYNC_TRY(auto made, Database::open(fresh, false));
            POLYSYNC_TRY(made->execute(
                fmt::format("DELETE FROM setting WHERE name = '{}'", moved_to_setting).c_str()));
            POLYSYNC_TRY(put_setting_in(*made, moved_from_setting, move));
            POLYSYNC_TRY(made->execute("PRAGMA journal_mode=DELETE"));
        }
        auto done = replace_durably(fresh, *path);
        if (done || ::access(path->c_str(), F_OK) != 0) return done;
        auto error = done.error();
        error.kind = ErrorKind::unclear;
        return error;
    }

  private:
    static Status already_there(const std::string& path, const std::string& move) {
        auto made = Database::open(path, true);
        if (made) {
            auto before = setting_of(*made.value(), moved_from_setting);
            if (before && before.value() == move) return success();
        }
        return not_empty(path);
    }

    Result<std::string> beats() {
        POLYSYNC_TRY(auto rows,
                     connection_->fetch("SELECT coalesce(string_agg(name || '#' || term || ' ' || beat, ', ' "
                                        "ORDER BY name), '') FROM node"));
        return rows.front().text(0);
    }

    Status check_nobody() {
        POLYSYNC_TRY(auto first, beats());
        if (first.empty()) return success();
        std::this_thread::sleep_for(beats_seen_for);
        POLYSYNC_TRY(auto second, beats());
        if (second.empty()) return success();
        if (second == first)  // they are dead, and have left their leases behind
            return in_transaction(*connection_, schema_,
                                  [&] { return connection_->execute("DELETE FROM node"); });
        POLYSYNC_TRY(auto names, connection_->fetch("SELECT string_agg(name, ', ' ORDER BY name) FROM node"));
        return make_error(ErrorKind::conflict, "store_in_use",
                          fmt::format("servers run on this store: {}", names.front().text(0)),
                          "Stop all of them first; what runs in AWS goes on.");
    }

    std::unique_ptr<PgConnection> connection_;
    std::string schema_;
};

Result<std::unique_ptr<Held>> take(const Place& place) {
    if (const auto* path = std::get_if<std::string>(&place)) return HeldSqlite::take(*path);
    return HeldPostgres::take(std::get<PostgresTarget>(place));
}

}  // namespace

Status move_store(const MoveOptions& options) {
    POLYSYNC_TRY(auto from, take(options.from));
    MoveMark mark{make_guid(system_random()), options.to_text, options.now};
    POLYSYNC_TRY(auto before, from->setting(moved_to_setting));
    if (before) {
        POLYSYNC_TRY(mark, read_mark(*before));
        if (mark.to != options.to_text) return elsewhere(mark);
    } else {
        POLYSYNC_TRY(from->put_setting(moved_to_setting, write_mark(mark)));
    }
    auto done = from->copy_to(options.to, options.to_text, mark.id);
    bool nothing_is_there = !done && !before && done.error().kind != ErrorKind::unclear;
    if (nothing_is_there) {
        POLYSYNC_TRY(from->drop_setting(moved_to_setting));
    }
    return done;
}

Result<Restored> restore_postgres_store(const std::string& backup, const PostgresTarget& target,
                                        const std::string& actor, SystemTime now) {
    POLYSYNC_TRY(check_backup(backup));
    auto folder = std::filesystem::temp_directory_path() / ("polysync-restore-" + make_guid(system_random()));
    std::error_code error;
    std::filesystem::create_directory(folder, error);
    auto fresh = (folder / "store.db").string();
    auto all = [&]() -> Result<Restored> {
        Restored out;
        POLYSYNC_TRY(out.newest_event, prepare_restored(backup, fresh, actor, now));
        POLYSYNC_TRY(auto from, Database::open(fresh, false));
        POLYSYNC_TRY(auto to, connect(target));
        POLYSYNC_TRY(
            fill(*from, *to, target.schema, "the PostgreSQL schema " + target.schema, "backup " + backup));
        return out;
    };
    auto done = all();
    std::filesystem::remove_all(folder, error);
    return done;
}

}  // namespace polysync::store
