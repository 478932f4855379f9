#include "provider/step_functions/express_outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "provider/concurrently.h"
#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/execution_run.h"
#include "provider/step_functions/express_log.h"
#include "provider/step_functions/start_request.h"

namespace polysync::step_functions {

namespace {

constexpr std::size_t most_kept = 10000;  // machines, runs: more than any account has under way
constexpr std::size_t pattern_limit = 1024;
constexpr std::size_t most_pages = 50;
constexpr std::size_t most_events = 100000;
constexpr std::size_t groups_at_once = 4;

// Not asked for more than this before the run was submitted: clocks differ.
constexpr Millis clock_margin = std::chrono::minutes(5);

bool is_silent(const Error& error) { return error.kind == ErrorKind::not_found; }

// A refusal that a repeat will not change; the run must not wait for it for ever.
bool is_definite(const Error& error) {
    return error.kind == ErrorKind::access_denied || error.kind == ErrorKind::rejected ||
           error.kind == ErrorKind::not_found;
}

}  // namespace

struct ExpressOutcomes::Group {
    std::string state_machine;
    std::vector<std::size_t> runs;
};

ExpressOutcomes::ExpressOutcomes(std::shared_ptr<aws::Connection> connection, Clock& clock,
                                 std::string region)
    : states_(connection), logs_(connection), clock_(clock), region_(std::move(region)) {}

PipelineRun ExpressOutcomes::unknown(const std::string& arn, std::string why) const {
    PipelineRun run = to_run(arn, "RUNNING", region_);
    run.status = PipelineRunStatus::failed;
    run.aws_status.clear();
    run.code = "outcome_unknown";
    run.message = "AWS keeps no record of Express executions. " + std::move(why);
    return run;
}

SystemTime ExpressOutcomes::first_seen(const RunReference& run) {
    if (run.submitted_at) return *run.submitted_at;
    if (first_seen_.size() >= most_kept) first_seen_.clear();
    return first_seen_.emplace(run.run_id, clock_.now()).first->second;
}

Async<Result<aws::states::LoggingConfiguration>> ExpressOutcomes::logging_of(std::string state_machine_arn) {
    constexpr auto keep = std::chrono::minutes(5);
    auto known = logging_.find(state_machine_arn);
    if (known != logging_.end() && clock_.steady_now() - known->second.read_at < keep)
        co_return known->second.configuration;
    POLYSYNC_CO_TRY(auto machine, co_await states_.describe_state_machine(
                                      state_machine_arn, aws::states::IncludedData::metadata_only));
    if (logging_.size() >= most_kept) logging_.clear();
    logging_[state_machine_arn] = {machine.logging, clock_.steady_now()};
    co_return std::move(machine.logging);
}

Async<Result<std::vector<aws::logs::LogEvent>>> ExpressOutcomes::find_events(
    std::string log_group, std::string pattern, std::optional<SystemTime> start) {
    aws::logs::FilterEventsRequest request;
    request.group = std::move(log_group);
    request.pattern = std::move(pattern);
    request.start = start;
    // Pages without a match are normal in a large group; what was found when the limit is reached still
    // counts.
    std::vector<aws::logs::LogEvent> events;
    std::string token;
    for (std::size_t pages = 0; pages < most_pages && events.size() < most_events; ++pages) {
        POLYSYNC_CO_TRY(auto page, co_await logs_.filter_log_events(request, token));
        std::move(page.events.begin(), page.events.end(), std::back_inserter(events));
        if (page.next_token.empty() || page.next_token == token) break;
        token = std::move(page.next_token);
    }
    co_return std::move(events);
}

Result<PipelineRun> ExpressOutcomes::judge(const RunReference& run, const ExpressTrace& trace) {
    if (trace.execution.stop_date) {
        PipelineRun ended = to_run(trace.execution, run.outputs, region_);
        if (ended.status == PipelineRunStatus::success && !trace.data_logged && !ended.outputs_note.empty()) {
            ended.outputs_note =
                "The state machine's log holds no execution data (includeExecutionData is off), so no output "
                "parameter is filled.";
        }
        return ended;
    }
    SystemTime since = trace.execution.start_date.value_or(first_seen(run));
    if (clock_.now() - since > longest_execution + log_delay) {
        return unknown(
            run.run_id,
            trace.seen
                ? "Its log shows a start and no end, although an Express execution lasts at most 5 minutes."
                : "Its state machine's log group holds no event of it.");
    }
    PipelineRun running = to_run(run.run_id, "RUNNING", region_);
    running.started_at = trace.execution.start_date;
    if (!trace.seen) running.message = "The state machine's log holds no event of this execution yet.";
    return running;
}

Async<void> ExpressOutcomes::read_group(const Group& group, const std::vector<RunReference>& runs,
                                        std::vector<StatusAnswer>& answers) {
    auto logging = co_await logging_of(group.state_machine);
    if (!logging || !logs_every_end(logging.value())) {
        for (std::size_t index : group.runs) {
            const std::string& arn = runs[index].run_id;
            if (logging) {
                answers[index].run =
                    unknown(arn, "Its state machine does not log all events to CloudWatch Logs.");
            } else if (logging.error().kind == ErrorKind::not_found) {
                answers[index].run = unknown(arn, "Its state machine is gone, so its log cannot be found.");
            } else {
                answers[index].run = logging.error();
            }
        }
        co_return;
    }
    std::vector<aws::logs::LogEvent> events;
    std::optional<Error> failed;
    std::size_t next = 0;
    while (next < group.runs.size()) {
        // As many executions as one pattern can name; "?a ?b" means either.
        std::string pattern;
        std::optional<SystemTime> start;
        bool bounded = true;
        std::size_t first = next;
        for (; next < group.runs.size(); ++next) {
            const RunReference& run = runs[group.runs[next]];
            std::string phrase = phrase_pattern(run.run_id);
            if (next > first && pattern.size() + phrase.size() + 4 > pattern_limit) break;
            if (next > first)
                pattern = (next == first + 1 ? "?" : "") + pattern + " ?" + phrase;
            else
                pattern = phrase;
            if (!run.submitted_at)
                bounded = false;
            else
                start = std::min(start.value_or(*run.submitted_at), *run.submitted_at);
        }
        if (!bounded) start.reset();
        if (start) *start -= clock_margin;
        auto found = co_await find_events(logging.value().log_group_arns.front(), std::move(pattern), start);
        if (found)
            std::move(found.value().begin(), found.value().end(), std::back_inserter(events));
        else if (!is_silent(found.error()))
            failed = found.error();
    }
    for (std::size_t index : group.runs) {
        auto judged = judge(runs[index], read_trace(events, runs[index].run_id));
        bool is_open = judged && !is_terminal(judged.value().status);
        bool gave_up = judged && judged.value().code == "outcome_unknown";
        if (failed && (is_open || (gave_up && !is_definite(*failed)))) {
            answers[index].run = *failed;
        } else {
            if (failed && gave_up) judged.value().message += " Reading that log failed: " + failed->message;
            answers[index].run = std::move(judged);
        }
    }
}

Async<std::vector<StatusAnswer>> ExpressOutcomes::statuses(std::vector<RunReference> runs) {
    std::vector<StatusAnswer> answers;
    std::vector<Group> groups;
    std::map<std::string, std::size_t> group_of;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        answers.push_back({runs[i].run_id, make_error(ErrorKind::invalid_input, "bad_run_id",
                                                      "this is no Express execution")});
        auto arn = parse_execution_arn(runs[i].run_id);
        if (!arn || !arn->express) continue;
        auto [place, is_new] = group_of.emplace(arn->state_machine.plain(), groups.size());
        if (is_new) groups.push_back({place->first, {}});
        groups[place->second].runs.push_back(i);
    }
    std::function<Async<void>(std::size_t)> read = [&](std::size_t number) {
        return read_group(groups[number], runs, answers);
    };
    co_await concurrently(groups.size(), groups_at_once, std::move(read));
    co_return answers;
}

