#include "bench/simulated_account.h"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync::bench {
namespace {

constexpr std::string_view account_id = "123456789012";
constexpr std::string_view home = "eu-west-1";

double seconds_of(SystemTime time) { return double(time.time_since_epoch().count()) / 1000; }
std::string_view text_of(const boost::json::object& object, std::string_view member) {
    const auto* value = object.if_contains(member);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}
std::uint32_t number_in(std::string_view text, int base) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}
// "job-00017"
std::size_t job_of(std::string_view name) {
    auto at = name.rfind("job-");
    return at == std::string_view::npos ? 0 : number_in(name.substr(at + 4, 5), 10);
}
std::uint32_t run_of(std::string_view id) { return number_in(id.substr(id.size() - 8), 16); }

class SimulatedConnection final : public aws::Connection {
  public:
    SimulatedConnection(SimulatedAccount& account, aws::LimiterRegistry* limiters, Clock& clock)
        : account_(account), limiters_(limiters), clock_(clock) {}

    Async<Result<aws::Answer>> call(const aws::Operation& operation, std::string body,
                                    aws::CallOptions options) override {
        if (limiters_) {
            aws::LimiterKey key{account_id, home, operation.service->name, operation.name};
            auto priority = options.priority.value_or(operation.priority);
            auto leave = co_await limiters_->acquire(key, priority, "bench");
            if (!leave) co_return leave.error();
        }
        co_await clock_.sleep_for(Millis(50));
        ++account_.counts.calls[std::string(operation.name)];
        auto input = body.empty() ? boost::json::object() : boost::json::parse(body).as_object();
        aws::Answer answer;
        answer.body = account_.answer(operation.name, input);
        answer.body.reserve(answer.body.size() + 64);  // simdjson's padding
        answer.http_status = 200;
        co_return answer;
    }
    std::optional<Millis> clock_offset() const override { return std::nullopt; }
    const std::string& region() const override { return region_; }
    const std::shared_ptr<aws::CredentialsProvider>& credentials() const override { return credentials_; }
    void set_account(std::string) override {}

  private:
    SimulatedAccount& account_;
    aws::LimiterRegistry* limiters_;
    Clock& clock_;
    std::string region_{home};
    std::shared_ptr<aws::CredentialsProvider> credentials_;
};

}  // namespace

SimulatedAccount::SimulatedAccount(PlatformType type, std::size_t jobs, sim::VirtualClock& clock)
    : type_(type), clock_(clock), by_job_(jobs) {}

std::string SimulatedAccount::job_name(std::size_t job) { return fmt::format("job-{:05}", job); }

std::string SimulatedAccount::external_id(std::size_t job) const {
    if (type_ != PlatformType::aws_step_functions) return job_name(job);
    return fmt::format("arn:aws:states:{}:{}:stateMachine:{}", home, account_id, job_name(job));
}

std::string SimulatedAccount::arn_of(Index run) const {
    auto job = job_name(runs_[run].job);
    if (type_ == PlatformType::aws_sagemaker)
        return fmt::format("arn:aws:sagemaker:{}:{}:pipeline/{}/execution/x{:08x}", home, account_id, job,
                           run);
    return fmt::format("arn:aws:states:{}:{}:execution:{}:x{:08x}", home, account_id, job, run);
}

std::string SimulatedAccount::start(std::size_t job, SystemTime began, SystemTime ends) {
    auto run = Index(runs_.size());
    runs_.push_back({began, ends, std::uint32_t(job)});
    by_job_[job].push_back(run);
    switch (type_) {
        case PlatformType::aws_batch:
            return fmt::format("0a1b2c3d-a532-4122-842e-0000{:08x}", run);
        case PlatformType::aws_glue:
            return fmt::format("{}/jr_{:08x}", job_name(job), run);
        default:
            return arn_of(run);
    }
}

std::shared_ptr<aws::Connection> SimulatedAccount::connect(aws::LimiterRegistry* limiters) {
    return std::make_shared<SimulatedConnection>(*this, limiters, clock_);
}

void SimulatedAccount::tell(Run& run) {
    if (!has_ended(run) || run.is_end_told) return;
    run.is_end_told = true;
    auto lag = clock_.true_time() - run.ends;
    ++counts.ends;
    counts.lag += lag;
    counts.longest_lag = std::max<Millis>(counts.longest_lag, lag);
}

template <class Show>
std::string SimulatedAccount::page(std::string_view list, std::string_view token_name, std::size_t job,
                                   const boost::json::object& input, std::size_t size, bool running_only,
                                   Show show) {
    const auto& all = by_job_.at(job);
    auto token = text_of(input, token_name);
    std::size_t at = token.empty() ? all.size() : number_in(token, 10);
    std::string out = fmt::format(R"({{"{}":[)", list);
    std::size_t shown = 0;
    for (; at > 0 && shown < size; --at) {
        auto run = all[at - 1];
        if (running_only && has_ended(runs_[run])) continue;
        if (shown++ > 0) out += ',';
        show(out, run);
    }
    bool is_more = false;
    for (auto rest = at; rest > 0 && !is_more; --rest)
        is_more = !running_only || !has_ended(runs_[all[rest - 1]]);
    out += ']';
    if (is_more) out += fmt::format(R"(,"{}":"{}")", token_name, at);
    return out + '}';
}

