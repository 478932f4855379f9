// PERF-5: the whole life of a run - queued, submitting, running, succeeded, with its history, each step
// durable - with a provider that answers at once, so that only the engine and its store work.
//
//     engine_runs FOLDER|postgres://… RUNS [CLIENTS]      one line of JSON: runs, wall_s, cpu_s, rss_kib
//
// Begins when it has read a line: several of them on one PostgreSQL begin together.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unordered_set>

#include "bench/bench_result.h"
#include "bench/engine_bench.h"

namespace polysync::bench {
namespace {

// Starts what it is asked to, and says of every run that it has succeeded.
class InstantProvider final : public Provider {
  public:
    explicit InstantProvider(Platform platform) : platform_(std::move(platform)) {}

    const Platform& platform() const override { return platform_; }
    Async<Result<JobPage>> discover(std::string) override { co_return JobPage{}; }
    Async<Result<Job>> describe(std::string) override { co_return none(); }
    Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override {
        SubmissionIntent intent;
        intent.type = platform_.type;
        intent.external_id = spec.job.external_id;
        intent.token = spec.token;
        intent.operation = "SubmitJob";
        intent.request = {{"jobName", "Polysync-" + spec.token.str()}, {"jobQueue", "queue"}};
        return intent;
    }
    Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override { co_return intent; }
    using Provider::submit;
    Async<Result<PipelineRun>> submit(const SubmissionIntent& intent, aws::LeaveToSend) override {
        co_return run(intent.token.str(), PipelineRunStatus::running, "RUNNING");
    }
    Async<Result<FindAnswer>> find_submission(const SubmissionIntent&, SystemTime) override {
        co_return FindAnswer{.result = FindResult::not_yet};
    }
    Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override {
        std::vector<StatusAnswer> answers;
        for (auto& reference : runs)
            answers.push_back(
                {reference.run_id, run(reference.run_id, PipelineRunStatus::success, "SUCCEEDED")});
        co_return answers;
    }
    Async<Result<CancelResult>> cancel(RunReference, SubmissionToken) override {
        co_return CancelResult::already_ended;
    }
    std::string monitor_url(std::string_view, std::string_view) const override { return {}; }
    Async<ConnectionReport> test_connection() override { co_return ConnectionReport{}; }
    boost::json::object required_permissions(const PolicyScope&) const override { return {}; }
    Error diagnose(Error error) const override { return error; }
    Async<Result<LogPage>> logs(RunReference, std::string) override { co_return none(); }

  private:
    static Error none() { return make_error(ErrorKind::not_found, "none", "there is none"); }
    static PipelineRun run(std::string id, PipelineRunStatus status, const char* aws_status) {
        PipelineRun run;
        run.run_id = std::move(id);
        run.status = status;
        run.aws_status = aws_status;
        return run;
    }

    Platform platform_;
};

// More than AWS lets one account start in a second are runs of many accounts.
constexpr int platforms = 16;

Async<void> client(runtime::Operations& operations, int& left) {
    while (left > 0) {
        --left;
        runtime::RunOnceRequest request;
        request.task = task_of(left % platforms);
        auto run = co_await operations.run_once(std::move(request), "bench");
        if (!run) fail(run.error().describe());
    }
}

int measure(const std::string& place, int runs, int clients) {
    Platform platform;
    platform.name = "bench";
    platform.type = PlatformType::aws_batch;
    EngineBench bench(place, std::make_shared<InstantProvider>(platform), platform, platforms);
    bench.start();
    while (std::getchar() != '\n' && !std::feof(stdin)) continue;
    double cpu = cpu_s();
    auto began = std::chrono::steady_clock::now();
    int left = runs;
    for (int i = 0; i < clients; ++i) bench.spawn(client(bench.operations(), left));
    auto done = [&] {
        std::size_t open = 0;
        bench.read([&](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(auto flying, transaction.in_flight_counts());
            open = 0;
            for (int i = 0; i < platforms; ++i) {
                POLYSYNC_TRY(auto queued, transaction.queued_count(platform_of(i)));
                open += std::size_t(queued);
            }
            for (const auto& count : flying) open += std::size_t(count.count);
            return success();
        });
        return open == 0;
    };
    bench.run_until([&] { return left == 0; });
    while (!done()) {
        auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
        bench.run_until([&] { return std::chrono::steady_clock::now() >= next; });
    }
    double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    cpu = cpu_s() - cpu;
    int succeeded = 0;
    std::size_t steps = 0;
    bench.read([&](store::ReadTransaction& transaction) -> Status {
        store::Page page{.cursor = {}, .limit = 1000};
        do {
            POLYSYNC_TRY(auto found, transaction.list_runs({.states = {RunState::succeeded}}, page));
            succeeded += int(found.runs.size());
            if (page.cursor.empty() && !found.runs.empty()) {
                POLYSYNC_TRY(auto history, transaction.history(found.runs.front().id));
                steps = history.size();
            }
            page.cursor = found.next;
        } while (!page.cursor.empty());
        return success();
    });
    bench.stop();
    if (succeeded < runs) fail("only " + std::to_string(succeeded) + " runs succeeded");
    std::printf("{\"runs\": %d, \"wall_s\": %.4f, \"cpu_s\": %.4f, \"rss_kib\": %lld, \"history\": %zu}\n",
                runs, wall, cpu, static_cast<long long>(peak_rss_kib()), steps);
    return 0;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    return polysync::bench::measure(argv[1], std::atoi(argv[2]), argc > 3 ? std::atoi(argv[3]) : 256);
}
