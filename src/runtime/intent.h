// From a queued run to the request that it would send: templates rendered, references kept as references, and
// the intent's JSON form.
#pragma once

#include <map>
#include <string>

#include "engine/catalog.h"
#include "model/run.h"
#include "provider/provider.h"
#include "runtime/runtime.h"

namespace polysync::runtime {

// Outputs of the runs that this run reads, by the parent task's name, each a JSON object as text.
using ParentOutputs = std::map<std::string, std::string>;

// The ids of the parents' runs that the run's `values` name ("parents").
[[nodiscard]] std::map<std::string, RunId> parent_runs(const TaskRun& run);

// An intent as the store keeps it: where a secret goes stands a placeholder, never its value (SAFE-3).
struct StoredIntent {
    SubmissionIntent intent;
    std::map<std::string, std::string> secrets;  // placeholder -> reference
    std::string sender;                          // NodeLease::owner() of the process that may send it
};

struct RunSpec {
    SubmitSpec spec;
    std::map<std::string, std::string> secrets;  // placeholder -> reference
};

// What the run submits. References count only where a definition holds them as a whole value: text of an
// event or of a parent's output is never resolved. Errors: invalid_input (a substitution without a value, a
// value of the wrong type, a secret without allow_secret_parameters), not_found (its task or job is gone).
[[nodiscard]] Result<RunSpec> make_spec(const engine::Catalog& catalog, const TaskRun& run,
                                        const ParentOutputs& parents,
                                        const std::map<std::string, std::string>& environment,
                                        std::string token);

// JSON and back; an intent that cannot be read is an internal error.
[[nodiscard]] std::string write_intent(const StoredIntent& stored);
[[nodiscard]] Result<StoredIntent> read_intent(const std::string& text);

// Resolves what the tasks or an intent refer to, so that it is redacted from then on: AWS may repeat what a
// process before this one has sent (SAFE-3). What cannot be resolved now is left out.
void learn_secrets(const engine::Catalog& catalog, const SecretResolver& resolver);
void learn_secrets(const StoredIntent& stored, const SecretResolver& resolver);

// The intent as it is sent. Errors: those of the resolver.
[[nodiscard]] Result<SubmissionIntent> reveal(const StoredIntent& stored, const SecretResolver& resolver);

}  // namespace polysync::runtime
