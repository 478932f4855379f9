// From an identity's attributes to a provider of its credentials (PLAT-2, PLAT-3).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/auth/auth_environment.h"
#include "aws/auth/credentials.h"
#include "aws/auth/identity_config.h"
#include "aws/auth/jwt.h"
#include "aws/core/endpoints.h"
#include "base/result.h"

namespace polysync::aws {

// A provider of its own for each call; nothing is fetched yet. Errors: invalid_input for attributes that
// cannot work (a missing role, a bad region), settings that cannot be read.
[[nodiscard]] Result<std::shared_ptr<CredentialsProvider>> make_credentials(const IdentityConfig& config,
                                                                            AuthEnvironment& auth);

// What the token of a web identity says about itself (connection test); nothing is sent to AWS. Errors as its
// source's; invalid_input where the method is another one.
[[nodiscard]] Async<Result<TokenClaims>> inspect_web_token(IdentityConfig config, AuthEnvironment& auth);

// The audience that such a token should carry: as configured, else by its source (aws-facts 13.2).
[[nodiscard]] std::string expected_audience(const IdentityConfig& config, const Environment& environment);

// The settings that a platform of that identity has. Only the default chain follows AWS_PROFILE: the other
// methods say themselves who they are, and do not fail because of a profile that nobody uses. Errors as
// read_settings.
[[nodiscard]] Result<Settings> identity_settings(const IdentityConfig& config,
                                                 const Environment& environment);

// Where STS is for that identity: its own attributes, then these settings.
[[nodiscard]] Result<EndpointOptions> identity_endpoints(const IdentityConfig& config,
                                                         const Environment& environment);

// Platforms with equal identities share one provider, so that they refresh once (PLAT-3). One executor.
// Providers live as long as somebody uses them.
class CredentialsCache {
  public:
    explicit CredentialsCache(AuthEnvironment& auth) : auth_(auth) {}
    // As make_credentials.
    [[nodiscard]] Result<std::shared_ptr<CredentialsProvider>> get(const IdentityConfig& config);

  private:
    struct Entry {
        IdentityConfig config;
        std::weak_ptr<CredentialsProvider> provider;
    };
    AuthEnvironment& auth_;
    std::vector<Entry> entries_;
};

}  // namespace polysync::aws
