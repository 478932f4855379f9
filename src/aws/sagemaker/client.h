// Amazon SageMaker Pipelines (aws-facts 4). Members that Polysync does not use are not decoded; what AWS left
// out is empty.
#pragma once

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

namespace sagemaker {

struct PipelineSummary {
    std::string arn, name, display_name, description, role_arn;
    std::optional<SystemTime> creation_time, last_modified_time, last_execution_time;
};

struct Pipeline {
    std::string arn, name, display_name, description, role_arn, status;
    std::string definition;  // JSON text; may be empty
    std::optional<SystemTime> creation_time, last_modified_time;
    std::optional<int> max_parallel_execution_steps;
};

struct Execution {
    std::string arn, pipeline_arn, display_name, description, status, failure_reason;
    std::optional<SystemTime> creation_time, last_modified_time;  // AWS gives no end time
    std::optional<int> max_parallel_execution_steps;
};

struct ExecutionSummary {
    std::string arn, display_name, description, status, failure_reason;
    std::optional<SystemTime> start_time;
};

struct Step {
    std::string name, display_name, status, failure_reason;
    std::optional<SystemTime> start_time, end_time;
    std::optional<int> attempt_count;
    std::string cache_hit_arn;  // the execution whose result was taken
    std::string type;           // the member of Metadata that is there: "TrainingJob", "Callback", …
    std::string resource;  // its Arn, or what it has instead (Callback: queue URL; Condition: outcome); may
                           // be empty
};

struct ListExecutionsRequest {
    std::string pipeline_name;  // name or ARN
    std::optional<SystemTime> created_after, created_before;
    std::string sort_by, sort_order;  // "CreationTime", "Descending"; empty: AWS's own
    int max_results = 100;            // 1–100
};

}  // namespace sagemaker

class SageMakerClient {
  public:
    explicit SageMakerClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    // `max_results` 1–100, here and below.
    [[nodiscard]] Async<Result<Page<sagemaker::PipelineSummary>>> list_pipelines(std::string next_token,
                                                                                 int max_results = 100);
    // Name or ARN. Errors: not_found.
    [[nodiscard]] Async<Result<sagemaker::Pipeline>> describe_pipeline(std::string name);
    // Sends `body`, a StartPipelineExecution request with its ClientRequestToken, as it is; repeated after an
    // unclear outcome, because the token makes that safe. Gives the execution's ARN.
    [[nodiscard]] Async<Result<std::string>> start_pipeline_execution(std::string body,
                                                                      LeaveToSend leave = {});
    [[nodiscard]] Async<Result<sagemaker::Execution>> describe_pipeline_execution(std::string execution_arn);
    [[nodiscard]] Async<Result<Page<sagemaker::ExecutionSummary>>> list_pipeline_executions(
        sagemaker::ListExecutionsRequest request, std::string next_token);
    // In AWS's own order unless `sort_order` says "Ascending" or "Descending".
    [[nodiscard]] Async<Result<Page<sagemaker::Step>>> list_pipeline_execution_steps(
        std::string execution_arn, std::string next_token, std::string sort_order = {},
        int max_results = 100);
    // `client_request_token`: 32–128 characters, the same over all retries of one stop.
    [[nodiscard]] Async<Result<void>> stop_pipeline_execution(std::string execution_arn,
                                                              std::string client_request_token);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
