#include "provider/glue/glue_provider.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/concurrently.h"
#include "provider/connection_check.h"
#include "provider/diagnoses.h"
#include "provider/glue/glue_job.h"
#include "provider/glue/glue_names.h"
#include "provider/glue/glue_request.h"
#include "provider/policy.h"

namespace polysync::glue {

namespace {

constexpr int jobs_per_page = 1000;  // the most that GetJobs gives
constexpr int large_jobs_per_page = 50;
constexpr std::size_t jobs_at_once = 4;

}  // namespace

GlueProvider::GlueProvider(ProviderParts parts)
    : parts_(std::move(parts)),
      client_(parts_.connection),
      definitions_(client_, *parts_.clock),
      reader_(client_, definitions_, *parts_.clock),
      logs_(parts_.connection) {}

Error GlueProvider::explain(Error error, std::string_view job_name) const {
    DiagnosisContext context;
    context.partition = partition_of(parts_.platform.region);
    context.region = parts_.platform.region;
    context.external_id = job_name;
    context.account = account_;
    return diagnose_error(PlatformType::aws_glue, std::move(error), context);
}

// A job's role is of the job's account.
void GlueProvider::learn_account(const std::string& role_arn) {
    if (Arn arn; parse_arn(role_arn, arn) && !arn.account.empty()) account_ = arn.account;
}

Error GlueProvider::diagnose(Error error) const { return explain(std::move(error), {}); }

PipelineRun GlueProvider::to_run(const std::string& job_name, const Chain& chain) const {
    return to_pipeline_run(parts_.platform.region, job_name, chain, parts_.clock->now(), account_);
}

std::string GlueProvider::monitor_url(std::string_view external_id, std::string_view run_id) const {
    Result<RunId> id = split_run_id(run_id);
    if (id) return run_monitor_url(parts_.platform.region, id.value().job_name, id.value().run_id);
    return run_monitor_url(parts_.platform.region, external_id, run_id);
}

// GLUE-1. GetJobs gives names and definitions at once, so ListJobs, which gives names alone, would only add
// calls.
Async<Result<JobPage>> GlueProvider::discover(std::string next) {
    Result<aws::Page<aws::glue::Job>> answer = co_await client_.get_jobs(next, jobs_per_page);
    // Visual jobs carry their whole graph: a page of them can be more than is read of one answer.
    if (!answer && answer.error().code == "answer_too_large")
        answer = co_await client_.get_jobs(next, large_jobs_per_page);
    if (!answer) co_return diagnose(answer.error());
    JobPage page;
    for (const aws::glue::Job& definition : answer.value().items) {
        if (definition.name.empty()) {
            page.warnings.emplace_back("a Glue job without a name was left out");
            continue;
        }
        learn_account(definition.role);
        page.jobs.push_back(to_job(definition));
    }
    page.next = std::move(answer.value().next_token);
    co_return page;
}

Async<Result<Job>> GlueProvider::describe(std::string external_id) {
    Result<aws::glue::Job> answer = co_await client_.get_job(external_id);
    if (!answer) co_return explain(answer.error(), external_id);
    learn_account(answer.value().role);
    co_return to_job(answer.value());
}

// PLAT-4: the smallest page of the list call.
Async<Result<void>> GlueProvider::list_one() {
    Result<aws::Page<std::string>> names = co_await client_.list_jobs({}, 1);
    if (!names) co_return diagnose(names.error());
    co_return success();
}

Async<ConnectionReport> GlueProvider::test_connection() {
    ServiceProbe probe;
    probe.permission = "glue:ListJobs";
    probe.call = [this] { return list_one(); };
    ConnectionReport report = co_await check_connection(parts_, std::move(probe));
    if (!report.account.empty()) account_ = report.account;
    co_return report;
}

boost::json::object GlueProvider::required_permissions(const PolicyScope& scope) const {
    return make_policy(parts_.platform, scope).document;
}

Result<SubmissionIntent> GlueProvider::prepare(const SubmitSpec& spec) const {
    return prepare_start(parts_.platform, spec, parts_.clock->now());
}

Async<Result<SubmissionIntent>> GlueProvider::complete(SubmissionIntent intent) {
    if (intent.from_definition.empty()) co_return intent;
    Result<std::shared_ptr<const aws::glue::Job>> definition = co_await definitions_.get(intent.external_id);
    if (!definition) co_return explain(definition.error(), intent.external_id);
    co_return complete_start(std::move(intent), *definition.value());
}

Async<Result<PipelineRun>> GlueProvider::submit(const SubmissionIntent& intent, aws::LeaveToSend leave) {
    if (!intent.from_definition.empty()) {
        co_return make_error(ErrorKind::internal, "incomplete_intent",
                             "the submission was not completed from the job's definition before it was sent");
    }
    Result<std::string> run_id =
        co_await client_.start_job_run(boost::json::serialize(intent.request), std::move(leave));
    if (!run_id) co_return explain(run_id.error(), intent.external_id);
    PipelineRun run;
    run.run_id = join_run_id(intent.external_id, run_id.value());
    run.status = PipelineRunStatus::starting;
    run.monitor_url = run_monitor_url(parts_.platform.region, intent.external_id, run_id.value());
    co_return run;
}

// The oldest run that carries the intent's token, which is the one that was submitted; Glue's own retries
// repeat its arguments.
Async<Result<std::optional<aws::glue::JobRun>>> GlueProvider::look_up(const SubmissionIntent& intent,
                                                                      SystemTime called_at,
                                                                      std::size_t& looked_at) {
    const std::string token_key(run_token_argument);
    std::optional<aws::glue::JobRun> found;
    std::string next;
    aws::PageGuard guard("glue", "GetJobRuns", max_look_up_pages);
    do {
        Result<aws::Page<aws::glue::JobRun>> page =
            co_await client_.get_job_runs(intent.external_id, next, RunReader::page_size);
        if (!page) co_return page.error();
        // By AWS's clock, as the answer has just told it.
        const SystemTime horizon =
            called_at + parts_.connection->clock_offset().value_or(Millis(0)) - clock_allowance;
        for (aws::glue::JobRun& run : page.value().items) {
            ++looked_at;
            auto token = run.arguments.find(token_key);
            if (token != run.arguments.end() && token->second == intent.token.str()) {
                bool is_first = run.previous_run_id.empty() && run.attempt == 0;
                found = std::move(run);
                if (is_first) co_return found;
            } else if (run.started_on && *run.started_on < horizon) {
                // Newest first. A WAITING run may have no start time yet, so such a run ends nothing.
                co_return found;
            }
        }
        Result<std::string> token = guard.next(std::move(page.value().next_token));
        // An incomplete look-up must never count as "not submitted".
        if (!token) co_return make_error(ErrorKind::transient, "look_up_incomplete", token.error().message);
        next = std::move(token.value());
    } while (!next.empty());
    co_return found;
}

Async<Result<FindAnswer>> GlueProvider::find_submission(const SubmissionIntent& intent,
                                                        SystemTime called_at) {
    std::size_t looked_at = 0;
    Result<std::optional<aws::glue::JobRun>> found = co_await look_up(intent, called_at, looked_at);
    FindAnswer answer;
    if (!found) {
        Error error = explain(found.error(), intent.external_id);
        if (error.kind != ErrorKind::not_found) co_return error;
        answer.result = FindResult::unknowable;
        answer.explanation =
            fmt::format("Glue has no job '{}' any more, and with it the runs are gone", intent.external_id);
        co_return answer;
    }
    if (!found.value()) {
        answer.explanation = fmt::format(
            "none of the {} runs of '{}' that Glue lists since the call carries {} {}; lists are eventually "
            "consistent, so only two "
            "empty look-ups at least 60 s apart, both after the call's deadline, mean that nothing was "
            "submitted",
            looked_at, intent.external_id, run_token_argument, intent.token.str());
        co_return answer;
    }
    answer.result = FindResult::found;
    answer.explanation = fmt::format("run {} carries the submission's token", found.value()->id);
    std::string first_id(root_id(found.value()->id));
    Chain chain{*found.value(), *found.value()};
    if (found.value()->state == "FAILED" || first_id != found.value()->id) {
        Result<Chain> followed = co_await reader_.read_one(intent.external_id, first_id);
        if (followed) chain = std::move(followed.value());
    }
    answer.run = to_run(intent.external_id, chain);
    co_return answer;
}

// The references of one statuses() call, by job.
struct GlueProvider::StatusWork {
    struct Group {
        std::string job_name;
        std::vector<std::string> run_ids, riding;
        AskBy by = AskBy::any;  // the same for all of a job
        RunReader::Answers answers;
    };
    std::vector<Group> groups;
};

Async<void> GlueProvider::read_job(StatusWork& work, std::size_t index) {
    StatusWork::Group& group = work.groups[index];
    RunReader::Answers answers = co_await reader_.read(group.job_name, group.run_ids, group.riding, group.by);
    work.groups[index].answers = std::move(answers);
}

Async<std::vector<StatusAnswer>> GlueProvider::statuses(std::vector<RunReference> runs) {
    StatusWork work;
    std::map<std::string, std::size_t> group_of;
    for (const RunReference& run : runs) {
        Result<RunId> id = split_run_id(run.run_id);
        if (!id) continue;
        auto [place, is_new] = group_of.emplace(id.value().job_name, work.groups.size());
        if (is_new) work.groups.push_back({id.value().job_name, {}, {}, run.by, {}});
        auto& group = work.groups[place->second];
        (run.rides ? group.riding : group.run_ids).push_back(id.value().run_id);
    }
    std::function<Async<void>(std::size_t)> one = [this, &work](std::size_t index) {
        return read_job(work, index);
    };
    co_await concurrently(work.groups.size(), jobs_at_once, std::move(one));

    std::vector<StatusAnswer> answers;
    answers.reserve(runs.size());
    for (const RunReference& run : runs) {
        Result<RunId> id = split_run_id(run.run_id);
        if (!id) {
            answers.push_back({run.run_id, id.error()});
            continue;
        }
        const std::string& job_name = id.value().job_name;
        const RunReader::Answers& known_runs = work.groups[group_of.at(job_name)].answers;
        auto answer = known_runs.find(id.value().run_id);
        if (answer == known_runs.end()) {
            answers.push_back(run.rides ? left_out(run.run_id) : needs_own_call(run.run_id));
            continue;
        }
        const Result<Chain>& chain = answer->second;
        if (!chain) {
            answers.push_back({run.run_id, explain(chain.error(), job_name)});
            continue;
        }
        PipelineRun known = to_run(job_name, chain.value());
        if (!run.outputs.empty() && known.status == PipelineRunStatus::success)
            known.outputs_note = "Glue jobs have no outputs; what they write lies in S3 and CloudWatch";
        answers.push_back({run.run_id, std::move(known)});
    }
    co_return answers;
}

Async<Result<CancelResult>> GlueProvider::cancel(RunReference run, SubmissionToken) {
    Result<RunId> id = split_run_id(run.run_id);
    if (!id) co_return id.error();
    const std::string job_name = id.value().job_name;
    std::string target = reader_.latest_known_attempt(job_name, id.value().run_id);
    std::vector<std::string> targets{target};
    Result<aws::glue::BatchStopAnswer> stop =
        co_await client_.batch_stop_job_run(job_name, std::move(targets));
    if (!stop) co_return explain(stop.error(), job_name);
    if (stop.value().errors.empty()) co_return CancelResult::requested;
    co_return co_await settle_refused_stop(std::move(id.value()), std::move(target),
                                           std::move(stop.value().errors.front()));
}

// GLUE-7: an entry in Errors is a failed cancel, unless the run turns out to have ended; of a run that Glue
// retries, the latest attempt is the one to stop (GLUE-9).
Async<Result<CancelResult>> GlueProvider::settle_refused_stop(RunId id, std::string target,
                                                              aws::glue::StopError refusal) {
    Result<Chain> chain = co_await reader_.read_one(id.job_name, id.run_id);
    if (!chain) co_return explain(chain.error(), id.job_name);
    if (chain.value().retry_is_due) {
        co_return make_error(
            ErrorKind::transient, "between_attempts",
            "Glue is about to start the run's next attempt, so there is nothing to stop at this moment",
            "Cancel again in a minute.");
    }
    if (is_terminal(map_state(chain.value().last.state))) co_return CancelResult::already_ended;
    if (chain.value().last.id != target) {
        std::vector<std::string> targets{chain.value().last.id};
        Result<aws::glue::BatchStopAnswer> stop =
            co_await client_.batch_stop_job_run(id.job_name, std::move(targets));
        if (!stop) co_return explain(stop.error(), id.job_name);
        if (stop.value().errors.empty()) co_return CancelResult::requested;
        refusal = std::move(stop.value().errors.front());
    }
    // A stop that was asked for before is on its way.
    if (chain.value().last.state == "STOPPING") co_return CancelResult::requested;
    Error error = make_error(ErrorKind::rejected, refusal.code.empty() ? "stop_refused" : refusal.code,
                             fmt::format("Glue did not stop run {}: {}", refusal.run_id, refusal.message));
    error.service = "glue";
    error.operation = "BatchStopJobRun";
    co_return explain(std::move(error), id.job_name);
}

Async<Result<LogPlan>> GlueProvider::find_log_plan(RunId id) {
    std::string key = join_run_id(id.job_name, id.run_id);
    if (auto known = log_plans_.find(key); known != log_plans_.end()) co_return known->second;
    Result<aws::glue::JobRun> run = co_await client_.get_job_run(id.job_name, id.run_id);
    if (!run) co_return explain(run.error(), id.job_name);
    // Without glue:GetJob, or after the job was deleted, the usual groups still hold the logs.
    Result<std::shared_ptr<const aws::glue::Job>> definition = co_await definitions_.get(id.job_name);
    run.value().id = id.run_id;
    LogPlan plan = plan_logs(run.value(), definition ? definition.value().get() : nullptr);
    if (plan.is_lasting && run.value().started_on && run.value().state != "WAITING") {
        if (log_plans_.size() >= max_kept_log_plans) log_plans_.clear();
        log_plans_.emplace(key, plan);
    }
    co_return plan;
}

Async<Result<LogPage>> GlueProvider::logs(RunReference run, std::string cursor) {
    Result<RunId> id = split_run_id(run.run_id);
    if (!id) co_return id.error();
    std::string job_name = id.value().job_name;
    Result<LogPlan> plan = co_await find_log_plan(std::move(id.value()));
    if (!plan) co_return plan.error();
    Result<LogPage> page = co_await logs_.read(std::move(plan.value().sources), std::move(cursor));
    if (!page) co_return explain(page.error(), job_name);
    co_return page;
}

}  // namespace polysync::glue

namespace polysync {

std::unique_ptr<Provider> make_glue_provider(ProviderParts parts) {
    return std::make_unique<glue::GlueProvider>(std::move(parts));
}

}  // namespace polysync
