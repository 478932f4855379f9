#include "definition/codec.h"

#include <charconv>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "model/attribute_schema.h"

namespace polysync::definition {
namespace {

namespace json = boost::json;

constexpr std::size_t max_value_bytes = 64 * 1024;
constexpr std::size_t max_key_bytes = 256;
constexpr std::string_view duration_pattern = "([0-9]{1,9}(d|h|m|s))+";
constexpr std::chrono::seconds longest_duration = std::chrono::hours(24 * 366);

std::string shown(std::string_view text) { return std::string(text.substr(0, 64)); }

std::chrono::seconds unit_of(char letter) {
    switch (letter) {
        case 'd':
            return std::chrono::hours(24);
        case 'h':
            return std::chrono::hours(1);
        case 'm':
            return std::chrono::minutes(1);
        default:
            return std::chrono::seconds(1);
    }
}

// The text of a value of a parameter: of a scalar as it stands in the file, of anything else its JSON.
std::optional<std::string> value_text(const Member& member, const Scope& scope) {
    const Node& node = member.value;
    if (node.kind == NodeKind::null) {
        scope.findings.error(node.mark,
                             fmt::format("\"{}\" has no value; an empty text is \"\"", shown(member.key)));
        return std::nullopt;
    }
    std::string text = node.is_scalar() ? node.text : write_json(to_json(node));
    if (text.size() > max_value_bytes || text.find('\0') != std::string::npos) {
        scope.findings.error(node.mark, fmt::format("\"{}\" must be a text of at most {} bytes",
                                                    shown(member.key), max_value_bytes));
        return std::nullopt;
    }
    return scope.qualify_template(text);
}

// What only a run will know: templates, and references that are resolved at submit.
bool is_open(const json::value& value) {
    if (const auto* list = value.if_array()) return std::any_of(list->begin(), list->end(), is_open);
    if (const auto* object = value.if_object())
        return std::any_of(object->begin(), object->end(),
                           [](const auto& item) { return is_open(item.value()); });
    if (!value.is_string()) return false;
    std::string_view text = value.get_string();
    return text.find("${") != std::string_view::npos || text.starts_with("env://") ||
           text.starts_with("file://") || text.starts_with("vault://");
}

json::value qualified(const json::value& value, const Scope& scope) {
    if (const auto* text = value.if_string())
        return json::value(std::string_view(scope.qualify_template(std::string(*text))));
    json::value out = value;
    if (auto* list = out.if_array())
        for (auto& item : *list) item = qualified(item, scope);
    if (auto* object = out.if_object())
        for (auto& item : *object) item.value() = qualified(item.value(), scope);
    return out;
}

// The first platform type that has this attribute for jobs; their names mean the same in all.
std::optional<PlatformType> type_with(std::string_view attribute) {
    using enum PlatformType;
    for (auto type : {aws_glue, aws_batch, aws_sagemaker, aws_step_functions})
        for (const auto& spec : attribute_schema(type))
            if (spec.in_job && spec.name == attribute) return type;
    return std::nullopt;
}

std::vector<std::string> all_attributes() {
    using enum PlatformType;
    std::vector<std::string> out;
    for (auto type : {aws_glue, aws_batch, aws_sagemaker, aws_step_functions})
        for (const auto& spec : attribute_schema(type))
            if (spec.in_job && std::find(out.begin(), out.end(), spec.name) == out.end())
                out.push_back(spec.name);
    return out;
}

bool check_key(const Member& member, const Scope& scope) {
    bool good = !member.key.empty() && member.key.size() <= max_key_bytes &&
                member.key.find_first_of(std::string_view("\0\n\r", 3)) == std::string::npos;
    if (!good)
        scope.findings.error(member.mark,
                             fmt::format("a name must have 1 to {} bytes in one line", max_key_bytes));
    return good;
}

}  // namespace

std::string Scope::qualify(const std::string& name) const {
    if (name.starts_with('/')) return name.substr(1);
    if (name_space.empty() || name.find('/') != std::string::npos) return name;
    return name_space + "/" + name;
}

std::string Scope::qualify_template(const std::string& text) const {
    constexpr std::string_view opening = "${parents.", ending = ".outputs.";
    if (name_space.empty() || text.find(opening) == std::string::npos) return text;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::string_view rest = std::string_view(text).substr(at);
        auto end = rest.find('}');
        if (rest.starts_with("$${")) {
            out += "$${";
            at += 3;
        } else if (rest.starts_with(opening) && end != std::string_view::npos) {
            auto inner = rest.substr(opening.size(), end - opening.size());
            auto name = inner.substr(0, inner.find(ending));
            out.append(opening).append(qualify(std::string(name))).append(inner.substr(name.size()));
            at += end;
        } else {
            out += text[at++];
        }
    }
    return out;
}

