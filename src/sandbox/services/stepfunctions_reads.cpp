// What simulated Step Functions tells of state machines and executions.
#include <algorithm>

#include <fmt/format.h>

#include "sandbox/services/page_token.h"
#include "sandbox/services/stepfunctions.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t default_page = 100;
constexpr auto token_lifetime = std::chrono::hours(24);
constexpr auto remembered = std::chrono::days(90);

std::size_t page_size(const JsonObject& input) {
    const std::int64_t size = integer(input, "maxResults");
    return std::size_t(size == 0 ? default_page : size);
}

ServiceAnswer bad_token(const JsonObject& input) {
    return refuse("InvalidToken", fmt::format("Invalid Token: '{}'", text(input, "nextToken").substr(0, 64)));
}

// Where a page begins (at -1: the first), or nothing where the token is none of this listing's.
std::optional<PagePosition> page_start(const JsonObject& input, const std::string& scope,
                                       const CallContext& context) {
    if (!has(input, "nextToken")) return PagePosition{-1, 0, {}};
    return read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
}

void put_qualifiers(JsonObject& view, const StateExecution& execution) {
    if (execution.version == 0) return;
    const std::string& machine = execution.machine->arn;
    view["stateMachineVersionArn"] = fmt::format("{}:{}", machine, execution.version);
    if (execution.qualifier != std::to_string(execution.version)) {
        view["stateMachineAliasArn"] = fmt::format("{}:{}", machine, execution.qualifier);
    }
}

JsonObject execution_item(const StateExecution& execution, SandboxTime now) {
    JsonObject item{{"executionArn", execution.arn},
                    {"stateMachineArn", execution.machine->arn},
                    {"name", execution.name},
                    {"status", state_execution_status(execution, now)},
                    {"startDate", seconds(execution.started)},
                    {"redriveCount", 0}};
    if (now >= execution.ends) item["stopDate"] = seconds(execution.ends);
    put_qualifiers(item, execution);
    return item;
}

}  // namespace

std::string_view state_execution_status(const StateExecution& execution, SandboxTime now) {
    return now >= execution.ends ? execution.final_status : "RUNNING";
}

std::string state_execution_output(const StateExecution& execution) {
    return execution.outcome->output.empty() ? execution.input : execution.outcome->output;
}

