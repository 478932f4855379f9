// The JSON answers of every service. The first byte says which answer the rest is.
#include <cstddef>
#include <cstdint>
#include <string>

#include "aws/batch/decode.h"
#include "aws/glue/decode.h"
#include "aws/logs/decode.h"
#include "aws/sagemaker/decode.h"
#include "aws/states/decode.h"
#include "base/error.h"

namespace {

using namespace polysync::aws;

template <class T>
void read(std::string body, const ObjectShape& shape) {
    (void)decode_json<T>(body, shape);
}

void read_one(unsigned which, std::string body) {
    switch (which % 22) {
        case 0:
            return read<Page<std::string>>(std::move(body), glue::list_jobs_shape());
        case 1:
            return read<Page<glue::Job>>(std::move(body), glue::get_jobs_shape());
        case 2:
            return read<glue::JobAnswer>(std::move(body), glue::get_job_shape());
        case 3:
            return read<glue::BatchGetJobsAnswer>(std::move(body), glue::batch_get_jobs_shape());
        case 4:
            return read<glue::JobRunAnswer>(std::move(body), glue::get_job_run_shape());
        case 5:
            return read<Page<glue::JobRun>>(std::move(body), glue::get_job_runs_shape());
        case 6:
            return read<glue::BatchStopAnswer>(std::move(body), glue::batch_stop_shape());
        case 7:
            return read<Page<batch::JobQueue>>(std::move(body), batch::describe_job_queues_shape());
        case 8:
            return read<Page<batch::JobDefinition>>(std::move(body), batch::describe_job_definitions_shape());
        case 9:
            return read<batch::Submitted>(std::move(body), batch::submit_job_shape());
        case 10:
            return read<batch::JobsAnswer>(std::move(body), batch::describe_jobs_shape());
        case 11:
            return read<Page<batch::JobSummary>>(std::move(body), batch::list_jobs_shape());
        case 12:
            return read<Page<sagemaker::PipelineSummary>>(std::move(body), sagemaker::list_pipelines_shape());
        case 13:
            return read<sagemaker::Pipeline>(std::move(body), sagemaker::describe_pipeline_shape());
        case 14:
            return read<sagemaker::Execution>(std::move(body), sagemaker::describe_execution_shape());
        case 15:
            return read<Page<sagemaker::Step>>(std::move(body), sagemaker::list_steps_shape());
        case 16:
            return read<states::StateMachine>(std::move(body), states::describe_state_machine_shape());
        case 17:
            return read<states::Execution>(std::move(body), states::execution_shape());
        case 18:
            return read<Page<states::ExecutionItem>>(std::move(body), states::list_executions_shape());
        case 19:
            return read<Page<states::HistoryEvent>>(std::move(body), states::history_shape());
        case 20:
            return read<logs::GetEventsAnswer>(std::move(body), logs::get_log_events_shape());
        default:
            return read<logs::FilterEventsAnswer>(std::move(body), logs::filter_log_events_shape());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    read_one(data[0], std::string(reinterpret_cast<const char*>(data + 1), size - 1));
    return 0;
}
