#include "aws/batch/decode.h"

namespace polysync::aws::batch {
namespace {

// ---- Containers of jobs and attempts

const ObjectShape& container_state_shape() {
    static const ObjectShape shape{
        field<&ContainerState::name>("name"),
        field<&ContainerState::exit_code>("exitCode"),
        field<&ContainerState::reason>("reason"),
        field<&ContainerState::log_stream_name>("logStreamName"),
    };
    return shape;
}

struct Task {
    std::vector<ContainerState> containers;
};

const ObjectShape& task_shape() {
    static const ObjectShape shape{list_field<&Task::containers, container_state_shape>("containers")};
    return shape;
}

void append_tasks(std::vector<ContainerState>& to, JsonValue& value) {
    std::vector<Task> tasks;
    read_list<Task, task_shape>(tasks, value);
    for (auto& task : tasks) {
        for (auto& container : task.containers) to.push_back(std::move(container));
    }
}

// ---- Attempts

void read_attempt_container(Attempt& attempt, JsonValue& value) {
    ContainerState container;
    value.read_object(&container, container_state_shape());
    bool says_something =
        container.exit_code || !container.reason.empty() || !container.log_stream_name.empty();
    if (says_something) attempt.containers.push_back(std::move(container));
}

void read_attempt_tasks(Attempt& attempt, JsonValue& value) { append_tasks(attempt.containers, value); }

const ObjectShape& attempt_shape() {
    static const ObjectShape shape{
        millis_field<&Attempt::started_at>("startedAt"),
        millis_field<&Attempt::stopped_at>("stoppedAt"),
        field<&Attempt::status_reason>("statusReason"),
        custom_field<Attempt, read_attempt_container>("container"),
        custom_field<Attempt, read_attempt_tasks>("taskProperties"),
        list_field<&Attempt::containers, container_state_shape>("containers"),
    };
    return shape;
}

// ---- The parts of a job

const ObjectShape& array_shape() {
    static const ObjectShape shape{
        field<&Job::array_size>("size"),
        field<&Job::array_index>("index"),
        field<&Job::array_status>("statusSummary"),
    };
    return shape;
}

const ObjectShape& node_details_shape() {
    static const ObjectShape shape{
        field<&Job::node_index>("nodeIndex"),
        field<&Job::is_main_node>("isMainNode"),
    };
    return shape;
}

const ObjectShape& node_properties_shape() {
    static const ObjectShape shape{field<&Job::number_of_nodes>("numNodes")};
    return shape;
}

const ObjectShape& retry_shape() {
    static const ObjectShape shape{field<&Job::retry_attempts>("attempts")};
    return shape;
}

const ObjectShape& log_shape() {
    static const ObjectShape shape{
        field<&LogConfiguration::driver>("logDriver"),
        field<&LogConfiguration::options>("options"),
    };
    return shape;
}

void read_exit_code(Job& job, JsonValue& value) { value.read(job.container.exit_code); }
void read_reason(Job& job, JsonValue& value) { value.read(job.container.reason); }
void read_log_stream(Job& job, JsonValue& value) { value.read(job.container.log_stream_name); }

const ObjectShape& job_container_shape() {
    static const ObjectShape shape{
        custom_field<Job, read_exit_code>("exitCode"),
        custom_field<Job, read_reason>("reason"),
        custom_field<Job, read_log_stream>("logStreamName"),
        object_field<&Job::log, log_shape>("logConfiguration"),
    };
    return shape;
}

// Most of a sweep's answers are of jobs that run on: what only logs need is not kept of them.
const ObjectShape& status_container_shape() {
    static const ObjectShape shape{
        custom_field<Job, read_exit_code>("exitCode"),
        custom_field<Job, read_reason>("reason"),
    };
    return shape;
}

void read_job_tasks(Job& job, JsonValue& value) { append_tasks(job.containers, value); }

const ObjectShape& ecs_shape() {
    static const ObjectShape shape{custom_field<Job, read_job_tasks>("taskProperties")};
    return shape;
}

const ObjectShape& eks_pod_shape() {
    static const ObjectShape shape{list_field<&Job::containers, container_state_shape>("containers")};
    return shape;
}

const ObjectShape& eks_properties_shape() {
    static const ObjectShape shape{flattened_field<eks_pod_shape>("podProperties")};
    return shape;
}

void read_eks(Job& job, JsonValue& value) {
    job.is_eks = value.is_object();
    value.read_object(&job, eks_properties_shape());
}

template <const ObjectShape& (*container_shape)()>
const ObjectShape& job_shape() {
    static const ObjectShape shape{
        field<&Job::id>("jobId"),
        field<&Job::name>("jobName"),
        field<&Job::queue>("jobQueue"),
        field<&Job::definition>("jobDefinition"),
        field<&Job::status>("status"),
        field<&Job::status_reason>("statusReason"),
        millis_field<&Job::created_at>("createdAt"),
        millis_field<&Job::started_at>("startedAt"),
        millis_field<&Job::stopped_at>("stoppedAt"),
        field<&Job::is_cancelled>("isCancelled"),
        field<&Job::is_terminated>("isTerminated"),
        flattened_field<container_shape>("container"),
        list_field<&Job::attempts, attempt_shape>("attempts"),
        list_field<&Job::attempts, attempt_shape>("eksAttempts"),
        flattened_field<array_shape>("arrayProperties"),
        flattened_field<node_details_shape>("nodeDetails"),
        flattened_field<node_properties_shape>("nodeProperties"),
        flattened_field<retry_shape>("retryStrategy"),
        flattened_field<ecs_shape>("ecsProperties"),
        custom_field<Job, read_eks>("eksProperties"),
    };
    return shape;
}

// A multi-container job has an empty `container`: its first container stands in for it.
template <const ObjectShape& (*shape)()>
void read_jobs(JobsAnswer& answer, JsonValue& value) {
    answer.jobs.reserve(100);
    read_list<Job, shape>(answer.jobs, value);
    for (auto& job : answer.jobs) {
        bool is_empty =
            !job.container.exit_code && job.container.reason.empty() && job.container.log_stream_name.empty();
        if (is_empty && !job.containers.empty()) job.container = job.containers.front();
    }
}

// ---- Summaries

const ObjectShape& summary_container_shape() {
    static const ObjectShape shape{
        field<&JobSummary::exit_code>("exitCode"),
        field<&JobSummary::container_reason>("reason"),
    };
    return shape;
}

const ObjectShape& summary_array_shape() {
    static const ObjectShape shape{
        field<&JobSummary::array_size>("size"),
        field<&JobSummary::array_index>("index"),
    };
    return shape;
}

const ObjectShape& summary_shape() {
    static const ObjectShape shape{
        field<&JobSummary::id>("jobId"),
        field<&JobSummary::name>("jobName"),
        field<&JobSummary::status>("status"),
        field<&JobSummary::status_reason>("statusReason"),
        field<&JobSummary::definition>("jobDefinition"),
        millis_field<&JobSummary::created_at>("createdAt"),
        millis_field<&JobSummary::started_at>("startedAt"),
        millis_field<&JobSummary::stopped_at>("stoppedAt"),
        field<&JobSummary::is_cancelled>("isCancelled"),
        field<&JobSummary::is_terminated>("isTerminated"),
        flattened_field<summary_container_shape>("container"),
        flattened_field<summary_array_shape>("arrayProperties"),
    };
    return shape;
}

}  // namespace

const ObjectShape& submit_job_shape() {
    static const ObjectShape shape{
        field<&Submitted::job_id>("jobId"),
        field<&Submitted::job_name>("jobName"),
        field<&Submitted::job_arn>("jobArn"),
    };
    return shape;
}

const ObjectShape& describe_jobs_shape() {
    static const ObjectShape shape{
        custom_field<JobsAnswer, read_jobs<job_shape<job_container_shape>>>("jobs")};
    return shape;
}

const ObjectShape& describe_job_statuses_shape() {
    static const ObjectShape shape{
        custom_field<JobsAnswer, read_jobs<job_shape<status_container_shape>>>("jobs")};
    return shape;
}

const ObjectShape& list_jobs_shape() {
    static const ObjectShape shape{
        list_field<&Page<JobSummary>::items, summary_shape>("jobSummaryList"),
        field<&Page<JobSummary>::next_token>("nextToken"),
    };
    return shape;
}

}  // namespace polysync::aws::batch
