#include <algorithm>
#include <unordered_map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "aws/core/connection.h"
#include "aws/states/client.h"
#include "provider/arn.h"
#include "provider/concurrently.h"
#include "provider/connection_check.h"
#include "provider/diagnoses.h"
#include "provider/parts.h"
#include "provider/policy.h"
#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/execution_run.h"
#include "provider/step_functions/execution_statuses.h"
#include "provider/step_functions/express_outcome.h"
#include "provider/step_functions/history.h"
#include "provider/step_functions/outputs.h"
#include "provider/step_functions/start_request.h"

namespace polysync {

namespace {

using namespace step_functions;
using aws::states::IncludedData;

constexpr int discovery_page = 100;
constexpr std::size_t describes_at_once = 8;
constexpr auto machine_memory = std::chrono::seconds(60);
constexpr std::size_t most_machines = 1000;
constexpr auto name_retention = std::chrono::hours(24) * 90;  // how long a STANDARD execution's name is taken
                                                              // after its end

// AWS Step Functions (SFN-1 to SFN-9).
class StepFunctionsProvider final : public Provider {
  public:
    explicit StepFunctionsProvider(ProviderParts parts)
        : parts_(std::move(parts)),
          states_(parts_.connection),
          express_(parts_.connection, *parts_.clock, parts_.platform.region) {}

    const Platform& platform() const override { return parts_.platform; }
    Async<Result<JobPage>> discover(std::string next) override;
    Async<Result<Job>> describe(std::string external_id) override;
    Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override {
        return prepare_start(parts_.platform, spec, parts_.clock->now());
    }
    Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override;
    Async<Result<PipelineRun>> submit(const SubmissionIntent& intent, aws::LeaveToSend leave) override;
    Async<Result<FindAnswer>> find_submission(const SubmissionIntent& intent, SystemTime called_at) override;
    Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override;
    Async<Result<CancelResult>> cancel(RunReference run, SubmissionToken token) override;
    std::string monitor_url(std::string_view, std::string_view run_id) const override {
        return step_functions::monitor_url(parts_.platform.region, run_id);
    }
    Async<ConnectionReport> test_connection() override;
    boost::json::object required_permissions(const PolicyScope& scope) const override {
        return make_policy(parts_.platform, scope).document;
    }
    Error diagnose(Error error) const override { return diagnose_for(std::move(error), {}); }
    std::vector<aws::LimiterStats> limits() const override { return parts_.connection->limits(); }
    Async<Result<LogPage>> logs(RunReference run, std::string cursor) override;

  private:
    [[nodiscard]] DiagnosisContext context_for(std::string_view external_id) const;
    [[nodiscard]] Error diagnose_for(Error error, std::string_view external_id) const;
    [[nodiscard]] PipelineRun with_remedy(PipelineRun run, std::string_view external_id) const;
    [[nodiscard]] Async<void> describe_into(const aws::states::StateMachineItem& item, Result<Job>& out);
    [[nodiscard]] Async<Result<PipelineRun>> submit_sync(const SubmissionIntent& intent,
                                                         aws::LeaveToSend leave);
    [[nodiscard]] Async<Result<FindAnswer>> find_standard(const SubmissionIntent& intent,
                                                          SystemTime called_at);
    [[nodiscard]] Async<Result<FindAnswer>> find_express(const SubmissionIntent& intent,
                                                         SystemTime called_at);
    [[nodiscard]] Async<Result<aws::states::StateMachine>> machine_of_start(std::string arn);
    [[nodiscard]] Async<Result<void>> stop(const std::string& arn);
    [[nodiscard]] Async<Result<void>> list_one();

