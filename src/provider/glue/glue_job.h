// A Glue job definition as a Job of ours (GLUE-1, GLUE-2).
#pragma once

#include "aws/glue/client.h"
#include "model/job.h"

namespace polysync::glue {

// External id and name are Glue's name. Default arguments become input parameters, but Glue's own, internal
// and reserved ones; `details` keeps what runs inherit: command, worker_type, number_of_workers,
// max_capacity, version, timeout_minutes, max_retries …
[[nodiscard]] Job to_job(const aws::glue::Job& definition);

// What the definition says about workers; read from GetJob or from `details` of an imported job.
struct WorkerRules {
    bool is_known = false;
    bool takes_workers = true;  // false: Python shell, and jobs sized by MaxCapacity
    std::string worker_type;
    std::optional<long long> number_of_workers;
};
[[nodiscard]] WorkerRules worker_rules(const aws::glue::Job& definition);
[[nodiscard]] WorkerRules worker_rules(const boost::json::object& details);

}  // namespace polysync::glue
