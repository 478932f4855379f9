#include "aws/config/settings.h"

#include <array>

#include <fmt/format.h>

#include "base/nearest.h"

namespace polysync::aws {
namespace {

// The service ids of the services that this project talks to (aws-facts 11.3).
constexpr std::array<std::string_view, 11> endpoint_ids{
    "GLUE",        "BATCH", "SAGEMAKER", "SFN", "STS", "SQS", "SECRETS_MANAGER", "CLOUDWATCH_LOGS",
    "EVENTBRIDGE", "SSO",   "SSO_OIDC"};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
    }
    return out;
}

// A value and where it stands, for messages.
struct Found {
    std::string text;
    std::string place;
};

class Lookup {
  public:
    Lookup(const Environment& environment, const SharedFiles& files, const std::string& profile)
        : environment_(environment), files_(files), section_(files.profile(profile)), profile_(profile) {}

    [[nodiscard]] Found find(std::string_view variable, std::string_view key) const {
        std::string text = variable.empty() ? std::string() : environment_.value(variable);
        if (!text.empty()) return {std::move(text), std::string(variable)};
        return {key.empty() || section_ == nullptr ? std::string() : section_->value(key),
                fmt::format("{} of profile {} ({})", key, profile_, files_.config_path)};
    }
    [[nodiscard]] std::string text(std::string_view variable, std::string_view key) const {
        return find(variable, key).text;
    }

    [[nodiscard]] Result<std::optional<bool>> flag(std::string_view variable, std::string_view key) const {
        Found found = find(variable, key);
        std::string word = lower(found.text);
        if (word.empty()) return std::optional<bool>();
        if (word == "true" || word == "false") return std::optional<bool>(word == "true");
        return make_error(ErrorKind::invalid_input, "bad_setting",
                          fmt::format("{} must be true or false", found.place));
    }

    [[nodiscard]] CustomEndpoints endpoints() const {
        CustomEndpoints endpoints;
        std::string all = environment_.value("AWS_ENDPOINT_URL");
        const ConfigSection* services = services_section();
        for (std::string_view id : endpoint_ids) {
            std::string url = environment_.value(fmt::format("AWS_ENDPOINT_URL_{}", id));
            // The global variable beats an entry of one service in the file.
            if (url.empty() && all.empty() && services != nullptr) {
                auto block = services->blocks.find(lower(id));
                if (block != services->blocks.end()) {
                    auto entry = block->second.find("endpoint_url");
                    if (entry != block->second.end()) url = entry->second;
                }
            }
            if (!url.empty()) endpoints.of_service.emplace(id, std::move(url));
        }
        endpoints.every = all.empty() && section_ != nullptr ? section_->value("endpoint_url") : all;
        return endpoints;
    }

  private:
    [[nodiscard]] const ConfigSection* services_section() const {
        if (section_ == nullptr || !section_->has("services")) return nullptr;
        auto found = files_.services.find(section_->value("services"));
        return found == files_.services.end() ? nullptr : &found->second;
    }

    const Environment& environment_;
    const SharedFiles& files_;
    const ConfigSection* section_;
    std::string profile_;
};

}  // namespace

const std::string& CustomEndpoints::find(std::string_view endpoint_id) const {
    auto found = of_service.find(endpoint_id);
    return found == of_service.end() ? every : found->second;
}

Result<std::string> choose_profile(const Environment& environment, const SharedFiles& files,
                                   std::string_view chosen) {
    std::string name(chosen);
    std::string_view by = "The platform's profile";
    if (name.empty()) {
        name = environment.value("AWS_PROFILE");
        by = "AWS_PROFILE";
    }
    if (name.empty()) {
        name = environment.value("AWS_DEFAULT_PROFILE");
        by = "AWS_DEFAULT_PROFILE";
    }
    if (name.empty()) return std::string("default");
    if (name == "default" || files.profile(name) != nullptr) return name;
    std::vector<std::string> known;
    for (const auto& [profile, section] : files.profiles) known.push_back(profile);
    std::string nearest = nearest_word(name, known);
    std::string remedy = !nearest.empty() ? fmt::format("Did you mean {}?", nearest)
                         : known.empty()
                             ? std::string("These files hold no profile; `aws configure` makes one.")
                             : fmt::format("Known profiles: {}.", files.known_profiles());
    return make_error(ErrorKind::not_found, "profile_not_found",
                      fmt::format("{} names the profile {}, which is in neither {} nor {}", by, name,
                                  files.config_path, files.credentials_path),
                      std::move(remedy));
}

Result<Settings> read_settings(const Environment& environment, const SharedFiles& files,
                               std::string_view chosen_profile) {
    Settings settings;
    POLYSYNC_TRY(settings.profile, choose_profile(environment, files, chosen_profile));
    Lookup lookup(environment, files, settings.profile);
    settings.region = lookup.text("AWS_REGION", "");
    if (settings.region.empty()) settings.region = lookup.text("AWS_DEFAULT_REGION", "region");
    settings.ca_bundle = lookup.text("AWS_CA_BUNDLE", "ca_bundle");
    settings.retry_mode = lookup.text("AWS_RETRY_MODE", "retry_mode");
    settings.max_attempts = lookup.text("AWS_MAX_ATTEMPTS", "max_attempts");
    settings.disable_clock_skew_correction =
        lookup.text("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "disable_clock_skew_correction");
    POLYSYNC_TRY(settings.use_fips, lookup.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
    POLYSYNC_TRY(settings.use_dual_stack,
                 lookup.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
    std::string sts = lower(lookup.text("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints"));
    if (!sts.empty() && sts != "regional" && sts != "legacy") {
        return make_error(
            ErrorKind::invalid_input, "bad_setting",
            fmt::format("{} must be regional or legacy",
                        lookup.find("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints").place));
    }
    settings.sts_global_endpoint = sts == "legacy";
    POLYSYNC_TRY(auto ignored,
                 lookup.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"));
    if (!ignored.value_or(false)) settings.endpoints = lookup.endpoints();
    return settings;
}

}  // namespace polysync::aws
