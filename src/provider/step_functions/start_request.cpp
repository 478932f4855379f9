#include "provider/step_functions/start_request.h"

#include <fmt/format.h>

#include "base/random.h"
#include "base/secret.h"
#include "provider/arn.h"
#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/input.h"

namespace polysync::step_functions {

namespace {

constexpr std::string_view start_operation = "StartExecution";
constexpr std::string_view sync_operation = "StartSyncExecution";

Error bad(std::string code, std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, std::move(code), std::move(message), std::move(remedy));
}

const boost::json::string* text_attribute(const boost::json::object& attributes, std::string_view name) {
    const auto* value = attributes.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text && !text->empty() ? text : nullptr;
}

Status check_required(const SubmitSpec& spec) {
    for (const auto& parameter : spec.job.parameters) {
        if (!parameter.required || !parameter.is_input() || parameter.default_value) continue;
        bool given = false;
        for (const auto& value : spec.values)
            given = given || (value.parameter.name == parameter.name && value.value);
        if (!given)
            return bad("missing_parameter",
                       fmt::format("parameter '{}' is required and has no value", parameter.name));
    }
    return success();
}

void add_input(SubmissionIntent& intent, const SubmitSpec& spec, std::string input) {
    for (const auto& entry : spec.values) {
        if (entry.parameter.is_output()) intent.outputs.push_back(entry.parameter);
        if (!entry.parameter.is_input() || !entry.value) continue;
        auto sent = json_of(entry.parameter, *entry.value);
        if (sent)
            intent.provenance.push_back(
                {"input." + entry.parameter.name, redact(sent.value()), entry.source});
    }
    intent.request["input"] = std::move(input);
}

void add_trace_header(SubmissionIntent& intent, const Platform& platform, const SubmitSpec& spec) {
    const auto* header = text_attribute(spec.job.attributes, "trace_header");
    std::string_view source = "job attribute";
    if (!header) {
        header = text_attribute(platform.defaults, "trace_header");
        source = "platform default";
    }
    if (!header) return;
    intent.request["traceHeader"] = *header;
    intent.provenance.push_back({"traceHeader", std::string(*header), std::string(source)});
}

Status apply_type(SubmissionIntent& intent, std::string_view type) {
    bool sync = intent.operation == sync_operation;
    if (sync && type == "STANDARD") {
        return bad("sync_needs_express",
                   "execution_mode sync needs an EXPRESS state machine; this one is STANDARD",
                   "Leave execution_mode out: a STANDARD execution is followed to its end and gives its "
                   "output anyway.");
    }
    intent.repeat_is_safe = !sync && type == "STANDARD";
    std::erase(intent.from_definition, "type");
    return success();
}

void warn_of_unknown_outcome(SubmissionIntent& intent) {
    if (intent.operation != start_operation) return;
    intent.warnings.emplace_back(
        "AWS keeps no record of an Express execution, and this state machine does not log all events to "
        "CloudWatch Logs: the run "
        "will end as Failed with outcome_unknown. Set its logging level to ALL with execution data, or use "
        "execution_mode: sync.");
}

}  // namespace

std::string execution_name(const SubmissionToken& token) { return "Polysync-" + token.str(); }

bool logs_every_end(const aws::states::LoggingConfiguration& logging) {
    return logging.level == "ALL" && !logging.log_group_arns.empty();
}

Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec, SystemTime now) {
    auto machine = parse_state_machine_arn(spec.job.external_id);
    if (!machine) {
        return bad("bad_state_machine_arn", fmt::format("'{}' is no state machine ARN", spec.job.external_id),
                   "Step Functions needs the ARN: arn:aws:states:REGION:ACCOUNT:stateMachine:NAME, with "
                   ":VERSION or :ALIAS to "
                   "pin one. `polysync pipeline discover` lists them.");
    }
    if (!is_guid(spec.token.str())) return bad("bad_token", "the submission token is no guid");
    POLYSYNC_TRY(check_required(spec));
    POLYSYNC_TRY(auto input, build_input(spec.values));

    SubmissionIntent intent;
    intent.type = PlatformType::aws_step_functions;
    intent.external_id = spec.job.external_id;
    intent.token = SubmissionToken(lower_case(spec.token.str()));
    intent.created_at = now;
    const auto* mode = text_attribute(spec.job.attributes, "execution_mode");
    bool sync = mode && *mode == "sync";
    intent.operation = sync ? sync_operation : start_operation;
    intent.request["stateMachineArn"] = spec.job.external_id;
    intent.request["name"] = execution_name(intent.token);
    intent.provenance.push_back({"stateMachineArn", spec.job.external_id, "job"});
    intent.provenance.push_back({"name", execution_name(intent.token), "submission token"});
    add_input(intent, spec, std::move(input));
    add_trace_header(intent, platform, spec);
    if (machine->region != platform.region) {
        intent.warnings.push_back(
            fmt::format("the state machine's ARN names the region {}, the platform is in {}", machine->region,
                        platform.region));
    }
    if (sync) {
        intent.warnings.emplace_back(
            "execution_mode sync holds one connection open until the execution ends (at most 5 minutes)");
    }
    intent.from_definition.emplace_back("type");
    if (const auto* type = text_attribute(spec.job.details, "type")) {
        POLYSYNC_TRY(apply_type(intent, *type));
        const auto* known = spec.job.details.if_contains("logs_every_end");
        if (*type == "EXPRESS" && known && known->is_bool() && !known->get_bool())
            warn_of_unknown_outcome(intent);
    }
    return intent;
}

Result<SubmissionIntent> complete_start(SubmissionIntent intent, const aws::states::StateMachine& machine) {
    POLYSYNC_TRY(apply_type(intent, machine.type));
    if (machine.type == "EXPRESS" && !logs_every_end(machine.logging)) warn_of_unknown_outcome(intent);
    return intent;
}

Job to_job(const aws::states::StateMachine& machine) {
    Job job;
    job.external_id = machine.arn;
    job.name = machine.name;
    job.description = machine.description;
    job.details["arn"] = machine.arn;
    job.details["type"] = machine.type;
    if (!machine.role_arn.empty()) job.details["role_arn"] = machine.role_arn;
    if (!machine.status.empty()) job.details["status"] = machine.status;
    job.details["logging_level"] = machine.logging.level.empty() ? "OFF" : machine.logging.level;
    job.details["logs_every_end"] = logs_every_end(machine.logging);
    if (!machine.logging.log_group_arns.empty()) {
        const auto& groups = machine.logging.log_group_arns;
        job.details["log_groups"] = boost::json::array(groups.begin(), groups.end());
    }
    if (!machine.revision_id.empty()) job.details["revision_id"] = machine.revision_id;
    if (!machine.kms_key_id.empty()) job.details["kms_key_id"] = machine.kms_key_id;
    if (machine.creation_date) job.details["created_at"] = format_iso8601(*machine.creation_date);
    return job;
}

Job to_job(const aws::states::StateMachineItem& item) {
    Job job;
    job.external_id = item.arn;
    job.name = item.name;
    job.details["arn"] = item.arn;
    job.details["type"] = item.type;
    if (item.creation_date) job.details["created_at"] = format_iso8601(*item.creation_date);
    return job;
}

}  // namespace polysync::step_functions
