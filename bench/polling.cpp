// PERF-11, PERF-9: how many status calls runs in flight cost, beside one call for each of them at the same
// freshness. Watcher, providers and rate limits are the program's own, on a virtual clock; the AWS account
// behind them is simulated and counts. Runs that end are replaced, so that as many stay in flight.
//
//     polling SERVICE RUNS JOBS RUN_SECONDS MINUTES EARLY_SECONDS LIMITS     one line of JSON
//
// SERVICE: glue, batch, sagemaker or states; LIMITS: on (AWS's quotas as the program takes them) or off;
// EARLY_SECONDS: the tasks' early_freshness, 30 for none. bench/polling.py runs the cases of docs/polling.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "bench/bench_result.h"
#include "bench/engine_bench.h"
#include "bench/simulated_account.h"
#include "provider/parts.h"
#include "runtime/loops.h"
#include "store/sqlite/sqlite_store.h"

namespace polysync::bench {
namespace {

using std::chrono::seconds;

struct Case {
    PlatformType type = PlatformType::aws_batch;
    std::size_t runs = 0, jobs = 0;
    seconds run_time{0}, window{0}, early{0};
    bool limits = false;
};

constexpr seconds freshness{30};
constexpr ObjectId platform_id{1};
constexpr std::int64_t first_job = 1000, first_task = 1'000'000;
constexpr std::size_t runs_per_unit = 1000;

Platform platform_of(PlatformType type) {
    Platform platform;
    platform.name = "bench";
    platform.type = type;
    platform.region = "eu-west-1";
    return platform;
}

std::unique_ptr<Provider> provider_of(PlatformType type, ProviderParts parts) {
    switch (type) {
        case PlatformType::aws_glue:
            return make_glue_provider(std::move(parts));
        case PlatformType::aws_sagemaker:
            return make_sagemaker_provider(std::move(parts));
        case PlatformType::aws_step_functions:
            return make_step_functions_provider(std::move(parts));
        default:
            return make_batch_provider(std::move(parts));
    }
}

class OneProvider final : public runtime::ProviderSource {
  public:
    explicit OneProvider(std::shared_ptr<Provider> provider) : provider_(std::move(provider)) {}
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform&) override { return provider_; }

  private:
    std::shared_ptr<Provider> provider_;
};

class Polling {
  public:
    explicit Polling(const Case& given)
        : case_(given),
          clock_(take(parse_iso8601("2026-09-14T00:00:00Z"))),
          limiters_(clock_),
          account_(given.type, given.jobs, clock_),
          store_(take(store::open_sqlite_store({.path = ":memory:", .run_inline = true}))),
          source_(provider()),
          context_(runtime_parts()),
          canceller_(context_),
          watcher_(context_, canceller_) {
        canceller_.bind(watcher_);
        context_.executor = io_.get_executor();
        context_.catalog = catalog();
    }
    ~Polling() { clock_.drop_sleepers(); }

    void measure() {
        // As if they had been started one after the other: as many end in every second.
        for (std::size_t i = 0; i < case_.runs; ++i)
            start(clock_.now() - case_.run_time * std::int64_t(case_.runs - i) / std::int64_t(case_.runs));
        spawn(follow_new());
        spawn(replace());
        run_for(warm_up());
        account_.counts = {};
        began_ = std::chrono::steady_clock::now();
        spawn(sample());
        run_for(case_.window);
        report();
    }

  private:
    std::shared_ptr<Provider> provider() {
        ProviderParts parts;
        parts.platform = platform_of(case_.type);
        parts.connection = account_.connect(case_.limits ? &limiters_ : nullptr);
        parts.clock = &clock_;
        parts.random = &random_;
        return provider_of(case_.type, std::move(parts));
    }

    runtime::RuntimeParts runtime_parts() {
        runtime::RuntimeParts parts;
        parts.store = store_.get();
        parts.clock = &clock_;
        parts.random = &random_;
        parts.providers = &source_;
        return parts;
    }

    std::shared_ptr<const engine::Catalog> catalog() const {
        engine::CatalogInput input;
        input.version = 1;
        input.platforms.push_back({platform_id, QualifiedName("bench"), platform_of(case_.type)});
        for (std::size_t i = 0; i < case_.jobs; ++i) {
            JobDefinition job;
            job.meta.name = QualifiedName(SimulatedAccount::job_name(i));
            job.platform = QualifiedName("bench");
            job.external_id = account_.external_id(i);
            input.jobs.push_back({ObjectId{first_job + std::int64_t(i)}, 1, job});
            Task task;
            task.meta.name = job.meta.name;
            task.job = job.meta.name;
            task.freshness = freshness;
            task.early_freshness = case_.early;
            input.tasks.push_back({ObjectId{first_task + std::int64_t(i)}, 1, task});
        }
        auto built = engine::build_catalog(input);
        if (!built.catalog) fail(built.problems.front().error.describe());
        return built.catalog;
    }

    // Until the looks of old runs have found together, and three ends say what is usual.
    Millis warm_up() const {
        auto settled = case_.early + std::chrono::minutes(3);
        auto known =
            seconds(5 * std::int64_t(case_.jobs) * case_.run_time.count() / std::int64_t(case_.runs));
        return std::max<seconds>(settled, known);
    }

