#include "provider/sagemaker/start_request.h"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/random.h"
#include "base/secret.h"
#include "provider/arn.h"
#include "provider/setting_tiers.h"

namespace polysync::sagemaker {

namespace json = boost::json;

namespace {

// StartPipelineExecution (aws-facts 4.1).
constexpr std::size_t most_parameters = 200;
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_value = 1024;

Error bad(std::string code, std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, std::move(code), std::move(message), std::move(remedy));
}

std::size_t count_characters(std::string_view utf8) {
    auto starts = [](char c) { return (c & 0xC0) != 0x80; };
    return std::size_t(std::count_if(utf8.begin(), utf8.end(), starts));
}

Status check_required(const SubmitSpec& spec) {
    for (const auto& parameter : spec.job.parameters) {
        if (!parameter.required || !parameter.is_input() || parameter.default_value) continue;
        bool given = false;
        for (const auto& value : spec.values)
            given = given || (value.parameter.name == parameter.name && value.value);
        if (!given) {
            return bad(
                "missing_parameter",
                fmt::format(
                    "parameter '{}' is required (the pipeline declares no default for it) and has no value",
                    parameter.name));
        }
    }
    return success();
}

Status check_one(const ParameterValue& entry) {
    const Parameter& parameter = entry.parameter;
    POLYSYNC_TRY(check_value(parameter.name, parameter.type, *entry.value));
    if (parameter.name.empty() || count_characters(parameter.name) > longest_name) {
        return bad("invalid_parameter", fmt::format("parameter '{}': names have 1 to {} characters",
                                                    parameter.name, longest_name));
    }
    if (count_characters(*entry.value) > longest_value) {
        return bad("invalid_parameter",
                   fmt::format("parameter '{}': SageMaker takes values of at most {} characters",
                               parameter.name, longest_value),
                   "Put large values into S3 and pass their address.");
    }
    return success();
}

// AWS judges enumerations: what was imported may be older than the pipeline.
void warn_of_unlisted(SubmissionIntent& intent, const ParameterValue& entry) {
    const auto& allowed = entry.parameter.allowed_values;
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), *entry.value) != allowed.end()) return;
    intent.warnings.push_back(fmt::format("parameter '{}': the pipeline, as it was imported, allows only {}",
                                          entry.parameter.name, fmt::join(allowed, ", ")));
}

Status add_parameters(SubmissionIntent& intent, const SubmitSpec& spec) {
    json::array parameters;
    std::set<std::string_view> names;
    for (const auto& entry : spec.values) {
        if (entry.parameter.is_output()) intent.outputs.push_back(entry.parameter);
        if (!entry.parameter.is_input() || !entry.value) continue;
        if (!names.insert(entry.parameter.name).second) {
            return bad("invalid_parameter",
                       fmt::format("parameter '{}' is given twice", entry.parameter.name));
        }
        POLYSYNC_TRY(check_one(entry));
        warn_of_unlisted(intent, entry);
        json::object pair;
        pair["Name"] = entry.parameter.name;
        pair["Value"] = *entry.value;
        parameters.push_back(std::move(pair));
        intent.provenance.push_back(
            {"PipelineParameters." + entry.parameter.name, redact(*entry.value), entry.source});
    }
    if (parameters.size() > most_parameters) {
        return bad("too_many_parameters", fmt::format("{} parameters are given; SageMaker takes {}",
                                                      parameters.size(), most_parameters));
    }
    if (!parameters.empty()) intent.request["PipelineParameters"] = std::move(parameters);
    if (!intent.outputs.empty()) {
        intent.warnings.emplace_back(
            "SageMaker executions give no outputs, so output parameters stay empty; results lie in S3 and "
            "the Model Registry");
    }
    return success();
}

void add_attributes(SubmissionIntent& intent, const Platform& platform, const SubmitSpec& spec) {
    SettingTiers tiers(platform, spec.job);
    auto note = [&intent](std::string_view member, const Setting& setting) {
        intent.provenance.push_back(
            {std::string(member), redact(setting.text()), std::string(setting.source)});
    };
    if (auto name = tiers.find("execution_display_name")) {
        intent.request["PipelineExecutionDisplayName"] = name->text();
        note("PipelineExecutionDisplayName", *name);
    } else {
        std::string own = default_display_name(intent.token);
        intent.request["PipelineExecutionDisplayName"] = own;
        intent.provenance.push_back({"PipelineExecutionDisplayName", own, "submission token"});
    }
    if (auto description = tiers.find("execution_description")) {
        intent.request["PipelineExecutionDescription"] = description->text();
        note("PipelineExecutionDescription", *description);
    }
    // Also a number that came as text, from a template.
    if (auto steps = tiers.find_positive("max_parallel_execution_steps", intent.warnings)) {
        intent.request["ParallelismConfiguration"] = {{"MaxParallelExecutionSteps", steps->value}};
        note("ParallelismConfiguration.MaxParallelExecutionSteps", *steps);
    }
    const auto* role = platform.defaults.if_contains("pipeline_execution_role_arn");
    if (role && role->is_string()) {
        intent.provenance.push_back({"pipeline_execution_role_arn", std::string(role->get_string()),
                                     "platform default (not sent: StartPipelineExecution takes no role)"});
    }
}

}  // namespace

std::string client_request_token(const SubmissionToken& token) { return "polysync-" + token.str(); }

std::string default_display_name(const SubmissionToken& token) { return "Polysync-" + token.str(); }

Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec, SystemTime now) {
    if (spec.job.external_id.empty()) return bad("no_pipeline", "no pipeline is named");
    if (!is_guid(spec.token.str())) return bad("bad_token", "the submission token is no guid");
    POLYSYNC_TRY(check_required(spec));
    SubmissionIntent intent;
    intent.type = PlatformType::aws_sagemaker;
    intent.external_id = spec.job.external_id;
    intent.token = SubmissionToken(lower_case(spec.token.str()));
    intent.operation = "StartPipelineExecution";
    intent.repeat_is_safe = true;
    intent.created_at = now;
    intent.request["PipelineName"] = spec.job.external_id;
    intent.provenance.push_back({"PipelineName", spec.job.external_id, "job"});
    intent.request["ClientRequestToken"] = client_request_token(intent.token);
    intent.provenance.push_back(
        {"ClientRequestToken", client_request_token(intent.token), "submission token"});
    POLYSYNC_TRY(add_parameters(intent, spec));
    add_attributes(intent, platform, spec);
    return intent;
}

}  // namespace polysync::sagemaker
