#include "aws/sagemaker/client.h"

#include "aws/core/client_call.h"
#include "aws/core/json_text.h"
#include "aws/sagemaker/decode.h"
#include "aws/sagemaker/operations.h"

namespace polysync::aws {

Async<Result<Page<sagemaker::PipelineSummary>>> SageMakerClient::list_pipelines(std::string next_token,
                                                                                int max_results) {
    JsonObject body;
    body.add_if("NextToken", next_token).add_if("MaxResults", max_results);
    return call_json<Page<sagemaker::PipelineSummary>>(
        connection_, sagemaker::list_pipelines, std::move(body).text(), sagemaker::list_pipelines_shape());
}

Async<Result<sagemaker::Pipeline>> SageMakerClient::describe_pipeline(std::string name) {
    JsonObject body;
    body.add("PipelineName", name);
    return call_json<sagemaker::Pipeline>(connection_, sagemaker::describe_pipeline, std::move(body).text(),
                                          sagemaker::describe_pipeline_shape());
}

Async<Result<std::string>> SageMakerClient::start_pipeline_execution(std::string body, LeaveToSend leave) {
    auto options = with_leave(std::move(leave));
    POLYSYNC_CO_TRY(auto answer, co_await call_json<sagemaker::StartAnswer>(
                                     connection_, sagemaker::start_pipeline_execution, std::move(body),
                                     sagemaker::start_shape(), std::move(options)));
    if (answer.execution_arn.empty())
        co_return missing_id(sagemaker::start_pipeline_execution, "PipelineExecutionArn");
    co_return std::move(answer.execution_arn);
}

Async<Result<sagemaker::Execution>> SageMakerClient::describe_pipeline_execution(std::string execution_arn) {
    JsonObject body;
    body.add("PipelineExecutionArn", execution_arn);
    return call_json<sagemaker::Execution>(connection_, sagemaker::describe_pipeline_execution,
                                           std::move(body).text(), sagemaker::describe_execution_shape());
}

Async<Result<Page<sagemaker::ExecutionSummary>>> SageMakerClient::list_pipeline_executions(
    sagemaker::ListExecutionsRequest request, std::string next_token) {
    JsonObject body;
    body.add("PipelineName", request.pipeline_name);
    if (request.created_after)
        body.add_seconds("CreatedAfter", request.created_after->time_since_epoch().count());
    if (request.created_before)
        body.add_seconds("CreatedBefore", request.created_before->time_since_epoch().count());
    body.add_if("SortBy", request.sort_by).add_if("SortOrder", request.sort_order);
    body.add_if("NextToken", next_token).add_if("MaxResults", request.max_results);
    return call_json<Page<sagemaker::ExecutionSummary>>(connection_, sagemaker::list_pipeline_executions,
                                                        std::move(body).text(),
                                                        sagemaker::list_executions_shape());
}

Async<Result<Page<sagemaker::Step>>> SageMakerClient::list_pipeline_execution_steps(std::string execution_arn,
                                                                                    std::string next_token,
                                                                                    std::string sort_order,
                                                                                    int max_results) {
    JsonObject body;
    body.add("PipelineExecutionArn", execution_arn).add_if("NextToken", next_token);
    body.add_if("MaxResults", max_results).add_if("SortOrder", sort_order);
    return call_json<Page<sagemaker::Step>>(connection_, sagemaker::list_pipeline_execution_steps,
                                            std::move(body).text(), sagemaker::list_steps_shape());
}

Async<Result<void>> SageMakerClient::stop_pipeline_execution(std::string execution_arn,
                                                             std::string client_request_token) {
    JsonObject body;
    body.add("PipelineExecutionArn", execution_arn).add("ClientRequestToken", client_request_token);
    return call_only(connection_, sagemaker::stop_pipeline_execution, std::move(body).text());
}

}  // namespace polysync::aws
