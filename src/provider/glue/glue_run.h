// Glue job runs as PipelineRuns (GLUE-6, GLUE-8, GLUE-9). Pure.
#pragma once

#include "aws/glue/client.h"
#include "model/pipeline_run.h"

namespace polysync::glue {

// GLUE-6; unknown words are Running (PLAT-7).
[[nodiscard]] PipelineRunStatus map_state(std::string_view state);

// GLUE-8; names percent-encoded, '/' too. Empty where the partition has no public console.
[[nodiscard]] std::string run_monitor_url(std::string_view region, std::string_view job_name,
                                          std::string_view run_id);

// A run that Glue retries by itself goes on under new run ids (MaxRetries): this is the first of them
// together with the latest.
struct Chain {
    aws::glue::JobRun first;  // what was submitted
    aws::glue::JobRun last;   // the same, or Glue's latest attempt
    // Glue is about to start another attempt, so the last one's failure is not the end yet.
    bool retry_is_due = false;
};

// Glue names its own retries "<first id>_attempt_1" and so on (aws-facts 2.2). Empty where `run` is the one
// of `number` 0.
[[nodiscard]] std::string attempt_id(std::string_view first_run_id, int number);
// The number in such an id; 0 without one. And the id of the first run of its chain.
[[nodiscard]] int attempt_number(std::string_view run_id);
[[nodiscard]] std::string_view root_id(std::string_view run_id);

// Whether Glue may still start another attempt: only a FAILED run is retried, up to the definition's
// MaxRetries, and the next attempt follows within `retry_window` of the end. `max_retries`: none where the
// definition could not be read.
inline constexpr Millis retry_window = std::chrono::minutes(5);
[[nodiscard]] bool is_retry_due(const aws::glue::JobRun& run, std::optional<int> max_retries, SystemTime now);

// The chain as one run under the id of its first: the last attempt's status, message and link; started with
// the first.
[[nodiscard]] PipelineRun to_pipeline_run(std::string_view region, std::string_view job_name,
                                          const Chain& chain, SystemTime now, std::string_view account = {});

}  // namespace polysync::glue
