#include "provider/sagemaker/execution_statuses.h"

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "aws/core/page.h"
#include "provider/concurrently.h"
#include "provider/sagemaker/execution_run.h"

namespace polysync::sagemaker {

namespace {

// SageMaker throttles early (aws-facts 4.1), so few calls at once.
constexpr std::size_t groups_at_once = 2;
constexpr std::size_t describes_at_once = 2;

// A definite refusal of the list call leaves the describe call, which may be allowed; anything else would
// fail there too.
bool is_worth_describing(const Error& error) {
    return error.kind == ErrorKind::access_denied || error.kind == ErrorKind::rejected ||
           error.kind == ErrorKind::not_found || error.kind == ErrorKind::internal;
}

}  // namespace

struct ExecutionStatuses::Group {
    std::string pipeline_arn;
    std::vector<std::size_t> runs;
};

Async<Result<std::vector<aws::sagemaker::Step>>> list_steps(aws::SageMakerClient& client,
                                                            std::string execution_arn) {
    std::vector<aws::sagemaker::Step> steps;
    aws::PageGuard guard("sagemaker", "ListPipelineExecutionSteps");
    std::string token;
    do {
        POLYSYNC_CO_TRY(auto page,
                        co_await client.list_pipeline_execution_steps(execution_arn, token, "Ascending"));
        std::move(page.items.begin(), page.items.end(), std::back_inserter(steps));
        POLYSYNC_CO_TRY(token, guard.next(std::move(page.next_token)));
    } while (!token.empty() && steps.size() < most_steps);
    co_return std::move(steps);
}

Async<Result<std::vector<aws::sagemaker::ExecutionSummary>>> ExecutionStatuses::list_newest(
    const Group& group, const std::vector<RunReference>& runs) {
    std::unordered_set<std::string_view> wanted, riding;
    for (std::size_t index : group.runs) (runs[index].rides ? riding : wanted).insert(runs[index].run_id);
    aws::sagemaker::ListExecutionsRequest request;
    const std::string& name = runs[group.runs.front()].external_id;
    request.pipeline_name = name.empty() ? group.pipeline_arn : name;
    request.sort_by = "CreationTime";
    request.sort_order = "Descending";
    std::vector<aws::sagemaker::ExecutionSummary> out;
    std::string token;
    // One describe call per run is the alternative, so more pages than runs never pay; a run that rides
    // counts for half.
    std::size_t most = wanted.size() + riding.size() / 2;
    for (std::size_t pages = 1; pages == 1 || pages < most; ++pages) {
        POLYSYNC_CO_TRY(auto page, co_await client_.list_pipeline_executions(request, token));
        std::size_t before = out.size();
        for (auto& summary : page.items) {
            bool is_ours = wanted.erase(summary.arn) + riding.erase(summary.arn) > 0;
            if (is_ours) out.push_back(std::move(summary));
        }
        // A page without any of ours says that the rest lie far back.
        bool fruitless = out.size() == before && !page.items.empty();
        bool is_done = wanted.empty() && riding.empty();
        if (is_done || fruitless || page.next_token.empty() || page.next_token == token) break;
        token = std::move(page.next_token);
    }
    co_return std::move(out);
}

Async<void> ExecutionStatuses::add_details(const RunReference& reference, PipelineRun& run) {
    bool wanted = run.status == PipelineRunStatus::failed || reference.with_progress;
    if (!wanted) co_return;
    // Without the steps the execution's own reason has to do.
    auto steps = co_await list_steps(client_, reference.run_id);
    if (steps) add_steps(run, steps.value());
}

Async<void> ExecutionStatuses::finish(const RunReference& reference,
                                      const aws::sagemaker::ExecutionSummary* summary, StatusAnswer& answer) {
    if (reference.rides && !summary) {
        answer = left_out(reference.run_id);
        co_return;
    }
    bool is_open = summary && !is_terminal(map_status(summary->status));
    if (reference.by == AskBy::list && !is_open) {
        answer = needs_own_call(reference.run_id);
        co_return;
    }
    std::optional<PipelineRun> run;
    if (is_open) {
        run = to_run(*summary, reference.external_id, region_);
    } else {
        auto execution = co_await client_.describe_pipeline_execution(reference.run_id);
        if (execution)
            run = to_run(execution.value(), reference.external_id, region_);
        else if (summary)
            run = to_run(*summary, reference.external_id, region_);
        else
            answer.run = execution.error();
    }
    if (!run) co_return;
    co_await add_details(reference, *run);
    add_outputs_note(*run, reference.outputs);
    answer.run = std::move(*run);
}

Async<void> ExecutionStatuses::read_group(const Group& group, const std::vector<RunReference>& runs,
                                          std::vector<StatusAnswer>& answers) {
    std::unordered_map<std::string, aws::sagemaker::ExecutionSummary> listed;
    Group of_list = group;
    auto rest = take_singles(of_list.runs, runs);
    if (of_list.runs.size() > 1) {
        auto newest = co_await list_newest(of_list, runs);
        if (!newest && !is_worth_describing(newest.error())) {
            // Of those that ride too: what fails for one fails for all.
            for (std::size_t index : of_list.runs) answers[index].run = newest.error();
            of_list.runs.clear();
        }
        if (newest) {
            for (auto& summary : newest.value()) listed.emplace(summary.arn, std::move(summary));
        }
    }
    rest.insert(rest.end(), of_list.runs.begin(), of_list.runs.end());
    std::function<Async<void>(std::size_t)> finish_one = [&](std::size_t number) {
        std::size_t index = rest[number];
        auto found = listed.find(runs[index].run_id);
        return finish(runs[index], found == listed.end() ? nullptr : &found->second, answers[index]);
    };
    co_await concurrently(rest.size(), describes_at_once, std::move(finish_one));
}

Async<std::vector<StatusAnswer>> ExecutionStatuses::read(std::vector<RunReference> runs) {
    std::vector<StatusAnswer> answers;
    std::vector<Group> groups;
    std::map<std::string, std::size_t> group_of;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        answers.push_back({runs[i].run_id, make_error(ErrorKind::invalid_input, "bad_run_id",
                                                      "this is no pipeline execution ARN")});
        auto arn = parse_execution_arn(runs[i].run_id);
        if (!arn) continue;
        auto [place, is_new] = group_of.emplace(arn->pipeline_arn, groups.size());
        if (is_new) groups.push_back({place->first, {}});
        groups[place->second].runs.push_back(i);
    }
    std::function<Async<void>(std::size_t)> read_one = [&](std::size_t number) {
        return read_group(groups[number], runs, answers);
    };
    co_await concurrently(groups.size(), groups_at_once, std::move(read_one));
    co_return answers;
}

}  // namespace polysync::sagemaker
