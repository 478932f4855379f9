#include "provider/glue/glue_request.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/secret.h"
#include "provider/glue/glue_job.h"
#include "provider/glue/glue_names.h"
#include "provider/setting_tiers.h"

namespace polysync::glue {

namespace {

constexpr std::string_view from_definition_unsent = "Glue job definition (not sent)";
constexpr std::string_view from_definition_completed = "Glue job definition";

// One submission's compute settings and arguments on their way into the intent.
class RequestBuilder {
  public:
    RequestBuilder(const Platform& platform, const SubmitSpec& spec)
        : spec_(spec), tiers_(platform, spec.job) {}

    Result<SubmissionIntent> build(SystemTime now) {
        if (spec_.job.external_id.empty())
            return make_error(ErrorKind::invalid_input, "missing_job",
                              "a Glue submission needs the name of its job");
        intent_.type = PlatformType::aws_glue;
        intent_.external_id = spec_.job.external_id;
        intent_.token = spec_.token;
        intent_.operation = "StartJobRun";
        intent_.created_at = now;
        intent_.request["JobName"] = spec_.job.external_id;
        POLYSYNC_TRY(add_parameters());
        add_version();
        add_token();
        intent_.request["Arguments"] = std::move(arguments_);
        add_workers();
        add_integer("timeout_minutes", "Timeout");
        add_text("execution_class", "ExecutionClass");
        add_queuing();
        show_max_retries();
        return std::move(intent_);
    }

  private:
    Status add_parameters() {
        std::set<std::string> seen;
        bool has_output = false;
        for (const ParameterValue& given : spec_.values) {
            const std::string& name = given.parameter.name;
            if (name.empty() || name == "--")
                return make_error(ErrorKind::invalid_input, "invalid_parameter", "a parameter has no name");
            if (same_parameter(name, run_token_argument)) {
                return make_error(ErrorKind::invalid_input, "reserved_parameter",
                                  fmt::format("parameter '{}' is Polysync's own and cannot be set", name),
                                  "Choose another name; Polysync finds its submissions by this argument.");
            }
            if (given.parameter.is_output()) {
                has_output = true;
                intent_.outputs.push_back(given.parameter);
            }
            if (!given.parameter.is_input() || !given.value) continue;
            std::string key = argument_key(name);
            if (is_internal(name)) {
                intent_.provenance.push_back(
                    {"(internal) " + name, redact(*given.value), given.source + " (not sent)"});
                continue;
            }
            if (!seen.insert(key).second) {
                return make_error(ErrorKind::invalid_input, "duplicate_parameter",
                                  fmt::format("parameter '{}' is given twice, with and without '--'", key));
            }
            POLYSYNC_TRY(check_value(name, given.parameter.type, *given.value));
            warn_about(key);
            arguments_[key] = *given.value;
            intent_.provenance.push_back({"Arguments." + key, redact(*given.value), given.source});
        }
        if (has_output)
            intent_.warnings.emplace_back("Glue jobs have no outputs: output parameters will stay empty");
        return success();
    }

    void warn_about(const std::string& key) {
        if (is_forbidden_argument(key))
            intent_.warnings.push_back(
                fmt::format("Glue sets the argument {} itself and says that it must not be set", key));
        const boost::json::value* fixed = spec_.job.details.if_contains("non_overridable_arguments");
        if (!fixed || !fixed->is_array()) return;
        for (const boost::json::value& name : fixed->get_array()) {
            if (name.is_string() && same_parameter(std::string_view(name.get_string()), key))
                intent_.warnings.push_back(
                    fmt::format("the job's definition does not let a run override the argument {}", key));
        }
    }

    void send(std::string_view member, const Setting& setting) {
        intent_.request[member] = setting.value;
        intent_.provenance.push_back(
            {std::string(member), redact(setting.text()), std::string(setting.source)});
    }

    // What the run inherits where nothing is sent.
    void show_inherited(std::string_view name, std::string_view member) {
        const boost::json::value* value = spec_.job.details.if_contains(name);
        if (is_blank(value)) return;
        intent_.provenance.push_back(
            {std::string(member), text_of(*value), std::string(from_definition_unsent)});
    }

    void add_version() {
        auto version = tiers_.find("version");
        if (!version) return show_inherited("version", "GlueVersion");
        std::string key(version_argument);
        if (arguments_.contains(key)) {
            intent_.warnings.push_back(fmt::format(
                "the parameter {} is set, so the version of the {} is not sent", key, version->source));
            return;
        }
        std::string text = version->text();
        arguments_[key] = text;
        intent_.provenance.push_back({"Arguments." + key, text, std::string(version->source)});
    }

    void add_token() {
        arguments_[run_token_argument] = spec_.token.str();
        intent_.provenance.push_back(
            {fmt::format("Arguments.{}", run_token_argument), spec_.token.str(), "generated"});
    }