bool require_list(const Member& member, const Scope& scope) {
    if (!member.value.is_sequence()) {
        scope.findings.error(member.value.mark, fmt::format("\"{}\" must be a list, not {}", member.key,
                                                            kind_name(member.value)));
        return false;
    }
    if (member.value.items.size() <= max_list_items) return true;
    scope.findings.error(member.value.mark,
                         fmt::format("\"{}\" has more than {} entries", member.key, max_list_items));
    return false;
}

std::optional<std::string> TextCodec::read(const Member& member, const Scope& scope) const {
    if (many_lines && member.value.is_scalar()) {
        auto text =
            kind_name(member.value) == "a text" ? value_text(member, {scope.findings, {}}) : std::nullopt;
        if (text) return text;
    }
    auto text = read_text(member, scope.findings);
    if (text && !pattern.empty() && !matches(*text, pattern)) {
        scope.findings.error(member.value.mark,
                             fmt::format("\"{}\" must be {}, not \"{}\"", member.key, form, shown(*text)));
        return std::nullopt;
    }
    return text;
}

json::object TextCodec::schema() const {
    json::object out{{"type", "string"}, {"minLength", 1}};
    if (!pattern.empty()) out["pattern"] = fmt::format("^({})$", pattern);
    return out;
}

std::optional<QualifiedName> NameCodec::read(const Member& member, const Scope& scope) const {
    auto text = read_text(member, scope.findings);
    if (!text) return std::nullopt;
    auto name = scope.qualify(*text);
    if (!matches(name, name_pattern)) {
        scope.findings.error(
            member.value.mark,
            fmt::format("\"{}\" must be letters, digits, '.', '_', '/' and '-', beginning with a "
                        "letter or digit, at most 128 characters",
                        member.key));
        return std::nullopt;
    }
    return QualifiedName(std::move(name));
}

json::object NameCodec::schema() const {
    return {{"type", "string"}, {"pattern", fmt::format("^/?({})$", name_pattern)}};
}

std::optional<int> IntegerCodec::read(const Member& member, const Scope& scope) const {
    auto value = to_json(member.value);
    const auto* number = value.if_int64();
    if (number && *number >= low && *number <= high) return int(*number);
    scope.findings.error(member.value.mark,
                         fmt::format("\"{}\" must be a whole number from {} to {}", member.key, low, high));
    return std::nullopt;
}

json::object IntegerCodec::schema() const {
    return {{"type", "integer"}, {"minimum", low}, {"maximum", high}};
}

std::optional<double> NumberCodec::read(const Member& member, const Scope& scope) const {
    auto value = to_json(member.value);
    if (value.is_number()) {
        double number = value.to_number<double>();
        if (number > 0 && number <= 1e9) return number;
    }
    scope.findings.error(member.value.mark, fmt::format("\"{}\" must be a number above zero", member.key));
    return std::nullopt;
}

json::value NumberCodec::write(double value) const {
    auto whole = std::int64_t(value);
    if (double(whole) == value) return whole;
    return value;
}

json::object NumberCodec::schema() const { return {{"type", "number"}, {"exclusiveMinimum", 0}}; }

