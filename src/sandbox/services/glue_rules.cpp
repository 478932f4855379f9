// What Glue refuses about the arguments and compute settings of a StartJobRun.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sandbox/services/glue.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_timeout_minutes = 10080;

constexpr std::array<std::string_view, 13> worker_types = {"Standard", "G.025X", "G.1X",  "G.2X", "G.4X",
                                                           "G.8X",     "G.12X",  "G.16X", "R.1X", "R.2X",
                                                           "R.4X",     "R.8X",   "Z.2X"};

ServiceAnswer invalid(std::string message) { return refuse("InvalidInputException", std::move(message)); }

double glue_version(const GlueJob& job) {
    double version = 0;
    for (const char c : text(job.definition, "GlueVersion", "0.9")) {
        if (c == '.') break;
        version = version * 10 + (c - '0');
    }
    return version;
}

std::optional<ServiceAnswer> check_arguments(const GlueJob& job, const JsonObject& input) {
    const JsonObject* arguments = object_in(input, "Arguments");
    if (!arguments) return std::nullopt;
    const JsonObject* fixed = object_in(job.definition, "NonOverridableArguments");
    for (const auto& argument : *arguments) {
        const std::string_view key(argument.key().data(), argument.key().size());
        if (!key.starts_with("--")) {
            return invalid(fmt::format("Argument keys must start with '--'. Invalid argument key: {}", key));
        }
        if (fixed && fixed->contains(key)) {
            return invalid(fmt::format("Non-overridable arguments cannot be overridden: {}", key));
        }
    }
    return std::nullopt;
}

std::optional<ServiceAnswer> check_python_shell(const GlueJob& job, const JsonObject& input) {
    if (has(input, "WorkerType") || has(input, "NumberOfWorkers")) {
        const JsonObject* command = object_in(job.definition, "Command");
        return invalid(
            fmt::format("Worker Type is not supported for Job Command pythonshell and Python Version {}.",
                        command ? text(*command, "PythonVersion", "3") : "3"));
    }
    const double capacity = number(input, "MaxCapacity", 1);
    if (capacity != 0.0625 && capacity != 1) {
        return invalid("Max Capacity for Python shell jobs must be either 0.0625 or 1.");
    }
    return std::nullopt;
}

std::optional<ServiceAnswer> check_workers(const GlueJob& job, const JsonObject& input) {
    const bool type = has(input, "WorkerType");
    const bool count = has(input, "NumberOfWorkers");
    if ((type || count) && has(input, "MaxCapacity")) {
        return invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.");
    }
    if (type != count) return invalid("Please set both Worker Type and Number of Workers.");
    if (has(input, "MaxCapacity")) {
        if (glue_version(job) >= 2) {
            return invalid(
                "Max Capacity is not supported for Glue version 2.0 or later. Please set Worker Type and "
                "Number of Workers.");
        }
        if (number(input, "MaxCapacity") < 2) return invalid("Minimum allowed value of Max Capacity is 2.0.");
    }
    if (!type) return std::nullopt;
    const std::string worker = text(input, "WorkerType");
    if (std::find(worker_types.begin(), worker_types.end(), worker) == worker_types.end()) {
        return invalid(fmt::format("Worker Type {} is not supported.", worker));
    }
    const std::int64_t minimum = job.command == "glueetl" ? 2 : 1;
    if (integer(input, "NumberOfWorkers") < minimum) {
        return invalid(fmt::format("To use Worker Type {}, minimum allowed value of Number of Workers is {}.",
                                   worker, minimum));
    }
    return std::nullopt;
}

}  // namespace

std::optional<ServiceAnswer> check_glue_start(const GlueJob& job, const JsonObject& input) {
    if (auto refusal = check_arguments(job, input)) return refusal;
    if (auto refusal =
            job.command == "pythonshell" ? check_python_shell(job, input) : check_workers(job, input)) {
        return refusal;
    }
    const std::int64_t timeout = integer(input, "Timeout", 1);
    if (timeout < 1 || timeout > max_timeout_minutes) {
        return invalid(fmt::format("Timeout must be between 1 and {} minutes.", max_timeout_minutes));
    }
    if (text(input, "ExecutionClass") == "FLEX" && (job.command != "glueetl" || glue_version(job) < 3)) {
        return invalid(
            "Execution class FLEX is supported only for glueetl jobs of Glue version 3.0 or later.");
    }
    return std::nullopt;
}

}  // namespace polysync::sandbox
