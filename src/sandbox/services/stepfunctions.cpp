#include "sandbox/services/stepfunctions.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr auto remembered = std::chrono::days(90);
constexpr std::size_t max_input_bytes = 262'144;
constexpr Millis express_limit = std::chrono::minutes(5);

// AWS's list of what an execution's name must not hold.
bool good_name(std::string_view name) {
    constexpr std::string_view forbidden = " <>{}[]?*\"#%\\^|~`$&,;:/";
    return std::none_of(name.begin(), name.end(), [&](unsigned char c) {
        return c < 0x21 || c == 0x7f || forbidden.find(char(c)) != std::string_view::npos;
    });
}

ServiceAnswer invalid_arn(std::string_view what) {
    return refuse("InvalidArn", fmt::format("Invalid Arn: '{}'", what));
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(by);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

MachineRef refused(ServiceAnswer refusal) {
    MachineRef ref;
    ref.refusal = std::move(refusal);
    return ref;
}

}  // namespace

std::size_t uneven_page(std::size_t size, std::uint32_t pages_before) {
    if (pages_before % 4 == 1) return (size + 1) / 2;
    return pages_before % 4 == 2 ? 0 : size;
}

MachineRef find_state_machine(StepFunctionsState& state, const std::string& arn, const CallContext& context) {
    const auto parts = split(arn, ':');
    if (parts.size() < 7 || parts[0] != "arn" || parts[2] != "states") {
        return refused(invalid_arn(fmt::format("Invalid ARN prefix: {}", arn)));
    }
    if (parts[5] != "stateMachine") {
        return refused(invalid_arn(fmt::format("Resource type not valid in this context: {}", parts[5])));
    }
    if (parts.size() > 8) return refused(invalid_arn(fmt::format("Invalid ARN: {}", arn)));
    if (parts[6].find('/') != std::string_view::npos) {
        return refused(
            refuse("ValidationException", "State machine label ARNs are not supported in this operation."));
    }
    const auto missing =
        refuse("StateMachineDoesNotExist", fmt::format("State Machine Does Not Exist: '{}'", arn));
    const auto it = state.machines.find(std::string(parts[6]));
    if (it == state.machines.end() || parts[3] != context.region || parts[4] != context.account)
        return refused(missing);
    MachineRef ref;
    ref.machine = &it->second;
    if (parts.size() == 7) return ref;
    ref.qualifier = parts[7];
    const auto alias = it->second.aliases.find(ref.qualifier);
    if (alias != it->second.aliases.end()) {
        ref.version = alias->second;
        return ref;
    }
    for (int version = 1; version <= it->second.versions; ++version) {
        if (ref.qualifier == std::to_string(version)) ref.version = version;
    }
    return ref.version > 0 ? ref : refused(missing);
}

void StepFunctionsState::settle(StateMachine& machine, SandboxTime now) {
    while (!machine.ends.empty() && machine.ends.begin()->first <= now) {
        const std::uint32_t index = machine.ends.begin()->second;
        machine.ends.erase(machine.ends.begin());
        machine.running.erase(index);
        machine.closed[std::string(executions[index].final_status)].push_back(index);
    }
}

StepFunctionsService::StepFunctionsService(const Settings& settings, PlaceSetup setup, std::uint64_t seed)
    : settings_(settings), random_(seed), places_(std::move(setup)) {}

ServiceAnswer StepFunctionsService::handle(std::string_view operation, const JsonObject& input,
                                           const CallContext& context) {
    if (operation == "ListStateMachines") return list_state_machines(input, context);
    if (operation == "ListStateMachineAliases" || operation == "ListStateMachineVersions") {
        return list_qualifiers(operation, input, context);
    }
    if (operation == "DescribeStateMachine") return describe_state_machine(input, context);
    if (operation == "StartExecution") return start_execution(input, context);
    if (operation == "StartSyncExecution") return start_sync_execution(input, context);
    if (operation == "DescribeExecution") return describe_execution(input, context);
    if (operation == "ListExecutions") return list_executions(input, context);
    if (operation == "StopExecution") return stop_execution(input, context);
    if (operation == "GetExecutionHistory") return get_execution_history(input, context);
    return unknown_operation(operation);
}

