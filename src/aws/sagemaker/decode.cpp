#include "aws/sagemaker/decode.h"

namespace polysync::aws::sagemaker {
namespace {

const ObjectShape& pipeline_summary_shape() {
    static const ObjectShape shape{
        field<&PipelineSummary::arn>("PipelineArn"),
        field<&PipelineSummary::name>("PipelineName"),
        field<&PipelineSummary::display_name>("PipelineDisplayName"),
        field<&PipelineSummary::description>("PipelineDescription"),
        field<&PipelineSummary::role_arn>("RoleArn"),
        seconds_field<&PipelineSummary::creation_time>("CreationTime"),
        seconds_field<&PipelineSummary::last_modified_time>("LastModifiedTime"),
        seconds_field<&PipelineSummary::last_execution_time>("LastExecutionTime"),
    };
    return shape;
}

const ObjectShape& pipeline_parallelism_shape() {
    static const ObjectShape shape{
        field<&Pipeline::max_parallel_execution_steps>("MaxParallelExecutionSteps")};
    return shape;
}

const ObjectShape& execution_parallelism_shape() {
    static const ObjectShape shape{
        field<&Execution::max_parallel_execution_steps>("MaxParallelExecutionSteps")};
    return shape;
}

const ObjectShape& execution_summary_shape() {
    static const ObjectShape shape{
        field<&ExecutionSummary::arn>("PipelineExecutionArn"),
        field<&ExecutionSummary::display_name>("PipelineExecutionDisplayName"),
        field<&ExecutionSummary::description>("PipelineExecutionDescription"),
        field<&ExecutionSummary::status>("PipelineExecutionStatus"),
        field<&ExecutionSummary::failure_reason>("PipelineExecutionFailureReason"),
        seconds_field<&ExecutionSummary::start_time>("StartTime"),
    };
    return shape;
}

const ObjectShape& cache_hit_shape() {
    static const ObjectShape shape{field<&Step::cache_hit_arn>("SourcePipelineExecutionArn")};
    return shape;
}

// What stands for the resource in the metadata of the step types that have no Arn.
const ObjectShape& step_resource_shape() {
    static const ObjectShape shape{
        field<&Step::resource>("Arn"),          field<&Step::resource>("SqsQueueUrl"),
        field<&Step::resource>("Outcome"),      field<&Step::resource>("ClusterId"),
        field<&Step::resource>("ErrorMessage"),
    };
    return shape;
}

void read_step_metadata(Step& step, JsonValue& value) {
    value.read_members(&step, [](void* context, std::string_view type, JsonValue& metadata) {
        auto& read = *static_cast<Step*>(context);
        if (!metadata.is_object()) return true;
        read.type = type;
        metadata.read_object(&read, step_resource_shape());
        return true;
    });
}

const ObjectShape& step_shape() {
    static const ObjectShape shape{
        field<&Step::name>("StepName"),
        field<&Step::display_name>("StepDisplayName"),
        field<&Step::status>("StepStatus"),
        field<&Step::failure_reason>("FailureReason"),
        seconds_field<&Step::start_time>("StartTime"),
        seconds_field<&Step::end_time>("EndTime"),
        field<&Step::attempt_count>("AttemptCount"),
        flattened_field<cache_hit_shape>("CacheHitResult"),
        custom_field<Step, read_step_metadata>("Metadata"),
    };
    return shape;
}

}  // namespace

const ObjectShape& list_pipelines_shape() {
    static const ObjectShape shape{
        list_field<&Page<PipelineSummary>::items, pipeline_summary_shape>("PipelineSummaries"),
        field<&Page<PipelineSummary>::next_token>("NextToken"),
    };
    return shape;
}

const ObjectShape& describe_pipeline_shape() {
    static const ObjectShape shape{
        field<&Pipeline::arn>("PipelineArn"),
        field<&Pipeline::name>("PipelineName"),
        field<&Pipeline::display_name>("PipelineDisplayName"),
        field<&Pipeline::description>("PipelineDescription"),
        field<&Pipeline::role_arn>("RoleArn"),
        field<&Pipeline::status>("PipelineStatus"),
        field<&Pipeline::definition>("PipelineDefinition"),
        seconds_field<&Pipeline::creation_time>("CreationTime"),
        seconds_field<&Pipeline::last_modified_time>("LastModifiedTime"),
        flattened_field<pipeline_parallelism_shape>("ParallelismConfiguration"),
    };
    return shape;
}

const ObjectShape& start_shape() {
    static const ObjectShape shape{field<&StartAnswer::execution_arn>("PipelineExecutionArn")};
    return shape;
}

const ObjectShape& describe_execution_shape() {
    static const ObjectShape shape{
        field<&Execution::arn>("PipelineExecutionArn"),
        field<&Execution::pipeline_arn>("PipelineArn"),
        field<&Execution::display_name>("PipelineExecutionDisplayName"),
        field<&Execution::description>("PipelineExecutionDescription"),
        field<&Execution::status>("PipelineExecutionStatus"),
        field<&Execution::failure_reason>("FailureReason"),
        seconds_field<&Execution::creation_time>("CreationTime"),
        seconds_field<&Execution::last_modified_time>("LastModifiedTime"),
        flattened_field<execution_parallelism_shape>("ParallelismConfiguration"),
    };
    return shape;
}

const ObjectShape& list_executions_shape() {
    static const ObjectShape shape{
        list_field<&Page<ExecutionSummary>::items, execution_summary_shape>("PipelineExecutionSummaries"),
        field<&Page<ExecutionSummary>::next_token>("NextToken"),
    };
    return shape;
}

const ObjectShape& list_steps_shape() {
    static const ObjectShape shape{
        list_field<&Page<Step>::items, step_shape>("PipelineExecutionSteps"),
        field<&Page<Step>::next_token>("NextToken"),
    };
    return shape;
}

}  // namespace polysync::aws::sagemaker
