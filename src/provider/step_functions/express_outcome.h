// How Express executions ended: AWS keeps no record, so the state machine's CloudWatch log is read (SFN-9).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/logs/client.h"
#include "aws/states/client.h"
#include "base/clock.h"
#include "provider/provider.h"

namespace polysync::step_functions {

struct ExpressTrace;

// One per provider; one executor. Keeps each state machine's logging configuration for a few minutes, and
// when a run was first asked about, so that a run whose log stays silent ends as `outcome_unknown` and not
// never (SAFE-2).
class ExpressOutcomes {
  public:
    ExpressOutcomes(std::shared_ptr<aws::Connection> connection, Clock& clock, std::string region);

    // One answer per reference, in their order; all executions of one state machine are looked for together.
    // Where the state machine does not log every end, or the log stays silent for longer than an execution
    // can last, the run is Failed with the code "outcome_unknown".
    [[nodiscard]] Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs);

    // The log of one execution. Cursor: the time of the newest line and the ids of those at that time.
    [[nodiscard]] Async<Result<LogPage>> logs(RunReference run, std::string cursor);

    // The execution with this name, if the log of the state machine shows it: its ARN, else empty. Errors:
    // unsupported where the state machine does not log its starts.
    [[nodiscard]] Async<Result<std::string>> find_by_name(std::string state_machine_arn, std::string name,
                                                          SystemTime called_at);

    // An execution lasts at most 5 minutes, and its log is there some minutes later.
    static constexpr Millis longest_execution = std::chrono::minutes(5);
    static constexpr Millis log_delay = std::chrono::minutes(5);

  private:
    struct Group;
    struct Logging {
        aws::states::LoggingConfiguration configuration;
        SteadyTime read_at;
    };

    [[nodiscard]] Async<Result<aws::states::LoggingConfiguration>> logging_of(std::string state_machine_arn);
    [[nodiscard]] Async<void> read_group(const Group& group, const std::vector<RunReference>& runs,
                                         std::vector<StatusAnswer>& answers);
    [[nodiscard]] Async<Result<std::vector<aws::logs::LogEvent>>> find_events(
        std::string log_group, std::string pattern, std::optional<SystemTime> start);
    [[nodiscard]] Result<PipelineRun> judge(const RunReference& run, const ExpressTrace& trace);
    [[nodiscard]] PipelineRun unknown(const std::string& arn, std::string why) const;
    [[nodiscard]] SystemTime first_seen(const RunReference& run);

    aws::StatesClient states_;
    aws::LogsClient logs_;
    Clock& clock_;
    std::string region_;
    std::map<std::string, Logging> logging_;        // by state machine
    std::map<std::string, SystemTime> first_seen_;  // by execution
};

}  // namespace polysync::step_functions
