#include "sandbox/services/sagemaker.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t default_page = 10;
constexpr auto token_lifetime = std::chrono::hours(24);
constexpr SandboxTime never{};

ServiceAnswer invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

ServiceAnswer no_pipeline(const std::string& name) {
    return refuse("ResourceNotFound", fmt::format("Pipeline '{}' does not exist.", name));
}

ServiceAnswer no_execution(const std::string& arn) {
    return refuse("ResourceNotFound", fmt::format("Pipeline execution '{}' does not exist.", arn));
}

// By name, exactly, or by ARN.
Pipeline* find_pipeline(SageMakerState& state, const std::string& name) {
    if (name.starts_with("arn:")) {
        const auto it = state.by_arn.find(name);
        return it == state.by_arn.end() ? nullptr : it->second;
    }
    const auto it = state.pipelines.find(name);
    return it == state.pipelines.end() ? nullptr : &it->second;
}

PipelineExecution* find_execution(SageMakerState& state, const std::string& arn) {
    const auto it = state.by_execution_arn.find(arn);
    return it == state.by_execution_arn.end() ? nullptr : &state.executions[it->second];
}

bool in_time(const JsonObject& input, SandboxTime created) {
    const auto after = time_in(input, "CreatedAfter");
    const auto before = time_in(input, "CreatedBefore");
    return (!after || created > *after) && (!before || created < *before);
}

// Where a page begins, or nothing where the token is none of this listing's.
std::optional<PagePosition> page_start(const JsonObject& input, const std::string& scope,
                                       const CallContext& context) {
    if (!has(input, "NextToken")) return PagePosition{-1, 0, {}};
    return read_page_token(text(input, "NextToken"), scope, context.now, token_lifetime);
}

std::size_t page_size(const JsonObject& input) {
    return std::size_t(integer(input, "MaxResults", default_page));
}

// One page over `count` items in the wanted direction, from the position on. `take(i)` adds item i to the
// page and gives false where the item is not wanted.
template <class Take>
std::optional<std::int64_t> page_over(std::int64_t count, bool descending, std::int64_t from,
                                      std::size_t size, const Take& take) {
    std::size_t taken = 0;
    std::int64_t at = from >= 0 ? from : descending ? count - 1 : 0;
    for (; descending ? at >= 0 : at < count; at += descending ? -1 : 1) {
        if (taken == size) return at;
        if (take(std::size_t(at))) ++taken;
    }
    return std::nullopt;
}

JsonObject pipeline_summary(const Pipeline& pipeline) {
    JsonObject summary;
    copy_members(pipeline.detail, summary,
                 {"PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDescription", "RoleArn",
                  "CreationTime", "LastModifiedTime"});
    if (pipeline.last_execution != never) summary["LastExecutionTime"] = seconds(pipeline.last_execution);
    return summary;
}

std::string failure_reason(std::string_view status) {
    if (status != "Failed" && status != "CompletedWithFailures") return {};
    return "Step failure: One or multiple steps failed.";
}

JsonObject execution_summary(const PipelineExecution& execution, SandboxTime now) {
    const std::string_view status = pipeline_execution_status(execution, now);
    JsonObject summary{{"PipelineExecutionArn", execution.arn},
                       {"StartTime", seconds(execution.started)},
                       {"PipelineExecutionStatus", status}};
    copy_members(execution.request, summary,
                 {"PipelineExecutionDescription", "PipelineExecutionDisplayName"});
    if (std::string reason = failure_reason(status); !reason.empty()) {
        summary["PipelineExecutionFailureReason"] = reason;
    }
    return summary;
}

