// The statuses of many pipeline executions in few calls (SM-4).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/sagemaker/client.h"
#include "provider/provider.h"

namespace polysync::sagemaker {

// Lists at most this many steps of one execution.
inline constexpr std::size_t most_steps = 5000;

// All steps, in AWS's order of their start.
[[nodiscard]] Async<Result<std::vector<aws::sagemaker::Step>>> list_steps(aws::SageMakerClient& client,
                                                                          std::string execution_arn);

// Made for one question. ListPipelineExecutions answers for the newest executions of a pipeline, 100 a page;
// those that it does not show are described. An end is described for its time and reason, and a failure's
// steps are listed for theirs.
class ExecutionStatuses {
  public:
    ExecutionStatuses(std::shared_ptr<aws::Connection> connection, std::string region)
        : client_(std::move(connection)), region_(std::move(region)) {}

    // One answer per reference, in their order. Each external_id must be the pipeline's name as the pipeline
    // has it. A run id that is no execution ARN is invalid_input.
    [[nodiscard]] Async<std::vector<StatusAnswer>> read(std::vector<RunReference> runs);

  private:
    struct Group;

    [[nodiscard]] Async<void> read_group(const Group& group, const std::vector<RunReference>& runs,
                                         std::vector<StatusAnswer>& answers);
    [[nodiscard]] Async<Result<std::vector<aws::sagemaker::ExecutionSummary>>> list_newest(
        const Group& group, const std::vector<RunReference>& runs);
    // From a summary, where there is one, or from nothing.
    [[nodiscard]] Async<void> finish(const RunReference& run, const aws::sagemaker::ExecutionSummary* summary,
                                     StatusAnswer& answer);
    [[nodiscard]] Async<void> add_details(const RunReference& reference, PipelineRun& run);

    aws::SageMakerClient client_;
    std::string region_;
};

}  // namespace polysync::sagemaker
