#include "provider/step_functions/outputs.h"

#include <boost/json/kind.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "provider/arn.h"

namespace polysync::step_functions {

namespace json = boost::json;

namespace {

std::string_view root_name(const json::value& root) {
    switch (root.kind()) {
        case json::kind::array:
            return "an array";
        case json::kind::string:
            return "a string";
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a boolean";
        default:
            return "a number";
    }
}

void add_note(std::string& note, std::string sentence) {
    if (!note.empty()) note += ' ';
    note += sentence;
}

void fill_one(const Parameter& parameter, const json::object& root, FilledOutputs& out) {
    if (const auto* exact = root.if_contains(parameter.name)) {
        out.values[parameter.name] = *exact;
        return;
    }
    std::string wanted = lower_case(parameter.name);
    const json::value* found = nullptr;
    int matches = 0;
    for (const auto& property : root) {
        if (property.key().size() != wanted.size() || lower_case(property.key()) != wanted) continue;
        found = &property.value();
        ++matches;
    }
    if (matches == 1) {
        out.values[parameter.name] = *found;
    } else if (matches == 0) {
        add_note(out.note, fmt::format("The output has no property '{}'.", parameter.name));
    } else {
        add_note(out.note,
                 fmt::format("{} properties of the output match '{}' but for their case, so none was taken.",
                             matches, parameter.name));
    }
}

}  // namespace

FilledOutputs fill_outputs(std::span<const Parameter> parameters, std::optional<std::string_view> output) {
    FilledOutputs out;
    bool any = false;
    for (const auto& parameter : parameters) any = any || parameter.is_output();
    if (!any) return out;
    if (!output) {
        out.note = "AWS gave no output, so no output parameter is filled.";
        return out;
    }
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 256;
    json::value root = json::parse(*output, error, {}, options);
    if (error) {
        out.note = "The output is not readable JSON, so no output parameter is filled.";
        return out;
    }
    const json::object* object = root.if_object();
    if (!object) {
        out.note = fmt::format("The output is {}, and only an object's properties fill output parameters.",
                               root_name(root));
        return out;
    }
    for (const auto& parameter : parameters) {
        if (parameter.is_output()) fill_one(parameter, *object, out);
    }
    return out;
}

}  // namespace polysync::step_functions
