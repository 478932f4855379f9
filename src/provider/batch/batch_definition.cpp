#include "provider/batch/batch_definition.h"

#include <algorithm>
#include <set>

#include "provider/arn.h"

namespace polysync::batch {

namespace {

constexpr std::string_view placeholder_mark = "Ref::";

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view structure_of(const aws::batch::JobDefinition& definition) {
    if (definition.uses_node_properties) return "multinode";
    if (definition.uses_eks_properties) return "eks";
    if (definition.uses_ecs_properties) return "ecs";
    return "container";
}

void keep(boost::json::object& details, std::string_view name, std::string_view value) {
    if (!value.empty()) details[name] = value;
}

template <class T>
void keep(boost::json::object& details, std::string_view name, const std::optional<T>& value) {
    if (value) details[name] = *value;
}

boost::json::array texts(const std::vector<std::string>& values) {
    boost::json::array out;
    for (const std::string& value : values) out.emplace_back(value);
    return out;
}

// The first container stands for the definition: all others are side cars, or the other nodes of its kind.
void keep_container(boost::json::object& details, const aws::batch::DefinitionContainer& container) {
    keep(details, "image", container.image);
    keep(details, "job_role_arn", container.job_role_arn);
    keep(details, "execution_role_arn", container.execution_role_arn);
    if (!container.command.empty()) details["command"] = texts(container.command);
    for (const auto& requirement : container.resource_requirements) {
        if (requirement.type == "VCPU") keep(details, "vcpus", requirement.value);
        if (requirement.type == "MEMORY") keep(details, "memory_mib", requirement.value);
        if (requirement.type == "GPU") keep(details, "gpus", requirement.value);
    }
}

}  // namespace

std::vector<std::string> placeholders(std::string_view argument) {
    std::vector<std::string> names;
    for (std::size_t at = argument.find(placeholder_mark); at != std::string_view::npos;
         at = argument.find(placeholder_mark, at)) {
        at += placeholder_mark.size();
        std::size_t end = at;
        while (end < argument.size() && is_name_character(argument[end])) ++end;
        if (end > at) names.emplace_back(argument.substr(at, end - at));
        at = end;
    }
    return names;
}

Job to_job(const aws::batch::JobDefinition& definition, std::string_view external_id) {
    Job job;
    job.external_id = external_id.empty() ? definition.name : std::string(external_id);
    job.name = definition.name;
    std::set<std::string> known;
    for (const auto& [name, value] : definition.parameters) {
        Parameter parameter;
        parameter.name = name;
        parameter.default_value = value;
        known.insert(name);
        job.parameters.push_back(std::move(parameter));
    }
    for (const aws::batch::DefinitionContainer& container : definition.containers) {
        for (const std::string& argument : container.command) {
            for (std::string& name : placeholders(argument)) {
                if (!known.insert(name).second) continue;
                Parameter parameter;
                parameter.name = std::move(name);
                parameter.required = true;
                job.parameters.push_back(std::move(parameter));
            }
        }
    }
    boost::json::object& details = job.details;
    keep(details, "arn", definition.arn);
    details["revision"] = definition.revision;
    keep(details, "status", definition.status);
    keep(details, "type", definition.type);
    details["structure"] = structure_of(definition);
    keep(details, "retry_attempts", definition.retry_attempts);
    keep(details, "attempt_duration_seconds", definition.attempt_duration_seconds);
    keep(details, "scheduling_priority", definition.scheduling_priority);
    keep(details, "propagate_tags", definition.propagate_tags);
    if (!definition.platform_capabilities.empty())
        details["platform_capabilities"] = texts(definition.platform_capabilities);
    if (!definition.containers.empty()) keep_container(details, definition.containers.front());
    return job;
}

void HighestRevisions::add(aws::batch::JobDefinition definition) {
    auto known = by_name_.find(definition.name);
    if (known != by_name_.end() && known->second.revision >= definition.revision) return;
    std::string name = definition.name;
    by_name_.insert_or_assign(std::move(name), std::move(definition));
}

DefinitionReference parse_definition_reference(std::string_view external_id) {
    std::string_view name = external_id;
    Arn arn;
    if (parse_arn(external_id, arn)) {
        constexpr std::string_view kind = "job-definition/";
        if (!arn.resource.starts_with(kind)) return {};
        name = arn.resource.substr(kind.size());
    }
    auto colon = name.rfind(':');
    bool is_pinned = colon != std::string_view::npos && is_digits(name.substr(colon + 1));
    return {std::string(is_pinned ? name.substr(0, colon) : name), is_pinned};
}

}  // namespace polysync::batch
