// The method `default_chain`: what users of the AWS tools expect, in botocore's order (aws-facts 9.2).
#include <array>

#include <fmt/format.h>

#include "aws/auth/profile_sources.h"
#include "aws/config/settings.h"
#include "base/log.h"

namespace polysync::aws {
namespace {

using ProfileMaker = Result<SourcePtr> (*)(const ProfileView&, const SourceContext&);

struct Step {
    std::string_view name;
    ProfileMaker from_profile;
    SourcePtr (*direct)(const SourceContext&);  // where it has nothing to do with profiles
};

constexpr std::array<Step, 9> steps{{
    {"environment variables", nullptr, &make_environment_keys},
    {"role of the profile", &profile_role, nullptr},
    {"web identity", &profile_web_identity, nullptr},
    {"SSO", &profile_sso, nullptr},
    {"keys in the credentials file", &profile_keys_of_credentials_file, nullptr},
    {"credential_process", &profile_process, nullptr},
    {"keys in the config file", &profile_keys, nullptr},
    {"container", nullptr, &make_container},
    {"EC2 instance metadata", nullptr, &make_instance_metadata},
}};

class DefaultChainSource final : public CredentialsSource {
  public:
    DefaultChainSource(std::string profile, const SourceContext& context)
        : profile_(std::move(profile)), context_(context) {}

    Async<Result<Credentials>> fetch() override {
        if (winner_ && winner_is_lasting_) {
            Result<Credentials> keys = co_await winner_->fetch();
            if (keys || keys.error().kind != ErrorKind::not_found) co_return keys;
        }
        winner_.reset();
        SharedFiles files = load_shared_files(context_.auth.environment);
        warn_of(files);
        Result<std::string> name = choose_profile(context_.auth.environment, files, profile_);
        // Named here: g++ 12 destroys a conditional expression's temporary twice inside a co_await
        // expression.
        std::string chosen = name ? name.value() : std::string();
        tried_.clear();
        for (const Step& step : steps) {
            bool variables = step.direct == &make_environment_keys;
            if (variables && !profile_.empty()) continue;  // the platform named a profile: that one is meant
            // A profile that was chosen but does not exist matters only where variables do not come before
            // it.
            if (!variables && !name) co_return unknown_profile(name.error());
            Result<Credentials> keys = co_await try_step(step, files, chosen);
            if (keys || keys.error().kind != ErrorKind::not_found) co_return keys;
            tried_ += fmt::format("{}{}: {}", tried_.empty() ? "" : "; ", step.name, keys.error().message);
        }
        co_return nothing_found();
    }
    bool outlives_expiry() const override { return winner_ && winner_->outlives_expiry(); }

  private:
    Async<Result<Credentials>> try_step(const Step& step, const SharedFiles& files,
                                        const std::string& profile) {
        bool last = step.direct == &make_instance_metadata;
        Result<SourcePtr> source = make(step, files, profile);
        if (!source) co_return source.error();
        Result<Credentials> keys = co_await source.value()->fetch();
        // Metadata is asked for unbidden: that nothing answers means that this is no EC2 instance.
        if (last && !keys && keys.error().kind != ErrorKind::cancelled)
            keys.error().kind = ErrorKind::not_found;
        if (keys) {
            winner_ = std::move(source).value();
            // What hangs on files is built anew at each refresh, so that changes in them count.
            winner_is_lasting_ = step.direct != nullptr;
        }
        co_return keys;
    }

    Result<SourcePtr> make(const Step& step, const SharedFiles& files, std::string profile) const {
        if (step.direct != nullptr) return step.direct(context_);
        ProfileView view{files, std::move(profile), {}, profile_.empty()};
        return step.from_profile(view, context_);
    }

    static Error unknown_profile(Error error) {
        error.kind = ErrorKind::invalid_input;
        return error;
    }

    void warn_of(const SharedFiles& files) {
        if (warned_) return;
        warned_ = true;
        for (const std::string& problem : files.problems) log::warn("{}", problem);
    }

    [[nodiscard]] Error nothing_found() const {
        return make_error(ErrorKind::credentials, "no_credentials",
                          fmt::format("No AWS credentials were found ({})", tried_),
                          "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run `aws configure` or `aws sso "
                          "login`, name a profile, or "
                          "run where a role is attached (EC2, ECS, EKS).");
    }

    std::string profile_;
    SourceContext context_;
    SourcePtr winner_;
    bool winner_is_lasting_ = false;
    bool warned_ = false;
    std::string tried_;
};

}  // namespace

SourcePtr make_default_chain(std::string profile, const SourceContext& context) {
    return std::make_unique<DefaultChainSource>(std::move(profile), context);
}

}  // namespace polysync::aws
