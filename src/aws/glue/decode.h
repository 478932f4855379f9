// Glue's answers as tables of members.
#pragma once

#include "aws/core/json_reader.h"
#include "aws/glue/client.h"

namespace polysync::aws::glue {

struct JobAnswer {
    Job job;
};
struct JobRunAnswer {
    JobRun run;
};
struct StartAnswer {
    std::string run_id;
};

[[nodiscard]] const ObjectShape& list_jobs_shape();       // Page<std::string>
[[nodiscard]] const ObjectShape& get_jobs_shape();        // Page<Job>
[[nodiscard]] const ObjectShape& get_job_shape();         // JobAnswer
[[nodiscard]] const ObjectShape& batch_get_jobs_shape();  // BatchGetJobsAnswer
[[nodiscard]] const ObjectShape& start_job_run_shape();   // StartAnswer
[[nodiscard]] const ObjectShape& get_job_run_shape();     // JobRunAnswer
[[nodiscard]] const ObjectShape& get_job_runs_shape();    // Page<JobRun>
[[nodiscard]] const ObjectShape& batch_stop_shape();      // BatchStopAnswer

}  // namespace polysync::aws::glue
