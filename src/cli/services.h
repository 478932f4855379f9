// What the commands work with, injected by src/app and by tests.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/console.h"
#include "cli/invocation.h"
#include "cli/journal.h"
#include "http/http_client.h"
#include "model/platform.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync::cli {

// Outlives every command; one executor.
struct Services {
    Console& console;
    Clock& clock;
    Random& random;
    Journal& journal;
    // A provider that speaks to the platform's AWS; makes no call. Errors: invalid_input, credentials.
    std::function<Result<std::unique_ptr<Provider>>(const Platform&)> connect;
    // What the platform's web identity token says of itself; asks whoever issues it, never AWS. Errors:
    // credentials, transient.
    std::function<Async<Result<TokenInspection>>(const Platform&)> inspect_token;
    // An environment variable; nothing where it is not set.
    std::function<std::optional<std::string>(const std::string&)> environment;
    std::string version;
    std::vector<SandboxOption> sandbox_options;
    // The way to a server; made at the first use. Errors: invalid_input (CA bundle).
    std::function<Result<http::HttpClient*>()> http;
    std::string state_folder;  // where the local server tells its address
};

// Executes every command but the sandbox, which src/app runs, and returns the exit code.
[[nodiscard]] Async<int> execute(Invocation invocation, Services& services);

}  // namespace polysync::cli
