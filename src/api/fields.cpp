#include "api/fields.h"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/nearest.h"
#include "base/utf8.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

bool parse_integer(std::string_view text, std::int64_t& out) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Well-formed UTF-8 without control characters.
bool is_plain_text(std::string_view text) {
    auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

Error bad_query(std::string_view part) {
    return make_error(ErrorKind::invalid_input, "invalid_query",
                      fmt::format("the query part '{}' cannot be read", part.substr(0, 100)),
                      "Percent-encode names and values, and join them as name=value&name=value.");
}

}  // namespace

const json::value* Fields::find(std::string_view name) {
    asked_.emplace_back(name);
    const auto* value = members_.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

void Fields::complain(std::string_view name, std::string code, std::string detail, std::string remedy) {
    problems_.push_back({prefix_ + std::string(name), std::move(code), std::move(detail), std::move(remedy)});
}

void Fields::missing(std::string_view name) {
    complain(name, "missing", fmt::format("{}{} is required", prefix_, name));
}

std::optional<std::string> Fields::text(std::string_view name, std::size_t max_size) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    const auto* found = value->if_string();
    if (!found) {
        bool repeated = source_ == Source::query;
        complain(name, "wrong_type",
                 fmt::format("{}{} must be {}", prefix_, name, repeated ? "given once" : "text"));
        return std::nullopt;
    }
    if (found->size() > max_size) {
        complain(name, "too_long", fmt::format("{}{} has more than {} bytes", prefix_, name, max_size));
        return std::nullopt;
    }
    return std::string(view_of(*found));
}

std::string Fields::required_text(std::string_view name, std::size_t max_size) {
    auto before = problems_.size();
    auto found = text(name, max_size);
    bool empty = !found || found->empty();
    if (empty && problems_.size() == before) missing(name);
    return found.value_or(std::string());
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t low, std::int64_t high) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    std::int64_t out = 0;
    bool ok = false;
    if (source_ == Source::query) {
        ok = value->is_string() && parse_integer(view_of(value->get_string()), out);
    } else if (const auto* number = value->if_int64()) {
        ok = true;
        out = *number;
    }
    if (ok && out >= low && out <= high) return out;
    complain(name, "wrong_value",
             fmt::format("{}{} must be a whole number from {} to {}", prefix_, name, low, high));
    return std::nullopt;
}

bool Fields::boolean(std::string_view name, bool otherwise) {
    const auto* value = find(name);
    if (!value) return otherwise;
    if (source_ == Source::query && value->is_string()) {
        if (view_of(value->get_string()) == "true") return true;
        if (view_of(value->get_string()) == "false") return false;
    }
    if (const auto* flag = value->if_bool(); flag && source_ == Source::body) return *flag;
    complain(name, "wrong_type", fmt::format("{}{} must be true or false", prefix_, name));
    return otherwise;
}

std::optional<SystemTime> Fields::time(std::string_view name) {
    auto found = text(name, 64);
    if (!found) return std::nullopt;
    auto parsed = parse_iso8601(*found);
    if (parsed) return parsed.value();
    complain(name, "wrong_value", fmt::format("{}{} is no time", prefix_, name),
             "Write it as 2026-09-14T02:00:00Z, with a zone.");
    return std::nullopt;
}

std::optional<std::string> Fields::choice(std::string_view name,
                                          std::initializer_list<std::string_view> words) {
    auto found = text(name, 64);
    if (!found || std::find(words.begin(), words.end(), *found) != words.end()) return found;
    complain(name, "wrong_value",
             fmt::format("{}{} must be one of {}", prefix_, name, fmt::join(words, ", ")));
    return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t max_count) {
    std::vector<std::string> out;
    const auto* value = find(name);
    if (!value) return out;
    auto add = [&](std::string_view text) {
        while (source_ == Source::query) {
            auto comma = text.find(',');
            if (comma == std::string_view::npos) break;
            if (comma > 0) out.emplace_back(text.substr(0, comma));
            text.remove_prefix(comma + 1);
        }
        if (!text.empty()) out.emplace_back(text);
    };
    bool ok = true;
    if (const auto* one = value->if_string()) {
        add(view_of(*one));
    } else if (const auto* list = value->if_array()) {
        for (const auto& item : *list) {
            ok = ok && item.is_string();
            if (ok) add(view_of(item.get_string()));
        }
    } else {
        ok = false;
    }
    if (!ok) complain(name, "wrong_type", fmt::format("{}{} must be a list of texts", prefix_, name));
    if (out.size() > max_count)
        complain(name, "too_long", fmt::format("{}{} has more than {} entries", prefix_, name, max_count));
    return out;
}

std::map<std::string, std::string> Fields::text_map(std::string_view name) {
    std::map<std::string, std::string> out;
    const auto* members = object(name);
    if (!members) return out;
    if (members->size() > 1000)
        complain(name, "too_long", fmt::format("{}{} has more than 1000 members", prefix_, name));
    for (const auto& [key, value] : *members) {
        if (value.is_null()) {
            complain(fmt::format("{}.{}", name, std::string_view(key)), "wrong_type",
                     fmt::format("{}{}.{} must have a value", prefix_, name, std::string_view(key)));
        } else if (const auto* text = value.if_string()) {
            out[std::string(key)] = std::string(view_of(*text));
        } else {
            out[std::string(key)] = json::serialize(value);
        }
    }
    return out;
}

const json::object* Fields::object(std::string_view name) {
    const auto* value = find(name);
    if (!value) return nullptr;
    if (const auto* found = value->if_object()) return found;
    complain(name, "wrong_type", fmt::format("{}{} must be an object", prefix_, name));
    return nullptr;
}

const json::array* Fields::array(std::string_view name, std::size_t max_count) {
    const auto* value = find(name);
    if (!value) return nullptr;
    const auto* found = value->if_array();
    if (!found) {
        complain(name, "wrong_type", fmt::format("{}{} must be a list", prefix_, name));
        return nullptr;
    }
    if (found->size() <= max_count) return found;
    complain(name, "too_long", fmt::format("{}{} has more than {} entries", prefix_, name, max_count));
    return nullptr;
}

void Fields::finish() {
    for (const auto& member : members_) {
        std::string name(member.key());
        if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
        auto near = nearest_word(name, asked_);
        auto hint = near.empty() ? std::string() : fmt::format("Did you mean '{}'?", near);
        complain(name, "unknown", fmt::format("{}{} is not known here", prefix_, name), std::move(hint));
    }
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += char(high * 16 + low);
            i += 2;
        }
    }
    if (!is_plain_text(out)) return std::nullopt;
    return out;
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (unsigned char c : text) {
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.' || c == '~';
        if (plain) {
            out += char(c);
        } else {
            fmt::format_to(std::back_inserter(out), "%{:02X}", unsigned(c));
        }
    }
    return out;
}

Result<json::object> parse_query(std::string_view query) {
    json::object out;
    while (!query.empty()) {
        auto end = query.find('&');
        auto part = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (part.empty()) continue;
        auto equals = part.find('=');
        auto name = percent_decode(part.substr(0, equals), true);
        auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                      : percent_decode(part.substr(equals + 1), true);
        if (!name || name->empty() || !value) return bad_query(part);
        auto* known = out.if_contains(*name);
        if (!known) {
            out[*name] = *value;
        } else if (auto* list = known->if_array()) {
            list->emplace_back(*value);
        } else {
            json::array repeated;
            repeated.emplace_back(std::move(*known));
            repeated.emplace_back(*value);
            *known = std::move(repeated);
        }
    }
    return out;
}

}  // namespace polysync::api
