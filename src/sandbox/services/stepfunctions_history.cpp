// The history of a simulated execution, and what of it reaches CloudWatch Logs.
#include <algorithm>
#include <ctime>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/page_token.h"
#include "sandbox/services/stepfunctions.h"

namespace polysync::sandbox {

namespace {

constexpr Millis express_limit = std::chrono::minutes(5);
constexpr auto longest_standard = std::chrono::days(366);

JsonObject with_data(std::string_view member, const std::string& data) {
    return {{member, data}, {std::string(member) + "Details", {{"truncated", false}}}};
}

JsonObject failure(const std::string& error, const std::string& cause) {
    JsonObject details;
    if (!error.empty()) details["error"] = error;
    if (!cause.empty()) details["cause"] = cause;
    return details;
}

// "arn:aws:states:::glue:startJobRun.sync" → type glue, resource startJobRun.sync.
struct Resource {
    bool lambda_function = false;
    std::string type;
    std::string action;
};

Resource read_resource(const std::string& arn) {
    if (arn.find(":lambda:") != std::string::npos && arn.find(":function:") != std::string::npos)
        return {true, {}, {}};
    const std::size_t at = arn.find(":states:::");
    if (at == std::string::npos) return {false, "lambda", "invoke"};
    const std::string rest = arn.substr(at + std::string_view(":states:::").size());
    const std::size_t colon = rest.find(':');
    if (colon == std::string::npos) return {false, rest, rest};
    return {false, rest.substr(0, colon), rest.substr(colon + 1)};
}

class Recorder {
  public:
    Recorder(const StateExecution& execution, const CallContext& context)
        : execution_(execution), context_(context) {}

    std::vector<HistoryEvent> take(SandboxTime until) {
        std::erase_if(events_, [&](const HistoryEvent& event) { return event.at > until; });
        return std::move(events_);
    }

    void add(Millis after, std::string type, std::string member = {}, JsonObject details = {}) {
        events_.push_back(
            {execution_.started + after, std::move(type), std::move(member), std::move(details)});
    }

    void visit(const StateVisit& visit, bool fails) {
        const AslState& state = execution_.definition->path[visit.state];
        const bool last = visit.state + 1 == execution_.definition->path.size();
        JsonObject entered = with_data("input", execution_.input);
        entered["name"] = state.name;
        add(visit.entered, state.type + "StateEntered", "stateEnteredEventDetails", std::move(entered));
        if (state.type == "Fail") return;
        if (state.type == "Task") {
            task(visit, state, fails);
            if (fails) return;
        }
        if (state.type == "Map" || state.type == "Parallel") {
            JsonObject details;
            if (state.type == "Map") details["length"] = 1;
            add(visit.entered, state.type + "StateStarted",
                state.type == "Map" ? "mapStateStartedEventDetails" : "", std::move(details));
            add(visit.left, state.type + "StateSucceeded");
        }
        JsonObject left = with_data("output", last ? state_execution_output(execution_) : execution_.input);
        left["name"] = state.name;
        add(visit.left, state.type + "StateExited", "stateExitedEventDetails", std::move(left));
    }

