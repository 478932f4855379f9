// `polysync sandbox` as the command line names its options.
#pragma once

#include <vector>

#include "cli/invocation.h"

namespace polysync::app {

[[nodiscard]] std::vector<cli::SandboxOption> sandbox_options();

// Runs the sandbox until SIGINT or SIGTERM; the exit code. Wrong values are reported on stderr: 2.
[[nodiscard]] int run_sandbox(const cli::SandboxCommand& command);

}  // namespace polysync::app
