// Batch's answers as tables of members.
#pragma once

#include "aws/batch/client.h"
#include "aws/core/json_reader.h"

namespace polysync::aws::batch {

struct JobsAnswer {
    std::vector<Job> jobs;
};

[[nodiscard]] const ObjectShape& describe_job_queues_shape();       // Page<JobQueue>
[[nodiscard]] const ObjectShape& describe_job_definitions_shape();  // Page<JobDefinition>
[[nodiscard]] const ObjectShape& submit_job_shape();                // Submitted
[[nodiscard]] const ObjectShape& describe_jobs_shape();             // JobsAnswer
[[nodiscard]] const ObjectShape& describe_job_statuses_shape();     // JobsAnswer, as JobDetail::status says
[[nodiscard]] const ObjectShape& list_jobs_shape();                 // Page<JobSummary>

}  // namespace polysync::aws::batch
