// From a Platform to a provider that speaks to its AWS.
#pragma once

#include <memory>
#include <string>

#include "aws/auth/auth_environment.h"
#include "aws/auth/make_credentials.h"
#include "base/result.h"
#include "model/platform.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync {

namespace aws {
class LimiterRegistry;
}

// What all platforms of one process share: the way out, the machine around it, rate limits per account, and
// credentials, so that platforms of one identity refresh once (PLAT-3). Outlives the providers that were made
// with it. One executor.
struct ProviderEnvironment {
    ProviderEnvironment(aws::AuthEnvironment environment, aws::LimiterRegistry& rate_limiters)
        : auth(std::move(environment)), limiters(rate_limiters) {}
    ProviderEnvironment(const ProviderEnvironment&) = delete;
    ProviderEnvironment& operator=(const ProviderEnvironment&) = delete;

    aws::AuthEnvironment auth;
    aws::LimiterRegistry& limiters;
    // Of STS, where the platform's definition does not tell: worth a call where many platforms share
    // accounts.
    bool asks_for_accounts = false;
    aws::CredentialsCache credentials{auth};
};

// A provider of the platform's type, region, endpoint and identity; where it has no region, AWS_REGION's or
// the profile's. Makes no call. Errors: invalid_input (region, endpoint, an attribute that the method lacks),
// not_found (a profile).
[[nodiscard]] Result<std::unique_ptr<Provider>> make_provider(const Platform& platform,
                                                              ProviderEnvironment& environment);

// Fetches and reads the token of a platform with web_identity. `environment` outlives it.
[[nodiscard]] TokenInspector token_inspector(const Platform& platform, aws::AuthEnvironment& environment);

// The platform's authentication in the words of src/aws. Pure.
[[nodiscard]] aws::IdentityConfig identity_of(const Platform& platform);

}  // namespace polysync
