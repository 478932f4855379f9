#include <fstream>

#include <fmt/format.h>

#include "base/nearest.h"
#include "base/secret.h"
#include "cli/submission.h"
#include "model/attribute_schema.h"

namespace polysync::cli {
namespace {

constexpr std::size_t max_value_bytes = 1024 * 1024;

Error bad(std::string code, std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, std::move(code), std::move(message), std::move(remedy));
}

Result<std::string> read_value_file(const std::string& name, const std::string& path) {
    std::ifstream input(path, std::ios::binary);
    std::string text(max_value_bytes + 1, '\0');
    input.read(text.data(), std::streamsize(text.size()));
    if (!input.is_open() || input.bad())
        return bad("unreadable_file", fmt::format("parameter '{}': {} cannot be read", name, path));
    text.resize(std::size_t(input.gcount()));
    if (text.size() > max_value_bytes)
        return bad("file_too_large", fmt::format("parameter '{}': {} is larger than 1 MiB", name, path));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
}

// A parameter's value with its reference resolved; what it resolves to is never printed (SAFE-3).
Result<std::string> resolve(const NameValue& parameter, Services& services) {
    const std::string& value = parameter.value;
    if (value.starts_with("env://")) {
        std::string variable = value.substr(6);
        auto found = services.environment(variable);
        if (!found)
            return bad("unset_variable", fmt::format("parameter '{}': the environment has no variable {}",
                                                     parameter.name, variable));
        register_secret(*found);
        return *found;
    }
    if (value.starts_with("file://")) {
        POLYSYNC_TRY(auto text, read_value_file(parameter.name, value.substr(7)));
        register_secret(text);
        return text;
    }
    if (value.starts_with("vault://")) {
        return bad("vault_unsupported",
                   fmt::format("parameter '{}': vault:// references are resolved by the server only",
                               parameter.name),
                   "Use env://NAME or file://PATH here.");
    }
    return value;
}

// Glue's names match with or without "--" (GLUE-2).
std::string_view plain_name(PlatformType type, std::string_view name) {
    if (type == PlatformType::aws_glue && name.starts_with("--")) name.remove_prefix(2);
    return name;
}

ParameterValue* find_value(std::vector<ParameterValue>& values, PlatformType type, std::string_view name) {
    for (auto& value : values) {
        if (plain_name(type, value.parameter.name) == plain_name(type, name)) return &value;
    }
    return nullptr;
}

}  // namespace

Result<SubmitSpec> make_spec(const RunCommand& command, const Platform& platform, Services& services) {
    SubmitSpec spec;
    spec.job.external_id = command.job;
    spec.job.name = command.job;
    for (const auto& parameter : command.parameters) {
        if (find_value(spec.values, platform.type, parameter.name)) {
            return bad("duplicate_parameter", fmt::format("parameter '{}' is given twice", parameter.name));
        }
        POLYSYNC_TRY(auto value, resolve(parameter, services));
        ParameterValue made;
        made.parameter.name = parameter.name;
        made.source = value == parameter.value ? "-p" : "-p " + parameter.value;  // the reference, not what
                                                                                  // it holds
        made.value = std::move(value);
        spec.values.push_back(std::move(made));
    }
    for (const auto& name : command.outputs) {
        if (ParameterValue* known = find_value(spec.values, platform.type, name)) {
            known->parameter.direction = Direction::input_output;
            continue;
        }
        ParameterValue made;
        made.parameter.name = name;
        made.parameter.direction = Direction::output;
        made.source = "--output";
        spec.values.push_back(std::move(made));
    }
    for (const auto& type : command.types) {
        ParameterValue* known = find_value(spec.values, platform.type, type.name);
        if (!known) {
            return bad("unknown_parameter",
                       fmt::format("--type names '{}', which no -p or --output gives", type.name));
        }
        known->parameter.type = *parse_data_type(type.value);
        if (!known->value) continue;
        POLYSYNC_TRY(check_value(type.name, known->parameter.type, *known->value));
    }
    for (const auto& attribute : command.attributes) {
        POLYSYNC_TRY(auto value, check_attribute(platform.type, AttributePlace::job, attribute.name,
                                                 boost::json::value(attribute.value)));
        spec.job.attributes[attribute.name] = std::move(value);
    }
    return spec;
}

Async<Status> consult_definition(Context& context, Provider& provider, const RunCommand& command,
                                 SubmitSpec& spec) {
    if (command.parameters.empty()) co_return success();
    auto job = co_await provider.describe(command.job);
    if (!job) {
        const Error& error = job.error();
        bool fatal = error.kind == ErrorKind::not_found || error.kind == ErrorKind::transient ||
                     error.kind == ErrorKind::credentials || error.kind == ErrorKind::invalid_input ||
                     error.kind == ErrorKind::clock_skew;
        if (fatal) co_return error;
        context.output.warn(
            fmt::format("the names of parameters could not be checked against the job's definition: {}",
                        error.describe()));
        co_return success();
    }
    PlatformType type = provider.platform().type;
    const auto& known = job.value().parameters;
    std::vector<std::string> names;
    for (const auto& parameter : known) names.emplace_back(plain_name(type, parameter.name));
    for (auto& value : spec.values) {
        std::string_view name = plain_name(type, value.parameter.name);
        auto same = std::find(names.begin(), names.end(), name);
        if (same != names.end()) {
            bool typed = std::any_of(command.types.begin(), command.types.end(), [&](const NameValue& given) {
                return plain_name(type, given.name) == name;
            });
            if (!typed) value.parameter.type = known[std::size_t(same - names.begin())].type;
            // AWS is the judge of types that the user did not give: a definition's default may be no more
            // than a hint.
            if (!typed && value.value && !check_value(name, value.parameter.type, *value.value)) {
                context.output.warn(
                    fmt::format("the job's definition says that '{}' is of type {}; it is sent as a string",
                                name, to_string(value.parameter.type)));
                value.parameter.type = DataType::string;
            }
            continue;
        }
        if (!value.parameter.is_input()) continue;
        if (auto near = nearest_word(name, names); !near.empty()) {
            context.output.warn(fmt::format(
                "the job has no parameter '{}'; did you mean '{}'? It is sent as it is", name, near));
        }
    }
    co_return success();
}

}  // namespace polysync::cli
