#include "provider/step_functions/input.h"

#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::step_functions {

namespace json = boost::json;

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_object_or_array(std::string_view text) {
    if (text.empty() || (text.front() != '{' && text.front() != '[')) return false;
    return bool(check_value("", DataType::json, text));
}

// A JSON string; nothing where `text` is not UTF-8, which no JSON can hold.
std::optional<std::string> quote(std::string_view text) {
    std::string quoted = json::serialize(json::string_view(text));
    boost::system::error_code error;
    [[maybe_unused]] auto parsed = json::parse(quoted, error);
    if (error) return std::nullopt;
    return quoted;
}

Error bad(std::string_view name, std::string_view why) {
    return make_error(ErrorKind::invalid_input, "invalid_parameter",
                      fmt::format("parameter '{}' {}", name, why));
}

}  // namespace

Result<std::string> json_of(const Parameter& parameter, const std::string& value) {
    if (parameter.type == DataType::string) {
        auto trimmed = trim(value);
        if (is_object_or_array(trimmed)) return std::string(trimmed);
        auto quoted = quote(value);
        if (!quoted) return bad(parameter.name, "is not valid UTF-8");
        return std::move(*quoted);
    }
    POLYSYNC_TRY(check_value(parameter.name, parameter.type, value));
    // A number can be well-formed and have an exponent that no reader takes.
    if (!check_value(parameter.name, DataType::json, value))
        return bad(parameter.name, "is out of the range of JSON numbers");
    return std::string(trim(value));
}

Result<std::string> build_input(std::span<const ParameterValue> values) {
    std::string out = "{";
    std::set<std::string_view> names;
    for (const auto& entry : values) {
        if (!entry.parameter.is_input() || !entry.value) continue;
        const std::string& name = entry.parameter.name;
        if (!names.insert(name).second) return bad(name, "is given twice");
        auto key = quote(name);
        if (!key) return bad(name, "has a name that is not valid UTF-8");
        POLYSYNC_TRY(auto value, json_of(entry.parameter, *entry.value));
        if (out.size() > 1) out += ',';
        out += *key;
        out += ':';
        out += value;
        if (out.size() + 1 > input_limit_bytes) {
            return make_error(
                ErrorKind::invalid_input, "input_too_large",
                fmt::format("the input exceeds {} bytes at parameter '{}'", input_limit_bytes, name),
                "Put large data into S3 and pass its address.");
        }
    }
    out += '}';
    return out;
}

}  // namespace polysync::step_functions
