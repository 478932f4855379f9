#include "definition/objects.h"

#include "definition/codec.h"
#include "definition/keys.h"

namespace polysync::definition {
namespace {

namespace json = boost::json;

void put(json::object& into, std::string_view key, const std::string& text) {
    if (!text.empty()) into[key] = text;
}

json::object auth_document(const AuthConfig& auth, ClearText clear_text) {
    json::object out{{"method", to_string(auth.method)}};
    if (auth.method == AuthMethod::web_identity) out["token_source"] = to_string(auth.token_source);
    for (const auto& key : auth_keys()) {
        if (!key.use(auth.method, auth.token_source)) continue;
        if (key.text) {
            put(out, key.name, auth.*key.text);
            continue;
        }
        const SecretReference& secret = auth.*key.secret;
        bool hide =
            key.confidential && !secret.empty() && secret.is_clear_text() && clear_text == ClearText::redact;
        put(out, key.name, hide ? "[redacted]" : secret.text);
    }
    json::array assume;
    for (const auto& step : auth.assume) {
        json::object entry{{"role_arn", step.role_arn}};
        put(entry, "external_id", step.external_id);
        put(entry, "session_name", step.session_name);
        assume.push_back(std::move(entry));
    }
    if (!assume.empty()) out["assume"] = std::move(assume);
    return out;
}

json::object document(const PlatformDefinition& definition, ClearText clear_text) {
    const Platform& platform = definition.platform;
    json::object out{{"name", platform.name}};
    put(out, "owner", definition.meta.owner);
    put(out, "description", definition.meta.description);
    if (!definition.meta.tags.empty()) out["tags"] = TextMapCodec{}.write(definition.meta.tags);
    out["type"] = to_string(platform.type);
    out["region"] = platform.region;
    put(out, "endpoint", platform.endpoint);
    if (platform.use_fips) out["use_fips"] = true;
    if (platform.use_dual_stack) out["use_dual_stack"] = true;
    out["auth"] = auth_document(platform.auth, clear_text);
    if (!platform.defaults.empty()) out["defaults"] = platform.defaults;
    return out;
}

json::object document(const ContentionProfile& value, ClearText) { return write_map(value, profile_table()); }
json::object document(const JobDefinition& value, ClearText) { return write_map(value, job_table()); }
json::object document(const Task& value, ClearText) { return write_map(value, task_table()); }
json::object document(const EventSource& value, ClearText) { return write_map(value, source_table()); }

bool speaks_of_secrets(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    for (std::string_view word :
         {"password", "passwd", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key",
          "access-key", "accesskey", "credential", "private_key"})
        if (lower.find(word) != std::string::npos) return true;
    return false;
}

json::value without_secrets(const json::value& value) {
    json::value out = value;
    if (auto* list = out.if_array())
        for (auto& item : *list) item = without_secrets(item);
    if (auto* object = out.if_object())
        for (auto& member : *object) {
            bool hide = member.value().is_string() && speaks_of_secrets(member.key());
            member.value() = hide ? json::value("[redacted]") : without_secrets(member.value());
        }
    return out;
}

}  // namespace

json::object imported_part(const Job& job) {
    json::object out{{"name", job.name}};
    put(out, "description", job.description);
    json::array parameters;
    for (auto parameter : job.parameters) {
        if (parameter.default_value && speaks_of_secrets(parameter.name))
            parameter.default_value = "[redacted]";
        parameters.push_back(write_map(parameter, parameter_table()));
    }
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    if (!job.attributes.empty()) out["attributes"] = without_secrets(job.attributes);
    if (!job.details.empty()) out["details"] = without_secrets(job.details);
    return out;
}

std::string_view to_string(Kind kind) {
    constexpr std::string_view words[] = {"platform", "profile", "job", "task", "source"};
    return words[std::size_t(kind)];
}

std::string_view section_name(Kind kind) {
    constexpr std::string_view words[] = {"platforms", "profiles", "jobs", "tasks", "sources"};
    return words[std::size_t(kind)];
}

const Metadata& metadata(const Value& value) {
    return std::visit([](const auto& object) -> const Metadata& { return object.meta; }, value);
}

Metadata& metadata(Value& value) {
    return std::visit([](auto& object) -> Metadata& { return object.meta; }, value);
}

Problem Definition::problem(std::string_view field, std::string message) const {
    std::string path;
    const Node& nearest = find_nearest(node, field, path);
    Problem out{file, nearest.mark, std::move(message), {}};
    if (file.empty()) {
        out.field = path;
        out.mark = {};
    }
    return out;
}

json::object to_document(const Value& value, ClearText clear_text) {
    return std::visit([&](const auto& object) { return document(object, clear_text); }, value);
}

std::optional<std::string> clear_text_secret(const PlatformDefinition& platform) {
    const AuthConfig& auth = platform.platform.auth;
    for (const auto& key : auth_keys()) {
        if (!key.secret || !key.confidential || !key.use(auth.method, auth.token_source)) continue;
        const SecretReference& secret = auth.*key.secret;
        if (!secret.empty() && secret.is_clear_text()) return "auth." + std::string(key.name);
    }
    return std::nullopt;
}

JobDefinition effective(const JobDefinition& job) {
    JobDefinition out = job;
    const auto* imported = job.imported.if_contains("parameters");
    if (!imported) return out;
    std::vector<std::string> paths;
    Findings findings{""};
    Member member{"parameters", {}, from_json(*imported, paths)};
    auto found = ListCodec<Parameter, MapCodec<Parameter>>{{parameter_table, "a parameter"}}.read(
        member, {findings, {}, Scope::Origin::stored});
    if (!found) return out;
    // Glue's names are the same with and without their dashes (GLUE-2).
    auto bare = [](std::string_view name) { return name.starts_with("--") ? name.substr(2) : name; };
    std::vector<Parameter> merged;
    for (auto& parameter : *found) {
        bool declared = std::any_of(job.parameters.begin(), job.parameters.end(), [&](const Parameter& own) {
            return bare(own.name) == bare(parameter.name);
        });
        if (!declared) merged.push_back(std::move(parameter));
    }
    merged.insert(merged.end(), job.parameters.begin(), job.parameters.end());
    out.parameters = std::move(merged);
    return out;
}

}  // namespace polysync::definition
