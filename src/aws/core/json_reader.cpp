#include "aws/core/json_reader.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <simdjson.h>

#include "aws/core/json_text.h"

namespace polysync::aws {
namespace {

namespace ondemand = simdjson::ondemand;

// A parser keeps memory for the largest document so far; above this it is given back.
constexpr std::size_t kept_capacity = 2 * 1024 * 1024;

ondemand::value& as_value(void* value) { return *static_cast<ondemand::value*>(value); }

// The text of a scalar, or of the opening bracket, as it stands in the document.
std::string_view token_of(void* value) {
    std::string_view token = as_value(value).raw_json_token();
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
}

bool is_string(std::string_view token) {
    return token.size() >= 2 && token.front() == '"' && token.back() == '"';
}
std::string_view inside(std::string_view token) { return token.substr(1, token.size() - 2); }
// The text of a scalar, without the quotes where it has any; escapes are left, since no number or word has
// them.
std::string_view plain(std::string_view token) { return is_string(token) ? inside(token) : token; }

template <class Number>
bool parse_number(std::string_view text, Number& out) {
    Number number;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || end != text.data() + text.size()) return false;
    out = number;
    return true;
}

bool parse_double(std::string_view text, double& out) {
    double number;
    // from_chars knows "inf" and "nan", which JSON does not.
    if (text.empty() || (text[0] != '-' && (text[0] < '0' || text[0] > '9'))) return false;
    if (!parse_number(text, number) || !std::isfinite(number)) return false;
    out = number;
    return true;
}

template <class Integer>
bool parse_integer(std::string_view text, Integer& out) {
    if (parse_number(text, out)) return true;
    double number;
    if (!parse_double(text, number) || number != std::floor(number)) return false;
    // Doubles hold each integer up to 2^53 exactly.
    double limit = std::min(9007199254740992.0, double(std::numeric_limits<Integer>::max()));
    if (number < -limit || number > limit) return false;
    out = Integer(number);
    return true;
}

bool parse_bool(std::string_view text, bool& out) {
    if (text != "true" && text != "false") return false;
    out = text == "true";
    return true;
}

// Years 1970 to 9999: anything else is no timestamp.
bool time_from_ms(double ms, SystemTime& out) {
    if (!(ms >= 0 && ms < 253402300800000.0)) return false;
    out = SystemTime(Millis(static_cast<long long>(std::llround(ms))));
    return true;
}

bool assign_string(std::string_view token, std::string& out) {
    if (is_string(token)) {
        std::string_view text = inside(token);
        // A new string is cheaper than one that grows.
        if (std::memchr(text.data(), '\\', text.size()) == nullptr)
            out = std::string(text);
        else
            unescape_json(text, out);
        return true;
    }
    if (token.empty() || token == "null" || token[0] == '{' || token[0] == '[') return false;
    out.assign(token);
    return true;
}

template <class T, class Parse>
void read_optional(void* value, std::optional<T>& out, Parse parse) {
    T read{};
    if (parse(plain(token_of(value)), read)) out = read;
}

}  // namespace

struct JsonValue::Context {
    simdjson::error_code error = simdjson::SUCCESS;

    // False: stop, the document is broken. Loops use the value where it stands: copying a value that was just
    // written stalls the processor, and that was an eighth of all time.
    bool check(simdjson::error_code found) {
        error = found;
        return error == simdjson::SUCCESS;
    }

    template <class T>
    bool take(simdjson::simdjson_result<T>&& result, T& out) {
        if (error != simdjson::SUCCESS) return false;
        error = std::move(result).get(out);
        return error == simdjson::SUCCESS;
    }
};

void JsonValue::read(std::string& out) { assign_string(token_of(value_), out); }

void JsonValue::read(std::optional<std::string>& out) {
    std::string text;
    if (assign_string(token_of(value_), text)) out = std::move(text);
}

