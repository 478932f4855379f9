#include "runtime/intent.h"

#include <cctype>
#include <set>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "model/attribute_schema.h"

namespace polysync::runtime {
namespace {

namespace json = boost::json;

json::object parse_object(const std::string& text) {
    boost::system::error_code error;
    auto parsed = json::parse(text.empty() ? "{}" : text, error);
    auto* object = error ? nullptr : parsed.if_object();
    return object ? std::move(*object) : json::object();
}

std::string text_of(const json::value& value) { return text_of_json(value); }

std::string read_text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Texts of attributes may hold templates; everything else stays as it is.
Result<json::value> render_value(const json::value& value, const engine::TemplateContext& context) {
    if (const auto* text = value.if_string()) {
        POLYSYNC_TRY(auto compiled, engine::Template::parse(*text));
        POLYSYNC_TRY(auto rendered, compiled.render(context));
        return json::value(rendered);
    }
    if (const auto* list = value.if_array()) {
        json::array out;
        for (const auto& item : *list) {
            POLYSYNC_TRY(auto rendered, render_value(item, context));
            out.push_back(std::move(rendered));
        }
        return json::value(std::move(out));
    }
    if (const auto* object = value.if_object()) {
        json::object out;
        for (const auto& [name, item] : *object) {
            POLYSYNC_TRY(auto rendered, render_value(item, context));
            out[name] = std::move(rendered);
        }
        return json::value(std::move(out));
    }
    return value;
}

engine::TemplateContext context_of(const engine::Catalog& catalog, const engine::CatalogTask& task,
                                   const TaskRun& run, const ParentOutputs& parents,
                                   const std::map<std::string, std::string>& environment) {
    engine::TemplateContext context;
    context.zone = task.partition.zone;
    if (task.partition.grain != engine::Grain::none) {
        auto interval = engine::parse_key(task.partition, run.key.key);
        if (interval) context.interval = interval.value();
    }
    context.run_id = std::to_string(number(run.id));
    context.chain_id = catalog.chain_id(run.key);
    context.task_name = task.task.meta.name.str();
    context.attempt = run.attempt;
    context.environment = environment;
    context.parent_output = [&parents](std::string_view parent,
                                       std::string_view output) -> std::optional<std::string> {
        auto found = parents.find(std::string(parent));
        if (found == parents.end()) return std::nullopt;
        auto outputs = parse_object(found->second);
        const auto* value = outputs.if_contains(output);
        return value ? std::optional(text_of(*value)) : std::nullopt;
    };
    return context;
}

// What AWS Batch takes in a tag: letters, digits, spaces and these; at most 256 characters.
std::string tag_value(std::string_view text) {
    std::string out;
    for (char c : text) {
        bool plain = std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80);
        out += plain || std::string_view(" _.:/=+-@").find(c) != std::string_view::npos ? c : '_';
    }
    while (out.size() > 256 || (!out.empty() && out.size() == 256 && (out.back() & 0x80))) out.pop_back();
    return out;
}

// Batch jobs carry tags that say whose they are (spec 10), beside those of the user; AWS takes 50.
Status add_tags(json::object& attributes, const engine::Catalog& catalog, const engine::CatalogTask& task,
                const engine::TemplateContext& context) {
    const auto& platform = catalog.platforms.at(task.platform).platform;
    if (platform.type != PlatformType::aws_batch) return success();
    json::object tags;
    const auto* given = attributes.if_contains("tags");
    if (!given) given = platform.defaults.if_contains("tags");
    if (given) {
        POLYSYNC_TRY(auto checked, check_attribute(platform.type, AttributePlace::job, "tags", *given));
        if (checked.is_object()) tags = std::move(checked.get_object());
    }
    const auto& name = task.task.meta.name.str();
    auto slash = name.rfind('/');
    const std::pair<std::string_view, std::string> own[] = {
        {"polysync:namespace", slash == std::string::npos ? std::string() : name.substr(0, slash)},
        {"polysync:task", slash == std::string::npos ? name : name.substr(slash + 1)},
        {"polysync:run", context.run_id},
        {"polysync:chain", context.chain_id},
        {"polysync:owner", task.task.meta.owner}};
    for (const auto& [tag, value] : own)
        if (!value.empty() && tags.size() < 50 && !tags.contains(tag)) tags[tag] = tag_value(value);
    attributes["tags"] = std::move(tags);
    return success();
}

bool is_reference(std::string_view text) {
    return text.starts_with("env://") || text.starts_with("file://") || text.starts_with("vault://");
}

}  // namespace

