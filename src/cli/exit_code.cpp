#include "cli/exit_code.h"

namespace polysync::cli {

ExitCode exit_code_of(const Error& error) {
    bool answered = error.http_status != 0;
    switch (error.kind) {
        case ErrorKind::invalid_input:
            return answered ? exit_refused : exit_bad_input;
        case ErrorKind::credentials:
            // No credentials at all (an unset variable, an unknown profile) is the user's input; refused ones
            // are AWS's word.
            return answered || !error.service.empty() ? exit_refused : exit_bad_input;
        case ErrorKind::transient:
        case ErrorKind::unclear:
        case ErrorKind::internal:
            return exit_unreachable;
        case ErrorKind::cancelled:
            return exit_interrupted;
        case ErrorKind::not_found:
        case ErrorKind::access_denied:
        case ErrorKind::clock_skew:
        case ErrorKind::throttled:
        case ErrorKind::contention:
        case ErrorKind::conflict:
        case ErrorKind::rejected:
        case ErrorKind::unsupported:
            break;
    }
    return exit_refused;
}

ExitCode exit_code_of(const PipelineRun& run) {
    switch (run.status) {
        case PipelineRunStatus::failed:
            return run.code == "outcome_unknown" ? exit_unreachable : exit_run_failed;
        case PipelineRunStatus::cancelled:
            return exit_cancelled;
        case PipelineRunStatus::starting:
        case PipelineRunStatus::running:
        case PipelineRunStatus::success:
            break;
    }
    return exit_success;
}

}  // namespace polysync::cli
