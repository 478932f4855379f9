// Parameters of jobs (spec 1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace polysync {

enum class DataType { string, integer, number, boolean, json };
enum class Direction { input, output, input_output };

struct Parameter {
    std::string name;
    DataType type = DataType::string;
    Direction direction = Direction::input;
    std::optional<std::string> default_value;  // canonical text; shown as inherited, never sent by itself
                                               // (TASK-1)
    bool required = false;
    std::vector<std::string> allowed_values;  // where AWS declares them (SageMaker EnumValues)
    std::string description;

    [[nodiscard]] bool is_input() const { return direction != Direction::output; }
    [[nodiscard]] bool is_output() const { return direction != Direction::input; }
};

// A parameter together with the value that the user gave it.
struct ParameterValue {
    Parameter parameter;
    std::optional<std::string> value;  // text; checked against the type by check_value
    std::string source;  // where the value comes from, for people: "-p", "job", "platform default"
};

[[nodiscard]] std::string_view to_string(DataType type);
[[nodiscard]] std::string_view to_string(Direction direction);  // "Input", "Output", "InputOutput"
[[nodiscard]] std::optional<DataType> parse_data_type(std::string_view word);
[[nodiscard]] std::optional<Direction> parse_direction(std::string_view word);

// Fails with invalid_input where `text` is no value of `type`: integers of any size, numbers in JSON's
// grammar, true and false, any well-formed JSON for json. The message names the parameter.
[[nodiscard]] Status check_value(std::string_view name, DataType type, std::string_view text);

// The type of a default of which only the text is known (GLUE-2): integer, number or boolean only where the
// canonical text of the value equals `text` ("10" is an integer; "007", "1e3", "True" stay strings);
// otherwise string.
[[nodiscard]] DataType infer_type(std::string_view text);

}  // namespace polysync
