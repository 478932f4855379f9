// The exit codes of the program; docs/cli.md has the table.
#pragma once

#include "base/error.h"
#include "model/pipeline_run.h"

namespace polysync::cli {

enum ExitCode : int {
    exit_success = 0,  // success, or submitted, or read
    exit_run_failed = 1,
    exit_bad_input = 2,     // and no call was made
    exit_cancelled = 3,     // the run was cancelled
    exit_refused = 4,       // AWS refused
    exit_unreachable = 5,   // AWS unreachable, or the outcome is unknown
    exit_interrupted = 130  // the run, if any, was left going
};

[[nodiscard]] ExitCode exit_code_of(const Error& error);
// A run that has not ended is a success: it was submitted, or read.
[[nodiscard]] ExitCode exit_code_of(const PipelineRun& run);

}  // namespace polysync::cli
