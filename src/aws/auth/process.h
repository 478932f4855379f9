// Runs an external program for its output (credential_process).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.h"
#include "base/result.h"

namespace polysync::aws {

struct ProcessLimits {
    std::chrono::milliseconds timeout{60'000};
    std::size_t max_output_bytes = 64 * 1024;
    std::size_t max_error_bytes = 4 * 1024;  // what is beyond is dropped
};

struct ProcessResult {
    int exit_code = 0;  // 128 + signal where a signal ended it
    std::string output;
    std::string error_output;
};

class ProcessRunner {
  public:
    virtual ~ProcessRunner() = default;
    // Runs argv[0] (searched in PATH) without a shell, with empty standard input. Errors: invalid_input
    // (cannot be started), transient (time-out; the program is killed), internal (too much output; killed).
    [[nodiscard]] virtual Async<Result<ProcessResult>> run(std::vector<std::string> argv,
                                                           ProcessLimits limits) = 0;
};

// Lives as long as the program. Waits on a thread of its own; the coroutine resumes on its own executor.
[[nodiscard]] ProcessRunner& system_processes();

// Splits as a POSIX shell would: blanks, '…', "…" and backslashes; nothing is expanded. Fails with
// invalid_input where a quote is not closed or nothing is left.
[[nodiscard]] Result<std::vector<std::string>> split_command_line(std::string_view line);

}  // namespace polysync::aws
