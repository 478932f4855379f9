#include "sandbox/services/input.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {

namespace {

const Json* find(const JsonObject& object, std::string_view name) {
    const auto it = object.find(name);
    return it == object.end() || it->value().is_null() ? nullptr : &it->value();
}

bool fits(const Json& value, MemberType type) {
    switch (type) {
        case MemberType::text:
            return value.is_string();
        case MemberType::integer:
            return value.is_int64();
        case MemberType::number:
            return value.is_number();
        case MemberType::boolean:
            return value.is_bool();
        case MemberType::object:
            return value.is_object();
        case MemberType::list:
            return value.is_array();
        case MemberType::any:
            return true;
    }
    return false;
}

std::string_view type_name(MemberType type) {
    switch (type) {
        case MemberType::text:
            return "a string";
        case MemberType::integer:
            return "an integer";
        case MemberType::number:
            return "a number";
        case MemberType::boolean:
            return "a boolean";
        case MemberType::object:
            return "an object";
        case MemberType::list:
            return "a list";
        case MemberType::any:
            return "a value";
    }
    return {};
}

}  // namespace

bool has(const JsonObject& object, std::string_view name) { return find(object, name) != nullptr; }

std::string text(const JsonObject& object, std::string_view name, std::string_view fallback) {
    const Json* value = find(object, name);
    return std::string(value && value->is_string() ? view(*value) : fallback);
}

std::int64_t integer(const JsonObject& object, std::string_view name, std::int64_t fallback) {
    const Json* value = find(object, name);
    if (!value) return fallback;
    if (value->is_int64()) return value->get_int64();
    // Some JSON writers give whole numbers as 5.0; the guard keeps the conversion defined.
    if (value->is_double() && value->get_double() > -9e15 && value->get_double() < 9e15) {
        return std::int64_t(value->get_double());
    }
    return fallback;
}

double number(const JsonObject& object, std::string_view name, double fallback) {
    const Json* value = find(object, name);
    if (!value) return fallback;
    if (value->is_double()) return value->get_double();
    if (value->is_int64()) return double(value->get_int64());
    if (value->is_uint64()) return double(value->get_uint64());
    return fallback;
}

bool flag(const JsonObject& object, std::string_view name, bool fallback) {
    const Json* value = find(object, name);
    return value && value->is_bool() ? value->get_bool() : fallback;
}

const JsonObject* object_in(const JsonObject& object, std::string_view name) {
    const Json* value = find(object, name);
    return value ? value->if_object() : nullptr;
}

const JsonArray* list_in(const JsonObject& object, std::string_view name) {
    const Json* value = find(object, name);
    return value ? value->if_array() : nullptr;
}

std::vector<std::string> texts(const JsonObject& object, std::string_view name) {
    std::vector<std::string> found;
    const JsonArray* list = list_in(object, name);
    if (!list) return found;
    found.reserve(list->size());
    for (const Json& item : *list) {
        if (item.is_string()) found.emplace_back(view(item));
    }
    return found;
}

std::string_view view(const Json& value) {
    const auto* string = value.if_string();
    return string ? std::string_view(string->data(), string->size()) : std::string_view();
}

std::string json_text(const Json& value) {
    std::string text;
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            text += fmt::format("{}{}:{}", text.empty() ? "" : ",",
                                boost::json::serialize(Json(member.key())), json_text(member.value()));
        }
        return "{" + text + "}";
    }
    if (const auto* list = value.if_array()) {
        for (const Json& item : *list) text += (text.empty() ? "" : ",") + json_text(item);
        return "[" + text + "]";
    }
    return value.is_double() ? fmt::format("{}", value.get_double()) : boost::json::serialize(value);
}

void copy_members(const JsonObject& from, JsonObject& to, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (const Json* value = find(from, name)) to[name] = *value;
    }
}

double seconds(SandboxTime time) { return double(time.time_since_epoch().count()) / 1000.0; }

std::int64_t millis(SandboxTime time) { return time.time_since_epoch().count(); }

std::optional<SandboxTime> time_in(const JsonObject& object, std::string_view name) {
    const double value = number(object, name, -1e300);
    if (value < -1e11 || value > 1e11) return std::nullopt;
    return SandboxTime(Millis(std::int64_t(value * 1000.0)));
}

std::string wrong_members(const JsonObject& input, std::span<const MemberRule> rules) {
    for (const auto& member : input) {
        const std::string_view name(member.key().data(), member.key().size());
        const auto rule =
            std::find_if(rules.begin(), rules.end(), [&](const MemberRule& r) { return r.name == name; });
        if (rule == rules.end()) {
            std::string known;
            for (const MemberRule& each : rules)
                known += fmt::format("{}{}", known.empty() ? "" : ", ", each.name);
            return fmt::format("unknown member '{}'; known are: {}", name, known);
        }
        if (!fits(member.value(), rule->type)) {
            return fmt::format("member '{}' must be {}", name, type_name(rule->type));
        }
    }
    return {};
}

ServiceAnswer refuse_admin(std::string message) {
    return refuse("InvalidAdminCall", std::move(message), 400);
}

ServiceAnswer unknown_kind(std::string_view kind, std::string_view known) {
    return refuse_admin(fmt::format("unknown kind '{}'; known are: {}", kind, known));
}

ServiceAnswer unknown_operation(std::string_view operation) {
    return refuse("UnknownOperationException", fmt::format("The operation {} is not simulated.", operation),
                  400);
}

}  // namespace polysync::sandbox
