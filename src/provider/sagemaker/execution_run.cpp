#include "provider/sagemaker/execution_run.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/console.h"
#include "provider/unknown_status.h"

namespace polysync::sagemaker {

namespace {

constexpr std::size_t most_reasons = 10;

// AWS's order of a step's normal life; statuses that are new come behind.
constexpr std::array<std::string_view, 6> step_order{"Starting", "Executing", "Stopping",
                                                     "Stopped",  "Failed",    "Succeeded"};

std::size_t order_of(std::string_view status) {
    return std::size_t(std::find(step_order.begin(), step_order.end(), status) - step_order.begin());
}

bool is_end(PipelineRunStatus status) { return is_terminal(status); }

void append(std::string& message, std::string_view sentence) {
    if (sentence.empty()) return;
    if (!message.empty()) message += message.ends_with('.') ? " " : ". ";
    message += sentence;
}

}  // namespace

PipelineRunStatus map_status(std::string_view aws_status) {
    if (aws_status == "Executing" || aws_status == "Stopping") return PipelineRunStatus::running;
    if (aws_status == "Succeeded") return PipelineRunStatus::success;
    if (aws_status == "Failed" || aws_status == "CompletedWithFailures") return PipelineRunStatus::failed;
    if (aws_status == "Stopped") return PipelineRunStatus::cancelled;
    note_unknown_status("sagemaker", aws_status);
    return PipelineRunStatus::running;
}

std::string monitor_url(std::string_view region, std::string_view pipeline_name,
                        std::string_view execution_arn) {
    return console_link(region, fmt::format("sagemaker/home?region={}#/pipelines/{}/executions/{}", region,
                                            percent_encode(pipeline_name), execution_arn));
}

PipelineRun to_run(const aws::sagemaker::Execution& execution, std::string_view pipeline_name,
                   std::string_view region) {
    PipelineRun run;
    run.run_id = execution.arn;
    run.aws_status = execution.status;
    run.status = map_status(execution.status);
    run.message = execution.failure_reason;
    run.started_at = execution.creation_time;
    // AWS gives no end time; the last change of an ended execution is its end.
    if (is_end(run.status)) run.ended_at = execution.last_modified_time;
    run.monitor_url = monitor_url(region, pipeline_name, execution.arn);
    return run;
}

PipelineRun to_run(const aws::sagemaker::ExecutionSummary& summary, std::string_view pipeline_name,
                   std::string_view region) {
    PipelineRun run;
    run.run_id = summary.arn;
    run.aws_status = summary.status;
    run.status = map_status(summary.status);
    run.message = summary.failure_reason;
    run.started_at = summary.start_time;
    run.monitor_url = monitor_url(region, pipeline_name, summary.arn);
    return run;
}

void add_steps(PipelineRun& run, std::span<const aws::sagemaker::Step> steps) {
    run.progress.clear();
    run.progress_unit = steps.empty() ? "" : "steps";
    std::size_t reasons = 0;
    for (const auto& step : steps) {
        auto same = [&](const ProgressCount& count) { return count.status == step.status; };
        auto place = std::find_if(run.progress.begin(), run.progress.end(), same);
        if (place == run.progress.end())
            run.progress.push_back({step.status, 1});
        else
            ++place->count;
        bool failed = step.status == "Failed" && run.status == PipelineRunStatus::failed;
        if (!failed || ++reasons > most_reasons) continue;
        append(run.message, fmt::format("Step {}: {}", step.name,
                                        step.failure_reason.empty() ? "failed" : step.failure_reason));
    }
    if (reasons > most_reasons)
        append(run.message, fmt::format("{} more steps failed", reasons - most_reasons));
    auto earlier = [](const ProgressCount& a, const ProgressCount& b) {
        return order_of(a.status) < order_of(b.status);
    };
    std::stable_sort(run.progress.begin(), run.progress.end(), earlier);
}

void add_outputs_note(PipelineRun& run, std::span<const Parameter> outputs) {
    if (run.status != PipelineRunStatus::success || outputs.empty()) return;
    run.outputs_note =
        "SageMaker executions give no outputs, so no output parameter is filled: results lie in S3 and the "
        "Model Registry.";
}

std::optional<ExecutionArn> parse_execution_arn(std::string_view arn) {
    Arn parts;
    if (!parse_arn(arn, parts) || parts.service != "sagemaker") return std::nullopt;
    constexpr std::string_view prefix = "pipeline/";
    constexpr std::string_view middle = "/execution/";
    if (!parts.resource.starts_with(prefix)) return std::nullopt;
    auto name = parts.resource.substr(prefix.size());
    auto end = name.find(middle);
    if (end == std::string_view::npos || end == 0 || end + middle.size() >= name.size()) return std::nullopt;
    std::size_t behind = name.size() - end;
    ExecutionArn out;
    out.pipeline_name = name.substr(0, end);
    out.pipeline_arn = arn.substr(0, arn.size() - behind);
    out.account = parts.account;
    return out;
}

}  // namespace polysync::sagemaker
