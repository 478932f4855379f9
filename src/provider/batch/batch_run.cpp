#include "provider/batch/batch_run.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/console.h"
#include "provider/diagnoses.h"
#include "provider/unknown_status.h"

namespace polysync::batch {

namespace {

constexpr std::size_t max_id_length = 256;

// In the order of a normal life.
constexpr std::array<std::string_view, 7> life{"SUBMITTED", "PENDING",   "RUNNABLE", "STARTING",
                                               "RUNNING",   "SUCCEEDED", "FAILED"};

// AWS also marks a job as terminated whose attempt ran too long; that is a failure and no cancel.
bool says_time_exceeded(std::string_view reason) {
    std::string lower = lower_case(reason);
    return lower.find("exceeded timeout") != std::string::npos ||
           lower.find("duration exceeded") != std::string::npos;
}

bool is_cancel(const aws::batch::Job& job) {
    const std::string& reason = status_reason(job);
    if (says_time_exceeded(reason)) return false;
    if (job.is_cancelled.value_or(false) || job.is_terminated.value_or(false)) return true;
    // That capitalisation: "Host EC2 (instance …) terminated" is a failure.
    return reason.find(cancel_reason) != std::string::npos || reason.find("Terminated") != std::string::npos;
}

using ContainerStates = std::vector<aws::batch::ContainerState>;

// The first that failed, else the first that says anything.
const aws::batch::ContainerState* pick(const ContainerStates& containers) {
    auto has_failed = [](const aws::batch::ContainerState& c) { return c.exit_code.value_or(0) != 0; };
    auto has_words = [](const aws::batch::ContainerState& c) { return c.exit_code || !c.reason.empty(); };
    auto found = std::ranges::find_if(containers, has_failed);
    if (found == containers.end()) found = std::ranges::find_if(containers, has_words);
    return found == containers.end() ? nullptr : &*found;
}

// The container that speaks for the job: of the job itself, else of its last attempt.
const aws::batch::ContainerState* speaking_container(const aws::batch::Job& job) {
    if (const auto* one_of_many = pick(job.containers)) return one_of_many;
    if (job.container.exit_code || !job.container.reason.empty()) return &job.container;
    return job.attempts.empty() ? nullptr : pick(job.attempts.back().containers);
}

// "OutOfMemoryError: …" and "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - …" begin with AWS's own word for it.
std::string leading_code(std::string_view text) {
    auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin());
    std::string_view word = text.substr(0, end);
    if (word.ends_with("Error") || word.ends_with("Exception")) return std::string(word);
    if (word == "CAPACITY" || word == "MISCONFIGURATION") return std::string(text.substr(0, text.find(' ')));
    return {};
}

std::string message_of(const aws::batch::Job& job, const aws::batch::ContainerState* container) {
    std::string message = status_reason(job);
    if (!container) return message;
    if (container->exit_code)
        message += fmt::format("{}(exit code {})", message.empty() ? "" : " ", *container->exit_code);
    if (!container->reason.empty() && container->reason != status_reason(job))
        message += fmt::format("{}{}", message.empty() ? "" : ": ", container->reason);
    return message;
}

void add_progress(PipelineRun& run, const aws::batch::Job& job) {
    if (!job.array_size) return;
    run.progress_unit = "children";
    for (std::string_view status : life) {
        for (const auto& [name, count] : job.array_status) {
            if (name == status && count > 0) run.progress.push_back({name, count});
        }
    }
    for (const auto& [name, count] : job.array_status) {
        if (count > 0 && std::ranges::find(life, name) == life.end()) run.progress.push_back({name, count});
    }
}

// Since when a job that is not running yet waits: for its first start, or after the attempt before.
std::optional<Millis> waited(const aws::batch::Job& job, SystemTime now,
                             std::optional<SystemTime> waiting_since) {
    std::optional<SystemTime> since = job.created_at;
    if (!job.attempts.empty() && job.attempts.back().stopped_at) since = job.attempts.back().stopped_at;
    if (waiting_since && (!since || *waiting_since > *since)) since = waiting_since;
    if (!since) return std::nullopt;
    return now - *since;
}

DiagnosisContext context_of(std::string_view region, const aws::batch::Job& job) {
    DiagnosisContext context;
    context.region = region;
    context.external_id = job.definition;
    context.queue = job.queue;
    context.partition = partition_of(region);
    if (Arn arn; parse_arn(job.queue, arn)) context.account = arn.account;
    return context;
}

}  // namespace