    ProviderParts parts_;
    aws::StatesClient states_;
    ExpressOutcomes express_;
    struct Known {
        aws::states::StateMachine machine;
        SteadyTime read_at;
    };
    std::unordered_map<std::string, Known> machines_;
};

std::string machine_of(std::string_view run_id) {
    auto arn = parse_execution_arn(run_id);
    return arn ? arn->state_machine.plain() : std::string();
}

DiagnosisContext StepFunctionsProvider::context_for(std::string_view external_id) const {
    DiagnosisContext context;
    context.partition = partition_of(parts_.platform.region);
    context.region = parts_.platform.region;
    context.external_id = external_id;
    Arn arn;
    if (parse_arn(external_id, arn)) context.account = arn.account;
    return context;
}

Error StepFunctionsProvider::diagnose_for(Error error, std::string_view external_id) const {
    return diagnose_error(PlatformType::aws_step_functions, std::move(error), context_for(external_id));
}

PipelineRun StepFunctionsProvider::with_remedy(PipelineRun run, std::string_view external_id) const {
    auto context = context_for(external_id);
    run.remedy = diagnose_run(PlatformType::aws_step_functions, run, context);
    run.infrastructure_loss = is_infrastructure_loss(PlatformType::aws_step_functions, run);
    return run;
}

Async<void> StepFunctionsProvider::describe_into(const aws::states::StateMachineItem& item,
                                                 Result<Job>& out) {
    // Metadata is all that a job needs, and needs no kms:Decrypt.
    auto machine = co_await states_.describe_state_machine(item.arn, IncludedData::metadata_only);
    if (machine)
        out = to_job(machine.value());
    else
        out = machine.error();
}

Async<Result<JobPage>> StepFunctionsProvider::discover(std::string next) {
    auto listed = co_await states_.list_state_machines(std::move(next), discovery_page);
    if (!listed) co_return diagnose_for(listed.error(), {});
    const auto& items = listed.value().items;
    std::vector<Result<Job>> jobs(items.size(), Job());
    std::function<Async<void>(std::size_t)> describe_one = [&](std::size_t i) {
        return describe_into(items[i], jobs[i]);
    };
    co_await concurrently(items.size(), describes_at_once, std::move(describe_one));
    JobPage page;
    page.next = listed.value().next_token;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (jobs[i]) {
            page.jobs.push_back(std::move(jobs[i].value()));
            continue;
        }
        const Error& error = jobs[i].error();
        if (error.kind == ErrorKind::not_found) continue;  // deleted since it was listed
        bool definite = error.kind == ErrorKind::access_denied || error.kind == ErrorKind::rejected ||
                        error.kind == ErrorKind::internal;
        if (!definite) co_return diagnose_for(error, items[i].arn);
        page.jobs.push_back(to_job(items[i]));
        page.warnings.push_back(
            fmt::format("{}: its definition could not be read: {}", items[i].arn, error.describe()));
    }
    co_return page;
}

Async<Result<Job>> StepFunctionsProvider::describe(std::string external_id) {
    if (!parse_state_machine_arn(external_id)) {
        co_return make_error(
            ErrorKind::invalid_input, "bad_state_machine_arn",
            fmt::format("'{}' is no state machine ARN", external_id),
            "Step Functions needs the ARN, not the name: `polysync pipeline discover` lists them.");
    }
    auto machine = co_await states_.describe_state_machine(external_id, IncludedData::metadata_only);
    if (!machine) co_return diagnose_for(machine.error(), external_id);
    Job job = to_job(machine.value());
    job.external_id = std::move(external_id);  // a version's or an alias's ARN stays what the user asked for
    co_return job;
}

// Kept for a short while: 20 describes a second are allowed, and 300 starts. A machine's type never changes.
Async<Result<aws::states::StateMachine>> StepFunctionsProvider::machine_of_start(std::string arn) {
    auto known = machines_.find(arn);
    if (known != machines_.end() && parts_.clock->steady_now() - known->second.read_at < machine_memory)
        co_return known->second.machine;
    POLYSYNC_CO_TRY(auto machine, co_await states_.describe_state_machine(arn, IncludedData::metadata_only));
    if (machines_.size() >= most_machines) machines_.clear();
    machines_.insert_or_assign(std::move(arn), Known{machine, parts_.clock->steady_now()});
    co_return machine;
}

Async<Result<SubmissionIntent>> StepFunctionsProvider::complete(SubmissionIntent intent) {
    if (intent.from_definition.empty()) co_return intent;
    auto machine = co_await machine_of_start(intent.external_id);
    if (machine) co_return complete_start(std::move(intent), machine.value());
    if (machine.error().kind == ErrorKind::access_denied) {
        // The start may be allowed all the same; without the type, nothing is ever repeated.
        intent.warnings.push_back("The state machine's type could not be read: " +
                                  machine.error().describe());
        intent.from_definition.clear();
        co_return intent;
    }
    co_return diagnose_for(machine.error(), intent.external_id);
}

Async<Result<PipelineRun>> StepFunctionsProvider::submit_sync(const SubmissionIntent& intent,
                                                              aws::LeaveToSend leave) {
    auto ended =
        co_await states_.start_sync_execution(boost::json::serialize(intent.request), std::move(leave));
    if (!ended) co_return diagnose_for(ended.error(), intent.external_id);
    co_return with_remedy(to_run(ended.value(), intent.outputs, parts_.platform.region), intent.external_id);
}

Async<Result<PipelineRun>> StepFunctionsProvider::submit(const SubmissionIntent& intent,
                                                         aws::LeaveToSend leave) {
    if (intent.operation == "StartSyncExecution") co_return co_await submit_sync(intent, std::move(leave));
    auto started = co_await states_.start_execution(boost::json::serialize(intent.request),
                                                    intent.repeat_is_safe, std::move(leave));
    if (started) {
        PipelineRun run = to_run(started.value().execution_arn, "RUNNING", parts_.platform.region);
        run.started_at = started.value().start_date;
        co_return run;
    }
    auto machine = parse_state_machine_arn(intent.external_id);
    if (started.error().code == "ExecutionAlreadyExists" && machine) {
        // The name carries our own guid, so that execution is this submission's, whatever became of it since
        // (SAFE-1).
        co_return to_run(machine->execution(execution_name(intent.token)), "RUNNING", parts_.platform.region);
    }
    co_return diagnose_for(started.error(), intent.external_id);
}

Async<Result<FindAnswer>> StepFunctionsProvider::find_standard(const SubmissionIntent& intent,
                                                               SystemTime called_at) {
    auto machine = parse_state_machine_arn(intent.external_id);
    FindAnswer answer;
    ExecutionStatuses reader(parts_.connection, parts_.platform.region);
    RunReference reference;
    reference.run_id = machine->execution(execution_name(intent.token));
    reference.outputs = intent.outputs;
    auto run = co_await reader.describe(reference);
    if (run) {
        answer.result = FindResult::found;
        answer.run = with_remedy(std::move(run.value()), intent.external_id);
        answer.explanation = "An execution with this submission's name exists.";
        co_return answer;
    }
    if (run.error().kind != ErrorKind::not_found && run.error().code != "ExecutionDoesNotExist") {
        co_return diagnose_for(run.error(), intent.external_id);
    }
    if (parts_.clock->now() - called_at > name_retention) {
        answer.result = FindResult::unknowable;
        answer.explanation = "Step Functions keeps executions for 90 days; this submission is older.";
        co_return answer;
    }
    answer.result = FindResult::repeat_is_safe;
    answer.explanation =
        "No execution has this submission's name, and a repeat under the same name cannot start a second "
        "one.";
    co_return answer;
}

Async<Result<FindAnswer>> StepFunctionsProvider::find_express(const SubmissionIntent& intent,
                                                              SystemTime called_at) {
    FindAnswer answer;
    auto found = co_await express_.find_by_name(intent.external_id, execution_name(intent.token), called_at);
    if (!found && found.error().kind != ErrorKind::unsupported &&
        found.error().kind != ErrorKind::access_denied) {
        co_return diagnose_for(found.error(), intent.external_id);
    }
    if (!found) {
        answer.result = FindResult::unknowable;
        answer.explanation = found.error().message;
        co_return answer;
    }
    if (!found.value().empty()) {
        answer.result = FindResult::found;
        answer.run = to_run(found.value(), "RUNNING", parts_.platform.region);
        answer.explanation = "The state machine's log holds an execution with this submission's name.";
        co_return answer;
    }
    // A log that is silent proves nothing once it had its time: log delivery is best effort.
    bool may_come = parts_.clock->now() - called_at < ExpressOutcomes::log_delay;
    answer.result = may_come ? FindResult::not_yet : FindResult::unknowable;
    answer.explanation =
        "AWS keeps no record of Express executions, and the state machine's log holds none of this "
        "submission's name.";
    co_return answer;
}

Async<Result<FindAnswer>> StepFunctionsProvider::find_submission(const SubmissionIntent& intent,
                                                                 SystemTime called_at) {
    if (!parse_state_machine_arn(intent.external_id)) {
        co_return make_error(ErrorKind::invalid_input, "bad_state_machine_arn",
                             fmt::format("'{}' is no state machine ARN", intent.external_id));
    }
    if (intent.repeat_is_safe) co_return co_await find_standard(intent, called_at);
    if (intent.operation == "StartSyncExecution") co_return co_await find_express(intent, called_at);
    auto machine = co_await states_.describe_state_machine(intent.external_id, IncludedData::metadata_only);
    if (!machine) co_return diagnose_for(machine.error(), intent.external_id);
    if (machine.value().type == "STANDARD") co_return co_await find_standard(intent, called_at);
    co_return co_await find_express(intent, called_at);
}

Async<std::vector<StatusAnswer>> StepFunctionsProvider::statuses(std::vector<RunReference> runs) {
    std::vector<RunReference> standard;
    std::vector<RunReference> express;
    std::vector<std::pair<bool, std::size_t>> place;  // express?, index there
    for (const auto& run : runs) {
        auto arn = parse_execution_arn(run.run_id);
        auto& list = arn && arn->express ? express : standard;
        place.emplace_back(arn && arn->express, list.size());
        list.push_back(run);
    }
    std::vector<StatusAnswer> of_standard;
    std::vector<StatusAnswer> of_express;
    if (!standard.empty()) {
        ExecutionStatuses reader(parts_.connection, parts_.platform.region);
        of_standard = co_await reader.read(std::move(standard));
    }
    if (!express.empty()) of_express = co_await express_.statuses(std::move(express));
    std::vector<StatusAnswer> answers;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        auto [is_express, index] = place[i];
        StatusAnswer& answer = (is_express ? of_express : of_standard)[index];
        std::string machine = machine_of(answer.run_id);
        if (answer.left_out || answer.needs_own_call) {
            answers.push_back(std::move(answer));
            continue;
        }
        if (answer.run)
            answer.run = with_remedy(std::move(answer.run.value()), machine);
        else
            answer.run = diagnose_for(answer.run.error(), machine);
        answers.push_back(std::move(answer));
    }
    co_return answers;
}