std::map<std::string, RunId> parent_runs(const TaskRun& run) {
    std::map<std::string, RunId> out;
    auto values = parse_object(run.values);
    const auto* parents = values.if_contains("parents");
    if (!parents || !parents->is_object()) return out;
    for (const auto& [name, id] : parents->get_object())
        if (id.is_int64()) out.emplace(std::string(name), RunId{id.get_int64()});
    return out;
}

Result<RunSpec> make_spec(const engine::Catalog& catalog, const TaskRun& run, const ParentOutputs& parents,
                          const std::map<std::string, std::string>& environment, std::string token) {
    const auto* task = catalog.task(run.key.task);
    auto job = task ? catalog.jobs.find(task->job) : catalog.jobs.end();
    if (job == catalog.jobs.end())
        return make_error(ErrorKind::not_found, "definition_gone",
                          "the run's task or job is no longer defined");
    auto run_values = parse_object(run.values);
    auto readable = parents;
    if (const auto* events = run_values.if_contains("events"); events && events->is_object())
        for (const auto& [source, data] : events->get_object())
            if (data.is_string()) readable[std::string(source)] = std::string(data.get_string());
    auto context = context_of(catalog, *task, run, readable, environment);

    RunSpec made;
    SubmitSpec& spec = made.spec;
    std::string unique = token;
    spec.token = SubmissionToken(std::move(token));
    spec.job.external_id = job->second.job.external_id;
    spec.job.name = job->second.job.meta.name.str();
    spec.job.parameters = job->second.job.parameters;
    for (const auto* attributes : {&job->second.job.attributes, &task->task.attributes}) {
        for (const auto& [name, value] : *attributes) {
            POLYSYNC_TRY(auto rendered, render_value(value, context));
            spec.job.attributes[name] = std::move(rendered);
        }
    }

    POLYSYNC_TRY(add_tags(spec.job.attributes, catalog, *task, context));

    std::map<std::string, std::pair<std::string, std::string>> given;  // name -> value, source
    for (const auto& [name, compiled] : task->values) {
        POLYSYNC_TRY(auto text, compiled.render(context));
        bool of_task = task->task.values.contains(name);
        if (compiled.is_constant() && is_reference(text)) {
            if (!task->task.allow_secret_parameters)
                return make_error(
                    ErrorKind::invalid_input, "secret_parameter",
                    fmt::format("parameter '{}' refers to a secret, and AWS shows or logs parameters", name),
                    "Set allow_secret_parameters: true on the task if that is what you want.");
            auto placeholder = fmt::format("polysync-secret-{}-{}", made.secrets.size(), unique);
            made.secrets[placeholder] = std::exchange(text, placeholder);
        }
        given[name] = {std::move(text), of_task ? "task" : "job"};
    }
    if (const auto* own = run_values.if_contains("values"); own && own->is_object())
        for (const auto& [name, value] : own->get_object())
            given[std::string(name)] = {text_of(value), "run"};

    for (const auto& parameter : spec.job.parameters) {
        auto found = given.find(parameter.name);
        // GLUE-2: a name matches with or without its dashes.
        if (found == given.end() && parameter.name.starts_with("--"))
            found = given.find(parameter.name.substr(2));
        if (found == given.end()) {
            if (parameter.is_output()) spec.values.push_back({parameter, std::nullopt, {}});
            continue;
        }
        if (!made.secrets.contains(found->second.first)) {
            POLYSYNC_TRY(check_value(parameter.name, parameter.type, found->second.first));
        }
        spec.values.push_back({parameter, std::move(found->second.first), std::move(found->second.second)});
        given.erase(found);
    }
    for (auto& [name, value] : given)  // declared by being set
        spec.values.push_back({Parameter{.name = name}, std::move(value.first), std::move(value.second)});
    return made;
}

std::string write_intent(const StoredIntent& stored) {
    const auto& intent = stored.intent;
    json::object secrets;
    for (const auto& [placeholder, reference] : stored.secrets) secrets[placeholder] = reference;
    json::array outputs, from_definition, warnings, provenance;
    for (const auto& output : intent.outputs)
        outputs.push_back(json::object{{"name", output.name},
                                       {"type", to_string(output.type)},
                                       {"direction", to_string(output.direction)}});
    for (const auto& member : intent.from_definition) from_definition.emplace_back(member);
    for (const auto& warning : intent.warnings) warnings.emplace_back(warning);
    for (const auto& part : intent.provenance)
        provenance.push_back(
            json::object{{"member", part.member}, {"value", part.value}, {"source", part.source}});
    return json::serialize(json::object{{"platform_type", to_string(intent.type)},
                                        {"external_id", intent.external_id},
                                        {"token", intent.token.str()},
                                        {"operation", intent.operation},
                                        {"request", intent.request},
                                        {"secrets", std::move(secrets)},
                                        {"outputs", std::move(outputs)},
                                        {"provenance", std::move(provenance)},
                                        {"warnings", std::move(warnings)},
                                        {"from_definition", std::move(from_definition)},
                                        {"repeat_is_safe", intent.repeat_is_safe},
                                        {"sender", stored.sender},
                                        {"created_at", intent.created_at.time_since_epoch().count()}});
}

