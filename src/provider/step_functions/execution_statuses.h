// The statuses of many STANDARD executions in few calls (SFN-5, SFN-6).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/states/client.h"
#include "provider/provider.h"

namespace polysync::step_functions {

// Made for one question. ListExecutions (RUNNING) answers for all executions of a state machine that still
// run, 1,000 a page; only those that are not among them are described, which their end needs anyway for its
// output, error and cause.
class ExecutionStatuses {
  public:
    ExecutionStatuses(std::shared_ptr<aws::Connection> connection, std::string region)
        : states_(std::move(connection)), region_(std::move(region)) {}

    // One answer per reference, in their order. All must be STANDARD execution ARNs, else invalid_input
    // stands there.
    [[nodiscard]] Async<std::vector<StatusAnswer>> read(std::vector<RunReference> runs);

    // One execution as it is now, without its data where the KMS key is closed to the caller.
    [[nodiscard]] Async<Result<PipelineRun>> describe(RunReference run);

  private:
    struct Group;
    struct Listing;

    [[nodiscard]] Async<void> read_group(const Group& group, const std::vector<RunReference>& runs,
                                         std::vector<StatusAnswer>& answers);
    // Those that run of the group's state machine; gives up where describing the rest is cheaper than more
    // pages.
    [[nodiscard]] Async<Result<Listing>> list_running(const Group& group,
                                                      const std::vector<RunReference>& runs);
    [[nodiscard]] Async<void> describe_into(RunReference run, StatusAnswer& answer);

    aws::StatesClient states_;
    std::string region_;
};

}  // namespace polysync::step_functions
