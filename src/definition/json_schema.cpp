#include <boost/json.hpp>
#include <fmt/format.h>

#include "definition/codec.h"
#include "definition/definition.h"
#include "definition/keys.h"
#include "model/attribute_schema.h"

namespace polysync::definition {
namespace {

using boost::json::array;
using boost::json::object;

std::string whole(std::string_view pattern) { return fmt::format("^({})$", pattern); }

array words(const std::vector<std::string>& list) {
    array out;
    for (const auto& word : list) out.emplace_back(word);
    return out;
}

object closed(object properties, array required) {
    object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
}

object text(std::string_view description, std::string_view pattern = {}) {
    object out{{"type", "string"}, {"description", description}, {"minLength", 1}};
    // Placeholders are filled in before the form is checked.
    if (!pattern.empty()) out["pattern"] = fmt::format("^({})$|\\$\\{{", pattern);
    return out;
}

std::string_view shape_pattern(ValueShape shape) {
    if (shape == ValueShape::arn) return role_arn_pattern;
    if (shape == ValueShape::url) return url_pattern;
    return {};
}

object assume_schema() {
    object step;
    for (auto key : assume_keys()) {
        step[key] =
            text(key == "role_arn" ? "Role to assume next." : "As in the role's trust policy and CloudTrail.",
                 key == "role_arn" ? role_arn_pattern : std::string_view());
    }
    return {{"type", "array"},
            {"description", "Further roles, one after the other."},
            {"items", closed(std::move(step), {"role_arn"})}};
}

// One alternative per method (and token source), so that an editor offers exactly the keys that it uses.
object auth_alternative(AuthMethod method, TokenSource source) {
    object properties{{"method", object{{"const", to_string(method)}}}};
    array required{"method"};
    if (method == AuthMethod::web_identity) {
        properties["token_source"] = object{{"const", to_string(source)}};
        if (source != TokenSource::file) required.emplace_back("token_source");
    }
    for (const auto& key : auth_keys()) {
        const AuthUse* use = key.use(method, source);
        if (!use) continue;
        properties[key.name] = text(key.description, shape_pattern(key.shape));
        if (use->required) required.emplace_back(key.name);
    }
    properties["assume"] = assume_schema();
    return closed(std::move(properties), std::move(required));
}

object auth_schema() {
    array alternatives;
    for (const auto& word : auth_method_words()) {
        AuthMethod method = *parse_auth_method(word);
        for (const auto& source : token_source_words()) {
            alternatives.push_back(auth_alternative(method, *parse_token_source(source)));
            if (method != AuthMethod::web_identity) break;
        }
    }
    return {{"description", "How to authenticate."}, {"oneOf", std::move(alternatives)}};
}

object attribute(const AttributeSpec& spec) {
    object out{{"description", spec.description}};
    switch (spec.kind) {
        case AttributeKind::integer:
            out["type"] = "integer";
            out["minimum"] = spec.min;
            if (spec.max != 0) out["maximum"] = spec.max;
            break;
        case AttributeKind::number:
            out["type"] = "number";
            break;
        case AttributeKind::boolean:
            out["type"] = "boolean";
            break;
        case AttributeKind::choice:
            out["enum"] = words(spec.choices);
            break;
        case AttributeKind::text_list:
            out["type"] = "array";
            break;
        case AttributeKind::text_map:
            out["type"] = "object";
            break;
        case AttributeKind::dependency_list:
            out["type"] = "array";
            break;
        case AttributeKind::text:
            out["type"] = "string";
            if (spec.min_length != 0) out["minLength"] = spec.min_length;
            if (spec.max_length != 0) out["maxLength"] = spec.max_length;
            if (!spec.pattern.empty()) out["pattern"] = whole(spec.pattern);
            if (!spec.choices.empty()) out["examples"] = words(spec.choices);
            break;
    }
    return out;
}

object defaults_rule(std::string_view type_word) {
    object properties;
    for (const auto& spec : attribute_schema(*parse_platform_type(type_word))) {
        if (spec.in_defaults) properties[spec.name] = attribute(spec);
    }
    return {{"if", object{{"properties", object{{"type", object{{"const", type_word}}}}}}},
            {"then", object{{"properties", object{{"defaults", closed(std::move(properties), {})}}}}}};
}

object for_each_schema() {
    object one_or_more{
        {"anyOf", array{object{{"type", "string"}},
                        object{{"type", "array"}, {"items", object{{"type", "string"}}}, {"minItems", 1}}}}};
    object properties{{"account", one_or_more}, {"region", one_or_more}};
    object out = closed(std::move(properties), {});
    out["minProperties"] = 1;
    out["description"] = "One platform per pair; ${account}, ${account_id} and ${region} are filled in.";
    return out;
}

object tags_schema(std::string_view description) {
    object out = TextMapCodec{}.schema();
    out["description"] = description;
    return out;
}

object platform_schema() {
    object properties;
    array required;
    for (const auto& key : platform_keys()) {
        object value{{"description", key.description}};
        if (key.name == "name") value = text(key.description, fmt::format("/?({})", name_pattern));
        if (key.name == "region") value = text(key.description, region_pattern);
        if (key.name == "endpoint") value = text(key.description, url_pattern);
        if (key.name == "type") value["enum"] = words(platform_type_words());
        if (key.name.starts_with("use_")) value["type"] = "boolean";
        if (key.name == "defaults") value["type"] = "object";
        if (key.name == "auth") value = auth_schema();
        if (key.name == "owner") value = text(key.description);
        if (key.name == "description") value["type"] = "string";
        if (key.name == "tags") value = tags_schema(key.description);
        if (key.name == "for_each") value = for_each_schema();
        properties[key.name] = std::move(value);
        if (key.required && key.name != "region") required.emplace_back(key.name);
    }
    object out = closed(std::move(properties), std::move(required));
    // for_each.region stands for the region.
    out["anyOf"] = array{object{{"required", array{"region"}}}, object{{"required", array{"for_each"}}}};
    array rules;
    for (const auto& word : platform_type_words()) rules.push_back(defaults_rule(word));
    out["allOf"] = std::move(rules);
    return out;
}

object list_of(object item) { return {{"type", "array"}, {"items", std::move(item)}}; }

object job_schema() {
    object out = schema_of_map(job_table());
    out.at("properties").as_object().erase("imported");  // no business of files
    return out;
}

void pretty(const boost::json::value& value, int indent, std::string& out) {
    auto line = [&](int depth) { out.append("\n").append(std::size_t(depth) * 2, ' '); };
    bool first = true;
    if (const object* members = value.if_object(); members && !members->empty()) {
        out += "{";
        for (const auto& [key, member] : *members) {
            if (!first) out += ",";
            first = false;
            line(indent + 1);
            out += boost::json::serialize(boost::json::value(key)) + ": ";
            pretty(member, indent + 1, out);
        }
        line(indent);
        out += "}";
    } else if (const array* items = value.if_array();
               items && !items->empty() && !items->front().is_primitive()) {
        out += "[";
        for (const auto& item : *items) {
            if (!first) out += ",";
            first = false;
            line(indent + 1);
            pretty(item, indent + 1, out);
        }
        line(indent);
        out += "]";
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string json_schema() {
    object account{{"anyOf", array{object{{"type", "string"}, {"pattern", whole(account_pattern)}},
                                   object{{"type", "integer"}}}}};
    object accounts{{"description", "AWS accounts that for_each may name: name to id, or a list of ids."},
                    {"anyOf", array{object{{"type", "object"}, {"additionalProperties", account}},
                                    object{{"type", "array"}, {"items", account}}}}};
    object properties{{"namespace", text("Namespace of the names without '/' in this file.", name_pattern)},
                      {"owner", text("Owner of the objects that name none.")},
                      {"description", text("Description of the objects that have none.")},
                      {"tags", tags_schema("Tags of every object of the file, under its own.")},
                      {"accounts", std::move(accounts)},
                      {"platforms", list_of(platform_schema())},
                      {"profiles", list_of(schema_of_map(profile_table()))},
                      {"jobs", list_of(job_schema())},
                      {"tasks", list_of(schema_of_map(task_table()))},
                      {"sources", list_of(schema_of_map(source_table()))}};
    object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                  {"title", "Polysync definition file"}};
    object root = closed(std::move(properties), {});
    for (auto& [key, value] : root) schema[key] = std::move(value);
    array sections;
    for (auto kind : all_kinds) sections.push_back(object{{"required", array{section_name(kind)}}});
    schema["anyOf"] = std::move(sections);
    std::string out;
    pretty(schema, 0, out);
    return out + "\n";
}

}  // namespace polysync::definition
