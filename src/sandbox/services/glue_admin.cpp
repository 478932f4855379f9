// What the sandbox's admin endpoint can do to simulated Glue.
#include <array>

#include <fmt/format.h>

#include "sandbox/services/glue.h"

namespace polysync::sandbox {

namespace {

constexpr std::array<MemberRule, 25> job_rules = {{
    {"Name", MemberType::text},
    {"Description", MemberType::text},
    {"LogUri", MemberType::text},
    {"Role", MemberType::text},
    {"ExecutionProperty", MemberType::object},
    {"Command", MemberType::object},
    {"DefaultArguments", MemberType::object},
    {"NonOverridableArguments", MemberType::object},
    {"Connections", MemberType::object},
    {"MaxRetries", MemberType::integer},
    {"Timeout", MemberType::integer},
    {"MaxCapacity", MemberType::number},
    {"WorkerType", MemberType::text},
    {"NumberOfWorkers", MemberType::integer},
    {"SecurityConfiguration", MemberType::text},
    {"GlueVersion", MemberType::text},
    {"ExecutionClass", MemberType::text},
    {"JobMode", MemberType::text},
    {"JobRunQueuingEnabled", MemberType::boolean},
    {"MaintenanceWindow", MemberType::text},
    {"NotificationProperty", MemberType::object},
    {"Tags", MemberType::object},
    {"outcome", MemberType::object},
    {"count", MemberType::integer},
    {"name_prefix", MemberType::text},
}};

constexpr std::int64_t max_bulk = 100'000;

Result<Outcome> glue_outcome(const JsonObject& input, std::initializer_list<MemberRule> extra = {}) {
    return read_outcome(input, {"SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED", "STOPPED"}, extra);
}

JsonObject definition_of(const JsonObject& input, const std::string& name, const CallContext& context) {
    JsonObject job = input;
    for (const char* own : {"Tags", "outcome", "count", "name_prefix"}) job.erase(own);
    job["Name"] = name;
    if (!job.contains("Role")) {
        job["Role"] = fmt::format("arn:{}:iam::{}:role/GlueServiceRole", context.partition, context.account);
    }
    if (!job.contains("Command")) {
        job["Command"] = {{"Name", "glueetl"},
                          {"ScriptLocation", fmt::format("s3://sandbox-scripts/{}.py", name)},
                          {"PythonVersion", "3"}};
    }
    if (!job.contains("ExecutionProperty")) job["ExecutionProperty"] = {{"MaxConcurrentRuns", 1}};
    const bool python = text(job["Command"].as_object(), "Name") == "pythonshell";
    if (!job.contains("GlueVersion")) job["GlueVersion"] = python ? "3.0" : "4.0";
    if (!job.contains("MaxRetries")) job["MaxRetries"] = 0;
    if (!job.contains("Timeout")) job["Timeout"] = text(job, "GlueVersion") >= "5.0" ? 480 : 2880;
    if (!job.contains("ExecutionClass") && !python) job["ExecutionClass"] = "STANDARD";
    if (python && !job.contains("MaxCapacity")) job["MaxCapacity"] = 0.0625;
    if (!python && !job.contains("MaxCapacity") && !job.contains("WorkerType")) {
        job["WorkerType"] = "G.1X";
        job["NumberOfWorkers"] = 2;
    }
    job["CreatedOn"] = seconds(context.now);
    job["LastModifiedOn"] = seconds(context.now);
    return job;
}

}  // namespace

ServiceAnswer GlueService::admin(std::string_view kind, const JsonObject& input, const CallContext& context) {
    if (kind == "job") return add_job(input, context);
    if (kind == "outcome") return set_outcome(input, context);
    if (kind == "limits") return set_limits(input);
    return unknown_kind(kind, "job, outcome, limits");
}

ServiceAnswer GlueService::add_job(const JsonObject& input, const CallContext& context) {
    std::string wrong = wrong_members(input, job_rules);
    const std::int64_t count = integer(input, "count", 1);
    const bool bulk = has(input, "count");
    if (wrong.empty() && (count < 1 || count > max_bulk))
        wrong = fmt::format("'count' must be 1 to {}", max_bulk);
    if (wrong.empty() && bulk != has(input, "name_prefix")) wrong = "'count' and 'name_prefix' go together";
    if (wrong.empty() && bulk == has(input, "Name")) wrong = "give 'Name', or 'count' and 'name_prefix'";
    if (!wrong.empty()) return refuse_admin(std::move(wrong));
    Outcome outcome;
    if (const JsonObject* script = object_in(input, "outcome")) {
        auto read = glue_outcome(*script);
        if (!read) return refuse_admin(read.error().message);
        outcome = std::move(read.value());
    }
    GlueState& state = places_.at(*this, context);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name =
            bulk ? fmt::format("{}{:05}", text(input, "name_prefix"), i) : text(input, "Name");
        if (name.empty() || name.size() > 255) return refuse_admin("a job name has 1 to 255 characters");
        GlueJob& job = state.jobs[name];  // a known job changes and keeps its runs
        job.name = name;
        job.definition = definition_of(input, name, context);
        if (const JsonObject* tags = object_in(input, "Tags")) job.tags = *tags;
        job.command = text(job.definition["Command"].as_object(), "Name", "glueetl");
        job.max_concurrent_runs =
            int(integer(job.definition["ExecutionProperty"].as_object(), "MaxConcurrentRuns", 1));
        job.max_retries = int(integer(job.definition, "MaxRetries"));
        job.timeout_minutes = int(integer(job.definition, "Timeout"));
        job.queuing = flag(input, "JobRunQueuingEnabled");
        job.script.set(outcome);
    }
    return answer({{"added", count}});
}

ServiceAnswer GlueService::set_outcome(const JsonObject& input, const CallContext& context) {
    auto outcome = glue_outcome(input, {{"job", MemberType::text}, {"runs", MemberType::integer}});
    if (!outcome) return refuse_admin(outcome.error().message);
    GlueState& state = places_.at(*this, context);
    const auto it = state.jobs.find(text(input, "job"));
    if (it == state.jobs.end()) return refuse_admin(fmt::format("no job '{}'", text(input, "job")));
    std::optional<std::int64_t> runs;
    if (has(input, "runs")) runs = integer(input, "runs");
    it->second.script.set(std::move(outcome.value()), runs);
    return answer({});
}

ServiceAnswer GlueService::set_limits(const JsonObject& input) {
    constexpr std::array<MemberRule, 1> rules = {{{"concurrent_runs", MemberType::integer}}};
    if (std::string wrong = wrong_members(input, rules); !wrong.empty())
        return refuse_admin(std::move(wrong));
    account_limit_ = std::size_t(std::max<std::int64_t>(0, integer(input, "concurrent_runs")));
    return answer({});
}

}  // namespace polysync::sandbox