ServiceAnswer StepFunctionsService::list_state_machines(const JsonObject& input, const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const std::string scope = page_scope("ListStateMachines", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return bad_token(input);
    const std::size_t size = uneven_page(page_size(input), start->page);
    JsonArray found;
    std::string last = start->key;
    auto it = start->page == 0 ? state.machines.begin() : state.machines.upper_bound(start->key);
    for (; it != state.machines.end() && found.size() < size; ++it) {
        found.emplace_back(JsonObject{{"stateMachineArn", it->second.arn},
                                      {"name", it->first},
                                      {"type", it->second.express ? "EXPRESS" : "STANDARD"},
                                      {"creationDate", it->second.detail.at("creationDate")}});
        last = it->first;
    }
    JsonObject body{{"stateMachines", std::move(found)}};
    if (it != state.machines.end()) {
        body["nextToken"] = make_page_token({0, start->page + 1, last}, scope, context.now);
    }
    return answer(std::move(body));
}

ServiceAnswer StepFunctionsService::list_qualifiers(std::string_view operation, const JsonObject& input,
                                                    const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const MachineRef ref = find_state_machine(state, text(input, "stateMachineArn"), context);
    if (ref.refusal) return *ref.refusal;
    const bool aliases = operation == "ListStateMachineAliases";
    std::vector<std::string> names;
    if (aliases) {
        for (const auto& [alias, version] : ref.machine->aliases) {
            if (ref.version == 0 || ref.version == version) names.push_back(alias);
        }
    } else {
        for (int version = ref.machine->versions; version > 0; --version)
            names.push_back(std::to_string(version));
    }
    const std::string scope = page_scope(operation, input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return bad_token(input);
    JsonArray found;
    std::size_t at = start->at < 0 ? 0 : std::size_t(start->at);
    for (; at < names.size() && found.size() < page_size(input); ++at) {
        found.emplace_back(JsonObject{{aliases ? "stateMachineAliasArn" : "stateMachineVersionArn",
                                       fmt::format("{}:{}", ref.machine->arn, names[at])},
                                      {"creationDate", ref.machine->detail.at("creationDate")}});
    }
    JsonObject body{{aliases ? "stateMachineAliases" : "stateMachineVersions", std::move(found)}};
    if (at < names.size()) {
        body["nextToken"] = make_page_token({std::int64_t(at), start->page + 1, {}}, scope, context.now);
    }
    return answer(std::move(body));
}

ServiceAnswer StepFunctionsService::describe_state_machine(const JsonObject& input,
                                                           const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const std::string arn = text(input, "stateMachineArn");
    const MachineRef ref = find_state_machine(state, arn, context);
    if (ref.refusal) return *ref.refusal;
    JsonObject body = ref.machine->detail;
    body["stateMachineArn"] = arn;
    body["definition"] =
        text(input, "includedData") == "METADATA_ONLY" ? "{}" : ref.machine->definition->text;
    return answer(std::move(body));
}

ServiceAnswer StepFunctionsService::describe_execution(const JsonObject& input, const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    ServiceAnswer refusal;
    const StateExecution* execution = find_execution(state, input, context, refusal);
    if (!execution) return refusal;
    if (execution->started + settings_.consistency.describe_delay > context.now) {
        return refuse("ExecutionDoesNotExist", fmt::format("Execution Does Not Exist: '{}'", execution->arn));
    }
    JsonObject body = execution_item(*execution, context.now);
    const std::string_view status = state_execution_status(*execution, context.now);
    if (!execution->trace_header.empty()) body["traceHeader"] = execution->trace_header;
    const bool redrivable = status != "RUNNING" && status != "SUCCEEDED";
    body["redriveStatus"] = redrivable ? "REDRIVABLE" : "NOT_REDRIVABLE";
    if (!redrivable)
        body["redriveStatusReason"] = fmt::format("Execution is {} and cannot be redriven", status);
    if (text(input, "includedData") == "METADATA_ONLY") return answer(std::move(body));
    body["input"] = execution->input;
    body["inputDetails"] = {{"included", true}};
    if (status == "SUCCEEDED") {
        body["output"] = state_execution_output(*execution);
        body["outputDetails"] = {{"included", true}};
    } else if (status != "RUNNING") {
        if (!execution->error.empty()) body["error"] = execution->error;
        if (!execution->cause.empty()) body["cause"] = execution->cause;
    }
    return answer(std::move(body));
}

ServiceAnswer StepFunctionsService::list_executions(const JsonObject& input, const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    if (has(input, "mapRunArn") == has(input, "stateMachineArn")) {
        return refuse("ValidationException",
                      "Exactly one of stateMachineArn and mapRunArn must be specified.");
    }
    if (has(input, "mapRunArn")) {
        return refuse("ResourceNotFound", fmt::format("Resource not found: '{}'", text(input, "mapRunArn")));
    }
    const MachineRef ref = find_state_machine(state, text(input, "stateMachineArn"), context);
    if (ref.refusal) return *ref.refusal;
    StateMachine& machine = *ref.machine;
    if (machine.express) {
        return refuse("StateMachineTypeNotSupported",
                      "This operation is not supported by this type of state machine");
    }
    const std::string filter = text(input, "statusFilter");
    if (filter == "PENDING_REDRIVE") {
        return refuse("ValidationException", "PENDING_REDRIVE can be used with mapRunArn only.");
    }
    const std::string scope = page_scope("ListExecutions", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return bad_token(input);
    state.settle(machine, context.now);
    const bool none = text(input, "redriveFilter") == "REDRIVEN";
    const std::size_t size = uneven_page(page_size(input), start->page);
    JsonArray found;
    const auto take = [&](std::uint32_t index) {
        const StateExecution& execution = state.executions[index];
        if (none || execution.started + settings_.consistency.list_delay > context.now) return;
        if (context.now > execution.ends + remembered) return;
        if (!ref.qualifier.empty() && execution.qualifier != ref.qualifier) return;
        found.emplace_back(execution_item(execution, context.now));
    };
    // Running ones by their start, closed ones by their end, newest first. The list of the running ones
    // shrinks, so a position in it is an execution's number; in the others it is a place.
    std::int64_t position = start->at < 0 ? std::int64_t(1) << 32 : start->at;
    bool more = false;
    if (filter == "RUNNING") {
        auto it = position > UINT32_MAX ? machine.running.end()
                                        : machine.running.lower_bound(std::uint32_t(position));
        while (it != machine.running.begin() && found.size() < size) take(*--it), position = *it;
        more = it != machine.running.begin();
    } else {
        const auto& list = filter.empty() ? machine.executions : machine.closed[filter];
        auto at = std::min(list.size(), std::size_t(position));
        while (at > 0 && found.size() < size) take(list[--at]), position = std::int64_t(at);
        more = at > 0;
    }
    JsonObject body{{"executions", std::move(found)}};
    if (more) body["nextToken"] = make_page_token({position, start->page + 1, {}}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer StepFunctionsService::get_execution_history(const JsonObject& input,
                                                          const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    ServiceAnswer refusal;
    const StateExecution* execution = find_execution(state, input, context, refusal);
    if (!execution) return refusal;
    const std::string scope = page_scope("GetExecutionHistory", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return bad_token(input);
    auto history = execution_history(*execution, context);
    const bool reverse = flag(input, "reverseOrder");
    const bool data = flag(input, "includeExecutionData", true);
    const auto count = std::int64_t(history.size());
    const std::size_t size = uneven_page(page_size(input), start->page);
    std::int64_t at = start->at >= 0 ? std::min(start->at, count - 1) : reverse ? count - 1 : 0;
    JsonArray found;
    for (; at >= 0 && at < count && found.size() < size; at += reverse ? -1 : 1) {
        HistoryEvent& event = history[std::size_t(at)];
        JsonObject item{
            {"timestamp", seconds(event.at)}, {"type", event.type}, {"id", at + 1}, {"previousEventId", at}};
        if (!data) {
            for (const char* member : {"input", "output", "parameters", "error", "cause"})
                event.details.erase(member);
        }
        const bool required = event.details_member == "taskScheduledEventDetails";
        if (required && !data) event.details["parameters"] = "";
        if (!event.details_member.empty()) item[event.details_member] = std::move(event.details);
        found.emplace_back(std::move(item));
    }
    JsonObject body{{"events", std::move(found)}};
    if (at >= 0 && at < count) {
        body["nextToken"] = make_page_token({at, start->page + 1, {}}, scope, context.now);
    }
    return answer(std::move(body));
}

}  // namespace polysync::sandbox
