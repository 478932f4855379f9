#include <map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "aws/core/connection.h"
#include "aws/core/page.h"
#include "aws/sagemaker/client.h"
#include "base/random.h"
#include "provider/arn.h"
#include "provider/concurrently.h"
#include "provider/connection_check.h"
#include "provider/diagnoses.h"
#include "provider/parts.h"
#include "provider/policy.h"
#include "provider/sagemaker/definition.h"
#include "provider/sagemaker/execution_run.h"
#include "provider/sagemaker/execution_statuses.h"
#include "provider/sagemaker/start_request.h"
#include "provider/sagemaker/step_log.h"

namespace polysync {

namespace {

using namespace sagemaker;

constexpr int discovery_page = 100;
constexpr std::size_t describes_at_once = 4;
constexpr std::size_t most_names = 10000;

// How long a ClientRequestToken is surely remembered is not documented; lists are complete long before that.
constexpr auto token_is_fresh = std::chrono::hours(8);
// Clocks differ: a look-up begins this much before the call.
constexpr Millis clock_margin = std::chrono::minutes(15);

// A failure that a repeat would meet again.
bool is_definite(const Error& error) {
    return error.kind == ErrorKind::access_denied || error.kind == ErrorKind::rejected ||
           error.kind == ErrorKind::not_found || error.kind == ErrorKind::internal;
}

// Amazon SageMaker Pipelines (SM-1 to SM-7).
class SageMakerProvider final : public Provider {
  public:
    explicit SageMakerProvider(ProviderParts parts) : parts_(std::move(parts)), client_(parts_.connection) {}

    const Platform& platform() const override { return parts_.platform; }
    Async<Result<JobPage>> discover(std::string next) override;
    Async<Result<Job>> describe(std::string external_id) override;
    Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override {
        return prepare_start(parts_.platform, spec, parts_.clock->now());
    }
    Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override { co_return intent; }
    Async<Result<PipelineRun>> submit(const SubmissionIntent& intent, aws::LeaveToSend leave) override;
    Async<Result<FindAnswer>> find_submission(const SubmissionIntent& intent, SystemTime called_at) override;
    Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override;
    Async<Result<CancelResult>> cancel(RunReference run, SubmissionToken token) override;
    std::string monitor_url(std::string_view external_id, std::string_view run_id) const override;
    Async<ConnectionReport> test_connection() override;
    boost::json::object required_permissions(const PolicyScope& scope) const override {
        return make_policy(parts_.platform, scope).document;
    }
    Error diagnose(Error error) const override { return diagnose_for(std::move(error), {}, {}); }
    std::vector<aws::LimiterStats> limits() const override { return parts_.connection->limits(); }
    Async<Result<LogPage>> logs(RunReference run, std::string cursor) override;

  private:
    [[nodiscard]] DiagnosisContext context_for(std::string_view external_id, std::string_view run_id) const;
    [[nodiscard]] Error diagnose_for(Error error, std::string_view external_id,
                                     std::string_view run_id) const;
    [[nodiscard]] PipelineRun with_remedy(PipelineRun run, std::string_view external_id) const;
    [[nodiscard]] Async<void> describe_into(const std::string& name, Result<aws::sagemaker::Pipeline>& out);
    [[nodiscard]] Async<Result<std::optional<PipelineRun>>> find_by_display_name(
        const SubmissionIntent& intent, std::string_view display_name, SystemTime called_at);
    [[nodiscard]] Async<Result<void>> list_one();

    // The pipeline's name as the pipeline has it; ARNs spell it in lower case (SM-6).
    void remember_name(std::string_view pipeline_arn, std::string_view name);
    [[nodiscard]] std::string known_name(std::string_view external_id, std::string_view run_id) const;
    [[nodiscard]] Async<std::string> learn_name(std::string external_id, std::string run_id);

