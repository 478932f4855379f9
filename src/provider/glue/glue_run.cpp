#include "provider/glue/glue_run.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/console.h"
#include "provider/diagnoses.h"
#include "provider/glue/glue_names.h"
#include "provider/unknown_status.h"

namespace polysync::glue {

namespace {

constexpr std::string_view attempt_mark = "_attempt_";

struct StateMapping {
    std::string_view state;
    PipelineRunStatus status;
};

constexpr std::array<StateMapping, 10> state_mappings{{
    {"STARTING", PipelineRunStatus::starting},
    {"WAITING", PipelineRunStatus::starting},
    {"RUNNING", PipelineRunStatus::running},
    {"STOPPING", PipelineRunStatus::running},
    {"SUCCEEDED", PipelineRunStatus::success},
    {"FAILED", PipelineRunStatus::failed},
    {"ERROR", PipelineRunStatus::failed},
    {"TIMEOUT", PipelineRunStatus::failed},
    {"EXPIRED", PipelineRunStatus::failed},
    {"STOPPED", PipelineRunStatus::cancelled},
}};

// What each way to fail is called where Glue gives no words of its own.
std::string_view words_for(std::string_view state) {
    if (state == "TIMEOUT") return "the run exceeded its timeout";
    if (state == "EXPIRED") return "the streaming job exceeded its time limit";
    if (state == "ERROR") return "Glue could not start the run (a trigger on a deleted job)";
    return {};
}

std::string message_of(const Chain& chain) {
    const aws::glue::JobRun& last = chain.last;
    std::string message = last.error_message;
    if (message.empty()) message = last.state_detail;
    if (message.empty()) message = words_for(last.state);
    int number = std::max(last.attempt, attempt_number(last.id));
    if (chain.retry_is_due) {
        return fmt::format("Glue's attempt {} failed and Glue starts the next one by itself{}{}", number + 1,
                           message.empty() ? "" : ": ", message);
    }
    if (last.id != chain.first.id) {
        return fmt::format("Glue's attempt {} ({}){}{}", number + 1, last.id, message.empty() ? "" : ": ",
                           message);
    }
    return message;
}

}  // namespace

PipelineRunStatus map_state(std::string_view state) {
    auto known = std::ranges::find(state_mappings, state, &StateMapping::state);
    if (known != state_mappings.end()) return known->status;
    note_unknown_status("glue", state);
    return PipelineRunStatus::running;
}

std::string run_monitor_url(std::string_view region, std::string_view job_name, std::string_view run_id) {
    return console_link(region, fmt::format("gluestudio/home?region={}#/job/{}/run/{}", region,
                                            percent_encode(job_name), percent_encode(run_id)));
}

std::string attempt_id(std::string_view first_run_id, int number) {
    return number == 0 ? std::string(first_run_id)
                       : fmt::format("{}{}{}", first_run_id, attempt_mark, number);
}

int attempt_number(std::string_view run_id) {
    auto mark = run_id.rfind(attempt_mark);
    if (mark == std::string_view::npos) return 0;
    std::string_view digits = run_id.substr(mark + attempt_mark.size());
    int number = 0;
    auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return status == std::errc() && end == digits.data() + digits.size() && number > 0 ? number : 0;
}

std::string_view root_id(std::string_view run_id) {
    return attempt_number(run_id) == 0 ? run_id : run_id.substr(0, run_id.rfind(attempt_mark));
}

bool is_retry_due(const aws::glue::JobRun& run, std::optional<int> max_retries, SystemTime now) {
    if (run.state != "FAILED") return false;
    if (max_retries && std::max(run.attempt, attempt_number(run.id)) >= *max_retries) return false;
    // Nothing may wait for ever: a run of which no time is known has ended.
    auto ended = run.completed_on       ? run.completed_on
                 : run.last_modified_on ? run.last_modified_on
                                        : run.started_on;
    return ended && now < *ended + retry_window;
}

PipelineRun to_pipeline_run(std::string_view region, std::string_view job_name, const Chain& chain,
                            SystemTime now, std::string_view account) {
    PipelineRun run;
    run.run_id = join_run_id(job_name, chain.first.id);
    run.aws_status = chain.last.state;
    run.status = chain.retry_is_due ? PipelineRunStatus::running : map_state(chain.last.state);
    run.message = message_of(chain);
    run.monitor_url = run_monitor_url(region, job_name, chain.last.id);
    run.started_at = chain.first.started_on ? chain.first.started_on : chain.last.started_on;
    if (is_terminal(run.status)) {
        run.ended_at = chain.last.completed_on ? chain.last.completed_on : chain.last.last_modified_on;
        if (run.status == PipelineRunStatus::failed && run.aws_status != "FAILED") run.code = run.aws_status;
    }
    if (chain.retry_is_due) return run;
    run.infrastructure_loss = is_infrastructure_loss(PlatformType::aws_glue, run);
    DiagnosisContext context;
    context.region = region;
    context.partition = partition_of(region);
    context.account = account;
    context.external_id = job_name;
    if (run.status == PipelineRunStatus::starting && run.started_at) context.waited = now - *run.started_at;
    run.remedy = diagnose_run(PlatformType::aws_glue, run, context);
    return run;
}

}  // namespace polysync::glue
