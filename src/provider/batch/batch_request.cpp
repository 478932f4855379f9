#include "provider/batch/batch_request.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "provider/setting_tiers.h"

namespace polysync::batch {

namespace {

constexpr std::size_t max_payload_bytes = 30 * 1024;  // of a SubmitJob request (AWS Batch service quotas)
constexpr std::string_view from_definition_unsent = "Batch job definition (not sent)";

class RequestBuilder {
  public:
    RequestBuilder(const Platform& platform, const SubmitSpec& spec)
        : spec_(spec), tiers_(platform, spec.job) {}

    Result<SubmissionIntent> build(SystemTime now) {
        if (spec_.job.external_id.empty())
            return make_error(ErrorKind::invalid_input, "missing_job",
                              "a Batch submission needs a job definition");
        intent_.type = PlatformType::aws_batch;
        intent_.external_id = spec_.job.external_id;
        intent_.token = spec_.token;
        intent_.operation = "SubmitJob";
        intent_.created_at = now;
        intent_.request["jobName"] = job_name(spec_.token);
        note("jobName", job_name(spec_.token), "generated");
        POLYSYNC_TRY(add_queue());
        intent_.request["jobDefinition"] = spec_.job.external_id;
        POLYSYNC_TRY(add_parameters());
        add_fair_share();
        add_structures();
        add_container_overrides();
        show_inherited("retry_attempts", "retryStrategy.attempts");
        show_inherited("attempt_duration_seconds", "timeout.attemptDurationSeconds");
        if (boost::json::serialize(intent_.request).size() > max_payload_bytes)
            intent_.warnings.emplace_back("the request is larger than the 30 KiB that Batch takes");
        return std::move(intent_);
    }

  private:
    void note(std::string member, std::string_view value, std::string_view source) {
        intent_.provenance.push_back({std::move(member), redact(value), std::string(source)});
    }

    // BATCH-2
    Status add_queue() {
        std::optional<Setting> queue = tiers_.find("job_queue");
        if (!queue) queue = tiers_.find("default_job_queue");
        if (!queue) {
            return make_error(
                ErrorKind::invalid_input, "no_job_queue",
                fmt::format("nothing says to which job queue '{}' is submitted", spec_.job.external_id),
                "Set the job attribute job_queue, or the platform default default_job_queue.");
        }
        intent_.request["jobQueue"] = queue->text();
        note("jobQueue", queue->text(), queue->source);
        return success();
    }

    Status add_parameters() {
        boost::json::object parameters;
        bool has_output = false;
        for (const ParameterValue& given : spec_.values) {
            const std::string& name = given.parameter.name;
            if (name.empty())
                return make_error(ErrorKind::invalid_input, "invalid_parameter", "a parameter has no name");
            if (given.parameter.is_output()) {
                has_output = true;
                intent_.outputs.push_back(given.parameter);
            }
            if (!given.parameter.is_input() || !given.value) continue;
            if (parameters.contains(name)) {
                return make_error(ErrorKind::invalid_input, "duplicate_parameter",
                                  fmt::format("parameter '{}' is given twice", name));
            }
            POLYSYNC_TRY(check_value(name, given.parameter.type, *given.value));
            parameters[name] = *given.value;
            note("parameters." + name, *given.value, given.source);
        }
        if (has_output)
            intent_.warnings.emplace_back(
                "Batch jobs have no structured outputs: output parameters will stay empty");
        for (const Parameter& declared : spec_.job.parameters) {
            if (declared.required && !parameters.contains(declared.name)) {
                intent_.warnings.push_back(
                    fmt::format("Ref::{} in the definition's command has neither a value nor a default: "
                                "Batch refuses to substitute it",
                                declared.name));
            }
        }
        if (!parameters.empty()) intent_.request["parameters"] = std::move(parameters);
        return success();
    }

    void add(boost::json::object& into, std::string_view name, std::string_view member,
             std::string_view shown_as) {
        auto setting = tiers_.find(name);
        if (!setting) return;
        note(std::string(shown_as), setting->text(), setting->source);
        into[member] = setting->value;
    }