    void start(SystemTime at) {
        auto job = random_.next() % case_.jobs;
        TaskRun run;
        run.token = make_guid(random_);
        run.key = {ObjectId{first_task + std::int64_t(job)}, "live", run.token};
        run.task_version = 1;
        run.platform = platform_id;
        run.trigger = Trigger::manual;
        run.state = RunState::running;
        run.created_at = run.queued_at = at;
        run.submitted_at = run.started_at = at;
        run.pipeline_run_id = account_.start(job, at, at + case_.run_time);
        ends_.push_back(at + case_.run_time);
        fresh_.push_back(std::move(run));
    }

    Async<void> follow_new() {
        for (std::size_t from = 0; from < fresh_.size(); from += runs_per_unit) {
            std::span<TaskRun> part(fresh_.data() + from, std::min(runs_per_unit, fresh_.size() - from));
            store::Work work = [part](store::Transaction& transaction) -> Status {
                POLYSYNC_TRY(auto ids, transaction.insert_runs(part, "started before"));
                for (std::size_t i = 0; i < ids.size(); ++i) part[i].id = ids[i];
                return success();
            };
            auto done = co_await store_->write(std::move(work));
            check(done);
            for (const auto& run : part) watcher_.follow(run);
        }
        fresh_.clear();
        fresh_.shrink_to_fit();
    }

    Async<void> replace() {
        while (true) {
            co_await clock_.sleep_for(seconds(1));
            // Each lasts as long as the others, so the oldest ends first.
            while (next_end_ < ends_.size() && ends_[next_end_] <= clock_.now()) {
                ++next_end_;
                start(clock_.now());
            }
            co_await follow_new();
        }
    }

    Async<void> sample() {
        while (true) {
            auto polls = watcher_.polls(platform_id);
            stalest_ = std::max(stalest_, polls.staleness.value_or(Millis(0)));
            followed_ = polls.followed;
            co_await clock_.sleep_for(seconds(5));
        }
    }

    void spawn(Async<void> work) { boost::asio::co_spawn(io_, std::move(work), boost::asio::detached); }
    void run_for(Millis time) {
        (void)clock_.run(io_, clock_.steady_now() + time, [] { return false; });
    }

    void report() const {
        std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began_;
        const auto& counts = account_.counts;
        boost::json::object calls;
        std::uint64_t all = 0;
        for (const auto& [operation, count] : counts.calls) {
            calls[operation] = count;
            all += count;
        }
        auto one_by_one = std::uint64_t(case_.runs) * std::uint64_t(case_.window / freshness);
        double ends = std::max<double>(1, double(counts.ends));
        boost::json::object result{{"type", to_string(case_.type)},
                                   {"runs", case_.runs},
                                   {"jobs", case_.jobs},
                                   {"run_s", case_.run_time.count()},
                                   {"early_s", case_.early.count()},
                                   {"limits", case_.limits},
                                   {"window_s", case_.window.count()},
                                   {"calls", std::move(calls)},
                                   {"calls_per_s", double(all) / double(case_.window.count())},
                                   {"one_by_one", one_by_one},
                                   {"ends", counts.ends},
                                   {"end_seen_after_s", double(counts.lag.count()) / 1000 / ends},
                                   {"end_seen_after_s_at_most", double(counts.longest_lag.count()) / 1000},
                                   {"oldest_status_s", double(stalest_.count()) / 1000},
                                   {"followed", followed_},
                                   {"wall_s", wall.count()},
                                   {"rss_kib", peak_rss_kib()}};
        std::puts(boost::json::serialize(result).c_str());
    }

    Case case_;
    sim::VirtualClock clock_;
    SeededRandom random_{1};
    aws::LimiterRegistry limiters_;
    SimulatedAccount account_;
    std::unique_ptr<store::Store> store_;
    OneProvider source_;
    runtime::Context context_;
    runtime::Canceller canceller_;
    runtime::Watcher watcher_;
    std::vector<TaskRun> fresh_;    // not followed yet
    std::vector<SystemTime> ends_;  // in order
    std::size_t next_end_ = 0;
    Millis stalest_{0};
    std::size_t followed_ = 0;
    std::chrono::steady_clock::time_point began_;
    boost::asio::io_context io_;  // last: its coroutines refer to all the above
};

PlatformType type_of(std::string_view word) {
    if (word == "glue") return PlatformType::aws_glue;
    if (word == "sagemaker") return PlatformType::aws_sagemaker;
    if (word == "states") return PlatformType::aws_step_functions;
    if (word == "batch") return PlatformType::aws_batch;
    fail("SERVICE is glue, batch, sagemaker or states");
}

std::int64_t positive(const char* text) {
    auto value = std::atoll(text);
    if (value <= 0) fail(std::string(text) + " is no number above zero");
    return value;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    using namespace polysync::bench;
    if (argc != 8) fail("polling SERVICE RUNS JOBS RUN_SECONDS MINUTES EARLY_SECONDS on|off");
    polysync::log::set_level(polysync::log::Level::off);
    Case given{.type = type_of(argv[1]),
               .runs = std::size_t(positive(argv[2])),
               .jobs = std::size_t(positive(argv[3])),
               .run_time = std::chrono::seconds(positive(argv[4])),
               .window = std::chrono::minutes(positive(argv[5])),
               .early = std::chrono::seconds(positive(argv[6])),
               .limits = std::string_view(argv[7]) == "on"};
    Polling(given).measure();
    return 0;
}
