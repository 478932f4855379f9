// From a `pipeline run` command to a run in AWS, at most once per token (SAFE-1).
#pragma once

#include <optional>

#include "cli/commands.h"
#include "model/pipeline_run.h"
#include "provider/provider.h"

namespace polysync::cli {

// What the command line says about the job, checked without any call: values of env:// and file:// resolved,
// attributes by the schema, types. Errors: invalid_input.
[[nodiscard]] Result<SubmitSpec> make_spec(const RunCommand& command, const Platform& platform,
                                           Services& services);

// Completes types that --type leaves open from AWS's definition, and warns of near misses of its parameter
// names. Fails only where AWS cannot be reached or does not know the job.
[[nodiscard]] Async<Status> consult_definition(Context& context, Provider& provider,
                                               const RunCommand& command, SubmitSpec& spec);

// The end of an attempt to submit.
struct SubmitOutcome {
    std::optional<PipelineRun> run;  // it exists in AWS
    bool found = false;              // it was there before: an earlier call with this token started it
    std::optional<Error> error;      // otherwise
};

// Looks for an earlier submission of a token that the user gave, submits, and after a lost answer looks up
// what became of it. Interrupts while the call is under way wait for its answer; a second one gives up with
// ErrorKind::cancelled.
[[nodiscard]] Async<SubmitOutcome> submit_once(Context& context, Provider& provider, SubmissionIntent intent,
                                               const RunCommand& command);

// The command that repeats this submission safely.
[[nodiscard]] std::string repeat_command(const GlobalOptions& global, const RunCommand& command,
                                         const std::string& token);

}  // namespace polysync::cli
