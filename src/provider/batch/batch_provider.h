// AWS Batch as a Provider (BATCH-1 to BATCH-8).
#pragma once

#include <map>
#include <unordered_map>

#include "aws/batch/client.h"
#include "aws/core/connection.h"
#include "provider/cloudwatch_log_reader.h"
#include "provider/parts.h"

namespace polysync::batch {

// One per platform; one executor. Remembers only until when waiting jobs were seen to depend on others, which
// can be lost at any time.
class BatchProvider final : public Provider {
  public:
    explicit BatchProvider(ProviderParts parts);

    [[nodiscard]] const Platform& platform() const override { return parts_.platform; }
    [[nodiscard]] Async<Result<JobPage>> discover(std::string next) override;
    [[nodiscard]] Async<Result<Job>> describe(std::string external_id) override;
    [[nodiscard]] Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override;
    [[nodiscard]] Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override;
    [[nodiscard]] Async<Result<PipelineRun>> submit(const SubmissionIntent& intent,
                                                    aws::LeaveToSend leave) override;
    using Provider::submit;
    [[nodiscard]] Async<Result<FindAnswer>> find_submission(const SubmissionIntent& intent,
                                                            SystemTime called_at) override;
    [[nodiscard]] Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override;
    [[nodiscard]] Async<Result<CancelResult>> cancel(RunReference run, SubmissionToken token) override;
    [[nodiscard]] std::string monitor_url(std::string_view external_id,
                                          std::string_view run_id) const override;
    [[nodiscard]] Async<ConnectionReport> test_connection() override;
    [[nodiscard]] boost::json::object required_permissions(const PolicyScope& scope) const override;
    [[nodiscard]] Error diagnose(Error error) const override;
    [[nodiscard]] std::vector<aws::LimiterStats> limits() const override {
        return parts_.connection->limits();
    }
    [[nodiscard]] Async<Result<LogPage>> logs(RunReference run, std::string cursor) override;

    static constexpr std::size_t jobs_per_call = 100;  // DescribeJobs' own maximum
    static constexpr std::size_t max_definition_pages = 1000;
    static constexpr std::size_t max_remembered = 20000;

  private:
    struct StatusWork;

    Async<Result<void>> list_one_queue();

    [[nodiscard]] Error explain(Error error, std::string_view external_id, std::string_view queue = {}) const;
    [[nodiscard]] PipelineRun to_run(const aws::batch::Job& job);
    Async<void> read_chunk(StatusWork& work, std::size_t index);
    Async<Result<aws::batch::Job>> read_job(std::string job_id);
    Async<Result<std::vector<aws::batch::JobDefinition>>> read_definitions(
        aws::batch::DescribeJobDefinitionsRequest request, std::vector<std::string>& warnings);

    ProviderParts parts_;
    aws::BatchClient client_;
    CloudWatchLogReader logs_;
    std::unordered_map<std::string, SystemTime> pending_until_;  // by job id: when it was last seen before
                                                                 // RUNNABLE
};

}  // namespace polysync::batch
