#include "aws/core/call_rates.h"

namespace polysync::aws {
namespace {

struct Row {
    std::string_view service, operation;  // "*": every other operation
    CallRate large;                       // us-east-1, us-west-2, eu-west-1
    CallRate elsewhere;
};

constexpr Row rows[] = {
    {"states", "StartExecution", {1300, 300}, {800, 150}},
    {"states", "StartSyncExecution", {1300, 300}, {800, 150}},
    {"states", "DescribeExecution", {300, 15}, {250, 10}},
    {"states", "StopExecution", {1000, 200}, {500, 25}},
    {"states", "ListExecutions", {200, 5}, {100, 2}},
    {"states", "GetExecutionHistory", {400, 20}, {400, 20}},
    {"states", "DescribeStateMachine", {200, 20}, {200, 20}},
    {"states", "ListStateMachines", {100, 5}, {100, 5}},
    {"batch", "SubmitJob", {50, 50}, {50, 50}},
    {"batch", "*", {20, 10}, {20, 10}},
    {"glue", "*", {10, 5}, {10, 5}},
    {"sagemaker", "*", {4, 2}, {4, 2}},
    {"logs", "GetLogEvents", {10, 10}, {10, 10}},
    {"logs", "FilterLogEvents", {5, 5}, {5, 5}},
    {"sts", "*", {100, 100}, {100, 100}},
};

}  // namespace

CallRate default_call_rate(std::string_view service, std::string_view operation, std::string_view region) {
    bool large = region == "us-east-1" || region == "us-west-2" || region == "eu-west-1";
    for (auto& row : rows)
        if (row.service == service && (row.operation == operation || row.operation == "*"))
            return large ? row.large : row.elsewhere;
    return {10, 5};
}

}  // namespace polysync::aws
