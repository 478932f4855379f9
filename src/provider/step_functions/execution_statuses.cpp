#include "provider/step_functions/execution_statuses.h"

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "provider/concurrently.h"
#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/execution_run.h"

namespace polysync::step_functions {

namespace {

constexpr std::size_t groups_at_once = 4;
constexpr std::size_t describes_at_once = 4;
constexpr int page_size = 1000;

bool is_key_closed(const Error& error) {
    return error.code.starts_with("Kms") && error.kind != ErrorKind::throttled;
}

// Definite refusals of the list call leave the describe call, which may be allowed; anything else would fail
// there too.
bool is_worth_describing(const Error& error) {
    return error.kind == ErrorKind::access_denied || error.kind == ErrorKind::rejected ||
           error.kind == ErrorKind::not_found || error.kind == ErrorKind::unsupported ||
           error.kind == ErrorKind::internal;
}

}  // namespace

struct ExecutionStatuses::Group {
    std::string state_machine;
    std::vector<std::size_t> runs;
};

// Executions that run, as far as they were listed.
struct ExecutionStatuses::Listing {
    std::unordered_map<std::string, aws::states::ExecutionItem> running;
    bool is_complete = false;
};

Async<Result<PipelineRun>> ExecutionStatuses::describe(RunReference run) {
    auto execution = co_await states_.describe_execution(run.run_id);
    bool data_closed = !execution && is_key_closed(execution.error());
    if (data_closed)
        execution = co_await states_.describe_execution(run.run_id, aws::states::IncludedData::metadata_only);
    if (!execution) co_return execution.error();
    PipelineRun out = to_run(execution.value(), run.outputs, region_);
    if (data_closed) {
        constexpr std::string_view why =
            "The execution's data is encrypted under a KMS key that this identity may not use (kms:Decrypt).";
        if (out.status == PipelineRunStatus::success && !out.outputs_note.empty())
            out.outputs_note = why;
        else if (out.status == PipelineRunStatus::failed && out.message.empty())
            out.message = why;
    }
    co_return out;
}

Async<void> ExecutionStatuses::describe_into(RunReference run, StatusAnswer& answer) {
    answer.run = co_await describe(std::move(run));
}

Async<Result<ExecutionStatuses::Listing>> ExecutionStatuses::list_running(
    const Group& group, const std::vector<RunReference>& runs) {
    std::unordered_set<std::string_view> missing;
    std::size_t riding = 0;
    for (std::size_t index : group.runs) {
        missing.insert(runs[index].run_id);
        if (runs[index].rides) ++riding;
    }
    aws::states::ListExecutionsRequest request;
    request.state_machine_arn = group.state_machine;
    request.status_filter = "RUNNING";
    request.max_results = page_size;
    Listing listing;
    std::string token;
    // One describe call per run is the alternative, so more pages than runs never pay; a run that rides
    // counts for half.
    std::size_t most = group.runs.size() - riding + riding / 2;
    for (std::size_t pages = 1; pages == 1 || pages < most; ++pages) {
        POLYSYNC_CO_TRY(auto page, co_await states_.list_executions(request, token));
        for (auto& item : page.items) {
            missing.erase(item.arn);
            listing.running.emplace(item.arn, std::move(item));
        }
        listing.is_complete = page.next_token.empty();
        if (missing.empty() || listing.is_complete || page.next_token == token) break;
        token = std::move(page.next_token);
    }
    co_return std::move(listing);
}

Async<void> ExecutionStatuses::read_group(const Group& group, const std::vector<RunReference>& runs,
                                          std::vector<StatusAnswer>& answers) {
    Listing listing;
    Group of_list = group;
    auto rest = take_singles(of_list.runs, runs);
    if (of_list.runs.size() > 1) {
        auto listed = co_await list_running(of_list, runs);
        if (!listed && !is_worth_describing(listed.error())) {
            for (std::size_t index : of_list.runs) answers[index].run = listed.error();
            of_list.runs.clear();
        }
        if (listed) listing = std::move(listed.value());
    }
    for (std::size_t index : of_list.runs) {
        auto found = listing.running.find(runs[index].run_id);
        if (found == listing.running.end()) {
            // What is in no list of all that run has ended, and its end is worth a call of its own.
            if (runs[index].rides && !listing.is_complete)
                answers[index] = left_out(runs[index].run_id);
            else if (runs[index].by == AskBy::list)
                answers[index] = needs_own_call(runs[index].run_id);
            else
                rest.push_back(index);
            continue;
        }
        PipelineRun run = to_run(runs[index].run_id, found->second.status, region_);
        run.started_at = found->second.start_date;
        answers[index].run = std::move(run);
    }
    std::function<Async<void>(std::size_t)> describe_one = [&](std::size_t number) {
        return describe_into(runs[rest[number]], answers[rest[number]]);
    };
    co_await concurrently(rest.size(), describes_at_once, std::move(describe_one));
}

Async<std::vector<StatusAnswer>> ExecutionStatuses::read(std::vector<RunReference> runs) {
    std::vector<StatusAnswer> answers;
    std::vector<Group> groups;
    std::map<std::string, std::size_t> group_of;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        answers.push_back(
            {runs[i].run_id, make_error(ErrorKind::invalid_input, "bad_run_id", "this is no execution ARN")});
        auto arn = parse_execution_arn(runs[i].run_id);
        if (!arn || arn->express) continue;
        auto [place, is_new] = group_of.emplace(arn->state_machine.plain(), groups.size());
        if (is_new) groups.push_back({place->first, {}});
        groups[place->second].runs.push_back(i);
    }
    std::function<Async<void>(std::size_t)> read_one = [&](std::size_t number) {
        return read_group(groups[number], runs, answers);
    };
    co_await concurrently(groups.size(), groups_at_once, std::move(read_one));
    co_return answers;
}

}  // namespace polysync::step_functions
