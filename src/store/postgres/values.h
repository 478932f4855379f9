// Parameters and rows in PostgreSQL's binary form.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

struct pg_result;

namespace polysync::store {

// Texts that PostgreSQL takes: UTF-8 without NUL. What is none becomes U+FFFD; nothing where all is well.
[[nodiscard]] std::optional<std::string> as_valid_text(std::string_view text);

// The parameters of one statement, in order of $1, $2 … Views must live until the statement is sent.
class PgParams {
  public:
    PgParams& bind(std::int64_t value);
    PgParams& bind(int value) { return bind(std::int64_t(value)); }
    PgParams& bind(double value);
    PgParams& bind(std::string_view value);
    PgParams& bind(const std::string& value) { return bind(std::string_view(value)); }
    PgParams& bind(const char* value) { return bind(std::string_view(value)); }
    PgParams& bind(SystemTime value) { return bind(std::int64_t(value.time_since_epoch().count())); }
    PgParams& bind_null();
    template <class T>
    PgParams& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }
    PgParams& bind_binary(std::string bytes);  // a value in PostgreSQL's own form

  private:
    friend class PgConnection;
    std::vector<const char*> values_;
    std::vector<int> lengths_, formats_;
    std::deque<std::string> owned_;
};

// Rows for a statement that reads them by unnest($1::bigint[], $2::text[], …): one array a column, so that
// any number of rows is one statement.
class PgBatch {
  public:
    // A letter for each column: i bigint, t text, d double precision.
    explicit PgBatch(std::string_view columns);
    PgBatch& bind(std::int64_t value);
    PgBatch& bind(int value) { return bind(std::int64_t(value)); }
    PgBatch& bind(double value);
    PgBatch& bind(std::string_view value);
    PgBatch& bind(const std::string& value) { return bind(std::string_view(value)); }
    PgBatch& bind(const char* value) { return bind(std::string_view(value)); }
    PgBatch& bind(SystemTime value) { return bind(std::int64_t(value.time_since_epoch().count())); }
    PgBatch& bind_null();
    template <class T>
    PgBatch& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }
    [[nodiscard]] bool empty() const { return rows() == 0; }
    [[nodiscard]] std::size_t rows() const { return columns_.front().count; }
    // All rows, which are gone from here then.
    [[nodiscard]] PgParams take();
    void clear();
    // "unnest($1::bigint[], …)" for the same letters.
    [[nodiscard]] static std::string unnest(std::string_view columns);

  private:
    struct Column {
        char type;
        std::uint32_t count = 0;
        bool has_null = false;
        std::string bytes;
    };
    Column& next();
    std::vector<Column> columns_;
    std::size_t place_ = 0;
};

// What a statement answered; columns by index, integers of any width.
class PgRows {
  public:
    PgRows() = default;
    explicit PgRows(pg_result* handle);
    [[nodiscard]] int size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] std::int64_t affected() const;
    [[nodiscard]] std::string_view command() const;  // "COMMIT", "ROLLBACK", "INSERT 0 1"

    class Row {
      public:
        Row(const PgRows& rows, int row) : rows_(rows), row_(row) {}
        [[nodiscard]] std::int64_t integer(int column) const;
        [[nodiscard]] double real(int column) const;
        [[nodiscard]] std::string text(int column) const;
        [[nodiscard]] bool is_null(int column) const;
        [[nodiscard]] SystemTime time(int column) const { return SystemTime(Millis(integer(column))); }
        [[nodiscard]] std::optional<SystemTime> optional_time(int column) const {
            return is_null(column) ? std::nullopt : std::optional(time(column));
        }

      private:
        const PgRows& rows_;
        int row_;
    };
    [[nodiscard]] Row operator[](int row) const { return {*this, row}; }
    [[nodiscard]] Row front() const { return {*this, 0}; }

  private:
    struct Clear {
        void operator()(pg_result* handle) const;
    };
    std::unique_ptr<pg_result, Clear> handle_;
};

}  // namespace polysync::store
