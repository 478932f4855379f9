#include "aws/batch/client.h"

#include "aws/batch/decode.h"
#include "aws/batch/operations.h"
#include "aws/core/client_call.h"
#include "aws/core/json_text.h"

namespace polysync::aws {

Async<Result<Page<batch::JobQueue>>> BatchClient::describe_job_queues(std::vector<std::string> names,
                                                                      std::string next_token,
                                                                      int max_results) {
    JsonObject body;
    if (!names.empty()) body.add("jobQueues", names);
    body.add_if("maxResults", max_results).add_if("nextToken", next_token);
    return call_json<Page<batch::JobQueue>>(connection_, batch::describe_job_queues, std::move(body).text(),
                                            batch::describe_job_queues_shape());
}

Async<Result<Page<batch::JobDefinition>>> BatchClient::describe_job_definitions(
    batch::DescribeJobDefinitionsRequest request, std::string next_token) {
    JsonObject body;
    if (!request.definitions.empty()) {
        body.add("jobDefinitions", request.definitions);
    } else {
        body.add_if("jobDefinitionName", request.name).add_if("status", request.status);
        body.add_if("maxResults", request.max_results);
    }
    body.add_if("nextToken", next_token);
    return call_json<Page<batch::JobDefinition>>(connection_, batch::describe_job_definitions,
                                                 std::move(body).text(),
                                                 batch::describe_job_definitions_shape());
}

Async<Result<batch::Submitted>> BatchClient::submit_job(std::string body, LeaveToSend leave) {
    auto options = with_leave(std::move(leave));
    POLYSYNC_CO_TRY(auto answer,
                    co_await call_json<batch::Submitted>(connection_, batch::submit_job, std::move(body),
                                                         batch::submit_job_shape(), std::move(options)));
    if (answer.job_id.empty()) co_return missing_id(batch::submit_job, "jobId");
    co_return answer;
}

Async<Result<std::vector<batch::Job>>> BatchClient::describe_jobs(std::vector<std::string> ids,
                                                                  batch::JobDetail detail) {
    JsonObject body;
    body.add("jobs", ids);
    const ObjectShape& shape =
        detail == batch::JobDetail::all ? batch::describe_jobs_shape() : batch::describe_job_statuses_shape();
    POLYSYNC_CO_TRY(auto answer, co_await call_json<batch::JobsAnswer>(connection_, batch::describe_jobs,
                                                                       std::move(body).text(), shape));
    co_return std::move(answer.jobs);
}

Async<Result<Page<batch::JobSummary>>> BatchClient::list_jobs(batch::ListJobsRequest request,
                                                              std::string next_token) {
    JsonObject body;
    body.add_if("jobQueue", request.job_queue).add_if("arrayJobId", request.array_job_id);
    body.add_if("multiNodeJobId", request.multi_node_job_id).add_if("jobStatus", request.status);
    if (!request.filter_name.empty()) {
        JsonObject filter;
        filter.add("name", request.filter_name).add("values", std::vector<std::string>{request.filter_value});
        body.add_raw("filters", "[" + std::move(filter).text() + "]");
    }
    body.add_if("maxResults", request.max_results).add_if("nextToken", next_token);
    return call_json<Page<batch::JobSummary>>(connection_, batch::list_jobs, std::move(body).text(),
                                              batch::list_jobs_shape());
}

Async<Result<void>> BatchClient::terminate_job(std::string job_id, std::string reason) {
    JsonObject body;
    body.add("jobId", job_id).add("reason", reason);
    return call_only(connection_, batch::terminate_job, std::move(body).text());
}

}  // namespace polysync::aws