std::string wrong_selection(const SageMakerState& state, const Pipeline& pipeline,
                            const JsonObject& selection) {
    const std::string source = text(selection, "SourcePipelineExecutionArn");
    if (!source.empty() && !state.by_execution_arn.contains(source)) {
        return fmt::format("Source pipeline execution [{}] does not exist.", source);
    }
    const JsonArray* steps = list_in(selection, "SelectedSteps");
    for (const Json& item : steps ? *steps : JsonArray()) {
        const std::string name = text(item.as_object(), "StepName");
        const auto& known = pipeline.definition->steps;
        if (std::none_of(known.begin(), known.end(),
                         [&](const PipelineStep& step) { return step.name == name; })) {
            return fmt::format("Selected step [{}] is not in the pipeline definition.", name);
        }
    }
    return {};
}

}  // namespace

SageMakerService::SageMakerService(const Settings& settings, PlaceSetup setup, std::uint64_t seed)
    : settings_(settings), random_(seed), places_(std::move(setup)) {}

ServiceAnswer SageMakerService::handle(std::string_view operation, const JsonObject& input,
                                       const CallContext& context) {
    if (operation == "ListPipelines") return list_pipelines(input, context);
    if (operation == "DescribePipeline") return describe_pipeline(input, context);
    if (operation == "StartPipelineExecution") return start_execution(input, context);
    if (operation == "DescribePipelineExecution") return describe_execution(input, context);
    if (operation == "ListPipelineExecutions") return list_executions(input, context);
    if (operation == "ListPipelineExecutionSteps") return list_steps(input, context);
    if (operation == "StopPipelineExecution") return stop_execution(input, context);
    return unknown_operation(operation);
}

