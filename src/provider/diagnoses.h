// Known AWS errors and run ends, and what to do about them (PLAT-6, PLAT-8): the last section of each seed,
// and what aws-facts 1.5, 2 to 6, 12 and 15 add. Pure tables; nothing here calls AWS.
//
// Remedies are whole sentences for people: they name the permission, the ARN and the next step. What is not
// known (an account before the first call) stands there as <account>.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "model/pipeline_run.h"
#include "model/platform.h"

namespace polysync {

// What is known of the place where an error happened; every part may be empty.
struct DiagnosisContext {
    std::string partition = "aws";
    std::string region;
    std::string account;
    std::string external_id;       // the job
    std::string queue;             // Batch
    std::optional<Millis> waited;  // how long a run has been in its present status
};

// `error` with its remedy filled, unless it has one already, and its kind where the service's own code says
// more than the transport could know: "not now" refusals become contention or throttled (PLAT-8), unknown
// things not_found. Transient and unclear outcomes keep their kind. Idempotent.
[[nodiscard]] Error diagnose_error(PlatformType type, Error error, const DiagnosisContext& context = {});

// What to do about the state of a run: its end (timed out, out of memory, image not pulled, States.Timeout
// …), outputs that were not populated, or a wait that will not end by itself (Batch RUNNABLE, Glue WAITING).
// Empty where nothing is wrong or nothing better is known than AWS's own message. A wait without a reason
// from AWS is diagnosed from `waiting_is_long` on.
[[nodiscard]] std::string diagnose_run(PlatformType type, const PipelineRun& run,
                                       const DiagnosisContext& context = {});

// True where the run ended through AWS's infrastructure and not through the job: Spot reclaim, host loss,
// Glue's or SageMaker's internal errors (TASK-6).
[[nodiscard]] bool is_infrastructure_loss(PlatformType type, const PipelineRun& run);

// From here on a wait without a stated reason is diagnosed (spec 10).
inline constexpr Millis waiting_is_long = std::chrono::minutes(15);

// Which permission and resource an authorization failure names, from AWS's sentence "User: … is not
// authorized to perform: glue:StartJobRun on resource: arn:… because no identity-based policy allows …".
// Empty parts where AWS names none.
struct DeniedPermission {
    std::string principal;
    std::string action;
    std::string resource;
    std::string because;  // "no identity-based policy allows the … action", "with an explicit deny in …"
};
[[nodiscard]] DeniedPermission parse_denied_permission(std::string_view message);

}  // namespace polysync
