// Simulated AWS Step Functions: state machines of both types and their executions.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sandbox/service.h"
#include "sandbox/services/asl.h"
#include "sandbox/services/in_flight.h"
#include "sandbox/services/log_source.h"
#include "sandbox/services/place.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

struct StateMachine {
    std::string name;
    std::string arn;
    bool express = false;
    JsonObject detail;  // the output of DescribeStateMachine
    StateMachineDefinitionPtr definition;
    int versions = 0;                    // 1 … versions exist
    std::map<std::string, int> aliases;  // to a version
    std::string log_group;               // empty: logs nothing
    std::string log_level = "OFF";
    bool log_data = false;
    OutcomeScript script;
    std::vector<std::uint32_t> executions;                     // in the order of their starts
    std::set<std::uint32_t> running;                           // STANDARD only, as are the next two
    std::set<std::pair<SandboxTime, std::uint32_t>> ends;      // of those that run
    std::map<std::string, std::vector<std::uint32_t>> closed;  // by status, in the order of their ends
};

struct StateExecution {
    std::string arn;
    std::string name;
    StateMachine* machine = nullptr;
    StateMachineDefinitionPtr definition;
    OutcomePtr outcome;
    std::string input;
    std::string trace_header;
    std::string qualifier;  // the version or alias that it was started by
    int version = 0;        // 0: unpublished
    SandboxTime started;
    SandboxTime ends;
    Millis running{0};  // the setting at its start
    std::string_view final_status;
    bool stopped = false;  // by StopExecution, with what it said
    std::string error;
    std::string cause;
};

struct StepFunctionsState {
    std::map<std::string, StateMachine> machines;  // by name
    std::deque<StateExecution> executions;
    std::unordered_map<std::string, std::uint32_t> by_arn;  // STANDARD only

    // Sorts the executions that have ended by `now` into the machine's closed lists.
    void settle(StateMachine& machine, SandboxTime now);
};

// A state machine ARN taken apart.
struct MachineRef {
    StateMachine* machine = nullptr;
    std::string qualifier;  // version or alias
    int version = 0;
    std::optional<ServiceAnswer> refusal;
};

// Lives as long as the sandbox, on its thread. `settings` outlives it. Ids follow from `seed`.
class StepFunctionsService final : public Service, public LogSource {
  public:
    explicit StepFunctionsService(const Settings& settings, PlaceSetup setup = {}, std::uint64_t seed = 4);

    [[nodiscard]] std::string_view name() const override { return "stepfunctions"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // Kinds: "state_machine" (the members of CreateStateMachine, definition as text or as JSON, and "status",
    // "versions", "aliases", "outcome", "count" with "name_prefix"; logging without destinations gets a group
    // of its own), "outcome" ("state_machine", "runs" and the members of an outcome), "limits"
    // ("open_executions" of the account, 0: none).
    [[nodiscard]] ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                      const CallContext& context) override;
    [[nodiscard]] boost::json::object submissions() const override;
    [[nodiscard]] boost::json::object most_in_flight() const override { return in_flight_.to_json(); }

    [[nodiscard]] bool has_log_group(std::string_view group, const CallContext& context) override;
    [[nodiscard]] std::optional<std::vector<LogLine>> log_stream(std::string_view group,
                                                                 std::string_view stream,
                                                                 const CallContext& context) override;
    void each_log_stream(std::string_view group, SandboxTime from, const CallContext& context,
                         const std::function<bool(const std::string&)>& visit) override;

  private:
    ServiceAnswer list_state_machines(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_qualifiers(std::string_view operation, const JsonObject& input,
                                  const CallContext& context);
    ServiceAnswer describe_state_machine(const JsonObject& input, const CallContext& context);
    ServiceAnswer start_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer start_sync_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer describe_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_executions(const JsonObject& input, const CallContext& context);
    ServiceAnswer stop_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer get_execution_history(const JsonObject& input, const CallContext& context);

    ServiceAnswer add_state_machine(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_outcome(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_limits(const JsonObject& input);

    // What both starts refuse, or nothing.
    std::optional<ServiceAnswer> check_start(const StateMachine& machine, const JsonObject& input) const;
    StateExecution& begin(StepFunctionsState& state, const MachineRef& ref, const JsonObject& input,
                          const CallContext& context);
    // The execution of an ARN, or null and the refusal.
    StateExecution* find_execution(StepFunctionsState& state, const JsonObject& input,
                                   const CallContext& context, ServiceAnswer& refusal);

    const Settings& settings_;
    SeededRandom random_;
    Places<StepFunctionsState> places_;
    std::map<std::string, std::int64_t> submissions_;
    InFlight<StateExecution> in_flight_;
    std::size_t open_limit_ = 0;
};

[[nodiscard]] MachineRef find_state_machine(StepFunctionsState& state, const std::string& arn,
                                            const CallContext& context);
[[nodiscard]] std::string_view state_execution_status(const StateExecution& execution, SandboxTime now);
// The JSON text that a successful execution ends with.
[[nodiscard]] std::string state_execution_output(const StateExecution& execution);

// One event of an execution's history: the model's HistoryEvent members but id and previousEventId.
struct HistoryEvent {
    SandboxTime at;
    std::string type;
    std::string details_member;  // "executionStartedEventDetails"; may be empty
    JsonObject details;
};
// The events up to `now`, in order. Later calls give the same and perhaps more.
[[nodiscard]] std::vector<HistoryEvent> execution_history(const StateExecution& execution,
                                                          const CallContext& context);

// How many of `left` items a page of at most `size` gives. AWS's pages may be short, or empty, with more to
// come; here the second of four is short and the third is empty, so that clients meet both.
[[nodiscard]] std::size_t uneven_page(std::size_t size, std::uint32_t pages_before);

}  // namespace polysync::sandbox
