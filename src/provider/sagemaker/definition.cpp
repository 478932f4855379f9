#include "provider/sagemaker/definition.h"

#include <optional>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/json_text.h"

namespace polysync::sagemaker {

namespace json = boost::json;

namespace {

constexpr std::size_t most_parameters = 1000;  // AWS takes 200 at a start
constexpr std::size_t longest_name = 256;

DataType type_of(std::string_view word) {
    if (word == "Integer") return DataType::integer;
    if (word == "Float") return DataType::number;
    if (word == "Boolean") return DataType::boolean;
    return DataType::string;
}

// The text that a start would send for this value; nothing for null and what is no scalar.
std::optional<std::string> scalar_text(const json::value& value) {
    if (value.is_null() || value.is_structured()) return std::nullopt;
    return text_of_json(value);
}

std::optional<Parameter> parse_parameter(const json::value& entry) {
    const json::object* object = entry.if_object();
    if (!object) return std::nullopt;
    const auto* name = object->if_contains("Name");
    if (!name || !name->is_string() || name->get_string().empty() || name->get_string().size() > longest_name)
        return std::nullopt;
    Parameter out;
    out.name = name->get_string();
    if (const auto* type = object->if_contains("Type"); type && type->is_string())
        out.type = type_of(type->get_string());
    if (const auto* value = object->if_contains("DefaultValue")) out.default_value = scalar_text(*value);
    out.required = !object->contains("DefaultValue");
    if (const auto* values = object->if_contains("EnumValues"); values && values->is_array()) {
        for (const auto& value : values->get_array()) {
            if (auto text = scalar_text(value)) out.allowed_values.push_back(std::move(*text));
        }
    }
    return out;
}

}  // namespace

DeclaredParameters parse_parameters(std::string_view definition) {
    DeclaredParameters out;
    if (definition.empty()) {
        out.warning = "AWS gave no definition, so no parameters were imported";
        return out;
    }
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 256;
    json::value root = json::parse(definition, error, {}, options);
    if (error || !root.is_object()) {
        out.warning = "the definition is no JSON object, so no parameters were imported";
        return out;
    }
    const auto* parameters = root.get_object().if_contains("Parameters");
    if (!parameters || parameters->is_null()) return out;
    if (!parameters->is_array()) {
        out.warning = "the definition's Parameters are no list, so none were imported";
        return out;
    }
    std::size_t unreadable = 0;
    for (const auto& entry : parameters->get_array()) {
        auto parameter = parse_parameter(entry);
        if (parameter && out.parameters.size() < most_parameters)
            out.parameters.push_back(std::move(*parameter));
        else
            ++unreadable;
    }
    if (unreadable > 0)
        out.warning =
            fmt::format("{} of the definition's Parameters could not be read and were left out", unreadable);
    return out;
}

ImportedJob to_job(const aws::sagemaker::Pipeline& pipeline) {
    ImportedJob out;
    Job& job = out.job;
    job.external_id = pipeline.name;
    job.name = pipeline.display_name.empty() ? pipeline.name : pipeline.display_name;
    job.description = pipeline.description;
    job.details["arn"] = pipeline.arn;
    if (!pipeline.role_arn.empty()) job.details["role_arn"] = pipeline.role_arn;
    if (!pipeline.display_name.empty()) job.details["display_name"] = pipeline.display_name;
    if (!pipeline.status.empty()) job.details["status"] = pipeline.status;
    if (pipeline.max_parallel_execution_steps)
        job.details["max_parallel_execution_steps"] = *pipeline.max_parallel_execution_steps;
    if (pipeline.creation_time) job.details["created_at"] = format_iso8601(*pipeline.creation_time);
    if (pipeline.last_modified_time)
        job.details["modified_at"] = format_iso8601(*pipeline.last_modified_time);
    auto declared = parse_parameters(pipeline.definition);
    job.parameters = std::move(declared.parameters);
    out.warning = std::move(declared.warning);
    return out;
}

Job to_job(const aws::sagemaker::PipelineSummary& summary) {
    Job job;
    job.external_id = summary.name;
    job.name = summary.display_name.empty() ? summary.name : summary.display_name;
    job.description = summary.description;
    job.details["arn"] = summary.arn;
    if (!summary.role_arn.empty()) job.details["role_arn"] = summary.role_arn;
    if (!summary.display_name.empty()) job.details["display_name"] = summary.display_name;
    return job;
}

}  // namespace polysync::sagemaker
