// What the sandbox's admin endpoint can do to simulated Batch.
#include <array>

#include <fmt/format.h>

#include "sandbox/services/batch.h"

namespace polysync::sandbox {

namespace {

constexpr std::array<MemberRule, 9> queue_rules = {{
    {"jobQueueName", MemberType::text},
    {"state", MemberType::text},
    {"status", MemberType::text},
    {"statusReason", MemberType::text},
    {"priority", MemberType::integer},
    {"schedulingPolicyArn", MemberType::text},
    {"jobQueueType", MemberType::text},
    {"jobStateTimeLimitActions", MemberType::list},
    {"tags", MemberType::object},
}};

constexpr std::array<MemberRule, 17> definition_rules = {{
    {"jobDefinitionName", MemberType::text},
    {"type", MemberType::text},
    {"status", MemberType::text},
    {"parameters", MemberType::object},
    {"schedulingPriority", MemberType::integer},
    {"containerProperties", MemberType::object},
    {"nodeProperties", MemberType::object},
    {"ecsProperties", MemberType::object},
    {"eksProperties", MemberType::object},
    {"retryStrategy", MemberType::object},
    {"propagateTags", MemberType::boolean},
    {"timeout", MemberType::object},
    {"platformCapabilities", MemberType::list},
    {"tags", MemberType::object},
    {"outcome", MemberType::object},
    {"count", MemberType::integer},
    {"name_prefix", MemberType::text},
}};

constexpr std::int64_t max_bulk = 100'000;

Result<Outcome> batch_outcome(const JsonObject& input, std::initializer_list<MemberRule> extra = {}) {
    return read_outcome(input, {"SUCCEEDED", "FAILED"}, extra);
}

JsonObject default_container(const std::string& name, const CallContext& context) {
    return {
        {"image",
         fmt::format("{}.dkr.ecr.{}.amazonaws.com/{}:latest", context.account, context.region, name)},
        {"command", JsonArray{"run", name}},
        {"resourceRequirements", JsonArray{JsonObject{{"type", "VCPU"}, {"value", "1"}},
                                           JsonObject{{"type", "MEMORY"}, {"value", "2048"}}}},
        {"jobRoleArn", fmt::format("arn:{}:iam::{}:role/BatchJobRole", context.partition, context.account)},
        {"volumes", JsonArray()},
        {"environment", JsonArray()},
        {"mountPoints", JsonArray()},
        {"ulimits", JsonArray()},
        {"secrets", JsonArray()}};
}

}  // namespace

ServiceAnswer BatchService::admin(std::string_view kind, const JsonObject& input,
                                  const CallContext& context) {
    if (kind == "queue") return add_queue(input, context);
    if (kind == "definition") return add_definition(input, context);
    if (kind == "outcome") return set_outcome(input, context);
    return unknown_kind(kind, "queue, definition, outcome");
}

ServiceAnswer BatchService::add_queue(const JsonObject& input, const CallContext& context) {
    std::string wrong = wrong_members(input, queue_rules);
    const std::string name = text(input, "jobQueueName");
    const std::string queue_state = text(input, "state", "ENABLED");
    if (wrong.empty() && name.empty()) wrong = "'jobQueueName' is missing";
    if (wrong.empty() && queue_state != "ENABLED" && queue_state != "DISABLED")
        wrong = "'state' is ENABLED or DISABLED";
    if (!wrong.empty()) return refuse_admin(std::move(wrong));
    BatchQueue& queue = places_.at(*this, context).queues[name];  // a known queue changes and keeps its jobs
    queue.name = name;
    queue.arn = fmt::format("arn:{}:batch:{}:{}:job-queue/{}", context.partition, context.region,
                            context.account, name);
    queue.enabled = queue_state == "ENABLED";
    queue.fair_share = has(input, "schedulingPolicyArn");
    queue.detail = input;
    queue.detail["jobQueueArn"] = queue.arn;
    queue.detail["state"] = queue_state;
    queue.detail["status"] = text(input, "status", "VALID");
    queue.detail["statusReason"] = text(input, "statusReason", "JobQueue Healthy");
    queue.detail["priority"] = integer(input, "priority", 1);
    queue.detail["jobQueueType"] = text(input, "jobQueueType", "ECS");
    queue.detail["computeEnvironmentOrder"] = JsonArray{JsonObject{
        {"order", 1},
        {"computeEnvironment", fmt::format("arn:{}:batch:{}:{}:compute-environment/{}-ce", context.partition,
                                           context.region, context.account, name)}}};
    if (!has(input, "tags")) queue.detail["tags"] = JsonObject();
    return answer({{"jobQueueArn", queue.arn}});
}

ServiceAnswer BatchService::add_definition(const JsonObject& input, const CallContext& context) {
    std::string wrong = wrong_members(input, definition_rules);
    const std::int64_t count = integer(input, "count", 1);
    const bool bulk = has(input, "count");
    if (wrong.empty() && (count < 1 || count > max_bulk))
        wrong = fmt::format("'count' must be 1 to {}", max_bulk);
    if (wrong.empty() && bulk != has(input, "name_prefix")) wrong = "'count' and 'name_prefix' go together";
    if (wrong.empty() && bulk == has(input, "jobDefinitionName")) {
        wrong = "give 'jobDefinitionName', or 'count' and 'name_prefix'";
    }
    if (!wrong.empty()) return refuse_admin(std::move(wrong));
    Outcome outcome;
    if (const JsonObject* script = object_in(input, "outcome")) {
        auto read = batch_outcome(*script);
        if (!read) return refuse_admin(read.error().message);
        outcome = std::move(read.value());
    }
    BatchState& state = places_.at(*this, context);
    std::string last;
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name =
            bulk ? fmt::format("{}{:05}", text(input, "name_prefix"), i) : text(input, "jobDefinitionName");
        auto& revisions = state.definitions[name];
        const int revision = revisions.empty() ? 1 : revisions.begin()->first + 1;
        BatchDefinition& made = revisions[revision];
        made.name = name;
        made.revision = revision;
        made.active = text(input, "status", "ACTIVE") == "ACTIVE";
        made.arn = last = fmt::format("arn:{}:batch:{}:{}:job-definition/{}:{}", context.partition,
                                      context.region, context.account, name, revision);
        made.detail = input;
        for (const char* own : {"outcome", "count", "name_prefix"}) made.detail.erase(own);
        made.detail["jobDefinitionName"] = name;
        made.detail["jobDefinitionArn"] = made.arn;
        made.detail["revision"] = revision;
        made.detail["status"] = made.active ? "ACTIVE" : "INACTIVE";
        made.detail["type"] = text(input, "type", "container");
        if (!has(input, "parameters")) made.detail["parameters"] = JsonObject();
        if (!has(input, "tags")) made.detail["tags"] = JsonObject();
        made.detail["containerOrchestrationType"] = has(input, "eksProperties") ? "EKS" : "ECS";
        JsonObject container = default_container(name, context);
        if (const JsonObject* given = object_in(input, "containerProperties")) {
            for (const auto& member : *given) container[member.key()] = member.value();
        }
        if (!has(input, "nodeProperties") && !has(input, "ecsProperties") && !has(input, "eksProperties")) {
            made.detail["containerProperties"] = std::move(container);
        }
        state.scripts[name].set(outcome);
    }
    return answer({{"jobDefinitionArn", last}, {"added", count}});
}

ServiceAnswer BatchService::set_outcome(const JsonObject& input, const CallContext& context) {
    auto outcome = batch_outcome(input, {{"definition", MemberType::text}, {"runs", MemberType::integer}});
    if (!outcome) return refuse_admin(outcome.error().message);
    BatchState& state = places_.at(*this, context);
    const std::string name = text(input, "definition");
    if (!state.definitions.contains(name)) return refuse_admin(fmt::format("no definition '{}'", name));
    std::optional<std::int64_t> runs;
    if (has(input, "runs")) runs = integer(input, "runs");
    state.scripts[name].set(std::move(outcome.value()), runs);
    return answer({});
}

}  // namespace polysync::sandbox