Async<Result<std::string>> ExpressOutcomes::find_by_name(std::string state_machine_arn, std::string name,
                                                         SystemTime called_at) {
    auto machine = parse_state_machine_arn(state_machine_arn);
    if (!machine)
        co_return make_error(ErrorKind::invalid_input, "bad_state_machine_arn",
                             "this is no state machine ARN");
    POLYSYNC_CO_TRY(auto logging, co_await logging_of(machine->plain()));
    if (!logs_every_end(logging)) {
        co_return make_error(
            ErrorKind::unsupported, "outcome_unknown",
            "AWS keeps no record of Express executions, and this state machine does not log all events.");
    }
    auto found =
        co_await find_events(logging.log_group_arns.front(), phrase_pattern(name), called_at - clock_margin);
    if (!found && !is_silent(found.error())) co_return found.error();
    if (found) {
        for (const auto& logged : found.value()) {
            auto event = parse_express_event(logged.message);
            auto arn = event ? parse_execution_arn(event->execution_arn) : std::nullopt;
            if (arn && arn->name == name && arn->state_machine.name == machine->name)
                co_return event->execution_arn;
        }
    }
    co_return std::string();
}

Async<Result<LogPage>> ExpressOutcomes::logs(RunReference run, std::string cursor) {
    auto arn = parse_execution_arn(run.run_id);
    if (!arn) co_return make_error(ErrorKind::invalid_input, "bad_run_id", "this is no execution ARN");
    POLYSYNC_CO_TRY(auto position, decode_event_cursor(cursor));
    POLYSYNC_CO_TRY(auto logging, co_await logging_of(arn->state_machine.plain()));
    LogPage out;
    out.at_end = true;
    out.cursor = std::move(cursor);
    if (logging.log_group_arns.empty() || logging.level == "OFF" || logging.level.empty()) {
        out.note =
            "AWS keeps no history of Express executions, and this state machine does not log to CloudWatch "
            "Logs.";
        co_return out;
    }
    std::optional<SystemTime> start = run.submitted_at;
    if (start) *start -= clock_margin;
    if (position.newest) start = position.newest;
    auto found = co_await find_events(logging.log_group_arns.front(), phrase_pattern(run.run_id), start);
    if (!found && !is_silent(found.error())) co_return found.error();
    if (found) {
        out.lines = take_new_lines(found.value(), position);
        out.cursor = encode_event_cursor(position);
    }
    if (out.lines.empty() && !position.newest)
        out.note = "The state machine's log group holds no event of this execution yet.";
    co_return out;
}

}  // namespace polysync::step_functions