ServiceAnswer SageMakerService::list_pipelines(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string scope = page_scope("ListPipelines", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return invalid("Invalid NextToken.");
    const bool by_name = text(input, "SortBy") == "Name";
    const bool descending = text(input, "SortOrder", by_name ? "Ascending" : "Descending") == "Descending";
    std::vector<Pipeline*> sorted;
    if (by_name) {
        for (auto& [name, pipeline] : state.pipelines) sorted.push_back(&pipeline);
    }
    const auto& order = by_name ? sorted : state.in_order;
    const std::string prefix = text(input, "PipelineNamePrefix");
    JsonArray found;
    const auto next =
        page_over(std::int64_t(order.size()), descending, start->at, page_size(input), [&](std::size_t i) {
            if (!order[i]->name.starts_with(prefix) || !in_time(input, order[i]->created)) return false;
            found.emplace_back(pipeline_summary(*order[i]));
            return true;
        });
    JsonObject body{{"PipelineSummaries", std::move(found)}};
    if (next) body["NextToken"] = make_page_token({*next, 0, {}}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer SageMakerService::describe_pipeline(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string name = text(input, "PipelineName");
    const Pipeline* pipeline = find_pipeline(state, name);
    if (!pipeline) return no_pipeline(name);
    if (integer(input, "PipelineVersionId", pipeline->version) > pipeline->version) {
        return refuse("ResourceNotFound",
                      fmt::format("Pipeline version '{}' of pipeline '{}' does not exist.",
                                  integer(input, "PipelineVersionId"), pipeline->name));
    }
    JsonObject body = pipeline->detail;
    if (!pipeline->definition->text.empty()) body["PipelineDefinition"] = pipeline->definition->text;
    if (pipeline->last_execution != never) body["LastRunTime"] = seconds(pipeline->last_execution);
    return answer(std::move(body));
}

ServiceAnswer SageMakerService::start_execution(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string name = text(input, "PipelineName");
    Pipeline* pipeline = find_pipeline(state, name);
    if (!pipeline) return no_pipeline(name);
    const std::string token = text(input, "ClientRequestToken");
    if (const auto known = state.by_token.find(token); known != state.by_token.end()) {
        const PipelineExecution& earlier = state.executions[known->second];
        if (earlier.request == input) return answer({{"PipelineExecutionArn", earlier.arn}});
        return refuse(
            "ConflictException",
            fmt::format("ClientRequestToken [{}] was already used with other request parameters.", token));
    }
    if (integer(input, "PipelineVersionId", 1) > pipeline->version) {
        return refuse("ResourceNotFound",
                      fmt::format("Pipeline version '{}' of pipeline '{}' does not exist.",
                                  integer(input, "PipelineVersionId"), pipeline->name));
    }
    std::string wrong =
        wrong_pipeline_parameters(*pipeline->definition, list_in(input, "PipelineParameters"));
    if (const JsonObject* selection = object_in(input, "SelectiveExecutionConfig");
        selection && wrong.empty()) {
        wrong = wrong_selection(state, *pipeline, *selection);
    }
    if (!wrong.empty()) return invalid(std::move(wrong));
    if (!pipeline->script.next().refuse_code.empty()) {
        const OutcomePtr taken = pipeline->script.take();
        return refuse(taken->refuse_code, taken->refuse_message);
    }
    if (execution_limit_ > 0) {
        const auto running =
            std::count_if(state.executions.begin(), state.executions.end(),
                          [&](const PipelineExecution& each) { return each.ends > context.now; });
        if (std::size_t(running) >= execution_limit_) {
            return refuse(
                "ResourceLimitExceeded",
                fmt::format("The account-level service limit 'Maximum number of concurrent pipeline "
                            "executions' is {} executions, with current utilization of {} executions.",
                            execution_limit_, running));
        }
    }
    return answer({{"PipelineExecutionArn", begin(state, *pipeline, input, context).arn}});
}

const PipelineExecution& SageMakerService::begin(SageMakerState& state, Pipeline& pipeline,
                                                 const JsonObject& input, const CallContext& context) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    const auto index = std::uint32_t(state.executions.size());
    PipelineExecution& execution = state.executions.emplace_back();
    std::string id;
    for (int i = 0; i < 12; ++i) id += letters[random_.next() % letters.size()];
    execution.arn = fmt::format("{}/execution/{}", pipeline.arn, id);
    execution.pipeline = &pipeline;
    execution.definition = pipeline.definition;
    execution.outcome = pipeline.script.take();
    execution.request = input;
    execution.version = int(integer(input, "PipelineVersionId", pipeline.version));
    execution.started = context.now;
    const JsonObject* parallel = object_in(input, "ParallelismConfiguration");
    if (!parallel) parallel = object_in(pipeline.detail, "ParallelismConfiguration");
    std::vector<std::string> selected;
    if (const JsonObject* selection = object_in(input, "SelectiveExecutionConfig")) {
        for (const Json& item : *list_in(*selection, "SelectedSteps")) {
            selected.push_back(text(item.as_object(), "StepName"));
        }
    }
    execution.plan =
        plan_pipeline(*execution.definition, *execution.outcome,
                      parallel ? int(integer(*parallel, "MaxParallelExecutionSteps")) : 0, selected);
    const Millis whole = execution.outcome->run.value_or(settings_.durations.running);
    execution.wave = std::max(Millis(1), whole / execution.plan.all_waves);
    execution.planned_end = execution.ends = context.now + execution.wave * execution.plan.waves;
    pipeline.executions.push_back(index);
    pipeline.by_arn.emplace(execution.arn, index);
    pipeline.last_execution = context.now;
    state.by_execution_arn.emplace(execution.arn, index);
    const std::string token = text(input, "ClientRequestToken");
    state.by_token.emplace(token, index);
    ++submissions_[token];
    in_flight_.begin(context, pipeline.name, execution,
                     [&](PipelineExecution& other) { return other.ends <= context.now; });
    return execution;
}

ServiceAnswer SageMakerService::describe_execution(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string arn = text(input, "PipelineExecutionArn");
    const PipelineExecution* execution = find_execution(state, arn);
    if (!execution) return no_execution(arn);
    const std::string_view status = pipeline_execution_status(*execution, context.now);
    const SandboxTime changed = context.now >= execution->ends   ? execution->ends
                                : execution->stop_asked != never ? execution->stop_asked
                                                                 : execution->started;
    JsonObject body{{"PipelineArn", execution->pipeline->arn}, {"PipelineExecutionArn", execution->arn},
                    {"PipelineExecutionStatus", status},       {"CreationTime", seconds(execution->started)},
                    {"LastModifiedTime", seconds(changed)},    {"CreatedBy", JsonObject()},
                    {"LastModifiedBy", JsonObject()},          {"PipelineVersionId", execution->version}};
    copy_members(execution->pipeline->detail, body, {"ParallelismConfiguration"});
    copy_members(execution->request, body,
                 {"PipelineExecutionDisplayName", "PipelineExecutionDescription", "ParallelismConfiguration",
                  "SelectiveExecutionConfig"});
    if (std::string reason = failure_reason(status); !reason.empty()) body["FailureReason"] = reason;
    return answer(std::move(body));
}

ServiceAnswer SageMakerService::list_executions(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const Pipeline* pipeline = find_pipeline(state, text(input, "PipelineName"));
    if (!pipeline) return no_pipeline(text(input, "PipelineName"));
    const std::string scope = page_scope("ListPipelineExecutions", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return invalid("Invalid NextToken.");
    const bool by_arn = text(input, "SortBy") == "PipelineExecutionArn";
    const bool descending = text(input, "SortOrder", "Descending") == "Descending";
    std::vector<std::uint32_t> sorted;
    if (by_arn) {
        for (const auto& [arn, index] : pipeline->by_arn) sorted.push_back(index);
    }
    const auto& order = by_arn ? sorted : pipeline->executions;
    const Millis delay = settings_.consistency.list_delay;
    JsonArray found;
    const auto next =
        page_over(std::int64_t(order.size()), descending, start->at, page_size(input), [&](std::size_t i) {
            const PipelineExecution& execution = state.executions[order[i]];
            if (execution.started + delay > context.now || !in_time(input, execution.started)) return false;
            found.emplace_back(execution_summary(execution, context.now));
            return true;
        });
    JsonObject body{{"PipelineExecutionSummaries", std::move(found)}};
    if (next) body["NextToken"] = make_page_token({*next, 0, {}}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer SageMakerService::list_steps(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string arn = text(input, "PipelineExecutionArn");
    const PipelineExecution* execution = find_execution(state, arn);
    if (!execution) return no_execution(arn);
    const std::string scope = page_scope("ListPipelineExecutionSteps", input, context);
    const auto start = page_start(input, scope, context);
    if (!start) return invalid("Invalid NextToken.");
    auto steps = pipeline_steps(*execution, context);
    const bool descending = text(input, "SortOrder", "Descending") == "Descending";
    JsonArray found;
    const auto next =
        page_over(std::int64_t(steps.size()), descending, start->at, page_size(input), [&](std::size_t i) {
            found.emplace_back(std::move(steps[i]));
            return true;
        });
    JsonObject body{{"PipelineExecutionSteps", std::move(found)}};
    if (next) body["NextToken"] = make_page_token({*next, 0, {}}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer SageMakerService::stop_execution(const JsonObject& input, const CallContext& context) {
    SageMakerState& state = places_.at(*this, context);
    const std::string arn = text(input, "PipelineExecutionArn");
    PipelineExecution* execution = find_execution(state, arn);
    if (!execution) return no_execution(arn);
    const std::string token = text(input, "ClientRequestToken");
    const std::string_view status = pipeline_execution_status(*execution, context.now);
    // The same token again is the same stop, whatever came of it since.
    if (execution->stop_token == token) return answer({{"PipelineExecutionArn", arn}});
    if (status == "Executing") {
        execution->stop_asked = context.now;
        execution->stop_token = token;
        execution->ends =
            std::max(context.now + settings_.durations.stopping, lambda_end(*execution, context.now));
    } else if (status != "Stopping") {
        return invalid(
            fmt::format("Pipeline execution with ARN {} status {}. Only pipelines with Executing status can "
                        "be stopped.",
                        arn, status));
    }
    return answer({{"PipelineExecutionArn", arn}});
}

JsonObject SageMakerService::submissions() const {
    JsonObject books;
    for (const auto& [token, count] : submissions_) books[token] = count;
    return books;
}

}  // namespace polysync::sandbox