std::optional<std::chrono::seconds> read_duration(const Member& member, std::chrono::seconds unit,
                                                  const Scope& scope) {
    const Node& node = member.value;
    auto bad = [&](std::string message) -> std::optional<std::chrono::seconds> {
        scope.findings.error(node.mark, fmt::format("\"{}\" {}", member.key, message));
        return std::nullopt;
    };
    if (!node.is_scalar() || !matches(node.text, duration_pattern))
        return bad("must be a duration such as \"90s\", \"15m\", \"24h\" or \"7d\"");
    std::chrono::seconds total{0};
    const char *at = node.text.data(), *end = at + node.text.size();
    while (at != end) {
        std::int64_t count = 0;
        at = std::from_chars(at, end, count).ptr;
        total += count * unit_of(*at++);
        if (total > longest_duration) return bad("is longer than 366 days");
    }
    if (total.count() % unit.count() != 0) return bad("must be whole minutes");
    return total;
}

std::string duration_text(std::chrono::seconds value) {
    constexpr std::chrono::seconds day = std::chrono::hours(24), hour = std::chrono::hours(1),
                                   minute = std::chrono::minutes(1);
    auto count = value.count();
    if (count >= 2 * day.count() && count % day.count() == 0) return fmt::format("{}d", count / day.count());
    if (count > 0 && count % hour.count() == 0) return fmt::format("{}h", count / hour.count());
    if (count > 0 && count % minute.count() == 0) return fmt::format("{}m", count / minute.count());
    return fmt::format("{}s", count);
}

json::object duration_schema() {
    return {{"type", "string"}, {"pattern", fmt::format("^{}$", duration_pattern)}};
}

std::optional<std::map<std::string, std::string>> TextMapCodec::read(const Member& member,
                                                                     const Scope& scope) const {
    if (!require_map(member.value, fmt::format("\"{}\"", member.key), scope.findings)) return std::nullopt;
    std::map<std::string, std::string> out;
    for (const auto& item : member.value.members) {
        if (!check_key(item, scope)) continue;
        if (!values && !item.value.is_scalar()) {
            scope.findings.error(item.value.mark, fmt::format("\"{}\" must be a text, not {}",
                                                              shown(item.key), kind_name(item.value)));
            continue;
        }
        if (auto text = value_text(item, scope)) out[item.key] = std::move(*text);
    }
    return out;
}

json::value TextMapCodec::write(const std::map<std::string, std::string>& value) const {
    json::object out;
    for (const auto& [name, text] : value) out[name] = text;
    return out;
}

json::object TextMapCodec::schema() const {
    json::object out{{"type", "object"}};
    if (!values)
        out["additionalProperties"] = json::object{{"type", json::array{"string", "number", "boolean"}}};
    return out;
}

std::optional<json::object> AttributesCodec::read(const Member& member, const Scope& scope) const {
    if (!require_map(member.value, fmt::format("\"{}\"", member.key), scope.findings)) return std::nullopt;
    json::object out;
    for (const auto& item : member.value.members) {
        auto type = type_with(item.key);
        if (!type) {
            scope.findings.error(item.mark, fmt::format("unknown attribute \"{}\"{}", shown(item.key),
                                                        suggestion(item.key, all_attributes())));
            continue;
        }
        // As written: what becomes a text in the end must not lose a zero (version: 4.0).
        auto value = qualified(to_json(item.value, Numbers::as_written), scope);
        if (is_open(value)) {
            out[item.key] = std::move(value);
            continue;
        }
        auto checked = check_attribute(*type, AttributePlace::job, item.key, value);
        if (checked) {
            out[item.key] = std::move(checked.value());
        } else {
            const Error& error = checked.error();
            scope.findings.error(item.value.mark,
                                 error.remedy.empty() ? error.message : error.message + " " + error.remedy);
        }
    }
    return out;
}

json::object AttributesCodec::schema() const {
    using enum PlatformType;
    json::object properties;
    for (auto type : {aws_glue, aws_batch, aws_sagemaker, aws_step_functions})
        for (const auto& spec : attribute_schema(type))
            if (spec.in_job) properties[spec.name] = json::object{{"description", spec.description}};
    return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

std::optional<std::string> read_word(const Member& member, std::span<const std::string> known,
                                     const Scope& scope) {
    auto word = read_text(member, scope.findings);
    if (!word || std::find(known.begin(), known.end(), *word) != known.end()) return word;
    scope.findings.error(member.value.mark, fmt::format("\"{}\" cannot be \"{}\"{}", member.key, shown(*word),
                                                        suggestion(*word, known)));
    return std::nullopt;
}

}  // namespace polysync::definition
