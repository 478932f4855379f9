// What Batch refuses about a SubmitJob, and how placeholders in commands are replaced.
#include <algorithm>
#include <cctype>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/batch.h"

namespace polysync::sandbox {

namespace {

constexpr std::size_t max_payload = 30 * 1024;
constexpr std::size_t max_job_name = 128;

bool good_job_name(std::string_view name) {
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= max_job_name &&
           std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
           std::all_of(name.begin(), name.end(), fits);
}

bool whole_number(std::string_view value) {
    return !value.empty() && value.size() < 10 &&
           std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string wrong_share(const BatchQueue& queue, const JsonObject& input) {
    const bool share = has(input, "shareIdentifier");
    const bool priority = has(input, "schedulingPriorityOverride");
    if (!queue.fair_share && (share || priority)) {
        return "Job with shareIdentifier or schedulingPriority can only be submitted to job queue with fair "
               "share "
               "scheduling policy.";
    }
    if (queue.fair_share && !share) {
        return "Job submitted to a job queue with fair share scheduling policy must have a shareIdentifier.";
    }
    const std::string id = text(input, "shareIdentifier", "default");
    if (id.empty() || id.size() > 255) return "shareIdentifier must have 1 to 255 characters.";
    const std::int64_t value = integer(input, "schedulingPriorityOverride");
    if (value < 0 || value > 9999) return "schedulingPriorityOverride must be between 0 and 9999.";
    return {};
}

std::string wrong_queue(const BatchQueue& queue, const BatchDefinition& definition) {
    if (!queue.enabled) return fmt::format("JobQueue {} is disabled and does not accept jobs.", queue.name);
    const std::string type = text(queue.detail, "jobQueueType", "ECS");
    if (type == "SAGEMAKER_TRAINING") {
        return fmt::format("JobQueue {} accepts service jobs only. Use SubmitServiceJob.", queue.name);
    }
    std::string capability = has(definition.detail, "eksProperties") ? "EKS" : "EC2";
    for (const std::string& listed : texts(definition.detail, "platformCapabilities")) capability = listed;
    const bool fits = type == "ECS_FARGATE" ? capability == "FARGATE"
                      : type == "EKS"       ? capability == "EKS"
                                            : capability != "FARGATE" && capability != "EKS";
    if (fits) return {};
    return fmt::format(
        "Job Queue is attached to Compute Environment that can not run Jobs with capability {}.", capability);
}

std::string wrong_limits(const JsonObject& input) {
    if (const JsonObject* array = object_in(input, "arrayProperties"); array && has(*array, "size")) {
        const std::int64_t size = integer(*array, "size");
        if (size < 2 || size > 10000) return "Array size must be between 2 and 10000.";
    }
    if (const JsonArray* dependencies = list_in(input, "dependsOn");
        dependencies && dependencies->size() > 20) {
        return "A job can have a maximum of 20 dependencies.";
    }
    if (const JsonObject* retry = object_in(input, "retryStrategy")) {
        const std::int64_t attempts = integer(*retry, "attempts", 1);
        if (attempts < 1 || attempts > 10) return "Retry attempts must be between 1 and 10.";
        const JsonArray* rules = list_in(*retry, "evaluateOnExit");
        if (rules && rules->size() > 5) return "evaluateOnExit can have a maximum of 5 entries.";
        if (rules && !has(*retry, "attempts")) return "attempts must be specified with evaluateOnExit.";
    }
    if (const JsonObject* timeout = object_in(input, "timeout")) {
        if (integer(*timeout, "attemptDurationSeconds", 60) < 60) {
            return "attemptDurationSeconds must be at least 60 seconds.";
        }
    }
    return {};
}

std::string wrong_overrides(const JsonObject& input) {
    const JsonObject* overrides = object_in(input, "containerOverrides");
    if (!overrides) return {};
    const JsonArray* environment = list_in(*overrides, "environment");
    for (const Json& item : environment ? *environment : JsonArray()) {
        const std::string name = text(item.as_object(), "name");
        if (name.starts_with("AWS_BATCH")) {
            return fmt::format("Environment variable names must not start with AWS_BATCH: {}", name);
        }
    }
    const JsonArray* requirements = list_in(*overrides, "resourceRequirements");
    for (const Json& item : requirements ? *requirements : JsonArray()) {
        const std::string type = text(item.as_object(), "type");
        const std::string value = text(item.as_object(), "value");
        const bool fraction = type == "VCPU" && (value == "0.25" || value == "0.5");
        if (!fraction && (!whole_number(value) || value == "0")) {
            return fmt::format("Resource requirement {} has an invalid value: {}", type, value);
        }
        if (type == "MEMORY" && std::stoi(value) < 4)
            return "Resource requirement MEMORY must be at least 4 MiB.";
    }
    return {};
}

}  // namespace

std::optional<ServiceAnswer> check_batch_submit(const BatchQueue& queue, const BatchDefinition& definition,
                                                const JsonObject& input) {
    std::string wrong;
    if (boost::json::serialize(input).size() > max_payload)
        wrong = "Request payload exceeds the limit of 30 KiB.";
    if (wrong.empty() && !good_job_name(text(input, "jobName")))
        wrong = "Job name should match valid pattern";
    if (wrong.empty()) wrong = wrong_queue(queue, definition);
    if (wrong.empty()) wrong = wrong_share(queue, input);
    if (wrong.empty()) wrong = wrong_limits(input);
    if (wrong.empty()) wrong = wrong_overrides(input);
    if (wrong.empty()) {
        std::string missing;
        (void)batch_command(definition, input, missing);
        if (!missing.empty()) {
            wrong = fmt::format("Unable to substitute value. No parameter found for reference {}", missing);
        }
    }
    if (wrong.empty()) return std::nullopt;
    return refuse("ClientException", std::move(wrong));
}

JsonArray batch_command(const BatchDefinition& definition, const JsonObject& request, std::string& missing) {
    constexpr std::string_view mark = "Ref::";
    const JsonObject* container = object_in(definition.detail, "containerProperties");
    const JsonObject* overrides = object_in(request, "containerOverrides");
    const JsonArray* command = overrides ? list_in(*overrides, "command") : nullptr;
    if (!command) command = container ? list_in(*container, "command") : nullptr;
    JsonArray replaced;
    if (!command) return replaced;
    const JsonObject* own = object_in(request, "parameters");
    const JsonObject* defaults = object_in(definition.detail, "parameters");
    for (const Json& word : *command) {
        const std::string_view argument = view(word);
        if (!argument.starts_with(mark)) {
            replaced.emplace_back(word);
            continue;
        }
        const std::string_view name = argument.substr(mark.size());
        if (own && has(*own, name)) {
            replaced.emplace_back(text(*own, name));
        } else if (defaults && has(*defaults, name)) {
            replaced.emplace_back(text(*defaults, name));
        } else if (missing.empty()) {
            missing = name;
        }
    }
    return replaced;
}

}  // namespace polysync::sandbox