std::optional<ServiceAnswer> StepFunctionsService::check_start(const StateMachine& machine,
                                                               const JsonObject& input) const {
    if (text(machine.detail, "status") == "DELETING") {
        return refuse("StateMachineDeleting", fmt::format("State Machine Deleting: '{}'", machine.arn));
    }
    const std::string name = text(input, "name", "generated");
    if (name.empty() || name.size() > 80 * 4 || !good_name(name)) {
        return refuse("InvalidName", fmt::format("Invalid Name: '{}'", name));
    }
    const std::string document = text(input, "input", "{}");
    if (document.size() > max_input_bytes) {
        return refuse("InvalidExecutionInput",
                      fmt::format("Invalid State Machine Execution Input: the input is longer than {} bytes.",
                                  max_input_bytes));
    }
    boost::system::error_code error;
    (void)boost::json::parse(document, error, {}, {.max_depth = 1000});
    if (error) {
        return refuse("InvalidExecutionInput",
                      "Invalid State Machine Execution Input: "
                      "'com.fasterxml.jackson.core.JsonParseException: the input is not valid "
                      "JSON'");
    }
    return std::nullopt;
}

StateExecution& StepFunctionsService::begin(StepFunctionsState& state, const MachineRef& ref,
                                            const JsonObject& input, const CallContext& context) {
    StateMachine& machine = *ref.machine;
    const auto index = std::uint32_t(state.executions.size());
    StateExecution& execution = state.executions.emplace_back();
    execution.name = has(input, "name") ? text(input, "name") : make_guid(random_);
    const std::string base = machine.arn.substr(0, machine.arn.find(":stateMachine:"));
    execution.arn = machine.express ? fmt::format("{}:express:{}:{}:{}", base, machine.name, execution.name,
                                                  make_guid(random_))
                                    : fmt::format("{}:execution:{}:{}", base, machine.name, execution.name);
    execution.machine = &machine;
    execution.definition = machine.definition;
    execution.outcome = machine.script.take();
    execution.input = text(input, "input", "{}");
    execution.trace_header = text(input, "traceHeader");
    execution.qualifier = ref.qualifier;
    execution.version = ref.version;
    execution.started = context.now;
    execution.running = settings_.durations.running;
    const ExecutionPlan plan = plan_execution(*execution.definition, *execution.outcome, execution.running,
                                              machine.express ? express_limit : Millis(0));
    execution.ends = context.now + plan.length;
    execution.final_status = plan.status;
    execution.error = plan.error;
    execution.cause = plan.cause;
    machine.executions.push_back(index);
    if (!machine.express) {
        machine.running.insert(index);
        machine.ends.emplace(execution.ends, index);
        state.by_arn[execution.arn] = index;
    }
    ++submissions_[execution.name];
    in_flight_.begin(context, machine.name, execution,
                     [&](StateExecution& other) { return other.ends <= context.now; });
    return execution;
}

ServiceAnswer StepFunctionsService::start_execution(const JsonObject& input, const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const MachineRef ref = find_state_machine(state, text(input, "stateMachineArn"), context);
    if (ref.refusal) return *ref.refusal;
    StateMachine& machine = *ref.machine;
    if (auto refusal = check_start(machine, input)) return *refusal;
    state.settle(machine, context.now);
    if (has(input, "name") && !machine.express) {
        const std::string base = machine.arn.substr(0, machine.arn.find(":stateMachine:"));
        const std::string arn = fmt::format("{}:execution:{}:{}", base, machine.name, text(input, "name"));
        if (const auto known = state.by_arn.find(arn); known != state.by_arn.end()) {
            const StateExecution& earlier = state.executions[known->second];
            const bool runs = earlier.ends > context.now;
            if (runs && earlier.input == text(input, "input", "{}")) {
                return answer({{"executionArn", arn}, {"startDate", seconds(earlier.started)}});
            }
            if (runs || earlier.ends + remembered > context.now) {
                return refuse("ExecutionAlreadyExists", fmt::format("Execution Already Exists: '{}'", arn));
            }
        }
    }
    if (!machine.script.next().refuse_code.empty()) {
        const OutcomePtr taken = machine.script.take();
        return refuse(taken->refuse_code, taken->refuse_message);
    }
    if (open_limit_ > 0 && !machine.express) {
        std::size_t open = 0;
        for (auto& [name, each] : state.machines) {
            state.settle(each, context.now);
            open += each.running.size();
        }
        if (open >= open_limit_) {
            return refuse("ExecutionLimitExceeded",
                          "The maximum number of running executions has been reached.");
        }
    }
    const StateExecution& execution = begin(state, ref, input, context);
    return answer({{"executionArn", execution.arn}, {"startDate", seconds(execution.started)}});
}

