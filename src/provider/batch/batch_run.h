// Batch jobs as PipelineRuns (BATCH-5, BATCH-7, BATCH-8). Pure.
#pragma once

#include "aws/batch/client.h"
#include "model/pipeline_run.h"

namespace polysync::batch {

inline constexpr std::string_view cancel_reason = "Cancelled by Polysync";

// BATCH-7. Empty where the partition has no public console.
[[nodiscard]] std::string job_monitor_url(std::string_view region, std::string_view job_id);

// True for what DescribeJobs takes as an id: a job, an array child (":3") or a node ("#0"). Anything else
// could fail the ninety-nine others of its call.
[[nodiscard]] bool is_job_id(std::string_view text);

// The status reason: the job's own, else the last attempt's (aws-facts 15).
[[nodiscard]] const std::string& status_reason(const aws::batch::Job& job);

// BATCH-5; unknown words are Running (PLAT-7).
[[nodiscard]] PipelineRunStatus map_status(const aws::batch::Job& job);

// `waiting_since`: from when a RUNNABLE job waits, where that is known better than from its creation.
[[nodiscard]] PipelineRun to_pipeline_run(std::string_view region, const aws::batch::Job& job, SystemTime now,
                                          std::optional<SystemTime> waiting_since = {});

// What ListJobs tells of a job, in the form of DescribeJobs.
[[nodiscard]] aws::batch::Job to_job_state(const aws::batch::JobSummary& summary);

}  // namespace polysync::batch
