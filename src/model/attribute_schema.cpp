#include "model/attribute_schema.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <regex>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "base/nearest.h"
#include "model/parameter.h"

namespace polysync {
namespace {

using Kind = AttributeKind;

// Limits: aws-facts 2.2 (Glue), 3.2 (Batch), 4.1 (SageMaker), 5.1 (Step Functions).
const std::vector<AttributeSpec>& glue_schema() {
    static const std::vector<AttributeSpec> schema{
        {.name = "worker_type",
         .in_defaults = true,
         .max_length = 255,
         .choices = {"G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "G.025X", "Z.2X", "R.1X", "R.2X",
                     "R.4X", "R.8X", "Standard"},
         .description = "Glue worker type; goes together with number_of_workers."},
        {.name = "number_of_workers",
         .kind = Kind::integer,
         .in_defaults = true,
         .min = 1,
         .description = "Number of workers; goes together with worker_type."},
        {.name = "version",
         .in_defaults = true,
         .max_length = 255,
         .description =
             "Sent as the argument --glue-version for downstream tools; AWS binds the version to the job."},
        {.name = "timeout_minutes",
         .kind = Kind::integer,
         .in_defaults = true,
         .min = 1,
         .description = "Minutes after which Glue ends the run as TIMEOUT."},
        {.name = "max_retries",
         .kind = Kind::integer,
         .in_defaults = true,
         .min = 0,
         .max = 10,
         .description = "Shown, never sent: Glue takes it from the job definition only."},
        {.name = "execution_class",
         .kind = Kind::choice,
         .in_defaults = true,
         .choices = {"STANDARD", "FLEX"},
         .description = "FLEX runs on spare capacity (Glue 3.0 and later, glueetl jobs)."},
        {.name = "job_run_queuing",
         .kind = Kind::boolean,
         .in_defaults = true,
         .description =
             "true: Glue queues the run (WAITING) where capacity is short, instead of refusing it."},
    };
    return schema;
}

const std::vector<AttributeSpec>& batch_schema() {
    static const std::vector<AttributeSpec> schema{
        {.name = "job_queue", .min_length = 1, .max_length = 2048, .description = "Job queue, name or ARN."},
        {.name = "default_job_queue",
         .in_job = false,
         .in_defaults = true,
         .min_length = 1,
         .max_length = 2048,
         .description = "Queue of jobs that name none."},
        {.name = "share_identifier",
         .max_length = 255,
         .description = "Fair-share identifier; blank for a queue without fair share."},
        {.name = "scheduling_priority_override",
         .kind = Kind::integer,
         .min = 0,
         .max = 9999,
         .description = "Priority within the share; fair-share queues only."},
        {.name = "attempt_duration_seconds",
         .kind = Kind::integer,
         .min = 60,
         .description = "Seconds that one attempt may run."},
        {.name = "retry_attempts",
         .kind = Kind::integer,
         .min = 1,
         .max = 10,
         .description = "Attempts that Batch itself makes."},
        {.name = "array_size",
         .kind = Kind::integer,
         .min = 2,
         .max = 10000,
         .description = "Submits an array job of that many children."},
        {.name = "tags",
         .kind = Kind::text_map,
         .in_defaults = true,
         .max_length = 50,
         .description = "Tags of the job (key=value)."},
        {.name = "propagate_tags", .kind = Kind::boolean, .description = "Copies the tags to the ECS task."},
        {.name = "depends_on",
         .kind = Kind::dependency_list,
         .max_length = 20,
         .description =
             "Batch jobs that must succeed first: [{\"jobId\": …, \"type\": \"N_TO_N\"|\"SEQUENTIAL\"}]."},
        {.name = "command", .kind = Kind::text_list, .description = "Replaces the container's command."},
        {.name = "environment",
         .kind = Kind::text_map,
         .description = "Environment variables to add or replace."},
        {.name = "vcpus",
         .kind = Kind::number,
         .description = "vCPUs of the container (Fargate takes fractions)."},
        {.name = "memory_mib",
         .kind = Kind::integer,
         .min = 4,
         .description = "Memory of the container in MiB."},
        {.name = "gpus", .kind = Kind::integer, .min = 1, .description = "GPUs of the container."},
    };
    return schema;
}

const std::vector<AttributeSpec>& sagemaker_schema() {
    static const std::vector<AttributeSpec> schema{
        {.name = "execution_display_name",
         .min_length = 1,
         .max_length = 82,
         .pattern = "[a-zA-Z0-9](-*[a-zA-Z0-9])*",
         .description =
             "Name of the execution in the console; default Polysync-<guid>, which makes it findable."},
        {.name = "execution_description", .max_length = 3072, .description = "Description of the execution."},
        {.name = "max_parallel_execution_steps",
         .kind = Kind::integer,
         .in_defaults = true,
         .min = 1,
         .description = "Steps that may run at the same time."},
        {.name = "pipeline_execution_role_arn",
         .in_job = false,
         .in_defaults = true,
         .min_length = 20,
         .max_length = 2048,
         .pattern = "arn:[^:]+:iam::[0-9]{12}:role/.+",
         .description = "Kept and shown, never sent: StartPipelineExecution takes no role."},
    };
    return schema;
}

const std::vector<AttributeSpec>& step_functions_schema() {
    static const std::vector<AttributeSpec> schema{
        {.name = "trace_header",
         .in_defaults = true,
         .max_length = 256,
         .pattern = "[\\x00-\\x7f]*",
         .description = "X-Ray trace header of the execution."},
        {.name = "execution_mode",
         .kind = Kind::choice,
         .choices = {"async", "sync"},
         .description =
             "sync: an Express state machine is run by StartSyncExecution, which returns its output."},
    };
    return schema;
}

std::string place_name(AttributePlace place) {
    return place == AttributePlace::job ? "job attribute" : "platform default";
}

Error bad(AttributePlace place, std::string_view name, std::string_view why) {
    return make_error(ErrorKind::invalid_input, "invalid_attribute",
                      fmt::format("{} '{}' {}", place_name(place), name, why));
}

// Numbers, booleans and texts as text; nothing for lists, objects and null.
std::optional<std::string> scalar_text(const boost::json::value& value) {
    if (auto* text = value.if_string()) return std::string(*text);
    if (value.is_number() || value.is_bool()) return text_of_json(value);
    return std::nullopt;
}

std::size_t count_characters(std::string_view utf8) {
    return std::size_t(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Result<boost::json::value> check_text(const AttributeSpec& spec, AttributePlace place,
                                      const std::string& text) {
    auto size = count_characters(text);
    if (size < spec.min_length) return bad(place, spec.name, "must not be empty");
    if (spec.max_length != 0 && size > spec.max_length)
        return bad(place, spec.name,
                   fmt::format("has {} characters; AWS takes at most {}", size, spec.max_length));
    if (!spec.pattern.empty() && !std::regex_match(text, std::regex(spec.pattern)))
        return bad(place, spec.name, fmt::format("must match {}", spec.pattern));
    return boost::json::value(text);
}

Result<boost::json::value> check_integer(const AttributeSpec& spec, AttributePlace place,
                                         const std::string& text) {
    long long number = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string range = spec.max != 0 ? fmt::format("an integer from {} to {}", spec.min, spec.max)
                                      : fmt::format("an integer of at least {}", spec.min);
    if (status != std::errc() || end != text.data() + text.size() || number < spec.min ||
        number > (spec.max != 0 ? spec.max : INT32_MAX))
        return bad(place, spec.name, fmt::format("must be {}, not '{}'", range, text.substr(0, 64)));
    return boost::json::value(number);
}

// A list or object given as JSON text on the command line; `value` itself where it is none.
boost::json::value from_json_text(const boost::json::value& value, char opening) {
    auto* text = value.if_string();
    if (!text || text->empty() || text->front() != opening) return value;
    boost::system::error_code error;
    auto parsed = boost::json::parse(*text, error);
    return error ? value : parsed;
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    return parts;
}

Result<boost::json::value> check_list(const AttributeSpec& spec, AttributePlace place,
                                      boost::json::value value) {
    value = from_json_text(value, '[');
    boost::json::array out;
    if (auto* text = value.if_string()) {
        for (auto& part : split_commas(*text)) out.emplace_back(part);
    } else if (auto* list = value.if_array()) {
        for (const auto& item : *list) {
            auto text_of = scalar_text(item);
            if (!text_of) return bad(place, spec.name, "must be a list of texts");
            out.emplace_back(*text_of);
        }
    } else {
        return bad(place, spec.name, "must be a list of texts");
    }
    if (spec.max_length != 0 && out.size() > spec.max_length)
        return bad(place, spec.name,
                   fmt::format("has {} entries; AWS takes at most {}", out.size(), spec.max_length));
    return boost::json::value(std::move(out));
}

Result<boost::json::value> check_map(const AttributeSpec& spec, AttributePlace place,
                                     boost::json::value value) {
    value = from_json_text(value, '{');
    boost::json::object out;
    if (auto* text = value.if_string()) {
        for (const auto& part : split_commas(*text)) {
            auto equals = part.find('=');
            if (equals == std::string::npos || equals == 0)
                return bad(place, spec.name,
                           "must be key=value pairs, separated by commas, or a JSON object");
            out[part.substr(0, equals)] = part.substr(equals + 1);
        }
    } else if (auto* object = value.if_object()) {
        for (const auto& [key, item] : *object) {
            auto text_of = scalar_text(item);
            if (!text_of || key.empty()) return bad(place, spec.name, "must map names to texts");
            out[key] = *text_of;
        }
    } else {
        return bad(place, spec.name, "must map names to texts");
    }
    if (spec.max_length != 0 && out.size() > spec.max_length)
        return bad(place, spec.name,
                   fmt::format("has {} entries; AWS takes at most {}", out.size(), spec.max_length));
    if (spec.name == "environment") {
        for (const auto& [key, item] : out)
            if (key.starts_with("AWS_BATCH"))
                return bad(place, spec.name,
                           fmt::format("may not set '{}': AWS Batch keeps AWS_BATCH… for itself",
                                       std::string_view(key)));
    }
    if (spec.name == "tags") {
        for (const auto& [key, item] : out)
            if (count_characters(key) > 128 || count_characters(item.as_string()) > 256)
                return bad(place, spec.name,
                           "takes keys of at most 128 and values of at most 256 characters");
    }
    return boost::json::value(std::move(out));
}

Result<boost::json::value> check_dependencies(const AttributeSpec& spec, AttributePlace place,
                                              boost::json::value value) {
    value = from_json_text(value, '[');
    constexpr auto wanted = "must be a list of {\"jobId\": …, \"type\": \"N_TO_N\" or \"SEQUENTIAL\"}";
    if (auto* text = value.if_string()) {  // a,b: job ids
        boost::json::array list;
        for (auto& part : split_commas(*text)) list.push_back(boost::json::object{{"jobId", part}});
        value = std::move(list);
    }
    auto* list = value.if_array();
    if (!list) return bad(place, spec.name, wanted);
    if (list->size() > spec.max_length)
        return bad(place, spec.name,
                   fmt::format("has {} entries; AWS takes at most {}", list->size(), spec.max_length));
    for (const auto& item : *list) {
        auto* entry = item.if_object();
        if (!entry || entry->empty()) return bad(place, spec.name, wanted);
        bool sequential = false;
        for (const auto& [key, member] : *entry) {
            if (!member.is_string()) return bad(place, spec.name, wanted);
            if (key == "type") {
                if (member != "N_TO_N" && member != "SEQUENTIAL") return bad(place, spec.name, wanted);
                sequential = member == "SEQUENTIAL";
            } else if (key != "jobId") {
                return bad(place, spec.name,
                           fmt::format("knows no member '{}'; it {}", std::string_view(key), wanted));
            }
        }
        if (!entry->contains("jobId") && !sequential)
            return bad(place, spec.name, "needs a jobId in every entry");
    }
    return value;
}

}  // namespace

std::span<const AttributeSpec> attribute_schema(PlatformType type) {
    switch (type) {
        case PlatformType::aws_glue:
            return glue_schema();
        case PlatformType::aws_batch:
            return batch_schema();
        case PlatformType::aws_sagemaker:
            return sagemaker_schema();
        case PlatformType::aws_step_functions:
            return step_functions_schema();
    }
    return {};
}

Result<boost::json::value> check_attribute(PlatformType type, AttributePlace place, std::string_view name,
                                           const boost::json::value& value) {
    const AttributeSpec* spec = nullptr;
    std::vector<std::string> known;
    for (const auto& candidate : attribute_schema(type)) {
        bool here = place == AttributePlace::job ? candidate.in_job : candidate.in_defaults;
        if (here) known.push_back(candidate.name);
        if (here && candidate.name == name) spec = &candidate;
    }
    if (!spec) {
        std::string message =
            fmt::format("{} has no {} '{}'", to_string(type), place_name(place), name.substr(0, 64));
        auto near = nearest_word(name, known);
        if (!near.empty()) message += fmt::format("; did you mean '{}'?", near);
        return make_error(ErrorKind::invalid_input, "unknown_attribute", std::move(message),
                          fmt::format("Known: {}.", fmt::join(known, ", ")));
    }
    switch (spec->kind) {
        case Kind::text_list:
            return check_list(*spec, place, value);
        case Kind::text_map:
            return check_map(*spec, place, value);
        case Kind::dependency_list:
            return check_dependencies(*spec, place, value);
        default:
            break;
    }
    auto text = scalar_text(value);
    if (!text) return bad(place, name, "must be a single value");
    switch (spec->kind) {
        case Kind::integer:
            return check_integer(*spec, place, *text);
        case Kind::number:
            if (!check_value(name, DataType::number, *text) || std::strtod(text->c_str(), nullptr) <= 0)
                return bad(place, name,
                           fmt::format("must be a number above zero, not '{}'", text->substr(0, 64)));
            return boost::json::value(*text);
        case Kind::boolean:
            if (*text != "true" && *text != "false") return bad(place, name, "must be true or false");
            return boost::json::value(*text == "true");
        case Kind::choice:
            for (const auto& choice : spec->choices)
                if (choice == *text) return boost::json::value(*text);
            return bad(place, name,
                       fmt::format("must be one of {}, not '{}'", fmt::join(spec->choices, ", "),
                                   text->substr(0, 64)));
        default:
            return check_text(*spec, place, *text);
    }
}

}  // namespace polysync