  private:
    void task(const StateVisit& visit, const AslState& state, bool fails) {
        const Resource resource = read_resource(state.resource);
        const JsonObject reason = failure(execution_.error, execution_.cause);
        if (resource.lambda_function) {
            JsonObject scheduled = with_data("input", execution_.input);
            scheduled["resource"] = state.resource;
            add(visit.entered, "LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails",
                std::move(scheduled));
            add(visit.entered, "LambdaFunctionStarted");
            if (fails) {
                add(visit.left, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", reason);
            } else {
                add(visit.left, "LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails",
                    with_data("output", state_execution_output(execution_)));
            }
            return;
        }
        const JsonObject base{{"resourceType", resource.type}, {"resource", resource.action}};
        JsonObject scheduled = base;
        scheduled["region"] = context_.region;
        scheduled["parameters"] = execution_.input;
        add(visit.entered, "TaskScheduled", "taskScheduledEventDetails", std::move(scheduled));
        add(visit.entered, "TaskStarted", "taskStartedEventDetails", base);
        if (resource.action.ends_with(".sync")) {
            JsonObject submitted = with_data("output", "{}");
            submitted.insert(base.begin(), base.end());
            add(visit.entered, "TaskSubmitted", "taskSubmittedEventDetails", std::move(submitted));
        }
        JsonObject ended = fails ? reason : with_data("output", state_execution_output(execution_));
        ended.insert(base.begin(), base.end());
        add(visit.left, fails ? "TaskFailed" : "TaskSucceeded",
            fails ? "taskFailedEventDetails" : "taskSucceededEventDetails", std::move(ended));
    }

    const StateExecution& execution_;
    const CallContext& context_;
    std::vector<HistoryEvent> events_;
};

HistoryEvent last_event(const StateExecution& execution) {
    const JsonObject reason = failure(execution.error, execution.cause);
    if (execution.final_status == "SUCCEEDED") {
        return {execution.ends, "ExecutionSucceeded", "executionSucceededEventDetails",
                with_data("output", state_execution_output(execution))};
    }
    if (execution.final_status == "TIMED_OUT") {
        return {execution.ends, "ExecutionTimedOut", "executionTimedOutEventDetails", reason};
    }
    if (execution.final_status == "ABORTED") {
        return {execution.ends, "ExecutionAborted", "executionAbortedEventDetails", reason};
    }
    return {execution.ends, "ExecutionFailed", "executionFailedEventDetails", reason};
}

bool logged(const std::string& level, const std::string& type) {
    const bool fatal = type == "ExecutionFailed" || type == "ExecutionAborted" || type == "ExecutionTimedOut";
    if (level == "ALL") return true;
    if (level == "FATAL") return fatal;
    return level == "ERROR" && (fatal || type.ends_with("Failed") || type.ends_with("TimedOut"));
}

std::string log_text(const StateExecution& execution, const HistoryEvent& event, std::size_t id) {
    JsonObject details = event.details;
    if (!execution.machine->log_data) {
        for (const char* member :
             {"input", "inputDetails", "output", "outputDetails", "parameters", "error", "cause"}) {
            details.erase(member);
        }
    }
    JsonObject entry{{"id", std::to_string(id)}, {"type", event.type}};
    if (!details.empty()) entry["details"] = std::move(details);
    entry["redrive_count"] = "0";
    entry["previous_event_id"] = std::to_string(id - 1);
    entry["event_timestamp"] = std::to_string(millis(event.at));
    entry["execution_arn"] = execution.arn;
    return boost::json::serialize(entry);
}

// One stream for all executions of a machine that begin in the same minute.
std::string stream_of(const StateMachine& machine, SandboxTime started) {
    const std::time_t minute =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::minutes>(started));
    std::tm parts{};
    gmtime_r(&minute, &parts);
    const std::string name =
        fmt::format("states/{}/{:04}-{:02}-{:02}-{:02}-{:02}", machine.name, parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min);
    return fmt::format("{}/{:08x}", name, std::uint32_t(fnv1a(machine.arn + name)));
}

}  // namespace

std::vector<HistoryEvent> execution_history(const StateExecution& execution, const CallContext& context) {
    const bool express = execution.machine->express;
    const ExecutionPlan plan = plan_execution(*execution.definition, *execution.outcome, execution.running,
                                              express ? express_limit : Millis(0));
    const SandboxTime until = std::min(context.now, execution.ends);
    Recorder recorder(execution, context);
    JsonObject started = with_data("input", execution.input);
    started["roleArn"] = text(execution.machine->detail, "roleArn");
    recorder.add(Millis(0), "ExecutionStarted", "executionStartedEventDetails", std::move(started));
    for (std::size_t i = 0; i < plan.visits.size(); ++i) {
        const bool fails = plan.status == "FAILED" && i + 1 == plan.visits.size();
        recorder.visit(plan.visits[i], fails);
    }
    auto events = recorder.take(until);
    if (context.now >= execution.ends) events.push_back(last_event(execution));
    return events;
}

bool StepFunctionsService::has_log_group(std::string_view group, const CallContext& context) {
    for (const auto& [name, machine] : places_.at(*this, context).machines) {
        if (machine.log_group == group) return true;
    }
    return false;
}

std::optional<std::vector<LogLine>> StepFunctionsService::log_stream(std::string_view group,
                                                                     std::string_view stream,
                                                                     const CallContext& context) {
    StepFunctionsState& state = places_.at(*this, context);
    const std::size_t end = stream.starts_with("states/") ? stream.find('/', 7) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    const auto it = state.machines.find(std::string(stream.substr(7, end - 7)));
    if (it == state.machines.end() || it->second.log_group != group) return std::nullopt;
    const StateMachine& machine = it->second;
    std::tm parts{};
    // The minute is in the name; what starts in it is a run of the machine's executions.
    const std::string minute(stream.substr(end + 1, 16));
    if (!strptime(minute.c_str(), "%Y-%m-%d-%H-%M", &parts)) return std::nullopt;
    const SandboxTime from(std::chrono::duration_cast<Millis>(std::chrono::seconds(timegm(&parts))));
    if (stream_of(machine, from) != stream) return std::nullopt;
    const auto first =
        std::partition_point(machine.executions.begin(), machine.executions.end(),
                             [&](auto index) { return state.executions[index].started < from; });
    std::vector<LogLine> lines;
    for (auto at = first; at != machine.executions.end(); ++at) {
        const StateExecution& execution = state.executions[*at];
        if (execution.started >= from + std::chrono::minutes(1)) break;
        const auto history = execution_history(execution, context);
        for (std::size_t i = 0; i < history.size(); ++i) {
            if (logged(machine.log_level, history[i].type)) {
                lines.push_back({history[i].at, log_text(execution, history[i], i + 1)});
            }
        }
    }
    if (lines.empty()) return std::nullopt;
    std::stable_sort(lines.begin(), lines.end(),
                     [](const LogLine& a, const LogLine& b) { return a.at < b.at; });
    return lines;
}

void StepFunctionsService::each_log_stream(std::string_view group, SandboxTime from,
                                           const CallContext& context,
                                           const std::function<bool(const std::string&)>& visit) {
    StepFunctionsState& state = places_.at(*this, context);
    for (const auto& [name, machine] : state.machines) {
        if (machine.log_group != group || machine.log_level == "OFF") continue;
        const auto longest =
            machine.express ? express_limit : std::chrono::duration_cast<Millis>(longest_standard);
        const bool bounded = from.time_since_epoch() > longest;
        // Earlier ones have ended before `from`; a minute more, since a stream holds one.
        const auto first =
            std::partition_point(machine.executions.begin(), machine.executions.end(), [&](auto index) {
                return bounded && state.executions[index].started < from - longest - std::chrono::minutes(1);
            });
        std::string last;
        for (auto at = first; at != machine.executions.end(); ++at) {
            std::string stream = stream_of(machine, state.executions[*at].started);
            if (stream == last) continue;
            if (log_stream(group, stream, context) && !visit(stream)) return;
            last = std::move(stream);
        }
    }
}

}  // namespace polysync::sandbox
