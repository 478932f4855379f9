// Glue's operations (aws-facts 1.1, 2).
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::glue {

inline constexpr ServiceInfo service{"glue", "GLUE", "glue", "glue", Protocol::json_1_1, "AWSGlue.", ""};

inline constexpr Operation list_jobs{&service, "ListJobs", "AWSGlue.ListJobs"};
inline constexpr Operation get_jobs{&service, "GetJobs", "AWSGlue.GetJobs"};
inline constexpr Operation get_job{&service, "GetJob", "AWSGlue.GetJob"};
inline constexpr Operation batch_get_jobs{&service, "BatchGetJobs", "AWSGlue.BatchGetJobs"};
inline constexpr Operation start_job_run{&service, "StartJobRun",       "AWSGlue.StartJobRun",
                                         "/",      RepeatSafety::start, Priority::urgent};
inline constexpr Operation get_job_run{&service, "GetJobRun", "AWSGlue.GetJobRun"};
inline constexpr Operation get_job_runs{&service, "GetJobRuns", "AWSGlue.GetJobRuns"};
inline constexpr Operation batch_stop_job_run{&service, "BatchStopJobRun",        "AWSGlue.BatchStopJobRun",
                                              "/",      RepeatSafety::idempotent, Priority::urgent};

}  // namespace polysync::aws::glue
