// How a simulated run goes, scripted by the sample account or by the admin endpoint, and which run gets which
// script.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/services/input.h"

namespace polysync::sandbox {

// A script for one run. What is not set takes the sandbox's settings and a plain success. Immutable once made
// and shared by all runs that follow it, so that a run costs no more for it than a pointer.
struct Outcome {
    std::optional<Millis> queue;          // before capacity is there (Batch RUNNABLE, Glue WAITING)
    std::optional<Millis> start;          // STARTING
    std::optional<Millis> run;            // from RUNNING to the end; of each attempt
    std::string status;                   // how it ends, in the service's words; empty: success
    std::string reason;                   // Glue ErrorMessage, Batch statusReason, SageMaker FailureReason
    std::string container_reason;         // Batch container.reason
    std::string error;                    // Step Functions
    std::string cause;                    // Step Functions
    std::optional<int> exit_code;         // Batch
    std::string output;                   // Step Functions: JSON text; empty: the input
    std::optional<int> failing_attempts;  // so many attempts end as `status` says, the next one succeeds
    std::vector<std::int64_t> failing_children;  // Batch arrays: these children fail, or all where it is
                                                 // empty
    std::string failing_step;                    // SageMaker: the step that fails; else the last one
    bool stuck = false;                          // never gets capacity; `reason` says why
    std::vector<std::string> log_lines;
    std::string refuse_code;  // the start call itself is refused so; nothing is started
    std::string refuse_message;

    // The attempt (from 0) of a run under this script ends as `status` says.
    [[nodiscard]] bool fails(int attempt) const {
        return !status.empty() && status != "SUCCEEDED" && status != "Succeeded" &&
               (!failing_attempts || attempt < *failing_attempts);
    }
};

using OutcomePtr = std::shared_ptr<const Outcome>;

// Reads the members of an outcome. With `extra`, members of that name are left to the caller. `statuses` are
// the final statuses that the service knows. Fails with invalid_input naming what is wrong.
[[nodiscard]] Result<Outcome> read_outcome(const JsonObject& input,
                                           std::initializer_list<std::string_view> statuses,
                                           std::initializer_list<MemberRule> extra = {});

// Which script the next run of one job follows: queued ones first, then the standing one.
class OutcomeScript {
  public:
    // For the next `runs` runs, after those queued already; without `runs` for all from now on (and nothing
    // queued).
    void set(Outcome outcome, std::optional<std::int64_t> runs = std::nullopt);
    // The script of the run that starts now. Never null.
    [[nodiscard]] OutcomePtr take();
    // What `take` would give.
    [[nodiscard]] const Outcome& next() const;

  private:
    std::deque<std::pair<std::int64_t, OutcomePtr>> queued_;
    OutcomePtr standing_ = std::make_shared<const Outcome>();
};

}  // namespace polysync::sandbox
