#include "aws/glue/client.h"

#include <algorithm>
#include <iterator>

#include "aws/core/client_call.h"
#include "aws/core/json_text.h"
#include "aws/glue/decode.h"
#include "aws/glue/operations.h"

namespace polysync::aws {

Async<Result<Page<std::string>>> GlueClient::list_jobs(std::string next_token, int max_results) {
    JsonObject body;
    body.add_if("NextToken", next_token).add_if("MaxResults", max_results);
    return call_json<Page<std::string>>(connection_, glue::list_jobs, std::move(body).text(),
                                        glue::list_jobs_shape());
}

Async<Result<Page<glue::Job>>> GlueClient::get_jobs(std::string next_token, int max_results) {
    JsonObject body;
    body.add_if("NextToken", next_token).add_if("MaxResults", max_results);
    return call_json<Page<glue::Job>>(connection_, glue::get_jobs, std::move(body).text(),
                                      glue::get_jobs_shape());
}

Async<Result<glue::Job>> GlueClient::get_job(std::string name) {
    JsonObject body;
    body.add("JobName", name);
    POLYSYNC_CO_TRY(auto answer,
                    co_await call_json<glue::JobAnswer>(connection_, glue::get_job, std::move(body).text(),
                                                        glue::get_job_shape()));
    co_return std::move(answer.job);
}

Async<Result<glue::BatchGetJobsAnswer>> GlueClient::batch_get_jobs(std::vector<std::string> names) {
    constexpr std::size_t at_a_time = 25;
    glue::BatchGetJobsAnswer all;
    for (std::size_t begin = 0; begin < names.size(); begin += at_a_time) {
        std::size_t end = std::min(begin + at_a_time, names.size());
        std::vector<std::string> some(names.begin() + std::ptrdiff_t(begin),
                                      names.begin() + std::ptrdiff_t(end));
        JsonObject body;
        body.add("JobNames", some);
        POLYSYNC_CO_TRY(auto answer, co_await call_json<glue::BatchGetJobsAnswer>(
                                         connection_, glue::batch_get_jobs, std::move(body).text(),
                                         glue::batch_get_jobs_shape()));
        std::move(answer.jobs.begin(), answer.jobs.end(), std::back_inserter(all.jobs));
        std::move(answer.not_found.begin(), answer.not_found.end(), std::back_inserter(all.not_found));
    }
    co_return all;
}

Async<Result<std::string>> GlueClient::start_job_run(std::string body, LeaveToSend leave) {
    auto options = with_leave(std::move(leave));
    POLYSYNC_CO_TRY(auto answer,
                    co_await call_json<glue::StartAnswer>(connection_, glue::start_job_run, std::move(body),
                                                          glue::start_job_run_shape(), std::move(options)));
    if (answer.run_id.empty()) co_return missing_id(glue::start_job_run, "JobRunId");
    co_return std::move(answer.run_id);
}

Async<Result<glue::JobRun>> GlueClient::get_job_run(std::string job_name, std::string run_id) {
    JsonObject body;
    body.add("JobName", job_name).add("RunId", run_id);
    POLYSYNC_CO_TRY(auto answer,
                    co_await call_json<glue::JobRunAnswer>(
                        connection_, glue::get_job_run, std::move(body).text(), glue::get_job_run_shape()));
    co_return std::move(answer.run);
}

Async<Result<Page<glue::JobRun>>> GlueClient::get_job_runs(std::string job_name, std::string next_token,
                                                           int max_results) {
    JsonObject body;
    body.add("JobName", job_name).add_if("NextToken", next_token).add_if("MaxResults", max_results);
    return call_json<Page<glue::JobRun>>(connection_, glue::get_job_runs, std::move(body).text(),
                                         glue::get_job_runs_shape());
}

Async<Result<glue::BatchStopAnswer>> GlueClient::batch_stop_job_run(std::string job_name,
                                                                    std::vector<std::string> run_ids) {
    JsonObject body;
    body.add("JobName", job_name).add("JobRunIds", run_ids);
    return call_json<glue::BatchStopAnswer>(connection_, glue::batch_stop_job_run, std::move(body).text(),
                                            glue::batch_stop_shape());
}

}  // namespace polysync::aws
