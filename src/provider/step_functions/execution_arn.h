// The ARNs of state machines and executions, taken apart and put together (aws-facts 5.1, 5.2). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace polysync::step_functions {

struct StateMachineArn {
    std::string partition, region, account;
    std::string name;
    std::string qualifier;  // a version ("3") or an alias ("PROD"); empty: plain

    // Without version or alias: what executions are listed under, whoever started them.
    [[nodiscard]] std::string plain() const;
    // "arn:P:states:R:A:execution:NAME:EXECUTION": STANDARD executions carry the plain name.
    [[nodiscard]] std::string execution(std::string_view name_of_execution) const;
};

struct ExecutionArn {
    bool express = false;
    StateMachineArn state_machine;  // plain
    std::string name;
};

// arn:P:states:R:A:stateMachine:NAME[:VERSION or ALIAS]; nothing for anything else.
[[nodiscard]] std::optional<StateMachineArn> parse_state_machine_arn(std::string_view arn);
// arn:P:states:R:A:execution:NAME:EXECUTION or arn:P:states:R:A:express:NAME:EXECUTION:UUID.
[[nodiscard]] std::optional<ExecutionArn> parse_execution_arn(std::string_view arn);

}  // namespace polysync::step_functions