void JsonValue::read(int& out) { (void)parse_integer(plain(token_of(value_)), out); }
void JsonValue::read(long long& out) { (void)parse_integer(plain(token_of(value_)), out); }
void JsonValue::read(double& out) { (void)parse_double(plain(token_of(value_)), out); }
void JsonValue::read(bool& out) { (void)parse_bool(plain(token_of(value_)), out); }
void JsonValue::read(std::optional<int>& out) { read_optional(value_, out, parse_integer<int>); }
void JsonValue::read(std::optional<long long>& out) { read_optional(value_, out, parse_integer<long long>); }
void JsonValue::read(std::optional<double>& out) { read_optional(value_, out, parse_double); }
void JsonValue::read(std::optional<bool>& out) { read_optional(value_, out, parse_bool); }

void JsonValue::read_seconds(std::optional<SystemTime>& out) {
    std::string_view text = plain(token_of(value_));
    double seconds;
    SystemTime time;
    if (parse_double(text, seconds)) {
        if (time_from_ms(seconds * 1000, time)) out = time;
    } else if (text.size() >= 20 && text.size() <= 40) {
        if (auto parsed = parse_iso8601(text)) out = parsed.value();
    }
}

void JsonValue::read_millis(std::optional<SystemTime>& out) {
    std::string_view text = plain(token_of(value_));
    long long ms;
    SystemTime time;
    if (parse_integer(text, ms) && time_from_ms(double(ms), time)) out = time;
}

void JsonValue::read_raw(std::string& out) {
    std::string_view token = token_of(value_), raw;
    if (token.empty() || (token[0] != '{' && token[0] != '[')) {
        out.assign(token);
        return;
    }
    if (token[0] == '{') {
        ondemand::object object;
        if (!context_->take(as_value(value_).get_object(), object) || !context_->take(object.raw_json(), raw))
            return;
    } else {
        ondemand::array array;
        if (!context_->take(as_value(value_).get_array(), array) || !context_->take(array.raw_json(), raw))
            return;
    }
    out.assign(raw);
}

bool JsonValue::is_object() const {
    std::string_view token = token_of(value_);
    return !token.empty() && token[0] == '{';
}

void JsonValue::read_object(void* object, const ObjectShape& shape) {
    if (!is_object()) return;
    ondemand::object members;
    if (!context_->take(as_value(value_).get_object(), members)) return;
    for (auto result : members) {
        if (!context_->check(result.error())) return;
        auto&& member = std::move(result).value_unsafe();
        const Field* known = shape.find(member.key().raw());
        if (known == nullptr) continue;
        JsonValue value(&member.value(), *context_);
        known->read(object, value);
        if (context_->error != simdjson::SUCCESS) return;
    }
}

void JsonValue::read_array(void* list, void (*element)(void*, JsonValue&)) {
    std::string_view token = token_of(value_);
    if (token.empty() || token[0] != '[') return;
    ondemand::array elements;
    if (!context_->take(as_value(value_).get_array(), elements)) return;
    for (auto result : elements) {
        if (!context_->check(result.error())) return;
        auto&& one = std::move(result).value_unsafe();
        JsonValue value(&one, *context_);
        if (!value.is_object()) continue;
        element(list, value);
        if (context_->error != simdjson::SUCCESS) return;
    }
}

void JsonValue::read_members(void* context, bool (*member)(void*, std::string_view, JsonValue&)) {
    if (!is_object()) return;
    ondemand::object members;
    if (!context_->take(as_value(value_).get_object(), members)) return;
    std::string name;
    for (auto result : members) {
        if (!context_->check(result.error())) return;
        auto&& one = std::move(result).value_unsafe();
        const char* raw = one.key().raw();
        const char* end = raw;
        while (*end != '"') end += *end == '\\' ? 2 : 1;  // ends: the parser has seen the closing quote
        unescape_json({raw, std::size_t(end - raw)}, name);
        JsonValue value(&one.value(), *context_);
        bool go_on = member(context, name, value);
        if (context_->error != simdjson::SUCCESS || !go_on) return;
    }
}

void JsonValue::read(std::vector<std::string>& out) {
    std::string_view token = token_of(value_);
    if (token.empty() || token[0] != '[') return;
    ondemand::array elements;
    if (!context_->take(as_value(value_).get_array(), elements)) return;
    for (auto result : elements) {
        if (!context_->check(result.error())) return;
        auto&& one = std::move(result).value_unsafe();
        std::string_view text = token_of(&one);
        if (is_string(text)) unescape_json(inside(text), out.emplace_back());
    }
}

