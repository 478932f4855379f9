// Keys that the platform (or a profile) holds itself.
#include <fmt/format.h>

#include "aws/auth/sources.h"
#include "aws/config/secret_reference.h"

namespace polysync::aws {
namespace {

class StaticKeysSource final : public CredentialsSource {
  public:
    StaticKeysSource(StaticKeys keys, AuthEnvironment& auth) : keys_(std::move(keys)), auth_(auth) {}

    Async<Result<Credentials>> fetch() override { co_return read(); }

  private:
    Result<Credentials> read() const {
        Environment& environment = auth_.environment;
        POLYSYNC_TRY(Secret id, resolve("access_key_id", keys_.access_key_id));
        POLYSYNC_TRY(Secret secret, resolve("secret_access_key", keys_.secret_access_key));
        Credentials credentials;
        credentials.access_key_id = id.reveal();
        credentials.secret_access_key = std::move(secret);
        if (!keys_.session_token.empty()) {
            POLYSYNC_TRY(credentials.session_token,
                         resolve_secret(keys_.session_token, "session_token", environment));
        }
        credentials.source = keys_.label;
        return credentials;
    }

    Result<Secret> resolve(std::string_view attribute, const std::string& reference) const {
        if (reference.empty()) {
            return make_error(ErrorKind::invalid_input, "missing_key",
                              fmt::format("{}: {} is not set", keys_.label, attribute),
                              "Set it, best as env://NAME or file://PATH.");
        }
        // An access key id is no secret: it stands in requests and logs, and hiding it would hide who was
        // refused.
        bool plain = attribute == "access_key_id" && reference.find("://") == std::string::npos;
        if (plain) return Secret(reference);
        return resolve_secret(reference, attribute, auth_.environment);
    }

    StaticKeys keys_;
    AuthEnvironment& auth_;
};

}  // namespace

SourcePtr make_static_keys(StaticKeys keys, const SourceContext& context) {
    return std::make_unique<StaticKeysSource>(std::move(keys), context.auth);
}

}  // namespace polysync::aws
