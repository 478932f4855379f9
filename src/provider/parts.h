// What every provider is made of, and the four makers; registry.h maps a Platform to these.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "model/platform.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync {

namespace aws {
class Connection;
}

// `clock` and `random` outlive the provider; the connection is shared by the platform's typed clients.
struct ProviderParts {
    Platform platform;
    std::shared_ptr<aws::Connection> connection;
    Clock* clock = nullptr;
    Random* random = nullptr;
    TokenInspector inspect_token;  // web_identity: what the connection test shows; may be empty
};

[[nodiscard]] std::unique_ptr<Provider> make_glue_provider(ProviderParts parts);
[[nodiscard]] std::unique_ptr<Provider> make_batch_provider(ProviderParts parts);
[[nodiscard]] std::unique_ptr<Provider> make_sagemaker_provider(ProviderParts parts);
[[nodiscard]] std::unique_ptr<Provider> make_step_functions_provider(ProviderParts parts);

}  // namespace polysync
