#include "aws/glue/decode.h"

namespace polysync::aws::glue {
namespace {

const ObjectShape& execution_property_shape() {
    static const ObjectShape shape{field<&Job::max_concurrent_runs>("MaxConcurrentRuns")};
    return shape;
}

const ObjectShape& command_shape() {
    static const ObjectShape shape{
        field<&Job::command_name>("Name"),
        field<&Job::script_location>("ScriptLocation"),
        field<&Job::python_version>("PythonVersion"),
        field<&Job::runtime>("Runtime"),
    };
    return shape;
}

const ObjectShape& job_shape() {
    static const ObjectShape shape{
        field<&Job::name>("Name"),
        field<&Job::description>("Description"),
        field<&Job::role>("Role"),
        flattened_field<command_shape>("Command"),
        flattened_field<execution_property_shape>("ExecutionProperty"),
        field<&Job::default_arguments>("DefaultArguments"),
        field<&Job::non_overridable_arguments>("NonOverridableArguments"),
        field<&Job::max_retries>("MaxRetries"),
        field<&Job::timeout_minutes>("Timeout"),
        field<&Job::number_of_workers>("NumberOfWorkers"),
        field<&Job::max_capacity>("MaxCapacity"),
        field<&Job::worker_type>("WorkerType"),
        field<&Job::glue_version>("GlueVersion"),
        field<&Job::execution_class>("ExecutionClass"),
        field<&Job::job_mode>("JobMode"),
        field<&Job::security_configuration>("SecurityConfiguration"),
        field<&Job::job_run_queuing_enabled>("JobRunQueuingEnabled"),
        seconds_field<&Job::created_on>("CreatedOn"),
        seconds_field<&Job::last_modified_on>("LastModifiedOn"),
    };
    return shape;
}

const ObjectShape& job_run_shape() {
    static const ObjectShape shape{
        field<&JobRun::id>("Id"),
        field<&JobRun::job_name>("JobName"),
        field<&JobRun::state>("JobRunState"),
        field<&JobRun::attempt>("Attempt"),
        field<&JobRun::previous_run_id>("PreviousRunId"),
        field<&JobRun::trigger_name>("TriggerName"),
        field<&JobRun::error_message>("ErrorMessage"),
        field<&JobRun::state_detail>("StateDetail"),
        field<&JobRun::arguments>("Arguments"),
        seconds_field<&JobRun::started_on>("StartedOn"),
        seconds_field<&JobRun::last_modified_on>("LastModifiedOn"),
        seconds_field<&JobRun::completed_on>("CompletedOn"),
        field<&JobRun::execution_time_s>("ExecutionTime"),
        field<&JobRun::timeout_minutes>("Timeout"),
        field<&JobRun::number_of_workers>("NumberOfWorkers"),
        field<&JobRun::max_capacity>("MaxCapacity"),
        field<&JobRun::dpu_seconds>("DPUSeconds"),
        field<&JobRun::worker_type>("WorkerType"),
        field<&JobRun::glue_version>("GlueVersion"),
        field<&JobRun::execution_class>("ExecutionClass"),
        field<&JobRun::log_group_name>("LogGroupName"),
        field<&JobRun::security_configuration>("SecurityConfiguration"),
    };
    return shape;
}

struct Stopping {
    std::string run_id;
};

const ObjectShape& stopping_shape() {
    static const ObjectShape shape{field<&Stopping::run_id>("JobRunId")};
    return shape;
}

const ObjectShape& error_detail_shape() {
    static const ObjectShape shape{
        field<&StopError::code>("ErrorCode"),
        field<&StopError::message>("ErrorMessage"),
    };
    return shape;
}

const ObjectShape& stop_error_shape() {
    static const ObjectShape shape{
        field<&StopError::run_id>("JobRunId"),
        flattened_field<error_detail_shape>("ErrorDetail"),
    };
    return shape;
}

void read_stopping(BatchStopAnswer& answer, JsonValue& value) {
    std::vector<Stopping> list;
    read_list<Stopping, stopping_shape>(list, value);
    for (auto& one : list) answer.stopping.push_back(std::move(one.run_id));
}

}  // namespace

const ObjectShape& list_jobs_shape() {
    static const ObjectShape shape{
        field<&Page<std::string>::items>("JobNames"),
        field<&Page<std::string>::next_token>("NextToken"),
    };
    return shape;
}

const ObjectShape& get_jobs_shape() {
    static const ObjectShape shape{
        list_field<&Page<Job>::items, job_shape>("Jobs"),
        field<&Page<Job>::next_token>("NextToken"),
    };
    return shape;
}

const ObjectShape& get_job_shape() {
    static const ObjectShape shape{object_field<&JobAnswer::job, job_shape>("Job")};
    return shape;
}

const ObjectShape& batch_get_jobs_shape() {
    static const ObjectShape shape{
        list_field<&BatchGetJobsAnswer::jobs, job_shape>("Jobs"),
        field<&BatchGetJobsAnswer::not_found>("JobsNotFound"),
    };
    return shape;
}

const ObjectShape& start_job_run_shape() {
    static const ObjectShape shape{field<&StartAnswer::run_id>("JobRunId")};
    return shape;
}

const ObjectShape& get_job_run_shape() {
    static const ObjectShape shape{object_field<&JobRunAnswer::run, job_run_shape>("JobRun")};
    return shape;
}

const ObjectShape& get_job_runs_shape() {
    static const ObjectShape shape{
        list_field<&Page<JobRun>::items, job_run_shape>("JobRuns"),
        field<&Page<JobRun>::next_token>("NextToken"),
    };
    return shape;
}

const ObjectShape& batch_stop_shape() {
    static const ObjectShape shape{
        custom_field<BatchStopAnswer, read_stopping>("SuccessfulSubmissions"),
        list_field<&BatchStopAnswer::errors, stop_error_shape>("Errors"),
    };
    return shape;
}

}  // namespace polysync::aws::glue
