// SQLite behind RAII: one connection, its prepared statements, errors as Error.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace polysync::store {

// A prepared statement in use: bind in order of the ?, step, read columns by index. Resets itself at the end.
class Statement {
  public:
    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
    Statement(Statement&& other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), bound_(other.bound_), is_once_(other.is_once_) {}
    // Not kept for another time: for texts that are made for one use.
    [[nodiscard]] static Result<Statement> once(class Database& database, std::string_view sql);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    // Texts must outlive the statement's use: they are not copied.
    Statement& bind(std::int64_t value);
    Statement& bind(int value) { return bind(std::int64_t(value)); }
    Statement& bind(double value);
    Statement& bind(std::string_view value);
    Statement& bind(const std::string& value) { return bind(std::string_view(value)); }
    Statement& bind(const char* value) { return bind(std::string_view(value)); }
    Statement& bind(SystemTime value) { return bind(std::int64_t(value.time_since_epoch().count())); }
    Statement& bind_null();
    template <class T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }

    // True while there is a row.
    [[nodiscard]] Result<bool> step();
    // For statements without rows.
    [[nodiscard]] Status run();
    // Ready to bind again.
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] SystemTime time(int column) const { return SystemTime(Millis(integer(column))); }
    [[nodiscard]] std::optional<SystemTime> optional_time(int column) const;

  private:
    sqlite3_stmt* handle_;
    int bound_ = 0;
    bool is_once_ = false;
};

// One connection; one thread at a time.
class Database {
  public:
    // Opens or creates. WAL, synchronous=FULL, foreign keys on, a busy time-out of 5 s. Errors: invalid_input
    // (no such folder, not a database), transient (locked).
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path, bool read_only);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Prepared once per text; `sql` must be a literal or otherwise live as long as the connection.
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    [[nodiscard]] Status execute(const char* sql);  // without parameters or rows, one or many
    [[nodiscard]] Status run(const char* sql);      // a literal without parameters or rows, prepared once
    [[nodiscard]] std::int64_t changes() const;
    // False after SQLite rolled the whole transaction back by itself (disk full, I/O error).
    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] Error last_error(int code) const;
    [[nodiscard]] sqlite3* handle() const { return handle_; }

  private:
    explicit Database(sqlite3* handle) : handle_(handle) {}
    sqlite3* handle_;
    std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace polysync::store
