// What the sandbox's admin endpoint can do to simulated SageMaker.
#include <array>

#include <fmt/format.h>

#include "sandbox/services/sagemaker.h"

namespace polysync::sandbox {

namespace {

constexpr std::array<MemberRule, 10> pipeline_rules = {{
    {"PipelineName", MemberType::text},
    {"PipelineDisplayName", MemberType::text},
    {"PipelineDefinition", MemberType::any},
    {"PipelineDescription", MemberType::text},
    {"RoleArn", MemberType::text},
    {"ParallelismConfiguration", MemberType::object},
    {"PipelineStatus", MemberType::text},
    {"outcome", MemberType::object},
    {"count", MemberType::integer},
    {"name_prefix", MemberType::text},
}};

constexpr std::int64_t max_bulk = 100'000;

Result<Outcome> pipeline_outcome(const JsonObject& input, std::initializer_list<MemberRule> extra = {}) {
    return read_outcome(input, {"Succeeded", "Failed", "CompletedWithFailures", "Stopped"}, extra);
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

}  // namespace

ServiceAnswer SageMakerService::admin(std::string_view kind, const JsonObject& input,
                                      const CallContext& context) {
    if (kind == "pipeline") return add_pipeline(input, context);
    if (kind == "outcome") return set_outcome(input, context);
    if (kind == "limits") return set_limits(input);
    return unknown_kind(kind, "pipeline, outcome, limits");
}

ServiceAnswer SageMakerService::add_pipeline(const JsonObject& input, const CallContext& context) {
    std::string wrong = wrong_members(input, pipeline_rules);
    const std::int64_t count = integer(input, "count", 1);
    const bool bulk = has(input, "count");
    if (wrong.empty() && (count < 1 || count > max_bulk))
        wrong = fmt::format("'count' must be 1 to {}", max_bulk);
    if (wrong.empty() && bulk != has(input, "name_prefix")) wrong = "'count' and 'name_prefix' go together";
    if (wrong.empty() && bulk == has(input, "PipelineName"))
        wrong = "give 'PipelineName', or 'count' and 'name_prefix'";
    if (!wrong.empty()) return refuse_admin(std::move(wrong));
    std::string definition_text;
    if (has(input, "PipelineDefinition")) {
        const Json& given = input.at("PipelineDefinition");
        definition_text = given.is_string() ? std::string(view(given)) : json_text(given);
    }
    auto definition = read_pipeline_definition(std::move(definition_text));
    if (!definition) return refuse_admin(definition.error().message);
    const auto shared = std::make_shared<const PipelineDefinition>(std::move(definition.value()));
    Outcome outcome;
    if (const JsonObject* script = object_in(input, "outcome")) {
        auto read = pipeline_outcome(*script);
        if (!read) return refuse_admin(read.error().message);
        outcome = std::move(read.value());
    }
    SageMakerState& state = places_.at(*this, context);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name =
            bulk ? fmt::format("{}{:05}", text(input, "name_prefix"), i) : text(input, "PipelineName");
        const auto [it, fresh] = state.pipelines.try_emplace(name);
        Pipeline& pipeline = it->second;
        if (fresh) {
            pipeline.name = name;
            pipeline.arn = fmt::format("arn:{}:sagemaker:{}:{}:pipeline/{}", context.partition,
                                       context.region, context.account, lower(name));
            pipeline.created = context.now;
            state.in_order.push_back(&pipeline);
            state.by_arn.emplace(pipeline.arn, &pipeline);
        } else {
            ++pipeline.version;
        }
        pipeline.definition = shared;
        pipeline.detail = input;
        for (const char* own : {"outcome", "count", "name_prefix", "PipelineDefinition"})
            pipeline.detail.erase(own);
        pipeline.detail["PipelineName"] = name;
        pipeline.detail["PipelineArn"] = pipeline.arn;
        pipeline.detail["PipelineDisplayName"] = text(input, "PipelineDisplayName", name);
        pipeline.detail["PipelineStatus"] = text(input, "PipelineStatus", "Active");
        pipeline.detail["RoleArn"] = text(
            input, "RoleArn",
            fmt::format("arn:{}:iam::{}:role/SageMakerPipelineRole", context.partition, context.account));
        pipeline.detail["CreationTime"] = seconds(pipeline.created);
        pipeline.detail["LastModifiedTime"] = seconds(context.now);
        pipeline.detail["CreatedBy"] = JsonObject();
        pipeline.detail["LastModifiedBy"] = JsonObject();
        pipeline.script.set(outcome);
    }
    return answer({{"added", count}});
}

ServiceAnswer SageMakerService::set_outcome(const JsonObject& input, const CallContext& context) {
    auto outcome = pipeline_outcome(input, {{"pipeline", MemberType::text}, {"runs", MemberType::integer}});
    if (!outcome) return refuse_admin(outcome.error().message);
    SageMakerState& state = places_.at(*this, context);
    const auto it = state.pipelines.find(text(input, "pipeline"));
    if (it == state.pipelines.end())
        return refuse_admin(fmt::format("no pipeline '{}'", text(input, "pipeline")));
    std::optional<std::int64_t> runs;
    if (has(input, "runs")) runs = integer(input, "runs");
    it->second.script.set(std::move(outcome.value()), runs);
    return answer({});
}

ServiceAnswer SageMakerService::set_limits(const JsonObject& input) {
    constexpr std::array<MemberRule, 1> rules = {{{"concurrent_executions", MemberType::integer}}};
    if (std::string wrong = wrong_members(input, rules); !wrong.empty())
        return refuse_admin(std::move(wrong));
    execution_limit_ = std::size_t(std::max<std::int64_t>(0, integer(input, "concurrent_executions")));
    return answer({});
}

}  // namespace polysync::sandbox
