#include "aws/auth/profile_sources.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "aws/auth/cached_credentials.h"

namespace polysync::aws {
namespace {

constexpr std::size_t max_chain = 10;

Error not_configured(const ProfileView& view, std::string_view key) {
    return make_error(ErrorKind::not_found, "not_configured",
                      fmt::format("profile {} has no {}", view.name, key));
}

Error bad(const ProfileView& view, std::string_view what, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, "bad_profile",
                      fmt::format("profile {} ({}): {}", view.name, view.files.config_path, what),
                      std::move(remedy));
}

bool has_keys(const ConfigSection& section) { return section.has("aws_access_key_id"); }

Result<RoleConfig> role_of(const ProfileView& view, std::string role_arn, std::string session_name) {
    const ConfigSection& section = view.section();
    RoleConfig role;
    role.step = {std::move(role_arn), section.value("external_id"), std::move(session_name)};
    role.attribute = fmt::format("role_arn of profile {}", view.name);
    const std::string& text = section.value("duration_seconds");
    if (!text.empty()) {
        int seconds = 0;
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (status != std::errc() || end != text.data() + text.size() || seconds < 900 || seconds > 43'200) {
            return bad(view, "duration_seconds must be a number from 900 to 43200");
        }
        role.duration_seconds = seconds;
    }
    return role;
}

// Who assumes the role: a source_profile of any kind. One that has keys of its own uses these, so that a
// profile may name itself.
Result<SourcePtr> source_profile(const ProfileView& view, const std::string& name,
                                 const SourceContext& context) {
    const ConfigSection* section = view.files.profile(name);
    if (section == nullptr) {
        return bad(view, fmt::format("source_profile names {}, which does not exist", name),
                   fmt::format("Known profiles: {}.", view.files.known_profiles()));
    }
    bool keys = has_keys(*section);
    bool visited =
        std::find(view.visited.begin(), view.visited.end(), name) != view.visited.end() || name == view.name;
    if ((visited && !keys) || view.visited.size() >= max_chain) {
        return bad(view, fmt::format("source_profile {} leads round in a circle", name),
                   "End the chain in a profile with credentials.");
    }
    ProfileView next{view.files, name, view.visited, false};
    next.visited.push_back(view.name);
    using Maker = Result<SourcePtr> (*)(const ProfileView&, const SourceContext&);
    std::vector<Maker> makers{&profile_web_identity, &profile_sso, &profile_keys_of_credentials_file,
                              &profile_process, &profile_keys};
    if (!keys) makers.insert(makers.begin(), &profile_role);
    for (Maker make : makers) {
        Result<SourcePtr> source = make(next, context);
        if (source || source.error().kind != ErrorKind::not_found) return source;
    }
    return bad(view, fmt::format("source_profile {} has no credentials", name));
}

Result<SourcePtr> named_source(const ProfileView& view, const std::string& name,
                               const SourceContext& context) {
    if (name == "Environment") return make_environment_keys(context);
    if (name == "Ec2InstanceMetadata") return make_instance_metadata(context);
    if (name == "EcsContainer") return make_container(context);
    return bad(view, fmt::format("credential_source \"{}\" is unknown", name),
               "Known are Environment, Ec2InstanceMetadata and EcsContainer.");
}

// A source whose "nothing configured" is an error, because a profile has named it.
class RequiredSource final : public CredentialsSource {
  public:
    explicit RequiredSource(SourcePtr source) : source_(std::move(source)) {}
    Async<Result<Credentials>> fetch() override {
        Result<Credentials> keys = co_await source_->fetch();
        if (!keys && keys.error().kind == ErrorKind::not_found) keys.error().kind = ErrorKind::credentials;
        co_return keys;
    }
    bool outlives_expiry() const override { return source_->outlives_expiry(); }

  private:
    SourcePtr source_;
};

Result<SourcePtr> keys_source(const ProfileView& view, const std::string& place,
                              const SourceContext& context) {
    const ConfigSection& section = view.section();
    if (!section.has("aws_secret_access_key")) {
        return make_error(ErrorKind::invalid_input, "partial_credentials",
                          fmt::format("profile {} ({}) has aws_access_key_id but no aws_secret_access_key",
                                      view.name, place));
    }
    StaticKeys keys;
    keys.access_key_id = section.value("aws_access_key_id");
    keys.secret_access_key = section.value("aws_secret_access_key");
    keys.session_token = section.value("aws_session_token");
    keys.label = fmt::format("profile {} ({})", view.name, place);
    return make_static_keys(std::move(keys), context);
}

}  // namespace

const ConfigSection& ProfileView::section() const {
    static const ConfigSection none;
    const ConfigSection* found = files.profile(name);
    return found == nullptr ? none : *found;
}

