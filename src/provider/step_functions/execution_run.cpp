#include "provider/step_functions/execution_run.h"

#include <fmt/format.h>

#include "provider/console.h"
#include "provider/step_functions/outputs.h"
#include "provider/unknown_status.h"

namespace polysync::step_functions {

namespace {

// Error and Cause in one line for people; either may be missing.
std::string failure_message(const aws::states::Execution& execution) {
    if (execution.error.empty() && execution.cause.empty()) {
        if (execution.status == "TIMED_OUT") return "The execution timed out.";
        return {};
    }
    if (execution.cause.empty()) return execution.error;
    if (execution.error.empty()) return execution.cause;
    return fmt::format("{}: {}", execution.error, execution.cause);
}

// Everything that a fragment may hold stands as it is, so that the link reads as the ARN does.
std::string fragment_of(std::string_view arn) {
    std::string out;
    for (char c : arn) {
        bool plain = c == ':' || c == '/';
        if (plain)
            out += c;
        else
            out += percent_encode(std::string_view(&c, 1));
    }
    return out;
}

}  // namespace

PipelineRunStatus map_status(std::string_view aws_status) {
    if (aws_status == "RUNNING" || aws_status == "PENDING_REDRIVE") return PipelineRunStatus::running;
    if (aws_status == "SUCCEEDED") return PipelineRunStatus::success;
    if (aws_status == "FAILED" || aws_status == "TIMED_OUT") return PipelineRunStatus::failed;
    if (aws_status == "ABORTED") return PipelineRunStatus::cancelled;
    note_unknown_status("states", aws_status);
    return PipelineRunStatus::running;
}

std::string monitor_url(std::string_view region, std::string_view execution_arn) {
    return console_link(region, fmt::format("states/home?region={}#/v2/executions/details/{}", region,
                                            fragment_of(execution_arn)));
}

PipelineRun to_run(std::string_view execution_arn, std::string_view aws_status, std::string_view region) {
    PipelineRun run;
    run.run_id = execution_arn;
    run.aws_status = aws_status;
    run.status = map_status(aws_status);
    run.monitor_url = monitor_url(region, execution_arn);
    return run;
}

PipelineRun to_run(const aws::states::Execution& execution, std::span<const Parameter> outputs,
                   std::string_view region) {
    PipelineRun run = to_run(execution.arn, execution.status, region);
    run.started_at = execution.start_date;
    run.ended_at = execution.stop_date;
    switch (run.status) {
        case PipelineRunStatus::failed:
            run.code = execution.error;
            if (run.code.empty() && execution.status == "TIMED_OUT") run.code = "States.Timeout";
            run.message = failure_message(execution);
            break;
        case PipelineRunStatus::cancelled:
            run.code = execution.error;
            run.message = execution.cause.empty() ? execution.error : execution.cause;
            break;
        case PipelineRunStatus::success: {
            auto filled = fill_outputs(outputs, execution.output);
            run.outputs = std::move(filled.values);
            run.outputs_note = std::move(filled.note);
            break;
        }
        default:
            break;
    }
    if (execution.redrive_count > 0) {
        if (!run.message.empty()) run.message += ' ';
        run.message += fmt::format("(redriven {} times)", execution.redrive_count);
    }
    return run;
}

}  // namespace polysync::step_functions
