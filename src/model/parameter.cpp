#include "model/parameter.h"

#include <cstdlib>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -?(0|[1-9][0-9]*), of any length. Returns the end of the match, or npos.
std::size_t match_integer(std::string_view text) {
    std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
    std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || (text[begin] == '0' && at - begin > 1)) return std::string_view::npos;
    return at;
}

bool is_integer(std::string_view text) { return match_integer(text) == text.size(); }

// JSON's number grammar (RFC 8259 section 6).
bool is_number(std::string_view text) {
    std::size_t at = match_integer(text);
    if (at == std::string_view::npos) return false;
    if (at < text.size() && text[at] == '.') {
        std::size_t begin = ++at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == begin) return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        std::size_t begin = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == begin) return false;
    }
    return at == text.size();
}

bool is_json(std::string_view text) {
    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = 128;
    [[maybe_unused]] auto parsed = boost::json::parse(text, error, {}, options);
    return !error;
}

}  // namespace

std::string_view to_string(DataType type) {
    switch (type) {
        case DataType::string:
            return "string";
        case DataType::integer:
            return "integer";
        case DataType::number:
            return "number";
        case DataType::boolean:
            return "boolean";
        case DataType::json:
            return "json";
    }
    return "string";
}

std::string_view to_string(Direction direction) {
    switch (direction) {
        case Direction::input:
            return "Input";
        case Direction::output:
            return "Output";
        case Direction::input_output:
            return "InputOutput";
    }
    return "Input";
}

std::optional<DataType> parse_data_type(std::string_view word) {
    for (auto type :
         {DataType::string, DataType::integer, DataType::number, DataType::boolean, DataType::json})
        if (word == to_string(type)) return type;
    return std::nullopt;
}

std::optional<Direction> parse_direction(std::string_view word) {
    for (auto direction : {Direction::input, Direction::output, Direction::input_output})
        if (word == to_string(direction)) return direction;
    return std::nullopt;
}

Status check_value(std::string_view name, DataType type, std::string_view text) {
    bool good = true;
    std::string_view wanted;
    switch (type) {
        case DataType::string:
            break;
        case DataType::integer:
            good = is_integer(text);
            wanted = "an integer such as 42";
            break;
        case DataType::number:
            good = is_number(text);
            wanted = "a number such as 0.5";
            break;
        case DataType::boolean:
            good = text == "true" || text == "false";
            wanted = "true or false";
            break;
        case DataType::json:
            good = is_json(text);
            wanted = "well-formed JSON";
            break;
    }
    if (good) return success();
    // The value itself is left out of the message: it may be a secret.
    return make_error(
        ErrorKind::invalid_input, "invalid_parameter_value",
        fmt::format("parameter '{}' is of type {}: its value must be {}", name, to_string(type), wanted));
}

DataType infer_type(std::string_view text) {
    // "-0" would come back as "0"; more than 18 digits may not fit the integer that a reader makes of it.
    if (is_integer(text) && text != "-0" && text.size() <= 18) return DataType::integer;
    if (text == "true" || text == "false") return DataType::boolean;
    // The shortest text that reads back as the same number is its canonical text.
    if (is_number(text) && text.find('.') != std::string_view::npos && text.size() <= 17) {
        double value = std::strtod(std::string(text).c_str(), nullptr);
        if (fmt::format("{}", value) == text && text != "-0.0") return DataType::number;
    }
    return DataType::string;
}

}  // namespace polysync
