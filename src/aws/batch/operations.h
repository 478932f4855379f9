// Batch's operations (aws-facts 1.1, 3).
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::batch {

inline constexpr ServiceInfo service{"batch", "BATCH", "batch", "batch", Protocol::rest_json, "", ""};

inline constexpr Operation describe_job_queues{&service, "DescribeJobQueues", "", "/v1/describejobqueues"};
inline constexpr Operation describe_job_definitions{&service, "DescribeJobDefinitions", "",
                                                    "/v1/describejobdefinitions"};
inline constexpr Operation submit_job{&service,        "SubmitJob",         "",
                                      "/v1/submitjob", RepeatSafety::start, Priority::urgent};
inline constexpr Operation describe_jobs{&service, "DescribeJobs", "", "/v1/describejobs"};
inline constexpr Operation list_jobs{&service, "ListJobs", "", "/v1/listjobs"};
inline constexpr Operation terminate_job{&service,           "TerminateJob",           "",
                                         "/v1/terminatejob", RepeatSafety::idempotent, Priority::urgent};

}  // namespace polysync::aws::batch
