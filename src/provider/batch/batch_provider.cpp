#include "provider/batch/batch_provider.h"

#include <algorithm>
#include <memory_resource>
#include <unordered_map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/batch/batch_definition.h"
#include "provider/batch/batch_logs.h"
#include "provider/batch/batch_request.h"
#include "provider/batch/batch_run.h"
#include "provider/concurrently.h"
#include "provider/connection_check.h"
#include "provider/diagnoses.h"
#include "provider/policy.h"

namespace polysync::batch {

namespace {

constexpr std::size_t calls_at_once = 4;

std::string queue_of(const SubmissionIntent& intent) {
    const boost::json::value* queue = intent.request.if_contains("jobQueue");
    return queue && queue->is_string() ? std::string(queue->get_string()) : std::string();
}

Error unknown_job(std::string_view job_id) {
    Error error = make_error(ErrorKind::not_found, "job_not_found",
                             fmt::format("AWS Batch does not know the job '{}'", job_id),
                             "Batch keeps finished jobs for at least seven days; check region and account.");
    error.service = "batch";
    error.operation = "DescribeJobs";
    return error;
}

Error bad_job_id(std::string_view job_id) {
    return make_error(ErrorKind::invalid_input, "invalid_run_id",
                      fmt::format("'{}' is no Batch job id", job_id.substr(0, 300)));
}

// Failures that the next call of the same kind would meet too.
bool is_lasting(const Error& error) {
    return error.kind == ErrorKind::access_denied || error.kind == ErrorKind::credentials ||
           error.kind == ErrorKind::clock_skew || error.kind == ErrorKind::cancelled;
}

}  // namespace

BatchProvider::BatchProvider(ProviderParts parts)
    : parts_(std::move(parts)), client_(parts_.connection), logs_(parts_.connection) {}

Error BatchProvider::explain(Error error, std::string_view external_id, std::string_view queue) const {
    DiagnosisContext context;
    context.partition = partition_of(parts_.platform.region);
    context.region = parts_.platform.region;
    context.external_id = external_id;
    context.queue = queue;
    return diagnose_error(PlatformType::aws_batch, std::move(error), context);
}

Error BatchProvider::diagnose(Error error) const { return explain(std::move(error), {}); }

std::string BatchProvider::monitor_url(std::string_view, std::string_view run_id) const {
    return job_monitor_url(parts_.platform.region, run_id);
}

Async<Result<std::vector<aws::batch::JobDefinition>>> BatchProvider::read_definitions(
    aws::batch::DescribeJobDefinitionsRequest request, std::vector<std::string>& warnings) {
    // Only the highest revision of each name is kept, so memory is bounded by the names.
    HighestRevisions highest;
    aws::PageGuard guard("batch", "DescribeJobDefinitions", max_definition_pages);
    std::string next;
    do {
        Result<aws::Page<aws::batch::JobDefinition>> page =
            co_await client_.describe_job_definitions(request, next);
        if (!page) co_return page.error();
        for (aws::batch::JobDefinition& definition : page.value().items) {
            if (definition.name.empty()) {
                warnings.emplace_back("a job definition without a name was left out");
            } else {
                highest.add(std::move(definition));
            }
        }
        Result<std::string> token = guard.next(std::move(page.value().next_token));
        if (!token) co_return token.error();
        next = std::move(token.value());
    } while (!next.empty());
    std::vector<aws::batch::JobDefinition> definitions;
    for (const auto& [name, definition] : highest.by_name()) definitions.push_back(definition);
    co_return definitions;
}

// BATCH-1. The revisions of one name can lie on any pages, so one page of ours is all of AWS's.
Async<Result<JobPage>> BatchProvider::discover(std::string next) {
    JobPage page;
    if (!next.empty()) co_return page;
    aws::batch::DescribeJobDefinitionsRequest request;
    request.status = "ACTIVE";
    Result<std::vector<aws::batch::JobDefinition>> definitions =
        co_await read_definitions(std::move(request), page.warnings);
    if (!definitions) co_return diagnose(definitions.error());
    for (const aws::batch::JobDefinition& definition : definitions.value())
        page.jobs.push_back(to_job(definition));
    co_return page;
}

Async<Result<Job>> BatchProvider::describe(std::string external_id) {
    DefinitionReference reference = parse_definition_reference(external_id);
    if (reference.name.empty()) {
        co_return make_error(ErrorKind::invalid_input, "invalid_job",
                             fmt::format("'{}' is no job definition", external_id),
                             "Give a name, name:revision or the ARN of a job definition.");
    }
    aws::batch::DescribeJobDefinitionsRequest request;
    if (reference.is_pinned) {
        request.definitions.push_back(external_id);
    } else {
        request.name = reference.name;
        request.status = "ACTIVE";
    }
    std::vector<std::string> warnings;
    Result<std::vector<aws::batch::JobDefinition>> definitions =
        co_await read_definitions(std::move(request), warnings);
    if (!definitions) co_return explain(definitions.error(), external_id);
    for (const aws::batch::JobDefinition& definition : definitions.value()) {
        if (definition.name == reference.name) co_return to_job(definition, external_id);
    }
    Error error =
        make_error(ErrorKind::not_found, "ClientException",
                   fmt::format("Job definition {} does not exist or has no ACTIVE revision", external_id));
    error.service = "batch";
    error.operation = "DescribeJobDefinitions";
    co_return explain(std::move(error), external_id);
}

// PLAT-4
Async<Result<void>> BatchProvider::list_one_queue() {
    Result<aws::Page<aws::batch::JobQueue>> queues = co_await client_.describe_job_queues({}, {}, 1);
    if (!queues) co_return diagnose(queues.error());
    co_return success();
}

Async<ConnectionReport> BatchProvider::test_connection() {
    ServiceProbe probe;
    probe.permission = "batch:DescribeJobQueues";
    probe.call = [this] { return list_one_queue(); };
    co_return co_await check_connection(parts_, std::move(probe));
}

boost::json::object BatchProvider::required_permissions(const PolicyScope& scope) const {
    return make_policy(parts_.platform, scope).document;
}

Result<SubmissionIntent> BatchProvider::prepare(const SubmitSpec& spec) const {
    return prepare_submit(parts_.platform, spec, parts_.clock->now());
}

Async<Result<SubmissionIntent>> BatchProvider::complete(SubmissionIntent intent) { co_return intent; }

Async<Result<PipelineRun>> BatchProvider::submit(const SubmissionIntent& intent, aws::LeaveToSend leave) {
    Result<aws::batch::Submitted> submitted =
        co_await client_.submit_job(boost::json::serialize(intent.request), std::move(leave));
    if (!submitted) co_return explain(submitted.error(), intent.external_id, queue_of(intent));
    PipelineRun run;
    run.run_id = submitted.value().job_id;
    run.status = PipelineRunStatus::running;
    run.monitor_url = job_monitor_url(parts_.platform.region, run.run_id);
    co_return run;
}

Async<Result<FindAnswer>> BatchProvider::find_submission(const SubmissionIntent& intent, SystemTime) {
    const std::string wanted = job_name(intent.token);
    const std::string queue = queue_of(intent);
    aws::batch::ListJobsRequest request;
    request.job_queue = queue;
    request.filter_name = "JOB_NAME";
    request.filter_value = wanted;
    FindAnswer answer;
    std::optional<aws::batch::JobSummary> found;
    std::size_t same_name = 0;
    aws::PageGuard guard("batch", "ListJobs", max_definition_pages);
    std::string next;
    do {
        Result<aws::Page<aws::batch::JobSummary>> page = co_await client_.list_jobs(request, next);
        if (!page) {
            Error error = explain(page.error(), intent.external_id, queue);
            if (error.kind != ErrorKind::not_found) co_return error;
            answer.result = FindResult::unknowable;
            answer.explanation = fmt::format(
                "the job queue '{}' does not exist any more, and with it the list of its jobs", queue);
            co_return answer;
        }
        for (aws::batch::JobSummary& summary : page.value().items) {
            // AWS's filter ignores case.
            if (summary.name != wanted) continue;
            ++same_name;
            if (!found ||
                (summary.created_at && found->created_at && *summary.created_at < *found->created_at))
                found = std::move(summary);
        }
        Result<std::string> token = guard.next(std::move(page.value().next_token));
        // An incomplete look-up must never count as "not submitted".
        if (!token) co_return make_error(ErrorKind::transient, "look_up_incomplete", token.error().message);
        next = std::move(token.value());
    } while (!next.empty());
    if (!found) {
        answer.explanation = fmt::format(
            "no job of queue '{}' has the name {}; lists are eventually consistent, so only two empty "
            "look-ups at least 60 s apart, "
            "both after the call's deadline, mean that nothing was submitted",
            queue, wanted);
        co_return answer;
    }
    answer.result = FindResult::found;
    answer.explanation = same_name == 1 ? fmt::format("job {} has the submission's name", found->id)
                                        : fmt::format("{} jobs have the submission's name; {} is the first",
                                                      same_name, found->id);
    Result<aws::batch::Job> job = co_await read_job(found->id);
    answer.run = to_run(job ? job.value() : to_job_state(*found));
    co_return answer;
}

Async<Result<aws::batch::Job>> BatchProvider::read_job(std::string job_id) {
    if (!is_job_id(job_id)) co_return bad_job_id(job_id);
    std::vector<std::string> ids{job_id};
    Result<std::vector<aws::batch::Job>> jobs = co_await client_.describe_jobs(std::move(ids));
    if (!jobs) co_return explain(jobs.error(), {});
    for (aws::batch::Job& job : jobs.value()) {
        if (job.id == job_id) co_return std::move(job);
    }
    co_return unknown_job(job_id);
}

PipelineRun BatchProvider::to_run(const aws::batch::Job& job) {
    SystemTime now = parts_.clock->now();
    auto known = pending_until_.find(job.id);
    std::optional<SystemTime> waiting_since;
    if (known != pending_until_.end()) waiting_since = known->second;
    if (job.status == "SUBMITTED" || job.status == "PENDING") {
        if (pending_until_.size() >= max_remembered) pending_until_.clear();
        pending_until_[job.id] = now;
        waiting_since.reset();
    } else if (known != pending_until_.end() && job.status != "RUNNABLE") {
        pending_until_.erase(known);
    }
    return to_pipeline_run(parts_.platform.region, job, now, waiting_since);
}

// One statuses() call in DescribeJobs' portions. Each job becomes a PipelineRun as soon as its answer is
// read: thousands of whole jobs would leave the cache, and be most of what a sweep costs.
struct BatchProvider::StatusWork {
    explicit StatusWork(std::size_t most) : places(&memory) {
        ids.reserve(most);
        places.reserve(most);
    }
    std::vector<std::string_view> ids;  // distinct, valid; the caller's references hold them
    std::pmr::monotonic_buffer_resource memory;
    std::pmr::unordered_map<std::string_view, std::size_t> places;  // in `ids` and `answers`
    std::vector<std::optional<Result<PipelineRun>>> answers;
    std::optional<Error> lasting;
};

Async<void> BatchProvider::read_chunk(StatusWork& work, std::size_t index) {
    std::size_t begin = index * jobs_per_call;
    std::size_t end = std::min(begin + jobs_per_call, work.ids.size());
    if (work.lasting) {
        for (std::size_t i = begin; i != end; ++i) work.answers[i] = *work.lasting;
        co_return;
    }
    std::vector<std::string> ids;
    ids.reserve(end - begin);
    for (std::size_t i = begin; i != end; ++i) ids.emplace_back(work.ids[i]);
    Result<std::vector<aws::batch::Job>> jobs =
        co_await client_.describe_jobs(std::move(ids), aws::batch::JobDetail::status);
    if (!jobs) {
        Error error = explain(jobs.error(), {});
        if (is_lasting(error)) work.lasting = error;
        for (std::size_t i = begin; i != end; ++i) work.answers[i] = error;
        co_return;
    }
    for (const aws::batch::Job& job : jobs.value()) {
        auto place = work.places.find(job.id);
        if (place != work.places.end()) work.answers[place->second] = to_run(job);
    }
}

Async<std::vector<StatusAnswer>> BatchProvider::statuses(std::vector<RunReference> runs) {
    StatusWork work(runs.size());
    bool is_repeated = false;
    for (const RunReference& run : runs) {
        if (!is_job_id(run.run_id)) continue;
        if (work.places.try_emplace(run.run_id, work.ids.size()).second) {
            work.ids.push_back(run.run_id);
        } else {
            is_repeated = true;
        }
    }
    work.answers.resize(work.ids.size());
    std::size_t chunks = (work.ids.size() + jobs_per_call - 1) / jobs_per_call;
    std::function<Async<void>(std::size_t)> one = [this, &work](std::size_t index) {
        return read_chunk(work, index);
    };
    co_await concurrently(chunks, calls_at_once, std::move(one));

    std::vector<StatusAnswer> answers;
    answers.reserve(runs.size());
    for (const RunReference& run : runs) {
        auto place = work.places.find(run.run_id);
        if (place == work.places.end()) {
            answers.push_back({run.run_id, bad_job_id(run.run_id)});
            continue;
        }
        auto& known = work.answers[place->second];
        if (!known) known = unknown_job(run.run_id);
        answers.push_back({run.run_id, is_repeated ? *known : std::move(*known)});
        auto& answer = answers.back().run;
        if (answer && !run.outputs.empty() && answer.value().status == PipelineRunStatus::success)
            answer.value().outputs_note =
                "Batch jobs have no structured outputs; artifacts lie where the container put them";
    }
    co_return answers;
}

// BATCH-6. TerminateJob answers 200 for jobs that have ended or never were, so DescribeJobs tells which it
// was.
Async<Result<CancelResult>> BatchProvider::cancel(RunReference run, SubmissionToken) {
    if (!is_job_id(run.run_id)) co_return bad_job_id(run.run_id);
    Result<void> stop = co_await client_.terminate_job(run.run_id, std::string(cancel_reason));
    if (!stop) co_return explain(stop.error(), {});
    Result<aws::batch::Job> job = co_await read_job(run.run_id);
    if (!job) co_return job.error();
    if (!is_terminal(map_status(job.value()))) co_return CancelResult::requested;
    bool is_ours = status_reason(job.value()).find(cancel_reason) != std::string::npos;
    co_return is_ours ? CancelResult::requested : CancelResult::already_ended;
}

Async<Result<LogPage>> BatchProvider::logs(RunReference run, std::string cursor) {
    Result<aws::batch::Job> job = co_await read_job(run.run_id);
    if (!job) co_return job.error();
    LogPlan plan = plan_logs(job.value(), parts_.platform.region);
    Result<LogPage> page = co_await logs_.read(std::move(plan.sources), std::move(cursor));
    if (!page) co_return explain(page.error(), {});
    if (!plan.note.empty()) page.value().note = std::move(plan.note);
    co_return page;
}

}  // namespace polysync::batch

namespace polysync {

std::unique_ptr<Provider> make_batch_provider(ProviderParts parts) {
    return std::make_unique<batch::BatchProvider>(std::move(parts));
}

}  // namespace polysync
