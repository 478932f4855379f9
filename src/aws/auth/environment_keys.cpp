// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (aws-facts 9.1).
#include "aws/auth/sources.h"
#include "base/secret.h"

namespace polysync::aws {
namespace {

class EnvironmentKeysSource final : public CredentialsSource {
  public:
    explicit EnvironmentKeysSource(AuthEnvironment& auth) : environment_(auth.environment) {}

    Async<Result<Credentials>> fetch() override { co_return read(); }

  private:
    Result<Credentials> read() const {
        std::string id = environment_.value("AWS_ACCESS_KEY_ID");
        std::string secret = environment_.value("AWS_SECRET_ACCESS_KEY");
        if (id.empty())
            return make_error(ErrorKind::not_found, "not_configured", "AWS_ACCESS_KEY_ID is not set");
        if (secret.empty()) {
            return make_error(ErrorKind::invalid_input, "partial_credentials",
                              "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not",
                              "Set both, or neither.");
        }
        // The old name comes first, as in botocore.
        std::string token = environment_.value("AWS_SECURITY_TOKEN");
        if (token.empty()) token = environment_.value("AWS_SESSION_TOKEN");
        register_secret(secret);
        register_secret(token);
        Credentials credentials;
        credentials.access_key_id = std::move(id);
        credentials.secret_access_key = Secret(std::move(secret));
        credentials.session_token = Secret(std::move(token));
        credentials.source = "environment variables (AWS_ACCESS_KEY_ID)";
        std::string expiration = environment_.value("AWS_CREDENTIAL_EXPIRATION");
        if (!expiration.empty()) {
            auto time = parse_iso8601(expiration);
            if (!time) {
                return make_error(ErrorKind::invalid_input, "bad_expiration",
                                  "AWS_CREDENTIAL_EXPIRATION is no time such as 2026-01-02T03:04:05Z");
            }
            credentials.expiration = time.value();
        }
        return credentials;
    }

    Environment& environment_;
};

}  // namespace

SourcePtr make_environment_keys(const SourceContext& context) {
    return std::make_unique<EnvironmentKeysSource>(context.auth);
}

}  // namespace polysync::aws
