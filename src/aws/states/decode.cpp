#include "aws/states/decode.h"

namespace polysync::aws::states {
namespace {

const ObjectShape& state_machine_item_shape() {
    static const ObjectShape shape{
        field<&StateMachineItem::arn>("stateMachineArn"),
        field<&StateMachineItem::name>("name"),
        field<&StateMachineItem::type>("type"),
        seconds_field<&StateMachineItem::creation_date>("creationDate"),
    };
    return shape;
}

struct LogGroup {
    std::string arn;
};

const ObjectShape& log_group_arn_shape() {
    static const ObjectShape shape{field<&LogGroup::arn>("logGroupArn")};
    return shape;
}

const ObjectShape& log_destination_shape() {
    static const ObjectShape shape{flattened_field<log_group_arn_shape>("cloudWatchLogsLogGroup")};
    return shape;
}

void read_destinations(LoggingConfiguration& logging, JsonValue& value) {
    std::vector<LogGroup> groups;
    read_list<LogGroup, log_destination_shape>(groups, value);
    for (auto& group : groups)
        if (!group.arn.empty()) logging.log_group_arns.push_back(std::move(group.arn));
}

const ObjectShape& logging_shape() {
    static const ObjectShape shape{
        field<&LoggingConfiguration::level>("level"),
        field<&LoggingConfiguration::include_execution_data>("includeExecutionData"),
        custom_field<LoggingConfiguration, read_destinations>("destinations"),
    };
    return shape;
}

const ObjectShape& tracing_shape() {
    static const ObjectShape shape{field<&StateMachine::tracing_enabled>("enabled")};
    return shape;
}

const ObjectShape& encryption_shape() {
    static const ObjectShape shape{
        field<&StateMachine::encryption_type>("type"),
        field<&StateMachine::kms_key_id>("kmsKeyId"),
    };
    return shape;
}

const ObjectShape& input_details_shape() {
    static const ObjectShape shape{field<&Execution::input_included>("included")};
    return shape;
}

const ObjectShape& output_details_shape() {
    static const ObjectShape shape{field<&Execution::output_included>("included")};
    return shape;
}

const ObjectShape& execution_item_shape() {
    static const ObjectShape shape{
        field<&ExecutionItem::arn>("executionArn"),
        field<&ExecutionItem::state_machine_arn>("stateMachineArn"),
        field<&ExecutionItem::name>("name"),
        field<&ExecutionItem::status>("status"),
        seconds_field<&ExecutionItem::start_date>("startDate"),
        seconds_field<&ExecutionItem::stop_date>("stopDate"),
        field<&ExecutionItem::redrive_count>("redriveCount"),
    };
    return shape;
}

struct Details {
    std::string name, state, resource_type, resource, error, cause, input, output, parameters;
};

const ObjectShape& details_shape() {
    static const ObjectShape shape{
        field<&Details::name>("name"),
        field<&Details::state>("state"),
        field<&Details::resource_type>("resourceType"),
        field<&Details::resource>("resource"),
        field<&Details::error>("error"),
        field<&Details::cause>("cause"),
        field<&Details::input>("input"),
        field<&Details::output>("output"),
        field<&Details::parameters>("parameters"),
    };
    return shape;
}

void read_details(HistoryEvent& event, JsonValue& value) {
    Details details;
    value.read_object(&details, details_shape());
    event.name = std::move(details.name.empty() ? details.state : details.name);
    event.resource = std::move(details.resource);
    if (!details.resource_type.empty()) event.resource = details.resource_type + ":" + event.resource;
    event.error = std::move(details.error);
    event.cause = std::move(details.cause);
    event.input = std::move(details.input.empty() ? details.parameters : details.input);
    event.output = std::move(details.output);
}

Field details_field(std::string_view name) { return custom_field<HistoryEvent, read_details>(name); }

const ObjectShape& history_event_shape() {
    static const ObjectShape shape{
        field<&HistoryEvent::id>("id"),
        field<&HistoryEvent::previous_id>("previousEventId"),
        field<&HistoryEvent::type>("type"),
        seconds_field<&HistoryEvent::timestamp>("timestamp"),
        details_field("activityFailedEventDetails"),
        details_field("activityScheduleFailedEventDetails"),
        details_field("activityScheduledEventDetails"),
        details_field("activitySucceededEventDetails"),
        details_field("activityTimedOutEventDetails"),
        details_field("evaluationFailedEventDetails"),
        details_field("executionAbortedEventDetails"),
        details_field("executionFailedEventDetails"),
        details_field("executionStartedEventDetails"),
        details_field("executionSucceededEventDetails"),
        details_field("executionTimedOutEventDetails"),
        details_field("lambdaFunctionFailedEventDetails"),
        details_field("lambdaFunctionScheduleFailedEventDetails"),
        details_field("lambdaFunctionScheduledEventDetails"),
        details_field("lambdaFunctionStartFailedEventDetails"),
        details_field("lambdaFunctionSucceededEventDetails"),
        details_field("lambdaFunctionTimedOutEventDetails"),
        details_field("mapIterationAbortedEventDetails"),
        details_field("mapIterationFailedEventDetails"),
        details_field("mapIterationStartedEventDetails"),
        details_field("mapIterationSucceededEventDetails"),
        details_field("mapRunFailedEventDetails"),
        details_field("stateEnteredEventDetails"),
        details_field("stateExitedEventDetails"),
        details_field("taskFailedEventDetails"),
        details_field("taskScheduledEventDetails"),
        details_field("taskStartFailedEventDetails"),
        details_field("taskStartedEventDetails"),
        details_field("taskSubmitFailedEventDetails"),
        details_field("taskSubmittedEventDetails"),
        details_field("taskSucceededEventDetails"),
        details_field("taskTimedOutEventDetails"),
    };
    return shape;
}

}  // namespace

const ObjectShape& list_state_machines_shape() {
    static const ObjectShape shape{
        list_field<&Page<StateMachineItem>::items, state_machine_item_shape>("stateMachines"),
        field<&Page<StateMachineItem>::next_token>("nextToken"),
    };
    return shape;
}

const ObjectShape& describe_state_machine_shape() {
    static const ObjectShape shape{
        field<&StateMachine::arn>("stateMachineArn"),
        field<&StateMachine::name>("name"),
        field<&StateMachine::type>("type"),
        field<&StateMachine::status>("status"),
        field<&StateMachine::role_arn>("roleArn"),
        field<&StateMachine::description>("description"),
        field<&StateMachine::revision_id>("revisionId"),
        field<&StateMachine::label>("label"),
        field<&StateMachine::definition>("definition"),
        object_field<&StateMachine::logging, logging_shape>("loggingConfiguration"),
        flattened_field<tracing_shape>("tracingConfiguration"),
        flattened_field<encryption_shape>("encryptionConfiguration"),
        seconds_field<&StateMachine::creation_date>("creationDate"),
    };
    return shape;
}

const ObjectShape& start_execution_shape() {
    static const ObjectShape shape{
        field<&Started::execution_arn>("executionArn"),
        seconds_field<&Started::start_date>("startDate"),
    };
    return shape;
}

const ObjectShape& execution_shape() {
    static const ObjectShape shape{
        field<&Execution::arn>("executionArn"),
        field<&Execution::state_machine_arn>("stateMachineArn"),
        field<&Execution::name>("name"),
        field<&Execution::status>("status"),
        field<&Execution::error>("error"),
        field<&Execution::cause>("cause"),
        field<&Execution::map_run_arn>("mapRunArn"),
        field<&Execution::input>("input"),
        field<&Execution::output>("output"),
        flattened_field<input_details_shape>("inputDetails"),
        flattened_field<output_details_shape>("outputDetails"),
        seconds_field<&Execution::start_date>("startDate"),
        seconds_field<&Execution::stop_date>("stopDate"),
        seconds_field<&Execution::redrive_date>("redriveDate"),
        field<&Execution::redrive_count>("redriveCount"),
        field<&Execution::redrive_status>("redriveStatus"),
        field<&Execution::redrive_status_reason>("redriveStatusReason"),
        field<&Execution::state_machine_version_arn>("stateMachineVersionArn"),
        field<&Execution::state_machine_alias_arn>("stateMachineAliasArn"),
        field<&Execution::trace_header>("traceHeader"),
    };
    return shape;
}

const ObjectShape& list_executions_shape() {
    static const ObjectShape shape{
        list_field<&Page<ExecutionItem>::items, execution_item_shape>("executions"),
        field<&Page<ExecutionItem>::next_token>("nextToken"),
    };
    return shape;
}

const ObjectShape& history_shape() {
    static const ObjectShape shape{
        list_field<&Page<HistoryEvent>::items, history_event_shape>("events"),
        field<&Page<HistoryEvent>::next_token>("nextToken"),
    };
    return shape;
}

}  // namespace polysync::aws::states
