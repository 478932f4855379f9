// From a platform to a provider that speaks to its AWS: the HTTP client, the rate limiters and the
// environment that all platforms of one process share.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "http/http_client.h"
#include "model/platform.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync::app {

// Outlives the providers that it makes, and is outlived by the io_context that runs them; one thread.
class Connector {
  public:
    // `clock` outlives it.
    explicit Connector(Clock& clock = system_clock());
    ~Connector();
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;

    // Makes no call. Errors: invalid_input (CA bundle, endpoint), credentials.
    [[nodiscard]] Result<std::unique_ptr<Provider>> connect(const Platform& platform);
    // What the token of a platform with web_identity says of itself; never asks AWS.
    [[nodiscard]] Async<Result<TokenInspection>> inspect_token(Platform platform);
    // Providers that are made from now on ask for their account before their first call, so that all
    // platforms of an account share its rate limits.
    void ask_for_accounts();
    // So many processes, this one among them, share what AWS allows the accounts.
    void share_with(std::size_t processes);
    // The HTTP client that all share. Errors: invalid_input (CA bundle).
    [[nodiscard]] Result<http::HttpClient*> http();

  private:
    struct Parts;
    [[nodiscard]] Status prepare();
    Clock& clock_;
    std::unique_ptr<Parts> parts_;  // made at the first connect: some commands make no call
};

}  // namespace polysync::app
