#include "definition/platform_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/attribute_schema.h"

namespace polysync::definition {
namespace {

std::vector<std::string> known_keys() {
    std::vector<std::string> known;
    for (const auto& key : platform_keys()) known.emplace_back(key.name);
    return known;
}

std::optional<PlatformType> read_type(const Node& entry, Findings& findings) {
    const Member* member = entry.find("type");
    auto word = member ? read_text(*member, findings) : std::nullopt;
    if (!word) return std::nullopt;
    auto type = parse_platform_type(*word);
    if (!type) {
        findings.error(member->value.mark, fmt::format("unknown platform type \"{}\"{}", word->substr(0, 64),
                                                       suggestion(*word, platform_type_words())));
    }
    return type;
}

void read_region(const Member& member, Platform& platform, Findings& findings) {
    auto region = read_text(member, findings);
    if (!region) return;
    if (!matches(*region, region_pattern)) {
        findings.error(member.value.mark,
                       fmt::format("\"region\" must be an AWS region such as us-east-1, not \"{}\"",
                                   region->substr(0, 64)));
    }
    platform.region = std::move(*region);
}

void read_defaults(const Member& member, PlatformType type, Platform& platform, Findings& findings) {
    if (!require_map(member.value, "\"defaults\"", findings)) return;
    for (const auto& item : member.value.members) {
        auto checked = check_attribute(type, AttributePlace::platform_defaults, item.key,
                                       to_json(item.value, Numbers::as_written));
        if (checked) {
            platform.defaults[item.key] = std::move(checked.value());
            continue;
        }
        const Error& error = checked.error();
        Mark mark = error.code == "unknown_attribute" ? item.mark : item.value.mark;
        findings.error(mark, error.remedy.empty() ? error.message : error.message + " " + error.remedy);
    }
}

}  // namespace

std::optional<PlatformDefinition> read_platform(const Node& entry, const Scope& scope) {
    Findings& findings = scope.findings;
    std::size_t before = findings.errors().size();
    if (!require_map(entry, "an entry of \"platforms\"", findings)) return std::nullopt;
    refuse_unknown_keys(entry, known_keys(), "a platform", findings);
    const Member* for_each = entry.find("for_each");
    if (for_each && scope.origin != Scope::Origin::file)
        findings.error(for_each->mark, "\"for_each\" is for files: a document is one platform");
    for (const auto& key : platform_keys()) {
        if (key.required && !entry.find(key.name)) {
            findings.error(entry.mark, fmt::format("a platform lacks \"{}\"", key.name));
        }
    }
    PlatformDefinition made;
    Platform& platform = made.platform;
    auto type = read_type(entry, findings);
    if (type) platform.type = *type;
    for (const auto& member : entry.members) {
        if (member.key == "name") {
            made.meta.name = NameCodec{}.read(member, scope).value_or(QualifiedName());
            platform.name = made.meta.name.str();
        } else if (member.key == "region") {
            read_region(member, platform, findings);
        } else if (member.key == "endpoint") {
            if (auto url = read_text(member, findings)) {
                check_shape(member, ValueShape::url, findings);
                platform.endpoint = std::move(*url);
            }
        } else if (member.key == "use_fips") {
            platform.use_fips = read_boolean(member, findings).value_or(false);
        } else if (member.key == "use_dual_stack") {
            platform.use_dual_stack = read_boolean(member, findings).value_or(false);
        } else if (member.key == "owner") {
            made.meta.owner = TextCodec{}.read(member, scope).value_or("");
        } else if (member.key == "description") {
            made.meta.description = TextCodec{.many_lines = true}.read(member, scope).value_or("");
        } else if (member.key == "tags") {
            made.meta.tags = TextMapCodec{}.read(member, scope).value_or(made.meta.tags);
        } else if (member.key == "auth") {
            platform.auth = read_auth(member.value, findings);
        } else if (member.key == "defaults" && type) {
            read_defaults(member, *type, platform, findings);
        }
    }
    if (findings.errors().size() != before) return std::nullopt;
    return made;
}

}  // namespace polysync::definition