std::string job_monitor_url(std::string_view region, std::string_view job_id) {
    return console_link(region, fmt::format("batch/home?region={}#jobs/detail/{}", region, job_id));
}

bool is_job_id(std::string_view text) {
    return !text.empty() && text.size() <= max_id_length && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == ':' || c == '#';
    });
}

const std::string& status_reason(const aws::batch::Job& job) {
    if (job.status_reason.empty() && !job.attempts.empty()) return job.attempts.back().status_reason;
    return job.status_reason;
}

PipelineRunStatus map_status(const aws::batch::Job& job) {
    if (job.status == "SUCCEEDED") return PipelineRunStatus::success;
    if (job.status == "FAILED")
        return is_cancel(job) ? PipelineRunStatus::cancelled : PipelineRunStatus::failed;
    if (std::ranges::find(life, job.status) == life.end()) note_unknown_status("batch", job.status);
    return PipelineRunStatus::running;
}

PipelineRun to_pipeline_run(std::string_view region, const aws::batch::Job& job, SystemTime now,
                            std::optional<SystemTime> waiting_since) {
    PipelineRun run;
    run.run_id = job.id;
    run.aws_status = job.status;
    run.status = map_status(job);
    run.monitor_url = job_monitor_url(region, job.id);
    run.started_at = job.started_at;
    add_progress(run, job);
    if (!is_terminal(run.status)) {
        // A job that waits between two attempts still shows what ended the one before; that is its reason
        // too.
        run.message = job.status_reason;
        run.code = leading_code(run.message);
        bool is_waiting = job.status == "RUNNABLE" || (job.status == "PENDING" && !job.array_size);
        if (!is_waiting) return run;
        DiagnosisContext context = context_of(region, job);
        context.waited = waited(job, now, waiting_since);
        run.remedy = diagnose_run(PlatformType::aws_batch, run, context);
        return run;
    }
    const aws::batch::ContainerState* container = speaking_container(job);
    run.ended_at = job.stopped_at;
    // "Essential container in task exited" is also what AWS says of a success.
    if (run.status != PipelineRunStatus::success) run.message = message_of(job, container);
    if (container) run.exit_code = container->exit_code;
    if (run.status != PipelineRunStatus::failed) return run;
    if (container) run.code = leading_code(container->reason);
    if (run.code.empty()) run.code = leading_code(status_reason(job));
    run.infrastructure_loss = is_infrastructure_loss(PlatformType::aws_batch, run);
    run.remedy = diagnose_run(PlatformType::aws_batch, run, context_of(region, job));
    return run;
}

aws::batch::Job to_job_state(const aws::batch::JobSummary& summary) {
    aws::batch::Job job;
    job.id = summary.id;
    job.name = summary.name;
    job.status = summary.status;
    job.status_reason = summary.status_reason;
    job.definition = summary.definition;
    job.created_at = summary.created_at;
    job.started_at = summary.started_at;
    job.stopped_at = summary.stopped_at;
    job.container.exit_code = summary.exit_code;
    job.container.reason = summary.container_reason;
    job.array_size = summary.array_size;
    job.array_index = summary.array_index;
    job.is_cancelled = summary.is_cancelled;
    job.is_terminated = summary.is_terminated;
    return job;
}

}  // namespace polysync::batch
