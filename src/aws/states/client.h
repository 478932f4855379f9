// AWS Step Functions (aws-facts 5). Members that Polysync does not use are not decoded; what AWS left out is
// empty.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/core/call_options.h"
#include "aws/core/page.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

class Connection;

namespace states {

struct StateMachineItem {
    std::string arn, name, type;  // "STANDARD", "EXPRESS"
    std::optional<SystemTime> creation_date;
};

struct LoggingConfiguration {
    std::string level;  // "OFF", "ALL", "ERROR", "FATAL"; empty: OFF
    bool include_execution_data = false;
    std::vector<std::string> log_group_arns;  // as AWS has them, ending in ":*"
};

struct StateMachine {
    std::string arn, name, type, status, role_arn, description, revision_id, label;
    std::string definition;  // JSON text
    LoggingConfiguration logging;
    std::optional<bool> tracing_enabled;
    std::string encryption_type, kms_key_id;
    std::optional<SystemTime> creation_date;
};

struct Started {
    std::string execution_arn;
    std::optional<SystemTime> start_date;
};

struct Execution {
    std::string arn, state_machine_arn, name, status, error, cause, map_run_arn;
    std::optional<std::string> input, output;  // JSON texts of any type
    bool input_included = true, output_included = true;
    std::optional<SystemTime> start_date, stop_date, redrive_date;
    int redrive_count = 0;
    std::string redrive_status, redrive_status_reason, state_machine_version_arn, state_machine_alias_arn;
    std::string trace_header;
};

struct ExecutionItem {
    std::string arn, state_machine_arn, name, status;
    std::optional<SystemTime> start_date, stop_date;
    int redrive_count = 0;
};

// One event of a history. The texts are those of the event's `…EventDetails`, whichever that is.
struct HistoryEvent {
    long long id = 0, previous_id = 0;
    std::string type;
    std::optional<SystemTime> timestamp;
    std::string name;      // the state's (entered, exited, map iterations, evaluation failures)
    std::string resource;  // task: "resourceType:resource"; Lambda, activity: its ARN
    std::string error, cause, input, output;
};

enum class IncludedData { all, metadata_only };  // metadata needs no kms:Decrypt

struct ListExecutionsRequest {
    std::string state_machine_arn;  // or
    std::string map_run_arn;
    std::string status_filter;  // "RUNNING"; empty: any
    int max_results = 0;        // 0: AWS's 100; at most 1000
};

struct HistoryRequest {
    std::string execution_arn;
    bool reverse_order = false;
    bool include_execution_data = true;
    int max_results = 0;
};

}  // namespace states

class StatesClient {
  public:
    explicit StatesClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    // `max_results` 0–1000, 0: AWS's 100.
    [[nodiscard]] Async<Result<Page<states::StateMachineItem>>> list_state_machines(std::string next_token,
                                                                                    int max_results = 1000);
    // Plain, version or alias ARN. Errors: not_found.
    [[nodiscard]] Async<Result<states::StateMachine>> describe_state_machine(
        std::string arn, states::IncludedData data = states::IncludedData::all);
    // Sends `body`, a StartExecution request, as it is. STANDARD with a name: `repeat_is_safe`, so it is
    // repeated after an unclear outcome, and a name that is taken is ErrorKind::conflict. EXPRESS, or no
    // name: not safe, never repeated (ErrorKind::unclear).
    [[nodiscard]] Async<Result<states::Started>> start_execution(std::string body, bool repeat_is_safe,
                                                                 LeaveToSend leave = {});
    // EXPRESS only; waits for the end, up to 5 minutes. A failed execution is an answer, not an Error. Never
    // repeated.
    [[nodiscard]] Async<Result<states::Execution>> start_sync_execution(std::string body,
                                                                        LeaveToSend leave = {});
    [[nodiscard]] Async<Result<states::Execution>> describe_execution(
        std::string arn, states::IncludedData data = states::IncludedData::all);
    [[nodiscard]] Async<Result<Page<states::ExecutionItem>>> list_executions(
        states::ListExecutionsRequest request, std::string next_token);
    // Leave `error` and `cause` empty to stop without the KMS permission that they need.
    [[nodiscard]] Async<Result<void>> stop_execution(std::string arn, std::string error, std::string cause);
    [[nodiscard]] Async<Result<Page<states::HistoryEvent>>> get_execution_history(
        states::HistoryRequest request, std::string next_token);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