void JsonValue::read(std::map<std::string, std::string>& out) {
    read_members(&out, [](void* map, std::string_view name, JsonValue& value) {
        std::string_view token = token_of(value.value_);
        if (token == "null") return true;
        std::string text;
        if (!assign_string(token, text)) value.read_raw(text);
        (*static_cast<std::map<std::string, std::string>*>(map))[std::string(name)] = std::move(text);
        return true;
    });
}

void JsonValue::read(std::vector<std::pair<std::string, int>>& out) {
    read_members(&out, [](void* list, std::string_view name, JsonValue& value) {
        int count;
        if (parse_integer(plain(token_of(value.value_)), count))
            static_cast<std::vector<std::pair<std::string, int>>*>(list)->emplace_back(name, count);
        return true;
    });
}

ObjectShape::ObjectShape(std::initializer_list<Field> fields) {
    for (const Field& field : fields) {
        const std::string_view name = field.name;
        char letters[16] = {};
        std::memcpy(letters, name.data(), std::min(name.size(), sizeof letters));
        Entry entry{field, 0};
        std::memcpy(&entry.begin, letters, 8);
        if (name.size() >= 8 && name.size() < 16) {
            letters[name.size()] = '"';
            std::size_t compared = name.size() - 7;
            entry.middle_mask = compared == 8 ? ~std::uint64_t(0) : (std::uint64_t(1) << 8 * compared) - 1;
            std::memcpy(&entry.middle, letters + 8, 8);
        }
        buckets_[bucket_of(entry.begin)] |= std::uint64_t(1) << entries_.size();
        entries_.push_back(entry);
    }
}

const Field* ObjectShape::find(const char* key) const {
    std::uint64_t begin;
    std::memcpy(&begin, key, sizeof begin);
    // The lowest set bit of `quotes` is at the closing quote, where that is among the first 8 letters; it and
    // what follows is zeroed.
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::uint64_t differences = begin ^ (ones * '"');
    std::uint64_t quotes = (differences - ones) & ~differences & (ones << 7);
    if (quotes != 0) begin &= (quotes & -quotes) / 0x80 - 1;
    for (std::uint64_t set = buckets_[bucket_of(begin)]; set != 0; set &= set - 1) {
        const Entry& entry = entries_[std::size_t(__builtin_ctzll(set))];
        if (entry.begin != begin) continue;
        const std::string_view name = entry.field.name;
        if (name.size() < 8) return &entry.field;
        if (name.size() < 16) {
            std::uint64_t middle;
            std::memcpy(&middle, key + 8, sizeof middle);
            if ((middle & entry.middle_mask) == entry.middle) return &entry.field;
            continue;
        }
        if (std::memcmp(key + sizeof begin, name.data() + sizeof begin, name.size() - sizeof begin) == 0 &&
            key[name.size()] == '"')
            return &entry.field;
    }
    return nullptr;
}

Status read_json(std::string& body, void* object, const ObjectShape& shape) {
    thread_local ondemand::parser parser;
    if (body.capacity() - body.size() < simdjson::SIMDJSON_PADDING)
        body.reserve(body.size() + simdjson::SIMDJSON_PADDING);

    JsonValue::Context context;
    ondemand::document document;
    simdjson::padded_string_view text(body.data(), body.size(), body.capacity());
    if (context.take(parser.iterate(text), document)) {
        ondemand::value root;
        if (context.take(document.get_value(), root)) {
            JsonValue value(&root, context);
            if (value.is_object())
                value.read_object(object, shape);
            else
                context.error = simdjson::INCORRECT_TYPE;
        }
    }
    if (body.size() > kept_capacity) parser = ondemand::parser();
    if (context.error == simdjson::SUCCESS) return success();
    return make_error(ErrorKind::internal, "unreadable_answer",
                      std::string("the answer is not the JSON object that it should be: ") +
                          simdjson::error_message(context.error));
}

}  // namespace polysync::aws