ServiceAnswer StepFunctionsService::start_sync_execution(const JsonObject& input,
                                                         const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const MachineRef ref = find_state_machine(state, text(input, "stateMachineArn"), context);
    if (ref.refusal) return *ref.refusal;
    StateMachine& machine = *ref.machine;
    if (!machine.express) {
        return refuse("StateMachineTypeNotSupported",
                      "This operation is not supported by this type of state machine");
    }
    if (auto refusal = check_start(machine, input)) return *refusal;
    if (!machine.script.next().refuse_code.empty()) {
        const OutcomePtr taken = machine.script.take();
        return refuse(taken->refuse_code, taken->refuse_message);
    }
    const StateExecution& execution = begin(state, ref, input, context);
    const Millis took = execution.ends - execution.started;
    JsonObject body{
        {"executionArn", execution.arn},
        {"stateMachineArn", machine.arn},
        {"name", execution.name},
        {"startDate", seconds(execution.started)},
        {"stopDate", seconds(execution.ends)},
        {"status", execution.final_status},
        {"billingDetails",
         {{"billedMemoryUsedInMB", 64}, {"billedDurationInMilliseconds", (took.count() + 99) / 100 * 100}}}};
    if (!execution.trace_header.empty()) body["traceHeader"] = execution.trace_header;
    const bool all = text(input, "includedData", "ALL_DATA") == "ALL_DATA";
    if (all) {
        body["input"] = execution.input;
        body["inputDetails"] = {{"included", true}};
    }
    if (execution.final_status == "SUCCEEDED") {
        if (all) body["output"] = state_execution_output(execution);
        if (all) body["outputDetails"] = {{"included", true}};
    } else if (all) {
        if (!execution.error.empty()) body["error"] = execution.error;
        if (!execution.cause.empty()) body["cause"] = execution.cause;
    }
    // A failed execution, too, is a successful call.
    ServiceAnswer made = answer(std::move(body));
    made.delay = took;
    return made;
}

ServiceAnswer StepFunctionsService::stop_execution(const JsonObject& input, const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    ServiceAnswer refusal;
    StateExecution* execution = find_execution(state, input, context, refusal);
    if (!execution) return refusal;
    StateMachine& machine = *execution->machine;
    state.settle(machine, context.now);
    if (execution->ends > context.now) {
        const std::uint32_t index = state.by_arn.at(execution->arn);
        machine.ends.erase({execution->ends, index});
        execution->ends = context.now;
        execution->final_status = "ABORTED";
        execution->stopped = true;
        execution->error = text(input, "error");
        execution->cause = text(input, "cause");
        machine.ends.emplace(execution->ends, index);
        state.settle(machine, context.now);
    }
    // Closed before: the call succeeds and changes nothing.
    return answer({{"stopDate", seconds(execution->ends)}});
}

StateExecution* StepFunctionsService::find_execution(StepFunctionsState& state, const JsonObject& input,
                                                     const CallContext& context, ServiceAnswer& refusal) {
    const std::string arn = text(input, "executionArn");
    const auto parts = split(arn, ':');
    if (parts.size() < 8 || parts[0] != "arn" || parts[2] != "states") {
        refusal = invalid_arn(fmt::format("Invalid ARN prefix: {}", arn));
        return nullptr;
    }
    if (parts[5] != "execution") {
        refusal = invalid_arn(fmt::format("Resource type not valid in this context: {}", parts[5]));
        return nullptr;
    }
    const auto it = state.by_arn.find(arn);
    if (it == state.by_arn.end() || state.executions[it->second].ends + remembered < context.now) {
        refusal = refuse("ExecutionDoesNotExist", fmt::format("Execution Does Not Exist: '{}'", arn));
        return nullptr;
    }
    return &state.executions[it->second];
}

JsonObject StepFunctionsService::submissions() const {
    JsonObject books;
    for (const auto& [name, count] : submissions_) books[name] = count;
    return books;
}

}  // namespace polysync::sandbox
