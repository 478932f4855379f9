#include "provider/log_cursor.h"

#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace polysync {

namespace {

constexpr std::string_view mark = "cw1.";
constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t max_cursor_bytes = 4 * 1024 * 1024;

std::string to_base64url(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (unsigned char byte : bytes) {
        bits = bits << 8 | byte;
        count += 8;
        while (count >= 6) {
            count -= 6;
            out.push_back(digits[bits >> count & 63]);
        }
    }
    if (count > 0) out.push_back(digits[bits << (6 - count) & 63]);
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        auto value = digits.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> count & 255));
        }
    }
    return out;
}

Error bad_cursor() {
    return make_error(ErrorKind::invalid_input, "invalid_cursor", "the log cursor is none of Polysync's",
                      "Start without a cursor to read from the beginning.");
}

std::optional<SystemTime> read_time(const boost::json::value* value) {
    if (!value || !value->is_int64()) return std::nullopt;
    return SystemTime(Millis(value->get_int64()));
}

std::optional<SeenEvent> read_seen(const boost::json::value& value) {
    if (!value.is_array() || value.get_array().size() != 2) return std::nullopt;
    auto time = read_time(&value.get_array()[0]);
    const boost::json::value& print = value.get_array()[1];
    if (!time || !print.is_string()) return std::nullopt;
    SeenEvent seen{*time, 0};
    std::string_view hex = print.get_string();
    auto [end, status] = std::from_chars(hex.data(), hex.data() + hex.size(), seen.fingerprint, 16);
    if (status != std::errc() || end != hex.data() + hex.size()) return std::nullopt;
    return seen;
}

std::optional<SourcePosition> read_position(const boost::json::value& value) {
    const auto* members = value.if_object();
    if (!members) return std::nullopt;
    SourcePosition position;
    if (const auto* token = members->if_contains("t"); token && token->is_string())
        position.token = token->get_string();
    position.token_start = read_time(members->if_contains("b"));
    position.newest = read_time(members->if_contains("n"));
    if (const auto* seen = members->if_contains("s"); seen && seen->is_array()) {
        for (const boost::json::value& entry : seen->get_array()) {
            auto event = read_seen(entry);
            if (!event) return std::nullopt;
            position.seen.push_back(*event);
        }
    }
    return position;
}

}  // namespace

std::uint64_t fingerprint_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3ULL;
    return hash;
}

std::string source_key(std::string_view group, std::string_view stream, std::string_view prefix) {
    return fmt::format("{:x}", fingerprint_of(fmt::format("{}\n{}\n{}", group, stream, prefix)));
}

std::string encode_cursor(const LogCursor& cursor) {
    boost::json::object sources;
    for (const auto& [key, position] : cursor) {
        boost::json::object members;
        if (!position.token.empty()) {
            members["t"] = position.token;
            if (position.token_start) members["b"] = position.token_start->time_since_epoch().count();
        }
        if (position.newest) members["n"] = position.newest->time_since_epoch().count();
        if (!position.seen.empty()) {
            boost::json::array seen;
            for (const SeenEvent& event : position.seen) {
                seen.push_back(boost::json::array{event.time.time_since_epoch().count(),
                                                  fmt::format("{:x}", event.fingerprint)});
            }
            members["s"] = std::move(seen);
        }
        sources[key] = std::move(members);
    }
    return std::string(mark) + to_base64url(boost::json::serialize(sources));
}

Result<LogCursor> decode_cursor(std::string_view text) {
    LogCursor cursor;
    if (text.empty()) return cursor;
    if (!text.starts_with(mark) || text.size() > max_cursor_bytes) return bad_cursor();
    auto bytes = from_base64url(text.substr(mark.size()));
    if (!bytes) return bad_cursor();
    boost::system::error_code error;
    boost::json::value parsed = boost::json::parse(*bytes, error);
    if (error || !parsed.is_object()) return bad_cursor();
    for (const auto& [key, value] : parsed.get_object()) {
        auto position = read_position(value);
        if (!position) return bad_cursor();
        cursor.emplace(key, std::move(*position));
    }
    return cursor;
}

}  // namespace polysync
