// The definitions of `polysync dev`: files that belong to the user from the first start on.
#pragma once

#include <string>

#include "base/async.h"
#include "base/result.h"
#include "cli/rest_client.h"

namespace polysync::app {

// Writes the samples into FOLDER/definitions where they are missing, and applies them to a server that has no
// definitions yet; where the sandbox has moved, applies its new endpoint. What the user changed stays.
// Errors: those of the files and of the server.
[[nodiscard]] Async<Status> apply_samples(cli::RestClient& client, std::string folder, std::string endpoint);

}  // namespace polysync::app
