#include "provider/setting_tiers.h"

#include <charconv>

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/secret.h"

namespace polysync {

namespace {

std::optional<long long> positive_integer(const boost::json::value& value) {
    std::string text = text_of(value);
    long long number = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || end != text.data() + text.size() || number < 1 || number > INT32_MAX)
        return std::nullopt;
    return number;
}

}  // namespace

bool is_blank(const boost::json::value* value) {
    return !value || value->is_null() || (value->is_string() && value->get_string().empty());
}

std::string text_of(const boost::json::value& value) { return text_of_json(value); }

std::string Setting::text() const { return text_of(value); }

std::optional<Setting> SettingTiers::find(std::string_view name) const {
    if (const auto* value = job_.attributes.if_contains(name); !is_blank(value))
        return Setting{*value, source_job_attribute};
    if (const auto* value = platform_.defaults.if_contains(name); !is_blank(value))
        return Setting{*value, source_platform_default};
    return std::nullopt;
}

std::optional<Setting> SettingTiers::find_positive(std::string_view name,
                                                   std::vector<std::string>& warnings) const {
    for (auto [tier, source] : {std::pair{&job_.attributes, source_job_attribute},
                                {&platform_.defaults, source_platform_default}}) {
        const boost::json::value* value = tier->if_contains(name);
        if (is_blank(value)) continue;
        if (auto number = positive_integer(*value)) return Setting{boost::json::value(*number), source};
        warnings.push_back(fmt::format("{} '{}' is no positive integer and is passed over: '{}'", source,
                                       name, redact(text_of(*value)).substr(0, 64)));
    }
    return std::nullopt;
}

}  // namespace polysync
