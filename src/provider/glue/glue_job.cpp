#include "provider/glue/glue_job.h"

#include "provider/glue/glue_names.h"

namespace polysync::glue {

namespace {

bool is_imported(std::string_view argument) {
    return !argument.empty() && !is_special_argument(argument) && !is_internal(argument) &&
           !same_parameter(argument, run_token_argument);
}

template <class T>
void keep(boost::json::object& details, std::string_view name, const std::optional<T>& value) {
    if (value) details[name] = *value;
}

void keep(boost::json::object& details, std::string_view name, const std::string& value) {
    if (!value.empty()) details[name] = value;
}

// AWS reports a computed MaxCapacity beside the workers of a job that has them, so it only counts alone.
bool takes_workers(std::string_view command, bool has_max_capacity, std::string_view worker_type) {
    return command != "pythonshell" && !(has_max_capacity && worker_type.empty());
}

}  // namespace

Job to_job(const aws::glue::Job& definition) {
    Job job;
    job.external_id = definition.name;
    job.name = definition.name;
    job.description = definition.description;
    for (const auto& [name, value] : definition.default_arguments) {
        if (!is_imported(name)) continue;
        Parameter parameter;
        parameter.name = name;
        parameter.type = infer_type(value);
        parameter.default_value = value;
        job.parameters.push_back(std::move(parameter));
    }
    boost::json::object& details = job.details;
    keep(details, "command", definition.command_name);
    keep(details, "version", definition.glue_version);
    keep(details, "worker_type", definition.worker_type);
    keep(details, "number_of_workers", definition.number_of_workers);
    keep(details, "max_capacity", definition.max_capacity);
    keep(details, "timeout_minutes", definition.timeout_minutes);
    keep(details, "max_retries", definition.max_retries);
    keep(details, "max_concurrent_runs", definition.max_concurrent_runs);
    keep(details, "execution_class", definition.execution_class);
    keep(details, "job_run_queuing", definition.job_run_queuing_enabled);
    keep(details, "role", definition.role);
    keep(details, "script_location", definition.script_location);
    keep(details, "python_version", definition.python_version);
    keep(details, "runtime", definition.runtime);
    keep(details, "job_mode", definition.job_mode);
    keep(details, "security_configuration", definition.security_configuration);
    if (!definition.non_overridable_arguments.empty()) {
        boost::json::array fixed;
        for (const auto& [name, value] : definition.non_overridable_arguments) fixed.emplace_back(name);
        details["non_overridable_arguments"] = std::move(fixed);
    }
    return job;
}

WorkerRules worker_rules(const aws::glue::Job& definition) {
    WorkerRules rules;
    rules.is_known = true;
    rules.takes_workers =
        takes_workers(definition.command_name, definition.max_capacity.has_value(), definition.worker_type);
    rules.worker_type = definition.worker_type;
    if (definition.number_of_workers) rules.number_of_workers = *definition.number_of_workers;
    return rules;
}

WorkerRules worker_rules(const boost::json::object& details) {
    WorkerRules rules;
    auto text = [&details](std::string_view name) -> std::string_view {
        const boost::json::value* value = details.if_contains(name);
        return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
    };
    rules.is_known = details.contains("command");
    rules.takes_workers =
        takes_workers(text("command"), details.contains("max_capacity"), text("worker_type"));
    rules.worker_type = text("worker_type");
    const boost::json::value* count = details.if_contains("number_of_workers");
    if (count && count->is_int64()) rules.number_of_workers = count->get_int64();
    return rules;
}

}  // namespace polysync::glue
