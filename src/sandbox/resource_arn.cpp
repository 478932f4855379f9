#include "sandbox/resource_arn.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {
namespace {

std::string_view text_of(const boost::json::object& input, std::string_view name) {
    auto* value = input.if_contains(name);
    if (!value || !value->is_string()) return {};
    return value->get_string();
}

std::string_view first_of(const boost::json::object& input, std::initializer_list<std::string_view> names) {
    for (auto name : names)
        if (auto text = text_of(input, name); !text.empty()) return text;
    return {};
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return lower;
}

}  // namespace

std::string resource_arn(std::string_view service, std::string_view operation,
                         const boost::json::object& input, const CallContext& context) {
    // A full ARN where the caller gave one, else one made of "<kind><name>".
    auto made = [&](std::string_view kind, std::string_view name) -> std::string {
        if (name.empty()) return "*";
        if (name.starts_with("arn:")) return std::string(name);
        return fmt::format("arn:{}:{}:{}:{}:{}{}", context.partition, service, context.region,
                           context.account, kind, name);
    };
    if (service == "glue") return made("job/", text_of(input, "JobName"));
    if (service == "batch") {
        if (operation == "SubmitJob") return made("job-definition/", text_of(input, "jobDefinition"));
        return made("job/", text_of(input, "jobId"));
    }
    if (service == "sagemaker") {
        auto pipeline = text_of(input, "PipelineName");
        if (!pipeline.empty())
            return made("pipeline/", pipeline.starts_with("arn:") ? pipeline : lower_case(pipeline));
        return made("pipeline/", text_of(input, "PipelineExecutionArn"));
    }
    if (service == "states") {
        if (operation == "ListStateMachines") return made("stateMachine:", "*");
        return made("stateMachine:", first_of(input, {"stateMachineArn", "executionArn"}));
    }
    if (service == "logs") {
        auto group = first_of(input, {"logGroupIdentifier", "logGroupName"});
        if (group.empty() || group.starts_with("arn:")) return made("log-group:", group);
        return made("log-group:", fmt::format("{}:log-stream:{}", group, text_of(input, "logStreamName")));
    }
    return made("role/", text_of(input, "RoleArn"));
}

}  // namespace polysync::sandbox
