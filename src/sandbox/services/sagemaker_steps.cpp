// The state of a simulated pipeline execution and of its steps at one moment.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sandbox/services/page_token.h"
#include "sandbox/services/sagemaker.h"

namespace polysync::sandbox {

namespace {

constexpr SandboxTime never{};

// Where a step type shows the thing it made: the member of Metadata and the kind of resource in its ARN.
struct StepKind {
    std::string_view type;
    std::string_view member;
    std::string_view resource;
};
constexpr std::array<StepKind, 8> step_kinds = {{{"Training", "TrainingJob", "training-job"},
                                                 {"Processing", "ProcessingJob", "processing-job"},
                                                 {"Transform", "TransformJob", "transform-job"},
                                                 {"Tuning", "TuningJob", "hyper-parameter-tuning-job"},
                                                 {"Model", "Model", "model"},
                                                 {"RegisterModel", "RegisterModel", "model-package"},
                                                 {"AutoML", "AutoMLJob", "automl-job"},
                                                 {"Endpoint", "Endpoint", "endpoint"}}};

JsonObject step_metadata(const PipelineStep& step, const PipelineExecution& execution,
                         const CallContext& context, const std::string& failure) {
    const std::string id = execution.arn.substr(execution.arn.rfind('/') + 1);
    if (step.type == "Condition") return {{"Condition", {{"Outcome", "True"}}}};
    if (step.type == "Fail") return {{"Fail", {{"ErrorMessage", failure}}}};
    if (step.type == "Lambda") {
        return {{"Lambda",
                 {{"Arn", fmt::format("arn:{}:lambda:{}:{}:function:{}", context.partition, context.region,
                                      context.account, step.name)},
                  {"OutputParameters", JsonArray{JsonObject{{"Name", "statusCode"}, {"Value", "200"}}}}}}};
    }
    if (step.type == "Callback") {
        return {{"Callback",
                 {{"CallbackToken", fmt::format("{:010x}", fnv1a(execution.arn + step.name) >> 24)},
                  {"SqsQueueUrl", fmt::format("https://sqs.{}.amazonaws.com/{}/pipeline-callbacks",
                                              context.region, context.account)},
                  {"OutputParameters", JsonArray()}}}};
    }
    for (const StepKind& kind : step_kinds) {
        if (kind.type != step.type) continue;
        return {{kind.member,
                 {{"Arn", fmt::format("arn:{}:sagemaker:{}:{}:{}/pipelines-{}-{}-{:.10}", context.partition,
                                      context.region, context.account, kind.resource, id, step.name,
                                      fmt::format("{:016x}", fnv1a(execution.arn + step.name)))}}}};
    }
    return {};
}

}  // namespace

std::string_view pipeline_execution_status(const PipelineExecution& execution, SandboxTime now) {
    if (now < execution.ends) return execution.stop_asked == never ? "Executing" : "Stopping";
    if (execution.stop_asked != never) return "Stopped";
    const std::string& status = execution.outcome->status;
    for (const std::string_view known : {"Failed", "CompletedWithFailures", "Stopped"}) {
        if (status == known) return known;
    }
    return "Succeeded";
}

SandboxTime lambda_end(const PipelineExecution& execution, SandboxTime now) {
    SandboxTime end = now;
    for (const StepPlan& step : execution.plan.steps) {
        const SandboxTime begun = execution.started + execution.wave * step.wave;
        const SandboxTime done = begun + execution.wave;
        if (execution.definition->steps[step.step].type == "Lambda" && begun <= now && now < done) end = done;
    }
    return end;
}

std::vector<JsonObject> pipeline_steps(const PipelineExecution& execution, const CallContext& context) {
    std::vector<JsonObject> views;
    const bool stopped = execution.stop_asked != never;
    for (const StepPlan& plan : execution.plan.steps) {
        const PipelineStep& step = execution.definition->steps[plan.step];
        const SandboxTime begun = execution.started + execution.wave * plan.wave;
        SandboxTime done = begun + execution.wave;
        // What has not begun is not listed, and a stop lets nothing new begin.
        if (begun > context.now || (stopped && begun > execution.stop_asked)) continue;
        const bool cut = stopped && done > execution.ends;
        if (cut) done = execution.ends;
        const bool ended = context.now >= done;
        const std::string_view status = ended && cut                                     ? "Stopped"
                                        : ended && plan.fails                            ? "Failed"
                                        : ended                                          ? "Succeeded"
                                        : stopped && context.now >= execution.stop_asked ? "Stopping"
                                        : context.now < begun + execution.wave / 5       ? "Starting"
                                                                                         : "Executing";
        const std::string reason =
            execution.outcome->reason.empty() ? "AlgorithmError: , exit code: 1" : execution.outcome->reason;
        JsonObject item{{"StepName", step.name}, {"StartTime", seconds(begun)}, {"StepStatus", status}};
        if (ended) item["EndTime"] = seconds(done);
        if (status == "Failed") item["FailureReason"] = reason;
        if (step.type != "Condition") item["AttemptCount"] = 1;
        item["Metadata"] = step_metadata(step, execution, context, reason);
        views.push_back(std::move(item));
    }
    std::stable_sort(views.begin(), views.end(), [](const JsonObject& a, const JsonObject& b) {
        return number(a, "StartTime") < number(b, "StartTime");
    });
    return views;
}

}  // namespace polysync::sandbox
