#include "store/postgres/values.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <libpq-fe.h>
#include <utility>

#include <fmt/format.h>

namespace polysync::store {
namespace {

// Type numbers, fixed for ever (pg_type.dat).
constexpr std::uint32_t bigint_oid = 20, text_oid = 25, double_oid = 701;

template <class T>
void append_big_endian(std::string& out, T value) {
    for (int shift = int(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out += char((value >> shift) & 0xff);
}

std::uint64_t read_big_endian(const char* data, int length) {
    std::uint64_t value = 0;
    for (int i = 0; i < length; ++i) value = value << 8 | static_cast<unsigned char>(data[i]);
    return value;
}

std::string encoded(std::uint64_t bits) {
    std::string bytes;
    append_big_endian(bytes, bits);
    return bytes;
}

// How many bytes the UTF-8 character at the front takes; 0: it is none.
std::size_t character_size(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    unsigned first = byte(0);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first < 0xf0) {
        bool overlong = first == 0xe0 && byte(1) < 0xa0, surrogate = first == 0xed && byte(1) >= 0xa0;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first < 0xf5) {
        bool overlong = first == 0xf0 && byte(1) < 0x90, beyond = first == 0xf4 && byte(1) >= 0x90;
        return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

bool is_plain(std::string_view text) {
    for (char c : text)
        if (static_cast<unsigned char>(c) >= 0x80 || c == 0) return false;
    return true;
}

}  // namespace

std::optional<std::string> as_valid_text(std::string_view text) {
    if (is_plain(text)) return std::nullopt;
    std::string out;
    bool changed = false;
    for (std::size_t at = 0; at < text.size();) {
        auto size = character_size(text.substr(at));
        changed |= size == 0;
        out += size ? text.substr(at, size) : std::string_view("\xEF\xBF\xBD");
        at += std::max<std::size_t>(size, 1);
    }
    return changed ? std::optional(std::move(out)) : std::nullopt;
}

PgParams& PgParams::bind_binary(std::string bytes) {
    owned_.push_back(std::move(bytes));
    values_.push_back(owned_.back().data());
    lengths_.push_back(int(owned_.back().size()));
    formats_.push_back(1);
    return *this;
}

PgParams& PgParams::bind(std::int64_t value) { return bind_binary(encoded(std::uint64_t(value))); }
PgParams& PgParams::bind(double value) { return bind_binary(encoded(std::bit_cast<std::uint64_t>(value))); }

PgParams& PgParams::bind(std::string_view value) {
    if (auto valid = as_valid_text(value)) return bind_binary(std::move(*valid));
    values_.push_back(value.data() ? value.data() : "");  // a null pointer would be NULL
    lengths_.push_back(int(value.size()));
    formats_.push_back(1);
    return *this;
}

PgParams& PgParams::bind_null() {
    values_.push_back(nullptr);
    lengths_.push_back(0);
    formats_.push_back(1);
    return *this;
}

PgBatch::PgBatch(std::string_view columns) {
    for (char type : columns) columns_.push_back({.type = type});
}

PgBatch::Column& PgBatch::next() {
    auto& column = columns_[place_];
    place_ = place_ + 1 == columns_.size() ? 0 : place_ + 1;
    ++column.count;
    return column;
}

PgBatch& PgBatch::bind(std::int64_t value) {
    auto& column = next();
    append_big_endian(column.bytes, std::uint32_t(8));
    append_big_endian(column.bytes, std::uint64_t(value));
    return *this;
}

PgBatch& PgBatch::bind(double value) { return bind(std::bit_cast<std::int64_t>(value)); }

PgBatch& PgBatch::bind(std::string_view value) {
    auto& column = next();
    auto valid = as_valid_text(value);
    std::string_view text = valid ? std::string_view(*valid) : value;
    append_big_endian(column.bytes, std::uint32_t(text.size()));
    column.bytes += text;
    return *this;
}

PgBatch& PgBatch::bind_null() {
    auto& column = next();
    column.has_null = true;
    append_big_endian(column.bytes, std::uint32_t(0xffffffff));
    return *this;
}

PgParams PgBatch::take() {
    PgParams params;
    for (auto& column : columns_) {
        std::string bytes;
        bytes.reserve(column.bytes.size() + 20);
        append_big_endian(bytes, std::uint32_t(1));  // dimensions
        append_big_endian(bytes, std::uint32_t(column.has_null));
        append_big_endian(bytes, column.type == 'i'   ? bigint_oid
                                 : column.type == 't' ? text_oid
                                                      : double_oid);
        append_big_endian(bytes, column.count);
        append_big_endian(bytes, std::uint32_t(1));  // of the first element
        bytes += column.bytes;
        params.bind_binary(std::move(bytes));
    }
    clear();
    return params;
}

void PgBatch::clear() {
    for (auto& column : columns_) column = {.type = column.type};
    place_ = 0;
}

std::string PgBatch::unnest(std::string_view columns) {
    std::string out = "unnest(";
    for (std::size_t i = 0; i < columns.size(); ++i)
        out += fmt::format("{}${}::{}[]", i ? ", " : "", i + 1,
                           columns[i] == 'i'   ? "bigint"
                           : columns[i] == 't' ? "text"
                                               : "double precision");
    return out + ")";
}

PgRows::PgRows(pg_result* handle) : handle_(handle) {}
void PgRows::Clear::operator()(pg_result* handle) const { PQclear(handle); }
int PgRows::size() const { return handle_ ? PQntuples(handle_.get()) : 0; }
std::int64_t PgRows::affected() const { return handle_ ? std::atoll(PQcmdTuples(handle_.get())) : 0; }

std::string_view PgRows::command() const { return handle_ ? PQcmdStatus(handle_.get()) : ""; }

std::int64_t PgRows::Row::integer(int column) const {
    int length = PQgetlength(rows_.handle_.get(), row_, column);
    auto bits = read_big_endian(PQgetvalue(rows_.handle_.get(), row_, column), length);
    if (length == 4) return std::int32_t(std::uint32_t(bits));
    if (length == 2) return std::int16_t(std::uint16_t(bits));
    return std::int64_t(bits);
}

double PgRows::Row::real(int column) const { return std::bit_cast<double>(integer(column)); }

std::string PgRows::Row::text(int column) const {
    return {PQgetvalue(rows_.handle_.get(), row_, column),
            std::size_t(PQgetlength(rows_.handle_.get(), row_, column))};
}

bool PgRows::Row::is_null(int column) const { return PQgetisnull(rows_.handle_.get(), row_, column) == 1; }

}  // namespace polysync::store