Result<SourcePtr> profile_role(const ProfileView& view, const SourceContext& context) {
    const ConfigSection& section = view.section();
    if (!section.has("role_arn") || section.has("web_identity_token_file"))
        return not_configured(view, "role_arn");
    const std::string& profile = section.value("source_profile");
    const std::string& origin = section.value("credential_source");
    // The role may be meant for a token file that a variable names.
    bool token_variable =
        view.use_variables && !context.auth.environment.value("AWS_WEB_IDENTITY_TOKEN_FILE").empty();
    if (profile.empty() && origin.empty() && token_variable) return not_configured(view, "source_profile");
    if (profile.empty() == origin.empty()) {
        return bad(
            view,
            "role_arn needs exactly one of source_profile, credential_source and web_identity_token_file");
    }
    if (section.has("mfa_serial")) {
        return bad(view, "mfa_serial needs somebody who types a code",
                   "Use a role without MFA here, or web identity.");
    }
    POLYSYNC_TRY(RoleConfig role,
                 role_of(view, section.value("role_arn"), section.value("role_session_name")));
    POLYSYNC_TRY(SourcePtr source, profile.empty() ? named_source(view, origin, context)
                                                   : source_profile(view, profile, context));
    auto by = std::make_shared<CachedCredentials>(std::make_unique<RequiredSource>(std::move(source)),
                                                  context.auth.clock, context.auth.random);
    return make_assume_role(std::move(role), std::move(by), context);
}

Result<SourcePtr> profile_web_identity(const ProfileView& view, const SourceContext& context) {
    const ConfigSection& section = view.section();
    auto value = [&view, &section, &context](std::string_view variable, std::string_view key) {
        std::string text = view.use_variables ? context.auth.environment.value(variable) : std::string();
        return text.empty() ? section.value(key) : text;
    };
    std::string file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    if (file.empty()) return not_configured(view, "web_identity_token_file");
    std::string role_arn = value("AWS_ROLE_ARN", "role_arn");
    if (role_arn.empty()) {
        return make_error(ErrorKind::invalid_input, "missing_role",
                          fmt::format("the web identity token file {} is set, but no role", file),
                          "Set AWS_ROLE_ARN, or role_arn in the profile.");
    }
    POLYSYNC_TRY(RoleConfig role,
                 role_of(view, std::move(role_arn), value("AWS_ROLE_SESSION_NAME", "role_session_name")));
    role.step.external_id.clear();  // this call takes none
    return make_web_identity(std::move(role),
                             make_token_file(std::move(file), "web_identity_token_file", context), context);
}

Result<SourcePtr> profile_sso(const ProfileView& view, const SourceContext& context) {
    const ConfigSection& section = view.section();
    bool any = section.has("sso_session") || section.has("sso_start_url") || section.has("sso_account_id") ||
               section.has("sso_role_name");
    if (!any) return not_configured(view, "sso_session");
    SsoConfig config;
    config.profile = view.name;
    config.session_name = section.value("sso_session");
    config.account_id = section.value("sso_account_id");
    config.role_name = section.value("sso_role_name");
    config.start_url = section.value("sso_start_url");
    config.region = section.value("sso_region");
    if (!config.session_name.empty()) {
        auto session = view.files.sso_sessions.find(config.session_name);
        if (session == view.files.sso_sessions.end()) {
            return bad(view, fmt::format("sso_session names {}, but there is no [sso-session {}]",
                                         config.session_name, config.session_name));
        }
        config.start_url = session->second.value("sso_start_url");
        config.region = session->second.value("sso_region");
    }
    for (auto [key, value] :
         {std::pair<std::string_view, const std::string&>("sso_account_id", config.account_id),
          {"sso_role_name", config.role_name},
          {"sso_start_url", config.start_url},
          {"sso_region", config.region}}) {
        if (value.empty()) return bad(view, fmt::format("{} is missing", key), "Run: aws configure sso");
    }
    return make_sso(std::move(config), context);
}

Result<SourcePtr> profile_keys_of_credentials_file(const ProfileView& view, const SourceContext& context) {
    if (!view.files.credentials_file_keys.contains(view.name))
        return not_configured(view, "aws_access_key_id");
    return keys_source(view, view.files.credentials_path, context);
}

Result<SourcePtr> profile_process(const ProfileView& view, const SourceContext& context) {
    const std::string& command_line = view.section().value("credential_process");
    if (command_line.empty()) return not_configured(view, "credential_process");
    return make_process(command_line, view.name, context);
}

Result<SourcePtr> profile_keys(const ProfileView& view, const SourceContext& context) {
    if (!has_keys(view.section())) return not_configured(view, "aws_access_key_id");
    return keys_source(view, view.files.config_path, context);
}

}  // namespace polysync::aws