    void add_workers() {
        auto type = tiers_.find("worker_type");
        auto count = tiers_.find_positive("number_of_workers", intent_.warnings);
        WorkerRules rules = worker_rules(spec_.job.details);
        if (rules.is_known && !rules.takes_workers) {
            drop_workers(type, "worker_type");
            drop_workers(count, "number_of_workers");
            show_inherited("max_capacity", "MaxCapacity");
            return;
        }
        if (type) {
            type->value = type->text();
            send("WorkerType", *type);
        }
        if (count) send("NumberOfWorkers", *count);
        if (!type && !count) {
            show_inherited("worker_type", "WorkerType");
            show_inherited("number_of_workers", "NumberOfWorkers");
            return;
        }
        // AWS takes both or neither; and of a job that was never looked at, nobody knows whether it takes
        // them at all.
        if (!type || !rules.is_known) intent_.from_definition.emplace_back("WorkerType");
        if (!count || !rules.is_known) intent_.from_definition.emplace_back("NumberOfWorkers");
    }

    void drop_workers(const std::optional<Setting>& setting, std::string_view name) {
        if (!setting || setting->source != source_job_attribute) return;
        intent_.warnings.push_back(fmt::format(
            "job attribute '{}' is not sent: Python shell jobs and jobs sized by MaxCapacity take no workers",
            name));
    }

    void add_integer(std::string_view name, std::string_view member) {
        if (auto setting = tiers_.find_positive(name, intent_.warnings)) return send(member, *setting);
        show_inherited(name, member);
    }

    void add_text(std::string_view name, std::string_view member) {
        if (auto setting = tiers_.find(name))
            return send(member, Setting{boost::json::value(setting->text()), setting->source});
        show_inherited(name, member);
    }

    void add_queuing() {
        auto setting = tiers_.find("job_run_queuing");
        if (!setting) return show_inherited("job_run_queuing", "JobRunQueuingEnabled");
        send("JobRunQueuingEnabled", Setting{boost::json::value(setting->text() == "true"), setting->source});
    }

    void show_max_retries() {
        auto setting = tiers_.find("max_retries");
        if (!setting) return show_inherited("max_retries", "MaxRetries");
        intent_.provenance.push_back(
            {"MaxRetries", setting->text(), fmt::format("{} (not sent)", setting->source)});
        intent_.warnings.push_back(
            fmt::format("max_retries of the {} is not sent: Glue takes it from the job's definition only",
                        setting->source));
    }

    const SubmitSpec& spec_;
    SettingTiers tiers_;
    SubmissionIntent intent_;
    boost::json::object arguments_;
};

Provenance* find_provenance(SubmissionIntent& intent, std::string_view member) {
    auto found = std::ranges::find(intent.provenance, member, &Provenance::member);
    return found == intent.provenance.end() ? nullptr : &*found;
}

// A job without workers: platform defaults do not apply, job attributes draw a warning (GLUE-4).
void remove_workers(SubmissionIntent& intent) {
    for (std::string_view member : {"WorkerType", "NumberOfWorkers"}) {
        if (intent.request.erase(member) == 0) continue;
        Provenance* origin = find_provenance(intent, member);
        if (!origin) continue;
        if (origin->source == source_job_attribute) {
            intent.warnings.push_back(
                fmt::format("{} of the job attribute is not sent: Python shell jobs and jobs sized by "
                            "MaxCapacity take no workers",
                            member));
        }
        intent.provenance.erase(intent.provenance.begin() + (origin - intent.provenance.data()));
    }
}

// Puts the missing half of the pair in; without one in the definition the other half goes out again.
Status complete_pair(SubmissionIntent& intent, std::string_view missing, std::string_view given,
                     const boost::json::value& from_job) {
    if (intent.request.contains(missing)) return success();
    if (!is_blank(&from_job)) {
        intent.request[missing] = from_job;
        intent.provenance.push_back(
            {std::string(missing), text_of(from_job), std::string(from_definition_completed)});
        return success();
    }
    Provenance* origin = find_provenance(intent, given);
    if (origin && origin->source == source_job_attribute) {
        return make_error(
            ErrorKind::invalid_input, "incomplete_workers",
            fmt::format("{} is set, but neither the attributes nor the definition of job '{}' give {}", given,
                        intent.external_id, missing),
            "Set worker_type and number_of_workers together.");
    }
    intent.request.erase(given);
    if (origin) intent.provenance.erase(intent.provenance.begin() + (origin - intent.provenance.data()));
    intent.warnings.push_back(fmt::format(
        "{} of the platform default is not sent: nothing gives {}, and Glue takes both or neither", given,
        missing));
    return success();
}

}  // namespace

Result<SubmissionIntent> prepare_start(const Platform& platform, const SubmitSpec& spec, SystemTime now) {
    return RequestBuilder(platform, spec).build(now);
}

Result<SubmissionIntent> complete_start(SubmissionIntent intent, const aws::glue::Job& definition) {
    if (intent.from_definition.empty()) return intent;
    intent.from_definition.clear();
    WorkerRules rules = worker_rules(definition);
    if (!rules.takes_workers) {
        remove_workers(intent);
        return intent;
    }
    boost::json::value count;
    if (rules.number_of_workers) count = *rules.number_of_workers;
    if (intent.request.contains("NumberOfWorkers")) {
        POLYSYNC_TRY(
            complete_pair(intent, "WorkerType", "NumberOfWorkers", boost::json::value(rules.worker_type)));
    } else if (intent.request.contains("WorkerType")) {
        POLYSYNC_TRY(complete_pair(intent, "NumberOfWorkers", "WorkerType", count));
    }
    return intent;
}

}  // namespace polysync::glue
