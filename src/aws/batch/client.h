// AWS Batch (aws-facts 3). Members that Polysync does not use are not decoded; what AWS left out is empty.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/core/call_options.h"
#include "aws/core/page.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

class Connection;

namespace batch {

using StringMap = std::map<std::string, std::string>;
using Counts = std::vector<std::pair<std::string, int>>;  // by status, as it came

struct JobQueue {
    std::string name, arn, state, status, status_reason, type, scheduling_policy_arn;
    std::optional<int> priority;
};

struct LogConfiguration {
    std::string driver;
    StringMap options;  // "awslogs-group", "awslogs-region", …
};

struct ResourceRequirement {
    std::string type, value;  // "VCPU", "4"
};

// One container of a definition, whichever property block it sits in.
struct DefinitionContainer {
    std::string name, image, job_role_arn, execution_role_arn;
    std::vector<std::string> command;  // EKS: command, then args
    std::vector<ResourceRequirement> resource_requirements;
    LogConfiguration log;
};

struct JobDefinition {
    std::string name, arn, status, type;
    int revision = 0;
    StringMap parameters, tags;
    std::vector<DefinitionContainer> containers;  // of container-, ecs-, eks- and nodeProperties
    bool uses_ecs_properties = false, uses_eks_properties = false, uses_node_properties = false;
    std::vector<std::string> platform_capabilities;
    std::optional<int> retry_attempts, attempt_duration_seconds, scheduling_priority;
    std::optional<bool> propagate_tags;
};

// A container of a job or of one attempt.
struct ContainerState {
    std::string name;  // multi-container jobs
    std::optional<int> exit_code;
    std::string reason, log_stream_name;
};

struct Attempt {
    std::optional<SystemTime> started_at, stopped_at;
    std::string status_reason;
    std::vector<ContainerState> containers;  // of `container`, `taskProperties[].containers[]` or the EKS
                                             // attempt
};

// What is read of DescribeJobs; status: no log configuration and no log stream of the job itself.
enum class JobDetail { all, status };

// DescribeJobs.
struct Job {
    std::string id, name, queue, definition, status, status_reason;
    std::optional<SystemTime> created_at, started_at, stopped_at;
    std::optional<bool> is_cancelled, is_terminated;
    ContainerState container;                // `container`, else the first one of a multi-container job
    std::vector<ContainerState> containers;  // of a multi-container job (ecsProperties, eksProperties)
    LogConfiguration log;
    std::vector<Attempt> attempts;  // oldest first
    std::optional<int> array_size, array_index;
    Counts array_status;  // statusSummary
    std::optional<int> node_index;
    std::optional<bool> is_main_node;
    std::optional<int> number_of_nodes;
    std::optional<int> retry_attempts;
    bool is_eks = false;
};

// ListJobs.
struct JobSummary {
    std::string id, name, status, status_reason, definition;
    std::optional<SystemTime> created_at, started_at, stopped_at;
    std::optional<int> exit_code;
    std::string container_reason;
    std::optional<int> array_size, array_index;
    std::optional<bool> is_cancelled, is_terminated;
};

struct ListJobsRequest {
    // Exactly one of the three.
    std::string job_queue, array_job_id, multi_node_job_id;
    std::string status;                     // without status and filter AWS gives RUNNING jobs only
    std::string filter_name, filter_value;  // "JOB_NAME": case-insensitive, so compare names yourself
    int max_results = 0;                    // 0: AWS's own; at most 1000, with a filter 100
};

struct DescribeJobDefinitionsRequest {
    std::vector<std::string> definitions;  // name:revision or ARN, at most 100; excludes the others
    std::string name;
    std::string status;  // "ACTIVE"
    int max_results = 100;
};

struct Submitted {
    std::string job_id, job_name, job_arn;
};

}  // namespace batch

class BatchClient {
  public:
    explicit BatchClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    // All queues, or those named (≤ 100; unknown ones are left out by AWS). `max_results` 1–100.
    [[nodiscard]] Async<Result<Page<batch::JobQueue>>> describe_job_queues(std::vector<std::string> names,
                                                                           std::string next_token,
                                                                           int max_results = 100);
    [[nodiscard]] Async<Result<Page<batch::JobDefinition>>> describe_job_definitions(
        batch::DescribeJobDefinitionsRequest request, std::string next_token);
    // Sends `body`, a SubmitJob request, as it is. Never repeated after an unclear outcome
    // (ErrorKind::unclear).
    [[nodiscard]] Async<Result<batch::Submitted>> submit_job(std::string body, LeaveToSend leave = {});
    // At most 100 ids; AWS drops unknown ids without a word.
    [[nodiscard]] Async<Result<std::vector<batch::Job>>> describe_jobs(
        std::vector<std::string> ids, batch::JobDetail detail = batch::JobDetail::all);
    [[nodiscard]] Async<Result<Page<batch::JobSummary>>> list_jobs(batch::ListJobsRequest request,
                                                                   std::string next_token);
    // Succeeds for finished and even for unknown jobs: confirm with describe_jobs.
    [[nodiscard]] Async<Result<void>> terminate_job(std::string job_id, std::string reason);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
