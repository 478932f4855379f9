// Fills the sandbox of `polysync dev` with what the samples run.
#pragma once

#include <string>

#include "app/dev_sandbox.h"
#include "base/async.h"
#include "base/result.h"
#include "http/http_client.h"

namespace polysync::app {

// Once per sandbox, whoever was killed in between; FOLDER/sandbox.primed says which one it was. Errors: those
// of asking it.
[[nodiscard]] Async<Status> prime(http::HttpClient& http, std::string folder, DevSandbox sandbox);

}  // namespace polysync::app
