#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fmt/format.h>

namespace polysync::store {
namespace {

// Which failures a later try may mend (SAFE: a full disk costs nothing but time).
ErrorKind kind_of(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM:
            return ErrorKind::transient;
        case SQLITE_NOTADB:
        case SQLITE_PERM:
            return ErrorKind::invalid_input;
        default:
            return ErrorKind::internal;
    }
}

std::string_view name_of(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "store_full";
        case SQLITE_IOERR:
            return "store_io";
        case SQLITE_READONLY:
            return "store_read_only";
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
            return "store_path";
        case SQLITE_NOTADB:
            return "store_no_database";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "store_busy";
        case SQLITE_CORRUPT:
            return "store_damaged";
        default:
            return "store_error";
    }
}

std::string remedy_of(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "The disk is full: free some space; work goes on by itself.";
        case SQLITE_IOERR:
            return "The disk refuses: check that it has room, how it is mounted, and the system's log.";
        case SQLITE_READONLY:
            return "The database cannot be written: check the file's permissions and mount.";
        case SQLITE_CANTOPEN:
            return "Check that the folder exists and may be written.";
        case SQLITE_NOTADB:
            return "The file is no SQLite database: name another one.";
        case SQLITE_BUSY:
            return "Another process holds the database: one server at a time may use it.";
        case SQLITE_CORRUPT:
            return "The database is damaged: restore a backup.";
        default:
            return {};
    }
}

Error make_sqlite_error(int code, std::string message) {
    return make_error(kind_of(code), std::string(name_of(code)), std::move(message), remedy_of(code));
}

}  // namespace

Statement::~Statement() {
    if (!handle_) return;
    if (is_once_) {
        sqlite3_finalize(handle_);
        return;
    }
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
}

Result<Statement> Statement::once(Database& database, std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    int code = sqlite3_prepare_v3(database.handle(), sql.data(), int(sql.size()), 0, &handle, nullptr);
    if (code != SQLITE_OK) return database.last_error(code);
    Statement made(handle);
    made.is_once_ = true;
    return made;
}

Statement& Statement::bind(std::int64_t value) {
    sqlite3_bind_int64(handle_, ++bound_, value);
    return *this;
}

Statement& Statement::bind(double value) {
    sqlite3_bind_double(handle_, ++bound_, value);
    return *this;
}

Statement& Statement::bind(std::string_view value) {
    // SQLite takes a null pointer for NULL; an empty view may have one.
    sqlite3_bind_text(handle_, ++bound_, value.data() ? value.data() : "", int(value.size()), SQLITE_STATIC);
    return *this;
}

Statement& Statement::bind_null() {
    sqlite3_bind_null(handle_, ++bound_);
    return *this;
}

Result<bool> Statement::step() {
    int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return make_sqlite_error(sqlite3_extended_errcode(sqlite3_db_handle(handle_)),
                             sqlite3_errmsg(sqlite3_db_handle(handle_)));
}

Status Statement::run() {
    while (true) {
        POLYSYNC_TRY(bool row, step());
        if (!row) return success();
    }
}

void Statement::reset() {
    sqlite3_reset(handle_);
    bound_ = 0;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::string Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return data ? std::string(data, std::size_t(sqlite3_column_bytes(handle_, column))) : std::string();
}

std::optional<SystemTime> Statement::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

namespace {

// Before SQLite's first use: no lock around each allocation for statistics that nobody reads, none around
// each call (one thread at a time has a connection), and room for the small allocations of long statements.
bool configure() {
    static const bool done = [] {
        return sqlite3_config(SQLITE_CONFIG_MULTITHREAD) == SQLITE_OK &&
               sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
               sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 200) == SQLITE_OK;
    }();
    return done;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, bool read_only) {
    (void)configure();  // a host that has used SQLite before keeps its settings
    // A new file, and the log that takes its mode, is for its owner alone. Only a new one is opened here:
    // closing a file drops this process's locks on it.
    if (!read_only && path != ":memory:") {
        int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made >= 0) ::close(made);
    }
    sqlite3* handle = nullptr;
    int flags =
        (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle));
    if (code != SQLITE_OK)
        return make_sqlite_error(
            code, fmt::format("{}: {}", path, handle ? sqlite3_errmsg(handle) : "out of memory"));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
    // A checkpoint holds up the units behind it: with 600 pages the slowest of a hundred Run Once takes 9 ms,
    // with 4,000 it takes 15, for a sixth more of them a second (PERF-7).
    const char* settings =
        read_only ? "PRAGMA temp_store=MEMORY;"
                  : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                    "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=600; PRAGMA cache_size=-8192;";
    POLYSYNC_TRY(database->execute(settings));
    return database;
}

Database::~Database() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
}

Result<Statement> Database::prepare(std::string_view sql) {
    auto [entry, is_new] = statements_.try_emplace(sql.data(), nullptr);
    if (is_new || !entry->second) {
        int code = sqlite3_prepare_v3(handle_, sql.data(), int(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &entry->second, nullptr);
        if (code != SQLITE_OK) return last_error(code);
    }
    return Statement(entry->second);
}

Status Database::run(const char* sql) {
    POLYSYNC_TRY(auto statement, prepare(sql));
    return statement.run();
}

Status Database::execute(const char* sql) {
    char* message = nullptr;
    int code = sqlite3_exec(handle_, sql, nullptr, nullptr, &message);
    if (code == SQLITE_OK) return success();
    std::string text = message ? message : sqlite3_errstr(code);
    sqlite3_free(message);
    return make_sqlite_error(sqlite3_extended_errcode(handle_), std::move(text));
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
Error Database::last_error(int code) const { return make_sqlite_error(code, sqlite3_errmsg(handle_)); }

}  // namespace polysync::store
