#include "store/sqlite/restore.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "store/sqlite/migrations.h"
#include "store/sqlite/process_lock.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/transaction.h"

namespace polysync::store {
namespace {

namespace fs = std::filesystem;

Error no_backup(const std::string& path, std::string_view why) {
    return make_error(ErrorKind::invalid_input, "no_backup", fmt::format("{}: {}", path, why),
                      "Name a file that 'polysync server backup' has made.");
}

Result<std::string> integrity(Database& database) {
    POLYSYNC_TRY(auto statement, database.prepare("PRAGMA integrity_check(1)"));
    POLYSYNC_TRY(bool row, statement.step());
    return row ? statement.text(0) : std::string("no answer");
}

}  // namespace

Status check_backup(const std::string& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return no_backup(path, "there is no such file");
    auto opened = Database::open(path, true);
    if (!opened) return no_backup(path, opened.error().message);
    auto version = schema_version(*opened.value());
    if (!version) return no_backup(path, version.error().message);
    if (version.value() == 0) return no_backup(path, "this is no store of Polysync");
    auto found = integrity(*opened.value());
    if (!found) return no_backup(path, found.error().message);
    if (found.value() != "ok") return no_backup(path, fmt::format("it is damaged: {}", found.value()));
    return success();
}

namespace {

// What a server must find in it: the newest schema, and the pause.
Result<SystemTime> prepare(const std::string& path, const std::string& backup, const std::string& actor,
                           SystemTime now) {
    POLYSYNC_TRY(auto database, Database::open(path, false));
    POLYSYNC_TRY(migrate(*database));
    POLYSYNC_TRY(recount(*database));
    POLYSYNC_TRY(auto counters, read_counters(*database));
    POLYSYNC_TRY(database->execute("BEGIN IMMEDIATE"));
    SystemTime newest{};
    {
        SqliteTransaction transaction(*database, &counters);
        POLYSYNC_TRY(auto last, transaction.last_event_sequence());
        POLYSYNC_TRY(auto events, transaction.events_after(last - 1, 1));
        if (!events.empty()) newest = events.front().at;
        POLYSYNC_TRY(
            transaction.put_pause({ObjectId{}, actor, fmt::format("restored from {}", backup), now}));
        boost::json::object document{{"backup", backup}};
        POLYSYNC_TRY(transaction.append_audit({.at = now,
                                               .actor = actor,
                                               .action = "restore",
                                               .subject = "store",
                                               .document = boost::json::serialize(document)}));
    }
    POLYSYNC_TRY(database->execute("COMMIT"));
    POLYSYNC_TRY(database->execute("PRAGMA journal_mode=DELETE"));  // one file, nothing beside it
    return newest;
}

Status sync_path(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.is_open() && ::fsync(file.get()) == 0) return success();
    return make_error(ErrorKind::transient, "store_io", fmt::format("{}: {}", path, std::strerror(errno)));
}

Status rename(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return success();
    return make_error(ErrorKind::transient, "store_io",
                      fmt::format("{} cannot be renamed to {}: {}", from, to, std::strerror(errno)));
}

// With its log, which SQLite would take for the new database's. What is in the log goes into the database
// first if that still works: between the two renames nothing is lost then.
Status put_aside(const std::string& path, const std::string& aside) {
    if (::access(path.c_str(), F_OK) == 0) {
        if (auto old_one = Database::open(path, false)) [[maybe_unused]]
            auto done = old_one.value()->execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    POLYSYNC_TRY(rename(path + "-wal", aside + "-wal"));
    POLYSYNC_TRY(rename(path, aside));
    std::error_code ignored;
    fs::remove(path + "-shm", ignored);
    return success();
}

}  // namespace

Result<SystemTime> prepare_restored(const std::string& backup, const std::string& fresh,
                                    const std::string& actor, SystemTime now) {
    std::error_code error;
    for (const char* beside : {"", "-wal", "-shm"}) fs::remove(fresh + beside, error);
    fs::copy_file(backup, fresh, error);
    if (error)
        return make_error(ErrorKind::transient, "store_io",
                          fmt::format("{} cannot be written: {}", fresh, error.message()));
    ::chmod(fresh.c_str(), 0600);
    return prepare(fresh, backup, actor, now);
}

Status replace_durably(const std::string& from, const std::string& to) {
    POLYSYNC_TRY(sync_path(from));
    POLYSYNC_TRY(rename(from, to));
    return sync_path(fs::path(to).parent_path().string());
}

Result<Restored> restore_sqlite_store(const std::string& backup, const std::string& path,
                                      const std::string& actor, SystemTime now) {
    POLYSYNC_TRY(check_backup(backup));
    POLYSYNC_TRY(auto lock, take_store(path));
    auto fresh = path + ".restoring";
    Restored out;
    POLYSYNC_TRY(out.newest_event, prepare_restored(backup, fresh, actor, now));
    std::error_code error;
    if (fs::exists(path, error) || fs::exists(path + "-wal", error)) {
        out.replaced = fmt::format("{}.replaced-{}", path, format_basic(now));
        POLYSYNC_TRY(put_aside(path, out.replaced));
    }
    POLYSYNC_TRY(replace_durably(fresh, path));
    return out;
}

}  // namespace polysync::store
