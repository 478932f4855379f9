// The `polysync sandbox` command: starts a sandbox, says what to type next, and runs until it is told to
// stop.
#pragma once

#include <string>

#include "sandbox/sandbox.h"

namespace polysync::sandbox {

// Runs until SIGINT or SIGTERM and returns the exit code: 0, or 2 where the options are wrong, 1 where the
// port is taken or `ready_file` cannot be written. Writes the start text to stdout, errors to stderr and,
// when it listens, {"endpoint", "pid"} to `ready_file`, if that is not empty. Takes over both signals; call
// it from main's thread.
[[nodiscard]] int run_sandbox_command(const SandboxOptions& options, const std::string& ready_file = {});

}  // namespace polysync::sandbox
