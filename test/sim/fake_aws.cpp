#include "test/sim/fake_aws.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::sim {
namespace {

constexpr std::size_t lines_per_page = 100;
constexpr Millis signature_life = std::chrono::minutes(5);
// As in aws/core/clock_offset.cpp and GlueProvider::clock_allowance.
constexpr Millis clock_noise = std::chrono::seconds(30);
constexpr Millis look_back = std::chrono::hours(1);

Error refusal(ErrorKind kind, std::string code, std::string message = "the simulated AWS says no") {
    return make_error(kind, std::move(code), std::move(message));
}

}  // namespace

int FakePlatform::starts_of(const std::string& token) const {
    auto found = by_token_.find(token);
    return found == by_token_.end() ? 0 : int(found->second.size());
}

int FakePlatform::most_at_once(const std::string& task) const {
    auto found = most_of_task_.find(task);
    return found == most_of_task_.end() ? 0 : found->second;
}

int FakePlatform::running(const std::string& task, SystemTime time) const {
    auto found = open_.find(task);
    if (found == open_.end()) return 0;
    return int(std::count_if(found->second.begin(), found->second.end(), [&](const std::string& id) {
        const auto& run = runs_.at(id);
        return !run.forgotten && time < run.ends;
    }));
}

void FakePlatform::decide_by_chance(FakeRun& run) {
    run.ends = run.started + Millis(1000 + std::int64_t(random_.next() % 300'000));
    run.begins_after = Millis(std::int64_t(random_.next() % 10'000));
    if (happens(0.15)) run.ends = run.started + Millis(happens(0.5) ? 0 : 50);  // over before anybody looks
    // Express executions last five minutes at most, and nobody can stop them.
    if (kind_ != StartKind::unknowable && happens(faults_.run_is_slow))
        run.ends = run.started + std::chrono::minutes(100);
    if (happens(faults_.run_lost)) {
        run.end = PipelineRunStatus::failed;
        run.infrastructure_loss = true;
    } else if (happens(faults_.run_fails)) {
        run.end = PipelineRunStatus::failed;
    } else if (happens(faults_.stopped)) {
        run.end = PipelineRunStatus::cancelled;
    } else if (happens(faults_.forgotten)) {
        run.forgotten = true;
    }
    run.outputs["rows"] = std::int64_t(random_.next() % 100);
}

const FakeRun& FakePlatform::start(const SubmissionIntent& intent) {
    auto id = fmt::format("run-{:06}", runs_.size() + 1);
    auto& run = runs_[id];
    run.id = id;
    run.token = intent.token.str();
    run.task = intent.external_id;
    run.parameters = intent.request.at("parameters").as_object();
    run.attributes = intent.request.at("attributes").as_object();
    if (const auto* key = run.parameters.if_contains("key")) run.key = key->as_string();
    run.started = clock_.true_time();
    for (int i = 0; i < 3; ++i) run.log.push_back(fmt::format("{} line {}", id, i));
    script ? script(run) : decide_by_chance(run);
    by_token_[run.token].push_back(id);
    auto& open = open_[run.task];
    std::erase_if(open, [&](const std::string& other) { return runs_.at(other).ends <= run.started; });
    open.push_back(id);
    auto& most = most_of_task_[run.task];
    most = std::max(most, running(run.task, run.started));
    int all = 0;
    for (const auto& [task, ids] : open_) all += running(task, run.started);
    most_at_once_ = std::max(most_at_once_, all);
    return run;
}

PipelineRun FakePlatform::status(const FakeRun& run) const {
    PipelineRun out;
    out.run_id = run.id;
    auto age = clock_.true_time() - run.started;
    if (clock_.true_time() < run.ends && !run.shows.empty()) {
        out.status = PipelineRunStatus::running;
        out.message = run.message;
        if (run.starts_at_once) out.started_at = run.started;
        for (const auto& [from, word] : run.shows) {
            if (age < from) break;
            out.aws_status = word;
            if (word == "RUNNING" && !out.started_at) out.started_at = run.started + from;
        }
        return out;
    }
    if (clock_.true_time() < run.ends) {
        if (age < run.begins_after * 2) {
            out.status = PipelineRunStatus::starting;
            out.aws_status = age < run.begins_after ? "STARTING" : "WAITING";
            out.message = run.message;
            return out;
        }
        out.status = PipelineRunStatus::running;
        out.aws_status = "RUNNING";
        out.started_at = run.started;
        return out;
    }
    out.started_at = run.started;
    out.status = run.stopped ? PipelineRunStatus::cancelled : run.end;
    out.aws_status = out.status == PipelineRunStatus::cancelled ? "STOPPED"
                     : out.status == PipelineRunStatus::success ? "SUCCEEDED"
                                                                : "FAILED";
    if (out.status == PipelineRunStatus::failed)
        out.message = !run.message.empty()      ? run.message
                      : run.infrastructure_loss ? "host terminated"
                                                : "exit code 1";
    if (out.status == PipelineRunStatus::success) out.outputs = run.outputs;
    out.infrastructure_loss = run.infrastructure_loss && !run.stopped;
    out.ended_at = run.ends;
    return out;
}

class FakeProvider final : public Provider {
  public:
    FakeProvider(FakePlatform& aws, Platform platform, const Clock& clock,
                 std::function<void(std::string_view)> crash_point)
        : aws_(aws), platform_(std::move(platform)), clock_(clock), crash_point_(std::move(crash_point)) {}

    const Platform& platform() const override { return platform_; }
    Async<Result<JobPage>> discover(std::string) override { co_return JobPage{}; }
    Async<Result<Job>> describe(std::string) override {
        co_return refusal(ErrorKind::not_found, "NoSuchJob");
    }

    Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override {
        SubmissionIntent intent;
        intent.type = platform_.type;
        intent.external_id = spec.job.external_id;
        intent.token = spec.token;
        intent.operation = "Start";
        boost::json::object parameters;
        for (const auto& value : spec.values)
            if (value.value) parameters[value.parameter.name] = *value.value;
        intent.request["name"] = spec.token.str();
        intent.request["parameters"] = std::move(parameters);
        intent.request["attributes"] = spec.job.attributes;
        intent.repeat_is_safe = aws_.kind() == StartKind::by_token;
        intent.from_definition.emplace_back("type");
        intent.created_at = clock_.now();
        return intent;
    }
    Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override {
        if (intent.from_definition.empty()) co_return intent;
        if (!aws_.script) co_await call("aws.describe");
        intent.from_definition.clear();
        // Some definitions change the request, others only what is known of it.
        if (aws_.kind() != StartKind::by_token) intent.request["completed"] = true;
        co_return intent;
    }

    using Provider::submit;
    Async<Result<PipelineRun>> submit(const SubmissionIntent& given, aws::LeaveToSend leave) override {
        auto intent = given;
        if (!given.from_definition.empty()) co_return refusal(ErrorKind::internal, "incomplete_intent");
        auto offset = offset_;
        if (!aws_.script && aws_.happens(0.05)) co_await call("aws.limiter", std::chrono::seconds(60));
        for (bool is_fresh = false; !is_fresh;) {  // else refused, and signed anew
            auto signed_at = clock_.now() + offset_;
            if (leave && (std::chrono::abs(offset_ - offset) > clock_noise || !leave()))
                co_return refusal(ErrorKind::contention, aws::lease_lost);
            co_await call("aws.start.before");
            is_fresh = std::chrono::abs(aws_.clock_.true_time() - signed_at) <= signature_life;
            learn_offset();
        }
        if (aws_.is_out) co_return refusal(ErrorKind::transient, "connect_failed");
        if (aws_.refuses) co_return *aws_.refuses;
        if (aws_.happens(aws_.faults_.throttled))
            co_return refusal(ErrorKind::throttled, "ThrottlingException");
        if (aws_.happens(aws_.faults_.contention))
            co_return refusal(ErrorKind::contention, "ConcurrentRunsExceededException");
        auto known = aws_.by_token_.find(intent.token.str());
        bool repeated = aws_.kind() == StartKind::by_token && known != aws_.by_token_.end();
        if (!repeated && aws_.happens(aws_.faults_.refused))
            co_return refusal(ErrorKind::rejected, "ValidationException",
                              "no such thing: " + boost::json::serialize(intent.request));
        if (aws_.happens(aws_.faults_.lost_before)) co_return refusal(ErrorKind::unclear, "connection_lost");
        const FakeRun& run = repeated ? aws_.runs_.at(known->second.front()) : aws_.start(intent);
        auto status = aws_.status(run);
        co_await call("aws.start.after");
        if (aws_.happens(aws_.faults_.lost_after)) co_return refusal(ErrorKind::unclear, "connection_lost");
        co_return status;
    }

    Async<Result<FindAnswer>> find_submission(const SubmissionIntent& given, SystemTime called_at) override {
        auto token = given.token.str();
        co_await call("aws.find");
        learn_offset();
        if (aws_.is_out || aws_.happens(aws_.faults_.unreachable))
            co_return refusal(ErrorKind::transient, "connect_failed");
        FindAnswer answer;
        if (aws_.kind() == StartKind::unknowable) {
            answer.result = FindResult::unknowable;
            answer.explanation = "AWS keeps no record of it";
            co_return answer;
        }
        auto found = aws_.by_token_.find(token);
        bool visible = false;
        if (found != aws_.by_token_.end()) {
            auto made = aws_.runs_.at(found->second.front()).started;
            visible = aws_.clock_.true_time() - made >= aws_.faults_.list_delay &&
                      made >= called_at + offset_ - look_back;
        }
        if (visible) {
            answer.result = FindResult::found;
            answer.run = aws_.status(aws_.runs_.at(found->second.front()));
        } else if (aws_.kind() == StartKind::by_token) {
            answer.result = FindResult::repeat_is_safe;
        }
        co_return answer;
    }

    Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override {
        Millis more = aws_.on_statuses ? aws_.on_statuses(runs) : Millis(0);
        if (more.count() > 0) co_await aws_.clock_.sleep_for(more);
        co_await call("aws.statuses");
        learn_offset();
        std::vector<StatusAnswer> out;
        bool throttled = aws_.happens(aws_.faults_.throttled),
             unreachable = aws_.is_out || aws_.happens(aws_.faults_.unreachable);
        for (const auto& reference : runs) {
            auto found = aws_.runs_.find(reference.run_id);
            if (aws_.status_error) {
                out.push_back({reference.run_id, *aws_.status_error});
            } else if (throttled) {
                out.push_back({reference.run_id, refusal(ErrorKind::throttled, "ThrottlingException")});
            } else if (unreachable) {
                out.push_back({reference.run_id, refusal(ErrorKind::transient, "connect_failed")});
            } else if (found == aws_.runs_.end() || found->second.forgotten) {
                out.push_back({reference.run_id, refusal(ErrorKind::not_found, "NoSuchRun")});
            } else {
                auto status = aws_.status(found->second);
                // Lists of SageMaker and Step Functions do not tell how a run ended.
                if (reference.by == AskBy::list && is_terminal(status.status))
                    out.push_back(needs_own_call(reference.run_id));
                else
                    out.push_back({reference.run_id, std::move(status)});
            }
        }
        co_return out;
    }

    Async<Result<CancelResult>> cancel(RunReference run, SubmissionToken) override {
        co_await call("aws.cancel.before");
        aws_.cancelled_.push_back(run.run_id);
        if (aws_.kind() == StartKind::unknowable || aws_.happens(aws_.faults_.no_cancel))
            co_return refusal(ErrorKind::unsupported, "express");
        if (aws_.is_out || aws_.happens(aws_.faults_.unreachable))
            co_return refusal(ErrorKind::transient, "connect_failed");
        auto found = aws_.runs_.find(run.run_id);
        if (found == aws_.runs_.end()) co_return refusal(ErrorKind::not_found, "NoSuchRun");
        if (aws_.clock_.true_time() >= found->second.ends) co_return CancelResult::already_ended;
        found->second.stopped = true;
        found->second.ends = aws_.clock_.true_time() + Millis(100);
        co_await call("aws.cancel.after");
        co_return CancelResult::requested;
    }

    std::string monitor_url(std::string_view, std::string_view run_id) const override {
        return "https://console/" + std::string(run_id);
    }
    Async<ConnectionReport> test_connection() override { co_return ConnectionReport{}; }
    boost::json::object required_permissions(const PolicyScope&) const override { return {}; }
    Error diagnose(Error error) const override { return error; }

    Async<Result<LogPage>> logs(RunReference run, std::string cursor) override {
        co_await call("aws.logs");
        if (aws_.is_out || aws_.happens(aws_.faults_.unreachable))
            co_return refusal(ErrorKind::transient, "connect_failed");
        if (aws_.log_error) co_return *aws_.log_error;
        LogPage page;
        auto found = aws_.runs_.find(run.run_id);
        auto from = cursor.empty() ? std::size_t(0) : std::size_t(std::stoul(cursor));
        auto size = found == aws_.runs_.end() ? std::size_t(0) : found->second.log.size();
        auto end = std::min(size, from + lines_per_page);
        for (auto i = from; i < end; ++i)
            page.lines.push_back({found->second.started, "output", found->second.log[i]});
        page.cursor = std::to_string(end);
        page.at_end = end == size;
        co_return page;
    }

  private:
    // A call's way: some time, and a place to crash.
    Async<void> call(std::string_view name, Millis more = Millis(0)) {
        if (crash_point_) crash_point_(name);
        Millis takes(5 + std::int64_t(aws_.random_.next() % 200));
        if (!aws_.script && aws_.happens(0.04)) takes *= 150;  // up to half a minute
        if (aws_.is_out) takes += std::chrono::seconds(20);    // until it gives up connecting
        co_await aws_.clock_.sleep_for(takes + more);
    }

    // From the date of an answer.
    void learn_offset() { offset_ = aws_.clock_.true_time() - clock_.now(); }

    FakePlatform& aws_;
    Platform platform_;
    const Clock& clock_;
    std::function<void(std::string_view)> crash_point_;
    Millis offset_{0};  // AWS's clock less ours
};

std::shared_ptr<Provider> make_fake_provider(FakePlatform& aws, Platform platform, const Clock& clock,
                                             std::function<void(std::string_view)> crash_point) {
    return std::make_shared<FakeProvider>(aws, std::move(platform), clock, std::move(crash_point));
}

}  // namespace polysync::sim
