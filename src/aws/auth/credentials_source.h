// Where credentials come from. A source fetches anew each time; CachedCredentials makes a provider of it.
#pragma once

#include <memory>

#include "aws/auth/credentials.h"

namespace polysync::aws {

// One executor; CachedCredentials calls it one fetch at a time.
class CredentialsSource {
  public:
    virtual ~CredentialsSource() = default;
    // Errors as CredentialsProvider::get; not_found: nothing of this kind is configured. Secrets are
    // registered for redaction before they are returned.
    [[nodiscard]] virtual Async<Result<Credentials>> fetch() = 0;
    // May expired credentials stay in use while no newer ones can be had? (EC2 metadata: "static stability")
    [[nodiscard]] virtual bool outlives_expiry() const { return false; }
};

}  // namespace polysync::aws