    ProviderParts parts_;
    aws::SageMakerClient client_;
    std::map<std::string, std::string, std::less<>> names_;  // by pipeline ARN, in lower case
    std::string account_;                                    // as ARNs told it; for remedies
};

DiagnosisContext SageMakerProvider::context_for(std::string_view external_id, std::string_view run_id) const {
    DiagnosisContext context;
    context.partition = partition_of(parts_.platform.region);
    context.region = parts_.platform.region;
    context.external_id = external_id;
    context.account = account_;
    if (auto arn = parse_execution_arn(run_id)) {
        context.account = arn->account;
        if (external_id.empty()) context.external_id = arn->pipeline_name;
    }
    return context;
}

Error SageMakerProvider::diagnose_for(Error error, std::string_view external_id,
                                      std::string_view run_id) const {
    return diagnose_error(PlatformType::aws_sagemaker, std::move(error), context_for(external_id, run_id));
}

PipelineRun SageMakerProvider::with_remedy(PipelineRun run, std::string_view external_id) const {
    run.remedy = diagnose_run(PlatformType::aws_sagemaker, run, context_for(external_id, run.run_id));
    run.infrastructure_loss = is_infrastructure_loss(PlatformType::aws_sagemaker, run);
    return run;
}

void SageMakerProvider::remember_name(std::string_view pipeline_arn, std::string_view name) {
    if (pipeline_arn.empty() || name.empty()) return;
    if (Arn arn; parse_arn(pipeline_arn, arn)) account_ = arn.account;
    if (names_.size() >= most_names) names_.clear();
    names_[lower_case(pipeline_arn)] = name;
}

std::string SageMakerProvider::known_name(std::string_view external_id, std::string_view run_id) const {
    if (!external_id.empty() && !external_id.starts_with("arn:")) return std::string(external_id);
    auto arn = parse_execution_arn(run_id);
    if (!arn) return std::string(external_id);
    auto known = names_.find(lower_case(arn->pipeline_arn));
    return known == names_.end() ? std::string() : known->second;
}

Async<std::string> SageMakerProvider::learn_name(std::string external_id, std::string run_id) {
    std::string name = known_name(external_id, run_id);
    auto arn = parse_execution_arn(run_id);
    if (!name.empty() || !arn) co_return name;
    auto pipeline = co_await client_.describe_pipeline(arn->pipeline_arn);
    name = pipeline ? pipeline.value().name : arn->pipeline_name;
    // Not to be asked for again, also where the pipeline is gone or may not be read; a failure that passes
    // says nothing, and the lower-case name must not stay for it (SM-6).
    if (pipeline || is_definite(pipeline.error())) remember_name(arn->pipeline_arn, name);
    co_return name;
}

std::string SageMakerProvider::monitor_url(std::string_view external_id, std::string_view run_id) const {
    std::string name = known_name(external_id, run_id);
    if (auto arn = parse_execution_arn(run_id); arn && name.empty()) name = arn->pipeline_name;
    return sagemaker::monitor_url(parts_.platform.region, name, run_id);
}

Async<void> SageMakerProvider::describe_into(const std::string& name, Result<aws::sagemaker::Pipeline>& out) {
    out = co_await client_.describe_pipeline(name);
}

Async<Result<JobPage>> SageMakerProvider::discover(std::string next) {
    auto listed = co_await client_.list_pipelines(std::move(next), discovery_page);
    if (!listed) co_return diagnose_for(listed.error(), {}, {});
    const auto& items = listed.value().items;
    std::vector<Result<aws::sagemaker::Pipeline>> pipelines(items.size(), aws::sagemaker::Pipeline());
    std::function<Async<void>(std::size_t)> describe_one = [&](std::size_t i) {
        return describe_into(items[i].name, pipelines[i]);
    };
    co_await concurrently(items.size(), describes_at_once, std::move(describe_one));
    JobPage page;
    page.next = listed.value().next_token;
    for (std::size_t i = 0; i < items.size(); ++i) {
        remember_name(items[i].arn, items[i].name);
        if (pipelines[i]) {
            auto imported = to_job(pipelines[i].value());
            if (!imported.warning.empty())
                page.warnings.push_back(fmt::format("{}: {}", items[i].name, imported.warning));
            page.jobs.push_back(std::move(imported.job));
            continue;
        }
        const Error& error = pipelines[i].error();
        if (error.kind == ErrorKind::not_found || error.code == "ResourceNotFound")
            continue;  // deleted since it was listed
        if (!is_definite(error)) co_return diagnose_for(error, items[i].name, {});
        page.jobs.push_back(to_job(items[i]));
        page.warnings.push_back(
            fmt::format("{}: its definition could not be read: {}", items[i].name, error.describe()));
    }
    co_return page;
}

Async<Result<Job>> SageMakerProvider::describe(std::string external_id) {
    auto pipeline = co_await client_.describe_pipeline(external_id);
    if (!pipeline) co_return diagnose_for(pipeline.error(), external_id, {});
    remember_name(pipeline.value().arn, pipeline.value().name);
    co_return to_job(pipeline.value()).job;
}

Async<Result<PipelineRun>> SageMakerProvider::submit(const SubmissionIntent& intent, aws::LeaveToSend leave) {
    auto arn =
        co_await client_.start_pipeline_execution(boost::json::serialize(intent.request), std::move(leave));
    if (!arn) {
        Error error = diagnose_for(std::move(arn.error()), intent.external_id, {});
        // The token is this submission's own, so a conflict speaks of an earlier sending of it, whose
        // execution may exist (aws-facts 1.6): to be looked up, not to be taken for a refusal (SAFE-1).
        if (error.kind == ErrorKind::conflict) error.kind = ErrorKind::unclear;
        co_return error;
    }
    aws::sagemaker::ExecutionSummary summary;
    summary.arn = std::move(arn.value());
    summary.status = "Executing";
    std::string name = co_await learn_name(intent.external_id, summary.arn);
    co_return to_run(summary, name, parts_.platform.region);
}

Async<Result<std::optional<PipelineRun>>> SageMakerProvider::find_by_display_name(
    const SubmissionIntent& intent, std::string_view display_name, SystemTime called_at) {
    aws::sagemaker::ListExecutionsRequest request;
    request.pipeline_name = intent.external_id;
    request.created_after = called_at - clock_margin;
    request.sort_by = "CreationTime";
    request.sort_order = "Ascending";  // the submission is among the first ones after the call
    aws::PageGuard guard("sagemaker", "ListPipelineExecutions", 1000);
    std::string token;
    do {
        POLYSYNC_CO_TRY(auto page, co_await client_.list_pipeline_executions(request, token));
        for (const auto& summary : page.items) {
            if (summary.display_name != display_name) continue;
            std::string name = co_await learn_name(intent.external_id, summary.arn);
            co_return to_run(summary, name, parts_.platform.region);
        }
        POLYSYNC_CO_TRY(token, guard.next(std::move(page.next_token)));
    } while (!token.empty());
    co_return std::optional<PipelineRun>();
}

Async<Result<FindAnswer>> SageMakerProvider::find_submission(const SubmissionIntent& intent,
                                                             SystemTime called_at) {
    const auto* member = intent.request.if_contains("PipelineExecutionDisplayName");
    std::string display_name =
        member && member->is_string() ? std::string(member->get_string()) : std::string();
    bool is_ours_alone = display_name == default_display_name(intent.token);
    bool fresh = parts_.clock->now() - called_at < token_is_fresh;
    FindAnswer answer;
    if (fresh && !is_ours_alone) {
        answer.result = FindResult::repeat_is_safe;
        answer.explanation =
            "The same ClientRequestToken gives the same execution, whether it was started before or not.";
        co_return answer;
    }
    auto found = co_await find_by_display_name(intent, display_name, called_at);
    if (!found) co_return diagnose_for(found.error(), intent.external_id, {});
    if (found.value() && is_ours_alone) {
        answer.result = FindResult::found;
        answer.run = with_remedy(std::move(*found.value()), intent.external_id);
        answer.explanation = "An execution with this submission's display name exists.";
    } else if (found.value()) {
        answer.result = FindResult::unknowable;
        answer.explanation = fmt::format(
            "An execution is named '{}', but display names are not unique, and the request token may have "
            "been forgotten.",
            display_name);
    } else {
        answer.result = FindResult::repeat_is_safe;
        answer.explanation =
            "No execution has this submission's display name, and the same ClientRequestToken cannot start a "
            "second one.";
    }
    co_return answer;
}

Async<std::vector<StatusAnswer>> SageMakerProvider::statuses(std::vector<RunReference> runs) {
    for (auto& run : runs) run.external_id = co_await learn_name(run.external_id, run.run_id);
    ExecutionStatuses reader(parts_.connection, parts_.platform.region);
    std::vector<StatusAnswer> answers = co_await reader.read(runs);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        auto& answer = answers[i];
        if (answer.left_out || answer.needs_own_call) continue;
        if (answer.run)
            answer.run = with_remedy(std::move(answer.run.value()), runs[i].external_id);
        else
            answer.run = diagnose_for(answer.run.error(), runs[i].external_id, runs[i].run_id);
    }
    co_return answers;
}

Async<Result<CancelResult>> SageMakerProvider::cancel(RunReference run, SubmissionToken token) {
    if (!parse_execution_arn(run.run_id)) {
        co_return make_error(ErrorKind::invalid_input, "bad_run_id",
                             fmt::format("'{}' is no pipeline execution ARN", run.run_id));
    }
    if (!is_guid(token.str()))
        co_return make_error(ErrorKind::invalid_input, "bad_token", "the cancel's token is no guid");
    auto stopped = co_await client_.stop_pipeline_execution(run.run_id, client_request_token(token));
    if (stopped) co_return CancelResult::requested;
    // SageMaker refuses to stop what has ended, with a code that says many other things too.
    bool may_have_ended = stopped.error().code.starts_with("Validation") ||
                          stopped.error().kind == ErrorKind::conflict ||
                          stopped.error().code.starts_with("Conflict");
    if (may_have_ended) {
        auto execution = co_await client_.describe_pipeline_execution(run.run_id);
        if (execution && is_terminal(map_status(execution.value().status)))
            co_return CancelResult::already_ended;
        if (execution && execution.value().status == "Stopping") co_return CancelResult::requested;
    }
    co_return diagnose_for(stopped.error(), run.external_id, run.run_id);
}

Async<Result<void>> SageMakerProvider::list_one() {
    POLYSYNC_CO_TRY(co_await client_.list_pipelines({}, 1));
    co_return success();
}

Async<ConnectionReport> SageMakerProvider::test_connection() {
    ServiceProbe probe{"sagemaker:ListPipelines", [this] { return list_one(); }};
    co_return co_await check_connection(parts_, std::move(probe));
}

Async<Result<LogPage>> SageMakerProvider::logs(RunReference run, std::string cursor) {
    if (!parse_execution_arn(run.run_id)) {
        co_return make_error(ErrorKind::invalid_input, "bad_run_id",
                             fmt::format("'{}' is no pipeline execution ARN", run.run_id));
    }
    POLYSYNC_CO_TRY(auto seen, decode_step_cursor(cursor));
    auto steps = co_await list_steps(client_, run.run_id);
    if (!steps) co_return diagnose_for(steps.error(), run.external_id, run.run_id);
    LogPage page;
    page.lines = take_new_lines(steps.value(), seen);
    page.cursor = encode_cursor(seen);
    page.at_end = true;
    if (steps.value().empty()) page.note = "No step of this execution has started yet.";
    co_return page;
}

}  // namespace

std::unique_ptr<Provider> make_sagemaker_provider(ProviderParts parts) {
    return std::make_unique<SageMakerProvider>(std::move(parts));
}

}  // namespace polysync