    // An integer that came as text (resolved at run time) is sent as a number; BATCH-3 knows no other
    // integers.
    void add_number(boost::json::object& into, std::string_view name, std::string_view member,
                    std::string_view shown_as) {
        auto setting = tiers_.find_positive(name, intent_.warnings);
        if (!setting) return;
        note(std::string(shown_as), setting->text(), setting->source);
        into[member] = setting->value;
    }

    void add_fair_share() {
        add(intent_.request, "share_identifier", "shareIdentifier", "shareIdentifier");
        auto priority = tiers_.find("scheduling_priority_override");
        if (!priority) return;
        // Zero is a priority too.
        if (priority->text() == "0") {
            intent_.request["schedulingPriorityOverride"] = 0;
            note("schedulingPriorityOverride", "0", priority->source);
            return;
        }
        add_number(intent_.request, "scheduling_priority_override", "schedulingPriorityOverride",
                   "schedulingPriorityOverride");
    }

    void add_wrapped(std::string_view name, std::string_view outer, std::string_view inner) {
        boost::json::object wrapped;
        add_number(wrapped, name, inner, fmt::format("{}.{}", outer, inner));
        if (!wrapped.empty()) intent_.request[outer] = std::move(wrapped);
    }

    void add_structures() {
        add_wrapped("array_size", "arrayProperties", "size");
        add(intent_.request, "depends_on", "dependsOn", "dependsOn");
        add_wrapped("retry_attempts", "retryStrategy", "attempts");
        add_wrapped("attempt_duration_seconds", "timeout", "attemptDurationSeconds");
        if (auto propagate = tiers_.find("propagate_tags")) {
            intent_.request["propagateTags"] = propagate->text() == "true";
            note("propagateTags", propagate->text(), propagate->source);
        }
        add(intent_.request, "tags", "tags", "tags");
    }

    void add_container_overrides() {
        boost::json::object overrides;
        add(overrides, "command", "command", "containerOverrides.command");
        if (auto environment = tiers_.find("environment"); environment && environment->value.is_object()) {
            boost::json::array pairs;
            for (const auto& [name, value] : environment->value.get_object())
                pairs.push_back(boost::json::object{{"name", name}, {"value", text_of(value)}});
            note("containerOverrides.environment", environment->text(), environment->source);
            overrides["environment"] = std::move(pairs);
        }
        boost::json::array requirements;
        for (auto [name, type] : {std::pair{"vcpus", "VCPU"}, {"memory_mib", "MEMORY"}, {"gpus", "GPU"}}) {
            auto setting = tiers_.find(name);
            if (!setting) continue;
            // AWS wants these numbers as texts.
            requirements.push_back(boost::json::object{{"type", type}, {"value", setting->text()}});
            note(fmt::format("containerOverrides.resourceRequirements.{}", type), setting->text(),
                 setting->source);
        }
        if (!requirements.empty()) overrides["resourceRequirements"] = std::move(requirements);
        if (overrides.empty()) return;
        const boost::json::value* structure = spec_.job.details.if_contains("structure");
        if (structure && *structure != "container") {
            intent_.warnings.push_back(
                fmt::format("the definition is of kind {}: Batch takes container overrides for "
                            "single-container definitions only",
                            text_of(*structure)));
        }
        intent_.request["containerOverrides"] = std::move(overrides);
    }

    void show_inherited(std::string_view name, std::string_view member) {
        if (tiers_.find(name)) return;
        const boost::json::value* value = spec_.job.details.if_contains(name);
        if (!is_blank(value)) note(std::string(member), text_of(*value), from_definition_unsent);
    }

    const SubmitSpec& spec_;
    SettingTiers tiers_;
    SubmissionIntent intent_;
};

}  // namespace

std::string job_name(const SubmissionToken& token) { return fmt::format("Polysync-{}", token.str()); }

Result<SubmissionIntent> prepare_submit(const Platform& platform, const SubmitSpec& spec, SystemTime now) {
    return RequestBuilder(platform, spec).build(now);
}

}  // namespace polysync::batch
