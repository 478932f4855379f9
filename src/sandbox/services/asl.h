// An Amazon States Language definition as the simulation reads it: the path that an execution takes, and its
// times. No data is processed: choices take their default, branches of Parallel and Map states are not
// entered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/services/outcome.h"

namespace polysync::sandbox {

struct AslState {
    std::string name;
    std::string type;
    std::string resource;       // Task
    std::int64_t seconds = -1;  // Wait
    std::string error;          // Fail
    std::string cause;
};

struct StateMachineDefinition {
    std::string text;
    std::vector<AslState> path;
    std::int64_t timeout_seconds = 0;  // 0: none
};

using StateMachineDefinitionPtr = std::shared_ptr<const StateMachineDefinition>;

// Fails with invalid_input where the text is no JSON object with StartAt and States, or names an unknown
// state.
[[nodiscard]] Result<StateMachineDefinition> read_state_machine(std::string text);

struct StateVisit {
    std::size_t state = 0;  // index into the path
    Millis entered{0};      // from the start of the execution
    Millis left{0};
};

// What becomes of an execution if nobody stops it.
struct ExecutionPlan {
    std::vector<StateVisit> visits;
    Millis length{0};
    std::string_view status;  // SUCCEEDED, FAILED, TIMED_OUT, ABORTED
    std::string error;
    std::string cause;
};

// `most` is the longest that an execution of the machine's type may take (0: no limit).
[[nodiscard]] ExecutionPlan plan_execution(const StateMachineDefinition& definition, const Outcome& outcome,
                                           Millis running, Millis most);

}  // namespace polysync::sandbox