std::string SimulatedAccount::describe_jobs(const boost::json::object& input) {
    std::string out = R"({"jobs":[)";
    for (const auto& id : input.at("jobs").as_array()) {
        auto& run = runs_.at(run_of(id.as_string()));
        if (out.back() == '}') out += ',';
        out += fmt::format(R"({{"jobId":"{}","jobName":"x","status":"{}","createdAt":{},"startedAt":{})",
                           std::string_view(id.as_string()), has_ended(run) ? "SUCCEEDED" : "RUNNING",
                           run.began.time_since_epoch().count(), run.began.time_since_epoch().count());
        if (has_ended(run)) out += fmt::format(R"(,"stoppedAt":{})", run.ends.time_since_epoch().count());
        out += '}';
        tell(run);
    }
    return out + "]}";
}

std::string SimulatedAccount::job_run(Index index) {
    auto& run = runs_.at(index);
    auto out =
        fmt::format(R"({{"Id":"jr_{:08x}","JobName":"{}","JobRunState":"{}","StartedOn":{:.3f})", index,
                    job_name(run.job), has_ended(run) ? "SUCCEEDED" : "RUNNING", seconds_of(run.began));
    if (has_ended(run)) out += fmt::format(R"(,"CompletedOn":{:.3f})", seconds_of(run.ends));
    tell(run);
    return out + '}';
}

std::string SimulatedAccount::get_job_runs(const boost::json::object& input) {
    return page("JobRuns", "NextToken", job_of(text_of(input, "JobName")), input, 200, false,
                [this](std::string& out, Index run) { out += job_run(run); });
}

std::string SimulatedAccount::get_job_run(const boost::json::object& input) {
    return fmt::format(R"({{"JobRun":{}}})", job_run(run_of(text_of(input, "RunId"))));
}

std::string SimulatedAccount::list_pipeline_executions(const boost::json::object& input) {
    return page(
        "PipelineExecutionSummaries", "NextToken", job_of(text_of(input, "PipelineName")), input, 100, false,
        [this](std::string& out, Index index) {
            const auto& run = runs_[index];
            out += fmt::format(
                R"({{"PipelineExecutionArn":"{}","PipelineExecutionStatus":"{}","StartTime":{:.3f}}})",
                arn_of(index), has_ended(run) ? "Succeeded" : "Executing", seconds_of(run.began));
        });
}

std::string SimulatedAccount::describe_pipeline_execution(const boost::json::object& input) {
    auto index = run_of(text_of(input, "PipelineExecutionArn"));
    auto& run = runs_.at(index);
    tell(run);
    return fmt::format(
        R"({{"PipelineExecutionArn":"{}","PipelineExecutionStatus":"{}","CreationTime":{:.3f},"LastModifiedTime":{:.3f}}})",
        arn_of(index), has_ended(run) ? "Succeeded" : "Executing", seconds_of(run.began),
        seconds_of(has_ended(run) ? run.ends : clock_.true_time()));
}

std::string SimulatedAccount::list_executions(const boost::json::object& input) {
    return page("executions", "nextToken", job_of(text_of(input, "stateMachineArn")), input, 1000, true,
                [this](std::string& out, Index index) {
                    out += fmt::format(R"({{"executionArn":"{}","status":"RUNNING","startDate":{:.3f}}})",
                                       arn_of(index), seconds_of(runs_[index].began));
                });
}

std::string SimulatedAccount::describe_execution(const boost::json::object& input) {
    auto index = run_of(text_of(input, "executionArn"));
    auto& run = runs_.at(index);
    tell(run);
    auto out = fmt::format(R"({{"executionArn":"{}","status":"{}","startDate":{:.3f})", arn_of(index),
                           has_ended(run) ? "SUCCEEDED" : "RUNNING", seconds_of(run.began));
    if (has_ended(run)) out += fmt::format(R"(,"stopDate":{:.3f})", seconds_of(run.ends));
    return out + '}';
}

std::string SimulatedAccount::answer(std::string_view operation, const boost::json::object& input) {
    if (operation == "DescribeJobs") return describe_jobs(input);
    if (operation == "GetJobRuns") return get_job_runs(input);
    if (operation == "GetJobRun") return get_job_run(input);
    if (operation == "ListPipelineExecutions") return list_pipeline_executions(input);
    if (operation == "DescribePipelineExecution") return describe_pipeline_execution(input);
    if (operation == "ListExecutions") return list_executions(input);
    if (operation == "DescribeExecution") return describe_execution(input);
    return "{}";
}

}  // namespace polysync::bench