Async<Result<void>> StepFunctionsProvider::stop(const std::string& arn) {
    auto stopped = co_await states_.stop_execution(arn, "PolysyncCancellation", "Cancelled by Polysync");
    bool key_closed = !stopped && stopped.error().code == "KmsAccessDeniedException";
    // Error and cause are data that the key protects; the stop itself is not.
    if (key_closed) stopped = co_await states_.stop_execution(arn, {}, {});
    co_return stopped;
}

Async<Result<CancelResult>> StepFunctionsProvider::cancel(RunReference run, SubmissionToken) {
    auto arn = parse_execution_arn(run.run_id);
    if (!arn) {
        co_return make_error(ErrorKind::invalid_input, "bad_run_id",
                             fmt::format("'{}' is no execution ARN", run.run_id));
    }
    if (arn->express) {
        co_return make_error(ErrorKind::unsupported, "express_cannot_be_stopped",
                             "AWS cannot stop an Express execution; it ends by itself within 5 minutes",
                             "Work that must be cancellable belongs in a STANDARD state machine.");
    }
    auto stopped = co_await stop(run.run_id);
    if (!stopped) co_return diagnose_for(stopped.error(), arn->state_machine.plain());
    // StopExecution on a closed execution succeeds and changes nothing, so only a look tells.
    auto execution = co_await states_.describe_execution(run.run_id, IncludedData::metadata_only);
    if (!execution) co_return CancelResult::requested;
    auto status = map_status(execution.value().status);
    bool ended = status == PipelineRunStatus::success || status == PipelineRunStatus::failed;
    co_return ended ? CancelResult::already_ended : CancelResult::requested;
}

