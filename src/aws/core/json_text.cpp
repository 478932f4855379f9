#include "aws/core/json_text.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace polysync::aws {
namespace {

void append_utf8(unsigned code, std::string& out) {
    if (code < 0x80) {
        out += char(code);
    } else if (code < 0x800) {
        out += {char(0xc0 | code >> 6), char(0x80 | (code & 0x3f))};
    } else if (code < 0x10000) {
        out += {char(0xe0 | code >> 12), char(0x80 | (code >> 6 & 0x3f)), char(0x80 | (code & 0x3f))};
    } else {
        out += {char(0xf0 | code >> 18), char(0x80 | (code >> 12 & 0x3f)), char(0x80 | (code >> 6 & 0x3f)),
                char(0x80 | (code & 0x3f))};
    }
}

// Four hex digits at `at`; false where there are none.
bool hex4(std::string_view text, std::size_t at, unsigned& out) {
    if (at + 4 > text.size()) return false;
    auto [end, status] = std::from_chars(text.data() + at, text.data() + at + 4, out, 16);
    return status == std::errc() && end == text.data() + at + 4;
}

// The escape at `at` (behind the backslash); returns where it ends.
std::size_t append_escape(std::string_view text, std::size_t at, std::string& out) {
    if (at >= text.size()) {
        out += '\\';
        return at;
    }
    switch (text[at]) {
        case 'n':
            out += '\n';
            return at + 1;
        case 't':
            out += '\t';
            return at + 1;
        case 'r':
            out += '\r';
            return at + 1;
        case 'b':
            out += '\b';
            return at + 1;
        case 'f':
            out += '\f';
            return at + 1;
        case '"':
        case '\\':
        case '/':
            out += text[at];
            return at + 1;
        default:
            break;
    }
    unsigned code = 0, low = 0;
    if (text[at] != 'u' || !hex4(text, at + 1, code)) {
        out += '\\';
        return at;
    }
    at += 5;
    bool is_high = code >= 0xd800 && code < 0xdc00;
    if (is_high && text.substr(at, 2) == "\\u" && hex4(text, at + 2, low) && low >= 0xdc00 && low < 0xe000) {
        append_utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
        return at + 6;
    }
    append_utf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out);
    return at;
}

}  // namespace

void unescape_json(std::string_view inside, std::string& out) {
    std::size_t backslash = inside.find('\\');
    out.assign(inside.substr(0, backslash));
    std::size_t at = backslash;
    while (at != std::string_view::npos && at < inside.size()) {
        at = append_escape(inside, at + 1, out);
        backslash = inside.find('\\', at);
        out += inside.substr(at, backslash - at);
        at = backslash;
    }
}

void append_json_string(std::string_view text, std::string& out) {
    out += '"';
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out += text.substr(begin, i - begin);
        begin = i + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += fmt::format("\\u{:04x}", c);
                break;
        }
    }
    out += text.substr(begin);
    out += '"';
}

void JsonObject::begin(std::string_view name) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(name, text_);
    text_ += ':';
}

JsonObject& JsonObject::add(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(value, text_);
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, long long value) {
    begin(name);
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, bool value) {
    return add_raw(name, value ? "true" : "false");
}

JsonObject& JsonObject::add(std::string_view name, const std::vector<std::string>& values) {
    begin(name);
    text_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) text_ += ',';
        append_json_string(values[i], text_);
    }
    text_ += ']';
    return *this;
}

JsonObject& JsonObject::add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
}

JsonObject& JsonObject::add_if(std::string_view name, int value) {
    return value == 0 ? *this : add(name, value);
}

JsonObject& JsonObject::add_seconds(std::string_view name, long long epoch_ms) {
    return add_raw(name, fmt::format("{}.{:03}", epoch_ms / 1000, epoch_ms % 1000));
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view json) {
    begin(name);
    text_ += json;
    return *this;
}

std::string JsonObject::text() && {
    text_ += '}';
    return std::move(text_);
}

}  // namespace polysync::aws
