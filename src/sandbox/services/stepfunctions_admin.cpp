// What the sandbox's admin endpoint can do to simulated Step Functions.
#include <array>

#include <fmt/format.h>

#include "sandbox/services/stepfunctions.h"

namespace polysync::sandbox {

namespace {

constexpr std::array<MemberRule, 13> machine_rules = {{
    {"name", MemberType::text},
    {"type", MemberType::text},
    {"definition", MemberType::any},
    {"roleArn", MemberType::text},
    {"description", MemberType::text},
    {"status", MemberType::text},
    {"loggingConfiguration", MemberType::object},
    {"tracingConfiguration", MemberType::object},
    {"versions", MemberType::integer},
    {"aliases", MemberType::object},
    {"outcome", MemberType::object},
    {"count", MemberType::integer},
    {"name_prefix", MemberType::text},
}};

constexpr std::int64_t max_bulk = 100'000;
constexpr std::string_view default_definition =
    R"({"StartAt":"Work","States":{"Work":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}})";

Result<Outcome> execution_outcome(const JsonObject& input, std::initializer_list<MemberRule> extra = {}) {
    return read_outcome(input, {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}, extra);
}

// ".../log-group:NAME:*" → NAME
std::string group_of(const std::string& arn) {
    constexpr std::string_view mark = ":log-group:";
    const std::size_t at = arn.find(mark);
    if (at == std::string::npos) return {};
    std::string name = arn.substr(at + mark.size());
    if (name.ends_with(":*")) name.resize(name.size() - 2);
    return name;
}

void put_logging(StateMachine& machine, const JsonObject& input, const CallContext& context) {
    JsonObject logging{{"level", "OFF"}, {"includeExecutionData", false}};
    if (const JsonObject* given = object_in(input, "loggingConfiguration")) {
        logging["level"] = text(*given, "level", "ALL");
        logging["includeExecutionData"] = flag(*given, "includeExecutionData");
        const std::string arn = fmt::format("arn:{}:logs:{}:{}:log-group:/aws/vendedlogs/states/{}-Logs:*",
                                            context.partition, context.region, context.account, machine.name);
        logging["destinations"] = JsonArray{JsonObject{{"cloudWatchLogsLogGroup", {{"logGroupArn", arn}}}}};
        if (const JsonArray* destinations = list_in(*given, "destinations"))
            logging["destinations"] = *destinations;
        const JsonArray& destinations = logging["destinations"].get_array();
        const JsonObject* first = destinations.empty() ? nullptr : destinations[0].if_object();
        const JsonObject* group = first ? object_in(*first, "cloudWatchLogsLogGroup") : nullptr;
        machine.log_group = group ? group_of(text(*group, "logGroupArn")) : "";
    } else {
        machine.log_group.clear();
    }
    machine.log_level = text(logging, "level");
    machine.log_data = flag(logging, "includeExecutionData");
    machine.detail["loggingConfiguration"] = std::move(logging);
}

}  // namespace

ServiceAnswer StepFunctionsService::admin(std::string_view kind, const JsonObject& input,
                                          const CallContext& context) {
    if (kind == "state_machine") return add_state_machine(input, context);
    if (kind == "outcome") return set_outcome(input, context);
    if (kind == "limits") return set_limits(input);
    return unknown_kind(kind, "state_machine, outcome, limits");
}

ServiceAnswer StepFunctionsService::add_state_machine(const JsonObject& input, const CallContext& context) {
    std::string wrong = wrong_members(input, machine_rules);
    const std::int64_t count = integer(input, "count", 1);
    const bool bulk = has(input, "count");
    const std::string type = text(input, "type", "STANDARD");
    if (wrong.empty() && (count < 1 || count > max_bulk))
        wrong = fmt::format("'count' must be 1 to {}", max_bulk);
    if (wrong.empty() && bulk != has(input, "name_prefix")) wrong = "'count' and 'name_prefix' go together";
    if (wrong.empty() && bulk == has(input, "name")) wrong = "give 'name', or 'count' and 'name_prefix'";
    if (wrong.empty() && type != "STANDARD" && type != "EXPRESS") wrong = "'type' is STANDARD or EXPRESS";
    if (!wrong.empty()) return refuse_admin(std::move(wrong));
    std::string definition_text(default_definition);
    if (has(input, "definition")) {
        const Json& given = input.at("definition");
        definition_text = given.is_string() ? std::string(view(given)) : json_text(given);
    }
    auto definition = read_state_machine(std::move(definition_text));
    if (!definition) return refuse_admin(definition.error().message);
    const auto shared = std::make_shared<const StateMachineDefinition>(std::move(definition.value()));
    Outcome outcome;
    if (const JsonObject* script = object_in(input, "outcome")) {
        auto read = execution_outcome(*script);
        if (!read) return refuse_admin(read.error().message);
        outcome = std::move(read.value());
    }
    StepFunctionsState& state = places_.at(*this, context);
    std::string last;
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name =
            bulk ? fmt::format("{}{:05}", text(input, "name_prefix"), i) : text(input, "name");
        StateMachine& machine = state.machines[name];  // a known machine changes and keeps its executions
        machine.name = name;
        machine.arn = last = fmt::format("arn:{}:states:{}:{}:stateMachine:{}", context.partition,
                                         context.region, context.account, name);
        machine.express = type == "EXPRESS";
        machine.definition = shared;
        machine.versions = int(integer(input, "versions"));
        machine.aliases.clear();
        const JsonObject* aliases = object_in(input, "aliases");
        for (const auto& alias : aliases ? *aliases : JsonObject()) {
            machine.aliases[std::string(alias.key())] = int(integer(*aliases, std::string(alias.key()), 1));
        }
        machine.detail = {{"stateMachineArn", machine.arn},
                          {"name", name},
                          {"status", text(input, "status", "ACTIVE")},
                          {"type", type},
                          {"roleArn", text(input, "roleArn",
                                           fmt::format("arn:{}:iam::{}:role/StepFunctionsRole",
                                                       context.partition, context.account))},
                          {"creationDate", seconds(context.now)},
                          {"tracingConfiguration", {{"enabled", false}}}};
        copy_members(input, machine.detail, {"description", "tracingConfiguration"});
        put_logging(machine, input, context);
        machine.script.set(outcome);
    }
    return answer({{"stateMachineArn", last}, {"added", count}});
}

ServiceAnswer StepFunctionsService::set_outcome(const JsonObject& input, const CallContext& context) {
    auto outcome =
        execution_outcome(input, {{"state_machine", MemberType::text}, {"runs", MemberType::integer}});
    if (!outcome) return refuse_admin(outcome.error().message);
    StepFunctionsState& state = places_.at(*this, context);
    const auto it = state.machines.find(text(input, "state_machine"));
    if (it == state.machines.end()) {
        return refuse_admin(fmt::format("no state machine '{}'", text(input, "state_machine")));
    }
    std::optional<std::int64_t> runs;
    if (has(input, "runs")) runs = integer(input, "runs");
    it->second.script.set(std::move(outcome.value()), runs);
    return answer({});
}

ServiceAnswer StepFunctionsService::set_limits(const JsonObject& input) {
    constexpr std::array<MemberRule, 1> rules = {{{"open_executions", MemberType::integer}}};
    if (std::string wrong = wrong_members(input, rules); !wrong.empty())
        return refuse_admin(std::move(wrong));
    open_limit_ = std::size_t(std::max<std::int64_t>(0, integer(input, "open_executions")));
    return answer({});
}

}  // namespace polysync::sandbox
