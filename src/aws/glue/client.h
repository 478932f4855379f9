// AWS Glue (aws-facts 2). Members that Polysync does not use are not decoded; what AWS left out is empty.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/core/call_options.h"
#include "aws/core/page.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

class Connection;

namespace glue {

using StringMap = std::map<std::string, std::string>;

struct Job {
    std::string name, description, role;
    std::string command_name;  // glueetl, gluestreaming, pythonshell, glueray
    std::string script_location, python_version, runtime;
    StringMap default_arguments, non_overridable_arguments;
    std::optional<int> max_concurrent_runs, max_retries, timeout_minutes, number_of_workers;
    std::optional<double> max_capacity;
    std::string worker_type, glue_version, execution_class, job_mode, security_configuration;
    std::optional<bool> job_run_queuing_enabled;
    std::optional<SystemTime> created_on, last_modified_on;
};

struct JobRun {
    std::string id, job_name, state, previous_run_id, trigger_name, error_message, state_detail;
    int attempt = 0;
    StringMap arguments;
    std::optional<SystemTime> started_on, last_modified_on, completed_on;
    std::optional<long long> execution_time_s;
    std::optional<int> timeout_minutes, number_of_workers;
    std::optional<double> max_capacity, dpu_seconds;
    std::string worker_type, glue_version, execution_class, log_group_name, security_configuration;
};

struct BatchGetJobsAnswer {
    std::vector<Job> jobs;
    std::vector<std::string> not_found;
};

struct StopError {
    std::string run_id, code, message;
};

struct BatchStopAnswer {
    std::vector<std::string> stopping;  // run ids
    std::vector<StopError> errors;
};

}  // namespace glue

class GlueClient {
  public:
    explicit GlueClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    // `max_results` 1–1000.
    [[nodiscard]] Async<Result<Page<std::string>>> list_jobs(std::string next_token, int max_results = 1000);
    [[nodiscard]] Async<Result<Page<glue::Job>>> get_jobs(std::string next_token, int max_results = 1000);
    // Errors: not_found.
    [[nodiscard]] Async<Result<glue::Job>> get_job(std::string name);
    // Any number of names; asked 25 at a time. Unknown names come back in `not_found`.
    [[nodiscard]] Async<Result<glue::BatchGetJobsAnswer>> batch_get_jobs(std::vector<std::string> names);
    // Sends `body`, a StartJobRun request, as it is; gives the run id. Never repeated after an unclear
    // outcome (ErrorKind::unclear). "Not now" is ErrorKind::contention.
    [[nodiscard]] Async<Result<std::string>> start_job_run(std::string body, LeaveToSend leave = {});
    [[nodiscard]] Async<Result<glue::JobRun>> get_job_run(std::string job_name, std::string run_id);
    // Newest first; `max_results` 1–200.
    [[nodiscard]] Async<Result<Page<glue::JobRun>>> get_job_runs(std::string job_name, std::string next_token,
                                                                 int max_results = 200);
    // At most 25 runs of one job. A refused stop is an entry in `errors`, not an Error.
    [[nodiscard]] Async<Result<glue::BatchStopAnswer>> batch_stop_job_run(std::string job_name,
                                                                          std::vector<std::string> run_ids);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