Async<Result<void>> StepFunctionsProvider::list_one() {
    POLYSYNC_CO_TRY(co_await states_.list_state_machines({}, 1));
    co_return success();
}

Async<ConnectionReport> StepFunctionsProvider::test_connection() {
    ServiceProbe probe{"states:ListStateMachines", [this] { return list_one(); }};
    co_return co_await check_connection(parts_, std::move(probe));
}

Async<Result<LogPage>> StepFunctionsProvider::logs(RunReference run, std::string cursor) {
    auto arn = parse_execution_arn(run.run_id);
    if (!arn) {
        co_return make_error(ErrorKind::invalid_input, "bad_run_id",
                             fmt::format("'{}' is no execution ARN", run.run_id));
    }
    if (arn->express) {
        auto page = co_await express_.logs(std::move(run), std::move(cursor));
        if (!page) co_return diagnose_for(page.error(), arn->state_machine.plain());
        co_return page;
    }
    POLYSYNC_CO_TRY(auto position, decode_history_cursor(cursor));
    aws::states::HistoryRequest request;
    request.execution_arn = run.run_id;
    request.max_results = 1000;
    auto events = co_await states_.get_execution_history(request, position.page_token);
    if (!events && events.error().code == "InvalidToken") {
        position.page_token.clear();  // tokens live 24 hours; the ids say what was read
        events = co_await states_.get_execution_history(request, {});
    }
    bool key_closed = !events && events.error().code == "KmsAccessDeniedException";
    if (key_closed) {
        request.include_execution_data = false;
        events = co_await states_.get_execution_history(request, position.page_token);
    }
    if (!events) co_return diagnose_for(events.error(), arn->state_machine.plain());
    LogPage page;
    page.lines = to_log_lines(events.value().items, position.last_id);
    if (!events.value().items.empty())
        position.last_id = std::max(position.last_id, events.value().items.back().id);
    page.at_end = events.value().next_token.empty();
    if (!page.at_end) position.page_token = events.value().next_token;
    page.cursor = encode_cursor(position);
    if (page.lines.empty() && position.last_id == 0) page.note = "The execution has no history yet.";
    co_return page;
}

}  // namespace

std::unique_ptr<Provider> make_step_functions_provider(ProviderParts parts) {
    return std::make_unique<StepFunctionsProvider>(std::move(parts));
}

}  // namespace polysync
