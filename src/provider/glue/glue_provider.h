// AWS Glue as a Provider (GLUE-1 to GLUE-9).
#pragma once

#include <map>

#include "aws/core/connection.h"
#include "provider/cloudwatch_log_reader.h"
#include "provider/glue/glue_logs.h"
#include "provider/glue/glue_names.h"
#include "provider/glue/glue_run_reader.h"
#include "provider/parts.h"

namespace polysync::glue {

// One per platform; one executor. Keeps only what saves calls: definitions for a minute, where Glue's own
// retries have got to, and the log groups of runs that are read; all of it can be lost at any time.
class GlueProvider final : public Provider {
  public:
    explicit GlueProvider(ProviderParts parts);

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

    // Runs may show another start time than our clock's for the call: this much is allowed for in either
    // direction.
    static constexpr Millis clock_allowance = std::chrono::hours(1);
    static constexpr int max_look_up_pages = 500;
    static constexpr std::size_t max_kept_log_plans = 200;

  private:
    struct StatusWork;

    Async<Result<void>> list_one();

    void learn_account(const std::string& role_arn);
    [[nodiscard]] Error explain(Error error, std::string_view job_name) const;
    [[nodiscard]] PipelineRun to_run(const std::string& job_name, const Chain& chain) const;
    Async<void> read_job(StatusWork& work, std::size_t index);
    Async<Result<CancelResult>> settle_refused_stop(RunId id, std::string target,
                                                    aws::glue::StopError refusal);
    Async<Result<std::optional<aws::glue::JobRun>>> look_up(const SubmissionIntent& intent,
                                                            SystemTime called_at, std::size_t& looked_at);
    Async<Result<LogPlan>> find_log_plan(RunId id);

    ProviderParts parts_;
    aws::GlueClient client_;
    DefinitionCache definitions_;
    RunReader reader_;
    CloudWatchLogReader logs_;
    std::map<std::string, LogPlan> log_plans_;  // by run id
    std::string account_;                       // as far as an answer has told it, for remedies
};

}  // namespace polysync::glue
