#include "aws/states/client.h"

#include "aws/core/client_call.h"
#include "aws/core/json_text.h"
#include "aws/states/decode.h"
#include "aws/states/operations.h"

namespace polysync::aws {
namespace {

void add_included_data(JsonObject& body, states::IncludedData data) {
    if (data == states::IncludedData::metadata_only) body.add("includedData", "METADATA_ONLY");
}

}  // namespace

Async<Result<Page<states::StateMachineItem>>> StatesClient::list_state_machines(std::string next_token,
                                                                                int max_results) {
    JsonObject body;
    body.add_if("maxResults", max_results).add_if("nextToken", next_token);
    return call_json<Page<states::StateMachineItem>>(connection_, states::list_state_machines,
                                                     std::move(body).text(),
                                                     states::list_state_machines_shape());
}

Async<Result<states::StateMachine>> StatesClient::describe_state_machine(std::string arn,
                                                                         states::IncludedData data) {
    JsonObject body;
    body.add("stateMachineArn", arn);
    add_included_data(body, data);
    return call_json<states::StateMachine>(connection_, states::describe_state_machine,
                                           std::move(body).text(), states::describe_state_machine_shape());
}

Async<Result<states::Started>> StatesClient::start_execution(std::string body, bool repeat_is_safe,
                                                             LeaveToSend leave) {
    auto options = with_leave(std::move(leave));
    options.repeat = repeat_is_safe ? RepeatSafety::idempotent : RepeatSafety::start;
    POLYSYNC_CO_TRY(auto answer,
                    co_await call_json<states::Started>(connection_, states::start_execution, std::move(body),
                                                        states::start_execution_shape(), std::move(options)));
    if (answer.execution_arn.empty()) co_return missing_id(states::start_execution, "executionArn");
    co_return answer;
}

Async<Result<states::Execution>> StatesClient::start_sync_execution(std::string body, LeaveToSend leave) {
    auto options = with_leave(std::move(leave));
    POLYSYNC_CO_TRY(auto answer, co_await call_json<states::Execution>(
                                     connection_, states::start_sync_execution, std::move(body),
                                     states::execution_shape(), std::move(options)));
    if (answer.arn.empty()) co_return missing_id(states::start_sync_execution, "executionArn");
    co_return answer;
}

Async<Result<states::Execution>> StatesClient::describe_execution(std::string arn,
                                                                  states::IncludedData data) {
    JsonObject body;
    body.add("executionArn", arn);
    add_included_data(body, data);
    return call_json<states::Execution>(connection_, states::describe_execution, std::move(body).text(),
                                        states::execution_shape());
}

Async<Result<Page<states::ExecutionItem>>> StatesClient::list_executions(
    states::ListExecutionsRequest request, std::string next_token) {
    JsonObject body;
    body.add_if("stateMachineArn", request.state_machine_arn).add_if("mapRunArn", request.map_run_arn);
    body.add_if("statusFilter", request.status_filter).add_if("maxResults", request.max_results);
    body.add_if("nextToken", next_token);
    return call_json<Page<states::ExecutionItem>>(connection_, states::list_executions,
                                                  std::move(body).text(), states::list_executions_shape());
}

Async<Result<void>> StatesClient::stop_execution(std::string arn, std::string error, std::string cause) {
    JsonObject body;
    body.add("executionArn", arn).add_if("error", error).add_if("cause", cause);
    return call_only(connection_, states::stop_execution, std::move(body).text());
}

Async<Result<Page<states::HistoryEvent>>> StatesClient::get_execution_history(states::HistoryRequest request,
                                                                              std::string next_token) {
    JsonObject body;
    body.add("executionArn", request.execution_arn).add_if("maxResults", request.max_results);
    if (request.reverse_order) body.add("reverseOrder", true);
    if (!request.include_execution_data) body.add("includeExecutionData", false);
    body.add_if("nextToken", next_token);
    return call_json<Page<states::HistoryEvent>>(connection_, states::get_execution_history,
                                                 std::move(body).text(), states::history_shape());
}

}  // namespace polysync::aws
