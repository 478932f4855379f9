#include "aws/batch/decode.h"

namespace polysync::aws::batch {
namespace {

const ObjectShape& queue_shape() {
    static const ObjectShape shape{
        field<&JobQueue::name>("jobQueueName"),
        field<&JobQueue::arn>("jobQueueArn"),
        field<&JobQueue::state>("state"),
        field<&JobQueue::status>("status"),
        field<&JobQueue::status_reason>("statusReason"),
        field<&JobQueue::type>("jobQueueType"),
        field<&JobQueue::scheduling_policy_arn>("schedulingPolicyArn"),
        field<&JobQueue::priority>("priority"),
    };
    return shape;
}

// ---- The containers of a definition, whichever property block they sit in

const ObjectShape& log_shape() {
    static const ObjectShape shape{
        field<&LogConfiguration::driver>("logDriver"),
        field<&LogConfiguration::options>("options"),
    };
    return shape;
}

const ObjectShape& requirement_shape() {
    static const ObjectShape shape{
        field<&ResourceRequirement::type>("type"),
        field<&ResourceRequirement::value>("value"),
    };
    return shape;
}

// containerProperties, and the containers of an ECS task.
const ObjectShape& container_shape() {
    static const ObjectShape shape{
        field<&DefinitionContainer::name>("name"),
        field<&DefinitionContainer::image>("image"),
        field<&DefinitionContainer::job_role_arn>("jobRoleArn"),
        field<&DefinitionContainer::execution_role_arn>("executionRoleArn"),
        field<&DefinitionContainer::command>("command"),
        list_field<&DefinitionContainer::resource_requirements, requirement_shape>("resourceRequirements"),
        object_field<&DefinitionContainer::log, log_shape>("logConfiguration"),
    };
    return shape;
}

struct EksContainer {
    DefinitionContainer common;
    std::vector<std::string> args;
};

void read_eks_name(EksContainer& container, JsonValue& value) { value.read(container.common.name); }
void read_eks_image(EksContainer& container, JsonValue& value) { value.read(container.common.image); }
void read_eks_command(EksContainer& container, JsonValue& value) { value.read(container.common.command); }

const ObjectShape& eks_container_shape() {
    static const ObjectShape shape{
        custom_field<EksContainer, read_eks_name>("name"),
        custom_field<EksContainer, read_eks_image>("image"),
        custom_field<EksContainer, read_eks_command>("command"),
        field<&EksContainer::args>("args"),
    };
    return shape;
}

struct Containers {
    std::vector<DefinitionContainer> found;
};

void read_eks_containers(Containers& containers, JsonValue& value) {
    std::vector<EksContainer> read;
    read_list<EksContainer, eks_container_shape>(read, value);
    for (auto& one : read) {
        for (auto& arg : one.args) one.common.command.push_back(std::move(arg));
        containers.found.push_back(std::move(one.common));
    }
}

const ObjectShape& eks_pod_shape() {
    static const ObjectShape shape{custom_field<Containers, read_eks_containers>("containers")};
    return shape;
}

const ObjectShape& eks_properties_shape() {
    static const ObjectShape shape{flattened_field<eks_pod_shape>("podProperties")};
    return shape;
}

struct EcsTask {
    std::vector<DefinitionContainer> containers;
    std::string task_role_arn, execution_role_arn;
};

const ObjectShape& ecs_task_shape() {
    static const ObjectShape shape{
        list_field<&EcsTask::containers, container_shape>("containers"),
        field<&EcsTask::task_role_arn>("taskRoleArn"),
        field<&EcsTask::execution_role_arn>("executionRoleArn"),
    };
    return shape;
}

void read_ecs_tasks(Containers& containers, JsonValue& value) {
    std::vector<EcsTask> tasks;
    read_list<EcsTask, ecs_task_shape>(tasks, value);
    for (auto& task : tasks) {
        for (auto& container : task.containers) {
            container.job_role_arn = task.task_role_arn;
            container.execution_role_arn = task.execution_role_arn;
            containers.found.push_back(std::move(container));
        }
    }
}

const ObjectShape& ecs_properties_shape() {
    static const ObjectShape shape{custom_field<Containers, read_ecs_tasks>("taskProperties")};
    return shape;
}

void append(std::vector<DefinitionContainer>& to, Containers& from) {
    for (auto& one : from.found) to.push_back(std::move(one));
}

void read_container_block(std::vector<DefinitionContainer>& to, JsonValue& value) {
    if (value.is_object()) value.read_object(&to.emplace_back(), container_shape());
}

void read_block(std::vector<DefinitionContainer>& to, JsonValue& value, const ObjectShape& shape) {
    Containers containers;
    value.read_object(&containers, shape);
    append(to, containers);
}

void read_range_container(Containers& range, JsonValue& value) { read_container_block(range.found, value); }
void read_range_ecs(Containers& range, JsonValue& value) {
    read_block(range.found, value, ecs_properties_shape());
}
void read_range_eks(Containers& range, JsonValue& value) {
    read_block(range.found, value, eks_properties_shape());
}

const ObjectShape& node_range_shape() {
    static const ObjectShape shape{
        custom_field<Containers, read_range_container>("container"),
        custom_field<Containers, read_range_ecs>("ecsProperties"),
        custom_field<Containers, read_range_eks>("eksProperties"),
    };
    return shape;
}

struct NodeProperties {
    std::vector<Containers> ranges;
};

const ObjectShape& node_properties_shape() {
    static const ObjectShape shape{
        list_field<&NodeProperties::ranges, node_range_shape>("nodeRangeProperties")};
    return shape;
}

// ---- The definition

void read_container_properties(JobDefinition& definition, JsonValue& value) {
    read_container_block(definition.containers, value);
}

void read_ecs_properties(JobDefinition& definition, JsonValue& value) {
    definition.uses_ecs_properties = value.is_object();
    read_block(definition.containers, value, ecs_properties_shape());
}

void read_eks_properties(JobDefinition& definition, JsonValue& value) {
    definition.uses_eks_properties = value.is_object();
    read_block(definition.containers, value, eks_properties_shape());
}

void read_node_properties(JobDefinition& definition, JsonValue& value) {
    definition.uses_node_properties = value.is_object();
    NodeProperties nodes;
    value.read_object(&nodes, node_properties_shape());
    for (auto& range : nodes.ranges) append(definition.containers, range);
}

const ObjectShape& retry_shape() {
    static const ObjectShape shape{field<&JobDefinition::retry_attempts>("attempts")};
    return shape;
}

const ObjectShape& timeout_shape() {
    static const ObjectShape shape{field<&JobDefinition::attempt_duration_seconds>("attemptDurationSeconds")};
    return shape;
}

const ObjectShape& definition_shape() {
    static const ObjectShape shape{
        field<&JobDefinition::name>("jobDefinitionName"),
        field<&JobDefinition::arn>("jobDefinitionArn"),
        field<&JobDefinition::revision>("revision"),
        field<&JobDefinition::status>("status"),
        field<&JobDefinition::type>("type"),
        field<&JobDefinition::parameters>("parameters"),
        field<&JobDefinition::tags>("tags"),
        field<&JobDefinition::platform_capabilities>("platformCapabilities"),
        field<&JobDefinition::scheduling_priority>("schedulingPriority"),
        field<&JobDefinition::propagate_tags>("propagateTags"),
        flattened_field<retry_shape>("retryStrategy"),
        flattened_field<timeout_shape>("timeout"),
        custom_field<JobDefinition, read_container_properties>("containerProperties"),
        custom_field<JobDefinition, read_ecs_properties>("ecsProperties"),
        custom_field<JobDefinition, read_eks_properties>("eksProperties"),
        custom_field<JobDefinition, read_node_properties>("nodeProperties"),
    };
    return shape;
}

}  // namespace

const ObjectShape& describe_job_queues_shape() {
    static const ObjectShape shape{
        list_field<&Page<JobQueue>::items, queue_shape>("jobQueues"),
        field<&Page<JobQueue>::next_token>("nextToken"),
    };
    return shape;
}

const ObjectShape& describe_job_definitions_shape() {
    static const ObjectShape shape{
        list_field<&Page<JobDefinition>::items, definition_shape>("jobDefinitions"),
        field<&Page<JobDefinition>::next_token>("nextToken"),
    };
    return shape;
}

}  // namespace polysync::aws::batch