Result<StoredIntent> read_intent(const std::string& text) {
    auto bad = [] {
        return make_error(ErrorKind::internal, "unreadable_intent", "the stored submission cannot be read");
    };
    auto object = parse_object(text);
    StoredIntent stored;
    SubmissionIntent& intent = stored.intent;
    auto type = parse_platform_type(read_text(object, "platform_type"));
    const auto* request = object.if_contains("request");
    if (!type || !request || !request->is_object()) return bad();
    intent.type = *type;
    intent.request = request->get_object();
    intent.external_id = read_text(object, "external_id");
    intent.token = SubmissionToken(read_text(object, "token"));
    intent.operation = read_text(object, "operation");
    stored.sender = read_text(object, "sender");
    if (const auto* safe = object.if_contains("repeat_is_safe"); safe && safe->is_bool())
        intent.repeat_is_safe = safe->get_bool();
    if (const auto* at = object.if_contains("created_at"); at && at->is_int64())
        intent.created_at = SystemTime(Millis(at->get_int64()));
    auto texts = [&](std::string_view name, std::vector<std::string>& out) {
        const auto* list = object.if_contains(name);
        if (!list || !list->is_array()) return;
        for (const auto& item : list->get_array())
            if (item.is_string()) out.emplace_back(item.get_string());
    };
    texts("from_definition", intent.from_definition);
    texts("warnings", intent.warnings);
    if (const auto* outputs = object.if_contains("outputs"); outputs && outputs->is_array()) {
        for (const auto& item : outputs->get_array()) {
            if (!item.is_object()) return bad();
            Parameter output{.name = read_text(item.get_object(), "name")};
            output.type = parse_data_type(read_text(item.get_object(), "type")).value_or(DataType::string);
            output.direction =
                parse_direction(read_text(item.get_object(), "direction")).value_or(Direction::output);
            intent.outputs.push_back(std::move(output));
        }
    }
    if (const auto* secrets = object.if_contains("secrets"); secrets && secrets->is_object())
        for (const auto& [placeholder, reference] : secrets->get_object())
            if (reference.is_string())
                stored.secrets.emplace(std::string(placeholder), std::string(reference.get_string()));
    return stored;
}

namespace {

// A text that holds a placeholder as a part is JSON inside JSON (Step Functions' input): the value is escaped
// for it.
void replace_in(std::string& text, const std::string& placeholder, const std::string& value) {
    if (text == placeholder) {
        text = value;
        return;
    }
    auto quoted = json::serialize(json::value(value));
    auto escaped = quoted.substr(1, quoted.size() - 2);
    for (auto at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + escaped.size()))
        text.replace(at, placeholder.size(), escaped);
}

void reveal_in(json::value& value, const std::string& placeholder, const std::string& secret) {
    if (auto* text = value.if_string()) {
        std::string replaced(*text);
        replace_in(replaced, placeholder, secret);
        *text = replaced;
    } else if (auto* list = value.if_array()) {
        for (auto& item : *list) reveal_in(item, placeholder, secret);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object) reveal_in(member.value(), placeholder, secret);
    }
}

}  // namespace

void learn_secrets(const engine::Catalog& catalog, const SecretResolver& resolver) {
    if (!resolver) return;
    std::set<std::string> references;
    for (const auto& [id, task] : catalog.tasks) {
        for (const auto& [name, compiled] : task.values) {
            auto text = compiled.is_constant() ? compiled.render({}) : Result<std::string>(std::string());
            if (text && is_reference(text.value())) references.insert(std::move(text.value()));
        }
    }
    for (const auto& reference : references) [[maybe_unused]] auto known = resolver(reference, "parameter");
}

void learn_secrets(const StoredIntent& stored, const SecretResolver& resolver) {
    if (!resolver) return;
    for (const auto& [placeholder, reference] : stored.secrets)
        [[maybe_unused]] auto known = resolver(reference, "parameter");
}

Result<SubmissionIntent> reveal(const StoredIntent& stored, const SecretResolver& resolver) {
    SubmissionIntent intent = stored.intent;
    for (const auto& [placeholder, reference] : stored.secrets) {
        if (!resolver)
            return make_error(ErrorKind::invalid_input, "no_secrets",
                              "secret references cannot be resolved here");
        POLYSYNC_TRY(auto secret, resolver(reference, "parameter"));
        for (auto& member : intent.request) reveal_in(member.value(), placeholder, secret.reveal());
    }
    return intent;
}

}  // namespace polysync::runtime
