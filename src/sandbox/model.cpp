#include "sandbox/model.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json.hpp>

// The model files, as they are, in the binary (the include path is set in src/CMakeLists.txt).
#define POLYSYNC_EMBED(name)                                                                              \
    asm(".section .rodata\n.global polysync_model_" #name "\npolysync_model_" #name ":\n.incbin \"" #name \
        ".json\"\npolysync_model_" #name "_end:\n.global polysync_model_" #name                           \
        "_end\n.byte 0\n.previous\n");                                                                    \
    extern "C" const char polysync_model_##name[], polysync_model_##name##_end[]

POLYSYNC_EMBED(glue);
POLYSYNC_EMBED(batch);
POLYSYNC_EMBED(sagemaker);
POLYSYNC_EMBED(stepfunctions);
POLYSYNC_EMBED(sts);
POLYSYNC_EMBED(logs);

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view name) {
    auto* value = object.if_contains(name);
    if (!value || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

const json::object& object_of(const json::object& object, std::string_view name) {
    static const json::object none;
    auto* value = object.if_contains(name);
    return value && value->is_object() ? value->get_object() : none;
}

ShapeType type_of(std::string_view name) {
    if (name == "structure") return ShapeType::structure;
    if (name == "list") return ShapeType::list;
    if (name == "map") return ShapeType::map;
    if (name == "integer") return ShapeType::integer;
    if (name == "long") return ShapeType::long_integer;
    if (name == "double" || name == "float") return ShapeType::floating;
    if (name == "boolean") return ShapeType::boolean;
    if (name == "timestamp") return ShapeType::timestamp;
    if (name == "blob") return ShapeType::blob;
    return ShapeType::string;
}

// Enums where the model is behind the documentation (aws-facts 2.2): AWS takes more than it lists.
bool enum_is_behind(std::string_view shape) { return shape == "WorkerType"; }

}  // namespace

struct Model::Source {
    const json::object& shapes;
};

const Member* Shape::find_member(std::string_view member) const {
    auto found =
        std::lower_bound(members.begin(), members.end(), member,
                         [](const Member& one, std::string_view wanted) { return one.name < wanted; });
    return found != members.end() && found->name == member ? &*found : nullptr;
}

Model::Model(std::string_view json_text) {
    json::error_code error;
    json::value root = json::parse({json_text.data(), json_text.size()}, error);
    if (error || !root.is_object()) return;
    Source source{object_of(root.get_object(), "shapes")};
    for (auto& [name, value] : object_of(root.get_object(), "operations")) {
        if (!value.is_object()) continue;
        auto operation = std::make_unique<Operation>();
        operation->name = name;
        operation->authenticated = text_of(value.get_object(), "authtype") != "none";
        auto input = text_of(object_of(value.get_object(), "input"), "shape");
        if (!input.empty()) operation->input = build(source, std::string(input));
        by_name_.emplace(operation->name, operation.get());
        by_path_.emplace(std::string(text_of(object_of(value.get_object(), "http"), "requestUri")),
                         operation.get());
        operations_.push_back(std::move(operation));
    }
    for (auto& [name, value] : source.shapes) {
        if (!value.is_object() || !value.get_object().contains("exception")) continue;
        auto& details = object_of(value.get_object(), "error");
        ErrorShape made{std::string(name), value.get_object().contains("fault") ? 500 : 400};
        if (auto code = text_of(details, "code"); !code.empty()) made.code = code;
        if (auto* status = details.if_contains("httpStatusCode"); status && status->is_int64())
            made.status = int(status->get_int64());
        errors_.insert_or_assign(made.code, made);
        errors_.insert_or_assign(std::string(name), made);
    }
}

const Shape* Model::build(const Source& source, const std::string& name) {
    if (auto known = shapes_.find(name); known != shapes_.end()) return known->second.get();
    auto& shape = *shapes_.emplace(name, std::make_unique<Shape>()).first->second;
    auto& described = object_of(source.shapes, name);
    shape.name = name;
    shape.type = type_of(text_of(described, "type"));
    auto number = [&](std::string_view key) -> std::optional<double> {
        auto* value = described.if_contains(key);
        return value && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
    };
    shape.min = number("min");
    shape.max = number("max");
    shape.sensitive = described.contains("sensitive");
    if (auto pattern = text_of(described, "pattern"); !pattern.empty()) {
        shape.pattern_source = pattern;
        shape.pattern = std::make_unique<Pattern>(pattern);
    }
    if (auto* values = described.if_contains("enum"); values && values->is_array() && !enum_is_behind(name))
        for (auto& value : values->get_array())
            if (value.is_string()) shape.values.emplace_back(value.get_string());
    for (auto& [member, value] : object_of(described, "members"))
        if (value.is_object())
            shape.members.push_back(
                {member, build(source, std::string(text_of(value.get_object(), "shape"))), false});
    std::sort(shape.members.begin(), shape.members.end(),
              [](const Member& one, const Member& other) { return one.name < other.name; });
    if (auto* required = described.if_contains("required"); required && required->is_array())
        for (auto& member : shape.members)
            for (auto& required_name : required->get_array())
                if (required_name.is_string() && std::string_view(required_name.get_string()) == member.name)
                    member.required = true;
    auto linked = [&](std::string_view key) -> const Shape* {
        auto target = text_of(object_of(described, key), "shape");
        return target.empty() ? nullptr : build(source, std::string(target));
    };
    shape.element = shape.type == ShapeType::map ? linked("value") : linked("member");
    shape.key = linked("key");
    return &shape;
}

const Operation* Model::find_operation(std::string_view name) const {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

const Operation* Model::find_path(std::string_view path) const {
    auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
}

const ErrorShape* Model::find_error(std::string_view code) const {
    auto found = errors_.find(code);
    return found == errors_.end() ? nullptr : &found->second;
}

const Model& Model::of(std::string_view service) {
#define POLYSYNC_MODEL(name)                                                                           \
    if (service == #name) {                                                                            \
        static const Model model(std::string_view(                                                     \
            polysync_model_##name, std::size_t(polysync_model_##name##_end - polysync_model_##name))); \
        return model;                                                                                  \
    }
    POLYSYNC_MODEL(glue)
    POLYSYNC_MODEL(batch)
    POLYSYNC_MODEL(sagemaker)
    POLYSYNC_MODEL(stepfunctions)
    POLYSYNC_MODEL(sts)
    POLYSYNC_MODEL(logs)
#undef POLYSYNC_MODEL
    std::abort();
}

}  // namespace polysync::sandbox
